"""AWS Config items in: snapshot files, the API's form and histories, as resources and links.

Facts: AWS Config's configuration item and snapshot formats. Traps that real items hold: the
account is `awsAccountId` or `accountId`, the ARN `ARN` or `arn`; a relationship's name is `name`
(snapshot) or `relationshipName` (API), may end in a blank and varies in case; `configuration` may
be a JSON string.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from integrations.errors import RejectedRecordError
from integrations.resources import compute_items, data_items, identity_items, network_items
from integrations.resources.arns import label_of, resource_id_of
from integrations.resources.port import GraphChange, Link, Resource
from integrations.resources.relationships import links_of
from integrations.resources.telling import Telling

PROPERTIES: dict[str, str] = {
    "config_type": "AWS Config's name of the type: AWS::EC2::Instance",
    "public_ip": "an instance's or interface's public IPv4 address",
    "assign_public_ip": "of a container service: its tasks have public addresses",
    "state": "an instance's state; a KMS key's",
    "imds": "required (IMDSv2 only) or optional",
    "instance_type": "of an instance",
    "image": "of an instance: the AMI's id",
    "open_ports": "of a security group: ports open to everybody, `22/tcp,443/tcp` or `all`",
    "routed": "of a subnet or route table: it has a default route to an internet gateway",
    "main": "of a route table: it serves the VPC's subnets that name no other",
    "vpc": "id of the VPC it is in",
    "public": "of a bucket, snapshot, queue, topic, function: open to everybody by its own policy",
    "public_access_block": "of a bucket: all four settings are on",
    "encrypted": "at rest",
    "versioned": "of a bucket",
    "logging": "of a bucket or balancer: where its access logs go",
    "website": "of a bucket: it is configured as a website",
    "publicly_accessible": "of a database or cluster: it has a public address",
    "multi_az": "of a database",
    "engine": "of a database",
    "backup_days": "of a database",
    "runtime": "of a function",
    "url_auth": "of a function: auth type of its URL, NONE or AWS_IAM",
    "scheme": "of a balancer: internet-facing or internal",
    "deletion_date": "of a KMS key pending deletion, ISO 8601",
    "rotation": "of a KMS key",
    "admin": "of a role, user, group or policy: everything is allowed on everything",
    "trusts_everyone": "of a role",
    "trusts_accounts": "of a role: other accounts that may assume it, separated by commas",
    "external_id_required": "of a role: other accounts must give an ExternalId",
    "grants": "of an identity or policy: its statements, JSON `[[effect, actions, resources]]`",
    "sensitive": "a tag says that it holds personal, customer or confidential data",
    "multi_region": "of a trail",
    "public_endpoint": "of an EKS cluster: its API server answers everybody",
}
"""The flat facts of `Resource.properties`: name -> meaning. What Config does not tell is absent:
it knows no access keys' age, no MFA, and of function URLs only the permission that opens them."""

_OWN_WORDS = frozenset(
    {"configuration", "configurationItemCaptureTime", "configurationItemStatus",
     "configurationStateId", "relationships", "supplementaryConfiguration"}
)  # fmt: skip
"""What no finding has beside `resourceType`. The status is optional: one without it is there."""
_DELETED = frozenset({"resourcedeleted", "resourcedeletednotrecorded"})
_IDENTITY = ("resourceType", "resourceId", "resourceName", "ARN", "arn", "accountId",
             "awsAccountId", "awsRegion")  # fmt: skip
"""Where a placeholder makes an item a template; policies in a real one hold `${aws:username}`."""
_UNUSABLE = "not a usable AWS Config item: "
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_TEXT = 2_048
_MILLISECONDS = 10**11
"""A time above this counts milliseconds: as seconds it would be in the year 5138."""
_SENSITIVE_TAGS = frozenset({"data-classification", "dataclassification", "classification",
                             "sensitivity", "data-sensitivity"})  # fmt: skip
_SENSITIVE = frozenset({"customer", "confidential", "restricted", "personal", "pii", "pci",
                        "phi", "secret", "sensitive", "high"})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigItem:
    """One AWS Config item, read."""

    type: str
    """AWS Config's name: `AWS::EC2::Instance`."""
    id: str
    """Our id of the resource: its ARN where one is certain."""
    short_id: str
    name: str
    account: str
    region: str
    captured_at: datetime
    deleted: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)
    configuration: Mapping[str, Any] = field(default_factory=dict)
    supplementary: Mapping[str, Any] = field(default_factory=dict)
    relationships: Sequence[Mapping[str, Any]] = ()
    row: str = ""
    """The digest of the record as it was written, where one was made."""


def is_config_item(record: Mapping[str, Any]) -> bool:
    """Whether a record looks like an AWS Config item (and not like a finding)."""
    return "resourceType" in record and not _OWN_WORDS.isdisjoint(record)


