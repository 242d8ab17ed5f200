"""Requests to fix something, from the proposal to the decision: plain code, never a model.

What is done about an approved request stands in `agent/execution.py`.
"""

import re
import secrets
from base64 import b32encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from agent.access import PlanAccess
from agent.approval import (
    LONGEST_REASON,
    Actor,
    Refusal,
    approvals_needed,
    refuse_approval,
    refuse_rejection,
    refuse_undo,
)
from agent.guard.untrusted import clean
from agent.planning import FixPlanner
from agent.views import Exposure
from integrations.errors import (
    NotFoundError,
    SecurityAssistError,
    StaleWriteError,
    UnavailableError,
)
from integrations.findings.port import Finding
from integrations.remediations.audit import AuditEntry, AuditKind
from integrations.remediations.port import OPEN_STAGES, IllegalMoveError, Remediation, Stage
from integrations.remediations.telling import told_calls, told_state
from integrations.runbooks.port import RunbookCatalogue
from integrations.systems import Systems

OPEN_FOR = timedelta(minutes=60)
"""How long a request waits for its approvals."""

LEASE = timedelta(seconds=60)
"""How long a worker that says nothing is left alone."""

ASSIST = "assist"
"""Who did what happens by itself, in the audit."""

_LONGEST_SENTENCE = 500

_TRIES = 8
"""How often a decision is put again when somebody else decided at the same moment."""

_ID = re.compile(r"R-[a-z2-7]{16}")

_UNLIMITED = 1_000_000
"""An undo waits for no room."""

_REPLACED = "A newer plan took its place."


_FASTER = Refusal("stale", "Somebody else decided at the same moment.")
_AT_WORK = Refusal("busy", "Another fix is at work on the same resource; try again in a minute.")


def sentence(text: str) -> str:
    """Words of an engine or a rule, made harmless, with one full stop."""
    return f"{clean(text, _LONGEST_SENTENCE).rstrip('.')}."


def new_id() -> str:
    """An opaque id of 80 random bits that people can read out: `R-` and 16 characters."""
    return f"R-{b32encode(secrets.token_bytes(10)).decode().lower()}"


class Proposer(Protocol):
    """Plans a fix and keeps it as a request; see `Remediations.propose`."""

    def __call__(
        self, systems: Systems, finding: Finding, by: str, exposure: Exposure | None
    ) -> Remediation:
        """The request, waiting for approval."""
        ...


