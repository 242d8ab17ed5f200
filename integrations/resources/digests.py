"""What tells one state of a resource from another: all that its item told, but not when."""

import hashlib
from collections.abc import Iterable
from typing import Final, NamedTuple

import orjson

from integrations.resources.port import Link, Resource

_SIZE: Final = 16
"""Bytes: as many as keep whoever names and tags resources from making two states look like one."""


class Told(NamedTuple):
    """What a graph keeps of what was told of a resource."""

    digest: str
    """As `digest_of` makes it."""
    row: str
    """Of the record as it was written (`listed_rows`); empty where that is not known."""
    account: str
    region: str


def digest_of(resource: Resource, links: Iterable[Link]) -> str:
    """32 hex digits of a resource without its capture time, and of the links its item tells of.

    It is of the item as converted, not as AWS wrote it: what we do not read changes nothing, the
    forms in which Config tells one thing are one, and when our reading changes all is written anew.
    """
    told = sorted(
        [li.source, li.kind.value, li.target, *map(str, sorted(li.properties.items()))]
        for li in links
    )
    held = [
        resource.id,
        resource.type,
        resource.name,
        resource.short_id,
        resource.account,
        resource.region,
        dict(resource.tags),
        dict(resource.properties),
        told,
    ]
    try:
        text = orjson.dumps(held, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        # Half a surrogate pair is no text, and no graph takes it.
        text = repr(held).encode("utf-8", "backslashreplace")
    return hashlib.blake2b(text, digest_size=_SIZE).hexdigest()
