"""One record as it was read: what makes it unfit to be taken in, whatever it is a record of."""

import re
from dataclasses import dataclass, field
from typing import Final

import msgspec

LARGEST: Final = 1_000_000
"""Bytes of one record: Security Hub takes 240 KB, Config items are below 500 KB."""
DEEPEST: Final = 64
"""Levels of nesting."""
_EXCERPT: Final = 200
_REASON: Final = 300
_TOO_DEEP: Final = f"nested deeper than {DEEPEST} levels"

_ESCAPED_BACKSLASH: Final = re.compile(rb"\\\\")
_NUL: Final = re.compile(rb"\\u0000")
_SURROGATES: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKET: Final = re.compile(rb"[\[\]{}]")


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One record, not yet looked into."""

    file: str
    """The file, or the queue or account that it came from."""
    line: int
    """The line on which it, or the list that it stands in, begins, from 1; of a queue's batch, the
    message."""
    index: int | None
    """Its place in that list, from 0; None when it stands alone."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Reject:
    """What cannot be taken in, and why."""

    file: str
    line: int
    index: int | None
    reason: str
    excerpt: str
    """The first 200 characters, control characters and what is not UTF-8 escaped."""
    data: bytes = field(default=b"", repr=False)
    """The record itself; empty where nothing could be read."""


def reject(record: RawRecord, reason: str) -> Reject:
    """A record with the reason why it is not taken in."""
    said = printable(reason)[:_REASON]
    return Reject(record.file, record.line, record.index, said, excerpt(record.data), record.data)


def excerpt(data: bytes) -> str:
    """The beginning of a record, as text that is safe to print."""
    return printable(data[: 4 * _EXCERPT].decode("utf-8", "backslashreplace")[:_EXCERPT])


def printable(text: str) -> str:
    """Text that may come from a record, such that a terminal only ever shows it."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def unfit(data: bytes) -> str | None:
    """Why a record cannot be taken in, whatever it is; None when nothing stands against it.

    Broken JSON is found by whoever parses it: looking for it here would parse everything twice.
    """
    if len(data) > LARGEST:
        return f"larger than 1 MB ({len(data):,} bytes)"
    unreadable = _unreadable(data)
    if unreadable is not None:
        return unreadable
    if data.count(b"{") + data.count(b"[") > DEEPEST and _depth(data) > DEEPEST:
        return _TOO_DEEP
    return None


def _unreadable(data: bytes) -> str | None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"not UTF-8 (byte {error.start})"
    escapes = _ESCAPED_BACKSLASH.sub(b"", data) if b"\\u" in data else b""
    if b"\x00" in data or _NUL.search(escapes):
        return "contains a NUL character"
    if any(found.group(1) for found in _SURROGATES.finditer(escapes)):
        return "contains a lone surrogate (half a character)"
    return None


def broken(data: bytes) -> str:
    """Why something is not JSON."""
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
    except RecursionError:
        return _TOO_DEEP
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return f"broken JSON: {error}"
    return "wrong shape: neither an object nor a list"


def _depth(data: bytes) -> int:
    depth = deepest = 0
    for found in _BRACKET.finditer(_STRING.sub(b"", data)):
        depth += 1 if found.group() in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest
