"""When a finding was open: its states in time, from which the rest is read.

Events may arrive in any order and more than once; because every state that was seen is kept with
its time, what is read from them comes out the same whatever the order was.
"""

from collections.abc import Sequence
from typing import NamedTuple

from integrations.findings.port import FindingState

LONGEST = 64
"""States kept of one finding; beyond it, those that change nothing go first, then the oldest."""

_CLOSED = frozenset({FindingState.RESOLVED, FindingState.PASSED, FindingState.ARCHIVED})
NEVER_OPEN = frozenset({FindingState.PASSED, FindingState.MUTED})
"""What is first heard of so was not open before."""


class Seen(NamedTuple):
    """A state at a time (milliseconds since the epoch), and how severe it was then."""

    time: int
    state: str
    severity: int
    """As a rank: a worse one is greater."""


class Spell(NamedTuple):
    """A time during which a finding was open, in milliseconds; `end` is None while it is."""

    begin: int
    end: int | None
    severity: int | None
    """How severe it was when it was last seen open; None where that is its severity now. A check
    that passes is told of as informational, and was not so while it failed."""


class Course(NamedTuple):
    """What a history comes to; times in milliseconds, None where there is none."""

    resolved_at: int | None
    reopened_at: int | None
    spells: tuple[Spell, ...]
    """When it was open, in order."""


def precedence(state: str) -> tuple[bool, str]:
    """The greater one stands, of two states that are told of the same moment.

    Security Hub leaves `UpdatedAt` as it is when a person mutes or resolves a finding (API
    reference of BatchUpdateFindings), so a decision stands before the open state that it is about.
    """
    return state != FindingState.OPEN, state


def with_seen(history: Sequence[Seen], seen: Seen) -> tuple[Seen, ...]:
    """The history with one more state in its place; the same when that tells nothing new."""
    known = {told.time: told for told in history}
    before = known.get(seen.time)
    if before is not None and _weight(before) >= _weight(seen):
        return tuple(history)
    known[seen.time] = seen
    merged = sorted(known.values())
    return tuple(_shortened(merged) if len(merged) > LONGEST else merged)


def _weight(seen: Seen) -> tuple[tuple[bool, str], int]:
    """Of two that are told of one moment the greater one stands, whichever came first."""
    return precedence(seen.state), seen.severity


def course(first_seen: int, history: Sequence[Seen]) -> Course:
    """When it was open, when it left that state for good, and when it last came back.

    What is first heard of as resolved or archived was open before, since `first_seen`. What is
    first heard of as passed was not; nor, for all one knows, what is first heard of as muted, as a
    rule mutes a finding before anybody sees it.
    """
    begin = None if history[0].state in NEVER_OPEN else first_seen
    resolved_at: int | None = None
    reopened_at: int | None = None
    closed_before = False
    spells: list[Spell] = []
    severity: int | None = None
    for time, state, told in history:
        if state == FindingState.OPEN:
            severity = told
            reopened_at = time if closed_before else reopened_at
            begin = time if begin is None else begin
            resolved_at, closed_before = None, False
        else:
            if begin is not None:
                spells.append(Spell(begin, time, severity))
                begin, resolved_at, severity = None, time, None
            closed_before = closed_before or state in _CLOSED
    if begin is not None:
        spells.append(Spell(begin, None, None))
    return Course(resolved_at, reopened_at, tuple(spells))


def _shortened(history: list[Seen]) -> list[Seen]:
    kept = [
        seen
        for index, seen in enumerate(history)
        if index in {0, len(history) - 1} or history[index - 1].state != seen.state
    ]
    return kept[-LONGEST:]
