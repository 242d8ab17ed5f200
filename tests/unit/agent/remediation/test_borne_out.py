"""Nothing is started on an approval of which the audit does not tell."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from agent.audited import unaudited
from integrations.remediations.port import Remediation, Stage
from tests.remediating import ONCALL, ONCALL2, staged
from tests.remediating import Stage as Theatre


def test_an_approval_that_was_put_into_the_store_alone_starts_nothing(stage: Theatre) -> None:
    request = stage.proposed()
    forged = request.approved(ONCALL.id, stage.clock.moment, "seen")
    stage.systems.remediations.save(forged)
    done = stage.seen_through(request.id)
    assert (done.stage, stage.account.executions) == ("expired", {})
    assert f"the audit tells of no approval by {ONCALL.id}" in done.outcome


def test_one_of_two_approvals_in_the_store_alone_starts_nothing(tmp_path: Path) -> None:
    with staged(tmp_path, priority=1) as stage:
        request = stage.proposed()
        first = stage.requests.approve(request.id, request.plan.hash, ONCALL)
        assert isinstance(first, Remediation)
        stage.systems.remediations.save(first.approved(ONCALL2.id, stage.clock.moment))
        done = stage.seen_through(request.id)
        assert (done.stage, stage.account.executions) == ("expired", {})


def test_an_approval_of_another_plan_is_none_of_this_one(stage: Theatre) -> None:
    request = stage.approved()
    other = replace(request, plan=replace(request.plan, care="Nothing to mind."))
    assert "no approval" in unaudited(stage.systems.audit, other)
    assert unaudited(stage.systems.audit, request) == ""


def test_a_wish_for_an_undo_in_the_store_alone_undoes_nothing(stage: Theatre) -> None:
    done = stage.carried_out()
    at = stage.clock.moment
    forged = done.undoing(ONCALL.id, "worker-1", at, stage.clock.moment - at)
    stage.systems.remediations.save(forged)
    ended = stage.seen_through(done.id, "worker-2")
    assert (ended.stage, len(stage.account.executions)) == ("failed", 1)
    assert "no approval" in ended.outcome


def _audit_file(folder: Path) -> Path:
    """The file that holds the audit, whatever it is called."""
    for path in folder.rglob("*"):
        if path.is_file() and path.read_bytes().startswith(b"SQLite"):
            with closing(sqlite3.connect(path)) as file:
                if file.execute("SELECT 1 FROM sqlite_master WHERE name = 'audit'").fetchone():
                    return path
    raise AssertionError("no audit")


def _write(folder: Path, *statements: str) -> None:
    """Write past the engine's own guard, as who can write to its file may."""
    with closing(sqlite3.connect(_audit_file(folder))) as file, file:
        for (name,) in file.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            file.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            file.execute(statement)


TAMPERINGS: dict[str, str] = {
    "an approval under another name": (
        "UPDATE audit SET body = CAST(replace(CAST(body AS TEXT), 'UONCALL1', 'UONCALL2') AS BLOB)"
        ' WHERE CAST(body AS TEXT) LIKE \'%"kind":"approved"%\''
    ),
    "a reason that was not given": (
        "UPDATE audit SET body = CAST(replace(CAST(body AS TEXT), 'seen', 'done') AS BLOB)"
        ' WHERE CAST(body AS TEXT) LIKE \'%"kind":"approved"%\''
    ),
    "a record taken out": "DELETE FROM audit WHERE CAST(body AS TEXT) LIKE '%approved\"%'",
    "another hash": "UPDATE audit SET hash = lower(hex(zeroblob(32)))",
    "a record that cannot be read": "UPDATE audit SET body = x'7b'",
}


@pytest.mark.parametrize("tampering", sorted(TAMPERINGS))
def test_an_audit_that_was_tampered_with_starts_nothing(
    stage: Theatre, tmp_path: Path, tampering: str
) -> None:
    request = stage.approved()
    assert request.stage is Stage.APPROVED
    _write(tmp_path, TAMPERINGS[tampering])
    done = stage.seen_through(request.id)
    assert (done.stage, stage.account.executions) == ("expired", {})
    assert "audit" in done.outcome


def test_what_others_wrote_after_it_does_not_keep_a_fix_from_starting(stage: Theatre) -> None:
    request = stage.approved()
    other = stage.opens(7)
    stage.requests.reject(stage.proposed(other).id, "0", ONCALL, "no")
    assert stage.seen_through(request.id).stage == "verified"
