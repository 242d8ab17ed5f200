"""An approved fix is carried out once, proven by a fresh read, and can be undone once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from typing_extensions import override

from agent.approval import Refusal
from agent.execution import Executor
from integrations.errors import UnavailableError
from integrations.findings.port import FindingState
from integrations.remediations.port import Remediation, RemediationStore
from integrations.runbooks.port import Order
from tests.builders import ocsf_event
from tests.remediating import (
    ANALYST,
    GROUP,
    HTTPS,
    INSIDE,
    ONCALL,
    ONCALL2,
    RULES,
    SSH,
    Stage,
    close_ssh,
    no_effect,
    unavailable,
)


def test_an_approved_fix_is_run_proven_and_told(stage: Stage) -> None:
    done = stage.carried_out()
    assert (done.stage, done.outcome) == ("verified", "")
    assert stage.account.rules == [HTTPS, INSIDE]
    assert done.found == {"Inbound": [HTTPS, INSIDE]}
    assert done.fix is not None
    assert [(step.name, step.status) for step in done.fix.steps] == [("RevokeIngress", "Success")]
    assert stage.finding.state is FindingState.RESOLVED
    assert stage.kinds(done.id) == [
        "proposed",
        "approved",
        "starting",
        "started",
        "ended",
        "workflow",
        "verified",
    ]
    assert stage.systems.audit.verify().whole


def test_nothing_runs_before_it_is_approved(stage: Stage) -> None:
    request = stage.proposed()
    assert stage.seen_through(request.id, steps=3) == request
    assert stage.account.executions == {}


def test_what_was_carried_out_is_not_carried_out_again(stage: Stage) -> None:
    done = stage.carried_out()
    assert stage.seen_through(done.id, "worker-2") == done
    assert len(stage.account.executions) == 1


def test_a_change_since_the_plan_stops_the_fix(stage: Stage) -> None:
    request = stage.approved()
    stage.account.rules.append("tcp 80 from 0.0.0.0/0")
    done = stage.seen_through(request.id)
    assert done.stage == "expired"
    assert "changed since this plan" in done.outcome
    assert stage.account.executions == {}


def test_a_fix_that_is_no_longer_needed_is_not_run(stage: Stage) -> None:
    request = stage.approved()
    stage.account.rules.remove(SSH)
    done = stage.seen_through(request.id)
    assert (done.stage, stage.account.executions) == ("expired", {})
    assert "passes EC2.13 already" in done.outcome


def test_an_approver_who_was_taken_off_the_list_approves_nothing(stage: Stage) -> None:
    request = stage.approved()
    owner = stage.connections.directory.get("acme")
    stage.connections.directory.put(
        type(owner)(id=owner.id, name=owner.name, accounts=owner.accounts, approvers=())
    )
    done = stage.seen_through(request.id)
    assert done.stage == "expired"
    assert "may not approve any more" in done.outcome
    assert stage.account.executions == {}


def test_a_finding_that_was_muted_meanwhile_is_left_alone(stage: Stage) -> None:
    request = stage.approved()
    stage.systems.findings.upsert(
        [
            ocsf_event(
                "f-ssh",
                control="EC2.13",
                state=FindingState.MUTED,
                resources=(GROUP,),
                at=stage.clock.moment + timedelta(minutes=1),
            )
        ]
    )
    assert stage.seen_through(request.id).stage == "expired"
    assert stage.account.executions == {}


def test_a_failed_step_is_named_and_nothing_is_called_fixed(stage: Stage) -> None:
    stage.account.effect = lambda *_: "UnauthorizedOperation"
    done = stage.carried_out()
    assert done.stage == "failed"
    assert done.outcome == "Step RevokeIngress failed: UnauthorizedOperation. Nothing changed."
    assert stage.finding.state is FindingState.OPEN


def test_a_runbook_that_ends_well_without_effect_is_not_called_fixed(stage: Stage) -> None:
    stage.account.effect = no_effect
    done = stage.carried_out()
    assert done.stage == "not_fixed"
    assert "EC2.13 still fails. Nothing changed." in done.outcome
    assert stage.finding.state is FindingState.OPEN


def test_a_partial_fix_says_what_changed(stage: Stage) -> None:
    def wrong_rule(rules: list[str], order: Order) -> str:
        rules.remove(HTTPS)
        return ""

    stage.account.effect = wrong_rule
    done = stage.carried_out()
    assert done.stage == "not_fixed"
    assert "Changed all the same: Inbound." in done.outcome


def test_a_fix_that_cannot_be_read_again_is_not_called_fixed(stage: Stage) -> None:
    request = stage.approved()
    running = stage.executor.advance(request.id, "worker-1")
    assert running.stage == "running"
    stage.account.before_call = unavailable("check", times=10_000)
    done = stage.seen_through(request.id, pace_s=20)
    assert done.stage == "not_fixed"
    assert "could not be read" in done.outcome
    assert stage.finding.state is FindingState.OPEN


def test_a_lost_answer_starts_nothing_twice(stage: Stage) -> None:
    stage.account.after_call = unavailable("start")
    done = stage.carried_out()
    assert (done.stage, len(stage.account.executions)) == ("verified", 1)
    assert stage.kinds(done.id).count("starting") == 1


def test_a_worker_that_died_is_taken_over_and_starts_nothing_twice(stage: Stage) -> None:
    request = stage.approved()
    stage.account.after_call = unavailable("start")
    left = stage.executor.advance(request.id, "worker-1")
    assert (left.stage, len(stage.account.executions)) == ("running", 1)
    assert stage.executor.advance(request.id, "worker-2") == left, "the lease holds"
    assert [r.id for r in stage.executor.waiting()] == []
    stage.clock.later(seconds=61)
    assert [r.id for r in stage.executor.waiting()] == [request.id]
    done = stage.seen_through(request.id, "worker-2")
    assert (done.stage, len(stage.account.executions)) == ("verified", 1)
    assert "taken_over" in stage.kinds(request.id)


def test_the_audit_tells_of_the_start_before_it_happens(stage: Stage) -> None:
    told: list[list[str]] = []
    stage.account.before_call = lambda name: told.append(stage.kinds()) if name == "start" else None
    stage.carried_out()
    assert [kinds[-1] for kinds in told] == ["starting"]


def test_more_than_a_few_fixes_at_a_time_wait(stage: Stage) -> None:
    requests = [stage.approved(finding) for finding in stage.open_many(list(range(5)))]
    stage.account.effect = no_effect
    stages = [stage.executor.advance(r.id, "worker-1").stage for r in requests]
    assert stages == ["running"] * 3 + ["approved"] * 2


def test_undo_puts_the_state_before_back_and_proves_it(stage: Stage) -> None:
    done = stage.carried_out()
    undoing = stage.requests.undo(done.id, done.plan.hash, ONCALL, "worker-1")
    assert isinstance(undoing, Remediation)
    assert undoing.stage == "undoing"
    undone = stage.seen_through(done.id)
    assert undone.stage == "undone"
    assert stage.account.rules == list(RULES)
    assert stage.finding.state is FindingState.OPEN
    assert undone.undo_by is not None
    assert undone.undo_by.by == ONCALL.id


def test_undo_is_one_shot(stage: Stage) -> None:
    done = stage.carried_out()
    stage.requests.undo(done.id, done.plan.hash, ONCALL, "worker-1")
    stage.seen_through(done.id)
    again = stage.requests.undo(done.id, done.plan.hash, ONCALL2, "worker-1")
    assert isinstance(again, Refusal)
    assert again.rule == "undo"
    assert len(stage.account.executions) == 2


def test_undo_is_refused_when_somebody_changed_the_resource_since(stage: Stage) -> None:
    done = stage.carried_out()
    stage.account.rules.append("tcp 80 from 0.0.0.0/0")
    refusal = stage.requests.undo(done.id, done.plan.hash, ONCALL, "worker-1")
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "drift"
    assert stage.account.rules == [HTTPS, INSIDE, "tcp 80 from 0.0.0.0/0"]


def test_only_an_approver_undoes(stage: Stage) -> None:
    done = stage.carried_out()
    refusal = stage.requests.undo(done.id, done.plan.hash, ANALYST, "worker-1")
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "approver"


def test_an_undo_that_restores_something_else_is_not_called_undone(stage: Stage) -> None:
    done = stage.carried_out()

    def half(rules: list[str], order: Order) -> str:
        close_ssh(rules, order)
        rules.remove(INSIDE)
        return ""

    stage.account.effect = half
    stage.requests.undo(done.id, done.plan.hash, ONCALL, "worker-1")
    failed = stage.seen_through(done.id)
    assert failed.stage == "failed"
    assert "not all back" in failed.outcome


class LosesVerified(RemediationStore):
    """A store that does not keep the word "verified" the first time."""

    def __init__(self, inner: RemediationStore) -> None:
        self._inner = inner
        self._lost = False

    @override
    def begin(self, remediation: Remediation, at_most: int | None) -> bool:
        return self._inner.begin(remediation, at_most)

    @override
    def add(self, remediation: Remediation) -> None:
        self._inner.add(remediation)

    @override
    def get(self, remediation_id: str) -> Remediation:
        return self._inner.get(remediation_id)

    @override
    def shown(self, remediation_id: str, version: int) -> None:
        self._inner.shown(remediation_id, version)

    @override
    def unshown(self, limit: int = 50) -> list[Remediation]:
        return self._inner.unshown(limit)

    @override
    def search(self, *args: Any, **narrowed: Any) -> list[Remediation]:
        return self._inner.search(*args, **narrowed)

    @override
    def save(self, remediation: Remediation) -> None:
        if remediation.stage == "verified" and not self._lost:
            self._lost = True
            raise UnavailableError("the disk is full")
        self._inner.save(remediation)


def _forever(executor: Executor, request: Remediation, stage: Stage) -> None:
    while True:
        executor.advance(request.id, "worker-1")
        stage.clock.later(seconds=5)


def test_what_was_told_as_fixed_and_does_not_hold_is_open_again(stage: Stage) -> None:
    request = stage.approved()
    systems = stage.systems
    flawed = replace(systems, remediations=LosesVerified(systems.remediations))
    executor = Executor(flawed, stage.catalogue, stage.clock)
    with pytest.raises(UnavailableError):
        _forever(executor, request, stage)
    assert stage.finding.state is FindingState.RESOLVED
    stage.account.rules.append(SSH)
    stage.clock.later(minutes=2)
    assert stage.seen_through(request.id, "worker-2").stage == "not_fixed"
    assert stage.systems.findings.get("f-ssh").finding.state is FindingState.OPEN
