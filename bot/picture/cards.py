"""Cards and trays: how large they are at a size of type, and how they are drawn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import isqrt

from bot.picture.folding import Chip, Node
from bot.picture.fonts import fits, width, wrapped
from bot.picture.pen import INK, LINE, MUTED, PAPER, PATH, Pen
from bot.picture.shapes import Rect
from integrations.findings.port import Severity

_SEVERITIES = {
    Severity.FATAL: ("#7A0916", "#FFFFFF"),
    Severity.CRITICAL: ("#B42318", "#FFFFFF"),
    Severity.HIGH: ("#B8480A", "#FFFFFF"),
    Severity.MEDIUM: ("#F5C451", "#3B2A00"),
    Severity.LOW: ("#D7E3F4", "#1E3A5F"),
}
_LEADING = 1.14
_PAD = 14.0
_CHIP_PAD = 10.0
_CHIP_GAP = 10.0
_PILL_LEAST = 22.0
_CHIP_LEAST, _CHIP_MOST = 6.0, 10.0
"""A chip at least, its name on one line at most, in sizes of its type."""


@dataclass(frozen=True, slots=True)
class Style:
    """One size of type and what follows from it, in pixels."""

    name: float
    """Type of names."""
    small: float
    """Type of kinds, labels and severities."""
    card_w: float
    chip_w: float
    columns: int
    """Chips side by side in a tray."""

    @property
    def icon(self) -> float:
        """A glyph's square."""
        return self.name * 1.3

    @property
    def pill(self) -> float:
        """Type of severities."""
        return max(_PILL_LEAST, self.small * 0.86)

    @property
    def room(self) -> float:
        """What a card's text may take."""
        return self.card_w - 2 * _PAD

    def chip_room(self, node: Node) -> float:
        """What a chip's name may take, beside the widest severity in its tray."""
        return self.chip_w - 2 * _CHIP_PAD - _beside(node, self.pill)


@dataclass(frozen=True, slots=True)
class Face:
    """What a picture's cards have in common; those of a path are of one height."""

    style: Style
    names: int
    kinds: int

    def height(self, node: Node) -> float:
        """Of one card."""
        style = self.style
        names, kinds = self.names, self.kinds
        if not node.on_path:
            names = len(wrapped(node.title, style.name, style.room, bold=True))
            kinds = len(wrapped(node.kind, style.small, style.room))
        text = names * style.name + kinds * style.small
        return 2 * _PAD + style.icon + 6 + text * _LEADING


def face_of(nodes: Sequence[Node], style: Style) -> Face:
    """A path's cards are as high as the one with the most lines needs."""
    path = [node for node in nodes if node.on_path]
    names = [len(wrapped(n.title, style.name, style.room, bold=True)) for n in path]
    kinds = [len(wrapped(n.kind, style.small, style.room)) for n in path]
    return Face(style, max(names, default=1), max(kinds, default=1))


def cut_names(nodes: Sequence[Node], style: Style) -> int:
    """How many names do not fit as they are."""
    cards = sum(not fits(n.title, style.name, style.room, bold=True) for n in nodes if not n.chips)
    return cards + sum(
        not fits(chip.title, style.small, style.chip_room(n), bold=True)
        for n in nodes
        for chip in n.chips
    )


