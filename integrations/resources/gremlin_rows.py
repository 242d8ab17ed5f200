"""Resources and links as the rows that Gremlin writes and reads, and back.

Kept to what Neptune allows: ids are strings that begin with the tenant, labels hold no `::`,
integers beyond 31 bits are wrapped as long. Tags and facts are JSON text, so that no name in them
becomes a property's name.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

import orjson
from gremlin_python.process.traversal import Direction as To
from gremlin_python.process.traversal import T
from gremlin_python.statics import long

from integrations.errors import RejectedRecordError
from integrations.resources.arns import type_of_id
from integrations.resources.port import INTERNET, INTERNET_TYPE, Link, LinkKind, Resource

FRONTIER = 500
"""Ids of one question."""
TOLD = ("name", "short", "account", "region", "tags", "facts", "captured", "known")
"""Of a vertex's properties those that a resource is made of."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ID, _LABEL, _OUT, _IN = "id", "label", "OUT", "IN"
_GONE = "gone|"
"""Before the id of what was deleted; no resource's id begins so: they are ARNs or begin with a
type."""
_SETTLED = "settled|"
"""Whether the derived links agree with everything else is kept under this id."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one write: maps of texts, numbers and truth values, or of such maps.

    They are kept from gremlinpython, which would copy them one key at a time, and are written by
    the connection as its engine takes them quickest.
    """

    rows: Sequence[Mapping[Any, Any]]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much an engine takes in one write."""

    vertices: int = 200
    edges: int = 200


class Rows:
    """Between one tenant's words and the graph's."""

    def __init__(self, tenant: str) -> None:
        """Of `tenant`: every id that goes in or out carries its prefix."""
        self.tenant = tenant
        self.prefix = f"{tenant}|"

    def vid(self, resource_id: str) -> str:
        """A vertex's id."""
        return self.prefix + resource_id

    def vids(self, resource_ids: Iterable[str]) -> list[str]:
        """Vertices' ids."""
        return [self.prefix + resource_id for resource_id in resource_ids]

    def rid(self, vertex_id: str) -> str:
        """A resource's id."""
        return vertex_id.removeprefix(self.prefix)

    def rids(self, vertex_ids: Iterable[str]) -> list[str]:
        """The ids of this tenant's resources among vertices."""
        return [self.rid(i) for i in vertex_ids if i.startswith(self.prefix)]

    def gone(self, resource_id: str) -> str:
        """The id of the vertex that remembers when a resource was deleted."""
        return self.prefix + _GONE + resource_id

    def gone_row(self, resource_id: str, at: int, owners: Iterable[str] = ()) -> dict[Any, Any]:
        """That vertex. It has no property `tenant`, so no question finds it.

        `at` is in milliseconds; `owners` are the resources whose links to it went with it.
        """
        which = {T.id: self.gone(resource_id), T.label: "Gone"}
        return {"m": which, "p": {"at": long(at), "owners": json.dumps(sorted(owners))}}

    @property
    def settled(self) -> str:
        """The id of the vertex that is there while derived links agree with all else."""
        return self.prefix + _SETTLED

    def settled_row(self, rules: int) -> dict[Any, Any]:
        """That vertex: the rules that links are derived by, the change that came last.

        No question finds it.
        """
        told = {"rules": rules, "version": uuid4().hex}
        return {"m": {T.id: self.settled, T.label: "Settled"}, "p": told}

    def identity(self, resource: Resource) -> dict[Any, Any]:
        """What a vertex is found by."""
        return {T.id: self.vid(resource.id), T.label: resource.type}

    def row(self, resource: Resource, told: str = "", row: str = "") -> dict[str, Any]:
        """What writes a vertex: what it is `m`atched by and its new `p`roperties."""
        return {"m": self.identity(resource), "p": self.properties(resource, told, row)}

    def properties(self, resource: Resource, told: str = "", row: str = "") -> dict[str, Any]:
        """What a vertex holds.

        Args:
            resource: Its resource.
            told: The digest of the resource and of its item's links.
            row: The digest of the record that told of it, as that was written.
        """
        words = (resource.name, resource.short_id, resource.id)
        held = {
            "tenant": self.tenant,
            "name": resource.name,
            "short": resource.short_id,
            "words": "\n".join(map(folded, words)),
            "account": resource.account,
            "region": resource.region,
            "known": resource.known,
            "captured": long(captured(resource)),
            "tags": _text(dict(resource.tags)),
            "facts": _text(dict(resource.properties)),
            "told": told,
            "row": row,
        }
        return held | {"digest": digest(held)}

    def resource(self, found: Mapping[Any, Any]) -> Resource:
        """The resource of an element map."""
        row = normal(found)
        at = row["captured"]
        return Resource(
            id=self.rid(row[_ID]),
            type=row[_LABEL],
            # Neptune's loader leaves empty texts out.
            name=row.get("name", ""),
            short_id=row.get("short", ""),
            account=row.get("account", ""),
            region=row.get("region", ""),
            tags=_object(row["tags"]),
            properties=_object(row["facts"]),
            captured_at=EPOCH + timedelta(milliseconds=at) if at > 0 else None,
            known=row["known"],
        )

    def outlined(self, row: Mapping[str, Any]) -> Resource:
        """A resource without its names and tags: of its `i`d, `l`abel, `k`nown and `f`acts."""
        return Resource(
            id=self.rid(row["i"]),
            type=row["l"],
            name="",
            short_id="",
            known=row["k"],
            properties=_object(row["f"]),
        )

    def edge(self, owner: str, link: Link) -> dict[Any, Any]:
        """An edge; the same link of the same owner has the same id."""
        # Sorted, because the same link must have the same id.
        facts = _text(dict(sorted(link.properties.items())))
        text = f"{owner}\x1f{link.source}\x1f{link.kind}\x1f{link.target}\x1f{facts}"
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return {
            T.id: self.vid(digest),
            T.label: str(link.kind),
            To.from_: self.vid(link.source),
            To.to: self.vid(link.target),
            "tenant": self.tenant,
            "owner": self.vid(owner),
            "facts": facts,
        }

    def edge_again(self, found: Mapping[Any, Any]) -> dict[Any, Any]:
        """The row that writes an edge of an element map anew."""
        row = normal(found)
        return {
            T.id: row[_ID],
            T.label: row[_LABEL],
            To.from_: row[_OUT][_ID],
            To.to: row[_IN][_ID],
            "tenant": row["tenant"],
            "owner": row["owner"],
            "facts": row["facts"],
        }

    def links(self, rows: Iterable[Mapping[str, Any]]) -> list[Link]:
        """Links of rows of `o`ut id, `k`ind, `i`n id and `p`roperties; each once."""
        found: dict[tuple[str, str, str], str] = {}
        for row in rows:
            ends = (row["o"], row["k"], row["i"])
            # Two items may tell of one link; which of them was read first must not matter.
            if ends not in found or row["p"] > found[ends]:
                found[ends] = row["p"]
        return [
            Link(
                source=self.rid(out),
                kind=LinkKind(kind),
                target=self.rid(into),
                properties=_object(properties),
            )
            for (out, kind, into), properties in found.items()
            if out.startswith(self.prefix) and into.startswith(self.prefix)
        ]


