"""Approved requests, carried out: started once and watched until they have ended.

    claim (compare-and-set) -> look again -> audit -> compare-and-set -> start with the token
    -> watch -> prove (agent/proof.py)

A worker that dies leaves a lease that runs out; the next one looks whether the token has started an
execution before it starts one, so a request is never carried out twice and never lost. Whatever may
have changed since the approval is looked at under the lease, right before every start.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.access import PlanAccess
from agent.aftermath import Aftermath
from agent.approval import refuse_start, refuse_undo_start
from agent.audited import unaudited
from agent.drift import moved
from agent.guard.untrusted import clean
from agent.planning import FixPlanner
from agent.proof import LONGEST, LONGEST_FAILURE, Proof
from agent.remediation import Remediations
from agent.request_log import ASSIST, LEASE, sentence
from integrations.errors import SecurityAssistError, StaleWriteError, UnavailableError
from integrations.remediations.audit import AuditKind
from integrations.remediations.port import IllegalMoveError, Remediation, Run, Stage, Step
from integrations.runbooks.port import Execution, ExecutionStatus, Order, RunbookCatalogue
from integrations.systems import Systems

_log = logging.getLogger(__name__)

RUNNING_AT_MOST = 3
"""Fixes of one tenant at a time; what is approved beyond it waits."""

_START_WITHIN = timedelta(minutes=10)
"""How long it is tried to start an execution of which nothing is known, or to find it."""

_STOP_WITHIN = timedelta(minutes=10)
"""How long an execution that took too long may take to stop."""


@dataclass(frozen=True, slots=True)
class _Hindrance:
    """What keeps an approved request from being carried out."""

    why: str
    replan: bool = False
    """Whether the finding is still there to be fixed, by another plan."""


class Executor:
    """Carries out one tenant's approved requests, one small repeatable step at a time."""

    def __init__(
        self, systems: Systems, catalogue: RunbookCatalogue, clock: Callable[[], float]
    ) -> None:
        """Make one per piece of work: who may approve is read from `systems` as it was fetched.

        `clock` gives seconds since the epoch.
        """
        self._systems = systems
        self._store = systems.remediations
        self._requests = Remediations(systems, catalogue, clock)
        self._planner = FixPlanner(systems, catalogue, clock)
        self._access = PlanAccess(systems, catalogue)
        self._proof = Proof(self._requests, self._access, Aftermath(systems))

    def advance(self, request_id: str, owner: str) -> Remediation:
        """Take a request one step further, if there is one to take and nobody else is at it.

        Safe to call at any time, by any number of workers; `owner` is this worker's own name, never
        used again after it died. The answer is the request as it stands.

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
        """Requests that a worker should see to, the oldest first: approved, or left by another."""
        stages = frozenset({Stage.APPROVED, Stage.RUNNING, Stage.UNDOING})
        now = self._requests.now()
        return [
            request
            for request in reversed(self._store.search(stages, limit=None))
            if request.run is None or not request.run.held_at(now)
        ]

    # -- taken up, or taken over

    def _take_up(self, request: Remediation, owner: str) -> Remediation:
        claimed = request.claimed(owner, self._requests.now(), LEASE)
        if not self._requests.begin(claimed, RUNNING_AT_MOST):
            return request
        return self._start(claimed, owner)

    def _go_on(self, request: Remediation, owner: str) -> Remediation:
        run, now = _at_hand(request), self._requests.now()
        if run.owner != owner:
            claimed = request.claimed(owner, now, LEASE)
            detail = {"from": run.owner, "worker": owner}
            self._requests.move(AuditKind.TAKEN_OVER, claimed, detail)
            request = claimed
        elif not now + LEASE / 2 < run.lease_until <= now + LEASE:
            request = request.claimed(owner, now, LEASE)
            self._requests.keep(request)
        if run.execution:
            return self._watch(request, owner)
        return self._start(request, owner)

    # -- started

    def _start(self, request: Remediation, owner: str) -> Remediation:
        """Start the execution, unless one was started already or things have changed."""
        try:
            order = self._access.order(request)
            execution = self._access.automations.started(order.location, order.token)
            hindrance = None if execution else self._hindrance(request)
        except UnavailableError as error:
            return self._not_started(request, owner, str(error), for_now=True)
        except SecurityAssistError as error:
            return self._not_started(request, owner, str(error))
        if execution is not None:
            return self._begun(request, owner, execution)
        if hindrance:
            return self._not_started(request, owner, hindrance.why, replan=hindrance.replan)
        return self._send(request, owner, order)

    def _hindrance(self, request: Remediation) -> _Hindrance | None:
        """Why what was approved is not to be done as things are now; None when it is."""
        why = self._refusal(request)
        if why or request.stage is Stage.UNDOING:
            return _Hindrance(why) if why else None
        fresh = self._planner.again(request.plan)
        if fresh.hash == request.plan.hash:
            return None
        return _Hindrance(moved(request.plan, fresh), replan=True)

    def _refusal(self, request: Remediation) -> str:
        """Why it may not be done, or not any more, by the rules and by the resource's state."""
        tenant, undoing = self._systems.tenant, request.stage is Stage.UNDOING
        late = self._requests.late(request)
        if late:
            return late
        refusal = (refuse_undo_start if undoing else refuse_start)(request, tenant)
        if refusal:
            return refusal.reason
        unsure = unaudited(self._systems.audit, request)
        if unsure:
            return unsure
        if undoing:
            return self._access.drift(request)
        return ""

    def _send(self, request: Remediation, owner: str, order: Order) -> Remediation:
        """Send the start; the token makes a second one harmless, and no rival gets this far."""
        first = _at_hand(request).tried_at is None
        starting = request.starting(owner, self._requests.now(), LEASE)
        undoing = request.stage is Stage.UNDOING
        kind = AuditKind.UNDO_STARTING if undoing else AuditKind.STARTING
        told = _of_start(starting, owner, order) | self._access.effect(order, request)
        self._requests.move(kind, starting, told)
        try:
            execution = self._access.automations.start(order)
        except UnavailableError:
            _log.warning("request=<%s> | not known whether it was started", request.id)
            return starting
        except SecurityAssistError as error:
            if not first:
                return self._not_started(starting, owner, str(error))
            why = f"It could not be started: {sentence(str(error))} Nothing changed."
            return self._fail(starting, owner, why)
        return self._begun(starting, owner, execution)

    def _not_started(
        self,
        request: Remediation,
        owner: str,
        why: str,
        *,
        for_now: bool = False,
        replan: bool = False,
    ) -> Remediation:
        """Call it off; wait while it may be only `for_now`, or while a lost start may show up."""
        run, now = _at_hand(request), self._requests.now()
        if now - run.claimed_at < _START_WITHIN and (for_now or run.tried_at is not None):
            return request
        if run.tried_at is not None:
            why = f"It is not known whether it was started: {sentence(why)} Look at the account."
            return self._fail(request, owner, why)
        if request.stage is Stage.UNDOING:
            why = f"Nothing was undone: {sentence(why)} It may be asked for again."
            return self._fail(request, owner, why)
        why = f"Nothing was done: {sentence(why)}"
        if replan:
            why += " The new plan needs its own approval."
        new_id = self._requests.new_id() if replan else ""
        called_off = request.called_off(owner, why, new_id)
        detail = {"why": why} | ({"replaced_by": new_id} if replan else {})
        self._requests.move(AuditKind.EXPIRED, called_off, detail)
        if replan:
            self._replace(called_off)
        return called_off

    def _replace(self, called_off: Remediation) -> None:
        """Keep the new plan as a request now, if that can be; else whoever shows it will."""
        try:
            self._requests.replacement(called_off)
        except SecurityAssistError as error:
            name = type(error).__name__
            _log.warning("request=<%s>, error=<%s> | not planned anew yet", called_off.id, name)

    def _begun(self, request: Remediation, owner: str, execution: str) -> Remediation:
        begun = request.begun(owner, execution)
        self._requests.move(AuditKind.STARTED, begun, {"execution": execution, "worker": owner})
        return begun

    # -- watched

    def _watch(self, request: Remediation, owner: str) -> Remediation:
        run, plan = _at_hand(request), request.plan
        try:
            location = self._access.location(plan)
            execution = self._access.automations.execution(location, run.execution)
        except UnavailableError as error:
            return self._out_of_sight(request, owner, error, LONGEST)
        except SecurityAssistError as error:
            return self._out_of_sight(request, owner, error, _START_WITHIN)
        request = self._progressed(request, owner, execution)
        if execution.status.final:
            return self._proof.of(request, owner, execution)
        if self._requests.now() - run.claimed_at > LONGEST:
            return self._stop(request, owner, execution)
        return request

    def _out_of_sight(
        self, request: Remediation, owner: str, error: SecurityAssistError, patience: timedelta
    ) -> Remediation:
        if self._requests.now() - _at_hand(request).claimed_at <= patience:
            return request
        why = f"It is not known how it ended: {sentence(str(error))} Look at the account."
        return self._fail(request, owner, why)

    def _progressed(self, request: Remediation, owner: str, execution: Execution) -> Remediation:
        steps = tuple(
            _step(s.name, str(s.status), s.ended_at or s.started_at, s.failure)
            for s in execution.steps
        )
        if steps == _at_hand(request).steps:
            return request
        request = request.progressed(owner, steps, self._requests.now() + LEASE)
        self._requests.keep(request)
        return request

    def _stop(self, request: Remediation, owner: str, execution: Execution) -> Remediation:
        """Ask an execution that takes too long to end, and give it up when it does not."""
        if self._requests.now() - _at_hand(request).claimed_at > LONGEST + _STOP_WITHIN:
            minutes = round(LONGEST / timedelta(minutes=1))
            why = f"It did not end within {minutes} minutes, nor stop. Look at the account."
            return self._fail(request, owner, why)
        if execution.status is ExecutionStatus.CANCELLING:
            return request
        detail = {"execution": execution.id, "worker": owner}
        self._requests.record(AuditKind.STOPPING, request, ASSIST, detail)
        try:
            self._access.automations.stop(self._access.location(request.plan), execution.id)
        except SecurityAssistError as error:
            name = type(error).__name__
            _log.warning("request=<%s>, error=<%s> | not stopped", request.id, name)
        return request

    def _fail(self, request: Remediation, owner: str, why: str) -> Remediation:
        failed = request.failed(owner, self._requests.now(), why)
        self._requests.move(AuditKind.FAILED, failed, {"why": why})
        return failed


def _at_hand(request: Remediation) -> Run:
    if request.run is None:
        raise IllegalMoveError("nothing is being run")
    return request.run


def _step(name: str, status: str, at: datetime | None, failure: str) -> Step:
    return Step(name=name, status=status, at=at, failure=clean(failure, LONGEST_FAILURE))


def _of_start(request: Remediation, owner: str, order: Order) -> dict[str, object]:
    """What the audit keeps of a start: enough to say who let what be done where."""
    let_by = request.approvals if request.undo is None else request.undo_asked
    return {
        "token": order.token,
        "worker": owner,
        "plan": request.plan.hash,
        "runbook": f"{order.runbook.name}@{order.runbook.version}",
        "account": order.location.account,
        "region": order.location.region,
        "resource": request.plan.resource,
        "approved_by": [approval.by for approval in let_by],
    }
