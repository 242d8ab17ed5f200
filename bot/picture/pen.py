"""Writes what is drawn as operators of a PDF page, and remembers where it wrote what.

Facts: ISO 32000-1, 8.4 (graphics state), 8.5 (paths), 9.4 (text).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from bot.picture.fonts import width
from bot.picture.glyphs import Family
from bot.picture.shapes import Point, Rect
from bot.picture.typeface import typeface

INK, MUTED, LINE, PATH, PAPER = "#16202E", "#4B5768", "#8793A4", "#B42318", "#FFFFFF"
_REGULAR, _BOLD = "R", "B"
_CORNER = 0.4477
"""In radii, how far from a corner the control points of a quarter of a circle lie."""
_ICON = 24.0
"""Sides of the box in which icons are described."""


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
    """Operators in the order things are drawn, in pixels from the upper left corner, y downward."""

    parts: list[str] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)

    def text(
        self, x: float, y: float, words: str, size: float, colour: str, *, bold: bool = False
    ) -> None:
        """One line that begins at x and stands on y; its glyphs by number, so no name is syntax."""
        at = Rect(x, y - size * 0.78, width(words, size, bold=bold), size)
        self.texts.append(Text(words, size, at))
        self.parts.append(
            f"BT /{_BOLD if bold else _REGULAR} {size:g} Tf {_rgb(colour)} rg "
            f"1 0 0 -1 {x:.2f} {y:.2f} Tm <{typeface(bold=bold).numbers(words)}> Tj ET"
        )

    def rect(
        self, at: Rect, *, fill: str, stroke: str = "", thick: float = 0.0, rx: float = 0.0
    ) -> None:
        """A rectangle with round corners."""
        line = f"{_rgb(stroke)} RG {thick:g} w " if stroke else ""
        shape = _rounded(at, min(rx, at.w / 2, at.h / 2)) if rx else _square(at)
        self.parts.append(f"{line}{_rgb(fill)} rg {shape} {'B' if stroke else 'f'}")

    def line(self, path: str, *, stroke: str, thick: float, dashed: bool = False) -> None:
        """A line along path operators, dashed if it stands for the cut."""
        dash, whole = ("[13 9] 0 d ", " [] 0 d") if dashed else ("", "")
        self.parts.append(f"{_rgb(stroke)} RG {thick:g} w {dash}{path} S{whole}")

    def polygon(self, corners: Sequence[Point], *, fill: str) -> None:
        """What lies between the corners."""
        (x, y), *others = corners
        sides = " ".join(f"{cx:.1f} {cy:.1f} l" for cx, cy in others)
        self.parts.append(f"{_rgb(fill)} rg {x:.1f} {y:.1f} m {sides} f")

    def icon(self, at: Rect, family: Family) -> None:
        """A family's glyph on its colour."""
        self.rect(at, fill=family.colour, rx=at.w / 5)
        inset, scale = at.w * 0.14, at.w * 0.72 / _ICON
        self.parts.append(
            f"q {scale:.3f} 0 0 {scale:.3f} {at.x + inset:.1f} {at.y + inset:.1f} cm "
            f"{_rgb(PAPER)} RG 1.8 w 1 J 1 j {family.glyph} S Q"
        )


@cache
def _rgb(colour: str) -> str:
    """`#FF8000` -> `1 0.502 0`; there are about thirty."""
    return " ".join(f"{int(colour[at : at + 2], 16) / 255:.4g}" for at in (1, 3, 5))


def _square(at: Rect) -> str:
    return f"{at.x:.1f} {at.y:.1f} {at.w:.1f} {at.h:.1f} re"


def _rounded(at: Rect, radius: float) -> str:
    """Sides and corners in turn, clockwise from the upper left."""
    left, top, right, bottom = at.x, at.y, at.right, at.bottom
    near = radius * _CORNER
    return (
        f"{left + radius:.1f} {top:.1f} m {right - radius:.1f} {top:.1f} l "
        f"{right - near:.2f} {top:.1f} {right:.1f} {top + near:.2f} "
        f"{right:.1f} {top + radius:.1f} c {right:.1f} {bottom - radius:.1f} l "
        f"{right:.1f} {bottom - near:.2f} {right - near:.2f} {bottom:.1f} "
        f"{right - radius:.1f} {bottom:.1f} c {left + radius:.1f} {bottom:.1f} l "
        f"{left + near:.2f} {bottom:.1f} {left:.1f} {bottom - near:.2f} "
        f"{left:.1f} {bottom - radius:.1f} c {left:.1f} {top + radius:.1f} l "
        f"{left:.1f} {top + near:.2f} {left + near:.2f} {top:.1f} "
        f"{left + radius:.1f} {top:.1f} c h"
    )
