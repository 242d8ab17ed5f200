"""The resource graph's questions and writes in Gremlin, written once for every engine.

Kept to what Neptune allows: string ids prefixed with the tenant, labels without `::`, cardinality
`single` by replacing every property, no lambdas, integers beyond 31 bits wrapped as long.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from gremlin_python.driver.remote_connection import RemoteConnection
from gremlin_python.process.anonymous_traversal import traversal
from gremlin_python.process.graph_traversal import GraphTraversalSource, __
from gremlin_python.process.traversal import Direction as To
from gremlin_python.process.traversal import Merge, P, T, TextP
from gremlin_python.statics import long
from typing_extensions import override

from integrations.errors import NotFoundError
from integrations.resources.arns import type_of_id
from integrations.resources.derive import DERIVED, derived_links
from integrations.resources.port import (
    INTERNET,
    INTERNET_TYPE,
    Direction,
    GraphChange,
    GraphSummary,
    Link,
    LinkKind,
    Path,
    Resource,
    ResourceGraph,
    Subgraph,
)
from integrations.resources.walks import Found, nearest_first, path_of

_KNOWN = P.eq(True)  # noqa: FBT003 - the value compared with
_BATCH = 200
_FRONTIER = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TRAVEL = tuple(str(kind) for kind in LinkKind if kind.travel)
_LONGEST_ATTACK = 10
_COUNTED = 5_000
"""Resources beyond a limit that are still counted one by one."""


class GremlinResourceGraph(ResourceGraph):
    """One tenant's resources over a gremlinpython connection."""

    def __init__(self, connection: RemoteConnection, tenant: str) -> None:
        """Bound to `tenant`: every id that goes in or out carries its prefix."""
        self._tenant = tenant
        self._prefix = f"{tenant}|"
        self._g: GraphTraversalSource = traversal().with_(connection)

    def reconnect(self, connection: RemoteConnection) -> None:
        """Go on over another connection."""
        self._g = traversal().with_(connection)

    # -- writing

    @override
    def apply(self, change: GraphChange) -> GraphSummary:
        self._drop([self._vid(resource_id) for resource_id in change.deleted])
        fresh = self._newer(change.resources)
        self._merge_resources(fresh)
        told = {resource.id for resource in fresh}
        self._replace_links([(owner, link) for owner, link in change.links if owner in told], told)
        self._derive()
        return self.summary()

    def _newer(self, resources: Sequence[Resource]) -> list[Resource]:
        """Those that are not older than what is stored; the newest of several with one id."""
        latest: dict[str, Resource] = {}
        for resource in resources:
            before = latest.get(resource.id)
            if before is None or _captured(resource) >= _captured(before):
                latest[resource.id] = resource
        stored: dict[str, int] = {}
        for chunk in _chunks(list(latest), _FRONTIER):
            rows = (
                self._g.V([self._vid(i) for i in chunk])
                .has("known", _KNOWN)
                .project("i", "c")
                .by(T.id)
                .by("captured")
                .to_list()
            )
            stored.update({self._rid(row["i"]): row["c"] for row in rows})
        return [r for r in latest.values() if _captured(r) >= stored.get(r.id, -1)]

    def _merge_resources(self, resources: Sequence[Resource]) -> None:
        moved = self._relabelled(resources)
        for chunk in _chunks(resources, _BATCH):
            rows = [{"m": self._identity(r.id, r.type), "p": self._properties(r)} for r in chunk]
            (
                self._g.inject(rows)
                .unfold()
                .as_("r")
                .merge_v(__.select("r").select("m"))
                .option(Merge.on_create, __.select("r").select("p"))
                .option(
                    Merge.on_match,
                    __.side_effect(__.properties().drop()).select("r").select("p"),
                )
                .count()
                .next()
            )
        self._add_edges(moved)

    def _relabelled(self, resources: Sequence[Resource]) -> list[dict[Any, Any]]:
        """Drop vertices whose label was only guessed and was wrong; their edges, to put back."""
        types = {self._vid(r.id): r.type for r in resources}
        edges: dict[str, dict[Any, Any]] = {}
        for chunk in _chunks(list(types), _FRONTIER):
            found = self._g.V(list(chunk)).project("i", "l").by(T.id).by(T.label).to_list()
            wrong = [row["i"] for row in found if row["l"] != types[row["i"]]]
            if wrong:
                rows = self._g.V(wrong).both_e().dedup().element_map().to_list()
                edges |= {row[_ID]: _edge_row(row) for row in map(_normal, rows)}
                self._drop(wrong)
        return list(edges.values())

    def _replace_links(self, links: Sequence[tuple[str, Link]], owners: set[str]) -> None:
        for chunk in _chunks([self._vid(owner) for owner in owners], _FRONTIER):
            self._g.E().has("owner", P.within(chunk)).drop().to_list()
        self._add_missing({end for _, link in links for end in (link.source, link.target)})
        self._add_edges([self._edge(owner, link) for owner, link in links])

    def _add_missing(self, ids: set[str]) -> None:
        """Vertices for what items mention and nobody has described yet."""
        missing: list[Resource] = []
        for chunk in _chunks(sorted(ids), _FRONTIER):
            there = set(self._g.V([self._vid(i) for i in chunk]).id_().to_list())
            missing += [_mentioned(i) for i in chunk if self._vid(i) not in there]
        for chunk in _chunks(missing, _BATCH):
            rows = [self._identity(r.id, r.type) | self._properties(r) for r in chunk]
            self._g.inject(rows).unfold().merge_v().count().next()

    def _add_edges(self, rows: Sequence[Mapping[Any, Any]]) -> None:
        unique = list({row[T.id]: row for row in rows}.values())
        for chunk in _chunks(unique, _BATCH):
            self._g.inject([dict(row) for row in chunk]).unfold().merge_e().count().next()

    def _drop(self, vertex_ids: Sequence[str]) -> None:
        for chunk in _chunks(vertex_ids, _FRONTIER):
            self._g.V(list(chunk)).drop().to_list()

    def _derive(self) -> None:
        """Make the derived links agree with the resources: only what differs is written."""
        resources, links = self._everything()
        wanted = {
            row[T.id]: row
            for row in (self._edge(DERIVED, link) for link in derived_links(resources, links))
        }
        stored = set(self._g.E().has("owner", self._vid(DERIVED)).id_().to_list())
        for chunk in _chunks(sorted(stored - set(wanted)), _FRONTIER):
            self._g.E(list(chunk)).drop().to_list()
        new = [row for edge_id, row in wanted.items() if edge_id not in stored]
        self._add_missing({self._rid(row[end]) for row in new for end in (To.from_, To.to)})
        self._add_edges(new)

    def _everything(self) -> tuple[list[Resource], list[Link]]:
        """The whole graph without its derived links."""
        vertices = self._g.V().has("tenant", self._tenant).element_map().to_list()
        edges = (
            self._g.E()
            .has("tenant", self._tenant)
            .has("owner", P.neq(self._vid(DERIVED)))
            .element_map()
            .to_list()
        )
        return [self._resource(_normal(v)) for v in vertices], self._links(edges)

    # -- reading

    @override
    def get(self, ids: Sequence[str]) -> dict[str, Resource]:
        found: dict[str, Resource] = {}
        for chunk in _chunks(list(dict.fromkeys(ids)), _FRONTIER):
            rows = (
                self._g.V([self._vid(i) for i in chunk])
                .has("tenant", self._tenant)
                .element_map()
                .to_list()
            )
            for resource in (self._resource(_normal(row)) for row in rows):
                found[resource.id] = resource
        return found

    @override
    def find(self, text: str = "", types: Sequence[str] = (), limit: int = 20) -> list[Resource]:
        steps = self._g.V().has("tenant", self._tenant)
        if types:
            steps = steps.has_label(*types)
        wanted = " ".join(text.casefold().split())
        if wanted:
            steps = steps.has("words", TextP.containing(wanted))
        rows = steps.limit(_COUNTED).element_map().to_list()
        found = [self._resource(_normal(row)) for row in rows]
        found = [r for r in found if r.id != INTERNET or INTERNET_TYPE in types]
        return sorted(found, key=lambda r: _match(r, wanted))[:limit]

    @override
    def neighbourhood(self, ids: Sequence[str], hops: int = 1, limit: int = 40) -> Subgraph:
        return self._around(ids, Direction.BOTH, hops, limit, ())

    @override
    def blast_radius(
        self, resource_id: str, direction: Direction = Direction.OUT, hops: int = 4, limit: int = 40
    ) -> Subgraph:
        return self._around([resource_id], direction, hops, limit, _TRAVEL)

    def _around(
        self, ids: Sequence[str], direction: Direction, hops: int, limit: int, kinds: Sequence[str]
    ) -> Subgraph:
        """Breadth first, nearest first; of what is beyond the limit only the number is kept."""
        start = [i for i in dict.fromkeys(ids) if i in self.get(ids)]
        found = nearest_first(
            start,
            lambda frontier: self._edges_of(frontier, direction, kinds),
            hops=hops,
            limit=limit + _COUNTED,
            # Everybody is a neighbour of the internet: what it admits has nothing to do with them.
            not_through=frozenset({INTERNET} - set(start)),
        )
        kept = found.ids[:limit]
        resources = self.get(kept)
        return Subgraph(
            resources=tuple(resources[i] for i in kept if i in resources),
            links=tuple(self._among(kept, kinds)),
            start=tuple(start),
            left_out=len(found.ids) - len(kept),
        )

    def _among(self, ids: Sequence[str], kinds: Sequence[str]) -> list[Link]:
        """Every link with both ends among the ids."""
        inside = set(ids)
        links = self._edges_of(ids, Direction.OUT, kinds)
        return [link for link in links if link.target in inside and link.source in inside]

    def _edges_of(
        self, ids: Sequence[str], direction: Direction, kinds: Sequence[str]
    ) -> list[Link]:
        links: list[Link] = []
        for chunk in _chunks(list(ids), _FRONTIER):
            steps = self._g.V([self._vid(i) for i in chunk])
            if direction is Direction.OUT:
                steps = steps.out_e(*kinds)
            elif direction is Direction.IN:
                steps = steps.in_e(*kinds)
            else:
                steps = steps.both_e(*kinds)
            rows = (
                steps.project("o", "k", "i", "p")
                .by(__.out_v().id_())
                .by(T.label)
                .by(__.in_v().id_())
                .by("facts")
                .to_list()
            )
            links += [
                Link(
                    source=self._rid(row["o"]),
                    kind=LinkKind(row["k"]),
                    target=self._rid(row["i"]),
                    properties=json.loads(row["p"]),
                )
                for row in rows
                if row["o"].startswith(self._prefix) and row["i"].startswith(self._prefix)
            ]
        return list({(li.source, li.kind, li.target): li for li in links}.values())

    @override
    def paths_from_internet(self, targets: Sequence[str] = (), limit: int = 200) -> list[Path]:
        wanted = set(targets)
        found = nearest_first(
            [INTERNET],
            lambda frontier: self._edges_of(frontier, Direction.OUT, _TRAVEL),
            hops=_LONGEST_ATTACK,
            limit=_COUNTED,
            until=wanted,
        )
        ends = [i for i in found.ids if i != INTERNET and (not wanted or i in wanted)][:limit]
        return self._paths(found, ends)

    @override
    def path_between(self, source: str, target: str, hops: int = 8) -> Path | None:
        known = self.get([source, target])
        for end in (source, target):
            if end not in known:
                raise NotFoundError(f"{end} is not in {self._tenant}'s resource graph")
        for kinds, direction in ((_TRAVEL, Direction.OUT), ((), Direction.BOTH)):
            found = nearest_first(
                [source],
                lambda frontier, k=kinds, d=direction: self._edges_of(frontier, d, k),  # type: ignore[misc] # bound early
                hops=hops,
                limit=_COUNTED,
                until={target},
                not_through=frozenset({INTERNET} - {source, target}),
            )
            if target in found.came_by or source == target:
                return self._paths(found, [target])[0]
        return None

    def _paths(self, found: Found, ends: Sequence[str]) -> list[Path]:
        walked = [path_of(found, end) for end in ends]
        resources = self.get([i for ids, _ in walked for i in ids])
        return [
            Path(tuple(resources[i] for i in ids), tuple(links))
            for ids, links in walked
            if all(i in resources for i in ids)
        ]

    @override
    def summary(self) -> GraphSummary:
        by_type = self._known().group_count().by(T.label).next()
        newest = self._known().values("captured").fold().next()
        captured = max((c for c in newest if c > 0), default=None)
        return GraphSummary(
            resources=sum(by_type.values()),
            links=self._g.E().has("tenant", self._tenant).count().next(),
            by_type=dict(sorted(by_type.items())),
            captured_at=None if captured is None else _EPOCH + timedelta(milliseconds=captured),
        )

    def _known(self) -> Any:
        return self._g.V().has("tenant", self._tenant).has("known", _KNOWN)

    # -- between the graph's words and ours

    def _vid(self, resource_id: str) -> str:
        return self._prefix + resource_id

    def _rid(self, vertex_id: str) -> str:
        return vertex_id.removeprefix(self._prefix)

    def _identity(self, resource_id: str, label: str) -> dict[Any, Any]:
        return {T.id: self._vid(resource_id), T.label: label}

    def _properties(self, resource: Resource) -> dict[str, Any]:
        words = f"{resource.name}\n{resource.short_id}\n{resource.id}".casefold()
        return {
            "tenant": self._tenant,
            "name": resource.name,
            "short": resource.short_id,
            "words": words,
            "account": resource.account,
            "region": resource.region,
            "known": resource.known,
            "captured": long(_captured(resource)),
            "tags": json.dumps(dict(resource.tags)),
            "facts": json.dumps(dict(resource.properties)),
        }

    def _resource(self, row: Mapping[str, Any]) -> Resource:
        captured = row["captured"]
        return Resource(
            id=self._rid(row[_ID]),
            type=row[_LABEL],
            name=row["name"],
            short_id=row["short"],
            account=row["account"],
            region=row["region"],
            tags=json.loads(row["tags"]),
            properties=json.loads(row["facts"]),
            captured_at=_EPOCH + timedelta(milliseconds=captured) if captured > 0 else None,
            known=row["known"],
        )

    def _edge(self, owner: str, link: Link) -> dict[Any, Any]:
        facts = json.dumps(dict(link.properties), sort_keys=True)
        text = f"{owner}\x1f{link.source}\x1f{link.kind}\x1f{link.target}\x1f{facts}"
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return {
            T.id: self._vid(digest),
            T.label: str(link.kind),
            To.from_: self._vid(link.source),
            To.to: self._vid(link.target),
            "tenant": self._tenant,
            "owner": self._vid(owner),
            "facts": facts,
        }

    def _links(self, rows: Iterable[Any]) -> list[Link]:
        return [
            Link(
                source=self._rid(row[_OUT][_ID]),
                kind=LinkKind(row[_LABEL]),
                target=self._rid(row[_IN][_ID]),
                properties=json.loads(row["facts"]),
            )
            for row in map(_normal, rows)
        ]


