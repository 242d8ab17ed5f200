"""Who may decide about a fix, and what a decision does."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.approval import Actor, Refusal
from agent.planning import FixPlanner, NotFixableError, NothingToFixError
from integrations.errors import DeniedByAwsError
from integrations.findings.port import FindingState, Severity
from integrations.remediations.port import Remediation
from integrations.runbooks.port import Risk
from integrations.tenants.port import Environment
from tests.builders import ocsf_event
from tests.remediating import (
    ANALYST,
    GROUP,
    HTTPS,
    INSIDE,
    ONCALL,
    ONCALL2,
    RULES,
    RUNBOOK,
    SSH,
    Stage,
    ssh_is_open,
    staged,
)
from tests.unit.cards.story import an_exposure


def refused(decided: Remediation | Refusal) -> str:
    """The rule of a refusal."""
    assert isinstance(decided, Refusal)
    assert decided.reason.endswith(".")
    return decided.rule


def test_a_plan_tells_the_calls_and_the_state_before_and_after(stage: Stage) -> None:
    plan = stage.proposed().plan
    assert [call.action for call in plan.calls] == ["ec2:RevokeSecurityGroupIngress"]
    (changed,) = plan.changes
    assert (changed.name, changed.before, changed.after) == (
        "Inbound",
        list(RULES),
        [HTTPS, INSIDE],
    )
    assert plan.title == "Close SSH to the internet on sg-web-admin"
    assert stage.account.executions == {}
    assert stage.account.rules == list(RULES)


def test_planning_twice_is_one_request(stage: Stage) -> None:
    first = stage.proposed()
    assert stage.proposed() == first
    assert stage.kinds() == ["proposed"]


def test_a_plan_of_another_state_replaces_the_one_before(stage: Stage) -> None:
    first = stage.proposed()
    stage.account.rules.append("tcp 80 from 0.0.0.0/0")
    second = stage.proposed()
    assert second.plan.hash != first.plan.hash
    assert stage.systems.remediations.get(first.id).stage == "expired"
    assert refused(stage.requests.approve(first.id, first.plan.hash, ONCALL)) == "decided"


def test_who_asked_cannot_approve(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        request = stage.requests.propose(stage.finding, ONCALL.id)
        decided = stage.requests.approve(request.id, request.plan.hash, ONCALL)
        assert refused(decided) == "four-eyes"
        assert isinstance(decided, Refusal)
        assert ONCALL2.id in decided.reason
        assert stage.kinds() == ["proposed", "refused"]


def test_who_asked_may_approve_where_the_tenant_says_so(tmp_path: Path) -> None:
    environment = Environment.DEVELOPMENT
    with staged(tmp_path, environment=environment, self_approval=True) as stage:
        request = stage.requests.propose(stage.finding, ONCALL.id)
        decided = stage.requests.approve(request.id, request.plan.hash, ONCALL)
        assert isinstance(decided, Remediation)
        assert decided.stage == "approved"


@pytest.mark.parametrize(
    ("actor", "rule"),
    [
        (Actor("slack/T0001/USTRANGER"), "approver"),
        (Actor("slack/T0002/UONCALL1"), "approver"),
        (Actor("teams/T0001/UONCALL1"), "approver"),
        (replace(ONCALL, foreign=True), "foreign"),
        (ANALYST, "four-eyes"),
    ],
)
def test_nobody_else_can_approve(stage: Stage, actor: Actor, rule: str) -> None:
    request = stage.proposed()
    assert refused(stage.requests.approve(request.id, request.plan.hash, actor)) == rule
    assert stage.systems.remediations.get(request.id) == request


def test_an_empty_list_of_approvers_lets_nobody_approve(tmp_path: Path) -> None:
    with staged(tmp_path, approvers_of={"high": ()}) as stage:
        request = stage.proposed()
        assert refused(stage.requests.approve(request.id, request.plan.hash, ONCALL)) == "nobody"


def test_another_plans_button_decides_nothing(stage: Stage) -> None:
    request = stage.proposed()
    assert refused(stage.requests.approve(request.id, "0" * 16, ONCALL)) == "plan"


def test_an_unknown_request_is_refused_and_written_down(stage: Stage) -> None:
    assert refused(stage.requests.approve("R-\ud800", "0" * 16, ONCALL)) == "unknown"
    assert stage.kinds() == ["refused"]


def test_it_is_too_late_after_the_deadline_and_the_request_is_closed(stage: Stage) -> None:
    request = stage.proposed()
    stage.clock.later(minutes=60)
    assert refused(stage.requests.approve(request.id, request.plan.hash, ONCALL)) == "expired"
    assert stage.systems.remediations.get(request.id).stage == "expired"


def test_the_sweep_closes_what_is_late_and_nothing_else(stage: Stage) -> None:
    request = stage.proposed()
    stage.clock.later(minutes=59)
    assert stage.requests.sweep() == []
    stage.clock.later(minutes=1)
    assert [r.id for r in stage.requests.sweep()] == [request.id]
    assert stage.requests.sweep() == []


def test_grave_fixes_need_two_different_approvers_and_their_reasons(tmp_path: Path) -> None:
    with staged(tmp_path, severity=Severity.CRITICAL) as stage:
        request = stage.proposed()
        approve = stage.requests.approve
        assert request.approvals_needed == 2
        assert refused(approve(request.id, request.plan.hash, ONCALL)) == "reason"
        first = approve(request.id, request.plan.hash, ONCALL, "seen the plan")
        assert isinstance(first, Remediation)
        assert first.stage == "proposed"
        assert refused(approve(request.id, request.plan.hash, ONCALL, "again")) == "twice"
        second = approve(request.id, request.plan.hash, ONCALL2, "me too")
        assert isinstance(second, Remediation)
        assert second.stage == "approved"
        assert [a.reason for a in second.approvals] == ["seen the plan", "me too"]


def test_priority_1_in_production_needs_two_too(tmp_path: Path) -> None:
    with staged(tmp_path, priority=1) as stage:
        assert stage.proposed().approvals_needed == 2


def test_a_rejection_needs_a_reason_and_is_final(stage: Stage) -> None:
    request = stage.proposed()
    assert refused(stage.requests.reject(request.id, request.plan.hash, ONCALL, " ")) == "reason"
    done = stage.requests.reject(request.id, request.plan.hash, ONCALL, "in use today")
    assert isinstance(done, Remediation)
    assert (done.stage, done.outcome) == ("rejected", "in use today")
    assert refused(stage.requests.approve(request.id, request.plan.hash, ONCALL2)) == "decided"


def test_who_asked_may_take_the_request_back(stage: Stage) -> None:
    request = stage.proposed()
    done = stage.requests.reject(request.id, request.plan.hash, ANALYST, "wrong group")
    assert isinstance(done, Remediation)
    assert done.stage == "rejected"


def test_a_stranger_cannot_reject(stage: Stage) -> None:
    request = stage.proposed()
    stranger = Actor("slack/T0001/USTRANGER")
    decided = stage.requests.reject(request.id, request.plan.hash, stranger, "no")
    assert refused(decided) == "approver"


def test_a_muted_finding_is_never_planned(stage: Stage) -> None:
    muted = ocsf_event(
        "f-ssh",
        control="EC2.13",
        state=FindingState.MUTED,
        resources=(GROUP,),
        at=stage.clock.moment,
    )
    stage.systems.findings.upsert([muted])
    with pytest.raises(NotFixableError, match="muted"):
        stage.proposed()


def test_what_passes_already_is_not_planned(stage: Stage) -> None:
    stage.account.rules.remove(SSH)
    with pytest.raises(NothingToFixError, match=r"passes EC2\.13 already"):
        stage.proposed()


def test_a_control_without_a_runbook_is_said_to_have_none(stage: Stage) -> None:
    stage.catalogue.only = replace(RUNBOOK, controls=("S3.1",))
    with pytest.raises(NotFixableError, match=r"no runbook fixes EC2\.13"):
        stage.proposed()


def test_a_setting_that_is_missing_is_named_with_the_command(stage: Stage) -> None:
    stage.catalogue.only = replace(RUNBOOK, bindings={"Bucket": "setting.log_bucket"})
    with pytest.raises(NotFixableError, match="assist tenants set acme log_bucket"):
        stage.proposed()


def test_an_account_of_nobody_is_never_planned(stage: Stage) -> None:
    stage.systems.findings.upsert(
        [ocsf_event("f-other", control="EC2.13", account="999999999999", resources=("arn:x",))]
    )
    other = stage.systems.findings.get("f-other").finding
    with pytest.raises(NotFixableError, match="999999999999"):
        stage.requests.propose(other, ANALYST.id)


def test_the_gravest_severity_needs_two_and_the_approvers_of_critical_ones(
    tmp_path: Path,
) -> None:
    """OCSF has one above critical."""
    with staged(tmp_path, Severity.FATAL, approvers_of={"critical": (ONCALL2.id,)}) as stage:
        request = stage.proposed()
        assert request.approvals_needed == 2
        decided = stage.requests.approve(request.id, request.plan.hash, ONCALL, "seen")
        assert refused(decided) == "approver"
        decided = stage.requests.approve(request.id, request.plan.hash, ONCALL2)
        assert refused(decided) == "reason"
        decided = stage.requests.approve(request.id, request.plan.hash, ONCALL2, "seen")
        assert isinstance(decided, Remediation)


def test_a_severity_that_says_nothing_does_not_hide_a_graver_one(tmp_path: Path) -> None:
    """OCSF's `Other` has the greatest number and no rank."""
    with staged(tmp_path, Severity.OTHER) as stage:
        assert stage.proposed().plan.severity == "other"
        exposure = an_exposure(severity=Severity.CRITICAL)
        plan = FixPlanner(stage.systems, stage.catalogue, stage.clock).plan(stage.finding, exposure)
        assert plan.severity == "critical"
    with staged(tmp_path / "again", Severity.HIGH) as stage:
        request = stage.approved()
        at = stage.clock.moment + timedelta(minutes=1)
        stage.systems.findings.upsert([ssh_is_open("f-ssh", GROUP, Severity.OTHER, at=at)])
        assert stage.seen_through(request.id).stage == "verified"


