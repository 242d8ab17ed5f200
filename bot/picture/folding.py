"""What a picture shows of a subgraph: cards, trays of alike resources, "+17 ..." for the rest."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from agent.views import Connections
from bot.picture.fonts import drawable
from bot.picture.glyphs import FOLDED, Family, family_of, kind_of, many
from bot.picture.wording import label_of
from integrations.findings.port import Severity
from integrations.resources.port import INTERNET, Link, Resource

MOST = 40
"""Boxes of a neighbourhood."""
MOST_ON_PATH = 12
"""Boxes of an exposure, unless its path alone is longer."""
_TRAY = 4
"""So many that are alike (same type, same connections) share a tray and one line."""
_FEW = 2
"""A tray that could name no more than so many names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One resource in a tray; or, last, how many more there are."""

    title: str
    severity: Severity | None = None
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One card or tray of the picture."""

    key: str
    title: str
    kind: str
    family: Family
    severity: Severity | None = None
    marked: bool = False
    """What was asked about."""
    on_path: bool = False
    chips: tuple[Chip, ...] = ()
    """What a tray holds; empty for a card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One line of the picture."""

    source: str
    target: str
    label: str = ""
    on_path: bool = False
    cut: bool = False
    both: bool = False
    """There is one the other way, too."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The picture's boxes and lines."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    path: tuple[str, ...] = ()
    """Keys of the path's boxes, from the threat to the asset."""

    @property
    def boxes(self) -> int:
        """How many things are drawn: cards and chips."""
        return sum(max(1, len(node.chips)) for node in self.nodes)


@dataclass(frozen=True, slots=True)
class _Group:
    """Resources that share a box; those past `named` are only counted."""

    members: tuple[Resource, ...]
    named: int


def folded(view: Connections) -> Shown:
    """The boxes and lines of a view: at most 40 boxes, 12 where a path is shown."""
    path = view.path.resources if view.path else ()
    every = {r.id: r for r in (*path, *view.graph.resources)}
    links = [*(view.path.links if view.path else ()), *view.graph.links]
    links = [li for li in links if li.source in every and li.target in every]
    most = max(MOST_ON_PATH if view.path else MOST, len({r.id for r in path}) + 1)
    alone = _alone(view, every, most)
    groups = _grouped(view, every, links, alone, most)
    nodes: list[Node] = []
    key_of: dict[str, str] = {}
    for group in groups:
        made = _nodes(view, group, {r.id for r in path})
        nodes += made
        keys = [n.key for n in made] if len(made) > 1 else [made[0].key] * len(group.members)
        key_of |= {r.id: key for r, key in zip(group.members, keys, strict=True)}
    chain = tuple(dict.fromkeys(key_of[r.id] for r in path))
    return Shown(tuple(nodes), _edges(view, links, key_of), chain if len(chain) > 1 else ())


def _alone(view: Connections, every: Mapping[str, Resource], most: int) -> dict[str, None]:
    """Ids of what is never put into a tray: the path, what was asked about, the internet."""
    path = [r.id for r in view.path.resources] if view.path else []
    cut = view.cut.link if view.cut and view.cut.link else ()
    wanted = [*path, view.about.id, *cut, *view.graph.start, INTERNET]
    found = dict.fromkeys(i for i in wanted if i in every)
    return dict.fromkeys(list(found)[: max(most - 1, len(set(path)))])


def _grouped(
    view: Connections,
    every: Mapping[str, Resource],
    links: Iterable[Link],
    alone: Mapping[str, None],
    most: int,
) -> list[_Group]:
    """Who shares a box with whom, so that there are no more boxes than there may be."""
    single = [_Group((every[i],), 1) for i in alone]
    room = most - len(single)
    worst = {i: -view.severities.get(i, Severity.UNKNOWN) for i in every}
    near: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
    for link in links:
        near[link.source].add(("to", link.target, label_of(link)))
        near[link.target].add(("from", link.source, label_of(link)))
    alike: dict[object, list[Resource]] = defaultdict(list)
    for resource in every.values():
        if resource.id not in alone:
            alike[resource.type, frozenset(near[resource.id])].append(resource)
    if len(alike) > room:
        alike = _by_type(alike.values(), room, worst)
    groups = [sorted(g, key=lambda r: (worst[r.id], r.name, r.id)) for g in alike.values()]
    cap = _cap([len(group) for group in groups], room)
    return single + [
        _Group(tuple(g), len(g) if len(g) <= cap + 1 else cap if cap > _FEW else 0) for g in groups
    ]


