"""Writing the resource graph in Gremlin: what is newer replaces what is older, links are derived.

The batch forms are those that a server with Neptune's habits takes too: every property is replaced
(cardinality `single` without naming it), vertices before edges, no end of an edge missing.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from gremlin_python.process.graph_traversal import GraphTraversal, GraphTraversalSource, __
from gremlin_python.process.traversal import Direction as To
from gremlin_python.process.traversal import Merge, P, T

from integrations.resources.derive import DERIVED, READ, RULES
from integrations.resources.digests import digest_of
from integrations.resources.gremlin_derived import Changes, GremlinDerived
from integrations.resources.gremlin_rows import (
    EPOCH,
    FRONTIER,
    Batch,
    Rows,
    Sizes,
    captured,
    chunks,
    mentioned,
    milliseconds,
    usable,
)
from integrations.resources.port import GraphChange, Link, LinkKind, Resource

_KNOWN = P.eq(True)  # noqa: FBT003 - the value compared with
_MENTIONED = P.eq(False)  # noqa: FBT003 - the value compared with
_OF_ANY_KIND = P.within([str(kind) for kind in LinkKind])
"""Named where edges are asked for by a property: an engine's index is of one label."""
_READ = frozenset(map(str, READ))
_FORGOTTEN = 10_000


