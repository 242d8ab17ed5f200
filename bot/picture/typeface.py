"""The picture's two fonts, read from their files' own tables: widths and shapes of characters.

Text is drawn as shapes, one after another without kerning: exactly as wide as it is measured, and
what draws the picture needs no font. Facts: the OpenType specification's `head`, `hhea`, `hmtx`,
`cmap` (format 4), `loca` and `glyf` tables.
"""

import struct
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

_REGULAR, _BOLD = "SourceSansPro-Regular.ttf", "SourceSansPro-Semibold.ttf"
_NOT_DEFINED = 0
"""The glyph of what the font does not have."""
_UNKNOWN = 0.7
"""Width of a character that the font does not have, in ems."""
_DEEPEST = 4
"""Glyphs made of glyphs made of glyphs: no deeper."""

_ON_CURVE, _SHORT_X, _SHORT_Y, _REPEATED, _SAME_X, _SAME_Y = 1, 2, 4, 8, 16, 32
"""Flags of a point (`glyf`, simple glyphs)."""
_WORDS, _OFFSETS, _SCALED, _MORE, _SCALED_APART, _TURNED = 1, 2, 8, 32, 64, 128
"""Flags of a part (`glyf`, composite glyphs)."""

_Point = tuple[float, float, bool]
"""x, y, whether the line goes through it or is only drawn toward it."""


class Shape(NamedTuple):
    """A glyph's outline as SVG path data in font units, y upward, `rest` relative to its start."""

    x: float
    y: float
    rest: str
    """Empty where there is nothing to draw."""


class Typeface:
    """One font file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._data = path.read_bytes()
        (count,) = struct.unpack_from(">H", self._data, 4)
        self._tables: dict[bytes, int] = {}
        for index in range(count):
            tag, _, offset, _ = struct.unpack_from(">4sIII", self._data, 12 + 16 * index)
            self._tables[tag] = offset
        (self.per_em,) = struct.unpack_from(">H", self._data, self._tables[b"head"] + 18)
        (self._long,) = struct.unpack_from(">h", self._data, self._tables[b"head"] + 50)
        self._glyphs = _glyphs(self._data, self._tables[b"cmap"])
        self.advances: dict[int, float] = self._advances()
        """Character -> advance width in ems."""
        self._shapes: dict[int, Shape] = {}

    def outline(self, text: str) -> str:
        """One line of text as SVG path data: in font units from where it begins, y upward."""
        at = 0.0
        words: list[str] = []
        for code, wide in zip(map(ord, text), self.widths(text), strict=True):
            shape = self._shapes.get(code)
            if shape is None:
                shape = self._shapes[code] = _shape(
                    self._contours(self._glyphs.get(code, _NOT_DEFINED))
                )
            if shape.rest:
                words.append(f"M{at + shape.x:g} {shape.y:g}{shape.rest}")
            at += wide * self.per_em
        return "".join(words)

    def widths(self, text: str) -> list[float]:
        """How wide every character of a line is, in ems."""
        advances = self.advances
        return [advances.get(ord(character), _UNKNOWN) for character in text]

    def _advances(self) -> dict[int, float]:
        (metrics,) = struct.unpack_from(">H", self._data, self._tables[b"hhea"] + 34)
        pairs = struct.unpack_from(f">{2 * metrics}H", self._data, self._tables[b"hmtx"])
        return {
            character: pairs[2 * min(glyph, metrics - 1)] / self.per_em
            for character, glyph in self._glyphs.items()
        }

    def _contours(self, glyph: int, depth: int = 0) -> list[list[_Point]]:
        """A glyph's closed lines, those of its parts included."""
        form, factor = (">2I", 1) if self._long else (">2H", 2)
        spot = self._tables[b"loca"] + glyph * struct.calcsize(form) // 2
        start, end = (
            self._tables[b"glyf"] + factor * offset
            for offset in struct.unpack_from(form, self._data, spot)
        )
        if start == end:
            return []
        (count,) = struct.unpack_from(">h", self._data, start)
        if count >= 0:
            return list(_simple(self._data, start + 10, count))
        return list(self._composite(start + 10, depth)) if depth < _DEEPEST else []

    def _composite(self, at: int, depth: int) -> Iterator[list[_Point]]:
        flags = _MORE
        while flags & _MORE:
            flags, glyph = struct.unpack_from(">HH", self._data, at)
            form = ">hh" if flags & _WORDS else ">bb"
            dx, dy = struct.unpack_from(form, self._data, at + 4)
            at += 4 + struct.calcsize(form)
            if not flags & _OFFSETS:
                dx = dy = 0
            xx, xy, yx, yy, long = _scales(self._data, at, flags)
            at += long
            for contour in self._contours(glyph, depth + 1):
                yield [(xx * x + yx * y + dx, xy * x + yy * y + dy, on) for x, y, on in contour]


