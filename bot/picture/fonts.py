"""How wide a text is, and how it is wrapped and shortened until it fits."""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from itertools import accumulate

from bot.picture.typeface import typeface

_SPACES = re.compile(r"(?<= )")
_SEAMS = re.compile(r"(?<=[ \-./_:,@])|(?<=[a-z0-9])(?=[A-Z])")
"""Where a name can go on in the next line."""
_ANYWHERE = re.compile(r"(?<=.)")


@lru_cache(maxsize=16384)
def width(text: str, size: float, *, bold: bool = False) -> float:
    """The width of one line of text, in pixels at a font size in pixels."""
    return size * sum(typeface(bold=bold).widths(text))


def drawable(text: str) -> str:
    """One line of what the font can show; a run of what it cannot (CJK, emoji) is an ellipsis."""
    known = typeface(bold=False).advances
    shown: list[str] = []
    for character in unicodedata.normalize("NFC", " ".join(text.split())):
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
def narrowest(text: str, size: float, *, bold: bool = False, whole: bool = False) -> float:
    """The least room in which the text goes on two lines: of names, or of `whole` words."""
    halves = _halved(text, _SPACES if whole else _SEAMS, bold=bold) or (text,)
    return max(width(half, size, bold=bold) for half in halves)


def _halved(text: str, seams: re.Pattern[str], *, bold: bool) -> tuple[str, str] | None:
    """Two lines of which the longer one is as short as may be; None where no break is."""
    upto = list(accumulate(typeface(bold=bold).widths(text), initial=0.0))
    spots = [at for m in seams.finditer(text) if 0 < (at := m.start()) < len(text)]
    if not spots:
        return None
    best = min(spots, key=lambda at: max(upto[at], upto[-1] - upto[at]))
    return text[:best].rstrip(), text[best:].lstrip()


def _filled(text: str, size: float, room: float, *, bold: bool) -> tuple[str, ...]:
    """What fits on a first line, up to a break where that is half of it at least; the rest."""
    most, at = room / size, 0
    for wide in accumulate(typeface(bold=bold).widths(text)):
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
