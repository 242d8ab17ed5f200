"""Systems Manager Automation: documents that are checked, and executions by our interpreter.

Facts: the Systems Manager API reference for the operations here and their errors; "Setting up
Automation" for the assume role: whoever starts an execution needs iam:PassRole on it, and it has to
trust ssm.amazonaws.com.
"""

import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from infra.local.aws import moto_services, refusals
from infra.local.aws.actions import Need
from infra.local.aws.answers import json_answer, page
from infra.local.aws.authority import allows
from infra.local.aws.calls import Call
from infra.local.aws.executions import Started, described, in_full, steps_of
from infra.local.aws.holdings import Holdings
from infra.local.aws.principals import Key, Keys
from infra.local.aws.refusals import Answer, AwsError
from infra.local.aws.sts import SSM, SecurityTokens
from integrations.aws import AwsSession
from integrations.errors import NotFoundError, SecurityAssistError
from integrations.runbooks.automation import Interpreter
from integrations.runbooks.documents import Document
from integrations.runbooks.port import (
    AutomationInputError,
    Location,
    UnsupportedDocumentError,
)
from integrations.runbooks.references import Scope, UnresolvedReferenceError
from integrations.runbooks.validation import runnable

_TOKEN = re.compile(r"[a-fA-F0-9]{8}(-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}")
_MOST_RUNNING = 100
_SESSION = timedelta(hours=1)
_UNSUPPORTED = (
    "TargetLocations",
    "TargetMaps",
    "TargetParameterName",
    "Targets",
    "AlarmConfiguration",
)
_BAD_PARAMETERS = "InvalidAutomationExecutionParametersException"
_FILTERS: dict[str, Callable[[Started, str], bool]] = {
    "DocumentNamePrefix": lambda run, value: run.document.startswith(value),
    "ExecutionStatus": lambda run, value: run.status == value,
    "ExecutionId": lambda run, value: run.id == value,
    "ParentExecutionId": lambda _, __: False,
    "CurrentAction": lambda run, value: described(run)["CurrentAction"] == value,
    "StartTimeBefore": lambda run, value: run.started_at < _time(value),
    "StartTimeAfter": lambda run, value: run.started_at > _time(value),
    "AutomationType": lambda _, value: value == "Local",
    "TagKey": lambda run, value: value in run.tags,
}


