"""What tells a Config item as it was written from any other, before anything of it is read.

Reading an item and comparing what it says costs tens of microseconds, and of a listing nearly every
item is as it was. So the graph keeps, beside what an item told, the digest of its very bytes: what
comes again byte for byte, but for its capture time, tells the same again.

"The same" is what the same program would read. The digest is of the reading modules' own text too:
with a release that reads items otherwise no row is known, and each is read once more.
"""

import hashlib
import re
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

import msgspec

from integrations.resources import (
    arns,
    compute_items,
    config_items,
    data_items,
    digests,
    identity_items,
    network_items,
    policies,
    port,
    relationships,
    telling,
)

if TYPE_CHECKING:
    from hashlib import blake2b

READING: Final[tuple[ModuleType, ...]] = (
    arns, compute_items, config_items, data_items, digests, identity_items, network_items,
    policies, port, relationships, telling,
)  # fmt: skip
"""Whatever decides what is read of an item."""
_SIZE: Final = 16
_KEY: Final = b'"configurationItemCaptureTime"'
_CAPTURED: Final = re.compile(_KEY + rb'\s*:\s*"[0-9A-Za-z:.+-]*"')
"""The only part of a row that changes while the resource does not, where it is plainly written."""
_PROBE: Final = "?"


class _Probed(msgspec.Struct):
    captured: str = msgspec.field(default="", name="configurationItemCaptureTime")


_probed = msgspec.json.Decoder(_Probed).decode


def row_of(data: bytes) -> str:
    """32 hex digits of an item as it is written, without its capture time."""
    return _digest(data, _captured(data))


def told_row(data: bytes) -> str:
    """The digest of an item that could be read, by which it is known when it comes again.

    Returns:
        As `row_of`; empty where what looks like the capture time is not the item's own, but a tag
        of that name for instance: then another text there would tell something else.
    """
    span = _captured(data)
    if span is not None:
        probe = b'%s%s:"%s"%s' % (data[: span[0]], _KEY, _PROBE.encode(), data[span[1] :])
        if _probed(probe).captured != _PROBE:
            return ""
    return _digest(data, span)


def _digest(data: bytes, span: tuple[int, int] | None) -> str:
    """Of all of it, or of all but a span.

    An item, being JSON, holds no NUL: where something was left out, and whether, stays told.
    """
    digest = _reading().copy()
    if span is None:
        digest.update(b"whole")
        digest.update(data)
    else:
        digest.update(b"but-\0")
        digest.update(data[: span[0]])
        digest.update(b"\0")
        digest.update(data[span[1] :])
    return digest.hexdigest()


def _captured(data: bytes) -> tuple[int, int] | None:
    """Where the capture time is written, if it is so once."""
    at = data.find(_KEY)
    if at < 0 or data.find(_KEY, at + len(_KEY)) >= 0:
        return None
    found = _CAPTURED.match(data, at)
    return None if found is None else found.span()


@cache
def _reading() -> "blake2b":
    """A digest that has seen the modules that read an item."""
    digest = hashlib.blake2b(digest_size=_SIZE)
    for module in READING:
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest
