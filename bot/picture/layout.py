"""A layered layout of our own: left to right from cause to effect.

Components are laid out one by one and packed below each other, the largest first. In each: cycles
are broken, ranks are longest paths, long edges get a bend in every rank between, the order within
ranks comes from barycentre sweeps (the one with the fewest crossings is kept), and rows are
straightened towards their neighbours. Deterministic: ties are broken by key.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_SWEEPS = 12
_STRAIGHTEN = 24


@dataclass(frozen=True, slots=True)
class Placed:
    """Where things are: boxes by key as (x, y) of their upper left corner, edges as bends."""

    boxes: dict[str, tuple[float, float]]
    bends: dict[tuple[str, str], list[tuple[float, float]]]
    width: float
    height: float


@dataclass(slots=True)
class _Layers:
    """One component, being laid out; bends are nodes too, with keys that begin with NUL."""

    rank: dict[str, int]
    out: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    into: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    rows: list[list[str]] = field(default_factory=list)
    chains: dict[tuple[str, str], list[str]] = field(default_factory=dict)


def laid_out(
    keys: Sequence[str],
    edges: Sequence[tuple[str, str]],
    *,
    box: tuple[float, float],
    gaps: tuple[float, float],
    first: Sequence[str] = (),
) -> Placed:
    """Place boxes of one size.

    Args:
        keys: Boxes, in the order that breaks ties.
        edges: (from, to), each once; from left to right where cycles allow.
        box: Width and height of a box.
        gaps: Horizontal gap between ranks, vertical gap between boxes of a rank.
        first: Boxes that belong to the left (where the threat comes from).
    """
    boxes: dict[str, tuple[float, float]] = {}
    bends: dict[tuple[str, str], list[tuple[float, float]]] = {}
    top = width = 0.0
    for members in _components(keys, edges):
        inside = [e for e in edges if e[0] in members and e[1] in members and e[0] != e[1]]
        layers = _ranked([k for k in keys if k in members], inside, first)
        _ordered(layers)
        ys = _heights(layers, box[1] + gaps[1])
        lowest = min(ys.values())
        step = box[0] + gaps[0]
        for key, rank in layers.rank.items():
            if not key.startswith("\0"):
                boxes[key] = (rank * step, top + ys[key] - lowest)
        for edge, chain in layers.chains.items():
            bends[edge] = [
                (layers.rank[k] * step + box[0] / 2, top + ys[k] - lowest + box[1] / 2)
                for k in chain
            ]
        width = max(width, max(layers.rank.values()) * step + box[0])
        top += max(ys.values()) - lowest + box[1] + gaps[1] * 1.5
    return Placed(boxes, bends, width, max(0.0, top - gaps[1] * 1.5))


def _components(keys: Sequence[str], edges: Sequence[tuple[str, str]]) -> list[frozenset[str]]:
    """Connected parts, the largest first."""
    near: dict[str, set[str]] = {key: set() for key in keys}
    for a, b in edges:
        near[a].add(b)
        near[b].add(a)
    left = dict.fromkeys(keys)
    parts: list[frozenset[str]] = []
    while left:
        start = next(iter(left))
        seen, stack = {start}, [start]
        while stack:
            for other in near[stack.pop()] - seen:
                seen.add(other)
                stack.append(other)
        parts.append(frozenset(seen))
        for key in seen:
            left.pop(key, None)
    order = {key: index for index, key in enumerate(keys)}
    return sorted(parts, key=lambda part: (-len(part), min(order[k] for k in part)))


def _ranked(keys: Sequence[str], edges: Sequence[tuple[str, str]], first: Sequence[str]) -> _Layers:
    forward, backward = _without_cycles(keys, edges, first)
    ranks = _longest_paths(keys, forward)
    layers = _Layers(rank=ranks)
    for a, b in forward:
        original = (b, a) if (b, a) in backward else (a, b)
        chain = _bent(layers, a, b)
        layers.chains[original] = chain[::-1] if original != (a, b) else chain
    depth = max(layers.rank.values()) + 1
    layers.rows = [[] for _ in range(depth)]
    for key in [*keys, *(k for k in layers.rank if k.startswith("\0"))]:
        layers.rows[layers.rank[key]].append(key)
    return layers


def _bent(layers: _Layers, a: str, b: str) -> list[str]:
    """The bends of an edge over several ranks; links every neighbouring pair."""
    chain: list[str] = []
    last = a
    for rank in range(layers.rank[a] + 1, layers.rank[b]):
        bend = f"\0{a}\0{b}\0{rank}"
        layers.rank[bend] = rank
        layers.out[last].append(bend)
        layers.into[bend].append(last)
        chain.append(bend)
        last = bend
    layers.out[last].append(b)
    layers.into[b].append(last)
    return chain


def _without_cycles(
    keys: Sequence[str], edges: Sequence[tuple[str, str]], first: Sequence[str]
) -> tuple[list[tuple[str, str]], set[tuple[str, str]]]:
    """The edges with those that close a cycle turned round; which were turned."""
    following: dict[str, list[str]] = defaultdict(list)
    given = set(edges)
    for a, b in edges:
        if (b, a) not in given or a < b:
            following[a].append(b)
    state: dict[str, int] = {}
    turned: set[tuple[str, str]] = set()
    heads = {b for _, b in edges}
    starts = [*(k for k in first if k in keys), *(k for k in keys if k not in heads), *keys]
    for start in starts:
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
    forward = {
        ((b, a) if (a, b) in turned else (a, b)): None for a in following for b in following[a]
    }
    return list(forward), turned


def _longest_paths(keys: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Ranks; what nothing points at stands just left of the first thing that it points at."""
    out: dict[str, list[str]] = defaultdict(list)
    waits = dict.fromkeys(keys, 0)
    for a, b in edges:
        out[a].append(b)
        waits[b] += 1
    rank = dict.fromkeys(keys, 0)
    sources = [key for key in keys if waits[key] == 0]
    ready = list(sources)
    while ready:
        key = ready.pop(0)
        for other in out[key]:
            rank[other] = max(rank[other], rank[key] + 1)
            waits[other] -= 1
            if waits[other] == 0:
                ready.append(other)
    for key in sources:
        if out[key]:
            rank[key] = min(rank[other] for other in out[key]) - 1
    least = min(rank.values())
    return {key: value - least for key, value in rank.items()}


