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
from tests.remediating import ONCALL, ONCALL2, Stage, staged, unavailable
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
        asked = undo("it cut the deployment off")
        assert isinstance(asked, Remediation)
        assert [wish.reason for wish in asked.undo_asked] == ["it cut the deployment off"]


@pytest.mark.parametrize(
    ("severity", "priority"),
    [(Severity.CRITICAL, 2), (Severity.HIGH, 1)],
    ids=["critical", "first"],
)
def test_undoing_something_grave_takes_as_many_people_as_the_fix_did(
    tmp_path: Path, severity: Severity, priority: int
) -> None:
    with staged(tmp_path, severity, priority=priority) as stage:
        done = stage.carried_out()
        undo = partial(stage.requests.undo, done.id, done.plan.hash)
        asked = undo(ONCALL, "worker-1", "it breaks")
        assert isinstance(asked, Remediation)
        assert asked.stage == "verified"
        assert stage.executor.advance(done.id, "worker-1") == asked, "one is not enough"
        again = undo(ONCALL, "worker-1", "it breaks")
        assert isinstance(again, Refusal)
        assert again.rule == "twice"
        assert len(stage.account.executions) == 1
        second = undo(ONCALL2, "worker-1", "it does")
        assert isinstance(second, Remediation)
        assert second.stage == "undoing"
        assert stage.seen_through(done.id).stage == "undone"
        (starting,) = [
            r.entry
            for r in stage.systems.audit.records(remediation=done.id)
            if r.entry.kind == "undo_starting"
        ]
        assert starting.detail["approved_by"] == [ONCALL.id, ONCALL2.id]


def test_a_wish_for_an_undo_is_forgotten_after_an_hour(tmp_path: Path) -> None:
    with staged(tmp_path, priority=1) as stage:
        done = stage.carried_out()
        undo = partial(stage.requests.undo, done.id, done.plan.hash)
        undo(ONCALL, "worker-1")
        stage.clock.later(hours=1)
        asked = undo(ONCALL2, "worker-1")
        assert isinstance(asked, Remediation)
        assert (asked.stage, [wish.by for wish in asked.undo_asked]) == ("verified", [ONCALL2.id])


def test_too_few_wishes_by_the_tenants_rules_of_now_start_nothing(stage: Stage) -> None:
    done = stage.carried_out()
    stage.requests.undo(done.id, done.plan.hash, ONCALL, "worker-1")
    stage.changes_tenant(priority=1)
    ended = stage.seen_through(done.id)
    assert "Too few people" in ended.outcome
    assert len(stage.account.executions) == 1


def test_an_outage_before_an_undo_was_sent_does_not_use_it_up(stage: Stage) -> None:
    done = stage.carried_out()
    stage.requests.undo(done.id, done.plan.hash, ONCALL, "worker-1")
    stage.account.before_call = unavailable("started", times=10_000)
    failed = stage.seen_through(done.id, pace_s=20)
    assert (failed.stage, len(stage.account.executions)) == ("failed", 1)
    assert "Nothing was undone" in failed.outcome
    assert failed.undoable
    stage.account.before_call = lambda _: None
    assert stage.undone(failed).stage == "undone"
    assert stage.account.rules == list(RULES)


@pytest.mark.parametrize("arrives", [True, False])
def test_an_undo_whose_start_was_lost_can_be_asked_for_again_and_runs_once(
    stage: Stage,
    arrives: bool,  # noqa: FBT001
) -> None:
    done = stage.carried_out()
    stage.requests.undo(done.id, done.plan.hash, ONCALL, "worker-1")
    lost = unavailable("start")
    stage.account.after_call, stage.account.before_call = (
        (lost, lambda _: None) if arrives else (lambda _: None, lost)
    )
    stage.executor.advance(done.id, "worker-1")
    stage.account.before_call = unavailable("started", times=10_000)
    failed = stage.seen_through(done.id, pace_s=20)
    assert failed.stage == "failed"
    assert "not known whether it was started" in failed.outcome
    assert failed.undoable
    stage.account.before_call = lambda _: None
    undone = stage.undone(failed)
    assert undone.stage == "undone"
    assert not undone.undoable
    assert len(stage.account.executions) == 2
    assert stage.account.rules == list(RULES)


def test_an_undo_is_foreseen_before_it_is_asked_for(stage: Stage) -> None:
    request = stage.approved()
    assert stage.requests.foreseen_undo(request) is None
    done = stage.seen_through(request.id)
    foreseen = stage.requests.foreseen_undo(done)
    assert foreseen is not None
    assert [call.action for call in foreseen.calls] == ["ec2:AuthorizeSecurityGroupIngress"]
    stage.account.before_call = unavailable("preview")
    foreseen = stage.requests.foreseen_undo(done)
    assert foreseen is not None
    assert (foreseen.calls, foreseen.unsure) == ((), ("preview did not answer",))
