"""What is kept of a finding, and what one event more makes of it: the same for every engine."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.findings.history import Seen, Spell, course, precedence, with_seen
from integrations.findings.port import Finding, FindingState, Severity
from integrations.findings.timestamps import since_epoch

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_OTHER = -1


@dataclass(frozen=True, slots=True)
class Standing:
    """A finding as it is stored."""

    place: Any
    """Where the engine keeps it, in the engine's own terms; None until it has been stored."""
    finding: Finding
    spells: tuple[Spell, ...] | None
    """When it was open; None when that is, as mostly, from first seen to resolved, and as severe
    as it is now."""
    history: tuple[Seen, ...]
    event: bytes
    """The event that the finding was read from, or whatever tells it from another."""


def merged(before: Standing | None, finding: Finding, event: bytes) -> Standing:
    """What is stored after an event: `before` itself when the event tells nothing new."""
    seen = Seen(ms(finding.updated_at), str(finding.state), rank_of(finding.severity))
    # Nothing is first seen after something is told of it.
    first_seen = min(finding.first_seen, finding.updated_at)
    if before is None:
        if finding.state is FindingState.OPEN and first_seen is finding.first_seen:
            # What most are: open since it was first seen.
            return Standing(None, finding, None, (seen,), event)
        return _standing(None, finding, (first_seen, finding.last_seen), (seen,), event)
    old = before.finding
    times = min(old.first_seen, first_seen), max(old.last_seen, finding.last_seen)
    history = with_seen(before.history, seen)
    newer = _weight(finding, event) > _weight(old, before.event)
    latest, told = (finding, event) if newer else (old, before.event)
    after = _standing(before.place, latest, times, history, told)
    return before if after == before else after


def _weight(finding: Finding, event: bytes) -> tuple[datetime, tuple[bool, str], bytes]:
    """The greater one stands; of one moment and state the greater text, to choose always alike."""
    return finding.updated_at, precedence(finding.state), event


def _standing(
    place: Any,
    f: Finding,
    times: tuple[datetime, datetime],
    history: tuple[Seen, ...],
    event: bytes,
) -> Standing:
    first_seen, last_seen = times
    known = course(ms(first_seen), history)
    usual = (Spell(ms(first_seen), known.resolved_at, None),)
    now = rank_of(f.severity)
    spells = tuple(s._replace(severity=None) if s.severity == now else s for s in known.spells)
    resolved_at = None if known.resolved_at is None else when(known.resolved_at)
    reopened_at = None if known.reopened_at is None else when(known.reopened_at)
    moments = (first_seen, last_seen, resolved_at, reopened_at)
    # Mostly they are the event's own, and a copy of so many fields takes its time.
    if moments != (f.first_seen, f.last_seen, f.resolved_at, f.reopened_at):
        f = replace(
            f,
            first_seen=first_seen,
            last_seen=last_seen,
            resolved_at=resolved_at,
            reopened_at=reopened_at,
        )
    return Standing(place, f, None if spells == usual else spells, history, event)


def rank_of(severity: Severity) -> int:
    """A severity such that a worse one is greater: `OTHER` says nothing, so it is the last."""
    return _OTHER if severity is Severity.OTHER else int(severity)


def severity_of(rank: int) -> Severity:
    """The severity of a rank."""
    return _SEVERITY[rank]


_SEVERITY = {rank_of(severity): severity for severity in Severity}


def spells_of(standing: Standing) -> list[tuple[int, int | None, int]]:
    """When it was open: begin and end in milliseconds, and how severe then, as a rank."""
    f = standing.finding
    now = rank_of(f.severity)
    if standing.spells is None:
        return [(ms(f.first_seen), None if f.resolved_at is None else ms(f.resolved_at), now)]
    return [(s.begin, s.end, now if s.severity is None else s.severity) for s in standing.spells]


def ms(moment: datetime) -> int:
    """Milliseconds since the epoch."""
    return since_epoch(moment)


def when(time: int) -> datetime:
    """The moment of milliseconds since the epoch."""
    return _EPOCH + time * _MS