@cache
def typeface(*, bold: bool) -> Typeface:
    """The one that names are drawn with, or the one of the rest; each is read once."""
    folder = Path(str(files("font_source_sans_pro"))) / "files"
    return Typeface(folder / (_BOLD if bold else _REGULAR))


def _scales(data: bytes, at: int, flags: int) -> tuple[float, float, float, float, int]:
    """How a part is scaled and turned, and how many bytes say so (2.14 fixed point numbers)."""
    if flags & _SCALED:
        (both,) = struct.unpack_from(">h", data, at)
        return both / 16384, 0.0, 0.0, both / 16384, 2
    if flags & _SCALED_APART:
        x, y = struct.unpack_from(">hh", data, at)
        return x / 16384, 0.0, 0.0, y / 16384, 4
    if flags & _TURNED:
        xx, xy, yx, yy = struct.unpack_from(">4h", data, at)
        return xx / 16384, xy / 16384, yx / 16384, yy / 16384, 8
    return 1.0, 0.0, 0.0, 1.0, 0


def _simple(data: bytes, at: int, count: int) -> Iterator[list[_Point]]:
    """A glyph's own lines: where each ends, flags, then x and y as differences."""
    ends = struct.unpack_from(f">{count}H", data, at)
    (code,) = struct.unpack_from(">H", data, at + 2 * count)
    at += 2 * count + 2 + code
    total = ends[-1] + 1 if ends else 0
    flags: list[int] = []
    while len(flags) < total:
        flag, at = data[at], at + 1
        flags.append(flag)
        if flag & _REPEATED:
            flags += [flag] * data[at]
            at += 1
    xs, at = _axis(data, at, flags, _SHORT_X, _SAME_X)
    ys, at = _axis(data, at, flags, _SHORT_Y, _SAME_Y)
    points = [(x, y, bool(f & _ON_CURVE)) for x, y, f in zip(xs, ys, flags, strict=True)]
    for before, end in pairwise([-1, *ends]):
        yield points[before + 1 : end + 1]


def _axis(
    data: bytes, at: int, flags: Sequence[int], short: int, same: int
) -> tuple[list[float], int]:
    value, found = 0, []
    for flag in flags:
        if flag & short:
            value += data[at] if flag & same else -data[at]
            at += 1
        elif not flag & same:
            value += struct.unpack_from(">h", data, at)[0]
            at += 2
        found.append(float(value))
    return found, at


def _shape(contours: Sequence[Sequence[_Point]]) -> Shape:
    """Path data of closed lines, each relative to where the one before began."""
    words: list[str] = []
    first = last = (0.0, 0.0)
    for contour in filter(None, contours):
        start, *stops = _stops(contour)
        if words:
            words.append(f"m{start[0] - last[0]:g} {start[1] - last[1]:g}")
        else:
            first = start[:2]
        last = start[:2]
        words.append(_drawn(start, stops))
    return Shape(*first, "".join(words))


def _stops(contour: Sequence[_Point]) -> Iterator[_Point]:
    """The points from one on the line round to it again, with those that are only implied.

    Between two points that the line is only drawn toward it goes through their middle.
    """
    every: list[_Point] = []
    for (ax, ay, a_on), (bx, by, b_on) in pairwise([*contour, contour[0]]):
        every.append((ax, ay, a_on))
        if not a_on and not b_on:
            every.append(((ax + bx) / 2, (ay + by) / 2, True))
    begin = next((at for at, point in enumerate(every) if point[2]), 0)
    yield from every[begin:]
    yield from every[: begin + 1]


def _drawn(start: _Point, stops: Sequence[_Point]) -> str:
    words: list[str] = []
    (x, y, _), toward = start, None
    for px, py, on in stops:
        if not on:
            toward = f"q{px - x:g} {py - y:g} "
        elif toward:
            words.append(f"{toward}{px - x:g} {py - y:g}")
            x, y, toward = px, py, None
        else:
            words.append(f"l{px - x:g} {py - y:g}")
            x, y = px, py
    return "".join([*words, "z"])


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
