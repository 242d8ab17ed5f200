"""What a picture shows of a subgraph: cards, trays of alike resources, "+17 ..." for the rest."""

from collections import defaultdict
from collections.abc import Callable, Container, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from agent.views import Connections
from bot.picture.fonts import drawable
from bot.picture.glyphs import FOLDED, Family, family_of
from bot.picture.wording import NO_KIND, kind_of, label_of, many
from integrations.findings.port import Severity
from integrations.resources.port import INTERNET, Link, Resource

MOST = 40
"""Boxes of a neighbourhood."""
MOST_ON_PATH = 12
"""Boxes of an exposure, unless its path alone is longer."""
NEIGHBOURS = "connected"
"""What a view was asked for whose path is only a part of what it shows."""
_TRAY = 4
"""So many that are alike (same type, same connections) share a tray and one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """What stands in a tray: one resource, or those that are only counted."""

    title: str
    holds: tuple[str, ...]
    """Ids of resources."""
    severity: Severity | None = None

    @property
    def folded(self) -> bool:
        """Whether it stands for several."""
        return len(self.holds) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One box of the picture: a card, a fold ("+17 subnets"), or a tray with chips in it."""

    key: str
    title: str
    kind: str
    family: Family
    holds: tuple[str, ...] = ()
    """Ids of the resources that it stands for; a tray's are its chips'."""
    severity: Severity | None = None
    marked: bool = False
    """What was asked about."""
    on_path: bool = False
    chips: tuple[Chip, ...] = ()


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
        """How many things are drawn: cards, folds and chips."""
        return sum(max(1, len(node.chips)) for node in self.nodes)


def folded(view: Connections) -> Shown:
    """The boxes and lines of a view: at most 40 boxes, 12 where a path is all it is about."""
    path = view.path.resources if view.path else ()
    every = {r.id: r for r in (*path, *view.graph.resources, view.about)}
    links = [*(view.path.links if view.path else ()), *view.graph.links]
    links = [li for li in links if li.source in every and li.target in every]
    most = MOST_ON_PATH if view.path and view.asked != NEIGHBOURS else MOST
    most = max(most, len({r.id for r in path}) + 1)
    alone = _alone(view, every, most)
    others = sorted(
        (r for r in every.values() if r.id not in alone),
        key=lambda r: -gravity(view.severities.get(r.id)),
    )
    named, folds = _chosen(others, _near(links, {i: i for i in every}), most - len(alone))
    box_of = {i: i for i in alone} | {r.id: r.id for r in named}
    box_of |= {r.id: f"more {fold[0].id}" for fold in folds for r in fold}
    on_path = frozenset(r.id for r in path)
    nodes = [_card(view, every[i], on_path=i in on_path) for i in alone]
    nodes += _together(view, named, folds, _near(links, box_of))
    box_of |= {i: node.key for node in nodes for i in node.holds}
    chain = tuple(dict.fromkeys(box_of[r.id] for r in path))
    return Shown(tuple(nodes), _edges(view, links, box_of), chain if len(chain) > 1 else ())


def _alone(view: Connections, every: Mapping[str, Resource], most: int) -> dict[str, None]:
    """Ids of what is never folded: the path, what was asked about, the cut, the internet."""
    path = [r.id for r in view.path.resources] if view.path else []
    cut = view.cut.link if view.cut and view.cut.link else ()
    wanted = [*path, view.about.id, *cut, INTERNET]
    found = dict.fromkeys(i for i in wanted if i in every)
    return dict.fromkeys(list(found)[: max(most - 1, len(set(path)))])


_Near = Mapping[str, frozenset[tuple[str, str, str]]]


def _near(links: Iterable[Link], box_of: Mapping[str, str]) -> _Near:
    """What every box is connected to: (to or from, which box, the line's words)."""
    near: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
    for link in links:
        a, b = box_of[link.source], box_of[link.target]
        if a != b:
            near[a].add(("to", b, label_of(link)))
            near[b].add(("from", a, label_of(link)))
    return {box: frozenset(ends) for box, ends in near.items()}


