"""The audit: one chain per tenant, appended to by anybody, changed by nobody unseen."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from integrations.errors import DamagedError
from integrations.remediations.audit import AuditKind, AuditLog, hash_of, seal, start_of
from tests.contract.engines import Opened, Remediations
from tests.contract.rival import ROUNDS, rivals
from tests.remediation_builders import entry


@pytest.fixture
def audit(remediations: Opened[Remediations]) -> AuditLog:
    return remediations.now.audit_of("acme")


@contextmanager
def _file(folder: Path) -> Iterator[sqlite3.Connection]:
    """The engine's file, as somebody with a database shell has it."""
    with closing(sqlite3.connect(folder / "remediations.sqlite", isolation_level=None)) as shell:
        yield shell


def test_an_entry_comes_back_in_its_place(
    audit: AuditLog, remediations: Opened[Remediations]
) -> None:
    entries = [
        entry(1, detail={"reason": "ü \U0001f600 \x00", "calls": ["a", {"b": [1, 2.5, None]}]}),
        entry(2, kind=AuditKind.VIEWED, remediation=""),
        entry(3, kind=AuditKind.STARTING, by="assist", detail={}),
    ]
    records = [audit.append(one) for one in entries]
    assert [r.number for r in records] == [1, 2, 3]
    assert [r.entry for r in records] == entries
    assert list(audit.records()) == records
    assert list(remediations.again().audit_of("acme").records()) == records


def test_each_record_carries_the_hash_of_the_one_before(audit: AuditLog) -> None:
    records = [audit.append(entry(number)) for number in range(5)]
    for before, after in pairwise(records):
        assert after.previous == before.hash
        assert seal(after.number, after.entry, before.hash) == after
    assert len({r.hash for r in records}) == 5


def test_records_are_read_from_anywhere_and_of_one_request(audit: AuditLog) -> None:
    for number in range(1, 450):
        audit.append(entry(number, remediation=f"R-{number % 2}"))
    assert [r.number for r in audit.records()] == list(range(1, 450))
    assert [r.number for r in audit.records(after=446)] == [447, 448, 449]
    ones = [r.number for r in audit.records(remediation="R-1")]
    assert ones == list(range(1, 450, 2))
    assert [r.number for r in audit.records(after=444, remediation="R-1")] == [445, 447, 449]
    assert list(audit.records(remediation="R-\ud800")) == []


def test_a_reader_may_write_while_it_reads(audit: AuditLog) -> None:
    for number in range(10):
        audit.append(entry(number))
    for record in audit.records():
        if record.number <= 10:
            audit.append(entry(record.number, kind=AuditKind.VIEWED))
    assert audit.verify().records == 20


def test_an_untouched_chain_is_whole(audit: AuditLog) -> None:
    assert audit.verify().whole
    heads = [audit.append(entry(number)).hash for number in range(5)]
    verdict = audit.verify()
    assert (verdict.whole, verdict.records, verdict.head) == (True, 5, heads[-1])
    assert all(audit.verify(head).whole for head in heads)


def test_a_head_that_was_kept_elsewhere_must_be_in_the_chain(
    audit: AuditLog, remediations: Opened[Remediations]
) -> None:
    audit.append(entry(1))
    theirs = remediations.now.audit_of("globex").append(entry(2)).hash
    for head in (theirs, "0" * 64, "nonsense", "\ud800"):
        verdict = audit.verify(head)
        assert not verdict.whole
        assert verdict.broken_at == 1
    assert not remediations.now.audit_of("initech").verify(theirs).whole, "all of it was taken away"


def test_each_tenant_has_a_chain_of_its_own(remediations: Opened[Remediations]) -> None:
    acme, globex = remediations.now.audit_of("acme"), remediations.now.audit_of("globex")
    mine, theirs = acme.append(entry(1)), globex.append(entry(1))
    assert (mine.number, theirs.number) == (1, 1)
    assert mine.hash != theirs.hash, "one tenant's chain cannot stand for another's"
    assert acme.append(entry(2)).number == 2
    assert [r.entry for r in globex.records()] == [entry(1)]
    assert (acme.verify().records, globex.verify().records) == (2, 1)
    assert not acme.verify(theirs.hash).whole


