"""When a finding was open: its states in time, from which the rest is read.

Events may arrive in any order and more than once; because every state that was seen is kept with
its time, `resolved_at` and `reopened_at` come out the same whatever the order was.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from integrations.findings.port import FindingState

LONGEST = 64
"""States kept of one finding; beyond it, those that change nothing go first, then the oldest."""

_CLOSED = frozenset({FindingState.RESOLVED, FindingState.PASSED, FindingState.ARCHIVED})


class Seen(NamedTuple):
    """A state at a time (milliseconds since the epoch)."""

    time: int
    state: str


class Course(NamedTuple):
    """What a history comes to; times in milliseconds, None where there is none."""

    resolved_at: int | None
    reopened_at: int | None


def with_seen(history: Sequence[Seen], seen: Seen) -> tuple[Seen, ...]:
    """The history with one more state in its place; the same when it is there already."""
    merged = sorted({*history, seen})
    if len(merged) > LONGEST:
        merged = _shortened(merged)
    return tuple(merged)


def course(history: Iterable[Seen]) -> Course:
    """When it left the open state for good, and when it last came back."""
    resolved_at: int | None = None
    reopened_at: int | None = None
    closed_before = False
    for time, state in history:
        if state == FindingState.OPEN:
            if closed_before:
                reopened_at = time
            resolved_at, closed_before = None, False
        else:
            resolved_at = time if resolved_at is None else resolved_at
            closed_before = closed_before or state in _CLOSED
    return Course(resolved_at, reopened_at)


def _shortened(history: list[Seen]) -> list[Seen]:
    kept = [
        seen
        for index, seen in enumerate(history)
        if index in {0, len(history) - 1} or history[index - 1].state != seen.state
    ]
    return kept[-LONGEST:]
