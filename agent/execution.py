"""Approved requests, carried out: started once, watched, proven by a fresh read, and undone.

    claim (compare-and-set) -> audit -> start with the request's token -> watch -> read again -> say

A worker that dies leaves a lease that runs out; the next one looks whether the token has started an
execution before it starts one, so a request is never carried out twice and never lost.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.aftermath import Aftermath
from agent.approval import refuse_start
from agent.guard.untrusted import clean
from agent.planning import FixPlanner, NotFixableError, Prepared
from agent.remediation import LEASE, Remediations
from integrations.errors import (
    SecurityAssistError,
    StaleWriteError,
    UnavailableError,
)
from integrations.remediations.audit import AuditKind
from integrations.remediations.port import IllegalMoveError, Remediation, Run, Stage, Step
from integrations.runbooks.port import (
    Automations,
    Checked,
    Execution,
    ExecutionStatus,
    Order,
    RunbookCatalogue,
)
from integrations.systems import Systems

_log = logging.getLogger(__name__)

RUNNING_AT_MOST = 3
"""Fixes of one tenant at a time; what is approved beyond it waits."""

_LONGEST = timedelta(minutes=30)
"""How long an execution may take; then it is stopped."""

_START_WITHIN = timedelta(minutes=10)
"""How long it is tried to start an execution of which nothing is known."""

_PROVE_WITHIN = timedelta(minutes=5)
"""How long it is tried to read the resource after the execution."""

_LONGEST_FAILURE = 300


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the read after an execution gave, or why it gave nothing."""

    checked: Checked | None = None
    why: str = ""


