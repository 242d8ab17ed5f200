"""Resources, links and AWS Config items to begin with, changed by what a test is about."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from integrations.resources.arns import type_of_id
from integrations.resources.config_items import ConfigItem, change_of, read_item
from integrations.resources.derive import derived_links
from integrations.resources.gremlin_rows import mentioned
from integrations.resources.port import GraphChange, Link, LinkKind, Resource, Scalar
from tests.builders import ACCOUNT, NOON, REGION

OTHER_ACCOUNT = "444455556666"


def arn(service: str, rest: str, region: str = REGION, account: str = ACCOUNT) -> str:
    """An ARN of the account."""
    return f"arn:aws:{service}:{region}:{account}:{rest}"


def ec2(rest: str) -> str:
    """`ec2("instance/i-1")`."""
    return arn("ec2", rest)


def iam(rest: str, account: str = ACCOUNT) -> str:
    """`iam("role/web")`."""
    return arn("iam", rest, "", account)


def resource(
    resource_id: str,
    kind: str = "",
    *,
    name: str = "",
    at: datetime | None = NOON,
    tags: Mapping[str, str] | None = None,
    **properties: Scalar,
) -> Resource:
    """One resource, its type read from its ARN unless it is given."""
    guessed, short = type_of_id(resource_id)
    return Resource(
        id=resource_id,
        type=kind or guessed,
        name=name or short,
        short_id=short,
        account=ACCOUNT,
        region=REGION,
        tags=tags or {},
        properties=properties,
        captured_at=at,
    )


def link(source: str, kind: LinkKind, target: str, **properties: Scalar) -> Link:
    """One link."""
    return Link(source=source, kind=kind, target=target, properties=properties)


def change(
    resources: Iterable[Resource], links: Iterable[Link] = (), deleted: Sequence[str] = ()
) -> GraphChange:
    """Resources with links, each told of by that end which is described, the source first."""
    described = list(resources)
    ids = {r.id for r in described}
    return GraphChange(
        resources=described,
        links=[(li.source if li.source in ids else li.target, li) for li in links],
        deleted=deleted,
    )


def chain(*ids: str, kind: LinkKind = LinkKind.CAN_ACCESS) -> GraphChange:
    """Resources each of which gets at the next."""
    links = [link(a, kind, b) for a, b in pairwise(ids)]
    return change([resource(i, "AwsEc2Instance") for i in ids], links)


def config_item(
    config_type: str,
    short_id: str,
    configuration: Mapping[str, Any] | None = None,
    *,
    at: datetime = NOON,
    status: str = "OK",
    relationships: Sequence[Mapping[str, Any]] = (),
    supplementary: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """One item as AWS Config delivers it in a snapshot file; None takes a field away."""
    item: dict[str, Any] = {
        "configurationItemVersion": "1.3",
        "configurationItemCaptureTime": at.isoformat().replace("+00:00", "Z"),
        "configurationItemStatus": status,
        "resourceType": config_type,
        "resourceId": short_id,
        "awsAccountId": ACCOUNT,
        "awsRegion": REGION,
        "configuration": configuration or {},
        "supplementaryConfiguration": supplementary or {},
        "relationships": list(relationships),
        "tags": tags or {},
    }
    return {key: value for key, value in (item | changes).items() if value is not None}


def told(*items: Mapping[str, Any]) -> GraphChange:
    """What Config items tell."""
    return change_of([_read(item) for item in items])


def facts_of(
    config_type: str, configuration: Mapping[str, Any], **more: Any
) -> Mapping[str, Scalar]:
    """The facts that one item tells."""
    (found,) = told(config_item(config_type, "x", configuration, **more)).resources
    return found.properties


def links_of(
    config_type: str, short_id: str, configuration: Mapping[str, Any], **more: Any
) -> set[tuple[str, LinkKind, str]]:
    """(source, kind, target) of every link that one item tells of."""
    item = config_item(config_type, short_id, configuration, **more)
    return {(li.source, li.kind, li.target) for _, li in told(item).links}


def derived(*items: Mapping[str, Any]) -> dict[tuple[str, LinkKind, str], Mapping[str, Scalar]]:
    """The links derived from Config items: (source, kind, target) -> properties."""
    change = told(*items)
    links = [li for _, li in change.links]
    described = {r.id for r in change.resources}
    ends = {end for li in links for end in (li.source, li.target)}
    resources = [*change.resources, *map(mentioned, sorted(ends - described))]
    found = derived_links(resources, links)
    return {(li.source, li.kind, li.target): li.properties for li in found}


def _read(item: Mapping[str, Any]) -> ConfigItem:
    return read_item(json.loads(json.dumps(item)))


def statement(
    action: str | list[str],
    on: str | list[str] = "*",
    *,
    effect: str = "Allow",
    **more: Any,
) -> dict[str, Any]:
    """One statement of a permissions policy."""
    return {"Effect": effect, "Action": action, "Resource": on} | more


def policy(*statements: Mapping[str, Any]) -> dict[str, Any]:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trust(principal: Any, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    """One statement of a trust policy."""
    return {"Effect": effect, "Principal": principal, "Action": "sts:AssumeRole"} | more
