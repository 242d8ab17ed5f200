"""Runbooks: what would fix a failed control, what it would change, and how it is run and proven.

A *remedy* is advice in words. A *runbook* is three Systems Manager Automation documents
(schemaVersion 0.3): the fix, its undo, and a read-only check that both plans and proves it. The
check answers four things about the resource as it is now: whether the control passes, the state of
the properties that the fix touches, their state after the fix, and what the undo needs.

UnsupportedDocumentError    a document cannot be interpreted; names the step and the line
AutomationInputError        a parameter is missing or not allowed; nothing was called
AutomationFailedError       a step of a check failed, or SSM would not start a document; says why
InvalidRunbookError         a runbook's file is not usable; names the file and the line
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from integrations.errors import SecurityAssistError
from integrations.runbooks.permissions import actions_needed, iam_action


class UnsupportedDocumentError(SecurityAssistError):
    """A document asks for what the interpreter does not do."""

    def __init__(self, message: str, step: str = "", line: int = 0) -> None:
        """`line` counts from 1 in the document's text; 0 when it is not known."""
        where = f"step {step}" if step else "the document"
        super().__init__(f"{where}{f', line {line}' if line else ''}: {message}")
        self.step = step
        self.line = line


class AutomationInputError(SecurityAssistError):
    """A parameter of a document is missing, of the wrong type, or not allowed."""


class AutomationFailedError(SecurityAssistError):
    """A check did not come to its end, or SSM refused to start a document."""


class InvalidRunbookError(SecurityAssistError):
    """A runbook's file is not usable."""

    def __init__(self, file: str, line: int, message: str) -> None:
        """`line` counts from 1 in the file; 0 when it is not known."""
        super().__init__(f"{file}{f', line {line}' if line else ''}: {message}")
        self.file = file
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """How one control is fixed."""

    control: str
    title: str
    """What the fix does, in an imperative: "Close SSH to the internet"."""
    steps: tuple[str, ...]
    """By hand, in order."""
    runbook: str | None = None
    """The Automation document that does it: ours, else the AWS-owned one (`AWS...`); None: none."""
    reversible: bool | None = None
    """Whether the state before can be put back; None when only partly."""
    care: str = ""
    """What can break, or is lost."""


class RemedyCatalogue(Protocol):
    """The known remedies. Promises: control ids are compared without regard to case."""

    def remedy(self, control: str) -> Remedy | None:
        """The remedy of a control; None when none is known."""
        ...

    def controls(self) -> tuple[str, ...]:
        """Every control with a known remedy."""
        ...


