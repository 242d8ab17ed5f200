"""Requests to fix something, from the proposal to the decision: plain code, never a model.

What is done about an approved request stands in `agent/execution.py`.
"""

import secrets
from base64 import b32encode
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from agent.access import ForeseenUndo, PlanAccess
from agent.approval import (
    LONGEST_REASON,
    Actor,
    Refusal,
    approvals_needed,
    refuse_approval,
    refuse_rejection,
    refuse_undo,
    undo_approvals_needed,
)
from agent.guard.untrusted import clean
from agent.planning import FixPlanner
from agent.request_log import LEASE, OPEN_FOR, RequestLog, sentence
from agent.views import Exposure
from integrations.errors import (
    SecurityAssistError,
    StaleWriteError,
    UnavailableError,
)
from integrations.findings.port import Finding
from integrations.remediations.audit import AuditKind
from integrations.remediations.plan import Plan
from integrations.remediations.port import OPEN_STAGES, IllegalMoveError, Remediation, Stage
from integrations.remediations.telling import told_calls, told_state
from integrations.runbooks.port import RunbookCatalogue
from integrations.systems import Systems

_TRIES = 8
"""How often a decision is put again when somebody else decided at the same moment."""

_REPLACED = "A newer plan took its place."


_FASTER = Refusal("stale", "Somebody else decided at the same moment.")
_AT_WORK = Refusal("busy", "Another fix is at work on the same resource; try again in a minute.")


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


class Remediations(RequestLog):
    """One tenant's requests, and the decisions about them."""

    def __init__(
        self,
        systems: Systems,
        catalogue: RunbookCatalogue,
        clock: Callable[[], float],
        ids: Callable[[], str] = new_id,
    ) -> None:
        """`clock` gives seconds since the epoch; `ids` new request ids."""
        super().__init__(systems, clock)
        self._planner = FixPlanner(systems, catalogue, clock)
        self._access = PlanAccess(systems, catalogue)
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
        return self._new(self._ids(), plan, requested_by)

    def new_id(self) -> str:
        """An id that no request has."""
        return self._ids()

    def replacement(self, old: Remediation) -> Remediation | None:
        """The request that takes the place of one whose plan does not hold any more.

        It is made if it is not there yet, by the same requester, and needs every approval anew.
        None where there is none: nothing is left to plan, somebody has asked again meanwhile, or
        nobody would know what it is about by now.

        Raises:
            UnavailableError: it could not be planned, or kept; call again.
        """
        if not old.replaced_by:
            return None
        found = self._found(old.replaced_by)
        if isinstance(found, Remediation):
            return found
        too_late = self.now() >= old.expires_at + OPEN_FOR
        if too_late or self._store.search(OPEN_STAGES, finding=old.plan.finding, limit=1):
            return None
        try:
            plan = self._planner.again(old.plan)
        except UnavailableError:
            raise
        except SecurityAssistError:
            return None
        return self._new(old.replaced_by, plan, old.requested_by, old.id)

    def _new(self, request_id: str, plan: Plan, by: str, replaces: str = "") -> Remediation:
        tenant, now = self._systems.tenant, self.now()
        request = Remediation(
            id=request_id,
            plan=plan,
            requested_by=by,
            requested_at=now,
            expires_at=now + OPEN_FOR,
            approvals_needed=approvals_needed(tenant, plan),
            self_approval=tenant.self_approval,
        )
        told = _of_plan(request) | ({"replaces": replaces} if replaces else {})
        self.record(AuditKind.PROPOSED, request, by, told)
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
        """Count somebody's wish for the one undo, or say why it does not count.

        The last one needed lets it begin; `owner` is the worker that will see to it.

        Raises:
            UnavailableError: the account, the store or the audit did not answer; nothing was done.
        """
        reason = clean(reason, LONGEST_REASON + 1)
        found = self._found(request_id)
        if isinstance(found, Refusal):
            return self.refused(request_id, actor, found)
        tenant = self._systems.tenant
        refusal = refuse_undo(found, tenant, actor, plan_hash, self.now(), reason)
        refusal = refusal or self._drifted(found)
        if refusal:
            return self.refused(request_id, actor, refusal)
        return self._decided(
            request_id,
            actor,
            AuditKind.UNDO_ASKED,
            lambda r: refuse_undo(r, tenant, actor, plan_hash, self.now(), reason),
            lambda r: r.undoing(
                actor.id, owner, self.now(), LEASE, reason, undo_approvals_needed(tenant, r.plan)
            ),
            {"plan": plan_hash, "reason": reason},
            # An undo waits for no room but its resource's.
            lambda r: self.begin(r, None) if r.stage is Stage.UNDOING else self._keep(r),
        )

    def foreseen_undo(self, request: Remediation) -> ForeseenUndo | None:
        """What an undo would do as things are now; None when there is none to be asked for."""
        return self._access.foreseen_undo(request.plan) if request.undoable else None

    def viewed(self, request: Remediation, by: str, via: str = "") -> None:
        """Somebody was shown the plan; `via` as an actor's."""
        seen = {"plan": request.plan.hash} | ({"via": via} if via else {})
        self.record(AuditKind.VIEWED, request, by, seen)

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

    def _drifted(self, request: Remediation) -> Refusal | None:
        """Why an undo cannot be trusted as things are now."""
        try:
            if request.undo is not None and self._access.undo_started(request):
                # Its start was lost sight of, and what it changed is no drift.
                return None
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
