"""The resource graph's questions in Gremlin, written once for every engine.

Kept to what Neptune allows: no lambdas, no steps of one engine, one frontier of a walk per request.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from pathlib import Path as FilePath
from sys import intern
from typing import Any

from gremlin_python.driver.remote_connection import RemoteConnection
from gremlin_python.process.anonymous_traversal import traversal
from gremlin_python.process.graph_traversal import GraphTraversal, GraphTraversalSource, __
from gremlin_python.process.traversal import P, T, TextP
from typing_extensions import override

from integrations.errors import NotFoundError
from integrations.resources.digests import Told
from integrations.resources.gremlin_rows import EPOCH, FRONTIER, TOLD, Rows, Sizes, chunks, folded
from integrations.resources.gremlin_writes import GremlinWrites
from integrations.resources.neptune_csv import export
from integrations.resources.port import (
    INTERNET,
    INTERNET_TYPE,
    Direction,
    ExportableGraph,
    GraphChange,
    GraphFiles,
    GraphSummary,
    Link,
    LinkKind,
    Path,
    Resource,
    ResourceGraph,
    Subgraph,
)
from integrations.resources.walks import Way, nearest_first, path_of, shortest_path
from integrations.versioned import Versioned

_KNOWN = P.eq(True)  # noqa: FBT003 - the value compared with
_TRAVEL = tuple(str(kind) for kind in LinkKind if kind.travel)
_EMBEDDED = Sizes()
_LONGEST_ATTACK = 10
_OF_A_TYPE = 5_000
"""Resources of given types that are put in order."""
_RANKED = 1_000
"""Resources that answer to a text and are put in order; beyond that the best are asked for."""
_COMPARED = 100
"""Ids up to which the engine, beyond which we, tell the links among them from the others."""
_TOLD = 1_200
"""Resources of one level of a walk that are told; of larger levels the first are asked for."""
_HUB = 4
"""Times the limit that a level of a walk holds where it came to a hub."""
_HOPS_AT_ONCE = 4
"""Levels of a walk in one request: an engine's script can only be so long."""