class Remediations:
    """One tenant's requests, and the decisions about them."""

    def __init__(
        self,
        systems: Systems,
        catalogue: RunbookCatalogue,
        clock: Callable[[], float],
        ids: Callable[[], str] = new_id,
    ) -> None:
        """`clock` gives seconds since the epoch; `ids` new request ids."""
        self._systems = systems
        self._store = systems.remediations
        self._planner = FixPlanner(systems, catalogue, clock)
        self._access = PlanAccess(systems, catalogue)
        self._clock = clock
        self._ids = ids

    def propose(
        self, finding: Finding, requested_by: str, exposure: Exposure | None = None
    ) -> Remediation:
        """Plan a fix and keep it as a request; the same plan asked for again is the same request.

        Raises:
            NotFixableError, NothingToFixError: there is no plan to be made; says why.
            NotFoundError, DeniedByAwsError, UnavailableError: the account could not be read.
        """
        in_hand = self._store.search(OPEN_STAGES, finding=finding.uid, limit=5)
        for request in in_hand:
            if request.stage is not Stage.PROPOSED:
                return request
        plan = self._planner.plan(finding, exposure)
        now = self.now()
        for request in in_hand:
            if request.plan.does_as(plan) and now < request.expires_at:
                return request
            self.expire(request, _REPLACED)
        tenant = self._systems.tenant
        request = Remediation(
            id=self._ids(),
            plan=plan,
            requested_by=requested_by,
            requested_at=now,
            expires_at=now + OPEN_FOR,
            approvals_needed=approvals_needed(tenant, plan),
            self_approval=tenant.self_approval,
        )
        self.record(AuditKind.PROPOSED, request, requested_by, _of_plan(request))
        self._add(request)
        return request

    def approve(
        self, request_id: str, plan_hash: str, actor: Actor, reason: str = ""
    ) -> Remediation | Refusal:
        """Count somebody's approval, or say why it does not count."""
        reason = clean(reason, LONGEST_REASON + 1)
        return self._decided(
            request_id,
            actor,
            AuditKind.APPROVED,
            lambda r: refuse_approval(
                r, self._systems.tenant, actor, plan_hash, self.now(), reason
            ),
            lambda r: r.approved(actor.id, self.now(), reason),
            {"reason": reason, "plan": plan_hash},
            self._keep,
        )

    def reject(
        self, request_id: str, plan_hash: str, actor: Actor, reason: str
    ) -> Remediation | Refusal:
        """Close a request for good, or say why that does not count."""
        reason = clean(reason, LONGEST_REASON + 1)
        return self._decided(
            request_id,
            actor,
            AuditKind.REJECTED,
            lambda r: refuse_rejection(
                r, self._systems.tenant, actor, plan_hash, self.now(), reason
            ),
            lambda r: r.rejected(actor.id, self.now(), reason),
            {"reason": reason, "plan": plan_hash},
            self._keep,
        )

    def undo(
        self, request_id: str, plan_hash: str, actor: Actor, owner: str, reason: str = ""
    ) -> Remediation | Refusal:
        """Let the one undo begin, or say why not; `owner` is the worker that will see to it.

        Raises:
            UnavailableError: the account, the store or the audit did not answer; nothing was done.
        """
        reason = clean(reason, LONGEST_REASON + 1)
        found = self._found(request_id)
        if isinstance(found, Refusal):
            return self.refused(request_id, actor, found)
        refusal = refuse_undo(found, self._systems.tenant, actor, plan_hash, reason)
        refusal = refusal or self._drifted(found)
        if refusal:
            return self.refused(request_id, actor, refusal)
        return self._decided(
            request_id,
            actor,
            AuditKind.UNDO_ASKED,
            lambda r: refuse_undo(r, self._systems.tenant, actor, plan_hash, reason),
            lambda r: r.undoing(actor.id, owner, self.now(), LEASE, reason),
            {"plan": plan_hash, "reason": reason},
            lambda r: self.begin(r, _UNLIMITED),
        )

    def viewed(self, request: Remediation, by: str, via: str = "") -> None:
        """Somebody was shown the plan; `via` as an actor's."""
        seen = {"plan": request.plan.hash} | ({"via": via} if via else {})
        self.record(AuditKind.VIEWED, request, by, seen)

    def sweep(self) -> list[Remediation]:
        """Close the requests whose time is over; those that were closed."""
        waiting = self._store.search(frozenset({Stage.PROPOSED, Stage.APPROVED}), limit=None)
        closed = [self.expire(request, why) for request in waiting if (why := self.late(request))]
        return [request for request in closed if request is not None]

    def late(self, request: Remediation) -> str:
        """Why it is too late to decide about a request, or to start it; empty when it is not."""
        if request.stage is Stage.PROPOSED:
            return "Nobody decided in time." if self.now() >= request.expires_at else ""
        until = request.expires_at if request.undo_by is None else request.undo_by.at
        over = self.now() >= until + OPEN_FOR
        return "It was approved, but could not be started in time." if over else ""

    def expire(self, request: Remediation, why: str) -> Remediation | None:
        """Close one request; None when somebody acted on it meanwhile."""
        try:
            closed = request.expired(self.now(), why)
            self.move(AuditKind.EXPIRED, closed, {"why": why})
        except (IllegalMoveError, StaleWriteError):
            return None
        return closed

    def record(
        self, kind: AuditKind, request: Remediation, by: str, detail: Mapping[str, Any]
    ) -> None:
        """Write into the audit; what is told there is done afterwards.

        Raises:
            UnavailableError: it could not be written; then nothing may be done.
        """
        told = {**detail, "version": request.version}
        self._systems.audit.append(
            AuditEntry(at=self.now(), kind=kind, remediation=request.id, by=by, detail=told)
        )

    def move(self, kind: AuditKind, moved: Remediation, detail: Mapping[str, Any]) -> None:
        """Write down what happens by itself, then keep it.

        Raises:
            StaleWriteError: somebody else was faster.
            UnavailableError: it is not known whether it was kept; look again.
        """
        self.record(kind, moved, ASSIST, detail)
        try:
            self.keep(moved)
        except StaleWriteError:
            self.record(AuditKind.REFUSED, moved, ASSIST, {"rule": "stale"})
            raise

    def keep(self, moved: Remediation) -> None:
        """Keep the next version.

        An engine that repeats a write whose answer was lost hears that it is stale, though it is
        its own that was kept.

        Raises:
            StaleWriteError: somebody else was faster.
        """
        try:
            self._store.save(moved)
        except StaleWriteError:
            if self._store.get(moved.id) != moved:
                raise

    def begin(self, moved: Remediation, at_most: int) -> bool:
        """Keep the next version of what goes to work, if there is room; otherwise as `keep`."""
        try:
            return self._store.begin(moved, at_most)
        except StaleWriteError:
            if self._store.get(moved.id) != moved:
                raise
            return True

    def recorded(self, kind: AuditKind, request: Remediation) -> bool:
        """Whether the audit tells of something about a request."""
        records = self._systems.audit.records(remediation=request.id)
        return any(record.entry.kind is kind for record in records)

    def now(self) -> datetime:
        """The time, aware UTC."""
        return datetime.fromtimestamp(self._clock(), tz=UTC)

    def _decided(
        self,
        request_id: str,
        actor: Actor,
        kind: AuditKind,
        refuse: Callable[[Remediation], Refusal | None],
        move: Callable[[Remediation], Remediation],
        detail: Mapping[str, Any],
        keep: Callable[[Remediation], bool],
    ) -> Remediation | Refusal:
        """Rule, write down, compare-and-set; ruled again when somebody else was faster."""
        for _ in range(_TRIES):
            request = self._found(request_id)
            if isinstance(request, Refusal):
                return self.refused(request_id, actor, request)
            refusal = refuse(request)
            if refusal is not None:
                if refusal.rule == "expired":
                    self.expire(request, "Nobody decided in time.")
                return self.refused(request_id, actor, refusal)
            try:
                moved = move(request)
            except IllegalMoveError as error:
                return self.refused(
                    request_id, actor, Refusal("law", sentence(str(error).capitalize()))
                )
            self.record(kind, moved, actor.id, {**detail, "via": actor.via})
            try:
                if keep(moved):
                    return moved
            except StaleWriteError:
                self.refused(request_id, actor, _FASTER, moved.version)
                continue
            return self.refused(request_id, actor, _AT_WORK, moved.version)
        busy = Refusal("busy", "Several people decided at the same moment; please press again.")
        return self.refused(request_id, actor, busy)

    def _keep(self, moved: Remediation) -> bool:
        self.keep(moved)
        return True

    def _add(self, request: Remediation) -> None:
        try:
            self._store.add(request)
        except StaleWriteError:
            if self._store.get(request.id) != request:
                raise

    def _found(self, request_id: str) -> Remediation | Refusal:
        try:
            return self._store.get(request_id)
        except NotFoundError:
            return Refusal("unknown", f"{self._systems.tenant.id} has no such request.")

    def refused(self, request_id: str, actor: Actor, refusal: Refusal, version: int = 0) -> Refusal:
        """Write a refusal down; with the `version` of what was written down and not done."""
        self._systems.audit.append(
            AuditEntry(
                at=self.now(),
                kind=AuditKind.REFUSED,
                remediation=request_id if _ID.fullmatch(request_id) else "",
                by=actor.id,
                detail={"rule": refusal.rule, "via": actor.via}
                | ({"version": version} if version else {}),
            )
        )
        return refusal

    def _drifted(self, request: Remediation) -> Refusal | None:
        """Why an undo cannot be trusted as things are now."""
        try:
            why = self._access.drift(request)
        except UnavailableError:
            raise
        except SecurityAssistError as error:
            return Refusal("access", sentence(f"It cannot be undone: {error}"))
        return Refusal("drift", sentence(why)) if why else None


def proposer(catalogue: RunbookCatalogue, clock: Callable[[], float]) -> Proposer:
    """What plans a fix of any tenant's finding and keeps it as that tenant's request."""

    def propose(
        systems: Systems, finding: Finding, by: str, exposure: Exposure | None
    ) -> Remediation:
        return Remediations(systems, catalogue, clock).propose(finding, by, exposure)

    return propose


def _of_plan(request: Remediation) -> dict[str, Any]:
    plan = request.plan
    return {
        "plan": plan.hash,
        "finding": plan.finding_ref,
        "control": plan.control,
        "resource": plan.resource,
        "runbook": f"{plan.runbook}@{plan.runbook_version}",
        "calls": told_calls(plan.calls),
        "before": told_state(plan.state),
        "after": told_state(plan.target),
        "approvals_needed": request.approvals_needed,
    }
