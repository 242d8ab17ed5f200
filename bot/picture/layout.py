"""Where boxes and lines go: ranks as columns, wrapped into bands like words into lines of text.

Lines keep to what is free: between columns they curve, through a column they run level in a row of
their own, from one band to the next they go round in lanes beside and between the bands.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.picture.curves import late_curves
from bot.picture.ranks import Ends, Ranks, is_bend
from bot.picture.shapes import Form, Piece, Rect

_STRAIGHTEN = 16
_PINNED = 1e6
_BEND_H = 10.0
_BEND_GAP = 10.0
_BEND_WEIGHT = 80.0
"""A bend draws as a small card does; a tray draws more than a card, as it is higher."""
ONLY_BENDS = 24.0
"""A column's width where lines only pass through."""
CURVE = 66.0
"""How wide a curve is where the gap between columns is wider."""
_LANE = 9.0
TURN = 30.0
"""Beside bands, for the lines that go from one to the next."""
_ARC = 0.6
_PORT = 0.25
_TALL = 290.0
"""What is higher takes lines at any height."""


@dataclass(frozen=True, slots=True)
class Room:
    """How large things are, in pixels."""

    sizes: Mapping[str, tuple[float, float]]
    heads: Mapping[str, float]
    """What stands out above boxes."""
    gaps: Sequence[float]
    """Between columns, one fewer than there are."""
    between: float
    """Between boxes of a column, and bands."""
    words: float
    """Above lines from one band to the next, for what stands there."""
    width: float
    """What a band may take."""


@dataclass(slots=True)
class Placed:
    """Boxes and lines of one connected part, from its own upper left corner."""

    boxes: dict[str, Rect]
    width: float
    height: float
    _routing: "_Routing"

    def routes(self, words: Mapping[Ends, str]) -> dict[Ends, list[Piece]]:
        """The lines; `words` for every edge as it was given to `ranked`."""
        late = late_curves(self._routing.ranks, words)
        return {edge: list(self._routing.route(edge, late)) for edge in words}


@dataclass(frozen=True, slots=True)
class _Column:
    band: int
    left: float
    right: float
    last: bool
    """Of its band."""


def bands_of(ranks: Ranks, room: Room) -> list[list[int]]:
    """Ranks by band: as few bands as fit, of about as many ranks each."""
    widths = [_width(row, room) for row in ranks.rows]
    if sum(widths) + sum(room.gaps) <= room.width:
        return [list(range(len(widths)))]
    usable = room.width - 2 * TURN
    most = len(widths)
    bands = _filled(widths, room.gaps, usable, most)
    while most > 1:
        fewer = _filled(widths, room.gaps, usable, most - 1)
        if len(fewer) > len(bands):
            break
        bands, most = fewer, most - 1
    return bands


def least_height(ranks: Ranks, room: Room) -> float:
    """No layout in this room is lower."""
    total = 0.0
    for band in bands_of(ranks, room):
        total += room.between + max(
            sum(
                _above(key, room) + _half(key, room) + room.between
                for key in ranks.rows[r]
                if not is_bend(key)
            )
            for r in band
        )
    return total - 2 * room.between


def laid_out(ranks: Ranks, room: Room) -> Placed:
    """Place one connected part."""
    bands = bands_of(ranks, room)
    ys = _levels(ranks, room)
    columns = _columns(ranks, room, bands)
    returns = _returns(ranks, bands)
    tops, channels, height = _bands_from_above(ranks, room, bands, ys, returns)
    boxes: dict[str, Rect] = {}
    for key, rank in ranks.rank.items():
        column = columns[rank]
        w, h = room.sizes.get(key, (column.right - column.left, _BEND_H))
        left = column.right - w if rank == 0 else column.left
        boxes[key] = Rect(left, tops[column.band] + ys[key] - h / 2, w, h)
    return Placed(
        {key: rect for key, rect in boxes.items() if not is_bend(key)},
        max(column.right for column in columns) + (TURN if len(bands) > 1 else 0.0),
        height,
        _Routing(ranks, columns, boxes, returns, channels),
    )


def _width(row: Sequence[str], room: Room) -> float:
    return max((room.sizes[key][0] for key in row if not is_bend(key)), default=ONLY_BENDS)


def _half(key: str, room: Room) -> float:
    """From the middle of a box or bend to its lower edge."""
    return (_BEND_H if is_bend(key) else room.sizes[key][1]) / 2


def _above(key: str, room: Room) -> float:
    """From the middle of a box or bend to the upper end of what stands out above it."""
    return _half(key, room) + room.heads.get(key, 0.0)


