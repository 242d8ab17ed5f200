"""Findings in a SQLite file, with FTS5 for text."""

import itertools
import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from typing_extensions import override

from integrations.errors import DamagedError, NotFoundError
from integrations.findings import sqlite_tallies as tallies
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
    finding_of,
    row_of,
    tenant_word,
    text_query,
    values_of,
)
from integrations.findings.sqlite_schema import SCHEMA
from integrations.findings.standing import Standing, merged, ms, rank_of, severity_of, when
from integrations.findings.words import words_of
from integrations.sqlite_file import SqliteFile, bound
from integrations.versioned import Versioned

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


_ANOTHER_VERSION = (
    "INSERT INTO finding_version VALUES (?1, ?2) ON CONFLICT (tenant) DO UPDATE SET version = ?2"
)


def _weight(*worst_first: Severity) -> str:
    """Numbers of severities as one number: more of a worse one is more, below a million of each."""
    cases = (
        f" WHEN {rank_of(severity)} THEN {1 << 20 * place}"
        for place, severity in enumerate(reversed(worst_first))
    )
    return f"CASE severity{''.join(cases)} ELSE 0 END"


_WEIGHTS = (
    _weight(Severity.FATAL, Severity.CRITICAL, Severity.HIGH),
    _weight(Severity.MEDIUM, Severity.LOW, Severity.INFORMATIONAL),
    _weight(Severity.UNKNOWN, Severity.OTHER),
)


def _counted(where: Filter) -> tuple[str, str]:
    """What a filter's findings are counted in: (table, how many findings one row stands for)."""
    return ("finding_tally", "n") if tallies.answers(where) else ("finding", "1")


