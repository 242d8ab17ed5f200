"""Derived links made to agree with what changed, and with nothing else read.

What a derived link is about (its subject) is never far from what it follows from: `derive` looks at
a subject, its groups, subnets, route tables, profile and policies. So the subjects of a change are
found by walking back from what changed, and only they are derived again.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gremlin_python.process.graph_traversal import GraphTraversal, GraphTraversalSource, __
from gremlin_python.process.traversal import P, T

from integrations.resources.derive import (
    DATA,
    DERIVED,
    FROM_SUBJECT,
    IDENTITIES,
    READ,
    TO_SUBJECT,
    derived_links,
)
from integrations.resources.gremlin_rows import FRONTIER, Rows, chunks
from integrations.resources.port import INTERNET, Link, LinkKind, Resource

MOST_CHANGES: Final = 100_000
"""Changed resources and links above which reading everything once is quicker."""
MOST_SUBJECTS: Final = 100_000
_TABLE, _SUBNET = "AwsEc2RouteTable", "AwsEc2Subnet"
_HOLDERS: Final = frozenset({"AwsIamPolicy", "AwsIamGroup"})
_READ: Final = tuple(map(str, READ))


@dataclass(slots=True)
class Changes:
    """What a change did to what deriving looks at."""

    before: dict[str, Resource] = field(default_factory=dict)
    """Changed and deleted resources as they were; those that were not there are missing."""
    after: dict[str, Resource] = field(default_factory=dict)
    """Changed resources as they are; those that are gone are missing."""
    links: set[tuple[str, str, str]] = field(default_factory=set)
    """(source, kind, target) of links that came or went."""

    @property
    def ids(self) -> set[str]:
        """Of all that changed."""
        return {*self.before, *self.after}

    @property
    def many(self) -> bool:
        """Whether looking at everything is quicker."""
        return len(self.before) + len(self.after) + len(self.links) > MOST_CHANGES

    def of_type(self, types: Collection[str]) -> set[str]:
        """Those that are or were of some types."""
        return {
            i for part in (self.before, self.after) for i, one in part.items() if one.type in types
        }

    def appeared(self) -> set[str]:
        """Those that came, went, or are of another type than they were."""
        return {i for i in self.ids if _kind(self.before.get(i)) != _kind(self.after.get(i))}

    def ends(self, kind: LinkKind, *, source: bool) -> set[str]:
        """The sources, or the targets, of the changed links of a kind."""
        return {s if source else t for s, k, t in self.links if k == kind}


def _kind(resource: Resource | None) -> tuple[Any, ...]:
    """What others look at of a resource beside its facts."""
    if resource is None:
        return ()
    return resource.type, resource.known, resource.properties.get("sensitive") is True


class GremlinDerived:
    """Reads what deriving needs of one tenant's graph."""

    def __init__(self, g: GraphTraversalSource, rows: Rows) -> None:
        """Read with `g`, in the words of `rows`."""
        self._g = g
        self._rows = rows

    def outlines(self, ids: Iterable[str]) -> dict[str, Resource]:
        """Resources by id without names and tags; those that are not there are missing."""
        found: dict[str, Resource] = {}
        for chunk in chunks(sorted(set(ids)), FRONTIER):
            steps = self._g.V(self._rows.vids(chunk)).has("tenant", self._rows.tenant)
            found |= {one.id: one for one in self._outlined(steps)}
        return found

    def everything(self) -> tuple[list[Link], set[str]]:
        """All links that follow from all there is, and the ids of those that are stored."""
        resources = self._outlined(self._g.V().has("tenant", self._rows.tenant))
        edges = self._g.E().has_label(P.within(list(_READ))).has("tenant", self._rows.tenant)
        owner = self._rows.vid(DERIVED)
        kinds = P.within([str(kind) for kind in LinkKind])
        stored = self._g.E().has_label(kinds).has("owner", owner).id_().to_list()
        return derived_links(resources, self._links(edges)), set(stored)

    def about(self, changes: Changes) -> tuple[list[Link], set[str]] | None:
        """The links that follow about what a change touched, and the ids of those stored.

        None: it touched so much that everything had better be looked at.
        """
        subjects = self._subjects(changes)
        if len(subjects) > MOST_SUBJECTS:
            return None
        return derived_links(*self._around(subjects), subjects), self._stored(subjects)

    def _subjects(self, changes: Changes) -> set[str]:
        found = changes.ids
        for kind in (LinkKind.GUARDS, LinkKind.CONTAINS):
            found |= changes.ends(kind, source=False)
        for kind in (
            LinkKind.ROUTES_TO,
            LinkKind.USES,
            LinkKind.HAS_POLICY,
            LinkKind.MEMBER_OF,
        ):
            found |= changes.ends(kind, source=True)
        appeared = changes.appeared()
        guards = changes.ends(LinkKind.ADMITS, source=False) | appeared
        found |= self._next(guards, LinkKind.GUARDS, out=True)
        roles = self._next(appeared & changes.of_type({"AwsIamRole"}), LinkKind.USES)
        found |= self._next(changes.ends(LinkKind.USES, source=True) | roles, LinkKind.USES)
        holders = changes.ends(LinkKind.HAS_POLICY, source=True) | changes.of_type(_HOLDERS)
        holders |= self._next(changes.of_type(_HOLDERS) | appeared, LinkKind.HAS_POLICY)
        found |= holders | self._next(holders, LinkKind.MEMBER_OF)
        subnets = changes.ends(LinkKind.ROUTES_TO, source=True) | changes.of_type({_SUBNET})
        tables = changes.of_type({_TABLE})
        subnets |= self._next(tables | appeared, LinkKind.ROUTES_TO) | self._by_main(changes)
        found |= subnets | self._next(subnets, LinkKind.CONTAINS, out=True)
        if appeared & changes.of_type(DATA.keys()):
            found |= {one.id for one in self._of_types(IDENTITIES)}
        return found - {INTERNET}

    def _by_main(self, changes: Changes) -> set[str]:
        """Subnets of the VPCs whose main route table changed."""
        parts = (*changes.before.values(), *changes.after.values())
        vpcs = {
            one.properties.get("vpc")
            for one in parts
            if one.type == _TABLE and one.properties.get("main")
        }
        if not vpcs:
            return set()
        subnets = self._of_types({_SUBNET})
        return {one.id for one in subnets if one.properties.get("vpc") in vpcs}

    def _around(self, subjects: Collection[str]) -> tuple[list[Resource], list[Link]]:
        """What `derived_links` has to be given for some subjects."""
        known = self.outlines(subjects)
        links = self._edges(known, (LinkKind.GUARDS, LinkKind.CONTAINS), out=False)
        kinds = (LinkKind.ROUTES_TO, LinkKind.HAS_POLICY, LinkKind.MEMBER_OF)
        links += self._edges(known, kinds, out=True)
        instances = [i for i, one in known.items() if one.type == "AwsEc2Instance"]
        used = self._edges(instances, (LinkKind.USES,), out=True)
        links += used + self._edges(
            {li.target for li in used}, (LinkKind.USES,), out=True, to="AwsIamRole"
        )
        near = {kind: {*_far(links, kind)} for kind in READ}
        links += self._edges(near[LinkKind.GUARDS], (LinkKind.ADMITS,), out=False)
        links += self._edges(near[LinkKind.CONTAINS], (LinkKind.ROUTES_TO,), out=True)
        links += self._edges(near[LinkKind.MEMBER_OF], (LinkKind.HAS_POLICY,), out=True)
        resources = self.outlines(end for li in links for end in (li.source, li.target)) | known
        types = {one.type for one in resources.values()}
        if _SUBNET in types:
            resources |= {one.id: one for one in self._of_types({_TABLE})}
        if not IDENTITIES.isdisjoint(one.type for one in known.values()):
            resources |= {one.id: one for one in self._of_types(DATA.keys())}
        unique = {(li.source, li.kind, li.target): li for li in links}
        return list(resources.values()), list(unique.values())

    def _stored(self, subjects: Collection[str]) -> set[str]:
        """Ids of the derived links about some subjects."""
        owner = self._rows.vid(DERIVED)
        found: set[str] = set()
        for chunk in chunks(self._rows.vids(subjects), FRONTIER):
            out = self._g.V(list(chunk)).out_e(*map(str, FROM_SUBJECT)).has("owner", owner)
            into = self._g.V(list(chunk)).in_e(*map(str, TO_SUBJECT)).has("owner", owner)
            found.update(out.id_().to_list(), into.id_().to_list())
        return found

    def _of_types(self, types: Collection[str]) -> list[Resource]:
        steps = self._g.V().has_label(P.within(sorted(types))).has("tenant", self._rows.tenant)
        return self._outlined(steps)

    def _outlined(self, steps: GraphTraversal) -> list[Resource]:
        found = steps.project("i", "l", "k", "f").by(T.id).by(T.label).by("known").by("facts")
        return [self._rows.outlined(row) for row in found.to_list()]

    def _next(self, ids: Collection[str], kind: LinkKind, *, out: bool = False) -> set[str]:
        """What told links of a kind lead to: along them if `out`, else against them."""
        derived = self._rows.vid(DERIVED)
        found: set[str] = set()
        for chunk in chunks(self._rows.vids(sorted(ids)), FRONTIER):
            steps = self._g.V(list(chunk))
            edges = steps.out_e(str(kind)) if out else steps.in_e(str(kind))
            edges = edges.has("owner", P.neq(derived))
            ends = (edges.in_v() if out else edges.out_v()).dedup().id_().to_list()
            found.update(self._rows.rids(ends))
        return found - {INTERNET}

    def _edges(
        self, ids: Iterable[str], kinds: Collection[LinkKind], *, out: bool, to: str = ""
    ) -> list[Link]:
        """The told links of some kinds at some resources; `to` only those to one type."""
        links: list[Link] = []
        for chunk in chunks(self._rows.vids(sorted(set(ids))), FRONTIER):
            steps, names = self._g.V(list(chunk)), tuple(map(str, kinds))
            edges = steps.out_e(*names) if out else steps.in_e(*names)
            links += self._links(edges.filter_(__.in_v().has_label(to)) if to else edges)
        return links

    def _links(self, edges: GraphTraversal) -> list[Link]:
        told = edges.has("owner", P.neq(self._rows.vid(DERIVED)))
        steps = told.project("o", "k", "i", "p").by(__.out_v().id_()).by(T.label)
        return self._rows.links(steps.by(__.in_v().id_()).by("facts").to_list())

    def ends_of(self, edges: GraphTraversal) -> list[Mapping[str, Any]]:
        """Rows of `e`dge id, `o`ut id, `k`ind, `i`n id and owner (`w`)."""
        steps = edges.project("e", "o", "k", "i", "w").by(T.id).by(__.out_v().id_())
        return list(steps.by(T.label).by(__.in_v().id_()).by("owner").to_list())


def _far(links: Iterable[Link], kind: LinkKind) -> Iterable[str]:
    """The ends of links of a kind that are looked at next."""
    into = kind in {LinkKind.GUARDS, LinkKind.CONTAINS}
    return [li.source if into else li.target for li in links if li.kind is kind]
