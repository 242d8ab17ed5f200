"""Requests and their audit in one SQLite file; the guard of every write is its own statement."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from typing_extensions import override

from integrations.errors import NotFoundError, StaleWriteError
from integrations.remediations.audit import (
    AuditEntry,
    AuditLog,
    AuditRecord,
    AuditVerdict,
    body_of,
    seal,
    start_of,
)
from integrations.remediations.chain import Kept, misfit, read_entry
from integrations.remediations.port import Remediation, RemediationStore, Stage
from integrations.sqlite_file import SqliteFile, bound

_SCHEMA = """
CREATE TABLE IF NOT EXISTS remediation (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    stage TEXT NOT NULL,
    finding TEXT NOT NULL,
    resource TEXT NOT NULL,
    requested_at TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS remediation_stage ON remediation (tenant, stage, requested_at);
CREATE INDEX IF NOT EXISTS remediation_finding ON remediation (tenant, finding, requested_at);
CREATE TABLE IF NOT EXISTS card_behind (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS card_falls_behind AFTER UPDATE ON remediation
    BEGIN INSERT INTO card_behind VALUES (NEW.tenant, NEW.id, NEW.version)
    ON CONFLICT DO UPDATE SET version = excluded.version; END;
CREATE TABLE IF NOT EXISTS audit (
    tenant TEXT NOT NULL,
    number INTEGER NOT NULL,
    remediation TEXT NOT NULL,
    body BLOB NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (tenant, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS audit_remediation ON audit (tenant, remediation, number);
CREATE TABLE IF NOT EXISTS audit_head (
    tenant TEXT PRIMARY KEY,
    number INTEGER NOT NULL,
    hash TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- REPLACE deletes without firing triggers on deletion (sqlite.org/lang_conflict.html), so that what
-- is inserted is looked at too.
CREATE TRIGGER IF NOT EXISTS audit_stays BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit_remains BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit_follows BEFORE INSERT ON audit
    WHEN NEW.number <> 1 + coalesce(
        (SELECT number FROM audit_head WHERE tenant = NEW.tenant), 0)
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit_head_advances BEFORE UPDATE ON audit_head
    WHEN NEW.tenant <> OLD.tenant OR NEW.number <> OLD.number + 1
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit_head_remains BEFORE DELETE ON audit_head
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit_head_begins BEFORE INSERT ON audit_head
    WHEN NEW.number <> 1 OR EXISTS (SELECT 1 FROM audit_head WHERE tenant = NEW.tenant)
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
"""
_AT_WORK = ", ".join(f"'{stage}'" for stage in (Stage.RUNNING, Stage.UNDOING))

_SAVE = (
    "UPDATE remediation SET version = :version, stage = :stage, body = :body"
    " WHERE tenant = :tenant AND id = :id AND version = :version - 1"
)
_BEGIN = (
    f"{_SAVE}"  # noqa: S608 - our own words
    " AND coalesce(:at_most > (SELECT count(*) FROM remediation AS other"
    f" WHERE other.tenant = :tenant AND other.stage IN ({_AT_WORK}) AND other.id <> :id), TRUE)"
    " AND NOT EXISTS (SELECT 1 FROM remediation AS other WHERE other.tenant = :tenant"
    f" AND other.stage IN ({_AT_WORK}) AND other.id <> :id AND other.resource = :resource)"
)
_PAGE = 200

_remediation = msgspec.json.Decoder(Remediation)


class SqliteRemediations:
    """Every tenant's requests and audits; `of` and `audit_of` bind them to one."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it."""
        self._file = SqliteFile(path, _SCHEMA, flushed=True)

    def of(self, tenant_id: str) -> RemediationStore:
        """One tenant's requests."""
        return _Store(self._file, tenant_id)

    def audit_of(self, tenant_id: str) -> AuditLog:
        """One tenant's audit."""
        return _Audit(self._file, tenant_id)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class _Store(RemediationStore):
    def __init__(self, file: SqliteFile, tenant_id: str) -> None:
        self._file = file
        self._tenant = tenant_id

    @override
    def add(self, remediation: Remediation) -> None:
        added = self._file.write(
            "INSERT OR IGNORE INTO remediation VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._tenant,
                remediation.id,
                remediation.version,
                str(remediation.stage),
                remediation.plan.finding,
                remediation.plan.resource,
                remediation.requested_at.isoformat(),
                msgspec.json.encode(remediation),
            ),
        )
        if added != 1:
            raise StaleWriteError(f"there is a request {remediation.id} already")

    @override
    def get(self, remediation_id: str) -> Remediation:
        row = self._file.row(
            "SELECT body FROM remediation WHERE tenant = ? AND id = ?",
            (self._tenant, bound(remediation_id)),
        )
        if row is None:
            raise NotFoundError(f"{self._tenant} has no request {remediation_id}")
        return _remediation.decode(row[0])

    @override
    def save(self, remediation: Remediation) -> None:
        if self._file.write(_SAVE, self._next(remediation)) != 1:
            raise _stale(remediation)

    @override
    def begin(self, remediation: Remediation, at_most: int | None) -> bool:
        values = self._next(remediation)
        values |= {"at_most": at_most, "resource": remediation.plan.resource}
        if self._file.write(_BEGIN, values) == 1:
            return True
        held = self._file.row(
            "SELECT version FROM remediation WHERE tenant = ? AND id = ?",
            (self._tenant, remediation.id),
        )
        # Versions only grow: if it is the one before now, it was so then, and room was lacking.
        if held != (remediation.version - 1,):
            raise _stale(remediation)
        return False

    @override
    def search(
        self, stages: frozenset[Stage] = frozenset(), finding: str = "", limit: int | None = 50
    ) -> list[Remediation]:
        where: list[str] = ["tenant = ?"]
        values: list[Any] = [self._tenant]
        if stages:
            where.append(f"stage IN ({', '.join('?' * len(stages))})")
            values += sorted(stages)
        if finding:
            where.append("finding = ?")
            values.append(bound(finding))
        rows = self._file.rows(
            f"SELECT body FROM remediation WHERE {' AND '.join(where)}"  # noqa: S608 - our own words
            " ORDER BY requested_at DESC, id LIMIT ?",
            (*values, -1 if limit is None else limit),
        )
        return [_remediation.decode(row[0]) for row in rows]

    @override
    def shown(self, remediation_id: str, version: int) -> None:
        self._file.write(
            "DELETE FROM card_behind WHERE tenant = ? AND id = ? AND version <= ?",
            (self._tenant, bound(remediation_id), version),
        )

    @override
    def unshown(self, limit: int = 50) -> list[Remediation]:
        rows = self._file.rows(
            "SELECT body FROM card_behind JOIN remediation USING (tenant, id)"
            " WHERE tenant = ? ORDER BY requested_at DESC, id LIMIT ?",
            (self._tenant, limit),
        )
        return [_remediation.decode(row[0]) for row in rows]

    def _next(self, remediation: Remediation) -> dict[str, Any]:
        return {
            "tenant": self._tenant,
            "id": remediation.id,
            "version": remediation.version,
            "stage": str(remediation.stage),
            "body": msgspec.json.encode(remediation),
        }


def _stale(remediation: Remediation) -> StaleWriteError:
    return StaleWriteError(f"somebody else acted on request {remediation.id} meanwhile")


class _Audit(AuditLog):
    def __init__(self, file: SqliteFile, tenant_id: str) -> None:
        self._file = file
        self._tenant = tenant_id

    @override
    def append(self, entry: AuditEntry) -> AuditRecord:
        with self._file.transaction() as connection:
            head = connection.execute(
                "SELECT number, hash FROM audit_head WHERE tenant = ?", (self._tenant,)
            ).fetchone()
            number, previous = head or (0, start_of(self._tenant))
            record = seal(number + 1, entry, previous)
            body = body_of(entry)
            connection.execute(
                "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?)",
                (self._tenant, record.number, entry.remediation, body, previous, record.hash),
            )
            connection.execute(
                "UPDATE audit_head SET number = ?2, hash = ?3 WHERE tenant = ?1"
                if head
                else "INSERT INTO audit_head VALUES (?1, ?2, ?3)",
                (self._tenant, record.number, record.hash),
            )
        return record

    @override
    def records(self, after: int = 0, remediation: str = "") -> Iterator[AuditRecord]:
        one = " AND remediation = ?" if remediation else ""
        while True:
            rows = self._file.rows(
                "SELECT number, body, previous, hash FROM audit"  # noqa: S608 - our own words
                f" WHERE tenant = ? AND number > ?{one} ORDER BY number LIMIT {_PAGE}",
                (self._tenant, after, *([bound(remediation)] if remediation else [])),
            )
            for number, body, previous, digest in rows:
                yield AuditRecord(
                    number=number, entry=read_entry(number, body), previous=previous, hash=digest
                )
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]

    @override
    def verify(self, head: str = "") -> AuditVerdict:
        # One statement, so that the newest record is told as of the same moment as the others.
        rows = self._file.each(
            "SELECT head.number, head.hash,"
            " audit.number, audit.remediation, audit.body, audit.previous, audit.hash"
            " FROM (SELECT ? AS tenant) AS mine LEFT JOIN audit_head AS head USING (tenant)"
            " LEFT JOIN audit USING (tenant) ORDER BY audit.number",
            (self._tenant,),
        )
        count, previous, seen = 0, start_of(self._tenant), not head
        newest: tuple[int | None, str | None] = (None, None)
        for *newest_now, number, remediation, body, before, digest in rows:
            newest = (newest_now[0], newest_now[1])
            if number is None:
                break
            count += 1
            if why := misfit(count, previous, Kept(number, remediation, body, before, digest)):
                return AuditVerdict(count, previous, count, why)
            previous = digest
            seen = seen or digest == head
        written, hashed = newest
        if (written or 0, hashed or start_of(self._tenant)) != (count, previous):
            why = f"{written or 0} records were written, and other ones than are there"
            return AuditVerdict(count, previous, count + 1, why)
        if not seen:
            return AuditVerdict(count, previous, 1, "the given head is not in the chain")
        return AuditVerdict(count, previous)
