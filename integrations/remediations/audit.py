"""The audit: what was asked, decided, refused, called and found, in one chain per tenant.

What is refused before it is known whose it is, such as a press in a channel that is mapped to
nobody, stands in a chain of the hub's own.

A record's hash covers the hash of the one before it, so that no record can be changed, taken out,
put in or moved unseen; the number and hash of the newest are kept apart, so that none can be cut
off the end. Who can write to the engine itself could still forge a whole new chain with its head:
against that a head is kept elsewhere, and given to `verify`.

A record is written *before* what it tells of is done. Where somebody else was faster, or there was
no room, a record of kind `REFUSED` with the same version follows it: then it was not done.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Protocol

import msgspec

HUB = "-"
"""Whose chain holds what was refused before a tenant was known; no tenant's id has this form."""


class AuditKind(StrEnum):
    """What a record tells of."""

    PROPOSED = "proposed"
    VIEWED = "viewed"
    """A plan was shown to a person."""
    APPROVED = "approved"
    REJECTED = "rejected"
    REFUSED = "refused"
    """Somebody may not do what they tried; the detail says why."""
    EXPIRED = "expired"
    STARTING = "starting"
    """Written before the runbook is started: each call with its parameters, before and after."""
    STARTED = "started"
    STOPPING = "stopping"
    """An execution that takes too long is about to be asked to end."""
    TAKEN_OVER = "taken_over"
    ENDED = "ended"
    VERIFIED = "verified"
    NOT_FIXED = "not_fixed"
    FAILED = "failed"
    UNDO_ASKED = "undo_asked"
    UNDO_STARTING = "undo_starting"
    """The same of an undo: its own calls, the state it finds and the state that it puts back."""
    UNDONE = "undone"
    WORKFLOW = "workflow"
    """The finding's workflow status is about to be changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """What happened, or is about to."""

    at: datetime
    kind: AuditKind
    remediation: str
    """The request's id; empty when there is none."""
    by: str
    """`slack/T0001/U0001`, `cli/local/NAME`, or `assist` for what happens by itself."""
    detail: Mapping[str, Any] = field(default_factory=dict)
    """Plain JSON; no text of a finding, no secret. What moves a request carries its `version`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """An entry in its place in the chain."""

    number: int
    """From 1, without gaps."""
    entry: AuditEntry
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """Whether a chain is whole."""

    records: int
    head: str
    """Hash of the newest record; kept elsewhere it proves later that nothing before it changed."""
    broken_at: int = 0
    """Number of the first record that does not fit; 0 when all do."""
    why: str = ""

    @property
    def whole(self) -> bool:
        """Whether every record fits."""
        return not self.why


class AuditLog(Protocol):
    """One tenant's audit.

    Promises: append-only, and the engine itself refuses to change what was written; appends from
    several processes give one chain without gaps; what `append` returned survives a loss of power.

    DynamoDB differs in one point: no right to update or delete is needed there, but a right to put
    is one to put over: who holds the program's role is not refused, but found out by `verify`.
    """

    def append(self, entry: AuditEntry) -> AuditRecord:
        """Write an entry down.

        Raises:
            UnavailableError: it could not be written; then nothing may be done.
        """
        ...

    def records(self, after: int = 0, remediation: str = "") -> Iterator[AuditRecord]:
        """Records by number, those of one request only if given.

        Raises:
            DamagedError: a record is not what was written.
        """
        ...

    def verify(self, head: str = "") -> AuditVerdict:
        """Read the whole chain again, as of one moment; `head` must be in it.

        Args:
            head: Hash of a record that was kept elsewhere; empty when none was.
        """
        ...


def start_of(tenant_id: str) -> str:
    """What the first record of a tenant follows: no tenant's chain can stand for another's."""
    return sha256(b"audit of " + tenant_id.encode()).hexdigest()


def seal(number: int, entry: AuditEntry, previous: str) -> AuditRecord:
    """The record that an entry becomes after the one whose hash is `previous`."""
    return AuditRecord(
        number=number,
        entry=entry,
        previous=previous,
        hash=hash_of(number, body_of(entry), previous),
    )


def body_of(entry: AuditEntry) -> bytes:
    """An entry as it is hashed and kept: JSON with sorted keys."""
    return msgspec.json.encode(msgspec.to_builtins(entry), order="deterministic")


def hash_of(number: int, body: bytes, previous: str) -> str:
    """SHA-256 in hex over the previous hash, the number and the body, each on a line."""
    return sha256(b"%s\n%d\n%s" % (previous.encode(), number, body)).hexdigest()
