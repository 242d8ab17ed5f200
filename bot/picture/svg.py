"""A picture's boxes and lines as SVG: positions, colours, labels that never overlap."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

from agent.guard.untrusted import clean
from bot.picture.folding import Edge, Node, Shown
from bot.picture.fonts import FAMILY, fitted, width
from bot.picture.layout import Placed, laid_out
from integrations.findings.port import Severity

WIDTH = 1460
"""The picture's width in pixels; labels are at least 22 pixels high at this width."""

BOX_W, BOX_H = 300.0, 92.0
_GAP_X, _GAP_Y = 150.0, 30.0
_MARGIN, _HEAD, _FOOT = 36.0, 92.0, 64.0
_NAME, _KIND, _LABEL, _TITLE, _SMALL = 25.0, 22.0, 22.0, 32.0, 22.0
_ICON = 56.0
_SMALLEST_SCALE = 0.62
_INK, _MUTED, _LINE, _PATH, _CUT, _PAPER = (
    "#16202E", "#5A6678", "#A9B4C2", "#B42318", "#D92D20", "#FFFFFF")  # fmt: skip
_SEVERITIES = {
    Severity.FATAL: ("#7A0916", "#FFFFFF"),
    Severity.CRITICAL: ("#B42318", "#FFFFFF"),
    Severity.HIGH: ("#E2620E", "#FFFFFF"),
    Severity.MEDIUM: ("#F5C451", "#3B2A00"),
    Severity.LOW: ("#D7E3F4", "#1E3A5F"),
}


@dataclass(frozen=True, slots=True)
class Rect:
    """A piece of the picture that nothing else may be written on."""

    x: float
    y: float
    w: float
    h: float

    def meets(self, other: "Rect") -> bool:
        """Whether they overlap."""
        return (
            self.x < other.x + other.w
            and other.x < self.x + self.w
            and self.y < other.y + other.h
            and other.y < self.y + self.h
        )


@dataclass(frozen=True, slots=True)
class Sheet:
    """A finished picture, with where its boxes and labels are."""

    svg: str
    width: float
    height: float
    boxes: tuple[Rect, ...]
    labels: tuple[Rect, ...]


def sheet(shown: Shown, *, title: str, tenant: str, time: str, legend: Sequence[str]) -> Sheet:
    """Draw boxes and lines under a title, with a footer that says whose and when."""
    placed = _placed(shown)
    inner = max(placed.width, WIDTH - 2 * _MARGIN)
    left = _MARGIN + max(0.0, (inner - placed.width) / 2)
    full_w = inner + 2 * _MARGIN
    full_h = max(_HEAD + placed.height + _FOOT + _MARGIN, 320.0)
    top = _HEAD + max(0.0, (full_h - _HEAD - _FOOT - _MARGIN - placed.height) / 2)
    boxes = {
        node.key: Rect(
            placed.boxes[node.key][0] + left, placed.boxes[node.key][1] + top, BOX_W, BOX_H
        )
        for node in shown.nodes
    }
    curves = {
        edge: _route(boxes, edge, [(x + left, y + top) for x, y in _bends(placed, edge)])
        for edge in shown.edges
    }
    labels = _labels(shown.edges, curves, list(boxes.values()))
    parts = [
        f'<rect width="{full_w:.0f}" height="{full_h:.0f}" fill="{_PAPER}"/>',
        _text(_MARGIN, 54, fitted(_plain(title), _TITLE, full_w - 2 * _MARGIN, bold=True),
              _TITLE, _INK, bold=True),
        *_lines(shown.edges, curves),
        *(piece for node in shown.nodes for piece in _box(node, boxes[node.key])),
        *_written(labels),
        *_footer(full_w, full_h, tenant, time, legend),
    ]  # fmt: skip
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{full_w:.0f}" height="{full_h:.0f}" '
        f'viewBox="0 0 {full_w:.0f} {full_h:.0f}" font-family={quoteattr(FAMILY)}>'
        f"{''.join(parts)}</svg>"
    )
    return Sheet(svg, full_w, full_h, tuple(boxes.values()), tuple(r for _, r, _ in labels))


def _placed(shown: Shown) -> Placed:
    keys = [node.key for node in shown.nodes]
    first = [node.key for node in shown.nodes if node.key == "internet"]
    edges = [(edge.source, edge.target) for edge in shown.edges]
    if not keys:
        return Placed({}, {}, 0.0, 0.0)
    longest = max((width(e.label, _LABEL) for e in shown.edges if e.label), default=0.0)
    gap = max(_GAP_X * 0.6, min(longest + 44.0, 230.0))
    return laid_out(keys, edges, box=(BOX_W, BOX_H), gaps=(gap, _GAP_Y), first=first)


