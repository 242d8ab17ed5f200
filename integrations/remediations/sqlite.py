"""Requests and their audit in one SQLite file; the guard of every write is its own statement."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
from typing_extensions import override

from integrations.errors import NotFoundError, StaleWriteError
from integrations.remediations.audit import (
    START,
    AuditEntry,
    AuditLog,
    AuditRecord,
    AuditVerdict,
    body_of,
    hash_of,
    seal,
)
from integrations.remediations.port import Remediation, RemediationStore, Stage
from integrations.sqlite_file import SqliteFile, bound

_SCHEMA = """
CREATE TABLE IF NOT EXISTS remediation (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    stage TEXT NOT NULL,
    finding TEXT NOT NULL,
    requested_at TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS remediation_stage ON remediation (tenant, stage, requested_at);
CREATE INDEX IF NOT EXISTS remediation_finding ON remediation (tenant, finding, requested_at);
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
CREATE TRIGGER IF NOT EXISTS audit_stays BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit_remains BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
"""
_remediation = msgspec.json.Decoder(Remediation)
_entry = msgspec.json.Decoder(AuditEntry)


class SqliteRemediations:
    """Every tenant's requests and audits; `of` and `audit_of` bind them to one."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it."""
        self._file = SqliteFile(path, _SCHEMA)

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
            "INSERT OR IGNORE INTO remediation VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                self._tenant,
                remediation.id,
                remediation.version,
                str(remediation.stage),
                remediation.plan.finding,
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
        saved = self._file.write(
            "UPDATE remediation SET version = ?, stage = ?, body = ?"
            " WHERE tenant = ? AND id = ? AND version = ?",
            (
                remediation.version,
                str(remediation.stage),
                msgspec.json.encode(remediation),
                self._tenant,
                remediation.id,
                remediation.version - 1,
            ),
        )
        if saved != 1:
            raise StaleWriteError(f"somebody else acted on request {remediation.id} meanwhile")

    @override
    def search(
        self, stages: frozenset[Stage] = frozenset(), finding: str = "", limit: int = 50
    ) -> list[Remediation]:
        where, values = ["tenant = ?"], [self._tenant]
        if stages:
            where.append(f"stage IN ({', '.join('?' * len(stages))})")
            values += sorted(stages)
        if finding:
            where.append("finding = ?")
            values.append(finding)
        rows = self._file.rows(
            f"SELECT body FROM remediation WHERE {' AND '.join(where)}"  # noqa: S608 - our own words
            " ORDER BY requested_at DESC, id LIMIT ?",
            (*values, limit),
        )
        return [_remediation.decode(row[0]) for row in rows]


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
            number, previous = head or (0, START)
            record = seal(number + 1, entry, previous)
            connection.execute(
                "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?)",
                (
                    self._tenant,
                    record.number,
                    entry.remediation,
                    body_of(entry),
                    previous,
                    record.hash,
                ),
            )
            connection.execute(
                "INSERT OR REPLACE INTO audit_head VALUES (?, ?, ?)",
                (self._tenant, record.number, record.hash),
            )
        return record

    @override
    def records(self, after: int = 0, remediation: str = "") -> Iterator[AuditRecord]:
        one = " AND remediation = ?" if remediation else ""
        rows = self._file.rows(
            "SELECT number, body, previous, hash FROM audit"  # noqa: S608 - our own words
            f" WHERE tenant = ? AND number > ?{one} ORDER BY number",
            (self._tenant, after, *([bound(remediation)] if remediation else [])),
        )
        for number, body, previous, digest in rows:
            yield AuditRecord(
                number=number, entry=_entry.decode(body), previous=previous, hash=digest
            )

    @override
    def verify(self, head: str = "") -> AuditVerdict:
        rows = self._file.rows(
            "SELECT number, remediation, body, previous, hash FROM audit WHERE tenant = ?"
            " ORDER BY number",
            (self._tenant,),
        )
        newest = self._file.row(
            "SELECT number, hash FROM audit_head WHERE tenant = ?", (self._tenant,)
        ) or (0, START)
        previous, seen = START, head in {"", START}
        for place, (number, remediation, body, before, digest) in enumerate(rows, start=1):
            why = _misfit(place, number, before == previous, hash_of(number, body, before), digest)
            if not why and _entry.decode(body).remediation != remediation:
                why = f"record {number} is filed under another request than it tells of"
            if why:
                return AuditVerdict(len(rows), previous, place, why)
            previous = digest
            seen = seen or digest == head
        if (len(rows), previous) != newest:
            return AuditVerdict(
                len(rows), previous, len(rows) + 1, f"{newest[0]} records were written"
            )
        if not seen:
            return AuditVerdict(len(rows), previous, 1, "the given head is not in the chain")
        return AuditVerdict(len(rows), previous)


def _misfit(place: int, number: int, follows: bool, expected: str, digest: str) -> str:  # noqa: FBT001 - private
    if number != place:
        return f"record {place} is missing"
    if not follows:
        return f"record {number} does not follow the one before it"
    if expected != digest:
        return f"record {number} was changed"
    return ""
