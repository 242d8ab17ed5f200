"""Rankings in a SQLite file."""

from pathlib import Path
from typing import Final

from typing_extensions import override

from integrations.exposures.port import ExposureStore, KeptExposures
from integrations.sqlite_file import SqliteFile

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS ranking (
    tenant TEXT PRIMARY KEY, marks TEXT NOT NULL, body BLOB NOT NULL
) STRICT;
"""


class SqliteExposures:
    """Every tenant's ranking in one file; hands out stores that are bound to one tenant."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it."""
        self._file = SqliteFile(path, _SCHEMA)

    def of(self, tenant_id: str) -> ExposureStore:
        """One tenant's ranking."""
        return SqliteExposureStore(self._file, tenant_id)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class SqliteExposureStore(ExposureStore):
    """One row; may be used from several threads and processes."""

    def __init__(self, file: SqliteFile, tenant: str) -> None:
        """Bound to `tenant`."""
        self._file = file
        self._tenant = tenant

    @override
    def load(self) -> KeptExposures | None:
        row = self._file.row("SELECT marks, body FROM ranking WHERE tenant = ?", (self._tenant,))
        return None if row is None else KeptExposures(row[0], row[1])

    @override
    def save(self, kept: KeptExposures) -> None:
        self._file.write(
            "INSERT INTO ranking VALUES (?1, ?2, ?3)"
            " ON CONFLICT (tenant) DO UPDATE SET marks = ?2, body = ?3",
            (self._tenant, kept.marks, kept.body),
        )

    @override
    def forget(self) -> None:
        self._file.write("DELETE FROM ranking WHERE tenant = ?", (self._tenant,))
