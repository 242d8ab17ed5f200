"""Automations of a tenant's accounts through boto3: planned here, run by Systems Manager there.

Facts of the service: `StartAutomationExecution`, `DescribeAutomationExecutions` and
`GetAutomationExecution` in the SSM API reference.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError
from typing_extensions import override

from integrations.aws import NO_ANSWER, AwsSession
from integrations.aws_errors import error_code, is_away, is_denied
from integrations.errors import DeniedByAwsError, NotFoundError, UnavailableError
from integrations.runbooks.automation import Interpreter
from integrations.runbooks.port import (
    AutomationFailedError,
    AutomationInputError,
    Automations,
    Checked,
    Execution,
    ExecutionStatus,
    Location,
    Order,
    Preview,
    Runbook,
    StepRun,
    UnsupportedDocumentError,
)
from integrations.runbooks.ssm_documents import document_to_run, placed, swept

MAX_VALUE_CHARACTERS = 512
MAX_VALUES = 50
"""What SSM takes for one parameter: `AutomationParameterValue` and its list."""

ASSUME_ROLE = "AutomationAssumeRole"
_TAG = "security-assist/"
"""SSM finds executions by the key of a tag, not by its value; so the key holds the token."""

_ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1})
"""The start is tried once: who tries again looks first."""

_WAITING = frozenset({"PendingApproval", "Approved", "Scheduled", "PendingChangeCalendarOverride"})
_MISSING = "AutomationExecutionNotFoundException"


class SsmAutomations(Automations):
    """One tenant's automations; serves all threads."""

    def __init__(
        self,
        *,
        read: Callable[[Location], AwsSession],
        remediate: Callable[[Location], AwsSession],
        role: Callable[[Location], str],
        clock: Callable[[], float],
        pause: Callable[[float], None],
    ) -> None:
        """Open nothing yet.

        Args:
            read: A session that cannot change anything.
            remediate: A session that may put documents and start them.
            role: The ARN of the role that the executions take on.
            clock: Seconds since 1970.
            pause: Lets that many seconds pass.
        """
        self._read = read
        self._remediate = remediate
        self._role = role
        self._clock = clock
        self._pause = pause
        self._clients: dict[tuple[Location, bool], tuple[AwsSession, Any]] = {}
        """Of the sessions that are in use: an execution that is watched asks every second."""

    def _ssm(self, location: Location, *, once: bool = False) -> Any:
        """Systems Manager under the remediation role; a renewed session has another client."""
        session, key = self._remediate(location), (location, once)
        known = self._clients.get(key)
        if known is None or known[0] is not session:
            client = session.client("ssm", config=_ONCE if once else None)
            known = self._clients[key] = (session, client)
        return known[1]

    @override
    def check(self, location: Location, runbook: Runbook, parameters: Mapping[str, Any]) -> Checked:
        read_at = datetime.fromtimestamp(self._clock(), UTC)
        given = _declared(runbook.check, parameters)
        found = self._interpreter(location).read(runbook.check, given)
        try:
            return Checked(
                compliant=found["Check.Compliant"],
                state=found["Check.State"],
                target=found["Check.Target"],
                saved=found["Check.Saved"],
                read_at=read_at,
            )
        except KeyError as error:
            raise UnsupportedDocumentError(
                f"the check of {runbook.name} does not put out {error.args[0]}", "Check"
            ) from error

    @override
    def preview(
        self,
        location: Location,
        runbook: Runbook,
        parameters: Mapping[str, Any],
        undo_of: Mapping[str, Any] | None = None,
    ) -> Preview:
        document, given = runbook.fix, dict(parameters)
        if undo_of is not None:
            if runbook.undo is None:
                raise UnsupportedDocumentError(f"{runbook.name} has no undo")
            document, given = runbook.undo, {**parameters, "Saved": dict(undo_of)}
        return self._interpreter(location).plan(document, _declared(document, given))

    def _interpreter(self, location: Location) -> Interpreter:
        session = self._read(location)

        def no_other(name: str, _: str) -> str:
            raise NotFoundError(f"{name} is not part of the runbook")

        return Interpreter(
            # Whatever role a document names, a plan has the one that only reads.
            session_for=lambda _: session,
            location=location,
            clock=self._clock,
            pause=self._pause,
            documents=no_other,
        )

    @override
    def start(self, order: Order) -> str:
        name, content = document_to_run(order)
        role = self._role(order.location)
        parameters = _as_ssm_takes(_declared(content, {**order.parameters, ASSUME_ROLE: role}))
        ssm = self._ssm(order.location, once=True)
        with _said_no(role, "ssm:DescribeAutomationExecutions"):
            if known := _started(ssm, order.token):
                return known
        with _said_no(role, "ssm:CreateDocument"):
            document = placed(ssm, name, content, self._pause)
        with _said_no(role, "ssm:StartAutomationExecution"):
            try:
                answer: Mapping[str, Any] = ssm.start_automation_execution(
                    DocumentName=document.name,
                    DocumentVersion=document.version,
                    Parameters=parameters,
                    ClientToken=order.token,
                    Tags=[{"Key": _TAG + order.token, "Value": order.runbook.name}],
                )
            except ClientError as error:
                # The token was used before, and the execution did not show yet.
                if error_code(error.response) != "IdempotentParameterMismatch":
                    raise
                if known := _started(ssm, order.token):
                    return known
                raise UnavailableError(
                    "the order was started before; its execution does not show yet"
                ) from error
        return str(answer["AutomationExecutionId"])

    @override
    def started(self, location: Location, token: str) -> str | None:
        ssm = self._ssm(location)
        with _said_no(self._role(location), "ssm:DescribeAutomationExecutions"):
            return _started(ssm, token)

    @override
    def execution(self, location: Location, execution_id: str) -> Execution:
        ssm = self._ssm(location)
        with _said_no(self._role(location), "ssm:GetAutomationExecution"):
            try:
                found = ssm.get_automation_execution(AutomationExecutionId=execution_id)
            except ClientError as error:
                raise _if_missing(error, execution_id) from error
            row = found["AutomationExecution"]
            steps = row.get("StepExecutions", [])
            if row.get("StepExecutionsTruncated"):
                steps = list(_steps(ssm, execution_id))
        status = _status(row["AutomationExecutionStatus"])
        if status.final:
            swept(ssm, row.get("DocumentName", ""))
        return Execution(
            id=execution_id,
            status=status,
            steps=tuple(map(_step, steps)),
            started_at=row["ExecutionStartTime"].astimezone(UTC),
            ended_at=_utc(row.get("ExecutionEndTime")),
            outputs={
                name: values[0] if len(values) == 1 else list(values)
                for name, values in row.get("Outputs", {}).items()
            },
            failure=row.get("FailureMessage", ""),
        )

    @override
    def stop(self, location: Location, execution_id: str) -> None:
        ssm = self._ssm(location)
        with _said_no(self._role(location), "ssm:StopAutomationExecution"):
            try:
                ssm.stop_automation_execution(AutomationExecutionId=execution_id, Type="Cancel")
            except ClientError as error:
                # It has ended already.
                if error_code(error.response) != "InvalidAutomationStatusUpdateException":
                    raise _if_missing(error, execution_id) from error


