"""A picture on its sheet: a title, boxes and lines, a footer that says whose and from when."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from bot.picture.cards import Style, chip_rects, draw_card, draw_pill, draw_tray, head, pill_width
from bot.picture.composing import Composition, composed
from bot.picture.folding import Edge, Node, Shown
from bot.picture.fonts import drawable, fitted, width, wrapped
from bot.picture.labels import CUT_WORD, Label, draw_labels, placed_labels
from bot.picture.lines import draw_lines
from bot.picture.page import page
from bot.picture.pen import INK, MUTED, PATH, Pen, Text
from bot.picture.saying import told_by
from bot.picture.shapes import Piece, Rect
from integrations.findings.port import Severity

WIDTH = 1460.0
"""The picture's width in pixels; labels are at least 22 pixels high at this width."""
HIGHEST = 1460.0
"""The height that type is chosen for: a square shows as large as may be in a chat's preview."""

_MARGIN = 28.0
_GAP = 26.0
"""Between title and boxes, and boxes and footer."""
_AROUND, _SLACK = 80.0, 16.0
"""Words may stand so far above and below all boxes; in so much of the gap without widening it."""
_FOOT_TYPE = 26.0
_FOOT_H = 62.0
_TITLE_LEAST, _TITLE_MOST = 34.0, 42.0
_SWATCH = 57.0
_PILL_TYPE = 22.0
_Entry = tuple[Severity | str | None, str]
"""What stands before the words (a severity, the cut, or nothing for the path), the words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is written around the boxes."""

    title: str
    whose: str
    """Tenant and time."""
    note: str = ""
    """What is not drawn."""
    cut: str = ""
    """The smallest change that breaks it: what the dashed line stands for, if there is one."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A finished picture, with where its things are."""

    operators: str = field(repr=False)
    """What draws it (see `Pen`)."""
    shown: Shown
    width: float
    height: float
    boxes: dict[str, Rect]
    """Cards and trays by key."""
    chips: dict[str, tuple[Rect, ...]]
    """What stands in trays, by the tray's key."""
    labels: tuple[Label, ...]
    texts: tuple[Text, ...]
    """Every line of text, in the order they are drawn."""
    lines: dict[Edge, list[Piece]] = field(repr=False)
    """The pieces of every line."""

    def page(self, scale: float = 1.0) -> bytes:
        """The whole picture as a PDF page, larger or smaller."""
        characters = chain.from_iterable(text.words for text in self.texts)
        return page(self.operators, characters, (self.width, self.height), scale)


def sheet(shown: Shown, words: Words) -> Sheet:
    """Draw boxes and lines under a title, with a footer that says whose and when."""
    inner = WIDTH - 2 * _MARGIN
    content = composed(shown, inner, HIGHEST - 2 * _FOOT_H - 80)
    style, pen = content.style, Pen()
    dx = _MARGIN + max(0.0, (inner - content.width) / 2)
    room = Rect(4 - dx, -_AROUND, WIDTH - 8, content.height + 2 * _AROUND)
    taken = _taken(shown.nodes, content.boxes, style)
    labels = placed_labels(shown.edges, content.routes, taken, room, style.small)
    top = _head(pen, words, shown) - min([0.0, *(label.at.y + _SLACK for label in labels)])
    bottom = top + max([content.height, *(label.at.bottom - _SLACK for label in labels)])
    boxes = {key: rect.moved(dx, top) for key, rect in content.boxes.items()}
    routes = {edge: [p.moved(dx, top) for p in way] for edge, way in content.routes.items()}
    labels = [replace(label, at=label.at.moved(dx, top)) for label in labels]
    draw_lines(pen, shown.edges, routes)
    for node in shown.nodes:
        if node.chips:
            draw_tray(pen, node, boxes[node.key], style, content.chips_across)
        else:
            draw_card(pen, node, boxes[node.key], style)
    draw_labels(pen, labels, style.small)
    height = _foot(pen, words, shown, bottom + _GAP)
    return Sheet(
        "\n".join(pen.parts),
        shown,
        WIDTH,
        height,
        boxes,
        _chips(shown.nodes, boxes, content),
        tuple(labels),
        tuple(pen.texts),
        routes,
    )


