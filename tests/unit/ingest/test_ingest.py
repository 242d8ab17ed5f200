"""Ingest: every record to its tenant, or to the rejects with why; twice is the same as once."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from integrations.connect import Connections
from integrations.findings.port import OPEN, Dimension, Filter, Tally
from integrations.ingest.ingest import Ingest
from integrations.ingest.summary import IngestSummary
from integrations.settings import Settings
from integrations.tenants.port import Tenant
from tests.unit.findings.given import ACCOUNT, REGION, asff, guardduty, inspector, prowler

_OTHER = "444455556666"
_ANY = Filter(states=frozenset())


@pytest.fixture
def connections(tmp_path: Path) -> Iterator[Connections]:
    with Connections(Settings(state=tmp_path / "state")) as opened:
        opened.directory.put(Tenant(id="acme", name="Acme", accounts=(ACCOUNT,)))
        opened.directory.put(Tenant(id="globex", name="Globex", accounts=(_OTHER,)))
        yield opened


def _item(**changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "AWS::EC2::SecurityGroup",
        "resourceId": "sg-0a1",
        "awsAccountId": ACCOUNT,
        "awsRegion": REGION,
        "configurationItemStatus": "OK",
        "configurationItemCaptureTime": "2026-11-20T08:00:00Z",
        "configuration": {"groupId": "sg-0a1"},
        "relationships": [],
    } | changes


def _ingest(connections: Connections, folder: Path, *records: Any) -> IngestSummary:
    folder.mkdir(exist_ok=True)
    lines = [r if isinstance(r, str) else json.dumps(r) for r in records]
    (folder / "records.ndjson").write_text("\n".join(lines), encoding="utf-8")
    ingest = Ingest(connections.directory, connections.systems)
    return ingest.run([folder], folder.parent / "rejects.ndjson", lambda *_: None)


def _rejects(folder: Path) -> list[dict[str, Any]]:
    file = folder.parent / "rejects.ndjson"
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def test_every_source_goes_to_the_tenant_whose_account_it_is(
    connections: Connections, tmp_path: Path
) -> None:
    summary = _ingest(
        connections,
        tmp_path / "in",
        asff(),
        asff(AwsAccountId=_OTHER),
        guardduty(),
        inspector(),
        prowler(),
        _item(),
    )
    assert (summary.added, summary.resources, summary.rejected) == (5, 1, 0)
    assert summary.by_source == {
        "ASFF": 2,
        "GuardDuty": 1,
        "Inspector": 1,
        "OCSF": 1,
        "AWS Config": 1,
    }
    assert summary.by_class == {"COMPLIANCE": 3, "DETECTION": 1, "VULNERABILITY": 1}
    assert summary.by_tenant == {"acme": 5, "globex": 1}
    acme, globex = connections.systems("acme"), connections.systems("globex")
    assert len(acme.findings.search(OPEN)) == 4
    assert [f.account for f in globex.findings.search(OPEN)] == [_OTHER]
    group = f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/sg-0a1"
    assert acme.findings.search(Filter(controls=frozenset({"EC2.13"})))[0].resource == group
    assert list(acme.resources.get([group])) == [group]
    assert globex.resources.get([group]) == {}


def test_what_cannot_go_in_is_kept_with_line_reason_and_beginning(
    connections: Connections, tmp_path: Path
) -> None:
    summary = _ingest(
        connections,
        tmp_path / "in",
        asff(),
        '{"broken": ',
        asff(AwsAccountId="999999999999"),
        {"hello": "\u202eworld"},
        "[1, 2]",
        _item(awsAccountId="", arn=""),
    )
    assert (summary.findings, summary.rejected, summary.records) == (1, 6, 7)
    rejects = _rejects(tmp_path / "in")
    assert [r["line"] for r in rejects] == [2, 3, 4, 5, 5, 6]
    reasons = [r["reason"] for r in rejects]
    assert reasons[0].startswith("broken JSON")
    assert reasons[1] == (
        "account 999999999999 belongs to no tenant; "
        "assist tenants add TENANT --account 999999999999"
    )
    assert reasons[2].startswith("not a finding that is understood")
    assert reasons[3].startswith("wrong shape")
    assert "names an account" in reasons[5]
    assert rejects[2]["excerpt"].startswith('{"hello": "\\u202eworld"}')
    assert all(r["file"].endswith("records.ndjson") for r in rejects)
    assert sum(summary.by_reason.values()) == 6
    assert (tmp_path / "rejects.ndjson").stat().st_mode & 0o077 == 0


def test_without_rejects_no_old_rejects_file_stays_behind(
    connections: Connections, tmp_path: Path
) -> None:
    _ingest(connections, tmp_path / "in", "nonsense", asff())
    assert (tmp_path / "rejects.ndjson").exists()
    _ingest(connections, tmp_path / "in", asff())
    assert not (tmp_path / "rejects.ndjson").exists()


def test_the_same_again_changes_nothing_and_still_went_in(
    connections: Connections, tmp_path: Path
) -> None:
    records = [asff(Id=f"f{n}") for n in range(1200)] + [_item()]
    first = _ingest(connections, tmp_path / "in", *records)
    before = connections.systems("acme").findings.count(OPEN, Dimension.CONTROL)
    again = _ingest(connections, tmp_path / "in", *records)
    assert (first.added, again.added, again.updated, again.unchanged) == (1200, 0, 0, 1200)
    assert again.taken_in == first.taken_in == 1201
    assert before == connections.systems("acme").findings.count(OPEN, Dimension.CONTROL)
    assert before == [Tally("EC2.13", 1200)]


def test_a_run_that_was_cut_off_and_run_again_gives_the_same_store(
    connections: Connections, tmp_path: Path
) -> None:
    records = [asff(Id=f"f{n}") for n in range(1100)]
    ingest = Ingest(connections.directory, connections.systems)
    (tmp_path / "in").mkdir()
    file = tmp_path / "in" / "records.ndjson"
    file.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")

    def cut(_: int, read: int) -> None:
        if read == 700:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest.run([file], tmp_path / "rejects.ndjson", cut)
    findings = connections.systems("acme").findings
    assert 0 < len(findings.search(OPEN, limit=5000)) < 1100
    summary = ingest.run([file], tmp_path / "rejects.ndjson", lambda *_: None)
    assert (summary.added, summary.unchanged) == (600, 500)
    assert len(findings.search(OPEN, limit=5000)) == 1100


def test_order_does_not_matter(connections: Connections, tmp_path: Path) -> None:
    old = asff(UpdatedAt="2026-11-01T00:00:00.000Z", Workflow={"Status": "NEW"})
    new = asff(UpdatedAt="2026-11-21T00:00:00.000Z", Workflow={"Status": "RESOLVED"})
    _ingest(connections, tmp_path / "in", new, old, old)
    (found,) = connections.systems("acme").findings.search(_ANY)
    assert found.status == "Resolved"
    assert found.updated_at == datetime(2026, 11, 21, tzinfo=UTC)


def test_progress_tells_bytes_and_records(connections: Connections, tmp_path: Path) -> None:
    (tmp_path / "in.ndjson").write_text("\n".join(json.dumps(asff(Id=str(n))) for n in range(20)))
    told: list[tuple[int, int]] = []
    Ingest(connections.directory, connections.systems).run(
        [tmp_path / "in.ndjson"], tmp_path / "rejects", lambda *at: told.append(at)
    )
    assert told[-1] == ((tmp_path / "in.ndjson").stat().st_size, 20)


def test_the_summary_of_one_record_speaks_of_one() -> None:
    taken = IngestSummary(records=1, added=1)
    assert taken.in_words() == (
        "1 finding (1 added, 0 updated, 0 unchanged) and 0 Config items went in; "
        "0 of 1 record was rejected."
    )
    refused = IngestSummary(records=1, rejected=1)
    assert refused.in_words().endswith("and 0 Config items went in; 1 of 1 record was rejected.")


def test_the_summary_reads_like_a_sentence() -> None:
    summary = IngestSummary(records=12, added=7, unchanged=2, resources=1, rejected=2)
    summary.by_source.update({"ASFF": 9, "AWS Config": 1})
    summary.by_reason.update({"broken JSON": 2})
    verdict, *counts = summary.in_words().splitlines()
    assert verdict.startswith("9 findings (7 added, 0 updated, 2 unchanged) and 1 Config item went")
    assert verdict.endswith("2 of 12 records were rejected.")
    assert counts == [
        "Sources   ASFF 9, AWS Config 1",
        "Rejected  2 x broken JSON",
    ]
