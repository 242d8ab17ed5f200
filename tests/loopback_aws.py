"""A loopback AWS, above all for services that speak JSON: records every request.

The wire format is AWS's JSON 1.1 protocol: the operation in `X-Amz-Target`, errors by `__type`.
Of the query protocol only the operation is understood; XML is answered as it is given, and errors
as that protocol has them.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from typing_extensions import override

from integrations.aws import AwsSession
from tests.loopback_http import Quiet, serving

Answer = Callable[[str, dict[str, Any]], dict[str, Any] | str]
"""From an operation and its parameters to what comes back: JSON, XML, or a proxy's page."""


class RefusedError(Exception):
    """AWS says no: its code and its words."""


@dataclass
class LoopbackAws:
    """Where it is, what came, and what it holds."""

    answer: Answer
    url: str = ""
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def operations(self) -> list[str]:
        """The operations that came, in order: `GetParameter`."""
        return [operation for operation, _ in self.requests]

    def session(self) -> AwsSession:
        """A session that calls nothing but this."""
        return AwsSession(
            access_key="fake",
            secret_key="fake",
            token="fake",
            region="eu-west-1",
            endpoint_url=self.url,
        )


class ParameterStore:
    """The part of SSM that keeps parameters; enough to read, to write and to be refused."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)
        self.refused: dict[str, tuple[str, str]] = {}
        """Operation -> what it is refused with."""

    def __call__(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        if operation in self.refused:
            raise RefusedError(*self.refused[operation])
        if operation == "GetParameter":
            if body["Name"] not in self.values:
                raise RefusedError("ParameterNotFound", "there is none")
            return {"Parameter": {"Name": body["Name"], "Value": self.values[body["Name"]]}}
        if operation == "PutParameter":
            self.values[body["Name"]] = body["Value"]
            return {"Version": 7, "Tier": "Standard"}
        if operation == "DeleteParameter":
            self.values.pop(body["Name"], None)
            return {}
        if operation == "DescribeParameters":
            return {"Parameters": [{"Name": name} for name in sorted(self.values)]}
        raise RefusedError("UnknownOperationException", operation)


@contextmanager
def loopback_aws(answer: Answer) -> Iterator[LoopbackAws]:
    """Serve on 127.0.0.1 until the block ends."""
    aws = LoopbackAws(answer)

    class Handler(Quiet):
        @override
        def serve(self) -> None:
            sent = self.sent()
            target = self.headers.get("X-Amz-Target")
            if target:
                operation, body = target.rpartition(".")[2], json.loads(sent or b"{}")
            else:
                body = dict(parse_qsl(sent.decode()))
                operation = body.pop("Action", "")
            aws.requests.append((operation, body))
            status, said = 200, b""
            try:
                answer = aws.answer(operation, body)
                said = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
                status = 502 if said.startswith(b"<html>") else 200
            except RefusedError as refused:
                code, message = refused.args
                status = 500 if code.startswith("Internal") else 400
                said = json.dumps({"__type": code, "message": message}).encode()
                if not target:
                    inside = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
                    said = f"<ErrorResponse><Error>{inside}</Error></ErrorResponse>".encode()
            self.answer(status, said, "application/x-amz-json-1.1")

    with serving(Handler) as url:
        aws.url = url
        yield aws
