"""Lines, their heads, and the words beside them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import hypot

from bot.picture.folding import Edge
from bot.picture.fonts import width, wrapped
from bot.picture.pen import LINE, MUTED, PAPER, PATH, Pen
from bot.picture.shapes import Form, Piece, Point, Rect

CUT_WORD = "cut"
_ONE_LINE = 3.4
"""Words wider than so many times their size go on two lines."""
_LEADING = 1.1
_ROUND = 10.0
_SQUARE = 40.0
_LONGEST = 6.5
"""No line of a label is wider than so many times its size."""


@dataclass(frozen=True, slots=True)
class Label:
    """Words that have found their place."""

    edge: Edge
    at: Rect
    lines: tuple[str, ...]
    cut: bool = False
    """The mark of the cut, not the line's own words."""


def label_lines(words: str, size: float) -> list[str]:
    """A label's words on one line or two."""
    if width(words, size, bold=True) <= size * _ONE_LINE or " " not in words:
        return wrapped(words, size, size * _LONGEST, lines=1, bold=True)
    spaces = [at for at, character in enumerate(words) if character == " "]
    best = min(
        spaces,
        key=lambda at: max(
            width(words[:at], size, bold=True), width(words[at + 1 :], size, bold=True)
        ),
    )
    halves = (words[:best], words[best + 1 :])
    return [wrapped(h, size, size * _LONGEST, lines=1, bold=True)[0] for h in halves]


def label_size(lines: Sequence[str], size: float) -> tuple[float, float]:
    """How much of the picture a label takes."""
    widest = max(width(line, size, bold=True) for line in lines)
    return widest + 10, len(lines) * size * _LEADING + 4


def draw_lines(pen: Pen, edges: Sequence[Edge], routes: Mapping[Edge, Sequence[Piece]]) -> None:
    """Lines, the path's last so that it lies on top; what several share is drawn once."""
    drawn: set[tuple[Piece, bool]] = set()
    for edge in sorted(edges, key=lambda e: (e.on_path, e.cut)):
        heavy = edge.on_path or edge.cut
        size = 18.0 if heavy else 13.0
        pieces = list(routes[edge])
        heads = [_head(pieces[-1].points[-1], pieces[-1].points[-2], size)]
        if edge.both:
            heads.append(_head(pieces[0].points[0], pieces[0].points[1], size))
        fresh = [p for p in pieces if (p, heavy) not in drawn]
        drawn |= {(p, heavy) for p in fresh}
        colour, thick = (PATH, 5.0) if heavy else (LINE, 2.5)
        if fresh:
            dash = ' stroke-dasharray="13 9"' if edge.cut else ""
            pen.raw(
                f'<path d="{_path(fresh, pieces, size * 0.8, both=edge.both)}" fill="none" '
                f'stroke="{colour}" stroke-width="{thick}"{dash}/>'
            )
        for corners in heads:
            pen.raw(f'<polygon points="{corners}" fill="{colour}"/>')


def _path(fresh: Sequence[Piece], whole: Sequence[Piece], short: float, *, both: bool) -> str:
    """SVG path data; the ends are drawn a little short, so that heads end in a point."""
    words: list[str] = []
    last: Point | None = None
    for piece in fresh:
        points = list(piece.points)
        if piece is whole[-1]:
            points[-1] = _shortened(points[-1], points[-2], short)
        if both and piece is whole[0]:
            points[0] = _shortened(points[0], points[1], short)
        if last != piece.points[0]:
            words.append(f"M{_xy(points[0])}")
        words.append(_drawn(piece.form, points))
        last = piece.points[-1]
    return "".join(words)


def _drawn(form: Form, points: Sequence[Point]) -> str:
    (x0, y0), (x1, y1) = points[0], points[-1]
    if form is Form.STRAIGHT:
        return f"L{_xy(points[-1])}"
    if form is Form.CURVE:
        half = (x0 + x1) / 2
        return f"C{half:.1f} {y0:.1f} {half:.1f} {y1:.1f} {_xy(points[-1])}"
    if form is Form.ARC:
        aside = points[1][0]
        return f"C{aside:.1f} {y0:.1f} {aside:.1f} {y1:.1f} {_xy(points[-1])}"
    words = []
    for before, turn, after in zip(points, points[1:], points[2:], strict=False):
        round_by = min(_ROUND, _far(before, turn) / 2, _far(turn, after) / 2)
        near, on = _toward(turn, before, round_by), _toward(turn, after, round_by)
        words.append(f"L{_xy(near)}Q{_xy(turn)} {_xy(on)}")
    return "".join([*words, f"L{_xy(points[-1])}"])


def _head(tip: Point, before: Point, size: float) -> str:
    """Three corners; a line arrives level, or straight from above or below."""
    (x, y), half = tip, size * 0.55
    if abs(before[0] - x) < 1:
        back = y - size if before[1] < y else y + size
        corners = [tip, (x - half, back), (x + half, back)]
    else:
        back = x - size if before[0] < x else x + size
        corners = [tip, (back, y - half), (back, y + half)]
    return " ".join(f"{cx:.1f},{cy:.1f}" for cx, cy in corners)


