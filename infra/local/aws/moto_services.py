"""moto, imported light: its services as functions from a request to an answer.

moto loads every EC2 instance type and its offerings in every Region when it is imported, and asks
boto3 for the Regions of every service in every partition; both together cost more than all the
rest. The emulated accounts need neither, so they are left out while moto is imported.
"""

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any

import boto3
from moto.core.request import Request
from moto.core.utils import convert_regex_to_flask_path
from moto.utilities import utils as moto_utils
from werkzeug.exceptions import NotFound
from werkzeug.routing import BaseConverter, Map, Rule

from infra.local.aws.calls import Call
from infra.local.aws.refusals import Answer, AwsError

REGIONS = ("us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-central-1", "eu-north-1",
           "eu-west-1", "eu-west-2", "eu-west-3", "ap-northeast-1", "ap-southeast-1",
           "ap-southeast-2", "ap-south-1", "ca-central-1", "sa-east-1")  # fmt: skip
"""The Regions that the emulated accounts have."""
_MODULES = {"lambda": "awslambda"}
_HEAVY = ("ec2/resources/instance_type", "ec2/resources/latest_amis", "ec2/resources/ecs")


class _Regex(BaseConverter):
    """`<regex("..."):name>`, as moto writes its paths."""

    part_isolating = False

    def __init__(self, url_map: Map, *items: str) -> None:
        super().__init__(url_map)
        self.regex = items[0]


class _NoDefaultVpc:
    """Accounts as a careful owner keeps them: the VPC that AWS makes in every Region is gone."""

    @property
    def id(self) -> str:
        """Asked for by calls that name no VPC."""
        raise importlib.import_module("moto.ec2.exceptions").VPCIdNotSpecifiedError


def prepare() -> None:
    """Import moto's EC2, which everything else rests on, without the tables that cost time."""
    load = moto_utils.load_resource
    regions = boto3.Session.get_available_regions

    def light(resource: str) -> Any:
        if not resource.startswith(_HEAVY):
            return load(resource)
        return {} if resource.endswith("instance_types.json") else []

    def few(_: boto3.Session, *__: str, partition_name: str = "aws", **___: bool) -> list[str]:
        return list(REGIONS) if partition_name == "aws" else []

    moto_utils.load_resource = light
    boto3.Session.get_available_regions = few  # type: ignore[method-assign,assignment]
    try:
        ec2 = importlib.import_module("moto.ec2.models")
    finally:
        moto_utils.load_resource = load
        boto3.Session.get_available_regions = regions  # type: ignore[method-assign]
    ec2.EC2Backend.create_default_vpc = lambda _: _NoDefaultVpc()
    base = importlib.import_module("moto.core.base_backend")
    base.AccountSpecificBackend._generate_regions = lambda *_: list(REGIONS)  # noqa: SLF001 - asks boto3, per account


@cache
def _routes(service: str) -> Map:
    module = _MODULES.get(service, service)
    try:
        paths = importlib.import_module(f"moto.{module}.urls").url_paths
    except ModuleNotFoundError as error:
        said = f"the emulated AWS has no service {service!r}"
        raise AwsError("UnknownOperationException", said, 404) from error
    rules = [
        Rule(convert_regex_to_flask_path(path.format("")), endpoint=handler, strict_slashes=False)
        for path, handler in paths.items()
        if path.format("")
    ]
    return Map(rules, converters={"regex": _Regex}, merge_slashes=False)


def _handler(service: str, request: Request) -> Callable[..., Any]:
    try:
        found, _ = _routes(service).bind("127.0.0.1").match(request.path, method=request.method)
    except NotFound as error:
        said = f"the emulated AWS has no {request.method} {request.path} of {service}"
        raise AwsError("UnknownOperationException", said, 404) from error
    handler: Callable[..., Any] = found
    return handler


def dispatch(call: Call) -> Answer:
    """What moto itself says to a call, in the account of its caller."""
    request = call.request
    request.environ["HTTP_X_MOTO_ACCOUNT_ID"] = call.account
    request.from_wsgi_server = True
    try:
        found = _handler(call.service, request)(request, request.raw_url, dict(request.headers))
    except NotImplementedError as error:
        said = f"the emulated AWS does not know {call.service}:{call.operation}"
        raise AwsError("NotImplemented", said, 501) from error
    status, headers, body = found if len(found) == 3 else (200, {}, found)
    content = body.encode() if isinstance(body, str) else bytes(body or b"")
    return int(status), {str(k): str(v) for k, v in headers.items() if k != "status"}, content