class Automation:
    """Starts executions, each in a thread of its own, and tells of them."""

    def __init__(self, tokens: SecurityTokens, keys: Keys, url: Callable[[], str]) -> None:
        """`url` tells the endpoint that the executions call: our own."""
        self._tokens = tokens
        self._keys = keys
        self._url = url
        self._runs: dict[str, Started] = {}
        self._remembered: dict[tuple[str, str, str], tuple[str, str]] = {}
        """(account, Region, token) -> what was asked with it, and the execution."""

    def plugins(self) -> dict[tuple[str, str], Callable[[Call], Answer]]:
        """What this answers."""
        own = {
            "StartAutomationExecution": self.start,
            "GetAutomationExecution": self.get,
            "DescribeAutomationExecutions": self.describe,
            "DescribeAutomationStepExecutions": self.describe_steps,
            "StopAutomationExecution": self.stop,
            "SendAutomationSignal": self.signal,
            "CreateDocument": self.keep_document,
            "UpdateDocument": self.keep_document,
            "ListTagsForResource": self.list_tags,
        }
        return {("ssm", operation): answer for operation, answer in own.items()}

    def keep_document(self, call: Call) -> Answer:
        """CreateDocument and UpdateDocument: moto's, after an Automation document was checked."""
        kind = call.text("DocumentType")
        if kind == "Automation" or (kind == "" and call.operation == "UpdateDocument"):
            try:
                runnable(call.text("Content"))
            except UnsupportedDocumentError as error:
                raise AwsError("InvalidDocumentContent", str(error)) from error
        return moto_services.dispatch(call)

    def start(self, call: Call) -> Answer:
        """Start an execution; the same token and request give the same id."""
        token = call.text("ClientToken")
        if token and not _TOKEN.fullmatch(token):
            raise AwsError("ValidationException", "clientToken is not a UUID of 36 characters")
        asked = json.dumps({k: v for k, v in call.parameters.items() if k != "ClientToken"},
                           sort_keys=True)  # fmt: skip
        remembered = self._remembered.get((call.account, call.region, token.lower()))
        if token and remembered is not None:
            if remembered[0] != asked:
                said = "the client token was used before, with other parameters"
                raise AwsError("IdempotentParameterMismatch", said)
            return json_answer({"AutomationExecutionId": remembered[1]})
        run = self._begin(call)
        if token:
            self._remembered[(call.account, call.region, token.lower())] = (asked, run.id)
        return json_answer({"AutomationExecutionId": run.id})

    def _begin(self, call: Call) -> Started:
        for name in _UNSUPPORTED:
            if call.parameters.get(name):
                said = f"the emulated AWS runs an execution in one account: no {name}"
                raise AwsError("ValidationException", said)
        running = [r for r in self._of(call) if not r.status.final]
        if len(running) >= _MOST_RUNNING:
            raise AwsError("AutomationExecutionLimitExceededException", "100 are running")
        name = call.text("DocumentName").rpartition("/")[2]
        document, version = _document(call.account, call.region, name, call.text("DocumentVersion"))
        parameters = dict(call.parameters.get("Parameters") or {})
        role = _assume_role(document, parameters)
        run = Started(
            id=str(uuid.uuid4()),
            account=call.account,
            region=call.region,
            document=name,
            version=version,
            parameters=parameters,
            mode=call.text("Mode", "Auto"),
            by=call.principal.arn,
            started_at=datetime.now(UTC),
            tags={tag["Key"]: tag["Value"] for tag in call.parameters.get("Tags") or []},
        )
        session = self._session(call, role, run.id)
        self._runs[run.id] = run
        threading.Thread(
            target=self._carry_out, args=(run, document, session), daemon=True, name=run.id
        ).start()
        return run

    def _session(self, call: Call, role: str, execution_id: str) -> Key:
        """Under whose credentials the execution begins: the assume role's, else the caller's."""
        if not role:
            return self._keys.issue(call.principal, datetime.now(UTC) + _SESSION)
        need = Need("iam:PassRole", role)
        if not allows(call.principal, need, {"iam:PassedToService": SSM}).allowed:
            said = (f"User: {call.principal.arn} is not authorized to perform: iam:PassRole on "
                    f"resource: {role}")  # fmt: skip
            raise refusals.denied(call.service, call.protocol, said)
        return self._assumed(role, call.account, execution_id)

    def _assumed(self, role: str, account: str, execution_id: str) -> Key:
        try:
            return self._tokens.service_session(SSM, role, account, f"Automation-{execution_id}")
        except AwsError as error:
            said = f"The defined assume role is unable to be assumed: {role}"
            raise AwsError(_BAD_PARAMETERS, said) from error

    def _carry_out(self, run: Started, document: Document, first: Key) -> None:
        """In the execution's own thread."""

        def session_for(role: str) -> AwsSession:
            known = role in {"", first.principal.role}
            key = first if known else self._assumed(role, run.account, run.id)
            return AwsSession(
                access_key=key.id,
                secret_key=key.secret,
                token=key.token,
                region=run.region,
                endpoint_url=self._url(),
            )

        def text_of(name: str, version: str) -> str:
            return _text(run.account, run.region, name, version)[0]

        interpreter = Interpreter(
            session_for=session_for,
            location=Location(run.account, run.region),
            clock=time.time,
            pause=run.pause,
            documents=text_of,
            signals=run,
        )
        try:
            run.ended(
                interpreter.run(
                    document,
                    run.parameters,
                    execution_id=run.id,
                    on_step=run.heard,
                    cancelled=lambda: run.cancelled,
                )
            )
        except (SecurityAssistError, AwsError) as error:
            run.broke(str(error), datetime.now(UTC))
        except Exception:
            run.broke("the emulated Automation failed", datetime.now(UTC))
            raise

    def _of(self, call: Call) -> list[Started]:
        """The executions of the caller's account and Region, the newest first."""
        mine = [run for run in self._runs.values()
                if (run.account, run.region) == (call.account, call.region)]  # fmt: skip
        return mine[::-1]

    def _one(self, call: Call) -> Started:
        wanted = call.text("AutomationExecutionId")
        for run in self._of(call):
            if run.id == wanted:
                return run
        said = f"Couldn't find an automation execution with ID {wanted}"
        raise AwsError("AutomationExecutionNotFoundException", said)

    def get(self, call: Call) -> Answer:
        """GetAutomationExecution."""
        return json_answer({"AutomationExecution": _present(in_full(self._one(call)))})

    def describe(self, call: Call) -> Answer:
        """DescribeAutomationExecutions: every filter must hold, with any of its values."""
        found = self._of(call)
        for row in call.parameters.get("Filters") or []:
            test = _FILTERS.get(row["Key"])
            if test is None:
                raise AwsError("InvalidFilterKey", f"The specified key isn't valid: {row['Key']}")
            found = [run for run in found if any(test(run, value) for value in row["Values"])]
        rows, token = page([_present(described(run)) for run in found], call.parameters, most=50)
        return json_answer({"AutomationExecutionMetadataList": rows, "NextToken": token})

    def describe_steps(self, call: Call) -> Answer:
        """DescribeAutomationStepExecutions."""
        steps = [_present(step) for step in steps_of(self._one(call))]
        for row in call.parameters.get("Filters") or []:
            key = {"StepExecutionStatus": "StepStatus"}.get(row["Key"], row["Key"])
            steps = [step for step in steps if step.get(key) in row["Values"]]
        if call.parameters.get("ReverseOrder"):
            steps.reverse()
        rows, token = page(steps, call.parameters, most=50)
        return json_answer({"StepExecutions": rows, "NextToken": token})

    def stop(self, call: Call) -> Answer:
        """StopAutomationExecution."""
        if not self._one(call).stop():
            said = "The execution has ended."
            raise AwsError("InvalidAutomationStatusUpdateException", said)
        return json_answer({})

    def signal(self, call: Call) -> Answer:
        """SendAutomationSignal."""
        run = self._one(call)
        payload: Mapping[str, list[str]] = call.parameters.get("Payload") or {}
        step = (payload.get("StepName") or [""])[0]
        if not run.signal(call.text("SignalType"), step):
            said = "The signal is not valid for the current Automation execution."
            raise AwsError("InvalidAutomationSignalException", said)
        return json_answer({})

    def list_tags(self, call: Call) -> Answer:
        """ListTagsForResource: executions' here, the rest is moto's."""
        if call.text("ResourceType") != "Automation":
            return moto_services.dispatch(call)
        wanted = call.text("ResourceId")
        run = next((run for run in self._of(call) if run.id == wanted), None)
        if run is None:
            raise AwsError("InvalidResourceId", "The resource ID isn't valid.")
        tags = [{"Key": key, "Value": value} for key, value in run.tags.items()]
        return json_answer({"TagList": tags})


