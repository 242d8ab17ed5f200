"""Breadth-first walks over a graph that answers one frontier at a time."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from integrations.resources.port import Link

EdgesOf = Callable[[Sequence[str]], Sequence[Link]]
"""The links at a set of resources, in whatever direction is walked."""


@dataclass(slots=True)
class Found:
    """What a walk came to, nearest first, and by which link it came to each."""

    ids: list[str]
    came_by: dict[str, tuple[str, Link]] = field(default_factory=dict)
    """Resource id -> (the resource it was reached from, the link)."""


def nearest_first(
    start: Sequence[str],
    edges_of: EdgesOf,
    *,
    hops: int,
    limit: int,
    until: Collection[str] = (),
    not_through: Collection[str] = (),
) -> Found:
    """Walk up to `hops` links or `limit` resources; ends early once all of `until` are reached.

    Among those equally near the order is that of their ids, so the same question finds the same.
    Resources `not_through` are found, and not walked on from.
    """
    found = Found(list(start))
    seen = set(start)
    frontier = list(start)
    missing = set(until) - seen
    for _ in range(hops):
        if not frontier or (until and not missing) or len(found.ids) >= limit:
            break
        inside = set(frontier)
        reached: dict[str, tuple[str, Link]] = {}
        for link in sorted(edges_of(frontier), key=lambda li: (li.source, li.kind, li.target)):
            for here, there in ((link.source, link.target), (link.target, link.source)):
                if here in inside and there not in seen and there not in reached:
                    reached[there] = (here, link)
        nearest = sorted(reached)[: limit - len(found.ids)]
        for resource_id in nearest:
            found.came_by[resource_id] = reached[resource_id]
        found.ids.extend(nearest)
        seen.update(nearest)
        missing.difference_update(nearest)
        frontier = [i for i in nearest if i not in not_through]
    return found


def path_of(found: Found, end: str) -> tuple[list[str], list[Link]]:
    """The way from where the walk began to `end`: resources, and one link fewer."""
    ids, links = [end], []
    while end in found.came_by:
        end, link = found.came_by[end]
        ids.append(end)
        links.append(link)
    return ids[::-1], links[::-1]
