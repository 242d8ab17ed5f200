"""Cards and trays: how large they are at a size of type, and how they are drawn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import isqrt

from bot.picture.folding import Chip, Node
from bot.picture.fonts import narrowest, width, wrapped
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
_PAD = 12.0
_CHIP_PAD = 10.0
_CHIP_GAP = 10.0
_PILL_LEAST = 22.0
_PILL_HIGH = 1.3
"""A severity's height in sizes of its type."""
_PILL_IN = 8.0
"""How far it reaches into its card."""
_CARD_LEAST, _CARD_MOST = 5.6, 9.4
"""A card's width at least and at most, in sizes of its name."""
_CHIP_LEAST, _CHIP_MOST = 6.0, 11.0
"""A chip at least, its name at most, in sizes of its type."""


@dataclass(frozen=True)
class Style:
    """One size of type and what follows from it, in pixels; there are seven, asked all the time."""

    name: float
    """Type of names."""
    small: float
    """Type of kinds, labels and severities."""

    @cached_property
    def icon(self) -> float:
        """A glyph's square."""
        return self.small * 1.4

    @cached_property
    def pill(self) -> float:
        """Type of severities."""
        return max(_PILL_LEAST, self.small * 0.86)

    @cached_property
    def least(self) -> float:
        """No card is narrower."""
        return self.name * _CARD_LEAST

    @cached_property
    def most(self) -> float:
        """No card is wider."""
        return self.name * _CARD_MOST


def card_need(node: Node, style: Style, *, tight: bool) -> float:
    """The least width at which nothing on a card is shortened, if cards may be so wide.

    Names go on two lines, kinds only where it is `tight`.
    """
    kind = _eyebrow(node)
    kind_w = narrowest(kind, style.small, whole=True) if tight else width(kind, style.small)
    text = max(narrowest(node.title, style.name, bold=True), kind_w + _beside_icon(style))
    return max(style.least, min(style.most, text + 2 * _PAD + 1))


def card_height(node: Node, wide: float, style: Style) -> float:
    """A card's height without the severity that stands out above it."""
    names = len(wrapped(node.title, style.name, wide - 2 * _PAD, bold=True))
    return _heading(node, wide, style) + names * style.name * _LEADING + _PAD


def head(node: Node, style: Style) -> float:
    """How far a severity stands out above its card's edge; a path's cards keep in line."""
    stands_out = node.on_path or (node.severity in _SEVERITIES and not node.chips)
    return style.pill * _PILL_HIGH - _PILL_IN if stands_out else 0.0


def _heading(node: Node, wide: float, style: Style) -> float:
    """From a card's edge to its name: the kind beside the icon."""
    kinds = len(wrapped(_eyebrow(node), style.small, wide - 2 * _PAD - _beside_icon(style)))
    return _PAD + max(style.icon, kinds * style.small * _LEADING)


def _eyebrow(node: Node) -> str:
    return node.kind[:1].upper() + node.kind[1:]


def _beside_icon(style: Style) -> float:
    return style.icon + style.small * 0.35


def shortened(node: Node, wide: float, style: Style, most: int) -> int:
    """How many of a box's texts do not fit as they are: one on a card, one for each chip."""
    if not node.chips:
        return int(narrowest(node.title, style.name, bold=True) > wide - 2 * _PAD)
    room = _chip_room(node, style, most)
    return sum(narrowest(chip.title, style.small, bold=True) > room for chip in node.chips)