def _chosen(
    ranked: Sequence[Resource], near: _Near, room: int
) -> tuple[Sequence[Resource], list[list[Resource]]]:
    """Who is named, and who is folded with whom: as many are named as there is room for.

    Alike ones are folded together; where that leaves too few to be named, those of one type; where
    there are more types than room, all.
    """
    if len(ranked) <= room:
        return ranked, []

    def alike(resource: Resource) -> Hashable:
        return resource.type, near.get(resource.id)

    tries: tuple[tuple[Callable[[Resource], Hashable], int], ...] = (
        (alike, room // 2),
        (lambda resource: resource.type, 0),
        (lambda _: None, 0),
    )
    for kind, least in tries:
        count = _most_named([kind(r) for r in ranked], room)
        if count >= least:
            break
    folds: dict[Hashable, list[Resource]] = defaultdict(list)
    for resource in ranked[count:]:
        folds[kind(resource)].append(resource)
    named = [*ranked[:count], *(fold[0] for fold in folds.values() if len(fold) == 1)]
    return named, [fold for fold in folds.values() if len(fold) > 1]


def _most_named(kinds: Sequence[Hashable], room: int) -> int:
    """How many of the first can be named, one fold for each kind of the rest; -1 for none."""
    seen: set[Hashable] = set()
    for count in range(len(kinds) - 1, -1, -1):
        seen.add(kinds[count])
        if count + len(seen) <= room:
            return count
    return -1


def _together(
    view: Connections, named: Sequence[Resource], folds: Sequence[list[Resource]], near: _Near
) -> list[Node]:
    """Cards and folds; a tray for many that are of one type and connected to the same boxes."""
    alike: dict[Hashable, tuple[list[Resource], list[Resource]]] = {}
    for resource in named:
        kind = resource.type, near.get(resource.id)
        alike.setdefault(kind, ([], []))[0].append(resource)
    for fold in folds:
        one_type = len({r.type for r in fold}) == 1
        kind = fold[0].type if one_type else "", near.get(f"more {fold[0].id}")
        alike.setdefault(kind, ([], []))[1].extend(fold)
    nodes: list[Node] = []
    for few, many_more in alike.values():
        if not few:
            nodes.append(_fold(view, many_more))
        elif many_more or len(few) >= _TRAY:
            nodes.append(_tray(view, few, many_more))
        else:
            nodes += [_card(view, resource) for resource in few]
    return nodes


def _card(view: Connections, resource: Resource, *, on_path: bool = False) -> Node:
    return Node(
        key=resource.id,
        title=name_of(resource),
        kind=kind_of(resource.type),
        family=family_of(resource.type),
        holds=(resource.id,),
        severity=view.severities.get(resource.id),
        marked=not view.path and resource.id == view.about.id,
        on_path=on_path,
    )


def _fold(view: Connections, members: Sequence[Resource]) -> Node:
    one_type = len({r.type for r in members}) == 1
    return Node(
        key=f"more {members[0].id}",
        title=_counted(members, plus="+"),
        kind="folded",
        family=family_of(members[0].type) if one_type else FOLDED,
        holds=tuple(r.id for r in members),
        severity=_worst(view, members),
    )


def _tray(view: Connections, few: Sequence[Resource], more: Sequence[Resource]) -> Node:
    chips = [Chip(title=name_of(r), holds=(r.id,), severity=view.severities.get(r.id)) for r in few]
    if more:
        held = tuple(r.id for r in more)
        chips.append(Chip(title=f"+{len(more)} more", holds=held, severity=_worst(view, more)))
    members = [*few, *more]
    return Node(
        key=f"tray {few[0].id}",
        title=_counted(members),
        kind="",
        family=family_of(few[0].type),
        holds=tuple(r.id for r in members),
        chips=tuple(chips),
    )


def _counted(members: Sequence[Resource], plus: str = "") -> str:
    kind = kind_of(members[0].type) if len({r.type for r in members}) == 1 else NO_KIND
    return f"{plus}{len(members)} {many(kind)}"


def gravity(severity: Severity | None) -> int:
    """For ranking: what has no scale counts as nothing."""
    return severity if severity and severity <= Severity.FATAL else 0


def _worst(view: Connections, members: Iterable[Resource]) -> Severity | None:
    return max((view.severities.get(r.id) for r in members), key=gravity, default=None)


def name_of(resource: Resource) -> str:
    """What people call it; its short id where the font cannot show most of that."""
    for text in (resource.name, resource.short_id, resource.id.rsplit("/", 1)[-1]):
        shown = drawable(text)
        if sum(c.isalnum() for c in shown) * 2 >= len(text.strip()) > 0:
            return shown
    return drawable(resource.name) or "…"


def _edges(view: Connections, links: Iterable[Link], box_of: Mapping[str, str]) -> tuple[Edge, ...]:
    """One line between two boxes; the path's links come first, so their way round is kept."""
    on_path = {(li.source, li.target) for li in view.path.links} if view.path else set()
    cut = view.cut.link if view.cut else None
    found: dict[tuple[str, str], Edge] = {}
    said: dict[tuple[str, str], dict[tuple[str, str], str]] = defaultdict(dict)
    for link in links:
        ends = (box_of[link.source], box_of[link.target])
        if ends[0] == ends[1]:
            continue
        turned = ends[::-1] in found
        if turned:
            ends = ends[::-1]
        edge = found.get(ends) or Edge(source=ends[0], target=ends[1])
        pair = (link.source, link.target)
        found[ends] = replace(
            edge,
            on_path=edge.on_path or pair in on_path,
            cut=edge.cut or pair == cut,
            both=edge.both or (turned and not edge.on_path),
        )
        said[ends][pair] = said[ends].get(pair) or label_of(link)
    return tuple(
        replace(edge, label=_agreed(said[ends], on_path if edge.on_path else said[ends]))
        for ends, edge in found.items()
    )


def _agreed(words: Mapping[tuple[str, str], str], of_interest: Container[tuple[str, str]]) -> str:
    """What a line says: of many links folded into one only what all of them say."""
    every = {word for pair, word in words.items() if pair in of_interest}
    return every.pop() if len(every) == 1 else ""
