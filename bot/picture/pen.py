"""Writes SVG, and remembers where it wrote what."""

from dataclasses import dataclass, field

from bot.picture.fonts import width
from bot.picture.glyphs import Family
from bot.picture.shapes import Rect
from bot.picture.typeface import typeface

INK, MUTED, LINE, PATH, PAPER = "#16202E", "#4B5768", "#8793A4", "#B42318", "#FFFFFF"


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text."""

    words: str
    size: float
    """Of its type."""
    at: Rect
    """What it covers: its width as measured, its type's size as height."""


@dataclass(slots=True)
class Pen:
    """SVG elements in the order they are drawn."""

    parts: list[str] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)

    def text(
        self, x: float, y: float, words: str, size: float, colour: str, *, bold: bool = False
    ) -> None:
        """One line that begins at x and stands on y, drawn as shapes."""
        at = Rect(x, y - size * 0.78, width(words, size, bold=bold), size)
        self.texts.append(Text(words, size, at))
        face = typeface(bold=bold)
        scale = size / face.per_em
        self.parts.append(
            f'<path transform="matrix({scale:g} 0 0 {-scale:g} {x:.1f} {y:.1f})" '
            f'd="{face.outline(words)}" fill="{colour}"/>'
        )

    def rect(
        self, at: Rect, *, fill: str, stroke: str = "", thick: float = 0.0, rx: float = 0.0
    ) -> None:
        """A rectangle with round corners."""
        line = f' stroke="{stroke}" stroke-width="{thick:g}"' if stroke else ""
        self.parts.append(
            f'<rect x="{at.x:.1f}" y="{at.y:.1f}" width="{at.w:.1f}" height="{at.h:.1f}" '
            f'rx="{rx:g}" fill="{fill}"{line}/>'
        )

    def icon(self, at: Rect, family: Family) -> None:
        """A family's glyph on its colour."""
        self.rect(at, fill=family.colour, rx=at.w / 5)
        inset, scale = at.w * 0.14, at.w * 0.72 / 24
        self.parts.append(
            f'<path transform="translate({at.x + inset:.1f} {at.y + inset:.1f}) '
            f'scale({scale:.3f})" d="{family.glyph}" fill="none" stroke="#FFFFFF" '
            'stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/>'
        )

    def raw(self, element: str) -> None:
        """An element that is ready."""
        self.parts.append(element)
