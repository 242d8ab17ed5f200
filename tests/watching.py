"""Watches a stage: whatever is started was allowed, written down and leased, and nothing twice."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from agent.approval import undo_approvals_needed
from agent.execution import RUNNING_AT_MOST
from integrations.remediations.audit import AuditKind
from integrations.remediations.port import Remediation, Stage
from integrations.runbooks.port import Order
from tests.automation_account import SSH
from tests.properties.test_remediation_laws import ARROWS
from tests.remediating import Stage as Theatre

_KEEPS = {"store.add", "store.save", "store.begin"}


class Watch:
    """Goes along with every write to the store and every start in the account."""

    def __init__(self, theatre: Theatre) -> None:
        """Watch from now on."""
        self._theatre = theatre
        self.stages: dict[str, Stage] = {}
        """As last kept."""
        self.starts: Counter[str] = Counter()
        """By token."""
        self.by_token: dict[str, str] = {}
        theatre.account.on_start = self.on_start

    def kept(self, name: str, call: Callable[[], Any]) -> Any:
        """A call to the systems; after one that keeps a request the request is looked at."""
        answer = call()
        if name in _KEEPS and answer is not False:
            for request in self._theatre.systems.remediations.search(limit=None):
                if self.stages.get(request.id) != request.stage:
                    self._moved(request)
        return answer

    def _moved(self, request: Remediation) -> None:
        before = self.stages.get(request.id)
        assert before is None or request.stage in ARROWS[before], f"{before} -> {request.stage}"
        assert before is not None or request.stage is Stage.PROPOSED
        self.stages[request.id] = request.stage
        self.by_token |= {request.token: request.id, request.undo_token: request.id}
        told = [r.entry.kind for r in self._theatre.systems.audit.records(remediation=request.id)]
        assert _TOLD_BEFORE.get(request.stage, AuditKind.PROPOSED) in told
        if request.stage is Stage.VERIFIED:
            self._is_fixed(request)

    def _is_fixed(self, request: Remediation) -> None:
        assert request.fix is not None
        assert request.verified_at is not None
        ran = self._theatre.account.executions[request.fix.execution]
        assert SSH not in request.found["Inbound"]
        assert SSH not in self._theatre.account.groups[request.plan.parameters["GroupId"]]
        assert ran.status == "Success"
        assert request.verified_at >= ran.ends, "proven by a read from after the end"

    def on_start(self, order: Order) -> None:
        """An execution is about to begin."""
        self.starts[order.token] += 1
        assert self.starts[order.token] == 1, "started twice"
        request = self._theatre.systems.remediations.get(self.by_token[order.token])
        assert request.run is not None
        assert request.run.tried_at is not None
        undoing = order.undo_of is not None
        assert request.stage is (Stage.UNDOING if undoing else Stage.RUNNING)
        self._written_down(request, order)
        self._allowed(request, undoing=undoing)
        at_work = self._theatre.systems.remediations.search(
            frozenset({Stage.RUNNING, Stage.UNDOING}), limit=None
        )
        assert [r.plan.resource for r in at_work].count(request.plan.resource) == 1
        assert sum(r.stage is Stage.RUNNING for r in at_work) <= RUNNING_AT_MOST

    def _written_down(self, request: Remediation, order: Order) -> None:
        told = [r.entry for r in self._theatre.systems.audit.records(remediation=request.id)]
        assert any(e.detail.get("token") == order.token for e in told), "started unwritten"

    def _allowed(self, request: Remediation, *, undoing: bool) -> None:
        tenant = self._theatre.systems.tenant
        allowed = tenant.may_approve(request.plan.severity)
        if undoing:
            asked = {approval.by for approval in request.undo_asked}
            assert request.undo_by is not None
            assert request.undo_by.by in asked <= set(allowed)
            assert len(asked) >= undo_approvals_needed(tenant, request.plan)
            return
        approvers = {approval.by for approval in request.approvals}
        assert approvers <= set(allowed)
        assert len(approvers) >= request.approvals_needed >= 1
        assert request.requested_by not in approvers
        assert all(a.at < request.expires_at for a in request.approvals)


_TOLD_BEFORE = {
    Stage.APPROVED: AuditKind.APPROVED,
    Stage.REJECTED: AuditKind.REJECTED,
    Stage.EXPIRED: AuditKind.EXPIRED,
    Stage.RUNNING: AuditKind.APPROVED,
    Stage.VERIFIED: AuditKind.VERIFIED,
    Stage.NOT_FIXED: AuditKind.NOT_FIXED,
    Stage.FAILED: AuditKind.FAILED,
    Stage.UNDOING: AuditKind.UNDO_ASKED,
    Stage.UNDONE: AuditKind.UNDONE,
}
