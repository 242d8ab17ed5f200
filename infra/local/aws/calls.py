"""One call as it arrives: which service and operation, whose, with what.

Facts: the AWS protocols (query, ec2, json 1.x, rest-json, rest-xml) as the botocore service models
name them. REST operations are found through moto's routers, which read the same models.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from moto.core.request import Request
from moto.core.routing import get_service_router
from werkzeug.exceptions import HTTPException

from infra.local.aws.principals import Principal
from infra.local.aws.refusals import AwsError


class Protocol(StrEnum):
    """How parameters, results and errors are written."""

    EC2 = "ec2"
    QUERY = "query"
    JSON = "json"
    REST_JSON = "rest-json"
    REST_XML = "rest-xml"
    CBOR = "cbor"


_REST_JSON = frozenset({"lambda", "securityhub", "guardduty", "eks", "access-analyzer"})
_SERVICES = {
    "monitoring": "cloudwatch",
    "tagging": "resourcegroupstaggingapi",
    "access-analyzer": "accessanalyzer",
}
"""Signing name -> botocore's name, where they differ."""
_BALANCERS = {"2012-06-01": "elb", "2015-12-01": "elbv2"}
"""Two services share a signing name; the API version tells them apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call, authenticated."""

    service: str
    """As boto3 names the client: `ec2`, `elbv2`, `s3control`."""
    operation: str
    """As AWS names the API: `RevokeSecurityGroupIngress`."""
    region: str
    protocol: Protocol
    parameters: Mapping[str, Any] = field(repr=False)
    """As sent: `GroupId`, `InstanceId.1` (query protocols), JSON, or path, query and body."""
    principal: Principal
    request: Request = field(repr=False)

    @property
    def account(self) -> str:
        """Whose account the call is about: always the caller's own."""
        return self.principal.account

    def text(self, name: str, default: str = "") -> str:
        """A parameter that is text; the default when it is missing."""
        found = self.parameters.get(name)
        return found if isinstance(found, str) else default


def service_of(signing_name: str, request: Request) -> str:
    """The service that a signed request is meant for.

    Args:
        signing_name: From the credential scope: `elasticloadbalancing`.
        request: Its path and form tell services apart that share a signing name.
    """
    if signing_name == "s3" and request.path.startswith("/v20180820/"):
        return "s3control"
    if signing_name == "elasticloadbalancing":
        return _BALANCERS.get(request.values.get("Version", ""), "elbv2")
    return _SERVICES.get(signing_name, signing_name)


def protocol_of(service: str, request: Request) -> Protocol:
    """The protocol of a service; for those that speak several, of this request."""
    if service in {"s3", "s3control"}:
        return Protocol.REST_XML
    if "smithy-protocol" in request.headers:
        return Protocol.CBOR
    if "x-amz-target" in request.headers:
        return Protocol.JSON
    if service == "ec2":
        return Protocol.EC2
    if request.values.get("Action"):
        return Protocol.QUERY
    return Protocol.REST_JSON


def operation_of(service: str, protocol: Protocol, request: Request) -> tuple[str, dict[str, Any]]:
    """The operation and its parameters, as sent.

    Raises:
        AwsError: no such operation, or a body that cannot be read.
    """
    if protocol in {Protocol.EC2, Protocol.QUERY}:
        return request.values.get("Action", ""), dict(request.values.items())
    if protocol is Protocol.JSON:
        return request.headers["x-amz-target"].rpartition(".")[2], _json(request)
    try:
        operation, found = get_service_router(service).match(request)
    except (HTTPException, NotImplementedError) as error:
        said = f"the emulated AWS does not know {request.method} {request.path} of {service}"
        raise AwsError("UnknownOperationException", said, 404) from error
    parameters: dict[str, Any] = {**request.args.to_dict(), **found}
    if protocol is Protocol.REST_JSON:
        parameters |= _json(request)
    return str(operation.name), parameters


def _json(request: Request) -> dict[str, Any]:
    body = request.get_data()
    try:
        found = json.loads(body) if body else {}
    except (ValueError, RecursionError) as error:
        raise AwsError("SerializationException", "the body is not JSON") from error
    if not isinstance(found, dict):
        raise AwsError("SerializationException", "the body is not a JSON object")
    return found
