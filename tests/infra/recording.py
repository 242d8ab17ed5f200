"""Between the doors and AWS: hands every call on, and takes down the hub's, in IAM's words."""

import http.client
import json
import re
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from botocore.loaders import create_loader
from typing_extensions import override

from integrations.runbooks.permissions import iam_action
from tests.loopback_http import Quiet, serving

_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d{8}/[^/]+/([^/]+)/aws4_request")
_TRANSACTED = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
"""What IAM asks for each part of a transaction ("Amazon DynamoDB Transactions: IAM")."""


_REST = {"bedrock": "bedrock-runtime", "bedrock-agentcore": "bedrock-agentcore"}
"""Services that tell an operation by method and path: how they sign -> boto3's name of a client."""
_PERMITTED = {"Converse": "InvokeModel", "ConverseStream": "InvokeModelWithResponseStream"}
"""What Bedrock asks IAM for an operation ("ConverseStream", Amazon Bedrock API reference)."""


@dataclass(frozen=True, slots=True, order=True)
class Called:
    """One action on what it was done to."""

    action: str
    on: str = ""
    """Of DynamoDB the table, of STS the role, of Secrets Manager the secret; else nothing."""


@dataclass
class Recorder:
    """Where it is, and what the hub's own credentials were used for."""

    key: str
    """The hub's access key: calls of others, such as a tenant's role, are not the hub's."""
    url: str = ""
    calls: set[Called] = field(default_factory=set)

    def heard(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> None:
        """Take down a call; `headers` by their names in small letters."""
        found = _CREDENTIAL.search(headers.get("authorization", ""))
        if found is None or found[1] != self.key:
            return
        service = found[2]
        target = headers.get("x-amz-target")
        if service == "dynamodb" and target:
            self.calls |= set(_of_dynamodb(target.rpartition(".")[2], json.loads(body)))
        elif target:
            self.calls.add(_named(service, target.rpartition(".")[2], json.loads(body or b"{}")))
        elif service in _REST:
            operation = _operation(_REST[service], method, path)
            self.calls.add(Called(f"{service}:{_PERMITTED.get(operation, operation)}"))
            if b"guardrailConfig" in body:
                self.calls.add(Called("bedrock:ApplyGuardrail"))
        elif service == "s3":
            self.calls.add(Called({"GET": "s3:GetObject"}.get(method, f"s3:{method}")))
        else:
            form = dict(urllib.parse.parse_qsl(body.decode()))
            self.calls.add(_named(service, form.get("Action", f"{method} {path}"), form))
            if form.get("SourceIdentity"):
                self.calls.add(Called("sts:SetSourceIdentity", _role(form)))


def _operation(client: str, method: str, path: str) -> str:
    """The operation of a service's model that a request is for."""
    model = create_loader().load_service_model(client, "service-2")
    asked = path.partition("?")[0]
    for name, told in model["operations"].items():
        pattern = re.sub(r"\{[^}]+\}", "[^/]+", told["http"]["requestUri"].partition("?")[0])
        if told["http"]["method"] == method and re.fullmatch(pattern, asked):
            return str(name)
    raise AssertionError(f"{client} has no {method} {asked}")


def _of_dynamodb(operation: str, body: dict[str, object]) -> Iterator[Called]:
    tables: object = body.get("TableName")
    if operation == "TransactWriteItems":
        items = body["TransactItems"]
        assert isinstance(items, list)
        for one in items:
            for kind, told in one.items():
                yield Called(f"dynamodb:{_TRANSACTED[kind]}", told["TableName"].rpartition("-")[2])
    elif operation == "BatchGetItem":
        requested = body["RequestItems"]
        assert isinstance(requested, dict)
        for table in requested:
            yield Called("dynamodb:BatchGetItem", table.rpartition("-")[2])
    else:
        yield Called(f"dynamodb:{operation}", str(tables).rpartition("-")[2])


def _named(service: str, operation: str, parameters: dict[str, str]) -> Called:
    on = _role(parameters) if service == "sts" else ""
    if service == "secretsmanager":
        on = parameters["SecretId"].rpartition("/")[2].partition("-")[0]
    return Called(iam_action(service, operation), on)


def _role(parameters: dict[str, str]) -> str:
    return parameters.get("RoleArn", "").rpartition("/")[2]


@contextmanager
def recording(target: str, key: str) -> Iterator[Recorder]:
    """Between whoever calls and an emulator at `target`, while the block lasts."""
    recorder = Recorder(key)
    parts = urllib.parse.urlsplit(target)

    class Handler(Quiet):
        @override
        def serve(self) -> None:
            body = self.sent()
            headers = {name.lower(): value for name, value in self.headers.items()}
            recorder.heard(self.command, self.path, headers, body)
            onward = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
            try:
                # The Host stays: it is signed.
                onward.request(self.command, self.path, body, dict(self.headers.items()))
                answer = onward.getresponse()
                said = answer.read()
            finally:
                onward.close()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

    with serving(Handler) as url:
        recorder.url = url
        yield recorder