def read_item(record: Mapping[str, Any]) -> ConfigItem:
    """One item, in whichever of Config's forms.

    Raises:
        RejectedRecordError: says what is missing or wrong.
    """
    config_type = _text(record, "resourceType")
    if any("${" in _text(record, name) for name in _IDENTITY):
        raise RejectedRecordError(_UNUSABLE + "it is a template, with ${...} in it")
    if not config_type.startswith("AWS::"):
        raise RejectedRecordError(f"{_UNUSABLE}resourceType is {config_type[:60]!r}")
    arn = _text(record, "ARN") or _text(record, "arn")
    short_id = _text(record, "resourceId") or _text(record, "resourceName")
    if not (short_id or arn):
        raise RejectedRecordError(_UNUSABLE + "it has no resourceId, resourceName or ARN")
    account = _text(record, "awsAccountId") or _text(record, "accountId") or _arn_part(arn, 4)
    if not account:
        raise RejectedRecordError(_UNUSABLE + "no awsAccountId, accountId or ARN names an account")
    region = _text(record, "awsRegion") or _arn_part(arn, 3) or "global"
    configuration = _object(record.get("configuration"))
    tags = _tags(record.get("tags")) or _tags(configuration.get("tags"))
    status = _text(record, "configurationItemStatus").replace("_", "").casefold()
    resource_id = (
        arn
        if arn.startswith("arn:")
        else resource_id_of(config_type, short_id or arn, account, region)
    )
    name = tags.get("Name") or _text(record, "resourceName") or _short(short_id or arn)
    return ConfigItem(
        type=config_type,
        id=resource_id,
        short_id=_short(short_id or arn),
        name=name,
        account=account,
        region=region,
        captured_at=_time(record.get("configurationItemCaptureTime")),
        deleted=status in _DELETED,
        tags=tags,
        configuration=configuration,
        supplementary={
            key: _object(value) if isinstance(value, str) else value
            for key, value in _object(record.get("supplementaryConfiguration")).items()
        },
        relationships=_rows(record.get("relationships")),
    )


def change_of(items: Sequence[ConfigItem]) -> GraphChange:
    """What to write for items; of several of one resource the newest counts."""
    latest: dict[str, ConfigItem] = {}
    for item in items:
        before = latest.get(item.id)
        if before is None or item.captured_at >= before.captured_at:
            latest[item.id] = item
    resources: list[Resource] = []
    links: list[tuple[str, Link]] = []
    for item in latest.values():
        if not item.deleted:
            resource, told = _told(item)
            resources.append(resource)
            links += [(item.id, link) for link in told]
    return GraphChange(
        resources=resources,
        links=links,
        deleted=[item.id for item in latest.values() if item.deleted],
        deleted_at={
            item.id: item.captured_at
            for item in latest.values()
            if item.deleted and item.captured_at > _NEVER
        },
        rows={item.id: item.row for item in latest.values() if item.row and not item.deleted},
    )


_TELLERS = (
    network_items.TELLERS | identity_items.TELLERS | compute_items.TELLERS | data_items.TELLERS
)


def _told(item: ConfigItem) -> tuple[Resource, list[Link]]:
    """A resource with its facts, and every link that its item tells of."""
    telling = Telling(item.id, item.account, item.region, item.configuration, item.supplementary)
    telling.fact("config_type", item.type)
    if any(
        key.casefold() in _SENSITIVE_TAGS and value.casefold() in _SENSITIVE
        for key, value in item.tags.items()
    ):
        telling.fact("sensitive", True)  # noqa: FBT003 - the fact's value
    teller = _TELLERS.get(item.type)
    if teller is not None:
        teller(telling)
    links = {(li.source, li.kind, li.target): li for li in telling.links}
    for link in links_of(item.id, item.type, item.account, item.region, item.relationships):
        links.setdefault((link.source, link.kind, link.target), link)
    resource = Resource(
        id=item.id,
        type=label_of(item.type),
        name=item.name,
        short_id=item.short_id,
        account=item.account,
        region=item.region,
        tags=item.tags,
        properties=telling.facts,
        captured_at=item.captured_at,
    )
    return resource, list(links.values())


def _text(record: Mapping[str, Any], key: str) -> str:
    value = record.get(key)
    return value.strip()[:_LONGEST_TEXT] if isinstance(value, str) else ""


def _object(value: Any) -> dict[str, Any]:
    """An object, also where it is written as a JSON string; empty for anything else."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {"text": value}
    return value if isinstance(value, dict) else {}


def _rows(value: Any) -> list[Mapping[str, Any]]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return []
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _tags(value: Any) -> dict[str, str]:
    """Tags as an object, or as a list of key and value in either case."""
    if isinstance(value, dict):
        return {str(k): str(v) for k, v in value.items() if isinstance(v, str | int | bool)}
    found: dict[str, str] = {}
    for row in value if isinstance(value, list) else []:
        if isinstance(row, dict):
            key = row.get("key", row.get("Key", row.get("tag")))
            if isinstance(key, str):
                found[key] = str(row.get("value", row.get("Value", "")))
    return found


def _short(resource_id: str) -> str:
    """AWS's short id of an ARN: what comes last."""
    tail = resource_id.rsplit(":", 1)[-1] if resource_id.startswith("arn:") else resource_id
    return tail.rsplit("/", 1)[-1] if resource_id.startswith("arn:") else tail


def _arn_part(arn: str, index: int) -> str:
    parts = arn.split(":", 5)
    return parts[index] if parts[0] == "arn" and len(parts) > index else ""


def _time(value: Any) -> datetime:
    """The capture time; the epoch where there is none, so that any dated item replaces it."""
    try:
        return _moment(value)
    except (TypeError, ValueError, OverflowError, OSError):
        return _NEVER


def _moment(value: Any) -> datetime:
    """ISO text, seconds or milliseconds since the epoch, or a recorded API's object of parts."""
    if isinstance(value, str):
        read = datetime.fromisoformat(value)
        return read if read.tzinfo else read.replace(tzinfo=UTC)
    if isinstance(value, dict):
        parts = [
            int(value[k])
            for k in ("year", "month", "day", "hour", "minute", "second")
            if k in value
        ]
        return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc] # up to six integers
    seconds = float(value)
    return datetime.fromtimestamp(seconds / 1000 if seconds > _MILLISECONDS else seconds, tz=UTC)
