"""Requests as they are written down and kept: the audit first, then a compare-and-set.

Whatever is decided, started or proven about a request goes through here, so that no effect is
without its record.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.approval import Actor, Refusal
from agent.guard.untrusted import clean
from integrations.errors import NotFoundError, StaleWriteError
from integrations.remediations.audit import AuditEntry, AuditKind
from integrations.remediations.port import IllegalMoveError, Remediation, Stage
from integrations.systems import Systems

OPEN_FOR = timedelta(minutes=60)
"""How long a request waits for its approvals."""

LEASE = timedelta(seconds=60)
"""How long a worker that says nothing is left alone."""

ASSIST = "assist"
"""Who did what happens by itself, in the audit."""

_LONGEST_SENTENCE = 500

_ID = re.compile(r"R-[a-z2-7]{16}")


def sentence(text: str) -> str:
    """Words of an engine or a rule, made harmless, with one full stop."""
    return f"{clean(text, _LONGEST_SENTENCE).rstrip('.')}."


class RequestLog:
    """One tenant's requests and their audit."""

    def __init__(self, systems: Systems, clock: Callable[[], float]) -> None:
        """`clock` gives seconds since the epoch."""
        self._systems = systems
        self._store = systems.remediations
        self._clock = clock

    def sweep(self) -> list[Remediation]:
        """Close the requests whose time is over; those that were closed."""
        waiting = self._store.search(frozenset({Stage.PROPOSED, Stage.APPROVED}), limit=None)
        closed = [self.expire(request, why) for request in waiting if (why := self.late(request))]
        return [request for request in closed if request is not None]

    def late(self, request: Remediation) -> str:
        """Why it is too late to decide about a request, or to start it; empty when it is not."""
        if request.stage is Stage.PROPOSED:
            return "Nobody decided in time." if self.now() >= request.expires_at else ""
        until = request.expires_at if request.undo_by is None else request.undo_by.at
        over = self.now() >= until + OPEN_FOR
        return "It was approved, but could not be started in time." if over else ""

    def expire(self, request: Remediation, why: str) -> Remediation | None:
        """Close one request; None when somebody acted on it meanwhile."""
        try:
            closed = request.expired(self.now(), why)
            self.move(AuditKind.EXPIRED, closed, {"why": why})
        except (IllegalMoveError, StaleWriteError):
            return None
        return closed

    def record(
        self, kind: AuditKind, request: Remediation, by: str, detail: Mapping[str, Any]
    ) -> None:
        """Write into the audit; what is told there is done afterwards.

        Raises:
            UnavailableError: it could not be written; then nothing may be done.
        """
        told = {**detail, "version": request.version}
        self._systems.audit.append(
            AuditEntry(at=self.now(), kind=kind, remediation=request.id, by=by, detail=told)
        )

    def move(self, kind: AuditKind, moved: Remediation, detail: Mapping[str, Any]) -> None:
        """Write down what happens by itself, then keep it.

        Raises:
            StaleWriteError: somebody else was faster.
            UnavailableError: it is not known whether it was kept; look again.
        """
        self.record(kind, moved, ASSIST, detail)
        try:
            self.keep(moved)
        except StaleWriteError:
            self.record(AuditKind.REFUSED, moved, ASSIST, {"rule": "stale"})
            raise

    def keep(self, moved: Remediation) -> None:
        """Keep the next version.

        An engine that repeats a write whose answer was lost hears that it is stale, though it is
        its own that was kept.

        Raises:
            StaleWriteError: somebody else was faster.
        """
        try:
            self._store.save(moved)
        except StaleWriteError:
            if self._store.get(moved.id) != moved:
                raise

    def begin(self, moved: Remediation, at_most: int | None) -> bool:
        """Keep the next version of what goes to work, if there is room; otherwise as `keep`."""
        try:
            return self._store.begin(moved, at_most)
        except StaleWriteError:
            if self._store.get(moved.id) != moved:
                raise
            return True

    def recorded(self, kind: AuditKind, request: Remediation) -> bool:
        """Whether the audit tells of something about a request."""
        records = self._systems.audit.records(remediation=request.id)
        return any(record.entry.kind is kind for record in records)

    def now(self) -> datetime:
        """The time, aware UTC."""
        return datetime.fromtimestamp(self._clock(), tz=UTC)

    def _add(self, request: Remediation) -> None:
        try:
            self._store.add(request)
        except StaleWriteError:
            if self._store.get(request.id) != request:
                raise

    def _found(self, request_id: str) -> Remediation | Refusal:
        try:
            return self._store.get(request_id)
        except NotFoundError:
            return Refusal("unknown", f"{self._systems.tenant.id} has no such request.")

    def refused(self, request_id: str, actor: Actor, refusal: Refusal, version: int = 0) -> Refusal:
        """Write a refusal down; with the `version` of what was written down and not done."""
        self._systems.audit.append(
            AuditEntry(
                at=self.now(),
                kind=AuditKind.REFUSED,
                remediation=request_id if _ID.fullmatch(request_id) else "",
                by=actor.id,
                detail={"rule": refusal.rule, "via": actor.via}
                | ({"version": version} if version else {}),
            )
        )
        return refusal