_ID, _LABEL, _OUT, _IN = "id", "label", "OUT", "IN"


def _normal(row: Mapping[Any, Any]) -> dict[str, Any]:
    """An element map with plain string keys: engines answer `T.id` or `id`, `Direction.OUT`."""
    return {
        getattr(key, "name", key): _normal(value) if isinstance(value, Mapping) else value
        for key, value in row.items()
    }


def _edge_row(row: Mapping[str, Any]) -> dict[Any, Any]:
    return {
        T.id: row[_ID],
        T.label: row[_LABEL],
        To.from_: row[_OUT][_ID],
        To.to: row[_IN][_ID],
        "tenant": row["tenant"],
        "owner": row["owner"],
        "facts": row["facts"],
    }


def _captured(resource: Resource) -> int:
    """Milliseconds since the epoch; 0 for what nobody has described."""
    if resource.captured_at is None:
        return 0
    return (resource.captured_at - _EPOCH) // timedelta(milliseconds=1)


def _mentioned(resource_id: str) -> Resource:
    """What is known of a resource that only another one's item names."""
    if resource_id == INTERNET:
        return Resource(
            id=INTERNET, type=INTERNET_TYPE, name="Internet", short_id=INTERNET, known=False
        )
    kind, name = type_of_id(resource_id)
    return Resource(id=resource_id, type=kind, name=name, short_id=name, known=False)


def _match(resource: Resource, wanted: str) -> tuple[int, int, str, str]:
    """How well a resource answers to a text: exact names first, then what begins with it."""
    names = (resource.name.casefold(), resource.short_id.casefold())
    if wanted in (*names, resource.id.casefold()):
        rank = 0
    elif any(name.startswith(wanted) for name in names):
        rank = 1
    elif any(wanted in name for name in names):
        rank = 2
    else:
        rank = 3
    return rank, not resource.known, resource.name, resource.id


def _chunks(items: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