def _ordered(layers: _Layers) -> None:
    best, fewest = [list(row) for row in layers.rows], _crossings(layers, layers.rows)
    rows = [list(row) for row in layers.rows]
    for sweep in range(_SWEEPS):
        if fewest == 0:
            break
        down = sweep % 2 == 0
        near = layers.into if down else layers.out
        indices = range(1, len(rows)) if down else range(len(rows) - 2, -1, -1)
        for index in indices:
            beside = rows[index - 1] if down else rows[index + 1]
            place = {key: spot for spot, key in enumerate(beside)}
            spots = {key: spot for spot, key in enumerate(rows[index])}
            rows[index].sort(key=lambda k, p=place, s=spots, n=near: (_mean(n[k], p, s[k]), s[k]))  # type: ignore[misc] # bound early
        crossings = _crossings(layers, rows)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    layers.rows = best


def _mean(near: Sequence[str], place: Mapping[str, int], default: float) -> float:
    spots = [place[key] for key in near if key in place]
    return sum(spots) / len(spots) if spots else default


def _crossings(layers: _Layers, rows: Sequence[Sequence[str]]) -> int:
    """How many pairs of edges between neighbouring ranks cross."""
    total = 0
    for index in range(len(rows) - 1):
        place = {key: spot for spot, key in enumerate(rows[index + 1])}
        ends = [
            spot
            for key in rows[index]
            for spot in sorted(place[other] for other in layers.out[key] if other in place)
        ]
        counts = [0] * (len(rows[index + 1]) + 1)
        for seen, end in enumerate(ends):
            total += seen - sum(counts[: end + 1])
            counts[end] += 1
    return total


def _heights(layers: _Layers, step: float) -> dict[str, float]:
    """The y of every box and bend: in order, a step apart, near what it is connected to."""
    ys = {key: index * step for row in layers.rows for index, key in enumerate(row)}
    for turn in range(_STRAIGHTEN):
        rows = layers.rows if turn % 2 == 0 else layers.rows[::-1]
        for row in rows:
            wanted = []
            for key in row:
                near = [*layers.into[key], *layers.out[key]]
                wanted.append(sum(ys[k] for k in near) / len(near) if near else ys[key])
            _spread(row, wanted, ys, step)
    return ys


def _spread(row: Sequence[str], wanted: Sequence[float], ys: dict[str, float], step: float) -> None:
    """Near where each wants to be, in order, at least a step apart (pooled neighbours)."""
    blocks: list[tuple[float, int]] = []
    for index, want in enumerate(wanted):
        total, count = want - index * step, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            before, members = blocks.pop()
            total, count = total + before, count + members
        blocks.append((total, count))
    index = 0
    for total, count in blocks:
        for _ in range(count):
            ys[row[index]] = total / count + index * step
            index += 1