def tray_size(node: Node, style: Style) -> tuple[float, float]:
    """A tray with its chips in rows."""
    columns = _columns(node, style)
    rows = -(-len(node.chips) // columns)
    across = columns * style.chip_w + (columns - 1) * _CHIP_GAP + 2 * _PAD
    down = rows * (_chip_height(node, style) + _CHIP_GAP) - _CHIP_GAP
    return across, down + style.icon + 2 * _PAD + 10


def _columns(node: Node, style: Style) -> int:
    """Chips side by side: about as many as there are rows, and no more than there is room for."""
    return min(style.columns, isqrt(len(node.chips) - 1) + 1)


def chips_across(trays: Sequence[Node], style: Style, room: float) -> Style:
    """Chips as wide as they need, as many beside each other as fit: one line unless very long."""
    small = style.small
    widest = _CHIP_LEAST * small
    for node in trays:
        names = max(width(chip.title, small, bold=True) for chip in node.chips)
        text = min(names + 1, _CHIP_MOST * small)
        widest = max(widest, text + _beside(node, style.pill) + 2 * _CHIP_PAD)
    count = max(1, int((room - 2 * _PAD + _CHIP_GAP) / (widest + _CHIP_GAP)))
    return replace(style, chip_w=widest, columns=count)


def _beside(node: Node, size: float) -> float:
    """What the widest severity of a tray's chips takes."""
    pills = max((pill_width(chip.severity, size) for chip in node.chips), default=0.0)
    return pills + 8 if pills else 0.0


def _chip_height(node: Node, style: Style) -> float:
    room = style.chip_room(node)
    lines = max(len(wrapped(chip.title, style.small, room, bold=True)) for chip in node.chips)
    return lines * style.small * _LEADING + 2 * _CHIP_PAD


def draw_card(pen: Pen, node: Node, at: Rect, face: Face) -> None:
    """Glyph and severity above, then the name, then the kind."""
    style = face.style
    colour = PATH if node.on_path else INK if node.marked else LINE
    thick = 4.0 if node.on_path or node.marked else 2.0
    pen.rect(at, fill="#FFF6F5" if node.on_path else "#F7F9FC", stroke=colour, thick=thick, rx=14)
    pen.icon(Rect(at.x + _PAD, at.y + _PAD, style.icon, style.icon), node.family)
    draw_pill(pen, node.severity, at.right - _PAD, at.y + _PAD + style.icon / 2, style.pill)
    y = at.y + _PAD + style.icon + 4
    for line in wrapped(node.title, style.name, style.room, bold=True):
        y += style.name * _LEADING
        pen.text(at.x + _PAD, y - style.name * 0.2, line, style.name, INK, bold=True)
    for line in wrapped(node.kind, style.small, style.room):
        y += style.small * _LEADING
        pen.text(at.x + _PAD, y - style.small * 0.2, line, style.small, MUTED)


def draw_tray(pen: Pen, node: Node, at: Rect, style: Style) -> None:
    """A heading with what they all are, then the chips, row by row."""
    pen.rect(at, fill="#F1F4F9", stroke=LINE, thick=2.0, rx=14)
    pen.icon(Rect(at.x + _PAD, at.y + _PAD, style.icon, style.icon), node.family)
    left = at.x + _PAD + style.icon + 12
    words = wrapped(node.title, style.name, at.right - _PAD - left, lines=1, bold=True)[0]
    base = at.y + _PAD + style.icon / 2 + style.name * 0.34
    pen.text(left, base, words, style.name, INK, bold=True)
    for chip, spot in zip(node.chips, chip_rects(node, at, style), strict=True):
        _draw_chip(pen, chip, spot, style, style.chip_room(node))


def chip_rects(node: Node, at: Rect, style: Style) -> Iterator[Rect]:
    """Where a tray's chips are, row by row."""
    columns = _columns(node, style)
    height = _chip_height(node, style)
    for index in range(len(node.chips)):
        row, column = divmod(index, columns)
        yield Rect(
            at.x + _PAD + column * (style.chip_w + _CHIP_GAP),
            at.y + _PAD + style.icon + 10 + row * (height + _CHIP_GAP),
            style.chip_w,
            height,
        )


def _draw_chip(pen: Pen, chip: Chip, at: Rect, style: Style, room: float) -> None:
    if not chip.more:
        pen.rect(at, fill=PAPER, stroke="#D5DCE6", thick=1.5, rx=8)
    lines = wrapped(chip.title, style.small, room, bold=True)
    y = at.middle[1] - len(lines) * style.small * _LEADING / 2
    for line in lines:
        y += style.small * _LEADING
        colour = MUTED if chip.more else INK
        pen.text(at.x + _CHIP_PAD, y - style.small * 0.26, line, style.small, colour, bold=True)
    draw_pill(pen, chip.severity, at.right - _CHIP_PAD, at.middle[1], style.pill)


def pill_width(severity: Severity | None, size: float) -> float:
    """How wide a severity's word is with its background; 0 for none."""
    if severity not in _SEVERITIES:
        return 0.0
    return width(severity.label, size, bold=True) + size * 0.8


def draw_pill(
    pen: Pen, severity: Severity | None, right: float, middle: float, size: float
) -> None:
    """The severity in words, ending at `right`."""
    if severity not in _SEVERITIES:
        return
    fill, ink = _SEVERITIES[severity]
    wide, high = pill_width(severity, size), size * 1.3
    spot = Rect(right - wide, middle - high / 2, wide, high)
    pen.rect(spot, fill=fill, rx=high / 2)
    pen.text(spot.x + size * 0.4, middle + size * 0.33, severity.label, size, ink, bold=True)