class GremlinResourceGraph(ResourceGraph, ExportableGraph, Versioned):
    """One tenant's resources over a gremlinpython connection."""

    def __init__(self, connection: RemoteConnection, tenant: str, sizes: Sizes = _EMBEDDED) -> None:
        """Bound to `tenant`: every id that goes in or out carries its prefix."""
        self._tenant = tenant
        self._rows = Rows(tenant)
        self._sizes = sizes
        self._g: GraphTraversalSource = traversal().with_(connection)

    @override
    def apply(self, change: GraphChange) -> GraphSummary:
        GremlinWrites(self._g, self._rows, self._sizes).apply(change)
        return self.summary()

    @override
    def version(self) -> str:
        """See the port; empty while somebody writes, and in a graph of an earlier release."""
        found = self._g.V(self._rows.settled).values("version").to_list()
        if found:
            return str(found[0])
        there = self._g.V().has("tenant", self._tenant).limit(1).count().next()
        return "" if there else "nothing"

    def forget(self) -> int:
        """Delete all that is of the tenant, and what is remembered of what was; how many resources.

        Raises:
            UnavailableError: the engine does not answer; the same call may be made again.
        """
        held = int(self._known().count().next())
        GremlinWrites(self._g, self._rows, self._sizes).forget()
        return held

    def digests(self) -> dict[str, Told]:
        """By id what tells each described resource, and what its item told, from other states.

        Without those of which some of what was told is not stored.
        """
        steps = self._known().has("told").project("i", "d", "w", "a", "g").by(T.id).by("told")
        # What was written before rows were kept has none.
        row = __.coalesce(__.values("row"), __.constant(""))
        found: dict[str, Told] = {}
        for told in steps.by(row).by("account").by("region"):
            # One text for all that are in one place: there are few places, and many resources.
            account, region = intern(told.get("a", "")), intern(told.get("g", ""))
            found[self._rows.rid(told["i"])] = Told(told["d"], told["w"], account, region)
        return found

    @override
    def get(self, ids: Sequence[str]) -> dict[str, Resource]:
        found: dict[str, Resource] = {}
        for chunk in chunks(list(dict.fromkeys(ids)), FRONTIER):
            steps = self._g.V(self._rows.vids(chunk)).has("tenant", self._tenant)
            for resource in map(self._rows.resource, steps.element_map(*TOLD).to_list()):
                found[resource.id] = resource
        return found

    @override
    def find(self, text: str = "", types: Sequence[str] = (), limit: int = 20) -> list[Resource]:
        wanted = folded(text)
        if not wanted:
            found = self._such(types, _OF_A_TYPE)
        else:
            found = self._such(types, _RANKED, TextP.containing(wanted))
            if len(found) == _RANKED:
                # Too many to rank: those that it names are asked for before those it begins.
                for words in (
                    TextP.starting_with(f"{wanted}\n"),
                    TextP.containing(f"\n{wanted}\n"),
                    TextP.ending_with(f"\n{wanted}"),
                    TextP.starting_with(wanted),
                    TextP.containing(f"\n{wanted}"),
                ):
                    found += self._such(types, _RANKED, words)
        unique = {r.id: r for r in found if r.id != INTERNET or INTERNET_TYPE in types}
        return sorted(unique.values(), key=lambda r: _match(r, wanted))[:limit]

    def _such(self, types: Sequence[str], most: int, words: P | None = None) -> list[Resource]:
        """Resources of types whose words (name, short id and id in lines) are such."""
        steps = self._g.V().has("tenant", self._tenant)
        if types:
            steps = steps.has_label(P.within(list(types)))
        if words is not None:
            steps = steps.has("words", words)
        return [self._rows.resource(row) for row in steps.limit(most).element_map(*TOLD).to_list()]

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
        """Breadth first, nearest first; what is beyond the limit is only counted."""
        # Everybody is a neighbour of the internet: what it admits has nothing to do with them.
        closed = frozenset({INTERNET}.difference(ids))
        told = max(_TOLD, 2 * limit)
        there, *levels = self._levels(ids, direction, kinds, hops, closed, told)
        start = [i for i in dict.fromkeys(ids) if i in there]
        kept, seen, frontier, left = start[:limit], list(start), start, hops
        count, over = len(start), len(start) > limit
        while left and frontier and not over:
            if not levels:
                _, *levels = self._levels(frontier, direction, kinds, left, closed, told)
            room = limit - len(kept)
            near = levels[0]
            if len(near) > told:
                near = self._next_to(frontier, direction, kinds, room + 1 + len(seen))
            fresh = sorted(near.difference(seen))
            kept += fresh[:room]
            over = len(fresh) > room
            if not over:
                seen += fresh
                frontier = [i for i in fresh if i not in closed]
                left -= 1
                levels = levels[1:]
                count = len(seen)
        if over:
            whole = len(levels) == left and all(len(level) <= told for level in levels)
            count = (
                len(set(seen).union(*levels))
                if whole
                else self._count(seen, frontier, direction, kinds, left, closed)
            )
        resources = self.get(kept)
        # Of what has far more neighbours than are told, the others are asked for their few links.
        side = direction.back if over and levels and len(levels[0]) > _HUB * limit else direction
        links = self._among(list(resources), kinds, side)
        return Subgraph(
            resources=tuple(resources[i] for i in kept if i in resources),
            links=tuple(sorted(links, key=lambda li: (li.source, li.target, li.kind))),
            start=tuple(start),
            left_out=count - len(kept),
        )

    def _levels(
        self,
        ids: Sequence[str],
        direction: Direction,
        kinds: Sequence[str],
        hops: int,
        closed: Collection[str],
        most: int,
    ) -> list[set[str]]:
        """Those of the ids that are there, what is one link away, two links away, and so on.

        In one request, as many hops as that can take. A level of more than `most` has one more than
        that, and the levels after it are not whole. Nothing is walked through what is `closed`.
        """
        names = [str(level) for level in range(min(hops, _HOPS_AT_ONCE) + 1)]
        if len(names) == 1:
            return [self._there(ids)]
        steps = self._g.V(self._rows.vids(ids)).has("tenant", self._tenant)
        steps = steps.aggregate(names[0]).by(T.id)
        for name in names[1:]:
            if closed:
                steps = steps.has_id(P.without(self._rows.vids(closed)))
            steps = _step(steps, direction, kinds).dedup().limit(most + 1).aggregate(name).by(T.id)
        row = steps.cap(*names).next()
        return [set(self._rows.rids(row[name])) for name in names]

    def _there(self, ids: Collection[str]) -> set[str]:
        """Those of the ids that are there."""
        found: set[str] = set()
        for chunk in chunks(list(ids), FRONTIER):
            steps = self._g.V(self._rows.vids(chunk)).has("tenant", self._tenant)
            found.update(self._rows.rids(steps.id_().to_list()))
        return found

    def _next_to(
        self, ids: Sequence[str], direction: Direction, kinds: Sequence[str], most: int
    ) -> set[str]:
        """Resources one link away: of more than `most` those whose ids come first."""
        near: set[str] = set()
        for chunk in chunks(ids, FRONTIER):
            steps = _step(self._g.V(self._rows.vids(chunk)), direction, kinds).dedup()
            near.update(self._rows.rids(steps.order().by(T.id).limit(most).id_().to_list()))
        return near

    def _count(
        self,
        seen: Sequence[str],
        frontier: Sequence[str],
        direction: Direction,
        kinds: Sequence[str],
        hops: int,
        closed: Collection[str],
    ) -> int:
        """How many resources have been seen or are so many hops from the frontier."""
        further = __.has_id(P.without(self._rows.vids(closed))) if closed else __.identity()
        further = _step(further, direction, kinds).dedup().aggregate("reached")
        steps = self._g.V(self._rows.vids(seen)).aggregate("reached")
        steps = steps.has_id(P.within(self._rows.vids(frontier))).repeat(further).times(hops)
        return int(steps.cap("reached").unfold().dedup().count().next())

    def _among(self, ids: Sequence[str], kinds: Sequence[str], direction: Direction) -> list[Link]:
        """Every link with both ends among the ids, read from the side where hubs have few."""
        if not ids:
            return []
        side = Direction.IN if direction is Direction.IN else Direction.OUT
        if len(ids) <= _COMPARED:
            vids = self._rows.vids(ids)
            steps = _edge_step(self._g.V(vids), side, kinds)
            other = __.out_v() if side is Direction.IN else __.in_v()
            return self._links(steps.filter_(other.has_id(P.within(vids))))
        inside = set(ids)
        links = self._edges_of(ids, side, kinds)
        return [link for link in links if link.source in inside and link.target in inside]

    def _edges_of(
        self, ids: Sequence[str], direction: Direction, kinds: Sequence[str]
    ) -> list[Link]:
        """The links at the ids, walked in a direction."""
        links: list[Link] = []
        for chunk in chunks(ids, FRONTIER):
            steps = _edge_step(self._g.V(self._rows.vids(chunk)), direction, kinds)
            links += self._links(steps)
        return links

    def _links(self, edges: GraphTraversal) -> list[Link]:
        steps = edges.project("o", "k", "i", "p").by(__.out_v().id_()).by(T.label)
        return self._rows.links(steps.by(__.in_v().id_()).by("facts").to_list())

    @override
    def paths_from_internet(self, targets: Sequence[str] = (), limit: int = 200) -> list[Path]:
        if not targets:
            found = nearest_first(
                [INTERNET],
                lambda frontier: self._edges_of(frontier, Direction.OUT, _TRAVEL),
                hops=_LONGEST_ATTACK,
                limit=limit + 1,
            )
            return self._paths([path_of(found, end) for end in found.ids if end != INTERNET])
        walked = [
            found_path
            for target in dict.fromkeys(targets)
            if target != INTERNET
            and (found_path := self._walked(INTERNET, target, Direction.OUT, _LONGEST_ATTACK))
        ]
        return self._paths(sorted(walked, key=lambda w: (len(w[1]), w[0][-1]))[:limit])

    @override
    def path_between(self, source: str, target: str, hops: int = 8) -> Path | None:
        there = self._there([source, target])
        for end in (source, target):
            if end not in there:
                raise NotFoundError(f"{end} is not in {self._tenant}'s resource graph")
        for direction in (Direction.OUT, Direction.BOTH):
            walked = self._walked(source, target, direction, hops)
            if walked is not None:
                return next(iter(self._paths([walked])), None)
        return None

    def _walked(self, source: str, target: str, direction: Direction, hops: int) -> Way | None:
        """The shortest path: along what can be travelled (OUT), or of any links (BOTH)."""
        kinds = _TRAVEL if direction is Direction.OUT else ()
        return shortest_path(
            source,
            target,
            lambda frontier: self._edges_of(frontier, direction, kinds),
            lambda frontier: self._edges_of(frontier, direction.back, kinds),
            hops=hops,
            not_through=frozenset({INTERNET} - {source, target}),
        )

    def _paths(self, walked: Sequence[Way]) -> list[Path]:
        resources = self.get([i for ids, _ in walked for i in ids])
        return [
            Path(tuple(resources[i] for i in ids), tuple(links))
            for ids, links in walked
            if all(i in resources for i in ids)
        ]

    @override
    def summary(self) -> GraphSummary:
        by_type = self._known().group_count().by(T.label).next()
        newest = self._known().values("captured").max_().to_list()
        captured = newest[0] if newest else 0
        return GraphSummary(
            resources=sum(by_type.values()),
            links=self._g.E().has("tenant", self._tenant).count().next(),
            by_type=dict(sorted(by_type.items())),
            captured_at=EPOCH + timedelta(milliseconds=captured) if captured > 0 else None,
        )

    @override
    def export(self, folder: FilePath) -> GraphFiles:
        return export(self._g, self._rows, folder)

    def _known(self) -> Any:
        return self._g.V().has("tenant", self._tenant).has("known", _KNOWN)


def _step(steps: GraphTraversal, direction: Direction, kinds: Sequence[str]) -> GraphTraversal:
    """One link further."""
    if direction is Direction.OUT:
        return steps.out(*kinds)
    return steps.in_(*kinds) if direction is Direction.IN else steps.both(*kinds)


def _edge_step(steps: GraphTraversal, direction: Direction, kinds: Sequence[str]) -> GraphTraversal:
    """The edges in a direction."""
    if direction is Direction.OUT:
        return steps.out_e(*kinds)
    return steps.in_e(*kinds) if direction is Direction.IN else steps.both_e(*kinds).dedup()


def _match(resource: Resource, wanted: str) -> tuple[int, int, str, str]:
    """How well a resource answers to a text: exact names first, then what begins with it."""
    names = (folded(resource.name), folded(resource.short_id))
    if wanted in (*names, folded(resource.id)):
        rank = 0
    elif any(name.startswith(wanted) for name in names):
        rank = 1
    elif any(wanted in name for name in names):
        rank = 2
    else:
        rank = 3
    return rank, not resource.known, resource.name, resource.id
