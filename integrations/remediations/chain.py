"""Whether a record of the audit fits where it stands: asked in the same way of every engine."""

from typing import NamedTuple

import msgspec

from integrations.errors import DamagedError
from integrations.remediations.audit import AuditEntry, hash_of

_entry = msgspec.json.Decoder(AuditEntry)


class Kept(NamedTuple):
    """A record as an engine keeps it."""

    number: int
    remediation: str
    """The request that it is filed under."""
    body: bytes
    previous: str
    hash: str


def read_entry(number: int, body: bytes) -> AuditEntry:
    """What a record tells.

    Raises:
        DamagedError: it is not what was written.
    """
    try:
        return _entry.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DamagedError(f"record {number} cannot be read; verify the audit") from error


def misfit(place: int, previous: str, kept: Kept) -> str:
    """What is wrong with the record at a place (from 1); empty when nothing is."""
    number, remediation, body, before, digest = kept
    if number != place:
        return f"record {place} is missing"
    if before != previous:
        return f"record {number} does not follow the one before it"
    if hash_of(number, body, before) != digest:
        return f"record {number} was changed"
    try:
        entry = read_entry(number, body)
    except DamagedError:
        return f"record {number} cannot be read"
    if entry.remediation != remediation:
        return f"record {number} is filed under another request than it tells of"
    return ""
