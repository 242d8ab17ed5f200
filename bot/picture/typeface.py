"""The picture's two fonts, read from their files' own tables: what characters are, and how wide.

Text is drawn glyph after glyph without kerning: exactly as wide as it is measured. Facts: the
OpenType specification's `head`, `hhea`, `hmtx` and `cmap` (format 4) tables.
"""

import struct
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

_REGULAR, _BOLD = "SourceSansPro-Regular.ttf", "SourceSansPro-Semibold.ttf"
_NOT_DEFINED = 0
"""The glyph of what the font does not have."""
UNKNOWN = 0.7
"""Width of a character that the font does not have, in ems."""


class Typeface:
    """One font file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data = path.read_bytes()
        (count,) = struct.unpack_from(">H", self.data, 4)
        self._tables: dict[bytes, int] = {}
        for index in range(count):
            tag, _, offset, _ = struct.unpack_from(">4sIII", self.data, 12 + 16 * index)
            self._tables[tag] = offset
        (self.per_em,) = struct.unpack_from(">H", self.data, self._tables[b"head"] + 18)
        self._glyphs = _glyphs(self.data, self._tables[b"cmap"])
        self.advances: dict[int, float] = self._advances()
        """Character -> advance width in ems."""

    def numbers(self, text: str) -> str:
        """A line's glyphs, each as four hexadecimal digits."""
        glyphs = self._glyphs
        return "".join([f"{glyphs.get(ord(one), _NOT_DEFINED):04X}" for one in text])

    def used(self, characters: Iterable[str]) -> Iterator[tuple[int, float]]:
        """The glyph and the width in ems of every character that the font has."""
        for one in map(ord, characters):
            if one in self._glyphs:
                yield self._glyphs[one], self.advances[one]

    def widths(self, text: str) -> list[float]:
        """How wide every character of a line is, in ems."""
        advances = self.advances
        return [advances.get(ord(character), UNKNOWN) for character in text]

    def _advances(self) -> dict[int, float]:
        (metrics,) = struct.unpack_from(">H", self.data, self._tables[b"hhea"] + 34)
        pairs = struct.unpack_from(f">{2 * metrics}H", self.data, self._tables[b"hmtx"])
        return {
            character: pairs[2 * min(glyph, metrics - 1)] / self.per_em
            for character, glyph in self._glyphs.items()
        }


@cache
def typeface(*, bold: bool) -> Typeface:
    """The one that names are drawn with, or the one of the rest; each is read once."""
    folder = Path(str(files("font_source_sans_pro"))) / "files"
    return Typeface(folder / (_BOLD if bold else _REGULAR))


def _glyphs(data: bytes, cmap: int) -> dict[int, int]:
    """Character -> glyph, of the Basic Multilingual Plane."""
    (count,) = struct.unpack_from(">H", data, cmap + 2)
    for index in range(count):
        platform, encoding, offset = struct.unpack_from(">HHI", data, cmap + 4 + 8 * index)
        (form,) = struct.unpack_from(">H", data, cmap + offset)
        if form == 4 and (platform, encoding) in {(3, 1), (0, 3)}:  # noqa: PLR2004 - format 4
            return _format_4(data, cmap + offset)
    return {}


def _format_4(data: bytes, at: int) -> dict[int, int]:
    (twice,) = struct.unpack_from(">H", data, at + 6)
    ends, starts = at + 14, at + 16 + twice
    deltas, ranges = starts + twice, starts + 2 * twice
    found: dict[int, int] = {}
    for segment in range(0, twice, 2):
        (end,) = struct.unpack_from(">H", data, ends + segment)
        (start,) = struct.unpack_from(">H", data, starts + segment)
        (delta,) = struct.unpack_from(">H", data, deltas + segment)
        (by_range,) = struct.unpack_from(">H", data, ranges + segment)
        for character in range(start, end + 1):
            glyph = character
            if by_range:
                spot = ranges + segment + by_range + 2 * (character - start)
                if spot + 2 > len(data):
                    continue
                (glyph,) = struct.unpack_from(">H", data, spot)
                if glyph == 0:
                    continue
            found[character] = (glyph + delta) % 65_536
    return found
