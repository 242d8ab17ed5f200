"""What an action gets to do its work, and what it gives back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from integrations.runbooks.calls import AwsCalls
from integrations.runbooks.documents import Step
from integrations.runbooks.failures import CancelledError, StepFailedError, UnforeseenError
from integrations.runbooks.interception import Ledger
from integrations.runbooks.port import Location
from integrations.runbooks.references import Scope, UnresolvedReferenceError


class Signals(Protocol):
    """Decisions on steps that wait: `aws:approve` and `aws:pause`."""

    def next(self, execution_id: str, step: str) -> str | None:
        """The next signal: `Approve`, `Reject`, `Resume` or `StopStep`; None when there is none."""
        ...


@dataclass(slots=True)
class Tools:
    """What all steps of one execution share."""

    calls: AwsCalls
    location: Location
    execution_id: str
    clock: Callable[[], float]
    """Seconds since 1970."""
    pause: Callable[[float], None]
    cancelled: Callable[[], bool]
    signals: Signals | None
    ledger: Ledger | None
    """Set in plan mode."""
    nested: Callable[[str, str, Mapping[str, Any], str], Mapping[str, Any]]
    """Runs a document: name, version, parameters, calling step -> `Output` and `Status`."""
    on_waiting: Callable[[], None] = lambda: None


@dataclass(slots=True)
class Turn:
    """One attempt at one step."""

    step: Step
    scope: Scope
    tools: Tools
    deadline: float | None
    """By the clock; None without one."""

    @property
    def planning(self) -> Ledger | None:
        """The ledger when nothing is to be changed."""
        return self.tools.ledger

    def resolved(self, value: Any, *, spread: bool = False) -> Any:
        """An input with its references replaced.

        Raises:
            StepFailedError: a name is not known or has no value.
            UnforeseenError: so it is in a plan, because a call was kept back.
        """
        try:
            return self.scope.resolved(value, spread=spread)
        except UnresolvedReferenceError as error:
            if self.planning is not None and self.scope.is_unsure(value):
                raise UnforeseenError(
                    f"From {self.step.name} on it needs what is only known during the run."
                ) from error
            raise StepFailedError(str(error)) from error

    def input(self, name: str, default: Any = None) -> Any:
        """One input, resolved."""
        return self.resolved(self.step.inputs[name]) if name in self.step.inputs else default

    def wait(self, seconds: float) -> None:
        """Let time pass, up to the step's deadline.

        Raises:
            StepFailedError: the deadline is reached.
            CancelledError: the execution was asked to stop.
        """
        if self.tools.cancelled():
            raise CancelledError
        if self.deadline is not None:
            left = self.deadline - self.tools.clock()
            if left <= 0:
                raise StepFailedError("the step's time is over", timed_out=True)
            seconds = min(seconds, left)
        self.tools.pause(seconds)


@dataclass(slots=True)
class Answer:
    """What a step came to."""

    body: Any = None
    """What Selectors select from."""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """Outputs that every step of the action has."""
    next_step: str = ""
    """Where a branch leads; empty for the usual way."""
    unsure: bool = False
    """Whether a plan could only guess this."""


@dataclass(frozen=True, slots=True)
class Action:
    """One kind of step."""

    run: Callable[[Turn], Answer]
    required: tuple[str, ...]
    optional: tuple[str, ...] | None = ()
    """None: any input; they are parameters of an API."""
    timeout_s: float | None = None
    """When the step says nothing."""
    longest_s: float | None = None
    """What a step may say at most."""