def tray_size(node: Node, style: Style, most: int) -> tuple[float, float]:
    """A tray with so many chips beside each other at most."""
    columns = _columns(node, most)
    rows = -(-len(node.chips) // columns)
    across = columns * (_chip_width(node, style, most) + _CHIP_GAP) - _CHIP_GAP + 2 * _PAD
    down = rows * (_chip_height(node, style, most) + _CHIP_GAP) - _CHIP_GAP
    title = len(_tray_title(node, across, style)) * style.name * _LEADING
    return across, max(style.icon, title) + down + 2 * _PAD + 10


def _columns(node: Node, most: int) -> int:
    """Chips side by side: about as many as there are rows, and no more than there is room for."""
    return min(most, isqrt(len(node.chips) - 1) + 1)


def _tray_title(node: Node, wide: float, style: Style) -> Sequence[str]:
    return wrapped(node.title, style.name, wide - 2 * _PAD - _beside_icon(style), bold=True)


def _chip_width(node: Node, style: Style, most: int) -> float:
    """As wide as the longest name needs, on two lines only where it is very long."""
    columns = _columns(node, most)
    names = max(width(chip.title, style.small, bold=True) for chip in node.chips)
    chip = min(names + 1, _CHIP_MOST * style.small) + _beside(node, style.pill) + 2 * _CHIP_PAD
    title = min(style.most, _beside_icon(style) + width(node.title, style.name, bold=True) + 1)
    return max(_CHIP_LEAST * style.small, chip, (title + _CHIP_GAP) / columns - _CHIP_GAP)


def _chip_room(node: Node, style: Style, most: int) -> float:
    return _chip_width(node, style, most) - 2 * _CHIP_PAD - _beside(node, style.pill)


def _beside(node: Node, size: float) -> float:
    """What the widest severity of a tray's chips takes."""
    pills = max((pill_width(one, size) for one in {c.severity for c in node.chips}), default=0.0)
    return pills + 8 if pills else 0.0


def _chip_height(node: Node, style: Style, most: int) -> float:
    room = _chip_room(node, style, most)
    lines = max(len(wrapped(chip.title, style.small, room, bold=True)) for chip in node.chips)
    return lines * style.small * _LEADING + 1.6 * _CHIP_PAD


def draw_card(pen: Pen, node: Node, at: Rect, style: Style) -> None:
    """The kind beside the glyph, the name below, the severity on the edge."""
    colour = PATH if node.on_path else INK if node.marked else LINE
    thick = 4.0 if node.on_path or node.marked else 2.0
    pen.rect(at, fill="#FFF6F5" if node.on_path else "#F7F9FC", stroke=colour, thick=thick, rx=12)
    pen.icon(Rect(at.x + _PAD, at.y + _PAD, style.icon, style.icon), node.family)
    left = at.x + _PAD + _beside_icon(style)
    kinds = wrapped(_eyebrow(node), style.small, at.right - _PAD - left)
    heading = _heading(node, at.w, style)
    y = at.y + (_PAD + heading - len(kinds) * style.small * _LEADING) / 2
    for line in kinds:
        y += style.small * _LEADING
        pen.text(left, y - style.small * 0.28, line, style.small, MUTED)
    y = at.y + heading
    for line in wrapped(node.title, style.name, at.w - 2 * _PAD, bold=True):
        y += style.name * _LEADING
        pen.text(at.x + _PAD, y - style.name * 0.2, line, style.name, INK, bold=True)
    middle = at.y + _PILL_IN - style.pill * _PILL_HIGH / 2
    draw_pill(pen, node.severity, at.right - _PAD, middle, style.pill)


def draw_tray(pen: Pen, node: Node, at: Rect, style: Style, most: int) -> None:
    """A heading with what they all are, then the chips, row by row."""
    pen.rect(at, fill="#F1F4F9", stroke=LINE, thick=2.0, rx=12)
    pen.icon(Rect(at.x + _PAD, at.y + _PAD, style.icon, style.icon), node.family)
    title, left = _tray_title(node, at.w, style), at.x + _PAD + _beside_icon(style)
    y = at.y + _PAD + max(0.0, style.icon - len(title) * style.name * _LEADING) / 2
    for line in title:
        y += style.name * _LEADING
        pen.text(left, y - style.name * 0.26, line, style.name, INK, bold=True)
    room = _chip_room(node, style, most)
    for chip, spot in zip(node.chips, chip_rects(node, at, style, most), strict=True):
        _draw_chip(pen, chip, spot, style, room)


def chip_rects(node: Node, at: Rect, style: Style, most: int) -> Iterator[Rect]:
    """Where a tray's chips are, row by row."""
    columns = _columns(node, most)
    wide, high = _chip_width(node, style, most), _chip_height(node, style, most)
    rows = -(-len(node.chips) // columns)
    top = at.bottom - _PAD - rows * (high + _CHIP_GAP) + _CHIP_GAP
    for index in range(len(node.chips)):
        row, column = divmod(index, columns)
        x = at.x + _PAD + column * (wide + _CHIP_GAP)
        yield Rect(x, top + row * (high + _CHIP_GAP), wide, high)


def _draw_chip(pen: Pen, chip: Chip, at: Rect, style: Style, room: float) -> None:
    if not chip.folded:
        pen.rect(at, fill=PAPER, stroke="#D5DCE6", thick=1.5, rx=8)
    lines = wrapped(chip.title, style.small, room, bold=True)
    y = at.middle[1] - len(lines) * style.small * _LEADING / 2
    for line in lines:
        y += style.small * _LEADING
        colour = MUTED if chip.folded else INK
        pen.text(at.x + _CHIP_PAD, y - style.small * 0.26, line, style.small, colour, bold=True)
    draw_pill(pen, chip.severity, at.right - _CHIP_PAD, at.middle[1], style.pill)


@lru_cache(maxsize=256)
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
    wide, high = pill_width(severity, size), size * _PILL_HIGH
    spot = Rect(right - wide, middle - high / 2, wide, high)
    pen.rect(spot, fill=fill, rx=high / 2)
    pen.text(spot.x + size * 0.4, middle + size * 0.33, severity.label, size, ink, bold=True)
