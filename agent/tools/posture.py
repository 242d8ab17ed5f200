"""Questions about whole tenants: who they are, how they stand."""

from datetime import timedelta

from agent.approvers import Approvers
from agent.tools.reader import TenantReader
from agent.views import Posture, TenantRow
from integrations.findings.port import Filter, Finding, Order, Severity

_URGENT = (Severity.FATAL, Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)


def tenant_row(reader: TenantReader) -> TenantRow:
    """A tenant as a line of the list."""
    tenant = reader.tenant
    return TenantRow(
        tenant=tenant.id,
        name=tenant.name,
        environment=str(tenant.environment),
        priority=tenant.priority,
        accounts=tenant.accounts,
        open_findings=reader.open_findings,
        contact=tenant.contact,
    )


def approvers(reader: TenantReader) -> Approvers:
    """Who may approve a tenant's fixes; by severity where others decide than usual."""
    tenant = reader.tenant
    others = {s: p for s, p in tenant.approvers_of.items() if p != tenant.approvers}
    return Approvers(tenant=tenant.id, people=tenant.approvers, others=others)


def posture_summary(reader: TenantReader) -> Posture:
    """A tenant in one line: how much is open, where it is heading, what is worst."""
    # A day ago and not at midnight: "what changed since yesterday" tells the same day's changes.
    (before,) = reader.systems.findings.trend(1, reader.now - timedelta(days=1))
    oldest = _oldest(reader)
    return Posture(
        tenant=reader.tenant.id,
        name=reader.tenant.name,
        environment=str(reader.tenant.environment),
        open_findings=reader.open_findings,
        open_by_severity=reader.open_by_severity,
        yesterday=before.open_at_end,
        worst=reader.exposures[0] if reader.exposures else None,
        oldest=oldest,
        names=reader.names_of([oldest] if oldest else []),
        freshness=reader.freshness,
    )


def _oldest(reader: TenantReader) -> Finding | None:
    """The longest open finding of the highest severity that has any."""
    for severity in _URGENT:
        if reader.open_by_severity.get(severity):
            where = Filter(severities=frozenset({severity}))
            found = reader.systems.findings.search(where, Order.OLDEST, limit=1)
            return found[0] if found else None
    return None
