"""Rows of the embedded finding store: a finding and its row, and what one becomes of another."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unicodedata import ucd_3_2_0

from integrations.findings.history import Seen, Spell, course, precedence, with_seen
from integrations.findings.port import (
    DayCount,
    Finding,
    FindingClass,
    FindingState,
    Severity,
)

COLUMNS = (
    "uid, ref, time, cls, title, description, severity, state, status, control, kind, source, "
    "service, account, region, resource, resource_type, resources, first_seen, last_seen, "
    "resolved_at, reopened_at, epss, exploitable, fixable"
)
WRITTEN = f"id, tenant, {COLUMNS}, spells, history, event"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_DAY_MS = 86_400_000
_OTHER = -1
_WORD = re.compile(r"[^\W_]+")
_WORDS_ASKED = 12
_PREFIX = 3


@dataclass(frozen=True, slots=True)
class Row:
    """A finding as it is stored; `id` is None until it has been."""

    id: int | None
    finding: Finding
    spells: str | None
    """When it was open (JSON); None when that is, as mostly, from first seen to resolved."""
    history: tuple[Seen, ...]
    event: bytes

    def values(self, tenant: str) -> tuple[Any, ...]:
        """In the order of `WRITTEN`."""
        f = self.finding
        return (
            self.id, tenant, f.uid, f.ref, ms(f.updated_at), int(f.cls), f.title,
            f.description, rank_of(f.severity), str(f.state), f.status, f.control, f.kind, f.source,
            f.service, f.account, f.region, f.resource, f.resource_type, json.dumps(f.resources),
            ms(f.first_seen), ms(f.last_seen), _ms_or_none(f.resolved_at),
            _ms_or_none(f.reopened_at), f.epss, int(f.exploitable), int(f.fixable),
            self.spells, json.dumps(self.history), self.event,
        )  # fmt: skip


def row_of(values: Sequence[Any]) -> Row:
    """A stored row (`id`, `COLUMNS`, `spells`, `history`, `event`)."""
    history = tuple(Seen(time, state) for time, state in json.loads(values[-2]))
    return Row(values[0], finding_of(values[1:-3]), values[-3], history, bytes(values[-1]))


def finding_of(values: Sequence[Any]) -> Finding:
    """A finding of the values of `COLUMNS`."""
    (
        uid, ref, time, cls, title, description, severity, state, status, control, kind, source,
        service, account, region, resource, resource_type, resources, first_seen, last_seen,
        resolved_at, reopened_at, epss, exploitable, fixable,
    ) = values  # fmt: skip
    return Finding(
        uid=uid,
        ref=ref,
        cls=FindingClass(cls),
        title=title,
        description=description,
        severity=severity_of(severity),
        state=FindingState(state),
        status=status,
        control=control,
        kind=kind,
        source=source,
        service=service,
        account=account,
        region=region,
        resource=resource,
        resource_type=resource_type,
        resources=tuple(json.loads(resources)),
        first_seen=when(first_seen),
        last_seen=when(last_seen),
        updated_at=when(time),
        resolved_at=None if resolved_at is None else when(resolved_at),
        reopened_at=None if reopened_at is None else when(reopened_at),
        epss=epss,
        exploitable=bool(exploitable),
        fixable=bool(fixable),
    )


def merged(before: Row | None, finding: Finding, event: bytes) -> Row:
    """What is stored after an event: `before` itself when the event tells nothing new."""
    seen = Seen(ms(finding.updated_at), str(finding.state))
    # Nothing is first seen after something is told of it.
    first_seen = min(finding.first_seen, finding.updated_at)
    if before is None:
        return _row(None, finding, (first_seen, finding.last_seen), (seen,), event)
    old = before.finding
    times = min(old.first_seen, first_seen), max(old.last_seen, finding.last_seen)
    history = with_seen(before.history, seen)
    newer = _standing(finding, event) > _standing(old, before.event)
    latest, told = (finding, event) if newer else (old, before.event)
    row = _row(before.id, latest, times, history, told)
    return before if row == before else row


def _standing(finding: Finding, event: bytes) -> tuple[datetime, tuple[bool, str], bytes]:
    """The greater one stands; of one moment and state the greater text, to choose always alike."""
    return finding.updated_at, precedence(finding.state), event


def _row(
    row_id: int | None,
    finding: Finding,
    times: tuple[datetime, datetime],
    history: tuple[Seen, ...],
    event: bytes,
) -> Row:
    first_seen, last_seen = times
    known = course(ms(first_seen), history)
    usual = (Spell(ms(first_seen), known.resolved_at),)
    placed = replace(
        finding,
        first_seen=first_seen,
        last_seen=last_seen,
        resolved_at=None if known.resolved_at is None else when(known.resolved_at),
        reopened_at=None if known.reopened_at is None else when(known.reopened_at),
    )
    spells = None if known.spells == usual else json.dumps(known.spells)
    return Row(row_id, placed, spells, history, event)


def days_of(
    rows: Iterable[tuple[int, int | None, int, str | None]], until: datetime, days: int
) -> list[DayCount]:
    """Day by day from (first seen, resolved at, severity's rank, spells), times in milliseconds.

    Counted by differences: one pass over the findings, one over the days.
    """
    if days < 1:
        return []
    today = until.astimezone(UTC).date()
    first = today - timedelta(days=days - 1)
    begin, now = _midnight(first), ms(until)
    opened, closed = [0] * days, [0] * days
    change: list[dict[int, int]] = [{} for _ in range(days)]
    for came, went, severity in _spells_of(rows):
        if came > now or (went is not None and went < begin):
            continue
        day = max(0, (came - begin) // _DAY_MS)
        change[day][severity] = change[day].get(severity, 0) + 1
        opened[day] += came >= begin
        if went is not None and went <= now:
            day = (went - begin) // _DAY_MS
            change[day][severity] = change[day].get(severity, 0) - 1
            closed[day] += 1
    counts: list[DayCount] = []
    standing: dict[int, int] = {}
    for index in range(days):
        for severity, by in change[index].items():
            standing[severity] = standing.get(severity, 0) + by
        left = {severity_of(s): n for s, n in sorted(standing.items(), reverse=True) if n}
        counts.append(DayCount(first + timedelta(days=index), opened[index], closed[index], left))
    return counts


def _spells_of(
    rows: Iterable[tuple[int, int | None, int, str | None]],
) -> Iterator[tuple[int, int | None, int]]:
    for first_seen, resolved_at, severity, spells in rows:
        if spells is None:
            yield first_seen, resolved_at, severity
        else:
            for begin, end in json.loads(spells):
                yield begin, end, severity


def words_of(finding: Finding) -> str:
    """What a text search looks through."""
    said = (
        finding.title,
        finding.description[:1_000],
        finding.control or "",
        finding.kind,
        finding.service,
        " ".join(finding.resources),
        finding.ref,
    )
    return " ".join(said).encode("utf-8", "replace").decode()


def text_query(text: str) -> str | None:
    """FTS5's words for a person's: all must occur, long ones by their beginning; None for none."""
    words = _WORD.findall("".join(c if _is_word(c) else " " for c in text))
    if not words:
        return None
    return " AND ".join(
        f'"{word}"*' if len(word) >= _PREFIX else f'"{word}"' for word in words[:_WORDS_ASKED]
    )


def _is_word(char: str) -> bool:
    """Whether every build of FTS5 sees a letter or digit there, as Unicode 3.2 did already.

    Where it sees something else it splits the word in two, and `detail = column` refuses those.
    """
    return char.isascii() or ucd_3_2_0.category(char)[0] in "LN"


def rank_of(severity: Severity) -> int:
    """A severity such that a worse one is greater: `OTHER` says nothing, so it is the last."""
    return _OTHER if severity is Severity.OTHER else int(severity)


def severity_of(rank: int) -> Severity:
    """The severity of a rank."""
    return Severity.OTHER if rank == _OTHER else Severity(rank)


def tenant_word(tenant: str) -> str:
    """A tenant's id as one word of FTS5's alphabet, such that no two tenants share one."""
    return "t" + tenant.encode().hex()


def ms(moment: datetime) -> int:
    """Milliseconds since the epoch."""
    return (moment - _EPOCH) // _MS


def when(time: int) -> datetime:
    """The moment of milliseconds since the epoch."""
    return _EPOCH + time * _MS


def _ms_or_none(moment: datetime | None) -> int | None:
    return None if moment is None else ms(moment)


def _midnight(day: date) -> int:
    return ms(datetime(day.year, day.month, day.day, tzinfo=UTC))
