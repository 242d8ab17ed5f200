"""The interpreter of SSM Automation documents: run one, plan one, or read with one.

`run` does what Systems Manager Automation does, under the role that the document names. `plan` does
the same with every call kept back that could change something. `read` is a plan of a document that
must not even try to.
"""

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from integrations.aws_errors import is_away, is_denied, is_not_found
from integrations.errors import (
    DeniedByAwsError,
    NotFoundError,
    UnavailableError,
)
from integrations.runbooks.actions.turn import Signals
from integrations.runbooks.answers import Answers
from integrations.runbooks.calls import SessionFor
from integrations.runbooks.documents import Document
from integrations.runbooks.failures import StepFailedError
from integrations.runbooks.interception import Ledger
from integrations.runbooks.port import (
    AutomationFailedError,
    Execution,
    Location,
    Preview,
    StepRun,
    UnsupportedDocumentError,
)
from integrations.runbooks.running import Documents, Running, Surroundings
from integrations.runbooks.validation import runnable
from integrations.runbooks.walk import Outcome

Source = str | Mapping[str, Any] | Document


class Interpreter:
    """Runs documents in one account and region. One object serves one thread at a time."""

    def __init__(
        self,
        *,
        session_for: SessionFor,
        location: Location,
        clock: Callable[[], float],
        pause: Callable[[float], None],
        documents: Documents,
        signals: Signals | None = None,
    ) -> None:
        """`clock` gives seconds since 1970; `pause` lets that many seconds pass."""
        self._surroundings = Surroundings(
            session_for=session_for,
            location=location,
            clock=clock,
            pause=pause,
            documents=documents,
            signals=signals,
        )
        self._clock = clock
        self._location = location

    def run(
        self,
        document: Source,
        parameters: Mapping[str, Any],
        *,
        execution_id: str,
        on_step: Callable[[StepRun], None],
        cancelled: Callable[[], bool],
    ) -> Execution:
        """Run a document to its end; `on_step` hears of every change of a step.

        What fails while it runs is in the execution; nothing of that is raised.

        Raises:
            UnsupportedDocumentError, AutomationInputError: nothing was called.
        """
        started = self._clock()
        ready = Running(self._surroundings, runnable(document), parameters, execution_id, None)
        outcome = ready.walk(on_step, cancelled)
        return Execution(
            id=execution_id,
            status=outcome.status,
            steps=outcome.steps,
            started_at=datetime.fromtimestamp(started, UTC),
            ended_at=datetime.fromtimestamp(self._clock(), UTC),
            outputs=ready.document_outputs(),
            failure=outcome.failure,
        )

    def plan(self, document: Source, parameters: Mapping[str, Any]) -> Preview:
        """What a run would call now. Reads are real; nothing that changes anything goes out.

        Raises:
            UnsupportedDocumentError, AutomationInputError: nothing was called.
            NotFoundError, DeniedByAwsError, UnavailableError: a read failed so.
        """
        ledger = self._ledger()
        _, outcome = self._planned(document, parameters, ledger)
        return Preview(
            calls=tuple(ledger.calls),
            reads=tuple(ledger.reads),
            unpredicted=tuple(ledger.unpredicted),
            failure=outcome.failure,
        )

    def read(self, document: Source, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """The outputs of every step of a read-only document, by `Step.Name`.

        Raises:
            UnsupportedDocumentError: it cannot be interpreted, or tried to change something.
            AutomationInputError: nothing was called.
            NotFoundError, DeniedByAwsError, UnavailableError: a read failed so.
            AutomationFailedError: a step failed otherwise.
        """
        ledger = self._ledger()
        ready, outcome = self._planned(document, parameters, ledger)
        if ledger.calls:
            call = ledger.calls[0]
            raise UnsupportedDocumentError(f"a check may not call {call.action}", call.step)
        if outcome.failure:
            raise AutomationFailedError(outcome.failure)
        return ready.step_outputs()

    def _ledger(self) -> Ledger:
        now = datetime.fromtimestamp(self._clock(), UTC)
        return Ledger(Answers(self._location.account, self._location.region, now))

    def _planned(
        self, document: Source, parameters: Mapping[str, Any], ledger: Ledger
    ) -> tuple[Running, Outcome]:
        ready = Running(
            self._surroundings, runnable(document), parameters, str(uuid.UUID(int=0)), ledger
        )
        outcome = ready.walk(_unheard, _never)
        if outcome.cause is not None:
            _raise_if_aws_said_no(outcome.cause, ready.role)
        return ready, outcome


def _raise_if_aws_said_no(cause: StepFailedError, role: str) -> None:
    if is_denied(cause.code):
        raise DeniedByAwsError(cause.action, role, str(cause)) from cause
    if is_not_found(cause.code):
        raise NotFoundError(str(cause)) from cause
    if is_away(cause.code) or cause.code == "Unavailable":
        raise UnavailableError(str(cause)) from cause


def _unheard(_: StepRun) -> None:
    """A plan reports no progress."""


def _never() -> bool:
    return False
