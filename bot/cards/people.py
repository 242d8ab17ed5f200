"""Whose decision a request still waits for."""

from integrations.remediations.port import Remediation
from integrations.tenants.port import Tenant


def still_asked(request: Remediation, tenant: Tenant) -> tuple[str, ...]:
    """Those who may approve it and have not, in the order in which the tenant names them."""
    done = {approval.by for approval in request.approvals}
    if not request.self_approval:
        done.add(request.requested_by)
    may = tenant.may_approve(request.plan.severity)
    return tuple(approver for approver in may if approver not in done)