def _taken(nodes: Sequence[Node], boxes: Mapping[str, Rect], style: Style) -> Iterator[Rect]:
    """Boxes with the severities that stand out above them."""
    for node in nodes:
        at, up = boxes[node.key], head(node, style)
        yield Rect(at.x, at.y - up, at.w, at.h + up)


def _chips(
    nodes: Sequence[Node], boxes: dict[str, Rect], content: Composition
) -> dict[str, tuple[Rect, ...]]:
    style = content.style
    across = content.chips_across
    return {n.key: tuple(chip_rects(n, boxes[n.key], style, across)) for n in nodes if n.chips}


def _head(pen: Pen, words: Words, shown: Shown) -> float:
    """The title, a cut that is no line, what is not drawn; gives the y where boxes begin."""
    title, room, y = drawable(words.title), WIDTH - 2 * _MARGIN, 22.0
    fitting = _TITLE_MOST * room / max(1.0, width(title, _TITLE_MOST, bold=True))
    size = max(_TITLE_LEAST, min(_TITLE_MOST, fitting))
    for line in wrapped(title, size, room, bold=True):
        y += size * 1.15
        pen.text(_MARGIN, y - size * 0.2, line, size, INK, bold=True)
    drawn = any(edge.cut for edge in shown.edges)
    cut = "" if drawn or told_by(words.title, words.cut) else _cut(words)
    for note in filter(None, (cut, words.note)):
        y += _FOOT_TYPE * 1.3
        line = fitted(drawable(note[:1].upper() + note[1:]), _FOOT_TYPE, room)
        pen.text(_MARGIN, y - 4, line, _FOOT_TYPE, MUTED)
    return y + _GAP


def _foot(pen: Pen, words: Words, shown: Shown, top: float) -> float:
    """Whose and when to the left, the legend to the right; gives the picture's height."""
    pen.rect(Rect(_MARGIN, top, WIDTH - 2 * _MARGIN, 2), fill="#E3E8EF")
    entries = list(_legend(words, shown))
    y = top + _FOOT_H - 20
    whose = fitted(drawable(words.whose), _FOOT_TYPE, WIDTH / 2)
    room = WIDTH - 3 * _MARGIN - width(whose, _FOOT_TYPE)
    wide = [_swatch(kind) + 10 + width(text, _FOOT_TYPE) + 28 for kind, text in entries]
    if sum(wide) > room and entries:
        _entries(pen, entries, _MARGIN, y)
        y += _FOOT_TYPE * 1.5
    elif entries:
        _entries(pen, entries, WIDTH - _MARGIN - sum(wide) + 28, y)
    pen.text(_MARGIN, y, whose, _FOOT_TYPE, MUTED)
    return y + 24


def _legend(words: Words, shown: Shown) -> Iterator[_Entry]:
    """Only what occurs in the picture."""
    if any(edge.on_path for edge in shown.edges):
        yield None, "path"
    if any(edge.cut for edge in shown.edges):
        yield CUT_WORD, fitted(drawable(_cut(words)), _FOOT_TYPE, WIDTH * 0.5)
    marked = [n.severity for n in shown.nodes] + [c.severity for n in shown.nodes for c in n.chips]
    pills = [s for s in marked if s is not None and pill_width(s, 1)]
    if pills:
        yield max(pills), "worst open finding"


def _cut(words: Words) -> str:
    return f"smallest cut: {words.cut}"


def _entries(pen: Pen, entries: Sequence[_Entry], x: float, y: float) -> None:
    for kind, text in entries:
        at = y - _FOOT_TYPE * 0.3
        swatch = _swatch(kind)
        if isinstance(kind, Severity):
            draw_pill(pen, kind, x + swatch, at, _PILL_TYPE)
        else:
            path = f"{x:.1f} {at:.1f} m {x + swatch:.1f} {at:.1f} l"
            pen.line(path, stroke=PATH, thick=5.0, dashed=kind is not None)
        pen.text(x + swatch + 10, y, text, _FOOT_TYPE, MUTED)
        x += swatch + 10 + width(text, _FOOT_TYPE) + 28


def _swatch(kind: Severity | str | None) -> float:
    return pill_width(kind, _PILL_TYPE) if isinstance(kind, Severity) else _SWATCH