def _bends(placed: Placed, edge: Edge) -> list[tuple[float, float]]:
    return placed.bends.get((edge.source, edge.target), [])


Curve = list[tuple[float, float]]


def _route(boxes: dict[str, Rect], edge: Edge, bends: Curve) -> Curve:
    """The points that a line goes through, from a box's side to the other's."""
    a, b = boxes[edge.source], boxes[edge.target]
    if a.x + a.w <= b.x:
        start, end = (a.x + a.w, a.y + a.h / 2), (b.x, b.y + b.h / 2)
    elif b.x + b.w <= a.x:
        start, end = (a.x, a.y + a.h / 2), (b.x + b.w, b.y + b.h / 2)
    elif a.y < b.y:
        start, end = (a.x + a.w / 2, a.y + a.h), (b.x + b.w / 2, b.y)
    else:
        start, end = (a.x + a.w / 2, a.y), (b.x + b.w / 2, b.y + b.h)
    return [start, *bends, end]


def _lines(edges: Sequence[Edge], curves: dict[Edge, Curve]) -> Iterator[str]:
    """Lines under the boxes, the path's last so that it lies on top."""
    for edge in sorted(edges, key=lambda e: (e.on_path, e.cut)):
        colour = _CUT if edge.cut else _PATH if edge.on_path else _LINE
        thick = 5.0 if edge.on_path or edge.cut else 2.2
        dash = ' stroke-dasharray="14 9"' if edge.cut else ""
        yield (
            f'<path d="{_curve(curves[edge])}" fill="none" stroke="{colour}" '
            f'stroke-width="{thick}"{dash} stroke-linecap="round"/>'
        )
        yield _head(curves[edge], colour, 15.0 if thick > 3 else 11.0)  # noqa: PLR2004 - the bold line


def _curve(points: Curve) -> str:
    """Smooth from point to point, level where it leaves and arrives."""
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x0, y0), (x1, y1) in pairwise(points):
        if abs(x1 - x0) < 1:
            path += f"L{x1:.1f} {y1:.1f}"
        else:
            half = (x1 - x0) / 2
            path += f"C{x0 + half:.1f} {y0:.1f} {x1 - half:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
    return path


def _head(points: Curve, colour: str, size: float) -> str:
    (x0, y0), (x1, y1) = points[-2], points[-1]
    if abs(x1 - x0) < 1:
        way = 1 if y1 > y0 else -1
        corners = [(x1, y1), (x1 - size * 0.6, y1 - way * size), (x1 + size * 0.6, y1 - way * size)]
    else:
        way = 1 if x1 > x0 else -1
        corners = [(x1, y1), (x1 - way * size, y1 - size * 0.6), (x1 - way * size, y1 + size * 0.6)]
    text = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    return f'<polygon points="{text}" fill="{colour}"/>'


Label = tuple[Edge, Rect, str]


def _labels(edges: Sequence[Edge], curves: dict[Edge, Curve], taken: list[Rect]) -> list[Label]:
    """Where each line's words go: near its middle, on nothing else; left out where all is taken."""
    found: list[Label] = []
    busy = list(taken)
    for edge in sorted(edges, key=lambda e: (not e.on_path, not e.cut)):
        words = "cut here" if edge.cut and not edge.label else edge.label
        if edge.cut and edge.label:
            words = f"{edge.label} · cut"
        if not words:
            continue
        w, h = width(words, _LABEL, bold=edge.on_path) + 12, _LABEL + 8
        for x, y in _spots(curves[edge]):
            spot = Rect(x - w / 2, y - h / 2, w, h)
            if spot.x > 0 and not any(spot.meets(other) for other in busy):
                busy.append(spot)
                found.append((edge, spot, words))
                break
    return found


def _spots(points: Curve) -> Iterator[tuple[float, float]]:
    """Places for a label, the best first: the middle of the line, then above, below, along it."""
    pairs = list(pairwise(points))
    middle = sorted(range(len(pairs)), key=lambda i: abs(i - (len(pairs) - 1) / 2))
    for lift in (0.0, -24.0, 24.0, -46.0, 46.0):
        for index in middle:
            (x0, y0), (x1, y1) = pairs[index]
            for share in (0.5, 0.4, 0.6, 0.3, 0.7):
                # The curve is an S: its height follows 3t² - 2t³ where its x goes evenly.
                rise = share * share * (3 - 2 * share)
                yield x0 + (x1 - x0) * share, y0 + (y1 - y0) * rise + lift