class GremlinWrites:
    """One change of one tenant's graph, over a traversal source."""

    def __init__(self, g: GraphTraversalSource, rows: Rows, sizes: Sizes) -> None:
        """Write with `g`, in the words of `rows`, so much at once."""
        self._g = g
        self._rows = rows
        self._sizes = sizes
        self._reading = GremlinDerived(g, rows)
        self._changes = Changes()
        self._loose: set[str] = set()
        """Ends of links that came or went."""

    def apply(self, change: GraphChange) -> None:
        """Write a change and make the derived links agree with it.

        Raises:
            RejectedRecordError: an id or a name is no text.
        """
        for resource in change.resources:
            usable(resource.id + resource.type + resource.name + resource.short_id)
        for _, link in change.links:
            usable(link.source + link.target)
        settled = self._unsettle()
        self._delete(change)
        fresh = self._newer(change.resources)
        told = {resource.id: captured(resource) for resource in fresh}
        links = [(owner, link) for owner, link in change.links if owner in told]
        ends = {end for _, link in links for end in (link.source, link.target)}
        gone = self._gone(ends.difference(told))
        cut = [
            (owner, end)
            for owner, link in links
            for end in (link.source, link.target)
            if told[owner] <= gone.get(end, -1)
        ]
        self._remember(cut, gone)
        lost = set(cut)
        living = [
            (owner, link)
            for owner, link in links
            if lost.isdisjoint({(owner, link.source), (owner, link.target)})
        ]
        self._merge(fresh, links, change.rows)
        self._replace_links(living, told)
        self._derive(whole=not settled or self._changes.many)
        self.replace([self._rows.settled_row(RULES)])

    def forget(self) -> None:
        """Delete every vertex of the tenant: those that no question finds hold ids as well."""
        while ids := self._g.V().has("tenant", self._rows.tenant).limit(_FORGOTTEN).id_().to_list():
            self._drop(ids)
        remembered = self._g.V().has_label("Gone").id_().to_list()
        self._drop([i for i in remembered if i.startswith(self._rows.prefix)])
        self._drop([self._rows.settled])

    def _unsettle(self) -> bool:
        """Whether derived links agree with all else, as from here on they may not.

        They do not where a writer was lost half way, or where they were derived by other rules.
        """
        rules = self._g.V(self._rows.settled).values("rules").to_list()
        self._drop([self._rows.settled])
        return bool(rules == [RULES])

    def _delete(self, change: GraphChange) -> None:
        """Drop what is gone with every link at it; keep in mind when it went, and who mentioned it.

        Whoever told of a link that went is as if not described yet: when its item comes again it is
        not taken for unchanged.
        """
        stored = self._captured(change.deleted)
        gone = [
            resource_id
            for resource_id in dict.fromkeys(change.deleted)
            if _moment(change, resource_id) >= stored.get(resource_id, -1)
        ]
        self._changes.before |= self._reading.outlines(gone)
        owners: dict[str, set[str]] = {resource_id: set() for resource_id in gone}
        for chunk in chunks(gone, FRONTIER):
            for row in self._noted(self._g.V(self._rows.vids(chunk)).both_e().dedup()):
                for end in (self._rows.rid(row["o"]), self._rows.rid(row["i"])):
                    owners.get(end, set()).add(self._rows.rid(row["w"]))
        # First the memory of it: what is cut off here still keeps older items away.
        self.replace(
            [
                self._rows.gone_row(
                    i, milliseconds(change.deleted_at.get(i, EPOCH)), owners[i] - {i, DERIVED}
                )
                for i in gone
            ]
        )
        told_by = self._told_by(gone)
        self._noted_all(told_by)
        self._drop_edges(told_by)
        self._drop(self._rows.vids(gone))

    def _remember(self, cut: Sequence[tuple[str, str]], gone: Mapping[str, int]) -> None:
        """Who told of a link to something that is gone: they are told anew should it come back."""
        mentions: dict[str, set[str]] = {}
        for owner, end in cut:
            if end in gone:
                mentions.setdefault(end, set()).add(owner)
        before = self._mentioners(mentions)
        rows = [
            self._rows.gone_row(end, gone[end], owners | before[end])
            for end, owners in mentions.items()
            if not owners <= before[end]
        ]
        self.replace(rows)

    def _mentioners(self, ids: Collection[str]) -> dict[str, set[str]]:
        """Who told of links to resources that are gone now."""
        found: dict[str, set[str]] = {resource_id: set() for resource_id in ids}
        for chunk in chunks(list(ids), FRONTIER):
            by_vertex = {self._rows.gone(resource_id): resource_id for resource_id in chunk}
            steps = self._g.V(list(by_vertex)).has("owners").project("i", "o")
            for row in steps.by(T.id).by("owners").to_list():
                found[by_vertex[row["i"]]] = set(json.loads(row["o"]))
        return found

    def _noted_all(self, edge_ids: Collection[str]) -> None:
        for chunk in chunks(sorted(edge_ids), FRONTIER):
            self._noted(self._g.E(list(chunk)))

    def _noted(self, edges: GraphTraversal) -> list[Mapping[str, Any]]:
        """Keep in mind that these edges come or go; their rows."""
        rows = self._reading.ends_of(edges)
        for row in rows:
            self._note(row["o"], row["k"], row["i"])
        return rows

    def _note(self, source: str, kind: str, target: str) -> None:
        ends = self._rows.rid(source), self._rows.rid(target)
        self._loose.update(ends)
        if kind in _READ:
            self._changes.links.add((ends[0], kind, ends[1]))

    def _newer(self, resources: Sequence[Resource]) -> list[Resource]:
        """Those that are not older than what is stored; the newest of several with one id."""
        latest: dict[str, Resource] = {}
        for resource in resources:
            before = latest.get(resource.id)
            if before is None or captured(resource) >= captured(before):
                latest[resource.id] = resource
        stored = self._captured(latest)
        return [r for r in latest.values() if captured(r) >= stored.get(r.id, -1)]

    def _captured(self, ids: Collection[str]) -> dict[str, int]:
        """When what is stored was captured, or was found deleted, in milliseconds."""
        stored: dict[str, int] = {}
        for chunk in chunks(list(ids), FRONTIER):
            seen = self._g.V(self._rows.vids(chunk)).has("known", _KNOWN)
            for row in seen.project("i", "c").by(T.id).by("captured").to_list():
                stored[self._rows.rid(row["i"])] = row["c"]
        return self._gone(ids) | stored

    def _gone(self, ids: Collection[str]) -> dict[str, int]:
        """When those that were deleted were found so, in milliseconds."""
        gone: dict[str, int] = {}
        for chunk in chunks(list(ids), FRONTIER):
            by_vertex = {self._rows.gone(resource_id): resource_id for resource_id in chunk}
            rows = self._g.V(list(by_vertex)).project("i", "c").by(T.id).by("at").to_list()
            gone |= {by_vertex[row["i"]]: row["c"] for row in rows}
        return gone

    def _merge(
        self,
        resources: Sequence[Resource],
        links: Sequence[tuple[str, Link]],
        told_in: Mapping[str, str],
    ) -> None:
        told: dict[str, list[Link]] = {resource.id: [] for resource in resources}
        for owner, link in links:
            told[owner].append(link)
        before = self._reading.outlines(told)
        moved = self._relabelled(resources)
        rows = [
            self._rows.row(one, digest_of(one, told[one.id]), told_in.get(one.id, ""))
            for one in resources
        ]
        there = self._digests([resource.id for resource in resources])
        # What is there already is not written again: whoever reads meanwhile sees it whole.
        self.replace([row for row in rows if there.get(row["m"][T.id]) != row["p"]["digest"]])
        self._add_edges(moved)
        mentioners = self._mentioners(told)
        self._forget_digests({owner for owners in mentioners.values() for owner in owners})
        self._drop([self._rows.gone(resource.id) for resource in resources])
        for one in resources:
            old = before.get(one.id)
            if old is None or _outline(old) != _outline(one):
                self._changes.after[one.id] = one
                if old is not None:
                    self._changes.before[one.id] = old

    def _forget_digests(self, ids: Collection[str]) -> None:
        """What these items told is not all stored any more: let them be taken for changed."""
        for chunk in chunks(self._rows.vids(ids), FRONTIER):
            self._g.V(list(chunk)).properties("told", "row", "digest").drop().to_list()

    def replace(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write vertices with these properties and no others, whatever they had before."""
        for chunk in chunks(rows, self._sizes.vertices):
            # Merged twice, because what matches is the vertex for a 3.8 server's `onMatch` and the
            # row for a 3.7 server's: dropping what it had before stands outside of it.
            (
                self._g.inject(Batch(chunk))
                .unfold()
                .as_("r")
                .merge_v(__.select("r").select("m"))
                .side_effect(__.properties().drop())
                .select("r")
                .merge_v(__.select("r").select("m"))
                .option(Merge.on_match, __.select("r").select("p"))
                .count()
                .next()
            )

    def _digests(self, ids: Sequence[str]) -> dict[str, str]:
        """Of what is stored, by the vertices' ids."""
        found: dict[str, str] = {}
        for chunk in chunks(ids, FRONTIER):
            steps = self._g.V(self._rows.vids(chunk)).has("digest").project("i", "d")
            rows = steps.by(T.id).by("digest").to_list()
            found |= {row["i"]: row["d"] for row in rows}
        return found

    def _relabelled(self, resources: Sequence[Resource]) -> list[dict[Any, Any]]:
        """Drop vertices whose label was only guessed and was wrong; their edges, to put back."""
        types = {self._rows.vid(r.id): r.type for r in resources}
        edges: dict[str, dict[Any, Any]] = {}
        for chunk in chunks(list(types), FRONTIER):
            found = self._g.V(list(chunk)).project("i", "l").by(T.id).by(T.label).to_list()
            wrong = [row["i"] for row in found if row["l"] != types[row["i"]]]
            if wrong:
                rows = self._g.V(wrong).both_e().dedup().element_map().to_list()
                edges |= {row[T.id]: row for row in map(self._rows.edge_again, rows)}
                self._drop(wrong)
        return list(edges.values())

    def _replace_links(self, links: Sequence[tuple[str, Link]], owners: Collection[str]) -> None:
        wanted = {row[T.id]: row for row in (self._rows.edge(*told) for told in links)}
        stored = self._told_by(owners)
        self._noted_all(stored.difference(wanted))
        self._drop_edges(stored.difference(wanted))
        # An edge's id is all that it says: one that is there need not be written.
        new = [row for edge_id, row in wanted.items() if edge_id not in stored]
        for row in new:
            self._note(row[To.from_], row[T.label], row[To.to])
        self._add_missing({end for _, link in links for end in (link.source, link.target)})
        self._add_edges(new)

    def _told_by(self, owners: Collection[str]) -> set[str]:
        """Ids of the links that these resources' items told of, wherever they lead."""
        found: set[str] = set()
        for chunk in chunks(self._rows.vids(owners), FRONTIER):
            of_them = self._g.E().has_label(_OF_ANY_KIND).has("owner", P.within(list(chunk)))
            found.update(of_them.id_().to_list())
        return found

    def _drop_edges(self, edge_ids: Collection[str]) -> None:
        for chunk in chunks(sorted(edge_ids), FRONTIER):
            self._g.E(list(chunk)).drop().to_list()

    def _add_missing(self, ids: Collection[str]) -> None:
        """Vertices for what items mention and nobody has described yet."""
        missing: list[Resource] = []
        for chunk in chunks(sorted(ids), FRONTIER):
            there = set(self._g.V(self._rows.vids(chunk)).id_().to_list())
            missing += [mentioned(i) for i in chunk if self._rows.vid(i) not in there]
        self.replace([self._rows.row(resource) for resource in missing])

    def _add_edges(self, rows: Sequence[Mapping[Any, Any]]) -> None:
        unique = list({row[T.id]: row for row in rows}.values())
        for chunk in chunks(unique, self._sizes.edges):
            self._g.inject(Batch(chunk)).unfold().merge_e().count().next()

    def _drop(self, vertex_ids: Sequence[str]) -> None:
        for chunk in chunks(vertex_ids, FRONTIER):
            self._g.V(list(chunk)).drop().to_list()

    def _derive(self, *, whole: bool) -> None:
        """Make the derived links agree with the resources: only what differs is written.

        What nobody has described and no link mentions any more goes.
        """
        found = None if whole else self._reading.about(self._changes)
        whole = found is None
        derived, stored = self._reading.everything() if found is None else found
        wanted = {row[T.id]: row for row in (self._rows.edge(DERIVED, link) for link in derived)}
        left = stored.difference(wanted)
        if not whole:
            self._noted_all(left)
        self._drop_edges(left)
        new = [row for edge_id, row in wanted.items() if edge_id not in stored]
        self._add_missing({self._rows.rid(row[end]) for row in new for end in (To.from_, To.to)})
        self._add_edges(new)
        if whole:
            lonely = self._g.V().has("tenant", self._rows.tenant).has("known", _MENTIONED)
            self._drop(lonely.not_(__.both_e()).id_().to_list())
            return
        for chunk in chunks(self._rows.vids(sorted(self._loose)), FRONTIER):
            lonely = self._g.V(list(chunk)).has("known", _MENTIONED)
            self._drop(lonely.not_(__.both_e()).id_().to_list())


def _outline(resource: Resource) -> tuple[Any, ...]:
    """What deriving looks at."""
    return resource.type, resource.known, dict(resource.properties)


def _moment(change: GraphChange, resource_id: str) -> float:
    """When a resource was seen to be gone; where nobody says, after everything else."""
    moment: datetime | None = change.deleted_at.get(resource_id)
    return float("inf") if moment is None else milliseconds(moment)
