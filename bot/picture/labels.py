"""The words beside lines: on nothing else, neither a box nor another line nor other words."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from bot.picture.folding import Edge
from bot.picture.fonts import narrowest, width, wrapped
from bot.picture.pen import MUTED, PAPER, PATH, Pen
from bot.picture.shapes import Form, Piece, Point, Rect

CUT_WORD = "cut"
_ONE_LINE, _LONGEST = 3.4, 6.5
"""Words wider than the first go on two lines, none wider than the second; in sizes of type."""
_LONG = 3.0
"""A level piece of so many times the width of its words has room for them on one line."""
_LEADING = 1.1
_SQUARE = 40.0
_CLEAR = 5.0
"""Between words and boxes, at least."""
_OVER = 12.0
"""Words may be so much wider than the level piece of a line that they stand beside."""
_BARE = 4.0
"""At both ends words go without paper of their own, so that it hides no bend of their line."""
_SHARES = (0.5, 0.42, 0.58, 0.34, 0.66)


@dataclass(frozen=True, slots=True)
class Label:
    """Words that have found their place."""

    edge: Edge
    at: Rect
    lines: tuple[str, ...]
    cut: bool = False
    """The mark of the cut, not the line's own words."""


def label_lines(words: str, size: float) -> tuple[str, ...]:
    """A label's words on one line or two."""
    least = narrowest(words, size, bold=True)
    room = max(size * _ONE_LINE, min(size * _LONGEST, least))
    return wrapped(words, size, room + 0.1, bold=True)


def label_size(lines: Sequence[str], size: float) -> tuple[float, float]:
    """How much of the picture a label takes."""
    widest = max(width(line, size, bold=True) for line in lines)
    return widest + 10, len(lines) * size * _LEADING + 4


def placed_labels(
    edges: Sequence[Edge],
    routes: Mapping[Edge, Sequence[Piece]],
    boxes: Iterable[Rect],
    page: Rect,
    size: float,
) -> list[Label]:
    """Where words go; those of other lines than the path and the cut may be left out.

    Lines that share a piece and say the same are told of once, there.
    """
    users: dict[Piece, list[Edge]] = defaultdict(list)
    for edge in edges:
        for piece in routes[edge]:
            users[piece].append(edge)
    ground = _Ground(page, boxes, users)
    found: list[Label] = []
    told: set[Edge] = set()
    for edge in sorted(edges, key=lambda e: (not e.on_path, not e.cut)):
        own = [piece for piece in routes[edge] if len({e.label for e in users[piece]}) == 1]
        needed = edge.on_path or edge.cut
        pieces = routes[edge] if needed else own
        words = _tries(edge.label, pieces, size) if edge.label and edge not in told else []
        mark: list[tuple[str, ...]] = [(CUT_WORD,)] if edge.cut else []
        for tries, cut in [(words, False), (mark, True)]:
            for lines in tries:
                w, h = label_size(lines, size)
                spots = _spots(pieces, w, h, below=cut, needed=needed)
                last = lines is tries[-1]
                spot = ground.first_free(edge, spots, w, h, over_lines=needed and last)
                if spot is not None:
                    at, piece = spot
                    ground.busy.append(at)
                    told.update(users[piece] if piece in own else ())
                    found.append(Label(edge, at, lines, cut))
                    break
    return found


def _tries(words: str, pieces: Sequence[Piece], size: float) -> list[tuple[str, ...]]:
    """On one line where a level piece has much more room than that; else as `label_lines` says."""
    room = max((span.run for span in (p.longest for p in pieces) if span.rise < 1), default=0.0)
    both = [(words,), label_lines(words, size)]
    return both if room >= label_size(both[0], size)[0] * _LONG else both[1:]


_Spot = tuple[Point, Piece]
"""The middle of a place for words, and the piece of a line that it is beside."""


class _Ground:
    """What is taken, and where lines run: points on them by square, with the only line there."""

    def __init__(
        self, page: Rect, boxes: Iterable[Rect], users: Mapping[Piece, Sequence[Edge]]
    ) -> None:
        self.busy = [box.grown(_CLEAR) for box in boxes]
        self._page = page
        self._points: dict[tuple[int, int], list[tuple[Point, Edge | None]]] = defaultdict(list)
        for piece, edges in users.items():
            only = edges[0] if len(edges) == 1 else None
            for point in piece.sampled():
                square = int(point[0] // _SQUARE), int(point[1] // _SQUARE)
                self._points[square].append((point, only))

    def first_free(
        self, edge: Edge, spots: Iterable[_Spot], w: float, h: float, *, over_lines: bool
    ) -> tuple[Rect, Piece] | None:
        """The first spot on nothing; else, where that may be, the first that is only on a line."""
        spare = None
        for (x, y), piece in spots:
            at = Rect(x - w / 2, y - h / 2, w, h)
            if not self._page.holds(at) or any(map(at.meets, self.busy)):
                continue
            if not self._on_line(at, edge):
                return at, piece
            spare = spare or (at, piece)
        return spare if over_lines else None

    def _on_line(self, at: Rect, own: Edge) -> bool:
        x0, y0 = _square((at.x, at.y))
        x1, y1 = _square((at.right, at.bottom))
        return any(
            only is not own and at.x <= x <= at.right and at.y <= y <= at.bottom
            for column in range(x0, x1 + 1)
            for row in range(y0, y1 + 1)
            for (x, y), only in self._points.get((column, row), ())
        )


def _square(point: Point) -> tuple[int, int]:
    return int(point[0] // _SQUARE), int(point[1] // _SQUARE)


def _spots(
    pieces: Sequence[Piece], wide: float, high: float, *, below: bool, needed: bool
) -> Iterator[_Spot]:
    """The best first: beside level pieces, on steep curves, beside others; anywhere if needed."""
    lift = (1 if below else -1) * (high / 2 + 4)
    spans = [(piece.longest, piece) for piece in pieces[::-1]]
    for span, piece in spans:
        if span.rise < 1 and span.run >= wide - _OVER:
            for share, offset in product(_SHARES, (lift, -lift)):
                x, y = span.at(share)
                yield (x, y + offset), piece
    for span, piece in spans:
        if span.form is not Form.STRAIGHT:
            aside = lift + (lift / abs(lift)) * span.rise * 0.3
            offsets = (0.0,) if span.rise > high else (aside, -aside)
            for offset, share in product(offsets, _SHARES):
                x, y = span.at(share)
                yield (x, y + offset), piece
    for step in range(2, 60) if needed else ():
        for (span, piece), share in product(spans, _SHARES):
            x, y = span.at(share)
            yield (x, y + lift * step / 2), piece
            yield (x, y - lift * step / 2), piece


def draw_labels(pen: Pen, labels: Sequence[Label], size: float) -> None:
    """Words on paper of their own, the cut's mark in white on red."""
    for label in labels:
        heavy = label.edge.on_path or label.edge.cut
        at = label.at
        if label.cut:
            pen.rect(at, fill=PATH, rx=at.h / 2)
        else:
            pen.rect(Rect(at.x + _BARE, at.y, at.w - 2 * _BARE, at.h), fill=PAPER)
        y = at.y + 2
        for line in label.lines:
            y += size * _LEADING
            wide = width(line, size, bold=heavy)
            colour = PAPER if label.cut else PATH if heavy else MUTED
            pen.text(at.middle[0] - wide / 2, y - size * 0.26, line, size, colour, bold=heavy)