def normal(row: Mapping[Any, Any]) -> Mapping[str, Any]:
    """An element map with plain string keys: engines answer `T.id` or `id`, `Direction.OUT`."""
    if _ID in row:
        return row
    return {
        getattr(key, "name", key): normal(value) if isinstance(value, Mapping) else value
        for key, value in row.items()
    }


def digest(held: Mapping[str, Any]) -> str:
    """What tells a vertex's properties from others: 32 hex digits."""
    text = "\x1f".join([*map(str, held.values())])
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def captured(resource: Resource) -> int:
    """Milliseconds since the epoch; 0 for what nobody has described."""
    return 0 if resource.captured_at is None else milliseconds(resource.captured_at)


def milliseconds(moment: datetime) -> int:
    """Since the epoch."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def mentioned(resource_id: str) -> Resource:
    """What is known of a resource that only another one's item names."""
    if resource_id == INTERNET:
        return Resource(
            id=INTERNET, type=INTERNET_TYPE, name="Internet", short_id=INTERNET, known=False
        )
    kind, name = type_of_id(resource_id)
    return Resource(id=resource_id, type=kind, name=name, short_id=name, known=False)


def folded(text: str) -> str:
    """As names are compared: without case, and one blank for several."""
    return " ".join(text.casefold().split())


def usable(text: str) -> str:
    """The text, if it can be stored.

    Raises:
        RejectedRecordError: it holds half a surrogate pair, which is no text.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise RejectedRecordError("it holds half a surrogate pair, which is no text") from error
    return text


def chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """The items, so many at once."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _text(values: dict[str, Any]) -> str:
    return json.dumps(values) if values else "{}"


def _object(text: str) -> dict[str, Any]:
    return orjson.loads(text) if text != "{}" else {}