def _present(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value is not None}


def _text(account: str, region: str, name: str, version: str) -> tuple[str, str]:
    """A document's text and version number, as moto keeps it.

    Raises:
        NotFoundError: there is none of that name and version.
    """
    held = Holdings(account, region).of("ssm")._documents.get(name)  # noqa: SLF001 - moto's own
    if held is None:
        raise NotFoundError(f"there is no document {name}")
    if version in {"", "$DEFAULT"}:
        version = held.default_version
    elif version == "$LATEST":
        version = held.latest_version
    found = held.versions.get(version)
    if found is None:
        raise NotFoundError(f"document {name} has no version {version}")
    return found.content, version


def _document(account: str, region: str, name: str, version: str) -> tuple[Document, str]:
    try:
        text, number = _text(account, region, name, version)
        return runnable(text), number
    except NotFoundError as error:
        missing = "Version" if "version" in str(error) else ""
        raise AwsError(f"AutomationDefinition{missing}NotFoundException", str(error)) from error
    except UnsupportedDocumentError as error:
        raise AwsError("ValidationException", str(error)) from error


def _assume_role(document: Document, parameters: Mapping[str, Any]) -> str:
    """The role that the document is to run under; every parameter is checked on the way."""
    known = {parameter.name for parameter in document.parameters}
    if unknown := sorted(set(parameters) - known):
        raise AwsError(_BAD_PARAMETERS, f"there is no parameter {', '.join(unknown)}")
    try:
        values = {p.name: p.value(parameters) for p in document.parameters}
        return str(Scope(values).resolved(document.assume_role)) if document.assume_role else ""
    except (AutomationInputError, UnresolvedReferenceError) as error:
        raise AwsError(_BAD_PARAMETERS, str(error)) from error


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise AwsError("InvalidFilterValue", f"{text[:40]} is not a time") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
