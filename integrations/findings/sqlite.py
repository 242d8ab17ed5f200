"""Findings in a SQLite file, with FTS5 for text."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from typing_extensions import override

from integrations.errors import NotFoundError
from integrations.findings.ocsf import read_finding
from integrations.findings.port import (
    Breakdown,
    DayCount,
    Dimension,
    Filter,
    Finding,
    FindingClass,
    FindingState,
    FindingStore,
    Order,
    Severity,
    SourceAge,
    StoredFinding,
    Tally,
    Written,
)
from integrations.findings.sqlite_rows import (
    COLUMNS,
    WRITTEN,
    Row,
    days_of,
    finding_of,
    merged,
    ms,
    rank_of,
    row_of,
    severity_of,
    tenant_word,
    text_query,
    when,
    words_of,
)
from integrations.findings.sqlite_schema import SCHEMA
from integrations.sqlite_file import SqliteFile, bound

_MARKS = ", ".join("?" * len(WRITTEN.split(",")))
_LOOKED_UP = 500
"""Uids in one look-up: below SQLite's limit on variables (999 in old builds)."""

_BY = {
    Dimension.SEVERITY: "severity",
    Dimension.CLASS: "cls",
    Dimension.STATE: "state",
    Dimension.CONTROL: "control",
    Dimension.SERVICE: "service",
    Dimension.ACCOUNT: "account",
    Dimension.REGION: "region",
    Dimension.SOURCE: "source",
}
_ORDER = {
    Order.WORST: "severity DESC, ifnull(epss, -1) DESC, first_seen, uid",
    Order.NEWEST: "first_seen DESC, uid DESC",
    Order.OLDEST: "first_seen, uid",
    Order.UPDATED: "time DESC, uid DESC",
}