def test_a_failure_that_is_foreseen_is_told_with_the_plan(stage: Stage) -> None:
    stage.account.foreseen = "step Revoke: UnauthorizedOperation"
    plan = stage.proposed().plan
    assert plan.unpredicted == ("As planned it would fail at step Revoke: UnauthorizedOperation",)


def test_what_an_engine_says_comes_into_no_sentence_unclean_or_endless(stage: Stage) -> None:
    request = stage.approved()

    def denied(name: str) -> None:
        if name == "start":
            raise DeniedByAwsError("ssm:Start", "role", "\u202eno\x00" + "x" * 5_000)

    stage.account.before_call = denied
    outcome = stage.seen_through(request.id).outcome
    assert len(outcome) < 700
    assert "\u202e" not in outcome
    assert "\x00" not in outcome
    assert outcome.endswith("Nothing changed.")


def test_another_explanation_of_the_same_fix_keeps_its_approvals(tmp_path: Path) -> None:
    with staged(tmp_path, severity=Severity.CRITICAL) as stage:
        request = stage.proposed()
        stage.requests.approve(request.id, request.plan.hash, ONCALL, "seen")
        explained = replace(request.plan, why="in other words", score=80, exposure="X-ABC123")
        assert explained.does_as(request.plan)
        assert not replace(explained, parameters={"GroupId": "sg-0b2"}).does_as(request.plan)
        assert stage.proposed().approvals[0].by == ONCALL.id


@pytest.mark.parametrize("changes", [{"risk": Risk.HIGH}, {"reversible": False}])
def test_what_is_risky_takes_two_approvers(stage: Stage, changes: dict[str, Any]) -> None:
    stage.catalogue.only = replace(stage.catalogue.only, **changes)
    request = stage.proposed()
    assert request.approvals_needed == 2
    first = stage.requests.approve(request.id, request.plan.hash, ONCALL)
    assert isinstance(first, Remediation)
    assert first.stage == "proposed"
