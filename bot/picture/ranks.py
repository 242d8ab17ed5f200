"""Who stands left of whom, and in which order from top to bottom: a layered drawing's first half.

Cycles are broken, ranks are longest paths, an edge over several ranks gets a bend in every rank
between (edges from one box share their bends), and the order within ranks comes from barycentre
sweeps, of which the one with the fewest crossings is kept. A path stands in one rank each, first of
its rank; what is beside it stands where it joins in. Deterministic: ties are broken by order given.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

_SWEEPS = 10
Ends = tuple[str, str]


@dataclass(slots=True)
class Ranks:
    """One connected part; bends are in it as boxes are, with keys that begin with NUL."""

    rank: dict[str, int]
    path: frozenset[str] = frozenset()
    rows: list[list[str]] = field(default_factory=list)
    """Keys of every rank, from top to bottom."""
    out: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    into: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    chains: dict[Ends, list[str]] = field(default_factory=dict)
    """Edges as given -> their bends, from source to target; edges within a rank are not here."""


def is_bend(key: str) -> bool:
    """Whether it is no box but a place that a line goes through."""
    return key.startswith("\0")


def components(keys: Sequence[str], edges: Iterable[Ends]) -> list[list[str]]:
    """Connected parts, the largest first, their keys in the order given."""
    near: dict[str, set[str]] = {key: set() for key in keys}
    for a, b in edges:
        near[a].add(b)
        near[b].add(a)
    part_of: dict[str, int] = {}
    for number, start in enumerate(keys):
        stack = [start] if start not in part_of else []
        while stack:
            key = stack.pop()
            if key not in part_of:
                part_of[key] = number
                stack += [other for other in near[key] if other not in part_of]
    parts: dict[int, list[str]] = defaultdict(list)
    for key in keys:
        parts[part_of[key]].append(key)
    return sorted(parts.values(), key=len, reverse=True)


def ranked(
    keys: Sequence[str],
    edges: Sequence[Ends],
    *,
    path: Sequence[str] = (),
    first: Sequence[str] = (),
    bold: frozenset[Ends] = frozenset(),
) -> Ranks:
    """Order one connected part.

    Args:
        keys: Its boxes, in the order that breaks ties.
        edges: (from, to), each once and in one direction; no loops.
        path: Boxes that stand in one rank each, in this order.
        first: Boxes that belong to the left (where the threat comes from).
        bold: Edges that share no bend with another.
    """
    turned = _turned(keys, edges, [*path, *first])
    forward = [(b, a) if (a, b) in turned else (a, b) for a, b in edges]
    found = Ranks(_beside(path, keys, forward) if path else _longest(keys, forward))
    found.path = frozenset(path)
    for edge, (a, b) in zip(edges, forward, strict=True):
        if found.rank[a] > found.rank[b]:
            a, b = b, a  # noqa: PLW2901 - beside a path an edge may lead back
        if found.rank[a] != found.rank[b]:
            kind = f"{edge[0]}\0{edge[1]}" if edge in bold else str((a, b) != edge)
            chain = list(_bent(found, a, b, kind))
            found.chains[edge] = chain if (a, b) == edge else chain[::-1]
    found.rows = [[] for _ in range(max(found.rank.values()) + 1)]
    for key in [*path, *(k for k in found.rank if k not in found.path)]:
        found.rows[found.rank[key]].append(key)
    _order(found)
    return found


def _bent(found: Ranks, a: str, b: str, kind: str) -> Iterator[str]:
    last = a
    for rank in range(found.rank[a] + 1, found.rank[b]):
        bend = f"\0{a}\0{kind}\0{rank}"
        found.rank[bend] = rank
        found.out[last][bend] = found.into[bend][last] = None
        yield bend
        last = bend
    found.out[last][b] = found.into[b][last] = None


def _turned(keys: Sequence[str], edges: Iterable[Ends], first: Sequence[str]) -> set[Ends]:
    """Edges that close a cycle, walking depth first from what belongs to the left."""
    following: dict[str, list[str]] = defaultdict(list)
    heads = set()
    for a, b in edges:
        following[a].append(b)
        heads.add(b)
    known = set(keys)
    early = {key: spot for spot, key in enumerate(first)}
    for others in following.values():
        others.sort(key=lambda k: early.get(k, len(early)))
    state: dict[str, int] = {}
    turned: set[Ends] = set()
    for start in [*(k for k in first if k in known), *(k for k in keys if k not in heads), *keys]:
        stack = [(start, iter(following[start]))] if start not in state else []
        state.setdefault(start, 1)
        while stack:
            key, rest = stack[-1]
            for other in rest:
                if state.get(other) == 1:
                    turned.add((key, other))
                elif other not in state:
                    state[other] = 1
                    stack.append((other, iter(following[other])))
                    break
            else:
                state[key] = 2
                stack.pop()
    return turned


def _longest(keys: Sequence[str], edges: Sequence[Ends]) -> dict[str, int]:
    """Ranks; what nothing points at stands just left of the first thing that it points at."""
    out: dict[str, list[str]] = defaultdict(list)
    rank = dict.fromkeys(keys, 0)
    for key in _sorted(keys, edges, out):
        for other in out[key]:
            rank[other] = max(rank[other], rank[key] + 1)
    heads = {b for _, b in edges}
    for key in keys:
        if key not in heads and out[key]:
            rank[key] = min(rank[other] for other in out[key]) - 1
    least = min(rank.values())
    return {key: value - least for key, value in rank.items()}


def _sorted(keys: Sequence[str], edges: Sequence[Ends], out: dict[str, list[str]]) -> Iterator[str]:
    """Keys so that every edge leads on; fills `out`."""
    waits = dict.fromkeys(keys, 0)
    for a, b in edges:
        out[a].append(b)
        waits[b] += 1
    ready = [key for key in keys if not waits[key]]
    for key in ready:
        yield key
        for other in out[key]:
            waits[other] -= 1
            if not waits[other]:
                ready.append(other)


def _beside(path: Sequence[str], keys: Sequence[str], edges: Sequence[Ends]) -> dict[str, int]:
    """The path's ranks by its order; the rest under what it leads to, else after its source."""
    rank = {key: spot for spot, key in enumerate(path)}
    near: dict[str, list[str]] = defaultdict(list)
    onward: dict[str, list[str]] = defaultdict(list)
    for a, b in edges:
        onward[a].append(b)
        near[a].append(b)
        near[b].append(a)
    todo = list(path)
    for key in todo:
        for other in near[key]:
            if other not in rank:
                leads_to = [rank[k] for k in onward[other] if k in rank]
                rank[other] = min(leads_to, default=min(rank[key] + 1, len(path) - 1))
                todo.append(other)
    return {key: rank[key] for key in keys} | rank


