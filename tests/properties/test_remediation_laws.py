"""A request's own laws: whatever is tried with it, in whatever order, by whomever, at any time."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from integrations.remediations.port import (
    LONGEST_LEASE,
    SKEW,
    IllegalMoveError,
    Remediation,
    Stage,
    Step,
)
from tests.builders import NOON
from tests.remediation_builders import LEASE, plan, remediation

ARROWS: dict[Stage, set[Stage]] = {
    Stage.PROPOSED: {Stage.APPROVED, Stage.REJECTED, Stage.EXPIRED},
    Stage.APPROVED: {Stage.RUNNING, Stage.EXPIRED},
    Stage.RUNNING: {Stage.VERIFIED, Stage.NOT_FIXED, Stage.FAILED, Stage.EXPIRED},
    Stage.VERIFIED: {Stage.UNDOING},
    Stage.NOT_FIXED: {Stage.UNDOING},
    Stage.FAILED: {Stage.UNDOING},
    Stage.UNDOING: {Stage.UNDONE, Stage.FAILED},
    Stage.REJECTED: set(),
    Stage.EXPIRED: set(),
    Stage.UNDONE: set(),
}
"""As they are drawn at the top of the port."""

PEOPLE = ("slack/T0001/UANALYST", "slack/T0001/UONCALL1", "slack/T0001/UONCALL2", "slack/T2/UX")
WORKERS = ("worker-1", "worker-2")
RUNNING = {Stage.RUNNING, Stage.UNDOING}

people = st.sampled_from(PEOPLE)
workers = st.sampled_from(WORKERS)
moments = st.sampled_from([-1800, -121, -119, 0, 1, 59, 60, 61, 300, 301, 3599, 3600, 86_400]).map(
    lambda s: NOON + timedelta(seconds=s)
)
reasons = st.sampled_from(["", "  ", "seen it"])
executions = st.sampled_from(["exec-1", "exec-2"])


class Laws(RuleBasedStateMachine):
    """Tries every verb on one request; a refused one leaves it as it was."""

    @initialize(needed=st.integers(1, 3), self_approval=st.booleans(), reversible=st.booleans())
    def proposed(self, needed: int, self_approval: bool, reversible: bool) -> None:  # noqa: FBT001
        self.request = remediation(
            approvals_needed=needed, self_approval=self_approval, plan=plan(reversible=reversible)
        )

    def _try(self, verb: Callable[[Remediation], Remediation], *, allowed: bool) -> None:
        """A verb is carried out exactly when its laws allow it."""
        before = self.request
        try:
            after = verb(before)
        except IllegalMoveError:
            assert not allowed, f"refused from {before.stage} though it may"
            return
        assert allowed, f"{before.stage} -> {after.stage} was let through"
        assert after.version == before.version + 1
        kept = {"id", "plan", "requested_by", "requested_at", "expires_at", "approvals_needed"}
        for name in (*kept, "self_approval", "token", "undo_token"):
            assert getattr(after, name) == getattr(before, name)
        assert after.stage is before.stage or after.stage in ARROWS[before.stage]
        self.request = after

    def _open_to_decisions(self, at: datetime) -> bool:
        request = self.request
        in_time = request.requested_at - SKEW <= at < request.expires_at
        return request.stage is Stage.PROPOSED and in_time

    def _holds(self, owner: str) -> bool:
        run = self.request.run
        return self.request.stage in RUNNING and run is not None and run.owner == owner

    @rule(by=people, at=moments, reason=reasons)
    def approve(self, by: str, at: datetime, reason: str) -> None:
        request = self.request
        own = by == request.requested_by and not request.self_approval
        twice = by in {a.by for a in request.approvals}
        may = self._open_to_decisions(at) and not own and not twice
        self._try(lambda r: r.approved(by, at, reason), allowed=may)

    @rule(at=moments)
    def approve_ones_own(self, at: datetime) -> None:
        self.approve(self.request.requested_by, at, "seen it")

    @rule(by=people, at=moments, reason=reasons)
    def reject(self, by: str, at: datetime, reason: str) -> None:
        may = self._open_to_decisions(at) and bool(reason.strip())
        self._try(lambda r: r.rejected(by, at, reason), allowed=may)

    @rule(at=moments)
    def expire(self, at: datetime) -> None:
        may = self.request.stage in {Stage.PROPOSED, Stage.APPROVED}
        self._try(lambda r: r.expired(at, "too late"), allowed=may)

    @rule(owner=workers, at=moments)
    def claim(self, owner: str, at: datetime) -> None:
        run = self.request.run
        free = run is None or run.owner == owner or not at < run.lease_until <= at + LONGEST_LEASE
        may = self.request.stage is Stage.APPROVED or (self.request.stage in RUNNING and free)
        self._try(lambda r: r.claimed(owner, at, LEASE), allowed=may)

    @rule(owner=workers, at=moments)
    def start(self, owner: str, at: datetime) -> None:
        run = self.request.run
        may = self._holds(owner) and run is not None and not run.execution
        self._try(lambda r: r.starting(owner, at, LEASE), allowed=may)

    @rule(owner=workers)
    def call_off(self, owner: str) -> None:
        run = self.request.run
        untried = run is not None and run.tried_at is None and not run.execution
        may = self.request.stage is Stage.RUNNING and self._holds(owner) and untried
        self._try(lambda r: r.called_off(owner, "drift"), allowed=may)

    @rule(owner=workers, execution=executions)
    def begin(self, owner: str, execution: str) -> None:
        run = self.request.run
        may = self._holds(owner) and run is not None and run.execution in {"", execution}
        self._try(lambda r: r.begun(owner, execution), allowed=may)

    @rule(owner=workers, at=moments)
    def progress(self, owner: str, at: datetime) -> None:
        steps = (Step(name="Revoke", status="Success"),)
        self._try(lambda r: r.progressed(owner, steps, at), allowed=self._holds(owner))

    @rule(owner=workers, read=moments, ended=moments)
    def verify(self, owner: str, read: datetime, ended: datetime) -> None:
        self._prove(Stage.RUNNING, owner, read, ended, lambda r: r.verified)

    @rule(owner=workers, read=moments, ended=moments)
    def undone(self, owner: str, read: datetime, ended: datetime) -> None:
        self._prove(Stage.UNDOING, owner, read, ended, lambda r: r.undone)

    def _prove(
        self,
        stage: Stage,
        owner: str,
        read: datetime,
        ended: datetime,
        verb: Callable[[Remediation], Any],
    ) -> None:
        run = self.request.run
        ran = run is not None and bool(run.execution) and read >= ended
        may = self.request.stage is stage and self._holds(owner) and ran
        self._try(lambda r: verb(r)(owner, read, {"Inbound": []}, ended), allowed=may)

    @rule(owner=workers, at=moments)
    def miss(self, owner: str, at: datetime) -> None:
        may = self.request.stage is Stage.RUNNING and self._holds(owner)
        self._try(lambda r: r.not_fixed(owner, at, "still fails"), allowed=may)

    @rule(owner=workers, at=moments)
    def fail(self, owner: str, at: datetime) -> None:
        self._try(lambda r: r.failed(owner, at, "boom"), allowed=self._holds(owner))

    @rule(by=people, owner=workers, at=moments)
    def undo(self, by: str, owner: str, at: datetime) -> None:
        request = self.request
        ended = request.stage in {Stage.VERIFIED, Stage.NOT_FIXED, Stage.FAILED}
        ran = request.fix is not None and bool(request.fix.execution)
        undone = request.undo is not None and bool(request.undo.execution)
        may = ended and ran and request.plan.reversible and not undone
        self._try(lambda r: r.undoing(by, owner, at, LEASE), allowed=may)

    @rule(card=st.text(max_size=3))
    def show(self, card: str) -> None:
        self._try(lambda r: r.shown_at(card), allowed=True)

    @rule()
    def decide_and_go_on(self) -> None:
        """The usual way, so that what comes late is tried often."""
        with suppress(IllegalMoveError):
            for by in PEOPLE[1 : 1 + self.request.approvals_needed]:
                self.request = self.request.approved(by, NOON)
            self.request = self.request.claimed("worker-1", NOON, LEASE)
            self.request = self.request.starting("worker-1", NOON, LEASE).begun(
                "worker-1", "exec-1"
            )

    @invariant()
    def nothing_runs_without_enough_other_people(self) -> None:
        request = getattr(self, "request", None)
        if request is None or request.fix is None:
            return
        approvers = {approval.by for approval in request.approvals}
        if not request.self_approval:
            assert request.requested_by not in approvers
        assert len(approvers) >= request.approvals_needed
        assert all(approval.at < request.expires_at for approval in request.approvals)

    @invariant()
    def a_proof_names_its_read(self) -> None:
        request = getattr(self, "request", None)
        if request is not None and request.stage in {Stage.VERIFIED, Stage.UNDONE}:
            run = request.run
            assert run is not None
            assert run.execution
            assert run.ended_at is not None
            assert request.verified_at is not None
            assert request.verified_at >= run.ended_at


TestLaws = Laws.TestCase
TestLaws.settings = settings(
    max_examples=300, stateful_step_count=40, deadline=None, derandomize=True
)


def _at(stage: Stage) -> Remediation:
    """A request that came to a stage by its verbs; its worker is the first."""
    new = remediation()
    approved = new.approved(PEOPLE[1], NOON)
    claimed = approved.claimed("worker-1", NOON, LEASE)
    running = claimed.starting("worker-1", NOON, LEASE).begun("worker-1", "exec-1")
    verified = running.verified("worker-1", NOON, {}, NOON)
    undoing = verified.undoing(PEOPLE[1], "worker-1", NOON, LEASE).begun("worker-1", "exec-2")
    return {
        Stage.PROPOSED: new,
        Stage.APPROVED: approved,
        Stage.REJECTED: new.rejected(PEOPLE[1], NOON, "no"),
        Stage.EXPIRED: new.expired(NOON, "too late"),
        Stage.RUNNING: running,
        Stage.VERIFIED: verified,
        Stage.NOT_FIXED: running.not_fixed("worker-1", NOON, "still fails"),
        Stage.FAILED: running.failed("worker-1", NOON, "boom"),
        Stage.UNDOING: undoing,
        Stage.UNDONE: undoing.undone("worker-1", NOON, {}, NOON),
    }[stage]


VERBS: dict[str, tuple[Callable[[Remediation], Remediation], set[Stage]]] = {
    "approved": (lambda r: r.approved(PEOPLE[2], NOON), {Stage.PROPOSED}),
    "rejected": (lambda r: r.rejected(PEOPLE[2], NOON, "no"), {Stage.PROPOSED}),
    "expired": (lambda r: r.expired(NOON, "late"), {Stage.PROPOSED, Stage.APPROVED}),
    "claimed": (lambda r: r.claimed("worker-1", NOON, LEASE), {Stage.APPROVED, *RUNNING}),
    "starting": (lambda r: r.starting("worker-1", NOON, LEASE), set()),
    "called off": (lambda r: r.called_off("worker-1", "drift"), set()),
    "progressed": (lambda r: r.progressed("worker-1", (), NOON), RUNNING),
    "verified": (lambda r: r.verified("worker-1", NOON, {}, NOON), {Stage.RUNNING}),
    "not fixed": (lambda r: r.not_fixed("worker-1", NOON, "no"), {Stage.RUNNING}),
    "failed": (lambda r: r.failed("worker-1", NOON, "boom"), RUNNING),
    "undone": (lambda r: r.undone("worker-1", NOON, {}, NOON), {Stage.UNDOING}),
    "undoing": (
        lambda r: r.undoing(PEOPLE[2], "worker-1", NOON, LEASE),
        {Stage.VERIFIED, Stage.NOT_FIXED, Stage.FAILED},
    ),
}
"""Each verb as it should be used, and the stages that it goes with once an execution is known."""


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("verb", sorted(VERBS))
def test_a_verb_goes_with_its_stages_only(stage: Stage, verb: str) -> None:
    act, stages = VERBS[verb]
    request = _at(stage)
    if stage in stages:
        assert act(request).version == request.version + 1
    else:
        with pytest.raises(IllegalMoveError):
            act(request)


@pytest.mark.parametrize("verb", ["starting", "progressed", "verified", "not fixed", "failed"])
def test_only_the_worker_that_holds_the_lease_goes_on(verb: str) -> None:
    held = _at(Stage.RUNNING).claimed("worker-2", NOON + 2 * LEASE, LEASE)
    with pytest.raises(IllegalMoveError, match="another worker"):
        VERBS[verb][0](held)


@pytest.mark.parametrize("needed", [1, 2, 3])
@pytest.mark.parametrize("self_approval", [False, True])
def test_as_many_other_people_as_needed_must_approve(needed: int, self_approval: bool) -> None:  # noqa: FBT001
    request = remediation(approvals_needed=needed, self_approval=self_approval)
    if not self_approval:
        with pytest.raises(IllegalMoveError, match="who asked"):
            request.approved(request.requested_by, NOON)
    for count, by in enumerate(PEOPLE[1 : 1 + needed], start=1):
        request = request.approved(by, NOON)
        assert request.stage is (Stage.APPROVED if count == needed else Stage.PROPOSED)
        with pytest.raises(IllegalMoveError):
            request.approved(by, NOON)
        if count < needed:
            with pytest.raises(IllegalMoveError):
                request.claimed("worker-1", NOON, LEASE)


def test_every_stage_has_its_arrows() -> None:
    assert set(ARROWS) == set(Stage)
    final = {stage for stage, after in ARROWS.items() if not after}
    assert final == {Stage.REJECTED, Stage.EXPIRED, Stage.UNDONE}


def test_a_token_follows_from_the_request_and_its_plan() -> None:
    one = remediation()
    assert one.token == replace(one, version=9, stage=Stage.RUNNING).token
    others = {
        one.token,
        one.undo_token,
        remediation("R-bbbbbbbbbbbbbbbb").token,
        remediation(plan=plan(parameters={"GroupId": "sg-else"})).token,
        remediation(plan=plan(runbook_version="ba9876543210")).token,
    }
    assert len(others) == 5
    assert one.token == remediation(plan=plan(planned_at=NOON + timedelta(days=1))).token