class Executor:
    """Carries out one tenant's approved requests, one small repeatable step at a time."""

    def __init__(
        self, systems: Systems, catalogue: RunbookCatalogue, clock: Callable[[], float]
    ) -> None:
        """`clock` gives seconds since the epoch."""
        self._systems = systems
        self._store = systems.remediations
        self._requests = Remediations(systems, catalogue, clock)
        self._planner = FixPlanner(systems, catalogue, clock)
        self._aftermath = Aftermath(systems)
        self._clock = clock

    def advance(self, request_id: str, owner: str) -> Remediation:
        """Take a request one step further, if there is one to take and nobody else is at it.

        Safe to call at any time, by any number of workers. The answer is the request as it stands.

        Raises:
            NotFoundError: this tenant has no such request.
            UnavailableError: the store or the audit could not be written; call again.
        """
        request = self._store.get(request_id)
        try:
            if request.stage is Stage.APPROVED:
                return self._take_up(request, owner)
            if request.stage in {Stage.RUNNING, Stage.UNDOING}:
                return self._go_on(request, owner)
        except (StaleWriteError, IllegalMoveError):
            # Somebody else took this step, or is at it.
            return self._store.get(request_id)
        return request

    def waiting(self) -> list[Remediation]:
        """Requests that a worker should see to: approved, or left by a worker that died."""
        stages = frozenset({Stage.APPROVED, Stage.RUNNING, Stage.UNDOING})
        now = self._now()
        return [
            request
            for request in self._store.search(stages, limit=500)
            if request.run is None or request.run.lease_until <= now
        ]

    # -- approved -> running

    def _take_up(self, request: Remediation, owner: str) -> Remediation:
        running = frozenset({Stage.RUNNING, Stage.UNDOING})
        if len(self._store.search(running, limit=RUNNING_AT_MOST)) >= RUNNING_AT_MOST:
            return request
        why = self._why_not_any_more(request)
        if why:
            return self._requests.expire(request, why) or self._store.get(request.id)
        claimed = request.claimed(owner, self._now(), LEASE)
        self._store.save(claimed)
        return self._start(claimed, owner)

    def _why_not_any_more(self, request: Remediation) -> str:
        """Why what was approved is not to be done as things are now; empty when it is."""
        refusal = refuse_start(request, self._systems.tenant)
        if refusal:
            return refusal.reason
        try:
            fresh = self._planner.again(request.plan)
        except UnavailableError:
            raise
        except SecurityAssistError as error:
            return f"Nothing was done: {error}."
        if fresh.hash != request.plan.hash:
            return (
                f"{request.plan.resource_name} changed since this plan, so nothing was done. "
                "Ask for the fix again to see the new plan."
            )
        return ""

    # -- running

    def _go_on(self, request: Remediation, owner: str) -> Remediation:
        run = _at_hand(request)
        now = self._now()
        if run.owner != owner:
            if run.lease_until > now:
                return request
            detail = {"from": run.owner, "to": owner}
            self._requests.record(AuditKind.TAKEN_OVER, request, "assist", detail)
        request = request.claimed(owner, now, LEASE)
        self._store.save(request)
        if not run.execution:
            return self._start(request, owner)
        return self._watch(request, owner)

    def _start(self, request: Remediation, owner: str) -> Remediation:
        """Start the execution unless the token has started one already."""
        order = self._order(request)
        undoing = request.stage is Stage.UNDOING
        automations = self._automations()
        try:
            execution = automations.started(order.location, order.token)
            if execution is None:
                kind = AuditKind.UNDO_STARTING if undoing else AuditKind.STARTING
                calls = [] if undoing else [call.action for call in request.plan.calls]
                detail = {"token": order.token, "plan": request.plan.hash, "calls": calls}
                self._requests.record(kind, request, owner, detail)
                execution = automations.start(order)
        except UnavailableError as error:
            return self._unsure(request, owner, error)
        except SecurityAssistError as error:
            return self._fail(request, owner, f"It could not be started: {error}. Nothing changed.")
        begun = request.begun(owner, execution)
        self._store.save(begun)
        self._requests.record(AuditKind.STARTED, begun, owner, {"execution": execution})
        return begun

    def _unsure(self, request: Remediation, owner: str, error: SecurityAssistError) -> Remediation:
        """It is not known whether it was started; the next step looks, and in the end gives up."""
        if self._now() - _at_hand(request).claimed_at < _START_WITHIN:
            _log.warning("request=<%s> | not known whether it was started", request.id)
            return request
        return self._fail(
            request, owner, f"It is not known whether it was started: {error}. Look at the account."
        )

    def _watch(self, request: Remediation, owner: str) -> Remediation:
        run = _at_hand(request)
        order = self._order(request)
        try:
            execution = self._automations().execution(order.location, run.execution)
        except UnavailableError:
            return request
        except SecurityAssistError as error:
            return self._fail(request, owner, f"Its execution cannot be read: {error}.")
        now = self._now()
        if not execution.status.final:
            if now - run.claimed_at > _LONGEST:
                self._automations().stop(order.location, run.execution)
            return self._progressed(request, owner, execution)
        request = self._progressed(request, owner, execution)
        return self._ended(request, owner, execution)

    def _progressed(self, request: Remediation, owner: str, execution: Execution) -> Remediation:
        steps = [_step(s.name, str(s.status), s.ended_at or s.started_at, s.failure)
                 for s in execution.steps]  # fmt: skip
        if tuple(steps) == _at_hand(request).steps:
            return request
        request = request.progressed(owner, steps, self._now() + LEASE)
        self._store.save(request)
        return request

    # -- ended

    def _ended(self, request: Remediation, owner: str, execution: Execution) -> Remediation:
        """The execution is over: only a read from now on tells what it came to."""
        ended = execution.ended_at or self._now()
        try:
            checked = self._check(request)
        except UnavailableError as error:
            if self._now() - ended < _PROVE_WITHIN:
                return request
            return self._close(request, owner, execution, _Reading(why=str(error)))
        except SecurityAssistError as error:
            return self._close(request, owner, execution, _Reading(why=str(error)))
        if checked.read_at < ended:
            return request
        return self._close(request, owner, execution, _Reading(checked=checked))

    def _close(
        self, request: Remediation, owner: str, execution: Execution, reading: _Reading
    ) -> Remediation:
        if request.stage is Stage.UNDOING:
            return self._close_undo(request, owner, execution, reading)
        ended = execution.ended_at or self._now()
        detail: dict[str, Any] = {"execution": execution.id, "status": str(execution.status)}
        self._requests.record(AuditKind.ENDED, request, owner, detail)
        checked, plan = reading.checked, request.plan
        if checked is None:
            why = f"The runbook ended, but {plan.resource_name} could not be read: {reading.why}."
            return self._save(
                request.not_fixed(owner, self._now(), why), AuditKind.NOT_FIXED, {"why": why}
            )
        if execution.status is not ExecutionStatus.SUCCESS:
            why = f"{_failure(execution)} {_what_changed(plan.state, checked.state)}"
            failed = request.failed(owner, self._now(), why, checked.state)
            return self._save(failed, AuditKind.FAILED, {"why": why})
        if not checked.compliant:
            changed = _what_changed(plan.state, checked.state)
            why = f"The runbook ended well, but {plan.control} still fails. {changed}"
            missed = request.not_fixed(owner, self._now(), why, checked.state)
            return self._save(missed, AuditKind.NOT_FIXED, {"why": why})
        proven = request.verified(owner, checked.read_at, checked.state, ended)
        note = (
            f"Fixed by {plan.runbook} ({request.id}), proven {checked.read_at:%Y-%m-%d %H:%M} UTC"
        )
        self._requests.record(AuditKind.WORKFLOW, request, owner, {"to": "resolved"})
        self._aftermath.fixed(plan, checked.read_at, note)
        return self._save(proven, AuditKind.VERIFIED, {"found": dict(checked.state)})

    def _close_undo(
        self, request: Remediation, owner: str, execution: Execution, reading: _Reading
    ) -> Remediation:
        ended = execution.ended_at or self._now()
        checked, plan = reading.checked, request.plan
        if checked is None:
            why = f"The undo ended, but {plan.resource_name} could not be read: {reading.why}."
        elif execution.status is not ExecutionStatus.SUCCESS:
            why = f"The undo did not end well. {_failure(execution)}"
        elif dict(checked.state) != dict(plan.state):
            why = "The undo ended, but the state before is not all back. Look at the resource."
        else:
            back = request.undone(owner, checked.read_at, checked.state, ended)
            self._requests.record(AuditKind.WORKFLOW, request, owner, {"to": "new"})
            self._aftermath.undone(plan, checked.read_at, f"The fix {request.id} was undone")
            return self._save(back, AuditKind.UNDONE, {"found": dict(checked.state)})
        failed = request.failed(owner, self._now(), why, checked.state if checked else None)
        return self._save(failed, AuditKind.FAILED, {"why": why})

    def _fail(self, request: Remediation, owner: str, why: str) -> Remediation:
        return self._save(request.failed(owner, self._now(), why), AuditKind.FAILED, {"why": why})

    def _save(
        self, request: Remediation, kind: AuditKind, detail: Mapping[str, Any]
    ) -> Remediation:
        self._requests.record(kind, request, "assist", detail)
        self._store.save(request)
        return request

    # -- the account

    def _check(self, request: Remediation) -> Checked:
        prepared = self._prepared(request)
        return self._automations().check(
            prepared.location, prepared.runbook, request.plan.parameters
        )

    def _order(self, request: Remediation) -> Order:
        prepared = self._prepared(request)
        undoing = request.stage is Stage.UNDOING
        return Order(
            location=prepared.location,
            runbook=prepared.runbook,
            parameters=request.plan.parameters,
            token=request.undo_token if undoing else request.token,
            undo_of=request.plan.saved if undoing else None,
        )

    def _prepared(self, request: Remediation) -> Prepared:
        finding = self._systems.findings.get(request.plan.finding).finding
        return self._planner.prepare(finding)

    def _automations(self) -> Automations:
        if self._systems.automations is None:
            raise NotFixableError("I have no access to the tenant's accounts any more")
        return self._systems.automations

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), tz=UTC)


def _at_hand(request: Remediation) -> Run:
    if request.run is None:
        raise IllegalMoveError("nothing is being run")
    return request.run


def _step(name: str, status: str, at: datetime | None, failure: str) -> Step:
    return Step(name=name, status=status, at=at, failure=clean(failure, _LONGEST_FAILURE))


def _failure(execution: Execution) -> str:
    """The step that failed and what AWS said, or that the execution was stopped."""
    failed = next((s for s in execution.steps if s.status is ExecutionStatus.FAILED), None)
    if failed is None:
        return f"The execution ended as {execution.status}."
    said = clean(failed.failure or execution.failure, _LONGEST_FAILURE).rstrip(".")
    return f"Step {failed.name} failed: {said}."


def _what_changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    if not changed:
        return "Nothing changed."
    return f"Changed all the same: {', '.join(sorted(changed))}."