def test_several_processes_write_one_chain_without_gaps(
    remediations: Opened[Remediations],
) -> None:
    remediations.now.close()
    one, two = rivals("write_audit", remediations.name, remediations.folder)
    assert isinstance(one, list)
    assert isinstance(two, list)
    assert sorted(one + two) == list(range(1, 2 * ROUNDS + 1))
    verdict = remediations.again().audit_of("acme").verify()
    assert (verdict.whole, verdict.records) == (True, 2 * ROUNDS)


def test_a_chain_is_whole_while_it_is_written_to(remediations: Opened[Remediations]) -> None:
    one, two = rivals("write_and_verify_audit", remediations.name, remediations.folder)
    assert one == [], "each verdict of a chain in the making says that it is whole"
    assert two == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET body = x'7b7d' WHERE number = 2",
        "UPDATE audit SET number = 9 WHERE number = 2",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE number = 3",
        "REPLACE INTO audit SELECT tenant, number, 'R-other', body, previous, hash FROM audit",
        "INSERT INTO audit SELECT tenant, 9, remediation, body, previous, hash FROM audit LIMIT 1",
        "UPDATE audit SET tenant = 'globex'",
        "DELETE FROM audit_head",
        "UPDATE audit_head SET number = 2",
        "UPDATE audit_head SET tenant = 'globex'",
        "REPLACE INTO audit_head VALUES ('acme', 1, 'x')",
    ],
)
def test_the_file_itself_refuses_to_change_what_was_written(
    remediations: Opened[Remediations], statement: str
) -> None:
    if remediations.name != "sqlite":
        pytest.skip("speaks of SQLite's triggers")
    audit = remediations.now.audit_of("acme")
    for number in range(3):
        audit.append(entry(number))
    before = list(audit.records())
    with _file(remediations.folder) as shell, pytest.raises(sqlite3.IntegrityError, match="append"):
        shell.execute(statement)
    assert list(audit.records()) == before
    assert audit.verify().whole
    assert audit.append(entry(4)).number == 4


def test_what_was_written_survives_the_machine(remediations: Opened[Remediations]) -> None:
    if remediations.name != "sqlite":
        pytest.skip("speaks of SQLite's own promise")
    store = remediations.now._file  # type: ignore[attr-defined]
    assert store.row("PRAGMA synchronous") == (2,), "FULL: each commit is flushed to the disk"


def test_a_body_that_is_no_json_is_told_of_and_stops_nothing(
    remediations: Opened[Remediations],
) -> None:
    if remediations.name != "sqlite":
        pytest.skip("writes into SQLite's file")
    audit = remediations.now.audit_of("acme")
    audit.append(entry(1))
    with _file(remediations.folder) as shell:
        shell.execute("DROP TRIGGER audit_stays")
        for body in (b"\xff\xfe", b"[]", b"{}", b'{"at": 1}'):
            digest = hash_of(1, body, start_of("acme"))
            shell.execute("UPDATE audit SET body = ?, hash = ?", (body, digest))
            shell.execute("DROP TRIGGER IF EXISTS audit_head_advances")
            shell.execute("UPDATE audit_head SET hash = ?", (digest,))
            verdict = audit.verify()
            assert (verdict.whole, verdict.broken_at) == (False, 1)
            assert "cannot be read" in verdict.why


def test_an_entry_is_the_same_however_often_it_is_sealed() -> None:
    one = entry(1, detail={"b": 1, "a": {"z": 1, "y": 2}})
    other = replace(one, detail={"a": {"y": 2, "z": 1}, "b": 1})
    assert seal(1, one, "0" * 64).hash == seal(1, other, "0" * 64).hash
    assert seal(2, one, "0" * 64).hash != seal(1, one, "0" * 64).hash


def test_a_record_that_cannot_be_read_is_named(remediations: Opened[Remediations]) -> None:
    if remediations.name != "sqlite":
        pytest.skip("writes into SQLite's file")
    audit = remediations.now.audit_of("acme")
    audit.append(entry(1))
    with _file(remediations.folder) as shell:
        shell.execute("DROP TRIGGER audit_stays")
        shell.execute("UPDATE audit SET body = x'00'")
    with pytest.raises(DamagedError, match="record 1"):
        list(audit.records())
