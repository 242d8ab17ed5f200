"""Whether what the settings name is there, and is as the program needs it; changes nothing.

For `assist doctor`. DescribeTable (DynamoDB API reference), GetQueueAttributes (SQS API reference),
GetAgentRuntime (AgentCore control plane API reference).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from integrations.access import hub_client
from integrations.aws import NO_ANSWER, AmbientSession
from integrations.aws_errors import error_code, is_denied
from integrations.dynamodb_tables import TABLES, definition, location
from integrations.errors import DeniedByAwsError, NotFoundError, UnavailableError
from integrations.settings import AwsAccess
from integrations.work.sqs import endpoint_of

_WAITING = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueState:
    """A queue of SQS and the one for its dead letters."""

    waiting: int
    """Messages that wait or are worked on."""
    attempts: int
    """After how many a message is put aside; 0: never, as there is no queue for that."""
    dead: int
    """Messages that were put aside."""


def queue_state(url: str, tables: str) -> QueueState:
    """A FIFO queue by its URL; its Region is that of `tables`.

    Raises:
        InvalidSettingError: one of the two means nothing.
        NotFoundError, DeniedByAwsError, UnavailableError: what SQS says.
    """
    session = AmbientSession(region=location(tables).region)
    client = session.client("sqs", endpoint_url=endpoint_of(url))
    told = _attributes(client, url)
    redrive = json.loads(told.get("RedrivePolicy") or "{}")
    if not redrive:
        return QueueState(waiting=_waiting(told), attempts=0, dead=0)
    name = str(redrive["deadLetterTargetArn"]).rpartition(":")[2]
    dead = _attributes(client, f"{url.rpartition('/')[0]}/{name}")
    attempts = int(redrive["maxReceiveCount"])
    return QueueState(waiting=_waiting(told), attempts=attempts, dead=_waiting(dead))


def _attributes(client: Any, url: str) -> dict[str, str]:
    with _asking("SQS", "sqs:GetQueueAttributes"):
        told = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    attributes: dict[str, str] = told["Attributes"]
    return attributes


def _waiting(told: dict[str, str]) -> int:
    return sum(int(told.get(name, 0)) for name in _WAITING)


def table_differences(tables: str) -> list[str]:
    """What is otherwise than `dynamodb_tables` says, table by table; nothing where all is as it is.

    Raises:
        InvalidSettingError: `tables` means nothing.
        DeniedByAwsError, UnavailableError: what DynamoDB says.
    """
    where = location(tables)
    session = AmbientSession(region=where.region)
    client = session.client("dynamodb", endpoint_url=where.endpoint)
    wrong: list[str] = []
    for table in TABLES:
        wanted = definition(table, where.prefix)
        name = wanted["TableName"]
        try:
            with _asking("DynamoDB", "dynamodb:DescribeTable"):
                told = client.describe_table(TableName=name)["Table"]
        except NotFoundError:
            wrong.append(f"{name} is not there")
            continue
        if told["TableStatus"] != "ACTIVE":
            wrong.append(f"{name} is {told['TableStatus']}")
        if _keys(told["KeySchema"]) != _keys(wanted["KeySchema"]):
            wrong.append(f"{name} has other keys")
        held = {index["IndexName"] for index in told.get("LocalSecondaryIndexes") or ()}
        if missing := sorted(set(table.indexes) - held):
            wrong.append(f"{name} lacks the index {', '.join(missing)}")
    return wrong


def _keys(schema: list[dict[str, str]]) -> list[tuple[str, str]]:
    return sorted((key["AttributeName"], key["KeyType"]) for key in schema)


def runtime_status(arn: str, endpoint: str, aws: AwsAccess) -> str:
    """The status of an AgentCore runtime's endpoint: `READY` where it answers.

    Raises:
        NotFoundError, DeniedByAwsError, UnavailableError: what AgentCore says.
    """
    client = hub_client("bedrock-agentcore-control", aws)
    runtime = arn.rpartition("/")[2]
    with _asking("AgentCore", "bedrock-agentcore:GetAgentRuntimeEndpoint"):
        told = client.get_agent_runtime_endpoint(agentRuntimeId=runtime, endpointName=endpoint)
    return str(told["status"])


@contextmanager
def _asking(service: str, action: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error_code(error.response)
        if "NotFound" in code or "NonExistent" in code:
            raise NotFoundError(f"{service}: {error}") from error
        if is_denied(code):
            raise DeniedByAwsError(action, "", code) from error
        raise UnavailableError(f"{service}: {code}") from error
    except NO_ANSWER as error:
        raise UnavailableError(f"{service} did not answer ({type(error).__name__})") from error
