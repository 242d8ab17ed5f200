"""A tenant with one open security group, an account that runs runbooks, and people who decide."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from typing_extensions import override

from agent.approval import Actor, Refusal, undo_approvals_needed
from agent.execution import Executor
from agent.remediation import Remediations
from integrations.connect import Connections
from integrations.errors import NotFoundError, UnavailableError
from integrations.findings.port import Finding, Severity
from integrations.remediations.port import Remediation
from integrations.runbooks.port import Risk, Runbook, RunbookCatalogue
from integrations.settings import Settings
from integrations.systems import Systems
from integrations.tenants.port import Tenant
from tests.automation_account import (
    FIRST_GROUP,
    HTTPS,
    INSIDE,
    RULES,
    SSH,
    Account,
    Clock,
    close_ssh,
    no_effect,
)
from tests.builders import ocsf_event, tenant
from tests.graph_builders import change, ec2, resource

__all__ = ["HTTPS", "INSIDE", "RULES", "SSH", "Account", "Clock", "close_ssh", "no_effect"]

GROUP = ec2(f"security-group/{FIRST_GROUP}")

ANALYST = Actor("slack/T0001/UANALYST")
ONCALL, ONCALL2 = Actor("slack/T0001/UONCALL1"), Actor("slack/T0001/UONCALL2")
APPROVERS = (ONCALL.id, ONCALL2.id)

RUNBOOK = Runbook(
    name="SecurityAssist-CloseSshToTheInternet",
    version="0123456789ab",
    controls=("EC2.13",),
    title="Close SSH to the internet",
    resource_type="AwsEc2SecurityGroup",
    bindings={"GroupId": "resource.short_id"},
    permissions=("ec2:RevokeSecurityGroupIngress",),
    reads=("ec2:DescribeSecurityGroups",),
    risk=Risk.MEDIUM,
    care="Cuts SSH sessions that come from the internet.",
    reversible=True,
    shared_through=("guards",),
    fix={},
    check={},
    undo={},
)


class OneRunbook(RunbookCatalogue):
    """A catalogue of one."""

    def __init__(self, runbook: Runbook = RUNBOOK) -> None:
        self.only = runbook

    @override
    def runbook(self, control: str) -> Runbook | None:
        return self.only if control.casefold() in map(str.casefold, self.only.controls) else None

    @override
    def named(self, name: str) -> Runbook:
        if name != self.only.name:
            raise NotFoundError(f"no runbook is called {name}")
        return self.only

    @override
    def runbooks(self) -> tuple[Runbook, ...]:
        return (self.only,)


@dataclass
class Stage:
    """Everything that a request goes through."""

    connections: Connections
    clock: Clock
    account: Account
    tenant: Tenant
    catalogue: OneRunbook
    around: Callable[[Systems], Systems] = lambda systems: systems
    """Puts something between the product and its systems: a network, a crash."""

    @property
    def systems(self) -> Systems:
        """The tenant's systems, with the account."""
        return replace(self.connections.systems(self.tenant.id), automations=self.account)

    @property
    def requests(self) -> Remediations:
        """The requests, as a new process would see them."""
        return Remediations(self.around(self.systems), self.catalogue, self.clock)

    @property
    def executor(self) -> Executor:
        """A worker's executor, as a new process would have it."""
        return Executor(self.around(self.systems), self.catalogue, self.clock)

    @property
    def finding(self) -> Finding:
        """The open SSH, as it stands in the store."""
        return self.systems.findings.get("f-ssh").finding

    def opens(self, number: int) -> Finding:
        """One group more with SSH open to the internet, `sg-NUMBER`, and the finding about it."""
        (finding,) = self.open_many([number])
        return finding

    def open_many(
        self, numbers: Sequence[int], severity: Severity = Severity.HIGH
    ) -> list[Finding]:
        """Several of them, taken in together."""
        systems = self.systems
        arns = {n: ec2(f"security-group/sg-{n}") for n in numbers}
        self.account.groups |= {f"sg-{n}": list(RULES) for n in numbers}
        systems.resources.apply(change([resource(arns[n], name=f"sg-{n}") for n in numbers]))
        systems.findings.upsert([ssh_is_open(f"f-{n}", arns[n], severity) for n in numbers])
        return [systems.findings.get(f"f-{n}").finding for n in numbers]

    def changes_tenant(self, **fields: Any) -> None:
        """The tenant's record is replaced by another."""
        self.connections.directory.put(
            replace(self.connections.directory.get(self.tenant.id), **fields)
        )

    def proposed(self, finding: Finding | None = None) -> Remediation:
        """A new request by the analyst."""
        return self.requests.propose(finding or self.finding, ANALYST.id)

    def approved(self, finding: Finding | None = None) -> Remediation:
        """A request that as many people have approved as it needs."""
        request = self.proposed(finding)
        for approver in (ONCALL, ONCALL2)[: request.approvals_needed]:
            decided = self.requests.approve(request.id, request.plan.hash, approver, "seen")
            assert not isinstance(decided, Refusal), decided.reason
            request = decided
        return request

    def carried_out(self, owner: str = "worker-1") -> Remediation:
        """A request that was approved, and seen through."""
        return self.seen_through(self.approved().id, owner)

    def seen_through(
        self, request_id: str, owner: str = "worker-1", steps: int = 200, pace_s: float = 1
    ) -> Remediation:
        """Advance a request until nothing more happens by itself."""
        for _ in range(steps):
            request = self.executor.advance(request_id, owner)
            if not request.stage.open:
                return request
            self.clock.later(seconds=pace_s)
        return request

    def undone(self, request: Remediation, owner: str = "worker-1") -> Remediation:
        """An undo that was asked for by as many approvers as it needs, and seen through."""
        needed = undo_approvals_needed(self.systems.tenant, request.plan)
        for approver in (ONCALL, ONCALL2)[:needed]:
            asked = self.requests.undo(request.id, request.plan.hash, approver, owner, "breaks")
            assert not isinstance(asked, Refusal), asked.reason
        return self.seen_through(request.id, owner)

    def kinds(self, request_id: str = "") -> list[str]:
        """What the audit tells, in order."""
        return [str(r.entry.kind) for r in self.systems.audit.records(remediation=request_id)]


def ssh_is_open(uid: str, group: str, severity: Severity = Severity.HIGH, **changes: Any) -> bytes:
    """A finding about a security group."""
    return ocsf_event(
        uid,
        control="EC2.13",
        severity=severity,
        title="SSH is open to the internet",
        resources=(group,),
        resource_type="AwsEc2SecurityGroup",
        **changes,
    )


@contextmanager
def staged(
    folder: Path, severity: Severity = Severity.HIGH, *, tables: str = "", **changes: Any
) -> Iterator[Stage]:
    """A stage in a folder; `changes` are the tenant's."""
    clock = Clock()
    with Connections(Settings(state=folder, tables=tables), clock) as connections:
        owner = tenant("acme", **{"approvers": APPROVERS, "priority": 2} | changes)
        connections.directory.put(owner)
        systems = connections.systems(owner.id)
        systems.findings.upsert([ssh_is_open("f-ssh", GROUP, severity)])
        systems.resources.apply(change([resource(GROUP, name="sg-web-admin")]))
        yield Stage(connections, clock, Account(clock), owner, OneRunbook())


def unavailable(*names: str, times: int = 1) -> Callable[[str], None]:
    """A network that fails so many calls of these names."""
    left = dict.fromkeys(names, times)

    def fail(name: str) -> None:
        if left.get(name, 0) > 0:
            left[name] -= 1
            raise UnavailableError(f"{name} did not answer")

    return fail
