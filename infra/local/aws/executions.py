"""Automation executions: what was started, by whom, and how far it is."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from integrations.runbooks.port import Execution, ExecutionStatus, StepRun

_SIGNALS = frozenset({"Approve", "Reject", "Resume", "StopStep"})


@dataclass(slots=True, kw_only=True)
class Started:
    """One execution. Its thread writes it, calls read it: under `lock`."""

    id: str
    account: str
    region: str
    document: str
    version: str
    parameters: Mapping[str, Sequence[str]]
    mode: str
    by: str
    """The ARN of whoever started it."""
    started_at: datetime
    tags: dict[str, str] = field(default_factory=dict)
    status: ExecutionStatus = ExecutionStatus.PENDING
    steps: dict[str, StepRun] = field(default_factory=dict)
    ended_at: datetime | None = None
    outputs: Mapping[str, Any] = field(default_factory=dict)
    failure: str = ""
    cancelled: bool = False
    signals: list[tuple[str, str]] = field(default_factory=list)
    """Signals that no step has taken yet, each with the step that it is for ("" for any)."""
    woken: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def heard(self, step: StepRun) -> None:
        """A step has changed."""
        with self.lock:
            self.steps[step.name] = step
            if not self.status.final and self.status is not ExecutionStatus.CANCELLING:
                waiting = any(s.status is ExecutionStatus.WAITING for s in self.steps.values())
                self.status = ExecutionStatus.WAITING if waiting else ExecutionStatus.IN_PROGRESS

    def ended(self, result: Execution) -> None:
        """The interpreter is done."""
        with self.lock:
            self.steps = {step.name: step for step in result.steps} or self.steps
            self.outputs, self.failure = result.outputs, result.failure
            self.ended_at, self.status = result.ended_at, result.status

    def broke(self, said: str, at: datetime) -> None:
        """The interpreter could not even begin, or has a fault."""
        with self.lock:
            self.failure, self.ended_at, self.status = said, at, ExecutionStatus.FAILED

    def stop(self) -> bool:
        """Ask it to end; False when it has ended."""
        with self.lock:
            if self.status.final:
                return False
            self.cancelled, self.status = True, ExecutionStatus.CANCELLING
        self.woken.set()
        return True

    def signal(self, kind: str, step: str) -> bool:
        """Leave a signal for a step; False when nothing waits for one."""
        with self.lock:
            if self.status is not ExecutionStatus.WAITING or kind not in _SIGNALS:
                return False
            self.signals.append((kind, step))
        self.woken.set()
        return True

    def next(self, execution_id: str, step: str) -> str | None:
        """The next signal for a step (the interpreter's `Signals`)."""
        with self.lock:
            for signal in self.signals:
                if execution_id == self.id and signal[1] in {"", step}:
                    self.signals.remove(signal)
                    return signal[0]
        return None

    def pause(self, seconds: float) -> None:
        """Let time pass, or less when something has happened."""
        self.woken.wait(seconds)
        self.woken.clear()


def described(run: Started) -> dict[str, Any]:
    """As DescribeAutomationExecutions lists it."""
    with run.lock:
        return {
            "AutomationExecutionId": run.id,
            "DocumentName": run.document,
            "DocumentVersion": run.version,
            "AutomationExecutionStatus": str(run.status),
            "ExecutionStartTime": run.started_at,
            "ExecutionEndTime": run.ended_at,
            "ExecutedBy": run.by,
            "LogFile": "",
            "Outputs": {name: _texts(value) for name, value in run.outputs.items()},
            "Mode": run.mode,
            "Targets": [],
            "ResolvedTargets": {"ParameterValues": [], "Truncated": False},
            "FailureMessage": run.failure or None,
            "CurrentStepName": _current(run, lambda step: step.name),
            "CurrentAction": _current(run, lambda step: step.action),
            "AutomationType": "Local",
        }


def in_full(run: Started) -> dict[str, Any]:
    """As GetAutomationExecution tells it."""
    told = described(run)
    told["Parameters"] = {name: list(values) for name, values in run.parameters.items()}
    told["StepExecutions"] = steps_of(run)
    told["StepExecutionsTruncated"] = False
    del told["LogFile"], told["AutomationType"]
    return told


def steps_of(run: Started) -> list[dict[str, Any]]:
    """The steps that have begun, in the order in which they did."""
    with run.lock:
        return [
            {
                "StepName": step.name,
                "Action": step.action,
                "StepStatus": str(step.status),
                "ExecutionStartTime": step.started_at,
                "ExecutionEndTime": step.ended_at,
                "FailureMessage": step.failure or None,
                "StepExecutionId": f"{run.id[:24]}{number:012d}",
            }
            for number, step in enumerate(run.steps.values())
        ]


def _current(run: Started, what: Callable[[StepRun], str]) -> str | None:
    running = [step for step in run.steps.values() if not step.status.final]
    return what(running[-1]) if running else None


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(item) for item in values]
