"""Checkpoints in a SQLite file."""

from pathlib import Path
from typing import Final

from typing_extensions import override

from integrations.checkpoints.port import Checkpoints
from integrations.sqlite_file import SqliteFile

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS checkpoint (
    name TEXT PRIMARY KEY, value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""


class SqliteCheckpoints(Checkpoints):
    """One row a checkpoint; may be used from several threads and processes."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it."""
        self._file = SqliteFile(path, _SCHEMA)

    @override
    def load(self, name: str) -> str | None:
        row = self._file.row("SELECT value FROM checkpoint WHERE name = ?", (name,))
        return None if row is None else str(row[0])

    @override
    def save(self, name: str, value: str) -> None:
        self._file.write(
            "INSERT INTO checkpoint VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2",
            (name, value),
        )

    @override
    def swap(self, name: str, before: str | None, value: str) -> bool:
        if before is None:
            statement = "INSERT OR IGNORE INTO checkpoint VALUES (?1, ?2)"
            return self._file.write(statement, (name, value)) > 0
        statement = "UPDATE checkpoint SET value = ?2 WHERE name = ?1 AND value = ?3"
        return self._file.write(statement, (name, value, before)) > 0

    def close(self) -> None:
        """Close the file."""
        self._file.close()
