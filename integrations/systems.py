"""Systems: every port, already bound to one tenant."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from integrations.exposures.port import ExposureStore
from integrations.findings.port import FindingStore
from integrations.findings.workflow import FindingWorkflow
from integrations.remediations.audit import AuditLog
from integrations.remediations.port import RemediationStore
from integrations.resources.port import LiveResources, ResourceGraph
from integrations.runbooks.port import Automations
from integrations.tenants.port import Tenant


def _unknown() -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Systems:
    """What a caller may reach, and all of it one tenant's: no method of it takes a tenant."""

    tenant: Tenant
    findings: FindingStore
    resources: ResourceGraph
    remediations: RemediationStore
    audit: AuditLog
    automations: Automations | None = None
    """None: nobody gave access to the tenant's accounts; then fixes are advice only."""
    workflow: FindingWorkflow | None = None
    live: LiveResources | None = None
    exposures: ExposureStore | None = None
    """The last ranking; None: it is not kept."""
    marks: Callable[[], str] = _unknown
    """What findings and resources are at now; empty where an engine cannot tell."""


class Estate(Protocol):
    """The explicit way across tenants: only operator channels and the command line hold one."""

    def tenants(self) -> Sequence[Tenant]:
        """Every tenant, the most important first."""
        ...

    def systems(self, tenant_id: str) -> Systems:
        """One tenant's systems.

        Raises:
            NotFoundError: no such tenant.
        """
        ...

    def hub_audit(self) -> AuditLog:
        """What was refused before it was known whose it was; no tenant's."""
        ...
