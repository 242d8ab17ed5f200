"""A stage for documents: an interpreter on a loopback AWS, with a clock that only waiting moves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.errors import NotFoundError
from integrations.runbooks.automation import Interpreter
from integrations.runbooks.port import Execution, Location, StepRun
from tests.loopback_aws import LoopbackAws

STARTED_AT = 1_764_000_000.0
EXECUTION = "11111111-2222-4333-8444-555555555555"


@dataclass
class Stage:
    """What documents run on, and what was heard of it."""

    aws: LoopbackAws
    documents: dict[str, str] = field(default_factory=dict)
    """Documents that others may run, by name."""
    signals: list[str] = field(default_factory=list)
    """What people say to steps that wait, in order."""
    roles: list[str] = field(default_factory=list)
    """The roles that were taken on."""
    heard: list[StepRun] = field(default_factory=list)
    stop_after_s: float = float("inf")
    """When the execution is asked to stop."""
    now: float = STARTED_AT

    def next(self, execution_id: str, step: str) -> str | None:
        """As `Signals`, for the one execution that there is."""
        assert (execution_id, bool(step)) == (EXECUTION, True)
        return self.signals.pop(0) if self.signals else None

    def interpreter(self) -> Interpreter:
        """One on this stage."""

        def session_for(role: str) -> Any:
            self.roles.append(role)
            return self.aws.session()

        def pause(seconds: float) -> None:
            self.now += seconds

        def document(name: str, version: str) -> str:
            if name not in self.documents:
                raise NotFoundError(f"there is no document {name}")
            return self.documents[name]

        return Interpreter(
            session_for=session_for,
            location=Location("111111111111", "eu-west-1"),
            clock=lambda: self.now,
            pause=pause,
            documents=document,
            signals=self,
        )

    def run(self, document: str, **parameters: Any) -> Execution:
        """Run a document."""
        return self.interpreter().run(
            document,
            parameters,
            execution_id=EXECUTION,
            on_step=self.heard.append,
            cancelled=lambda: self.now - STARTED_AT >= self.stop_after_s,
        )


def document(*steps: str, parameters: str = "{}", more: str = "") -> str:
    """A document of steps in YAML, each one flow mapping: `{name: A, action: ...}`."""
    listed = "\n".join(f"  - {step}" for step in steps)
    return f'schemaVersion: "0.3"\nparameters: {parameters}\n{more}\nmainSteps:\n{listed}\n'


def get(name: str, parameter: str = "door", more: str = "") -> str:
    """A step that reads a parameter into `Value`."""
    return (
        f"{{name: {name}, action: 'aws:executeAwsApi', inputs: {{Service: ssm, Api: GetParameter,"
        f" Name: {parameter}}}, outputs: [{{Name: Value, Selector: $.Parameter.Value}}]{more}}}"
    )


def put(name: str, parameter: str = "door", value: str = "shut", more: str = "") -> str:
    """A step that writes a parameter."""
    return (
        f"{{name: {name}, action: 'aws:executeAwsApi', inputs: {{Service: ssm, Api: PutParameter,"
        f" Name: {parameter}, Value: {value}, Overwrite: true}}{more}}}"
    )


def names_of(execution: Execution) -> Mapping[str, str]:
    """Step -> status."""
    return {step.name: str(step.status) for step in execution.steps}
