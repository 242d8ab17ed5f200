"""Sums kept beside the findings: how many of each sort there are, and what opened and closed a day.

A question about all of a tenant's findings then reads some hundred sums and not every finding. They
are written with the findings, in the same transaction, as differences.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeAlias

from integrations.findings.port import DayCount, Filter, FindingState
from integrations.findings.standing import Standing, ms, rank_of, severity_of, spells_of

_SORT: Final = "state, severity, cls, control, service, source, account, region"
_DAY_MS: Final = 86_400_000
_EPOCH: Final = date(1970, 1, 1)

_Sort: TypeAlias = tuple[str, int, int, str, str, str, str, str]
"""What a finding is counted as: the values of `_SORT`; no control is an empty text."""
_Day: TypeAlias = tuple[int, int, bool]
"""(days since 1970, severity's rank, opened or else closed)."""

_ADD_SORT: Final = (
    f"INSERT INTO finding_tally (tenant, {_SORT}, n)"  # noqa: S608 - our own names
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    f" ON CONFLICT (tenant, {_SORT}) DO UPDATE SET n = n + excluded.n"
)
_DROP_SORT: Final = (
    "DELETE FROM finding_tally WHERE n = 0 AND tenant = ? AND state = ? AND severity = ?"
    " AND cls = ? AND control = ? AND service = ? AND source = ? AND account = ? AND region = ?"
)
_ADD_DAY: Final = (
    "INSERT INTO finding_day (tenant, day, severity, opened, closed) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (tenant, day, severity)"
    " DO UPDATE SET opened = opened + excluded.opened, closed = closed + excluded.closed"
)


_TREND_PARTS: Final = """SELECT day, NULL, severity, opened, closed, NULL FROM finding_day
    WHERE tenant = :tenant AND day <= :today
UNION ALL
SELECT first_seen, resolved_at, severity, NULL, NULL, spells FROM finding
    WHERE tenant = :tenant AND state IN ({states}) AND time > :until
"""
TREND: Final = _TREND_PARTS.format(states=", ".join(f"'{state}'" for state in FindingState))
"""The sums of every day up to `today`, and the findings that something was told of after `until`:
one statement, so that both are of one moment."""


def answers(where: Filter) -> bool:
    """Whether the sums tell findings of this filter from the others."""
    return (
        not where.resources
        and "" not in where.controls
        and not where.kind_prefix
        and where.text is None
        and where.exploit_chance is None
        and where.first_seen_since is None
        and where.first_seen_before is None
        and where.resolved_since is None
        and where.reopened_since is None
    )


class Difference:
    """What a batch of findings changes about one tenant's sums."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._sorts: Counter[_Sort] = Counter()
        self._days: Counter[_Day] = Counter()

    def replace(self, before: Standing | None, after: Standing) -> None:
        """Count a finding as it now is, and no longer as it was."""
        if before is not None:
            self._count(before, -1)
        self._count(after, 1)

    def _count(self, row: Standing, by: int) -> None:
        f = row.finding
        rank = rank_of(f.severity)
        self._sorts[
            f.state, rank, f.cls, f.control or "", f.service, f.source, f.account, f.region
        ] += by
        for begin, end, then in spells_of(row):
            self._days[begin // _DAY_MS, then, True] += by
            if end is not None:
                self._days[end // _DAY_MS, then, False] += by

    def write(self, connection: sqlite3.Connection, tenant: str) -> None:
        """Add it to the sums, within the transaction that writes the findings."""
        changed = [
            ((tenant, str(state), rank, int(cls), *rest), n)
            for (state, rank, cls, *rest), n in self._sorts.items()
            if n
        ]
        connection.executemany(_ADD_SORT, [(*sort, n) for sort, n in changed])
        connection.executemany(_DROP_SORT, [sort for sort, n in changed if n < 0])
        days = [
            (tenant, day, rank, n if opened else 0, 0 if opened else n)
            for (day, rank, opened), n in self._days.items()
            if n
        ]
        connection.executemany(_ADD_DAY, days)


def today_of(until: datetime) -> int:
    """The UTC day of a moment, in days since 1970."""
    return ms(until) // _DAY_MS


def days_of(rows: Iterable[Sequence[Any]], until: datetime, days: int) -> list[DayCount]:
    """Day by day from the rows of `TREND`."""
    if days < 1:
        return []
    first = today_of(until) - days + 1
    opened, closed = [0] * days, [0] * days
    change: list[Counter[int]] = [Counter() for _ in range(days)]
    for day, severity, came, went in _sums(rows, until):
        at = max(0, day - first)
        change[at][severity] += came - went
        if day >= first:
            opened[at] += came
            closed[at] += went
    counts: list[DayCount] = []
    standing: Counter[int] = Counter()
    for index in range(days):
        standing.update(change[index])
        left = {severity_of(s): n for s, n in sorted(standing.items(), reverse=True) if n}
        day_of = _EPOCH + timedelta(days=first + index)
        counts.append(DayCount(day_of, opened[index], closed[index], left))
    return counts


def _sums(rows: Iterable[Sequence[Any]], until: datetime) -> Iterator[tuple[int, int, int, int]]:
    """(day, severity's rank, opened, closed): the stored sums without what is after `until`."""
    now, today = ms(until), today_of(until)
    for at, ended, severity, opened, closed, spells in rows:
        if opened is not None:
            yield at, severity, opened, closed
            continue
        for begin, end, then in _spells(at, ended, severity, spells):
            if now < begin and begin // _DAY_MS == today:
                yield today, then, -1, 0
            if end is not None and now < end and end // _DAY_MS == today:
                yield today, then, 0, -1


def _spells(
    first_seen: int, resolved_at: int | None, severity: int, spells: str | None
) -> Iterable[tuple[int, int | None, int]]:
    """When a finding was open: begin and end of each time in milliseconds, and how severe then."""
    if spells is None:
        return ((first_seen, resolved_at, severity),)
    return [
        (begin, end, severity if then is None else then) for begin, end, then in json.loads(spells)
    ]