class SqliteFindings:
    """Every tenant's findings in one file; hands out stores that are bound to one tenant.

    May be used from several threads: each has its own connection (`SqliteFile`).
    """

    def __init__(self, path: Path) -> None:
        """Open the file, or make it."""
        self._file = SqliteFile(path, SCHEMA)

    def of(self, tenant_id: str) -> FindingStore:
        """One tenant's findings."""
        return SqliteFindingStore(self._file, tenant_id)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class SqliteFindingStore(FindingStore):
    """One tenant's rows of the file."""

    def __init__(self, file: SqliteFile, tenant: str) -> None:
        """Bound to `tenant`: no statement of this class runs without it."""
        self._file = file
        self._tenant = tenant
        self._word = tenant_word(tenant)

    @override
    def upsert(self, events: Sequence[bytes]) -> Written:
        read = [(read_finding(event), event) for event in events]
        added = updated = 0
        with self._file.transaction() as connection:
            for start in range(0, len(read), _LOOKED_UP):
                chunk = read[start : start + _LOOKED_UP]
                stored = self._stored(connection, [finding.uid for finding, _ in chunk])
                changed: dict[str, Row] = {}
                for finding, event in chunk:
                    before = changed.get(finding.uid) or stored.get(finding.uid)
                    row = merged(before, finding, event)
                    if row is not before:
                        changed[finding.uid] = row
                        added += before is None
                        updated += before is not None
                self._write(connection, changed.values())
        return Written(added=added, updated=updated, unchanged=len(read) - added - updated)

    def _stored(self, connection: sqlite3.Connection, uids: Sequence[str]) -> dict[str, Row]:
        marks = ",".join("?" * len(uids))
        found = connection.execute(
            f"SELECT id, {COLUMNS}, spells, history, event FROM finding"  # noqa: S608 - our own names
            f" WHERE tenant = ? AND uid IN ({marks})",
            (self._tenant, *uids),
        )
        return {row[1]: row_of(row) for row in found}

    def _write(self, connection: sqlite3.Connection, changed: Iterable[Row]) -> None:
        rows = list(changed)
        last: int = connection.execute("SELECT ifnull(max(id), 0) FROM finding").fetchone()[0]
        new = (row for row in rows if row.id is None)
        ids = {row.finding.uid: last + n for n, row in enumerate(new, start=1)}
        old = [(row.id,) for row in rows if row.id is not None]
        connection.executemany("DELETE FROM finding_of_resource WHERE finding = ?", old)
        connection.executemany("DELETE FROM finding_text WHERE rowid = ?", old)
        kept = [replace(row, id=row.id or ids[row.finding.uid]) for row in rows]
        connection.executemany(
            f"INSERT OR REPLACE INTO finding ({WRITTEN}) VALUES ({_MARKS})",  # noqa: S608 - our own names
            [row.values(self._tenant) for row in kept],
        )
        connection.executemany(
            "INSERT OR IGNORE INTO finding_of_resource VALUES (?, ?, ?)",
            [(self._tenant, uid, row.id) for row in kept for uid in row.finding.resources],
        )
        connection.executemany(
            "INSERT INTO finding_text (rowid, tenant, words) VALUES (?, ?, ?)",
            [(row.id, self._word, words_of(row.finding)) for row in kept],
        )

    @override
    def count(self, where: Filter, by: Dimension) -> list[Tally]:
        column = _BY[by]
        condition, values = self._where(where)
        found = self._file.rows(
            f"SELECT {column}, count(*) FROM finding WHERE {condition} GROUP BY {column}",  # noqa: S608 - our own names
            values,
        )
        tallies = [(value, count) for value, count in found if value is not None]
        if by is Dimension.SEVERITY:
            tallies.sort(reverse=True)
            return [Tally(severity_of(value).name, count) for value, count in tallies]
        tallies.sort(key=lambda t: (-t[1], str(t[0])))
        if by is Dimension.CLASS:
            return [Tally(FindingClass(value).name, count) for value, count in tallies]
        return [Tally(str(value), count) for value, count in tallies]

    @override
    def search(
        self, where: Filter, order: Order = Order.WORST, limit: int = 50, offset: int = 0
    ) -> list[Finding]:
        condition, values = self._where(where)
        found = self._file.rows(
            f"SELECT {COLUMNS} FROM finding WHERE {condition}"  # noqa: S608 - our own names
            f" ORDER BY {_ORDER[order]} LIMIT ? OFFSET ?",
            (*values, max(0, limit), offset),
        )
        return [finding_of(row) for row in found]

    @override
    def top_resources(self, where: Filter, limit: int = 10) -> list[Breakdown]:
        return self._breakdown("resource", "max(resource_type)", where, limit)

    @override
    def top_controls(self, where: Filter, limit: int = 10) -> list[Breakdown]:
        ranked = self._breakdown("control", "''", where, limit)
        return [replace(control, title=self._title_of(control.key)) for control in ranked]

    def _title_of(self, control: str) -> str:
        """The title of one of its findings: read for the few that are shown, not for each row."""
        found = self._file.row(
            "SELECT title FROM finding WHERE tenant = ? AND state IN (?, ?, ?, ?, ?)"
            " AND control = ? LIMIT 1",
            (self._tenant, *map(str, FindingState), control),
        )
        return str(found[0]) if found else ""

    def _breakdown(self, key: str, title: str, where: Filter, limit: int) -> list[Breakdown]:
        """Worst first: the number of the worst severity decides, then of the next."""
        condition, values = self._where(where)
        worst_first = sorted(Severity, key=rank_of, reverse=True)
        names = [f"n{int(s)}" for s in worst_first]
        by_rank = ", ".join(
            f"sum(severity = {rank_of(s)}) AS {name}"
            for s, name in zip(worst_first, names, strict=True)
        )
        order = ", ".join(f"{name} DESC" for name in names)
        found = self._file.rows(
            f"SELECT {key}, {title}, count(*), {by_rank} FROM finding"  # noqa: S608 - our own names
            f" WHERE {condition} AND {key} IS NOT NULL AND {key} <> ''"
            f" GROUP BY {key} ORDER BY {order}, {key} LIMIT ?",
            (*values, max(0, limit)),
        )
        return [
            Breakdown(
                key=row[0],
                title=row[1] or "",
                count=row[2],
                by_severity={s: n for s, n in zip(worst_first, row[3:], strict=True) if n},
            )
            for row in found
        ]

    @override
    def trend(self, days: int, until: datetime) -> list[DayCount]:
        found = self._file.rows(
            "SELECT first_seen, resolved_at, severity, spells FROM finding"
            " INDEXED BY finding_days WHERE tenant = ? AND first_seen <= ?",
            (self._tenant, ms(until)),
        )
        return days_of(found, until, days)

    @override
    def get(self, uid_or_ref: str) -> StoredFinding:
        row = self._one("uid", uid_or_ref) or self._one("ref", uid_or_ref.strip().upper())
        if row is None:
            raise NotFoundError(f"{self._tenant} has no finding {uid_or_ref[:80]}")
        return StoredFinding(finding_of(row[:-1]), json.loads(row[-1]))

    def _one(self, column: str, value: str) -> tuple[Any, ...] | None:
        return self._file.row(
            f"SELECT {COLUMNS}, event FROM finding"  # noqa: S608 - our own names
            f" WHERE tenant = ? AND {column} = ? LIMIT 1",
            (self._tenant, bound(value)),
        )

    @override
    def sources(self) -> list[SourceAge]:
        found = self._file.rows(
            "SELECT source, max(last_seen), count(*) FROM finding WHERE tenant = ? GROUP BY source",
            (self._tenant,),
        )
        ages = [SourceAge(source, when(seen), count) for source, seen, count in found]
        return sorted(ages, key=lambda age: age.last_seen, reverse=True)

    def _where(self, where: Filter) -> tuple[str, list[Any]]:
        """The condition of a filter: this tenant first, then whatever the filter asks."""
        clauses: list[str] = ["tenant = ?"]
        values: list[Any] = [self._tenant]

        def among(column: str, wanted: Sequence[Any]) -> None:
            # `=` where it will do: it lets an index give the order too, which IN does not.
            if wanted:
                marks = ",".join("?" * len(wanted))
                clauses.append(f"{column} = ?" if len(wanted) == 1 else f"{column} IN ({marks})")
                values.extend(wanted)

        among("state", [str(state) for state in where.states or FindingState])
        among("severity", [rank_of(severity) for severity in sorted(where.severities)])
        among("cls", [int(cls) for cls in sorted(where.classes)])
        among("control", [bound(control) for control in sorted(where.controls)])
        for column in ("service", "source", "account", "region"):
            wanted = getattr(where, column)
            if wanted is not None:
                among(column, [bound(wanted)])
        for column, since in (
            ("first_seen", where.first_seen_since),
            ("resolved_at", where.resolved_since),
            ("reopened_at", where.reopened_since),
        ):
            if since is not None:
                clauses.append(f"{column} >= ?")
                values.append(ms(since))
        if where.kind_prefix:
            clauses.append("substr(kind, 1, ?) = ?")
            values.extend((len(where.kind_prefix), bound(where.kind_prefix)))
        self._among_resources(where, clauses, values)
        return " AND ".join(clauses), values

    def _among_resources(self, where: Filter, clauses: list[str], values: list[Any]) -> None:
        if where.resources:
            # As one list: there may be more of them than a statement takes values.
            clauses.append(
                "id IN (SELECT finding FROM finding_of_resource"
                " WHERE tenant = ? AND resource IN (SELECT value FROM json_each(?)))"
            )
            values.extend((self._tenant, json.dumps(sorted(where.resources))))
        if where.text is not None:
            asked = text_query(where.text)
            if asked is None:
                return
            clauses.append("id IN (SELECT rowid FROM finding_text WHERE finding_text MATCH ?)")
            values.append(f"tenant : {self._word} AND words : ({asked})")
