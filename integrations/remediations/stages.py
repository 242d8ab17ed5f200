"""How far a request is, who decided about it, and who carries it out: the nouns it is made of."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from integrations.errors import SecurityAssistError

LONGEST_LEASE = timedelta(minutes=5)
"""A lease that ends later than this was written by a clock that is ahead; it holds nobody."""

SKEW = timedelta(minutes=2)
"""How far the clocks of two workers may be apart before decisions are refused."""


class IllegalMoveError(SecurityAssistError):
    """The request may not go there: wrong stage, too late, or not by this person."""


class Stage(StrEnum):
    """How far a request is."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    RUNNING = "running"
    VERIFIED = "verified"
    """Fixed, and a fresh read of the resource says so."""
    NOT_FIXED = "not_fixed"
    """The runbook ended; the control still fails."""
    FAILED = "failed"
    """The runbook, or the undo, did not end well."""
    UNDOING = "undoing"
    UNDONE = "undone"

    @property
    def open(self) -> bool:
        """Whether something may still happen by itself or by an approver's decision."""
        return self in {self.PROPOSED, self.APPROVED, self.RUNNING, self.UNDOING}


OPEN_STAGES = frozenset(stage for stage in Stage if stage.open)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One person's decision."""

    by: str
    """`slack/T0001/U0001`."""
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of an execution, for people."""

    name: str
    status: str
    at: datetime | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One execution of the fix or of its undo, and who is seeing to it."""

    owner: str
    """The worker that holds the lease."""
    lease_until: datetime
    claimed_at: datetime
    tried_at: datetime | None = None
    """When a start was first about to be sent; None: certainly none was."""
    execution: str = ""
    """Empty until it is known to have been started."""
    steps: tuple[Step, ...] = ()
    ended_at: datetime | None = None

    def held_at(self, at: datetime) -> bool:
        """Whether its worker is to be left alone."""
        return at < self.lease_until <= at + LONGEST_LEASE
