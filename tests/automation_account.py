"""An account with security groups and SSM Automation, as `Automations` shows it.

It has SSM's own once-only semantics: a token starts one execution, however often it is sent, for as
long as the account remembers tokens, and another input under the same token is an error. That an
execution was started with a token can be looked up at any time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from typing_extensions import override

from integrations.errors import NotFoundError
from integrations.runbooks.port import (
    Automations,
    Checked,
    Execution,
    ExecutionStatus,
    Location,
    Order,
    PlannedCall,
    Preview,
    Runbook,
    StepRun,
)
from tests.builders import NOON

SSH, HTTPS, INSIDE = "tcp 22 from 0.0.0.0/0", "tcp 443 from 0.0.0.0/0", "tcp 22 from 10.0.0.0/8"
RULES = (SSH, HTTPS, INSIDE)

FIRST_GROUP = "sg-0a1"


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
class Ran:
    """One execution."""

    id: str
    order: Order
    began: datetime
    ends: datetime
    status: ExecutionStatus
    """As it ends."""
    failure: str = ""
    stopped: bool = False

    def status_at(self, now: datetime) -> ExecutionStatus:
        """How far it is."""
        if self.stopped:
            return ExecutionStatus.CANCELLED
        return self.status if now >= self.ends else ExecutionStatus.IN_PROGRESS


@dataclass
class Account(Automations):
    """One account: security groups by id, each a list of rules."""

    clock: Clock
    groups: dict[str, list[str]] = field(default_factory=lambda: {FIRST_GROUP: list(RULES)})
    effect: Effect = close_ssh
    takes: timedelta = timedelta(seconds=3)
    ends_as: ExecutionStatus | None = None
    """Instead of what the effect says."""
    stops: bool = True
    """Whether an execution that is asked to end does so."""
    remembers: timedelta = timedelta(days=365)
    """How long a token is remembered by `start`; AWS does not say how long."""
    read_is_old_by: timedelta = timedelta(0)
    foreseen: str = ""
    """Why the document would fail, as plan mode sees it."""
    executions: dict[str, Ran] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    """Token -> the execution that it started first."""
    before_call: Callable[[str], None] = lambda _: None
    """Called with the name of each call before it is served: may raise, as a network does."""
    after_call: Callable[[str], None] = lambda _: None
    """Called after it was served, before the answer goes out: may raise, as a network does."""
    on_start: Callable[[Order], None] = lambda _: None
    """Called when an execution is about to begin."""

    @property
    def rules(self) -> list[str]:
        """The first group's."""
        return self.groups[FIRST_GROUP]

    @override
    def check(self, location: Location, runbook: Runbook, parameters: Mapping[str, Any]) -> Checked:
        read_at = self.clock.moment - self.read_is_old_by
        self.before_call("check")
        if parameters["GroupId"] not in self.groups:
            raise NotFoundError("the group is not there any more")
        rules = list(self.groups[parameters["GroupId"]])
        self.after_call("check")
        return Checked(
            compliant=SSH not in rules,
            state={"Inbound": rules},
            target={"Inbound": [rule for rule in rules if rule != SSH]},
            saved={"Rules": list(rules)},
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
        verb = "Revoke" if undo_of is None else "Authorize"
        call = PlannedCall(
            step=verb,
            service="ec2",
            operation=f"{verb}SecurityGroupIngress",
            parameters={"GroupId": parameters["GroupId"]},
            resource=parameters["GroupId"],
        )
        self.after_call("preview")
        return Preview(calls=(call,), reads=("ec2:DescribeSecurityGroups",), failure=self.foreseen)

    @override
    def start(self, order: Order) -> str:
        self.before_call("start")
        known = self.executions.get(self.tokens.get(order.token, ""))
        if known is not None and self.clock.moment - known.began <= self.remembers:
            assert known.order == order, "IdempotentParameterMismatch"
            self.after_call("start")
            return known.id
        self.on_start(order)
        execution_id = f"exec-{len(self.executions) + 1}"
        self.tokens.setdefault(order.token, execution_id)
        failure = self.effect(self.groups[order.parameters["GroupId"]], order)
        usual = ExecutionStatus.FAILED if failure else ExecutionStatus.SUCCESS
        self.executions[execution_id] = Ran(
            id=execution_id,
            order=order,
            began=self.clock.moment,
            ends=self.clock.moment + self.takes,
            status=self.ends_as or usual,
            failure=failure,
        )
        self.after_call("start")
        return execution_id

    @override
    def started(self, location: Location, token: str) -> str | None:
        self.before_call("started")
        known = self.tokens.get(token)
        self.after_call("started")
        return known

    @override
    def execution(self, location: Location, execution_id: str) -> Execution:
        self.before_call("execution")
        if execution_id not in self.executions:
            raise NotFoundError(f"no execution {execution_id}")
        ran = self.executions[execution_id]
        status = ran.status_at(self.clock.moment)
        ended = min(ran.ends, self.clock.moment) if status.final else None
        step = StepRun(
            name="RevokeIngress",
            action="aws:executeAwsApi",
            status=status,
            started_at=ran.began,
            ended_at=ended,
            failure=ran.failure if ended else "",
        )
        self.after_call("execution")
        return Execution(
            id=execution_id, status=status, steps=(step,), started_at=ran.began, ended_at=ended
        )

    @override
    def stop(self, location: Location, execution_id: str) -> None:
        self.before_call("stop")
        self.executions[execution_id].stopped = self.stops
        self.after_call("stop")
