"""A tenant with one open security group, an account that runs runbooks, and people who decide.

The account is a double of `Automations` with SSM's own once-only semantics: a token starts one
execution, however often it is sent, and another input under the same token is an error.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from typing_extensions import override

from agent.approval import Actor, Refusal
from agent.execution import Executor
from agent.remediation import Remediations
from integrations.connect import Connections
from integrations.errors import NotFoundError, UnavailableError
from integrations.findings.port import Finding, Severity
from integrations.remediations.port import Remediation
from integrations.runbooks.port import (
    Automations,
    Checked,
    Execution,
    ExecutionStatus,
    Location,
    Order,
    PlannedCall,
    Preview,
    Risk,
    Runbook,
    RunbookCatalogue,
    StepRun,
)
from integrations.settings import Settings
from integrations.systems import Systems
from integrations.tenants.port import Tenant
from tests.builders import NOON, ocsf_event, tenant
from tests.graph_builders import change, ec2, resource

GROUP = ec2("security-group/sg-0a1")
SSH, HTTPS, INSIDE = "tcp 22 from 0.0.0.0/0", "tcp 443 from 0.0.0.0/0", "tcp 22 from 10.0.0.0/8"
RULES = (SSH, HTTPS, INSIDE)

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
class Clock:
    """Seconds since the epoch, as a test sets them."""

    now: float = NOON.timestamp()

    def __call__(self) -> float:
        return self.now

    def later(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span).total_seconds()

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.now, tz=UTC)


Effect = Callable[[list[str], Order], str]
"""What an execution does to the rules; the failure it ends with, or nothing."""


def close_ssh(rules: list[str], order: Order) -> str:
    """The fix as it should be, and its undo."""
    if order.undo_of is None:
        rules[:] = [rule for rule in rules if rule != SSH]
    else:
        rules[:] = list(order.undo_of["Rules"])
    return ""


def no_effect(*_: object) -> str:
    """A runbook that ends well and does nothing."""
    return ""


@dataclass
class Account(Automations):
    """One account with one security group and SSM Automation."""

    clock: Clock
    rules: list[str] = field(default_factory=lambda: list(RULES))
    effect: Effect = close_ssh
    takes: timedelta = timedelta(seconds=3)
    executions: dict[str, tuple[Order, datetime, str]] = field(default_factory=dict)
    """Execution id -> order, start, failure."""
    tokens: dict[str, str] = field(default_factory=dict)
    before_call: Callable[[str], None] = lambda _: None
    """Called with the name of each call before it is served: may raise, as a network does."""
    after_call: Callable[[str], None] = lambda _: None
    """Called after it was served, before the answer goes out: may raise, as a network does."""

    @override
    def check(self, location: Location, runbook: Runbook, parameters: Mapping[str, Any]) -> Checked:
        read_at = self.clock.moment
        self.before_call("check")
        if parameters["GroupId"] != "sg-0a1":
            raise NotFoundError("the group is not there any more")
        target = [rule for rule in self.rules if rule != SSH]
        self.after_call("check")
        return Checked(
            compliant=SSH not in self.rules,
            state={"Inbound": list(self.rules)},
            target={"Inbound": target},
            saved={"Rules": list(self.rules)},
            read_at=read_at,
        )

    @override
    def preview(
        self,
        location: Location,
        runbook: Runbook,
        parameters: Mapping[str, Any],
        undo_of: Mapping[str, Any] | None = None,
    ) -> Preview:
        self.before_call("preview")
        call = PlannedCall(
            step="Revoke",
            service="ec2",
            operation="RevokeSecurityGroupIngress",
            parameters={"GroupId": parameters["GroupId"]},
            resource=parameters["GroupId"],
        )
        return Preview(calls=(call,), reads=("ec2:DescribeSecurityGroups",))

    @override
    def start(self, order: Order) -> str:
        self.before_call("start")
        known = self.tokens.get(order.token)
        if known is not None:
            assert self.executions[known][0] == order, "IdempotentParameterMismatch"
            return known
        execution_id = f"exec-{len(self.executions) + 1}"
        self.tokens[order.token] = execution_id
        failure = self.effect(self.rules, order)
        self.executions[execution_id] = (order, self.clock.moment, failure)
        self.after_call("start")
        return execution_id

    @override
    def started(self, location: Location, token: str) -> str | None:
        self.before_call("started")
        return self.tokens.get(token)

    @override
    def execution(self, location: Location, execution_id: str) -> Execution:
        self.before_call("execution")
        if execution_id not in self.executions:
            raise NotFoundError(f"no execution {execution_id}")
        _, began, failure = self.executions[execution_id]
        ended = began + self.takes
        over = self.clock.moment >= ended
        worst = ExecutionStatus.FAILED if failure else ExecutionStatus.SUCCESS
        status = worst if over else ExecutionStatus.IN_PROGRESS
        step = StepRun(
            name="RevokeIngress",
            action="aws:executeAwsApi",
            status=status,
            started_at=began,
            ended_at=ended if over else None,
            failure=failure if over else "",
        )
        return Execution(
            id=execution_id,
            status=status,
            steps=(step,),
            started_at=began,
            ended_at=ended if over else None,
        )

    @override
    def stop(self, location: Location, execution_id: str) -> None:
        self.before_call("stop")


@dataclass
class Stage:
    """Everything that a request goes through."""

    connections: Connections
    clock: Clock
    account: Account
    tenant: Tenant
    catalogue: OneRunbook

    @property
    def systems(self) -> Systems:
        """The tenant's systems, with the account."""
        return replace(self.connections.systems(self.tenant.id), automations=self.account)

    @property
    def requests(self) -> Remediations:
        """The requests, as a new process would see them."""
        return Remediations(self.systems, self.catalogue, self.clock)

    @property
    def executor(self) -> Executor:
        """A worker's executor, as a new process would have it."""
        return Executor(self.systems, self.catalogue, self.clock)

    @property
    def finding(self) -> Finding:
        """The open SSH, as it stands in the store."""
        return self.systems.findings.get("f-ssh").finding

    def proposed(self) -> Remediation:
        """A new request by the analyst."""
        return self.requests.propose(self.finding, ANALYST.id)

    def approved(self) -> Remediation:
        """A request that as many people have approved as it needs."""
        request = self.proposed()
        for approver in (ONCALL, ONCALL2)[: request.approvals_needed]:
            decided = self.requests.approve(request.id, request.plan.hash, approver, "seen")
            assert not isinstance(decided, Refusal), decided.reason
            request = decided
        return request

    def carried_out(self, owner: str = "worker-1") -> Remediation:
        """A request that was approved, and seen through."""
        return self.seen_through(self.approved().id, owner)

    def seen_through(
        self, request_id: str, owner: str = "worker-1", steps: int = 200
    ) -> Remediation:
        """Advance a request until nothing more happens by itself."""
        for _ in range(steps):
            request = self.executor.advance(request_id, owner)
            if not request.stage.open:
                return request
            self.clock.later(seconds=1)
        return request

    def kinds(self, request_id: str = "") -> list[str]:
        """What the audit tells, in order."""
        return [str(r.entry.kind) for r in self.systems.audit.records(remediation=request_id)]


@contextmanager
def staged(folder: Path, severity: Severity = Severity.HIGH, **changes: Any) -> Iterator[Stage]:
    """A stage in a folder; `changes` are the tenant's."""
    clock = Clock()
    with Connections(Settings(state=folder), clock) as connections:
        owner = tenant("acme", **{"approvers": APPROVERS, "priority": 2} | changes)
        connections.directory.put(owner)
        systems = connections.systems(owner.id)
        systems.findings.upsert(
            [
                ocsf_event(
                    "f-ssh",
                    control="EC2.13",
                    severity=severity,
                    title="SSH is open to the internet",
                    resources=(GROUP,),
                    resource_type="AwsEc2SecurityGroup",
                )
            ]
        )
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
