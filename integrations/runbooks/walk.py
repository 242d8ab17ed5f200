"""The way through a document: which step comes next, tries, time limits, failure and cancellation.

"Properties shared by all actions" in the AWS Systems Manager User Guide. Where it is silent we
hold: `onFailure: step:X` goes before `isEnd`; a try follows the one before it at once.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from integrations.runbooks.actions import ACTIONS
from integrations.runbooks.actions.turn import Answer, Tools, Turn
from integrations.runbooks.documents import Document, Step
from integrations.runbooks.failures import CancelledError, StepFailedError, UnforeseenError
from integrations.runbooks.port import ExecutionStatus, StepRun
from integrations.runbooks.references import Scope
from integrations.runbooks.selectors import MISSING, selector
from integrations.runbooks.values import ConversionError, converted

CANCELLATION_S = 120.0
"""How long the steps of an `onCancel` may take."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a walk ended."""

    status: ExecutionStatus
    steps: tuple[StepRun, ...]
    failure: str = ""
    cause: StepFailedError | None = None


class Walk:
    """One way through one document."""

    def __init__(
        self,
        document: Document,
        scope: Scope,
        tools: Tools,
        on_step: Callable[[StepRun], None],
    ) -> None:
        self._document = document
        self._scope = scope
        self._tools = tools
        self._on_step = on_step
        self._runs: dict[str, StepRun] = {}
        self._failure: tuple[Step, StepFailedError] | None = None
        self._cancelling_until: float | None = None

    def run(self) -> Outcome:
        """Go from the first step to the end."""
        name = self._document.steps[0].name
        last: Step | None = None
        try:
            while name:
                if self._asked_to_stop():
                    name = self._cancel(last)
                    continue
                last = self._document.step(name)
                try:
                    name = self._pass(last)
                except CancelledError:
                    name = self._cancel(last)
        except UnforeseenError as error:
            return self._outcome(ExecutionStatus.SUCCESS, str(error))
        return self._outcome(self._status(), "")

    def _asked_to_stop(self) -> bool:
        return self._cancelling_until is None and self._tools.cancelled()

    def _cancel(self, at: Step | None) -> str:
        """The first step of what is to be done on cancellation; empty for nothing."""
        self._cancelling_until = self._tools.clock() + CANCELLATION_S
        self._tools.cancelled = lambda: False
        if at is None or not at.on_cancel.startswith("step:"):
            return ""
        return at.on_cancel.removeprefix("step:")

    def _status(self) -> ExecutionStatus:
        if self._cancelling_until is not None:
            return ExecutionStatus.CANCELLED
        if self._failure is None:
            return ExecutionStatus.SUCCESS
        return ExecutionStatus.TIMED_OUT if self._failure[1].timed_out else ExecutionStatus.FAILED

    def _outcome(self, status: ExecutionStatus, unforeseen: str) -> Outcome:
        failure, cause = "", None
        if unforeseen and self._tools.ledger is not None:
            self._tools.ledger.note(unforeseen)
        if self._failure is not None and status is not ExecutionStatus.SUCCESS:
            step, cause = self._failure
            failure = f"{step.name}: {cause}"
        return Outcome(status, tuple(self._runs.values()), failure, cause)

    def _pass(self, step: Step) -> str:
        """Take one step; the name of the next, empty at the end."""
        started = self._now()
        self._show(
            StepRun(
                name=step.name,
                action=step.action,
                status=ExecutionStatus.IN_PROGRESS,
                started_at=started,
            )
        )
        try:
            answer = self._tried(step)
        except CancelledError:
            self._end(step, ExecutionStatus.CANCELLED)
            raise
        except UnforeseenError:
            self._end(step, ExecutionStatus.PENDING)
            raise
        except StepFailedError as error:
            self._end(
                step,
                ExecutionStatus.TIMED_OUT if error.timed_out else ExecutionStatus.FAILED,
                str(error),
            )
            return self._after_failure(step, error)
        self._end(step, ExecutionStatus.SUCCESS)
        return answer.next_step or self._below(step)

    def _after_failure(self, step: Step, error: StepFailedError) -> str:
        if step.is_critical and self._failure is None:
            self._failure = (step, error)
        if step.on_failure.startswith("step:"):
            return step.on_failure.removeprefix("step:")
        return self._below(step) if step.on_failure == "Continue" else ""

    def _below(self, step: Step) -> str:
        if step.is_end:
            return ""
        return step.next_step or self._document.after(step)

    def _tried(self, step: Step) -> Answer:
        """Up to `maxAttempts` tries."""
        for left in range(step.max_attempts - 1, -1, -1):
            try:
                return self._try(step)
            except StepFailedError:
                if not left or self._tools.cancelled():
                    raise
        raise AssertionError("a step is tried at least once")

    def _try(self, step: Step) -> Answer:
        action = ACTIONS[step.action]
        limits = [step.timeout_s or action.timeout_s, action.longest_s]
        left = min((limit for limit in limits if limit is not None), default=None)
        deadline = None if left is None else self._tools.clock() + left
        if self._cancelling_until is not None:
            deadline = min(deadline or self._cancelling_until, self._cancelling_until)
        if self._tools.ledger is not None:
            self._tools.ledger.step = step.name
        self._tools.on_waiting = lambda: self._show(
            replace(self._runs[step.name], status=ExecutionStatus.WAITING)
        )
        turn = Turn(step, self._scope, self._tools, deadline)
        unsure = self._tools.ledger is not None and self._scope.is_unsure(step.inputs)
        answer = action.run(turn)
        answer.unsure = answer.unsure or unsure
        if deadline is not None and self._tools.clock() > deadline and not turn.planning:
            raise StepFailedError("the step's time is over", timed_out=True)
        self._take_outputs(step, answer)
        return answer

    def _take_outputs(self, step: Step, answer: Answer) -> None:
        found = {f"{step.name}.{name}": value for name, value in answer.outputs.items()}
        for output in step.outputs:
            name = f"{step.name}.{output.name}"
            value = selector(output.selector).select(answer.body)
            if value is MISSING or value is None or (value == [] and "L" not in output.type):
                found[name] = None
                continue
            try:
                found[name] = converted(value, output.type)
            except ConversionError as error:
                if not answer.unsure:
                    raise StepFailedError(f"output {output.name} {error}") from error
                found[name] = None
        self._scope.values.update(found)
        if answer.unsure:
            self._scope.unsure.update(found)

    def _end(self, step: Step, status: ExecutionStatus, failure: str = "") -> None:
        self._show(
            replace(self._runs[step.name], status=status, ended_at=self._now(), failure=failure)
        )

    def _show(self, run: StepRun) -> None:
        self._runs[run.name] = run
        self._on_step(run)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._tools.clock(), UTC)
