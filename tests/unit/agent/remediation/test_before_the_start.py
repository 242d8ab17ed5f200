"""Between the decision and the start things change: what was approved is then not done."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agent.approval import Refusal
from integrations.errors import DeniedByAwsError
from integrations.findings.port import FindingState, Severity
from integrations.remediations.port import Remediation
from integrations.tenants.port import Environment
from tests.automation_account import HTTPS, SSH
from tests.builders import ocsf_event
from tests.faults import FailingAt, gated
from tests.remediating import GROUP, ONCALL, Stage, ssh_is_open, staged, unavailable

DAY = timedelta(days=1)


def revoked(stage: Stage) -> None:
    stage.changes_tenant(approvers=())


def drifted(stage: Stage) -> None:
    stage.account.rules.append("tcp 80 from 0.0.0.0/0")


def fixed_by_hand(stage: Stage) -> None:
    stage.account.rules.remove(SSH)


def muted(stage: Stage) -> None:
    stage.systems.findings.upsert(
        [
            ssh_is_open(
                "f-ssh",
                GROUP,
                state=FindingState.MUTED,
                at=stage.clock.moment + timedelta(minutes=1),
            )
        ]
    )


def graver(stage: Stage) -> None:
    at = stage.clock.moment + timedelta(minutes=1)
    stage.systems.findings.upsert([ssh_is_open("f-ssh", GROUP, Severity.CRITICAL, at=at)])


def forgotten(stage: Stage) -> None:
    nobody = stage.connections._findings_of("nobody")
    stage.around = lambda systems: replace(systems, findings=nobody)


def account_taken_away(stage: Stage) -> None:
    stage.changes_tenant(accounts=("999900001111",))


def another_runbook(stage: Stage) -> None:
    stage.catalogue.only = replace(stage.catalogue.only, version="ba9876543210")


def no_runbook(stage: Stage) -> None:
    stage.catalogue.only = replace(stage.catalogue.only, name="Another", controls=())


def two_are_needed_now(stage: Stage) -> None:
    stage.changes_tenant(priority=1)


def access_withdrawn(stage: Stage) -> None:
    stage.around = lambda systems: replace(systems, automations=None)


def a_day_passes(stage: Stage) -> None:
    stage.clock.later(days=1)


CHANGES: dict[str, tuple[Callable[[Stage], None], str]] = {
    "approver revoked": (revoked, "may not approve any more"),
    "resource changed": (drifted, "changed since this plan"),
    "fixed by hand": (fixed_by_hand, "passes EC2.13 already"),
    "finding muted": (muted, "muted"),
    "finding graver": (graver, "graver"),
    "finding deleted": (forgotten, "Nothing was done"),
    "account taken away": (account_taken_away, "not one of acme's"),
    "runbook changed": (another_runbook, "runbook"),
    "runbook gone": (no_runbook, "runbook"),
    "two are needed now": (two_are_needed_now, "Too few people"),
    "access withdrawn": (access_withdrawn, "no access"),
    "a day passed": (a_day_passes, "in time"),
}


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_what_changed_since_the_approval_keeps_it_from_being_done(
    stage: Stage, change: str
) -> None:
    happen, why = CHANGES[change]
    request = stage.approved()
    happen(stage)
    done = stage.seen_through(request.id)
    assert done.stage == "expired"
    assert why in done.outcome
    assert stage.account.executions == {}
    assert "starting" not in stage.kinds(request.id)


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_a_worker_that_takes_over_before_the_start_looks_again(stage: Stage, change: str) -> None:
    happen, why = CHANGES[change]
    request = stage.approved()
    stage.account.before_call = unavailable("started")
    claimed = stage.executor.advance(request.id, "worker-1")
    assert (claimed.stage, stage.account.executions) == ("running", {})
    happen(stage)
    stage.clock.later(seconds=61)
    done = stage.seen_through(request.id, "worker-2")
    assert done.stage == "expired"
    assert why in done.outcome
    assert stage.account.executions == {}


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_what_may_have_been_started_is_not_started_again_after_a_change(
    stage: Stage, change: str
) -> None:
    happen, why = CHANGES[change]
    request = stage.approved()
    stage.account.before_call = unavailable("start")
    tried = stage.executor.advance(request.id, "worker-1")
    assert (tried.stage, stage.account.executions) == ("running", {})
    happen(stage)
    done = stage.seen_through(request.id, pace_s=20)
    assert done.stage == "failed", "whether the lost start arrived cannot be known"
    assert "not known whether" in done.outcome
    assert why.removeprefix("Nothing was done") in done.outcome
    assert stage.account.executions == {}


def test_a_fix_of_what_has_moved_is_planned_anew_and_needs_new_approvals(stage: Stage) -> None:
    request = stage.approved()
    drifted(stage)
    old = stage.seen_through(request.id)
    assert old.stage == "expired"
    assert "Inbound has tcp 80 from 0.0.0.0/0 now" in old.outcome
    new = stage.systems.remediations.get(old.replaced_by)
    assert (new.stage, new.approvals, new.requested_by) == ("proposed", (), request.requested_by)
    assert "tcp 80 from 0.0.0.0/0" in new.plan.state["Inbound"]
    assert stage.kinds(new.id) == ["proposed"]
    (told,) = stage.systems.audit.records(remediation=new.id)
    assert told.entry.detail["replaces"] == old.id
    assert stage.requests.replacement(old) == new
    assert isinstance(stage.requests.approve(new.id, request.plan.hash, ONCALL, "seen"), Refusal), (
        "a click on the old plan is none on the new one"
    )
    approved = stage.requests.approve(new.id, new.plan.hash, ONCALL, "seen")
    assert isinstance(approved, Remediation)
    assert stage.seen_through(new.id).stage == "verified"


def test_a_graver_finding_is_planned_anew_for_two(stage: Stage) -> None:
    request = stage.approved()
    graver(stage)
    old = stage.seen_through(request.id)
    new = stage.systems.remediations.get(old.replaced_by)
    assert (new.plan.severity, new.approvals_needed) == ("critical", 2)


def test_what_could_not_be_planned_anew_at_once_is_later_and_once(stage: Stage) -> None:
    request = stage.approved()
    drifted(stage)
    lost = FailingAt("store.add", 1, done=False)
    stage.around = lambda systems: gated(systems, lost)
    old = stage.seen_through(request.id)
    assert old.stage == "expired"
    stage.around = lambda systems: systems
    new = stage.requests.replacement(old)
    assert new is not None
    assert new.id == old.replaced_by
    assert stage.requests.replacement(old) == new


def test_nothing_is_planned_anew_where_somebody_asked_again_or_hours_later(stage: Stage) -> None:
    request = stage.approved()
    drifted(stage)
    lost = FailingAt("store.add", 1, done=False)
    stage.around = lambda systems: gated(systems, lost)
    old = stage.seen_through(request.id)
    stage.around = lambda systems: systems
    asked = stage.proposed()
    assert stage.requests.replacement(old) is None
    stage.clock.later(hours=3)
    stage.requests.expire(asked, "late")
    assert stage.requests.replacement(old) is None


def test_self_approval_that_was_withdrawn_does_not_count(tmp_path: Path) -> None:
    environment = Environment.DEVELOPMENT
    with staged(tmp_path, environment=environment, self_approval=True) as stage:
        request = stage.requests.propose(stage.finding, ONCALL.id)
        stage.requests.approve(request.id, request.plan.hash, ONCALL)
        stage.changes_tenant(self_approval=False)
        done = stage.seen_through(request.id)
    assert (done.stage, stage.account.executions) == ("expired", {})
    assert "someone else" in done.outcome


def test_an_account_that_does_not_answer_for_long_is_left_alone(stage: Stage) -> None:
    request = stage.approved()
    stage.account.before_call = unavailable("check", times=10_000)
    done = stage.seen_through(request.id, pace_s=20)
    assert (done.stage, stage.account.executions) == ("expired", {})
    assert "check did not answer" in done.outcome
    assert "Nothing was done" in done.outcome


def test_a_start_that_is_refused_says_that_nothing_changed(stage: Stage) -> None:
    def deny(name: str) -> None:
        if name == "start":
            raise DeniedByAwsError(
                "ssm:StartAutomationExecution", "SecurityAssistRemediation", "no"
            )

    stage.account.before_call = deny
    done = stage.carried_out()
    assert done.stage == "failed"
    assert "Nothing changed" in done.outcome
    assert not done.undoable


def test_a_refusal_after_a_lost_answer_does_not_say_that_nothing_changed(stage: Stage) -> None:
    request = stage.approved()
    stage.account.after_call = unavailable("start")
    stage.executor.advance(request.id, "worker-1")

    def deny(name: str) -> None:
        if name in {"started", "start"}:
            raise DeniedByAwsError("ssm:DescribeAutomationExecutions", "SecurityAssistRead", "no")

    stage.account.before_call = deny
    done = stage.seen_through(request.id, pace_s=20)
    assert done.stage == "failed"
    assert "Nothing changed" not in done.outcome
    assert "not known whether it was started" in done.outcome
    assert HTTPS in stage.account.rules
    assert SSH not in stage.account.rules


def test_a_lost_start_shows_up_later_and_is_seen_through(stage: Stage) -> None:
    request = stage.approved()
    stage.account.after_call = unavailable("start")
    stage.executor.advance(request.id, "worker-1")
    revoked(stage)
    done = stage.seen_through(request.id)
    assert (done.stage, len(stage.account.executions)) == ("verified", 1)


def test_a_clock_that_is_far_behind_decides_nothing(stage: Stage) -> None:
    request = stage.proposed()
    stage.clock.later(minutes=-3)
    decided = stage.requests.approve(request.id, request.plan.hash, ONCALL)
    assert isinstance(decided, Refusal)
    assert "clock" in decided.reason
    stage.clock.later(minutes=2)
    assert isinstance(stage.requests.approve(request.id, request.plan.hash, ONCALL), Remediation)


def test_a_click_whose_answer_was_lost_counts_once(stage: Stage) -> None:
    request = stage.proposed()
    lost = FailingAt("store.save", 1, done=True)
    stage.around = lambda systems: gated(systems, lost)
    with pytest.raises(Exception, match="did not answer"):
        stage.requests.approve(request.id, request.plan.hash, ONCALL)
    again = stage.requests.approve(request.id, request.plan.hash, ONCALL)
    assert isinstance(again, Refusal)
    assert again.rule == "decided"
    assert len(stage.systems.remediations.get(request.id).approvals) == 1


def test_an_engine_that_writes_twice_by_itself_refuses_nobody(stage: Stage) -> None:
    """An SDK that repeats a conditional write whose answer was lost hears that it is stale."""
    request = stage.proposed()
    stage.around = lambda systems: gated(
        systems, lambda name, call: (call(), call())[1] if name == "store.save" else call()
    )
    decided = stage.requests.approve(request.id, request.plan.hash, ONCALL)
    assert isinstance(decided, Remediation)
    assert decided == stage.systems.remediations.get(request.id)
    assert "refused" not in stage.kinds()
    assert stage.seen_through(request.id).stage == "verified"
    assert len(stage.account.executions) == 1


def test_another_finding_of_the_resource_does_not_matter(stage: Stage) -> None:
    request = stage.approved()
    stage.systems.findings.upsert([ocsf_event("f-else", control="EC2.14", resources=(GROUP,))])
    assert stage.seen_through(request.id).stage == "verified"
