"""Several people, workers and requests at the same moment."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from agent.approval import Refusal
from integrations.remediations.port import Remediation
from tests.automation_account import RULES
from tests.faults import gated
from tests.remediating import (
    ANALYST,
    GROUP,
    ONCALL,
    ONCALL2,
    Stage,
    ssh_is_open,
    unavailable,
)
from tests.remediation_builders import approved, plan


def test_of_two_requests_for_one_finding_one_is_carried_out(stage: Stage) -> None:
    """Two people ask in the same moment: each sees no request yet."""
    first = stage.proposed()
    stage.requests.expire(first, "out of the way")
    before = stage.systems.remediations.get(first.id)
    ids: list[str] = []
    asked = stage.account.before_call

    def meanwhile(name: str) -> None:
        if name == "preview" and not ids:
            ids.append("")
            ids[0] = stage.requests.propose(stage.finding, ONCALL2.id).id

    stage.account.before_call = meanwhile
    ids.append(stage.requests.propose(stage.finding, ANALYST.id).id)
    stage.account.before_call = asked
    assert len(set(ids)) == 2
    for request_id in ids:
        request = stage.systems.remediations.get(request_id)
        assert isinstance(
            stage.requests.approve(request.id, request.plan.hash, ONCALL), Remediation
        )
    stages = [stage.executor.advance(i, f"worker-{i}").stage for i in ids]
    assert stages == ["running", "approved"], "one resource is worked on by one request"
    ended = [stage.seen_through(i, f"worker-{i}").stage for i in ids]
    assert ended == ["verified", "expired"]
    assert len(stage.account.executions) == 1
    assert before.stage == "expired"


def test_there_is_never_more_at_work_than_there_may_be(stage: Stage) -> None:
    """Each worker, before it starts, is held up while another one begins."""
    requests = [stage.approved(finding) for finding in stage.open_many(list(range(6)))]
    waiting = list(requests)

    def meanwhile(name: str) -> None:
        if name == "started" and waiting:
            other = waiting.pop()
            stage.executor.advance(other.id, f"worker-{other.id}")

    stage.account.before_call = meanwhile
    first = waiting.pop(0)
    stage.executor.advance(first.id, "worker-0")
    stages = [str(stage.systems.remediations.get(r.id).stage) for r in requests]
    assert stages.count("running") == 3
    assert len(stage.account.executions) == 3


def test_a_worker_that_hung_before_the_start_starts_nothing_after_its_lease(stage: Stage) -> None:
    """Even in an account that has forgotten the token by then."""
    stage.account.remembers = timedelta(0)
    request = stage.approved()
    hung: list[str] = []

    def meanwhile(name: str) -> None:
        if name == "check" and not hung:
            hung.append(name)
            stage.clock.later(seconds=61)
            assert stage.seen_through(request.id, "worker-2").stage == "verified"
            stage.account.groups["sg-0a1"] = list(RULES)

    stage.account.before_call = meanwhile
    late = stage.executor.advance(request.id, "worker-1")
    assert late.stage == "verified"
    assert len(stage.account.executions) == 1


def test_a_start_that_hangs_is_taken_over_and_starts_nothing_twice(stage: Stage) -> None:
    request = stage.approved()
    hung: list[str] = []

    def meanwhile(name: str) -> None:
        if name == "start" and not hung:
            hung.append(name)
            stage.clock.later(seconds=61)
            assert stage.seen_through(request.id, "worker-2").stage == "verified"

    stage.account.before_call = meanwhile
    assert stage.executor.advance(request.id, "worker-1").stage == "verified"
    assert len(stage.account.executions) == 1


@pytest.mark.parametrize("ahead", [timedelta(minutes=10), timedelta(days=400)])
def test_a_lease_by_a_clock_that_is_ahead_holds_nobody_up(stage: Stage, ahead: timedelta) -> None:
    request = stage.approved()
    now = stage.clock.now
    stage.account.after_call = unavailable("start")
    stage.clock.later(seconds=ahead.total_seconds())
    claimed = stage.systems.remediations.get(request.id).claimed(
        "worker-1", stage.clock.moment, timedelta(seconds=60)
    )
    assert stage.systems.remediations.begin(claimed, 3)
    stage.clock.now = now
    assert [r.id for r in stage.executor.waiting()] == [request.id]
    assert stage.seen_through(request.id, "worker-2").stage == "verified"


def test_two_approvers_at_once_both_count(stage: Stage) -> None:
    stage.changes_tenant(priority=1)
    request = stage.proposed()
    assert request.approvals_needed == 2
    done: list[Remediation | Refusal] = []

    def gate(name: str, call: Callable[[], Any]) -> Any:
        if name == "store.save" and not done:
            done.append(Refusal("", ""))
            done[0] = stage.requests.approve(request.id, request.plan.hash, ONCALL2)
        return call()

    stage.around = lambda systems: gated(systems, gate)
    last = stage.requests.approve(request.id, request.plan.hash, ONCALL)
    assert isinstance(last, Remediation)
    assert last.stage == "approved"
    assert {a.by for a in last.approvals} == {ONCALL.id, ONCALL2.id}
    rules = [
        r.entry.detail.get("rule", str(r.entry.kind))
        for r in stage.systems.audit.records(remediation=request.id)
    ]
    assert rules == ["proposed", "approved", "approved", "stale", "approved"]


def test_an_undo_waits_for_another_fix_of_the_same_resource(stage: Stage) -> None:
    done = stage.carried_out()
    stage.account.groups["sg-0a1"] = list(RULES)
    stage.systems.findings.upsert([ssh_is_open("f-again", GROUP)])
    other = stage.approved(stage.systems.findings.get("f-again").finding)
    stage.executor.advance(other.id, "worker-2")
    stage.account.rules[:] = list(done.found["Inbound"])
    refusal = stage.requests.undo(done.id, done.plan.hash, ONCALL, "worker-1")
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "busy"
    stage.seen_through(other.id, "worker-2")
    assert stage.undone(done).stage == "undone"


def test_an_undo_is_not_kept_waiting_by_other_fixes(stage: Stage) -> None:
    done = stage.carried_out()
    for finding in stage.open_many(list(range(3))):
        stage.executor.advance(stage.approved(finding).id, "worker-2")
    assert stage.undone(done).stage == "undone"


def test_however_many_wait_the_oldest_is_taken_first_and_none_is_forgotten(stage: Stage) -> None:
    store, many = stage.systems.remediations, 502
    for number in range(many):
        at = stage.clock.moment + timedelta(hours=3 if number else 0, seconds=number)
        store.add(approved(f"R-{number}", plan=plan(resource=f"g-{number}"), requested_at=at))
    assert [r.id for r in stage.executor.waiting()] == [f"R-{n}" for n in range(many)]
    stage.clock.later(hours=3)
    assert [r.id for r in stage.requests.sweep()] == ["R-0"]
