"""The picture's font, and how wide a text is in it: read once from the font file's own tables.

Facts: the OpenType specification's `head`, `hhea`, `hmtx` and `cmap` (format 4) tables.
"""

import re
import struct
from collections.abc import Callable
from functools import cache, lru_cache
from importlib.resources import files
from itertools import accumulate
from pathlib import Path

FAMILY = "Source Sans Pro"
_REGULAR, _BOLD = "SourceSansPro-Regular.ttf", "SourceSansPro-Semibold.ttf"
_UNKNOWN = 0.7
"""Width of a character that the font does not have, in ems."""
_SPACES = re.compile(r"(?<= )")
_SEAMS = re.compile(r"(?<=[ \-./_:,@])|(?<=[a-z0-9])(?=[A-Z])")
"""Where a name can go on in the next line."""
_ANYWHERE = re.compile(r"(?<=.)")


def font_files() -> list[str]:
    """Paths of the two files that the picture is drawn with."""
    folder = Path(str(files("font_source_sans_pro"))) / "files"
    return [str(folder / name) for name in (_REGULAR, _BOLD)]


@lru_cache(maxsize=16384)
def width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of one line of text, in pixels at a font size in pixels."""
    advances = _advances(bold=bold)
    return size * sum([advances.get(ord(character), _UNKNOWN) for character in text])


def drawable(text: str) -> str:
    """One line of what the font can show; a run of what it cannot (CJK, emoji) is an ellipsis."""
    known = _advances(bold=False)
    shown: list[str] = []
    for character in " ".join(text.split()):
        if ord(character) in known and character.isprintable():
            shown.append(character)
        elif not shown or shown[-1] != "…":
            shown.append("…")
    return "".join(shown).strip()


def fitted(text: str, size: float, room: float, *, bold: bool = False) -> str:
    """The text on one line, shortened in its middle until it fits."""
    return _shortened(text, lambda told: width(told, size, bold=bold) <= room)


@lru_cache(maxsize=4096)
def wrapped(text: str, size: float, room: float, *, bold: bool = False) -> tuple[str, ...]:
    """The text on one line or two, of about one length.

    Lines break between words, else at the seams of a name (after - . / _, before a capital), else
    anywhere. What does not fit is shortened in its middle: both ends of a name tell most.
    """
    if width(text, size, bold=bold) <= room:
        return (text,)
    for seams in (_SPACES, _SEAMS, _ANYWHERE):
        halves = _halved(text, seams, bold=bold)
        if halves and max(width(half, size, bold=bold) for half in halves) <= room:
            return halves

    def fits(told: str) -> bool:
        return width(_filled(told, size, room, bold=bold)[-1], size, bold=bold) <= room

    return _filled(_shortened(text, fits), size, room, bold=bold)


@lru_cache(maxsize=4096)
def narrowest(text: str, size: float, *, bold: bool = False) -> float:
    """The least room in which the text goes on two lines with no word broken."""
    halves = _halved(text, _SEAMS, bold=bold) or (text,)
    return max(width(half, size, bold=bold) for half in halves)


def _halved(text: str, seams: re.Pattern[str], *, bold: bool) -> tuple[str, str] | None:
    """Two lines of which the longer one is as short as may be; None where no break is."""
    advances = _advances(bold=bold)
    upto = list(accumulate([advances.get(ord(c), _UNKNOWN) for c in text], initial=0.0))
    spots = [at for m in seams.finditer(text) if 0 < (at := m.start()) < len(text)]
    if not spots:
        return None
    best = min(spots, key=lambda at: max(upto[at], upto[-1] - upto[at]))
    return text[:best].rstrip(), text[best:].lstrip()


def _filled(text: str, size: float, room: float, *, bold: bool) -> tuple[str, ...]:
    """What fits on a first line, up to a break where that is half of it at least; the rest."""
    advances = _advances(bold=bold)
    most, wide, at = room / size, 0.0, 0
    while at < len(text):
        wide += advances.get(ord(text[at]), _UNKNOWN)
        if wide > most and at:
            break
        at += 1
    spots = [spot for m in _SEAMS.finditer(text, at // 2, at) if (spot := m.start()) > at // 2]
    at = spots[-1] if spots and at < len(text) else at
    first, rest = text[:at].rstrip(), text[at:].lstrip()
    return (first, rest) if rest else (first,)


def _shortened(text: str, fits: Callable[[str], bool]) -> str:
    """The text, or as much of both its ends as fits with an ellipsis between them."""
    if fits(text):
        return text
    fit, too_long = 0, len(text)
    best = "…"
    while too_long - fit > 1:
        keep = (fit + too_long) // 2
        head, tail = text[: (keep + 1) // 2].rstrip(), text[len(text) - keep // 2 :].lstrip()
        told = f"{head}…{tail if keep > 1 else ''}"
        if fits(told):
            fit, best = keep, told
        else:
            too_long = keep
    return best


@cache
def _advances(*, bold: bool) -> dict[int, float]:
    """Character -> advance width in ems."""
    data = Path(font_files()[1 if bold else 0]).read_bytes()
    (count,) = struct.unpack_from(">H", data, 4)
    tables = {}
    for index in range(count):
        tag, _, offset, _ = struct.unpack_from(">4sIII", data, 12 + 16 * index)
        tables[tag] = offset
    (per_em,) = struct.unpack_from(">H", data, tables[b"head"] + 18)
    (metrics,) = struct.unpack_from(">H", data, tables[b"hhea"] + 34)
    widths = [
        struct.unpack_from(">H", data, tables[b"hmtx"] + 4 * glyph)[0] for glyph in range(metrics)
    ]
    return {
        character: widths[min(glyph, metrics - 1)] / per_em
        for character, glyph in _glyphs(data, tables[b"cmap"]).items()
    }


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
