"""Lines and their heads."""

from collections.abc import Mapping, Sequence
from math import hypot

from bot.picture.folding import Edge
from bot.picture.pen import LINE, PATH, Pen
from bot.picture.shapes import Form, Piece, Point

_ROUND = 10.0
"""Radius of a corner."""


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
            path = _path(fresh, pieces, size * 0.8, both=edge.both)
            pen.line(path, stroke=colour, thick=thick, dashed=edge.cut)
        for corners in heads:
            pen.polygon(corners, fill=colour)


def _path(fresh: Sequence[Piece], whole: Sequence[Piece], short: float, *, both: bool) -> str:
    """Path operators; the ends are drawn a little short, so that heads end in a point."""
    words: list[str] = []
    last: Point | None = None
    for piece in fresh:
        points = list(piece.points)
        if piece is whole[-1]:
            points[-1] = _shortened(points[-1], points[-2], short)
        if both and piece is whole[0]:
            points[0] = _shortened(points[0], points[1], short)
        if last != piece.points[0]:
            words.append(f"{_xy(points[0])} m")
        words.append(_drawn(piece.form, points))
        last = piece.points[-1]
    return " ".join(words)


def _drawn(form: Form, points: Sequence[Point]) -> str:
    (x0, y0), (x1, y1) = points[0], points[-1]
    if form is Form.STRAIGHT:
        return f"{_xy(points[-1])} l"
    if form is Form.CURVE:
        half = (x0 + x1) / 2
        return f"{half:.1f} {y0:.1f} {half:.1f} {y1:.1f} {_xy(points[-1])} c"
    if form is Form.ARC:
        aside = points[1][0]
        return f"{aside:.1f} {y0:.1f} {aside:.1f} {y1:.1f} {_xy(points[-1])} c"
    words = []
    for before, turn, after in zip(points, points[1:], points[2:], strict=False):
        round_by = min(_ROUND, _far(before, turn) / 2, _far(turn, after) / 2)
        near, on = _toward(turn, before, round_by), _toward(turn, after, round_by)
        out, into = _toward(turn, before, round_by / 3), _toward(turn, after, round_by / 3)
        words.append(f"{_xy(near)} l {_xy(out)} {_xy(into)} {_xy(on)} c")
    return " ".join([*words, f"{_xy(points[-1])} l"])


def _head(tip: Point, before: Point, size: float) -> list[Point]:
    """Three corners; a line arrives level, or straight from above or below."""
    (x, y), half = tip, size * 0.55
    if abs(before[0] - x) < 1:
        back = y - size if before[1] < y else y + size
        return [tip, (x - half, back), (x + half, back)]
    back = x - size if before[0] < x else x + size
    return [tip, (back, y - half), (back, y + half)]


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
