"""Files of records: JSON lines, lists, envelopes and single objects, plain or gzip, one by one.

JSON lines are streamed. A list, an envelope or an object that is written over several lines is one
JSON value and is read whole, up to 1 GB.
"""

import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Final

import msgspec

from integrations.errors import RejectedRecordError
from integrations.ingest.envelopes import salvaged, single_records
from integrations.ingest.records import RawRecord, Reject, excerpt, printable, unfit

_GZIP: Final = b"\x1f\x8b"
_BOM: Final = b"\xef\xbb\xbf"
_LARGEST_VALUE: Final = 1_000_000_000
_STDIN: Final = "-"

_OPENINGS: Final = frozenset({b"{", b"["})
"""A first line that is nothing else begins one value written over several lines."""

_Stream = io.BufferedReader | gzip.GzipFile | io.BytesIO

Progress = Callable[[int], None]
"""Told how many bytes of the files, as they lie on disk, have been read so far."""

_whole = msgspec.json.Decoder(msgspec.Raw).decode


def read(
    paths: Sequence[Path], progress: Progress = lambda _: None
) -> Iterator[RawRecord | Reject]:
    """Every record of files, folders (with what is in them, sorted) and `-`, standard input.

    What is unfit stands as a reject in its place; nothing stops the rest. Hidden files are left
    out.
    """
    done = 0
    for path in _files(paths):
        try:
            with _opened(path) as file:
                for record in _read_file(str(path), file):
                    progress(done + _position(file))
                    yield record
                done += _position(file)
                progress(done)
        except (OSError, EOFError, zlib.error) as error:
            yield Reject(str(path), 0, None, printable(f"cannot be read: {error}"), "")


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            inside = (p for p in path.rglob("*") if p.is_file())
            yield from sorted(p for p in inside if not _hidden(p.relative_to(path)))
        else:
            yield path


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _opened(path: Path) -> io.BufferedReader:
    if str(path) == _STDIN:
        return io.BufferedReader(io.FileIO(sys.stdin.fileno(), closefd=False))
    return path.open("rb")


def _position(file: io.BufferedReader) -> int:
    return file.tell() if file.seekable() else 0


def _read_file(name: str, file: io.BufferedReader) -> Iterator[RawRecord | Reject]:
    if file.peek(2)[:2] != _GZIP:
        yield from _read_stream(name, file)
        return
    with gzip.GzipFile(fileobj=file) as unzipped:
        yield from _read_stream(name, unzipped)


def _read_stream(name: str, stream: _Stream) -> Iterator[RawRecord | Reject]:
    lines = _lines(stream)
    first = next(lines, None)
    if first is None:
        yield Reject(name, 1, None, "empty", "")
        return
    number, line = first
    if _is_whole(line):
        yield from records_of(name, number, line)
    else:
        value = line + b"\n" + stream.read(_LARGEST_VALUE)
        if line in _OPENINGS or _is_whole(value):
            yield from records_of(name, number, value.strip())
        else:
            again = _lines(io.BytesIO(value), number)
            yield from chain.from_iterable(records_of(name, at, text) for at, text in again)
    for at, text in lines:
        yield from records_of(name, at, text)


def _lines(stream: _Stream, number: int = 1) -> Iterator[tuple[int, bytes]]:
    """Lines that are not blank, without what surrounds them, with their numbers."""
    for at, line in enumerate(stream, start=number):
        text = line.removeprefix(_BOM).strip() if at == 1 else line.strip()
        if text:
            yield at, text


def _is_whole(value: bytes) -> bool:
    try:
        _whole(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def records_of(name: str, line: int, value: bytes) -> Iterator[RawRecord | Reject]:
    """The records of one JSON value; of a broken one as many as can be told apart."""
    try:
        found = list(single_records(value))
    except RejectedRecordError:
        found = list(salvaged(value))
    alone = len(found) == 1 and found[0] == value
    for index, data in enumerate(found):
        place = None if alone else index
        reason = unfit(data)
        if reason is None:
            yield RawRecord(name, line, place, data)
        else:
            yield Reject(name, line, place, reason, excerpt(data), data)
