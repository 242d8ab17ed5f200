"""The picture's font, and how wide a text is in it: read once from the font file's own tables.

Facts: the OpenType specification's `head`, `hhea`, `hmtx` and `cmap` (format 4) tables.
"""

import struct
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

FAMILY = "Source Sans Pro"
_REGULAR, _BOLD = "SourceSansPro-Regular.ttf", "SourceSansPro-Semibold.ttf"
_UNKNOWN = 0.7
"""Width of a character that the font does not have, in ems."""
_BREAK_AFTER = frozenset("-./_:,@")


def font_files() -> list[str]:
    """Paths of the two files that the picture is drawn with."""
    folder = Path(str(files("font_source_sans_pro"))) / "files"
    return [str(folder / name) for name in (_REGULAR, _BOLD)]


@lru_cache(maxsize=16384)
def width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of one line of text, in pixels at a font size in pixels."""
    advances = _advances(bold=bold)
    return size * sum(advances.get(ord(character), _UNKNOWN) for character in text)


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
    return wrapped(text, size, room, lines=1, bold=bold)[0]


def wrapped(
    text: str, size: float, room: float, *, lines: int = 2, bold: bool = False
) -> list[str]:
    """The text over so many lines at most.

    Lines break between words and after - . / _ and their like, within a word only where nothing
    else does. What does not fit is shortened in its middle: both ends of a name tell most.
    """
    best, _ = _broken(text, size, room, bold=bold)
    if len(best) <= lines:
        return best
    fit, too_long = 0, len(text)
    best = ["…"]
    while too_long - fit > 1:
        keep = (fit + too_long) // 2
        head, tail = text[: (keep + 1) // 2].rstrip(), text[len(text) - keep // 2 :].lstrip()
        found, _ = _broken(f"{head}…{tail if keep > 1 else ''}", size, room, bold=bold)
        if len(found) <= lines:
            fit, best = keep, found
        else:
            too_long = keep
    return best


def fits(text: str, size: float, room: float, *, lines: int = 2, bold: bool = False) -> bool:
    """Whether the text needs neither shortening nor a break within a word."""
    found, within_words = _broken(text, size, room, bold=bold)
    return len(found) <= lines and not within_words


def _broken(text: str, size: float, room: float, *, bold: bool) -> tuple[list[str], bool]:
    """As many lines as it takes, and whether one of them had to break within a word."""
    advances = _advances(bold=bold)
    most = room / size
    found: list[str] = []
    within_words = False
    start = breakable = at = 0
    wide = 0.0
    while at < len(text):
        wide += advances.get(ord(text[at]), _UNKNOWN)
        if wide > most and at > start and text[at] != " ":
            within_words = within_words or breakable <= start
            end = breakable if breakable > start else at
            found.append(text[start:end].rstrip())
            start = at = end
            wide = 0.0
            continue
        at += 1
        if text[at - 1] == " " or text[at - 1] in _BREAK_AFTER:
            breakable = at
    last = text[start:].rstrip()
    return ([*found, last] if last or not found else found), within_words


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
