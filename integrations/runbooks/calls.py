"""The AWS calls of one document, under one role."""

from collections.abc import Callable, Mapping
from typing import Any

import boto3
from botocore import xform_name
from botocore.exceptions import (
    ClientError,
    ParamValidationError,
    UnknownServiceError,
)

from integrations.aws import NO_ANSWER
from integrations.aws_errors import error_code
from integrations.runbooks.failures import StepFailedError, plain
from integrations.runbooks.interception import Ledger
from integrations.runbooks.permissions import iam_action

SessionFor = Callable[[str], boto3.Session]
"""The session of a role by its ARN, empty for the caller's own; at its endpoint and region."""


class AwsCalls:
    """Calls operations by their API name; keeps one client a service."""

    def __init__(self, session: boto3.Session, ledger: Ledger | None) -> None:
        """With a ledger every call passes it first, and nothing but reads goes out."""
        self.session = session
        self._ledger = ledger
        self._clients: dict[str, Any] = {}

    def call(self, service: str, api: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one call, as plain JSON without its metadata.

        Raises:
            StepFailedError: there is no such operation, its parameters are wrong, or AWS said no.
        """
        client = self._client(service)
        operation = self._operation(client, service, api)
        try:
            answer = getattr(client, xform_name(operation))(**parameters)
        except ClientError as error:
            raise StepFailedError(
                str(error),
                code=error_code(error.response),
                action=iam_action(service, operation),
            ) from error
        except ParamValidationError as error:
            raise StepFailedError(f"{service} {operation}: {error}") from error
        except (*NO_ANSWER, PermissionError) as error:
            raise StepFailedError(f"{service} {operation}: {error}", code="Unavailable") from error
        return dict(plain(answer))

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            try:
                client = self.session.client(service)  # type: ignore[call-overload]
            except UnknownServiceError as error:
                raise StepFailedError(f"there is no service {service!r}") from error
            if self._ledger is not None:
                self._ledger.watch(client)
            self._clients[service] = client
        return self._clients[service]

    def _operation(self, client: Any, service: str, api: str) -> str:
        """The API name as AWS writes it; documents also say `describe_instances`."""
        for name in client.meta.service_model.operation_names:
            if api in {name, xform_name(name)} or api[:1].upper() + api[1:] == name:
                return str(name)
        raise StepFailedError(f"{service} has no operation {api!r}")