def _filled(
    widths: Sequence[float], gaps: Sequence[float], usable: float, most: int
) -> list[list[int]]:
    bands: list[list[int]] = []
    taken = 0.0
    for rank, (gap, width) in enumerate(zip([0.0, *gaps], widths, strict=True)):
        if bands and len(bands[-1]) < most and taken + gap + width <= usable:
            bands[-1].append(rank)
            taken += gap + width
        else:
            bands.append([rank])
            taken = width
    return bands


def _columns(ranks: Ranks, room: Room, bands: Sequence[Sequence[int]]) -> list[_Column]:
    found = []
    for number, band in enumerate(bands):
        left = TURN if len(bands) > 1 else 0.0
        for rank in band:
            right = left + _width(ranks.rows[rank], room)
            found.append(_Column(number, left, right, last=rank == band[-1]))
            left = right + (0.0 if rank == band[-1] else room.gaps[rank])
    return found


def _returns(ranks: Ranks, bands: Sequence[Sequence[int]]) -> dict[tuple[str, str], int]:
    """Neighbouring pairs between a band and the next -> their lane."""
    found: dict[tuple[str, str], int] = {}
    for band in bands[:-1]:
        pairs = [(a, b) for a in ranks.rows[band[-1]] for b in ranks.out.get(a, ())]
        found |= {pair: lane for lane, pair in enumerate(pairs)}
    return found


def _bands_from_above(
    ranks: Ranks,
    room: Room,
    bands: Sequence[Sequence[int]],
    ys: Mapping[str, float],
    returns: Mapping[tuple[str, str], int],
) -> tuple[list[float], list[float], float]:
    """The y of level 0 of every band, of the first lane under it, and of the end."""
    tops, channels = [], []
    at = 0.0
    for band in bands:
        keys = [key for rank in band for key in ranks.rows[rank]]
        least = min(ys[key] - _above(key, room) for key in keys)
        most = max(ys[key] + _half(key, room) for key in keys)
        tops.append(at - least)
        leaving = [lane for (a, _), lane in returns.items() if ranks.rank[a] == band[-1]]
        at += most - least + max(room.between, room.words if leaving else 0.0)
        channels.append(at)
        at += len(leaving) * _LANE + room.between
    return tops, channels, channels[-1] - room.between


def _levels(ranks: Ranks, room: Room) -> dict[str, float]:
    """The middle of every box and bend: in order, apart, near what it is connected to."""
    ys: dict[str, float] = {}
    offsets: list[list[float]] = []
    for row in ranks.rows:
        at, spots = 0.0, []
        for key in row:
            spots.append(at + _above(key, room))
            at = spots[-1] + _half(key, room) + (_BEND_GAP if is_bend(key) else room.between)
        offsets.append(spots)
        ys |= {key: spot - at / 2 for key, spot in zip(row, spots, strict=True)}
    if ranks.path:
        ys |= dict.fromkeys(ranks.path, 0.0)
    near = {k: [*ranks.into.get(k, ()), *ranks.out.get(k, ())] for k in ranks.rank}
    weight = {key: max(_BEND_WEIGHT, 2 * _half(key, room)) for key in ranks.rank}
    total = {key: sum([weight[k] for k in near[key]]) for key in ranks.rank}
    order = list(zip(ranks.rows, offsets, strict=True))
    for turn in range(_STRAIGHTEN):
        for row, spots in order if turn % 2 == 0 else order[::-1]:
            wanted = [
                sum([ys[k] * weight[k] for k in near[key]]) / total[key] if near[key] else ys[key]
                for key in row
            ]
            _spread(row, wanted, spots, ys, ranks.path)
    return ys


def _spread(
    row: Sequence[str],
    wanted: Sequence[float],
    spots: Sequence[float],
    ys: dict[str, float],
    path: frozenset[str],
) -> None:
    """Near where each wants to be, in order and apart (neighbours that push are pooled)."""
    blocks: list[tuple[float, float, int]] = []
    for key, want, spot in zip(row, wanted, spots, strict=True):
        weight = _PINNED if key in path else 1.0
        total, count = (-spot if key in path else want - spot) * weight, 1
        while blocks and blocks[-1][0] * weight > total * blocks[-1][1]:
            before, heavy, members = blocks.pop()
            total, weight, count = total + before, weight + heavy, count + members
        blocks.append((total, weight, count))
    index = 0
    for total, weight, count in blocks:
        for _ in range(count):
            ys[row[index]] = 0.0 if row[index] in path else total / weight + spots[index]
            index += 1