def _written(labels: Sequence[Label]) -> Iterator[str]:
    for edge, spot, words in labels:
        colour = _PATH if edge.on_path or edge.cut else _MUTED
        yield (
            f'<rect x="{spot.x:.1f}" y="{spot.y:.1f}" width="{spot.w:.1f}" '
            f'height="{spot.h:.1f}" rx="6" fill="{_PAPER}"/>'
        )
        yield _text(
            spot.x + 6, spot.y + spot.h - 9, words, _LABEL, colour, bold=edge.on_path or edge.cut
        )


def _box(node: Node, at: Rect) -> Iterator[str]:
    """A card: glyph, name, kind, and the severity in words."""
    edge, thick = (
        (_PATH, 3.5) if node.on_path else (node.family.colour, 3.0) if node.marked else (_LINE, 1.6)
    )
    fill = "#FFF6F5" if node.on_path else "#F7F9FC"
    yield (
        f'<rect x="{at.x:.1f}" y="{at.y:.1f}" width="{at.w:.1f}" height="{at.h:.1f}" rx="14" '
        f'fill="{fill}" stroke="{edge}" stroke-width="{thick}"/>'
    )
    yield (
        f'<rect x="{at.x + 14:.1f}" y="{at.y + (at.h - _ICON) / 2:.1f}" width="{_ICON:.0f}" '
        f'height="{_ICON:.0f}" rx="12" fill="{node.family.colour}"/>'
    )
    yield (
        f'<g transform="translate({at.x + 22:.1f} {at.y + (at.h - _ICON) / 2 + 8:.1f}) '
        f'scale({(_ICON - 16) / 24:.3f})" fill="none" stroke="#FFFFFF" stroke-width="1.7" '
        f'stroke-linecap="round" stroke-linejoin="round"><path d="{node.family.glyph}"/></g>'
    )
    left = at.x + 14 + _ICON + 14
    room = at.x + at.w - left - 12
    name = fitted(_plain(node.title), _NAME, room, bold=True)
    yield _text(left, at.y + 40, name, _NAME, _INK, bold=True)
    pill = _pill_width(node.severity)
    kind = fitted(node.kind, _KIND, room - (pill + 8 if pill else 0))
    yield _text(left, at.y + 71, kind, _KIND, _MUTED)
    if node.severity in _SEVERITIES:
        yield from _pill(node.severity, at.x + at.w - pill - 10, at.y + 49)


def _pill_width(severity: Severity | None) -> float:
    return width(severity.label, 20, bold=True) + 20 if severity in _SEVERITIES else 0.0


def _pill(severity: Severity, x: float, y: float) -> Iterator[str]:
    fill, ink = _SEVERITIES[severity]
    w = _pill_width(severity)
    yield f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="29" rx="14.5" fill="{fill}"/>'
    yield _text(x + 10, y + 21.5, severity.label, 20, ink, bold=True)


def _footer(
    full_w: float, full_h: float, tenant: str, time: str, legend: Sequence[str]
) -> Iterator[str]:
    y = full_h - 28
    yield (
        f'<line x1="{_MARGIN}" y1="{y - 34:.1f}" x2="{full_w - _MARGIN:.1f}" y2="{y - 34:.1f}" '
        f'stroke="#E3E8EF" stroke-width="2"/>'
    )
    whose = fitted(f"{_plain(tenant)} · {time}", _SMALL, full_w * 0.45)
    yield _text(_MARGIN, y, whose, _SMALL, _MUTED)
    words = fitted(" · ".join(legend), _SMALL, full_w * 0.5 - _MARGIN)
    yield _text(full_w - _MARGIN - width(words, _SMALL), y, words, _SMALL, _MUTED)


def _text(x: float, y: float, words: str, size: float, colour: str, *, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{colour}"{weight}>'
        f"{escape(words)}</text>"
    )


def _plain(text: str) -> str:
    """One line without anything that XML or the font cannot show."""
    line = " ".join(clean(text, 300).split())
    return "".join(c for c in line if c.isprintable() and c not in "\ufffe\uffff") or "?"
