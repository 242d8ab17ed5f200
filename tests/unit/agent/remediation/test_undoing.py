"""An undo puts back what the fix changed and nothing else, by who may, or it is not done."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from agent.approval import Refusal
from integrations.errors import NotFoundError
from integrations.findings.port import FindingState, Severity
from integrations.remediations.port import Remediation
from integrations.runbooks.port import ExecutionStatus, Order
from tests.automation_account import HTTPS, INSIDE, RULES, SSH, close_ssh
from tests.remediating import ONCALL, Stage, staged, unavailable
from tests.unit.agent.remediation.test_before_the_start import (
    access_withdrawn,
    account_taken_away,
    another_runbook,
    drifted,
    forgotten,
    no_runbook,
    revoked,
)

Happening = Callable[[Stage], None]
PREVENTED: dict[str, tuple[Happening, str]] = {
    "approver revoked": (revoked, "ask an approver"),
    "resource changed": (drifted, "changed by somebody else"),
    "account taken away": (account_taken_away, "not one of acme's"),
    "runbook changed": (another_runbook, "runbook"),
    "runbook gone": (no_runbook, "runbook"),
    "access withdrawn": (access_withdrawn, "no access"),
}


@pytest.mark.parametrize("change", sorted(PREVENTED))
def test_an_undo_that_cannot_be_trusted_is_refused(stage: Stage, change: str) -> None:
    happen, why = PREVENTED[change]
    done = stage.carried_out()
    happen(stage)
    refusal = stage.requests.undo(done.id, done.plan.hash, ONCALL, "worker-1")
    assert isinstance(refusal, Refusal)
    assert why in refusal.reason or refusal.rule == "nobody"
    assert stage.kinds(done.id)[-1] == "refused"
    assert len(stage.account.executions) == 1


@pytest.mark.parametrize("change", sorted(PREVENTED))
def test_an_undo_is_not_started_after_something_changed_since_the_click(
    stage: Stage, change: str
) -> None:
    happen, why = PREVENTED[change]
    done = stage.carried_out()
    asked = stage.requests.undo(done.id, done.plan.hash, ONCALL, "worker-1")
    assert isinstance(asked, Remediation)
    happen(stage)
    rules = list(stage.account.rules)
    ended = stage.seen_through(done.id)
    assert ended.stage == "failed"
    assert "Nothing was undone" in ended.outcome
    assert why in ended.outcome or change == "approver revoked"
    assert len(stage.account.executions) == 1
    assert stage.account.rules == rules
    assert stage.finding.state is FindingState.RESOLVED


def test_an_undo_does_not_need_the_finding(stage: Stage) -> None:
    done = stage.carried_out()
    forgotten(stage)
    assert stage.undone(done).stage == "undone"
    assert stage.account.rules == list(RULES)


def test_a_resource_that_is_gone_is_not_put_back(stage: Stage) -> None:
    done = stage.carried_out()
    del stage.account.groups["sg-0a1"]
    refusal = stage.requests.undo(done.id, done.plan.hash, ONCALL, "worker-1")
    assert isinstance(refusal, Refusal)
    assert "not there any more" in refusal.reason


def test_an_account_that_does_not_answer_is_no_refusal(stage: Stage) -> None:
    done = stage.carried_out()
    stage.account.before_call = unavailable("check")
    with pytest.raises(Exception, match="did not answer"):
        stage.requests.undo(done.id, done.plan.hash, ONCALL, "worker-1")
    assert isinstance(stage.requests.undo(done.id, done.plan.hash, ONCALL, "worker-1"), Remediation)


def test_an_undo_whose_fix_was_never_read_is_refused_with_the_reason(stage: Stage) -> None:
    request = stage.approved()
    stage.executor.advance(request.id, "worker-1")
    stage.account.before_call = unavailable("check", times=10_000)
    done = stage.seen_through(request.id, pace_s=20)
    assert done.stage == "not_fixed"
    stage.account.before_call = lambda _: None
    refusal = stage.requests.undo(done.id, done.plan.hash, ONCALL, "worker-1")
    assert isinstance(refusal, Refusal)
    assert "not known" in refusal.reason


def test_a_lost_answer_undoes_nothing_twice(stage: Stage) -> None:
    done = stage.carried_out()
    stage.account.after_call = unavailable("start")
    assert stage.undone(done).stage == "undone"
    assert len(stage.account.executions) == 2


def _opens_again_and_fails(rules: list[str], order: Order) -> str:
    close_ssh(rules, order)
    if order.undo_of is None:
        return ""
    rules.remove(INSIDE)
    return "Throttled"


def test_a_half_done_undo_opens_the_finding_again(stage: Stage) -> None:
    stage.account.effect = _opens_again_and_fails
    done = stage.carried_out()
    assert stage.finding.state == "resolved"
    failed = stage.undone(done)
    assert failed.stage == "failed"
    assert SSH in stage.account.rules
    assert stage.finding.state is FindingState.OPEN, "what is open again must not look closed"


def test_an_undo_that_cannot_be_read_opens_the_finding_again(stage: Stage) -> None:
    done = stage.carried_out()
    stage.requests.undo(done.id, done.plan.hash, ONCALL, "worker-1")
    stage.executor.advance(done.id, "worker-1")

    def gone(name: str) -> None:
        if name == "check":
            raise NotFoundError("the group is not there any more")

    stage.account.before_call = gone
    failed = stage.seen_through(done.id)
    assert failed.stage == "failed"
    assert stage.finding.state is FindingState.OPEN


def test_a_failed_undo_that_changed_nothing_leaves_the_finding_resolved(stage: Stage) -> None:
    done = stage.carried_out()
    stage.account.effect = lambda *_: "Denied"
    failed = stage.undone(done)
    assert failed.stage == "failed"
    assert stage.account.rules == [HTTPS, INSIDE]
    assert stage.finding.state is FindingState.RESOLVED


def test_what_an_undo_came_to_is_in_the_audit(stage: Stage, tmp_path: Path) -> None:
    done = stage.carried_out()
    stage.undone(done)
    kinds = stage.kinds(done.id)
    assert kinds[kinds.index("undo_asked") :] == [
        "undo_asked",
        "undo_starting",
        "started",
        "ended",
        "workflow",
        "undone",
    ]
    stage.account.ends_as = ExecutionStatus.FAILED
    assert stage.systems.audit.verify().whole


def test_undoing_something_grave_needs_a_reason_that_the_record_keeps(tmp_path: Path) -> None:
    with staged(tmp_path, severity=Severity.CRITICAL) as stage:
        done = stage.carried_out()
        undo = partial(stage.requests.undo, done.id, done.plan.hash, ONCALL, "worker-1")
        refusal = undo()
        assert isinstance(refusal, Refusal)
        assert refusal.rule == "reason"
        undoing = undo("it cut the deployment off")
        assert isinstance(undoing, Remediation)
        assert undoing.undo_by is not None
        assert undoing.undo_by.reason == "it cut the deployment off"