def _order(found: Ranks) -> None:
    """Sweep to and fro; keep the order with the fewest crossings."""
    best, fewest = found.rows, _crossings(found, found.rows)
    rows = [list(row) for row in found.rows]
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        down = sweep % 2 == 0
        for index in range(1, len(rows)) if down else range(len(rows) - 2, -1, -1):
            beside = rows[index - 1] if down else rows[index + 1]
            rows[index] = _by_mean(
                rows[index], beside, found.into if down else found.out, found.path
            )
        crossings = _crossings(found, rows)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    found.rows = best


def _by_mean(
    row: Sequence[str],
    beside: Sequence[str],
    near: Mapping[str, Mapping[str, None]],
    path: frozenset[str],
) -> list[str]:
    place = {key: spot for spot, key in enumerate(beside)}
    wanted: dict[str, tuple[bool, float, int]] = {}
    for spot, key in enumerate(row):
        spots = [place[other] for other in near.get(key, ()) if other in place]
        mean = sum(spots) / len(spots) if spots else float(spot)
        wanted[key] = (key not in path, mean, spot)
    return sorted(row, key=wanted.__getitem__)


def _crossings(found: Ranks, rows: Sequence[Sequence[str]]) -> int:
    """How many pairs of lines between neighbouring ranks cross."""
    total = 0
    for row, after in pairwise(rows):
        place = {key: spot for spot, key in enumerate(after)}
        ends = [
            spot
            for key in row
            for spot in sorted(place[other] for other in found.out.get(key, ()) if other in place)
        ]
        done: list[int] = []
        for end in ends:
            at = bisect_right(done, end)
            total += len(done) - at
            done.insert(at, end)
    return total
