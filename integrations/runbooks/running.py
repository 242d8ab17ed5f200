"""One document with its parameters, ready to be walked; and what every walk needs around it."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from integrations.errors import NotFoundError, SecurityAssistError
from integrations.runbooks.actions.turn import Signals, Tools
from integrations.runbooks.calls import AwsCalls, SessionFor
from integrations.runbooks.documents import Document
from integrations.runbooks.failures import StepFailedError
from integrations.runbooks.interception import Ledger
from integrations.runbooks.port import (
    AutomationInputError,
    ExecutionStatus,
    Location,
    StepRun,
    UnsupportedDocumentError,
)
from integrations.runbooks.references import Scope
from integrations.runbooks.validation import runnable
from integrations.runbooks.walk import Outcome, Walk

Documents = Callable[[str, str], str]
"""The text of a document by name and version, empty for the default one.

Raises NotFoundError for a document that is not there."""
MAX_NESTING = 10
"""How deep documents may run documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The collaborators of an interpreter."""

    session_for: SessionFor
    location: Location
    clock: Callable[[], float]
    pause: Callable[[float], None]
    documents: Documents
    signals: Signals | None


class Running:
    """One document with its parameters, ready to be walked."""

    def __init__(
        self,
        surroundings: Surroundings,
        document: Document,
        parameters: Mapping[str, Any],
        execution_id: str,
        ledger: Ledger | None,
        *,
        depth: int = 1,
    ) -> None:
        """With a ledger it is a plan.

        Raises:
            AutomationInputError: a parameter is missing, unknown or not allowed.
        """
        self._surroundings = surroundings
        self._document = document
        self._execution_id = execution_id
        self._ledger = ledger
        self._depth = depth
        self._scope = Scope(self._start(parameters))
        self.role = str(self._scope.resolved(document.assume_role)) if document.assume_role else ""
        self._cancelled: Callable[[], bool] = lambda: False

    def _start(self, given: Mapping[str, Any]) -> dict[str, Any]:
        known = {parameter.name for parameter in self._document.parameters}
        if unknown := sorted(set(given) - known):
            raise AutomationInputError(f"the document has no parameter {', '.join(unknown)}")
        around = self._surroundings
        location = around.location
        now = datetime.fromtimestamp(around.clock(), UTC)
        values: dict[str, Any] = {
            "global:ACCOUNT_ID": location.account,
            "global:REGION": location.region,
            "global:DATE": now.strftime("%Y-%m-%d"),
            "global:DATE_TIME": now.strftime("%Y-%m-%d_%H.%M.%S"),
            "global:AWS_PARTITION": _partition(location.region),
            "automation:EXECUTION_ID": self._execution_id,
        }
        for variable in self._document.variables:
            values[f"variable:{variable.name}"] = variable.value({})
        system = Scope(dict(values))
        for parameter in self._document.parameters:
            value = parameter.value(given)
            # A default may name system variables; what a caller gives is never read for names.
            own = parameter.name in given
            values[parameter.name] = value if own else system.resolved(value)
        return values

    def walk(self, on_step: Callable[[StepRun], None], cancelled: Callable[[], bool]) -> Outcome:
        """Run it."""
        around = self._surroundings
        self._cancelled = cancelled
        try:
            calls = AwsCalls(around.session_for(self.role), self._ledger)
        except SecurityAssistError as error:
            if self._ledger is not None:
                raise
            return Outcome(ExecutionStatus.FAILED, (), str(error))
        tools = Tools(
            calls=calls,
            location=around.location,
            execution_id=self._execution_id,
            clock=around.clock,
            pause=around.pause,
            cancelled=cancelled,
            signals=around.signals,
            ledger=self._ledger,
            nested=self._nested,
        )
        return Walk(self._document, self._scope, tools, on_step).run()

    def _nested(
        self, name: str, version: str, parameters: Mapping[str, Any], step: str
    ) -> Mapping[str, Any]:
        """Run another document for a step of this one."""
        if self._depth >= MAX_NESTING:
            raise StepFailedError(f"documents are nested more than {MAX_NESTING} deep")
        around = self._surroundings
        execution_id = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self._execution_id}/{step}"))
        try:
            document = runnable(around.documents(name, version))
            inner = Running(
                around, document, parameters, execution_id, self._ledger, depth=self._depth + 1
            )
        except (UnsupportedDocumentError, AutomationInputError, NotFoundError) as error:
            raise StepFailedError(f"{name}: {error}") from error
        outcome = inner.walk(_unheard, self._cancelled)
        if outcome.status is not ExecutionStatus.SUCCESS:
            cause = outcome.cause
            raise StepFailedError(
                f"{name} ended as {outcome.status}: {outcome.failure}",
                code=cause.code if cause else "",
                action=cause.action if cause else "",
                timed_out=outcome.status is ExecutionStatus.TIMED_OUT,
            )
        return {
            "Output": list(map(str, inner.document_outputs().values())),
            "ExecutionId": execution_id,
            "Status": str(outcome.status),
        }

    def document_outputs(self) -> Mapping[str, Any]:
        """The outputs that the document declares, as far as their steps were run."""
        values = self._scope.values
        return {
            name: values[name] for name in self._document.outputs if values.get(name) is not None
        }

    def step_outputs(self) -> Mapping[str, Any]:
        """What every step put out, by `Step.Name`."""
        names = {step.name for step in self._document.steps}
        return {
            name: value
            for name, value in self._scope.values.items()
            if name.rpartition(".")[0] in names and value is not None
        }


def _partition(region: str) -> str:
    for prefix, partition in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov")):
        if region.startswith(prefix):
            return partition
    return "aws"


def _unheard(_: StepRun) -> None:
    """Steps of a document within a document are not reported."""
