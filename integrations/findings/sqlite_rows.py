"""Rows of the embedded finding store: a finding and its row, and what one becomes of another."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from integrations.findings.history import Seen, course, with_seen
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
WRITTEN = f"id, tenant, {COLUMNS}, history, event"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_DAY_MS = 86_400_000
_WORD = re.compile(r"\w+")
_WORDS_ASKED = 12
_PREFIX = 3


@dataclass(frozen=True, slots=True)
class Row:
    """A finding as it is stored; `id` is None until it has been."""

    id: int | None
    finding: Finding
    history: tuple[Seen, ...]
    event: bytes

    def values(self, tenant: str) -> tuple[Any, ...]:
        """In the order of `WRITTEN`."""
        f = self.finding
        return (
            self.id, tenant, f.uid, f.ref, ms(f.updated_at), int(f.cls), f.title,
            f.description, int(f.severity), str(f.state), f.status, f.control, f.kind, f.source,
            f.service, f.account, f.region, f.resource, f.resource_type, json.dumps(f.resources),
            ms(f.first_seen), ms(f.last_seen), _ms_or_none(f.resolved_at),
            _ms_or_none(f.reopened_at), f.epss, int(f.exploitable), int(f.fixable),
            json.dumps(self.history), self.event,
        )  # fmt: skip


def row_of(values: Sequence[Any]) -> Row:
    """A stored row (`id`, `COLUMNS`, `history`, `event`)."""
    history = tuple(Seen(time, state) for time, state in json.loads(values[-2]))
    return Row(values[0], finding_of(values[1:-2]), history, bytes(values[-1]))


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
        severity=Severity(severity),
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
    if before is None:
        return Row(None, _with_course(finding, (seen,)), (seen,), event)
    history = with_seen(before.history, seen)
    old = before.finding
    # Of two events of one moment the greater text wins: any rule does that always chooses alike.
    newer = (finding.updated_at, event) > (old.updated_at, before.event)
    latest = finding if newer else old
    latest = replace(
        latest,
        first_seen=min(old.first_seen, finding.first_seen),
        last_seen=max(old.last_seen, finding.last_seen),
    )
    row = Row(before.id, _with_course(latest, history), history, event if newer else before.event)
    return before if row == before else row


def _with_course(finding: Finding, history: tuple[Seen, ...]) -> Finding:
    known = course(history)
    return replace(
        finding,
        resolved_at=None if known.resolved_at is None else when(known.resolved_at),
        reopened_at=None if known.reopened_at is None else when(known.reopened_at),
    )


def days_of(
    rows: Iterable[tuple[int, int | None, int]], until: datetime, days: int
) -> list[DayCount]:
    """Day by day from (first seen, resolved at, severity), times in milliseconds.

    Counted by differences: one pass over the findings, one over the days.
    """
    today = until.astimezone(UTC).date()
    first = today - timedelta(days=days - 1)
    begin, now = _midnight(first), ms(until)
    opened, closed = [0] * days, [0] * days
    change: list[dict[int, int]] = [{} for _ in range(days)]
    for first_seen, resolved_at, severity in rows:
        gone = resolved_at is not None and resolved_at <= now
        if gone and resolved_at is not None and resolved_at < begin:
            continue
        day = max(0, (first_seen - begin) // _DAY_MS)
        change[day][severity] = change[day].get(severity, 0) + 1
        opened[day] += first_seen >= begin
        if gone and resolved_at is not None:
            day = (resolved_at - begin) // _DAY_MS
            change[day][severity] = change[day].get(severity, 0) - 1
            closed[day] += 1
    counts: list[DayCount] = []
    standing: dict[int, int] = {}
    for index in range(days):
        for severity, by in change[index].items():
            standing[severity] = standing.get(severity, 0) + by
        left = {Severity(s): n for s, n in sorted(standing.items(), reverse=True) if n}
        counts.append(DayCount(first + timedelta(days=index), opened[index], closed[index], left))
    return counts


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
    words = _WORD.findall(text.encode("utf-8", "replace").decode().replace("_", " "))
    if not words:
        return None
    return " AND ".join(
        f'"{word}"*' if len(word) >= _PREFIX else f'"{word}"' for word in words[:_WORDS_ASKED]
    )


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