def _by_type(
    groups: Iterable[list[Resource]], room: int, worst: Mapping[str, int]
) -> dict[object, list[Resource]]:
    """Too many different ones: the gravest keep their own box, the rest is folded by type."""
    ranked = sorted(groups, key=lambda g: (min(worst[r.id] for r in g), len(g), g[0].id))
    types = sorted({g[0].type for g in ranked})
    own = max(0, room - len(types))
    found: dict[object, list[Resource]] = dict(enumerate(ranked[:own]))
    for group in ranked[own:]:
        name = group[0].type if len(types) < room or group[0].type in types[: room - 1] else ""
        found.setdefault(name, []).extend(group)
    return found


def _cap(sizes: Sequence[int], room: int) -> int:
    """How many of a group are named at most, so that all groups fit in the room."""
    for cap in range(max(sizes, default=0), 0, -1):
        if sum(min(size, cap + 1) for size in sizes) <= room:
            return cap
    return 0


def _nodes(view: Connections, group: _Group, path: set[str]) -> list[Node]:
    """A card for each of a few, one tray for many, one "+17 ..." where none is named."""
    members = group.members
    if group.named == len(members) and len(members) < _TRAY:
        return [_card(view, resource, on_path=resource.id in path) for resource in members]
    first = members[0]
    one_type = len({r.type for r in members}) == 1
    kind = many(kind_of(first.type)) if one_type else "resources"
    family = family_of(first.type) if one_type else FOLDED
    left = len(members) - group.named
    tray = Node(
        key=f"tray {first.id}",
        title=f"{len(members)} {kind}",
        kind="",
        family=family,
        severity=max((view.severities.get(r.id, Severity.UNKNOWN) for r in members), default=None),
    )
    if not group.named:
        return [replace(tray, title=f"+{len(members)} {kind}", kind="not named here")]
    chips = [
        Chip(title=_name(r), severity=view.severities.get(r.id)) for r in members[: group.named]
    ]
    if left:
        rest = [view.severities.get(r.id, Severity.UNKNOWN) for r in members[group.named :]]
        chips.append(Chip(title=f"+{left} {kind}", severity=max(rest), more=True))
    return [replace(tray, chips=tuple(chips), severity=None)]


def _card(view: Connections, resource: Resource, *, on_path: bool) -> Node:
    return Node(
        key=resource.id,
        title=_name(resource),
        kind=drawable(kind_of(resource.type)) or "resource",
        family=family_of(resource.type),
        severity=view.severities.get(resource.id),
        marked=not view.path and resource.id in {view.about.id, *view.graph.start},
        on_path=on_path,
    )


def _name(resource: Resource) -> str:
    """What people call it; its short id where the font cannot show most of that."""
    for text in (resource.name, resource.short_id, resource.id.rsplit("/", 1)[-1]):
        shown = drawable(text)
        if sum(c.isalnum() for c in shown) * 2 >= len(text.strip()) > 0:
            return shown
    return drawable(resource.name) or "…"


def _edges(view: Connections, links: Iterable[Link], key_of: Mapping[str, str]) -> tuple[Edge, ...]:
    """One line between two boxes; the path's links come first, so their way round is kept."""
    on_path = {(li.source, li.target) for li in view.path.links} if view.path else set()
    cut = view.cut.link if view.cut else None
    found: dict[tuple[str, str], Edge] = {}
    for link in links:
        ends = (key_of[link.source], key_of[link.target])
        if ends[0] == ends[1]:
            continue
        turned = ends[::-1] in found
        before = found.get(ends[::-1] if turned else ends)
        edge = before or Edge(source=ends[0], target=ends[1])
        found[edge.source, edge.target] = replace(
            edge,
            label=edge.label or label_of(link),
            on_path=edge.on_path or (link.source, link.target) in on_path,
            cut=edge.cut or (link.source, link.target) == cut,
            both=edge.both or (turned and not edge.on_path),
        )
    return tuple(found.values())