def _shortened(end: Point, before: Point, by: float) -> Point:
    x, y = end
    if abs(before[0] - x) < 1:
        return x, y - by if before[1] < y else y + by
    return (x - by if before[0] < x else x + by), y


def _far(a: Point, b: Point) -> float:
    return hypot(a[0] - b[0], a[1] - b[1])


def _toward(start: Point, end: Point, by: float) -> Point:
    far = _far(start, end) or 1.0
    return start[0] + (end[0] - start[0]) * by / far, start[1] + (end[1] - start[1]) * by / far


def _xy(point: Point) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"


def placed_labels(
    edges: Sequence[Edge],
    routes: Mapping[Edge, Sequence[Piece]],
    taken: Sequence[Rect],
    page: Rect,
    size: float,
) -> list[Label]:
    """Where words go: on nothing else; those of other lines than path and cut may be left out."""
    ground = _Ground(page, list(taken), routes)
    found: list[Label] = []
    for edge in sorted(edges, key=lambda e: (not e.on_path, not e.cut)):
        wanted = [(label_lines(edge.label, size), False)] if edge.label else []
        wanted += [([CUT_WORD], True)] if edge.cut else []
        for lines, cut in wanted:
            w, h = label_size(lines, size)
            needed = edge.on_path or edge.cut
            spots = list(_spots(routes[edge], h, below=cut, needed=needed))
            at = ground.first_free(edge, spots, w, h, over_lines=needed)
            if at is not None:
                ground.busy.append(at)
                found.append(Label(edge, at, tuple(lines), cut))
    return found


class _Ground:
    """What is taken, and where lines run: points on them by square."""

    def __init__(
        self, page: Rect, busy: list[Rect], routes: Mapping[Edge, Sequence[Piece]]
    ) -> None:
        self.busy = busy
        self._page = page
        self._points: dict[tuple[int, int], list[tuple[Point, Edge]]] = defaultdict(list)
        for edge, pieces in routes.items():
            for point in (p for piece in pieces for p in piece.sampled()):
                self._points[_square(point)].append((point, edge))

    def first_free(
        self, edge: Edge, spots: Sequence[Point], w: float, h: float, *, over_lines: bool
    ) -> Rect | None:
        """The first spot on nothing; else, where that may be, the first that is only on a line."""
        spare = None
        for x, y in spots:
            at = Rect(x - w / 2, y - h / 2, w, h)
            if not self._page.holds(at) or any(at.meets(other) for other in self.busy):
                continue
            if not self._on_line(at, edge):
                return at
            spare = spare or at
        return spare if over_lines else None

    def _on_line(self, at: Rect, own: Edge) -> bool:
        x0, y0 = _square((at.x, at.y))
        x1, y1 = _square((at.right, at.bottom))
        return any(
            edge is not own and at.x <= x <= at.right and at.y <= y <= at.bottom
            for column in range(x0, x1 + 1)
            for row in range(y0, y1 + 1)
            for (x, y), edge in self._points.get((column, row), ())
        )


def _square(point: Point) -> tuple[int, int]:
    return int(point[0] // _SQUARE), int(point[1] // _SQUARE)


def _spots(pieces: Sequence[Piece], high: float, *, below: bool, needed: bool) -> Iterator[Point]:
    """Places for a label, the best first: beside the middle of the line, then along it."""
    lift = high / 2 + 5
    sign = 1 if below else -1
    spans = [
        Piece(Form.STRAIGHT, (p.points[2], p.points[3])) if p.form is Form.CORNERS else p
        for p in pieces
        if p.form is not Form.STRAIGHT or _free(p)
    ]
    lifts = [sign * lift, -sign * lift]
    if needed:
        lifts += [0.0, *(s * lift * n / 2 for n in range(3, 60) for s in (sign, -sign))]
    elif any(span.form is not Form.STRAIGHT for span in spans):
        lifts = [0.0, *lifts]
    for offset in lifts:
        for share in (0.5, 0.42, 0.58, 0.34, 0.66):
            for span in spans[::-1]:
                x, y = span.at(share)
                yield x, y + offset


def _free(piece: Piece) -> bool:
    (x0, y0), (x1, y1) = piece.points
    return max(abs(x0 - x1), abs(y0 - y1)) > _ROUND


def draw_labels(pen: Pen, labels: Sequence[Label], size: float) -> None:
    """Words on paper of their own, the cut's mark in white on red."""
    for label in labels:
        heavy = label.edge.on_path or label.edge.cut
        at = label.at
        pen.rect(at, fill=PATH if label.cut else PAPER, rx=at.h / 2 if label.cut else 4)
        y = at.y + 2
        for line in label.lines:
            y += size * _LEADING
            wide = width(line, size, bold=heavy)
            colour = PAPER if label.cut else PATH if heavy else MUTED
            pen.text(at.middle[0] - wide / 2, y - size * 0.26, line, size, colour, bold=heavy)