def _declared(document: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that a document has; SSM refuses others."""
    known = document.get("parameters") or {}
    return {name: value for name, value in given.items() if name in known}


def _as_ssm_takes(parameters: Mapping[str, Any]) -> dict[str, list[str]]:
    """Every value a list of texts; maps and lists of maps as JSON text.

    Raises:
        AutomationInputError: a value is longer than SSM takes.
    """
    taken: dict[str, list[str]] = {}
    for name, value in parameters.items():
        values = value if _is_texts(value) else [value]
        texts = [item if isinstance(item, str) else json.dumps(item) for item in values]
        if len(texts) > MAX_VALUES or any(len(text) > MAX_VALUE_CHARACTERS for text in texts):
            raise AutomationInputError(f"parameter {name} is longer than SSM takes")
        if texts != [""]:
            taken[name] = texts
    return taken


def _is_texts(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)


def _started(ssm: Any, token: str) -> str | None:
    """The execution with the token's tag; the first, should there be two."""
    pages = ssm.get_paginator("describe_automation_executions").paginate(
        Filters=[{"Key": "TagKey", "Values": [_TAG + token]}]
    )
    rows = [row for page in pages for row in page["AutomationExecutionMetadataList"]]
    rows.sort(key=lambda row: row["ExecutionStartTime"])
    return str(rows[0]["AutomationExecutionId"]) if rows else None


def _steps(ssm: Any, execution_id: str) -> Iterator[Mapping[str, Any]]:
    pages = ssm.get_paginator("describe_automation_step_executions").paginate(
        AutomationExecutionId=execution_id
    )
    for page in pages:
        yield from page["StepExecutions"]


def _step(row: Mapping[str, Any]) -> StepRun:
    return StepRun(
        name=row["StepName"],
        action=row["Action"],
        status=_status(row["StepStatus"]),
        started_at=_utc(row.get("ExecutionStartTime")),
        ended_at=_utc(row.get("ExecutionEndTime")),
        failure=row.get("FailureMessage", ""),
    )


def _utc(moment: datetime | None) -> datetime | None:
    """boto3 tells times in the machine's own zone."""
    return moment.astimezone(UTC) if moment else None


def _status(word: str) -> ExecutionStatus:
    """Those of change requests, which we never make, are counted as waiting or failed."""
    if word in _WAITING:
        return ExecutionStatus.WAITING
    try:
        return ExecutionStatus(word)
    except ValueError:
        return ExecutionStatus.FAILED


def _if_missing(error: ClientError, execution_id: str) -> Exception:
    if error_code(error.response) == _MISSING:
        return NotFoundError(f"the account knows no execution {execution_id}")
    return error


@contextmanager
def _said_no(role: str, action: str) -> Iterator[None]:
    """AWS's errors in our words."""
    try:
        yield
    except ClientError as error:
        code = error_code(error.response)
        if is_denied(code):
            raise DeniedByAwsError(action, role, str(error)) from error
        if is_away(code) or code == "AutomationExecutionLimitExceededException":
            raise UnavailableError(str(error)) from error
        if code == "InvalidAutomationExecutionParametersException":
            raise AutomationInputError(str(error)) from error
        raise AutomationFailedError(f"{action}: {error}") from error
    except NO_ANSWER as error:
        raise UnavailableError(f"{action}: {error}") from error
