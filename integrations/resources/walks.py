"""Breadth-first walks over a graph that answers one frontier at a time."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from integrations.resources.port import Link

EdgesOf: TypeAlias = Callable[[Sequence[str]], Sequence[Link]]
"""The links at a set of resources, in whatever direction is walked."""
Way: TypeAlias = tuple[list[str], list[Link]]
"""Resources from one end to the other, and one link fewer."""


@dataclass(slots=True)
class Found:
    """What a walk came to, nearest first, and by which link it came to each."""

    ids: list[str]
    came_by: dict[str, tuple[str, Link]] = field(default_factory=dict)
    """Resource id -> (the resource it was reached from, the link)."""


def nearest_first(start: Sequence[str], edges_of: EdgesOf, *, hops: int, limit: int) -> Found:
    """Walk up to `hops` links or `limit` resources.

    Among those equally near the order is that of their ids, so the same question finds the same.
    """
    found = Found(list(start))
    seen = set(start)
    frontier = list(start)
    for _ in range(hops):
        if not frontier or len(found.ids) >= limit:
            break
        reached = _reached(frontier, edges_of, seen)
        frontier = sorted(reached)[: limit - len(found.ids)]
        for resource_id in frontier:
            found.came_by[resource_id] = reached[resource_id]
        found.ids.extend(frontier)
        seen.update(frontier)
    return found


def path_of(found: Found, end: str) -> Way:
    """The way from where the walk began to `end`."""
    ids, links = _back(found.came_by, end)
    return ids[::-1], links[::-1]


def shortest_path(
    source: str,
    target: str,
    forth: EdgesOf,
    back: EdgesOf,
    *,
    hops: int,
    not_through: Collection[str] = (),
) -> Way | None:
    """The shortest way of at most `hops` links; None where there is none.

    Walked from both ends at once, the smaller side first, so that a hub at one end costs nothing
    that the other end can save. Of several ways equally short it is always the same one.
    """
    sides = (
        _Side(source, forth, {source, *not_through}),
        _Side(target, back, {target, *not_through}),
    )
    meet = {source} & {target}
    for _ in range(hops):
        if meet or not all(side.frontier for side in sides):
            break
        min(sides, key=lambda side: len(side.frontier)).widen()
        meet = sides[0].reached & sides[1].reached
    if not meet:
        return None
    middle = min(meet)
    ids, links = _back(sides[0].came_by, middle)
    after, further = _back(sides[1].came_by, middle)
    return [*ids[::-1], *after[1:]], [*links[::-1], *further]


class _Side:
    """What has been reached from one end."""

    def __init__(self, end: str, edges_of: EdgesOf, seen: set[str]) -> None:
        self.frontier = [end]
        self.came_by: dict[str, tuple[str, Link]] = {}
        self._edges_of = edges_of
        self._seen = seen
        self.reached = {end}

    def widen(self) -> None:
        """Go one link further."""
        reached = _reached(self.frontier, self._edges_of, self._seen)
        self.came_by |= reached
        self.frontier = sorted(reached)
        self._seen.update(reached)
        self.reached.update(reached)


def _reached(
    frontier: Sequence[str], edges_of: EdgesOf, seen: Collection[str]
) -> dict[str, tuple[str, Link]]:
    """What is one link beyond a frontier: resource id -> (where from, the link)."""
    inside = set(frontier)
    reached: dict[str, tuple[str, Link]] = {}
    for link in sorted(edges_of(frontier), key=lambda li: (li.source, li.kind, li.target)):
        for here, there in ((link.source, link.target), (link.target, link.source)):
            if here in inside and there not in seen and there not in reached:
                reached[there] = (here, link)
    return reached


def _back(came_by: dict[str, tuple[str, Link]], end: str) -> Way:
    """From `end` to where the walk began."""
    ids: list[str] = [end]
    links: list[Link] = []
    while end in came_by:
        end, link = came_by[end]
        ids.append(end)
        links.append(link)
    return ids, links