class SqliteFindings:
    """Every tenant's findings in one file; hands out stores that are bound to one tenant.

    May be used from several threads: each has its own connection (`SqliteFile`).
    """

    def __init__(self, path: Path) -> None:
        """Open the file, or make it.

        Raises:
            DamagedError: the file was written by a version that kept findings another way.
        """
        self._file = SqliteFile(path, SCHEMA)
        if self._file.row("SELECT 1 FROM pragma_table_info('finding') WHERE name = 'event'"):
            raise DamagedError(
                f"{path.name} was written by an earlier version; "
                "move the file away, and take in again what was in it"
            )

    def of(self, tenant_id: str) -> "SqliteFindingStore":
        """One tenant's findings."""
        return SqliteFindingStore(self._file, tenant_id)

    def forget(self, tenant_id: str) -> int:
        """Delete a tenant's findings, as offboarding does; how many there were."""
        whose, ids = (tenant_id,), "(SELECT id FROM finding WHERE tenant = ?)"
        with self._file.transaction() as connection:
            for table, key in (("finding_event", "finding"), ("finding_text", "rowid")):
                connection.execute(f"DELETE FROM {table} WHERE {key} IN {ids}", whose)  # noqa: S608 - our own names
            for table in ("finding_of_resource", "finding_tally", "finding_day"):
                connection.execute(f"DELETE FROM {table} WHERE tenant = ?", whose)  # noqa: S608 - our own names
            connection.execute(_ANOTHER_VERSION, (tenant_id, uuid4().hex))
            return connection.execute("DELETE FROM finding WHERE tenant = ?", whose).rowcount

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class SqliteFindingStore(FindingStore, Versioned):
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
                changed: dict[str, Standing] = {}
                for finding, event in chunk:
                    before = changed.get(finding.uid) or stored.get(finding.uid)
                    row = merged(before, finding, event)
                    if row is not before:
                        changed[finding.uid] = row
                        added += before is None
                        updated += before is not None
                self._write(connection, stored, changed.values())
        return Written(added=added, updated=updated, unchanged=len(read) - added - updated)

    def _stored(self, connection: sqlite3.Connection, uids: Sequence[str]) -> dict[str, Standing]:
        marks = ",".join("?" * len(uids))
        found = connection.execute(
            f"SELECT id, {COLUMNS}, spells, history, event FROM finding"  # noqa: S608 - our own names
            " JOIN finding_event ON finding_event.finding = finding.id"
            f" WHERE tenant = ? AND uid IN ({marks})",
            (self._tenant, *uids),
        )
        return {row[1]: row_of(row) for row in found}

    def _write(
        self,
        connection: sqlite3.Connection,
        stored: Mapping[str, Standing],
        changed: Collection[Standing],
    ) -> None:
        last: int = connection.execute("SELECT ifnull(max(id), 0) FROM finding").fetchone()[0]
        ids = itertools.count(last + 1)
        rows = [(row.place or next(ids), row) for row in changed]
        old = [(row.place,) for row in changed if row.place is not None]
        connection.executemany("DELETE FROM finding_of_resource WHERE finding = ?", old)
        connection.executemany("DELETE FROM finding_text WHERE rowid = ?", old)
        connection.executemany(
            f"INSERT OR REPLACE INTO finding ({WRITTEN}) VALUES ({_MARKS})",  # noqa: S608 - our own names
            [values_of(row, row_id, self._tenant) for row_id, row in rows],
        )
        connection.executemany(
            "INSERT OR REPLACE INTO finding_event VALUES (?, ?, ?)",
            [(row_id, json.dumps(row.history), row.event) for row_id, row in rows],
        )
        connection.executemany(
            "INSERT OR IGNORE INTO finding_of_resource VALUES (?, ?, ?)",
            [(self._tenant, uid, row_id) for row_id, row in rows for uid in row.finding.resources],
        )
        connection.executemany(
            "INSERT INTO finding_text (rowid, tenant, words) VALUES (?, ?, ?)",
            [(row_id, self._word, words_of(row.finding)) for row_id, row in rows],
        )
        difference = tallies.Difference()
        for row in changed:
            difference.replace(stored.get(row.finding.uid), row)
        difference.write(connection, self._tenant)
        if changed:
            connection.execute(_ANOTHER_VERSION, (self._tenant, uuid4().hex))

    @override
    def version(self) -> str:
        row = self._file.row(
            "SELECT version FROM finding_version WHERE tenant = ?", (self._tenant,)
        )
        return "nothing" if row is None else str(row[0])

    @override
    def count(self, where: Filter, by: Dimension) -> list[Tally]:
        column, (table, number) = _BY[by], _counted(where)
        condition, values = self._where(where)
        found = self._file.rows(
            f"SELECT {column}, sum({number}) FROM {table} WHERE {condition} GROUP BY {column}",  # noqa: S608 - our own names
            values,
        )
        counted = [row for row in found if by is not Dimension.CONTROL or row[0]]
        if by is Dimension.SEVERITY:
            counted.sort(reverse=True)
            return [Tally(severity_of(value).name, count) for value, count in counted]
        counted.sort(key=lambda t: (-t[1], str(t[0])))
        if by is Dimension.CLASS:
            return [Tally(FindingClass(value).name, count) for value, count in counted]
        return [Tally(str(value), count) for value, count in counted]

    @override
    def search(
        self, where: Filter, order: Order = Order.WORST, limit: int = 50, offset: int = 0
    ) -> list[Finding]:
        condition, values = self._where(where)
        # Left to itself SQLite reads every open finding in order rather than sort a few.
        few = where.controls and not where.resources and where.text is None
        index = " INDEXED BY finding_control" if few else ""
        found = self._file.rows(
            f"SELECT {COLUMNS} FROM finding{index} WHERE {condition}"  # noqa: S608 - our own names
            f" ORDER BY {_ORDER[order]} LIMIT ? OFFSET ?",
            (*values, max(0, limit), offset),
        )
        return [finding_of(row) for row in found]

    @override
    def top_resources(self, where: Filter, limit: int = 10) -> list[Breakdown]:
        return self._breakdown("resource", "resource_type", "finding", "1", where, limit)

    @override
    def top_controls(self, where: Filter, limit: int = 10) -> list[Breakdown]:
        table, number = _counted(where)
        ranked = self._breakdown("control", "''", table, number, where, limit)
        return [replace(control, title=self._title_of(control.key)) for control in ranked]

    def _title_of(self, control: str) -> str:
        """The title of one of its findings: read for the few that are shown, not for each row."""
        found = self._file.row(
            "SELECT title FROM finding WHERE tenant = ? AND state IN (?, ?, ?, ?, ?)"
            " AND control = ? LIMIT 1",
            (self._tenant, *map(str, FindingState), control),
        )
        return str(found[0]) if found else ""

    def _breakdown(
        self, key: str, title: str, table: str, number: str, where: Filter, limit: int
    ) -> list[Breakdown]:
        """Worst first: the number of the worst severity decides, then of the next.

        All are ranked by three numbers each; only those that are shown are counted in full.
        """
        condition, values = self._where(where)
        worst_first = ", ".join(f"sum({number} * {weight}) DESC" for weight in _WEIGHTS)
        ranked = self._file.rows(
            f"SELECT {key} FROM {table} WHERE {condition} AND {key} <> ''"  # noqa: S608 - our own names
            f" GROUP BY {key} ORDER BY {worst_first}, {key} LIMIT ?",
            (*values, max(0, limit)),
        )
        if not ranked:
            return []
        counts: dict[str, dict[Severity, int]] = {shown: {} for (shown,) in ranked}
        titles: dict[str, str] = {}
        marks = ",".join("?" * len(counts))
        for shown, rank, count, said in self._file.rows(
            f"SELECT {key}, severity, sum({number}), max({title}) FROM {table}"  # noqa: S608 - our own names
            f" WHERE {condition} AND {key} IN ({marks})"
            f" GROUP BY {key}, severity ORDER BY severity DESC",
            (*values, *counts),
        ):
            counts[shown][severity_of(rank)] = count
            titles[shown] = max(said, titles.get(shown, ""))
        return [
            Breakdown(shown, titles[shown], sum(by_severity.values()), by_severity)
            for shown, by_severity in counts.items()
            if by_severity
        ]

    @override
    def trend(self, days: int, until: datetime) -> list[DayCount]:
        found = self._file.rows(
            tallies.TREND,
            {"tenant": self._tenant, "today": tallies.today_of(until), "until": ms(until)},
        )
        return tallies.days_of(found, until, days)

    @override
    def get(self, uid_or_ref: str) -> StoredFinding:
        row = self._one("uid", uid_or_ref) or self._one("ref", uid_or_ref.strip().upper())
        if row is None:
            raise NotFoundError(f"{self._tenant} has no finding {uid_or_ref[:80]}")
        return StoredFinding(finding_of(row[:-1]), json.loads(row[-1]))

    def _one(self, column: str, value: str) -> tuple[Any, ...] | None:
        return self._file.row(
            f"SELECT {COLUMNS}, event FROM finding"  # noqa: S608 - our own names
            " JOIN finding_event ON finding_event.finding = finding.id"
            f" WHERE tenant = ? AND {column} = ? LIMIT 1",
            (self._tenant, bound(value)),
        )

    @override
    def sources(self) -> list[SourceAge]:
        found = self._file.rows(
            "SELECT source, (SELECT max(last_seen) FROM finding"
            " WHERE finding.tenant = finding_tally.tenant"
            " AND finding.source = finding_tally.source), sum(n)"
            " FROM finding_tally WHERE tenant = ? GROUP BY source",
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
        if where.first_seen_before is not None:
            clauses.append("first_seen < ?")
            values.append(ms(where.first_seen_before))
        if where.exploit_chance is not None:
            clauses.append("max(exploitable, ifnull(epss, 0)) >= ?")
            values.append(where.exploit_chance)
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