class Risk(StrEnum):
    """How much a fix can break when all goes well."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Runbook:
    """A fix that ships with the product: one file of `infra/runbooks`."""

    name: str
    """Of the fix as an SSM document: `SecurityAssist-CloseSshToTheInternet`."""
    version: str
    """12 hex digits over all of the file: another version is another plan."""
    controls: tuple[str, ...]
    title: str
    """An imperative: "Close SSH to the internet"."""
    resource_type: str
    """As Security Hub names it."""
    bindings: Mapping[str, str]
    """Document parameter -> where its value comes from: `resource.short_id`, `resource.id`,
    `resource.name`, `resource.account`, `resource.region`, `resource.properties.NAME`,
    `finding.account`, `finding.region`, `setting.NAME` (a tenant's own), or `=literal`."""
    permissions: tuple[str, ...]
    """IAM actions that the fix and the undo call, reads included, sorted."""
    reads: tuple[str, ...]
    """IAM actions that the check calls, sorted."""
    risk: Risk
    care: str
    """What can break, in a sentence; empty when nothing does."""
    reversible: bool
    shared_through: tuple[str, ...] = ()
    """Kinds of links that tell who else the fix touches: `guards` for a security group; the other
    end of each counts, whichever way the link points."""
    reaches: tuple[str, ...] = ()
    """Of an account's runbook (`AwsAccount`): the types of which it touches every resource in the
    account. Without them it counts as touching all of the account."""
    unproven: str = ""
    """Why it was not run end to end against emulated accounts; empty when it was."""
    aws_owned: str = ""
    """The AWS-owned document that does the same, where one is sound."""
    fix: Mapping[str, Any] = field(repr=False)
    check: Mapping[str, Any] = field(repr=False)
    undo: Mapping[str, Any] | None = field(repr=False, default=None)
    """Takes the fix's parameters and `Saved`, a StringMap: what the check had saved before."""


class RunbookCatalogue(Protocol):
    """The runbooks that can be run. Promises: control ids are compared without regard to case."""

    def runbook(self, control: str) -> Runbook | None:
        """The runbook of a control; None when no safe one exists."""
        ...

    def named(self, name: str) -> Runbook:
        """A runbook by its name.

        Raises:
            NotFoundError: there is none of that name.
        """
        ...

    def runbooks(self) -> tuple[Runbook, ...]:
        """Every runbook, by name."""
        ...


class Location(NamedTuple):
    """Where calls go."""

    account: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A resource as it was read: the proof of a fix, and the before of a plan."""

    compliant: bool
    state: Mapping[str, Any]
    """The properties that the fix touches, by names that a person knows, in words or short lists:
    `{"Inbound": ["tcp 22 from 0.0.0.0/0", "tcp 443 from 0.0.0.0/0"]}`."""
    target: Mapping[str, Any]
    """The same properties as they are once the control passes."""
    saved: Mapping[str, Any]
    """What the undo needs, in AWS's own shapes; plain JSON."""
    read_at: datetime
    """When the first call of the read went out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCall:
    """One mutating call that was kept from going out."""

    step: str
    service: str
    """As boto3 names the client: `ec2`."""
    operation: str
    """As AWS names the API: `RevokeSecurityGroupIngress`."""
    parameters: Mapping[str, Any]
    resource: str
    """The id or name of what it changes, as far as its parameters tell."""

    @property
    def action(self) -> str:
        """The IAM action that it is: `ec2:RevokeSecurityGroupIngress`."""
        return iam_action(self.service, self.operation)

    @property
    def permissions(self) -> tuple[str, ...]:
        """Every IAM action that it needs: its own, and `iam:PassRole` when it hands on a role."""
        return actions_needed(self.service, self.operation, self.parameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a document would do, had it been run now with these parameters."""

    calls: tuple[PlannedCall, ...]
    reads: tuple[str, ...]
    """Actions that were really called: `ec2:DescribeSecurityGroups`."""
    unpredicted: tuple[str, ...] = ()
    """What could not be foreseen, a sentence each; empty when nothing."""
    failure: str = ""
    """Why the document would fail, with the step; empty when it would come to its end."""


class ExecutionStatus(StrEnum):
    """Of an execution or a step, as `AutomationExecutionStatus` of the SSM API."""

    PENDING = "Pending"
    IN_PROGRESS = "InProgress"
    WAITING = "Waiting"
    SUCCESS = "Success"
    TIMED_OUT = "TimedOut"
    CANCELLING = "Cancelling"
    CANCELLED = "Cancelled"
    FAILED = "Failed"

    @property
    def final(self) -> bool:
        """Whether nothing more will happen."""
        return self in {self.SUCCESS, self.TIMED_OUT, self.CANCELLED, self.FAILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRun:
    """One step of an execution."""

    name: str
    action: str
    """`aws:executeAwsApi`."""
    status: ExecutionStatus
    started_at: datetime | None = None
    ended_at: datetime | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One execution of a document, as far as it is."""

    id: str
    status: ExecutionStatus
    steps: tuple[StepRun, ...]
    started_at: datetime
    ended_at: datetime | None = None
    outputs: Mapping[str, Any] = field(default_factory=dict)
    failure: str = ""
    """The message of the step that failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to run."""

    location: Location
    runbook: Runbook
    parameters: Mapping[str, Any]
    token: str
    """A UUID, the same for every try of the same order: SSM's ClientToken."""
    undo_of: Mapping[str, Any] | None = None
    """With this the undo is run, and this is its `Saved`."""


class Automations(Protocol):
    """The accounts of one tenant, as runbooks see them.

    Promises: `check` and `preview` change nothing, whatever the document says; one token starts at
    most one execution; every call goes out under the tenant's own roles, and only to the tenant's
    own accounts.
    """

    def check(self, location: Location, runbook: Runbook, parameters: Mapping[str, Any]) -> Checked:
        """Read the resource now, and say whether its control passes.

        Raises:
            NotFoundError: the resource is not there any more.
            DeniedByAwsError: the read role may not read it.
            UnavailableError: the account did not answer in time.
            AutomationFailedError: a step of the check failed otherwise.
            UnsupportedDocumentError, AutomationInputError: it cannot be run at all.
        """
        ...

    def preview(
        self,
        location: Location,
        runbook: Runbook,
        parameters: Mapping[str, Any],
        undo_of: Mapping[str, Any] | None = None,
    ) -> Preview:
        """Run the fix (or the undo) in plan mode: reads are real, writes are recorded.

        Raises:
            NotFoundError, DeniedByAwsError, UnavailableError: as `check`.
            UnsupportedDocumentError, AutomationInputError: the document cannot be planned.
        """
        ...

    def start(self, order: Order) -> str:
        """Start an execution in the tenant's account; its id. The same token gives the same id.

        Raises:
            DeniedByAwsError: the remediation role cannot be assumed, or may not start it.
            AutomationInputError, AutomationFailedError: SSM would not start it, now or later.
            UnavailableError: it is not known whether it was started: look with `started` first.
        """
        ...

    def started(self, location: Location, token: str) -> str | None:
        """The id of the execution that was started with a token; None when there is none."""
        ...

    def execution(self, location: Location, execution_id: str) -> Execution:
        """How far an execution is.

        Raises:
            NotFoundError: the account knows no such execution.
        """
        ...

    def stop(self, location: Location, execution_id: str) -> None:
        """Ask a running execution to end after the step at hand; nothing when it has ended."""
        ...


Parameters = Mapping[str, Sequence[str]]
"""Document parameters as the SSM API takes them: every value a list of strings."""