@dataclass(frozen=True, slots=True)
class _Routing:
    """The pieces of lines between placed boxes and bends."""

    ranks: Ranks
    columns: Sequence[_Column]
    boxes: Mapping[str, Rect]
    returns: Mapping[Ends, int]
    channels: Sequence[float]

    def route(self, edge: Ends, late: frozenset[Ends]) -> Iterator[Piece]:
        """From source to target; of `late` pairs lines curve at the end of a gap."""
        a, b = edge
        if self.ranks.rank[a] == self.ranks.rank[b]:
            yield from self._beside(a, b)
            return
        stops = [a, *self.ranks.chains[edge], b]
        if self.ranks.rank[a] < self.ranks.rank[b]:
            yield from self._onward(stops, late)
        else:
            for piece in reversed(list(self._onward(stops[::-1], late))):
                yield Piece(piece.form, piece.points[::-1])

    def _onward(self, stops: Sequence[str], late: frozenset[Ends]) -> Iterator[Piece]:
        for a, b in pairwise(stops):
            here, there = self._column(a), self._column(b)
            y0, y1 = self._ports(a, b)
            yield from _level(self.boxes[a].right, here.right, y0)
            if here.band != there.band:
                yield self._round(a, b)
            else:
                yield from self._across(a, b, late=(a, b) in late)
            yield from _level(there.left, self.boxes[b].x, y1)
            if is_bend(b):
                yield from _level(there.left, there.right, y1)

    def _across(self, a: str, b: str, *, late: bool) -> Iterator[Piece]:
        """Through a gap: a curve on one side of it, level on the other, where words can stand."""
        start, end = self._column(a).right, self._column(b).left
        (y0, y1), x0, x1 = self._ports(a, b), start, end
        alone = len(self.ranks.out[a]) == len(self.ranks.into[b]) == 1
        if abs(y0 - y1) < 1 and (alone or self.ranks.path.issuperset((a, b))):
            yield Piece(Form.STRAIGHT, ((start, y0), (end, y0)))
            return
        if late:
            x0 = max(start, end - CURVE)
        else:
            x1 = min(end, start + CURVE)
        form = Form.STRAIGHT if abs(y0 - y1) < 1 else Form.CURVE
        yield from (*_level(start, x0, y0), Piece(form, ((x0, y0), (x1, y1))), *_level(x1, end, y1))

    def _ports(self, a: str, b: str) -> tuple[float, float]:
        """Where a line leaves and arrives: in the middle, but a tray takes it where it comes."""
        upper, lower = self.boxes[a], self.boxes[b]
        y0, y1 = upper.middle[1], lower.middle[1]
        y1 = _taken_at(lower, y0, y1)
        return _taken_at(upper, y1, y0), y1

    def _round(self, a: str, b: str) -> Piece:
        """From the end of a band to the beginning of the next."""
        lane = self.returns[a, b]
        here, there = self._column(a), self._column(b)
        lanes = max(1, *self.returns.values())
        aside = 12 + (TURN - 14) * lane / lanes / 2
        right = max(column.right for column in self.columns) + aside
        left = TURN - aside - 6
        y0, y1 = self._ports(a, b)
        channel = self.channels[here.band] + lane * _LANE
        turns = [(right, y0), (right, channel), (left, channel), (left, y1)]
        return Piece(Form.CORNERS, ((here.right, y0), *turns, (there.left, y1)))

    def _beside(self, a: str, b: str) -> Iterator[Piece]:
        """Between two of one column: straight where nothing stands between, else round it."""
        rank = self.ranks.rank[a]
        row, column = self.ranks.rows[rank], self.columns[rank]
        upper, lower = sorted((a, b), key=row.index)
        above, below = self.boxes[upper], self.boxes[lower]
        if row.index(lower) - row.index(upper) == 1:
            left, right = max(above.x, below.x), min(above.right, below.right)
            x = left + (right - left) * _PORT
            points = ((x, above.bottom), (x, below.y))
            yield Piece(Form.STRAIGHT, points if upper == a else points[::-1])
            return
        y0, y1 = above.bottom - above.h * _PORT, below.y + below.h * _PORT
        gap = TURN if column.last else self.columns[rank + 1].left - column.right
        pieces = [
            *_level(above.right, column.right, y0),
            Piece(
                Form.ARC,
                ((column.right, y0), (column.right + gap * _ARC, y0), (column.right, y1)),
            ),
            *_level(column.right, below.right, y1),
        ]
        if upper == a:
            yield from pieces
        else:
            for piece in pieces[::-1]:
                yield Piece(piece.form, piece.points[::-1])

    def _column(self, key: str) -> _Column:
        return self.columns[self.ranks.rank[key]]


def _taken_at(box: Rect, wanted: float, middle: float) -> float:
    """The height at which a tall box takes a line; a card always takes it in its middle."""
    inset = _TALL / 2
    if box.h <= _TALL:
        return middle
    return min(max(wanted, box.y + inset), box.bottom - inset)


def _level(x0: float, x1: float, y: float) -> Iterator[Piece]:
    if abs(x0 - x1) >= 1:
        yield Piece(Form.STRAIGHT, ((x0, y), (x1, y)))
