"""The tables in DynamoDB, as data: what deploys them and what makes them locally read this.

Every table has a partition key `pk` (text) and a sort key `sk`. What stands in them is written on
each engine; why there are several is decided in docs/adr (few tables, one for each subject).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.errors import InvalidSettingError


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table; its name in AWS has a prefix before it."""

    name: str
    sorted_by: str = "S"
    """Type of the sort key: `S` text, `N` number."""
    indexes: Mapping[str, str] = field(default_factory=dict)
    """Local secondary indexes, name -> the text attribute that sorts it. Local ones, because only
    they can be read consistently; a partition with one is at most 10 GB."""
    expires: str = ""
    """The attribute with the second (since the epoch) after which DynamoDB may delete an item, some
    days later perhaps: it saves space, and nothing relies on it. Empty: none is deleted."""
    append_only: bool = False
    """No role that the program has may update or delete here."""


TENANTS = Table(name="tenants")
REMEDIATIONS = Table(
    name="remediations",
    indexes={
        "by_time": "at_time",
        "by_stage": "at_stage",
        "by_finding": "at_finding",
        "unshown": "at_unshown",
    },
)
AUDIT = Table(name="audit", sorted_by="N", append_only=True)
CONVERSATIONS = Table(name="conversations", expires="expires")
WORK = Table(name="work", expires="expires")
PIPELINES = Table(name="pipelines", indexes={"by_time": "at_time"})

TABLES = (TENANTS, REMEDIATIONS, AUDIT, CONVERSATIONS, WORK, PIPELINES)


@dataclass(frozen=True, slots=True)
class Location:
    """Where the tables are."""

    region: str
    prefix: str
    """What their names begin with."""
    endpoint: str | None = None
    """None: AWS itself."""


_WHERE = re.compile(
    r"dynamodb://(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)/(?P<prefix>[A-Za-z0-9_.-]{1,200})"
    r"(?:\?endpoint=(?P<endpoint>https?://[^\s?#]+))?"
)


def location(told: str) -> Location:
    """What `SECURITY_ASSIST_TABLES` says.

    Raises:
        InvalidSettingError: it is not of that form.
    """
    found = _WHERE.fullmatch(told)
    if found is None:
        raise InvalidSettingError(
            f"SECURITY_ASSIST_TABLES is dynamodb://REGION/PREFIX, not {told!r}; for an endpoint of"
            " one's own, with ?endpoint=http://HOST:PORT"
        )
    return Location(found["region"], found["prefix"], found["endpoint"])


def definition(table: Table, prefix: str) -> dict[str, Any]:
    """What CreateTable takes; CloudFormation's AWS::DynamoDB::Table has the same words for it.

    Source: DynamoDB API Reference, CreateTable.
    """
    kinds = {"pk": "S", "sk": table.sorted_by, **dict.fromkeys(table.indexes.values(), "S")}
    told: dict[str, Any] = {
        "TableName": f"{prefix}-{table.name}",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in kinds.items()
        ],
        "KeySchema": _keys("sk"),
    }
    if table.indexes:
        told["LocalSecondaryIndexes"] = [
            {
                "IndexName": index,
                "KeySchema": _keys(attribute),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
            for index, attribute in table.indexes.items()
        ]
    return told


def _keys(sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]
