"""Dead letters in a SQLite file."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from typing_extensions import override

from integrations.deadletters.port import DeadLetter, DeadLetters
from integrations.errors import NotFoundError
from integrations.sqlite_file import SqliteFile, bound

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS dead_letter (
    id TEXT PRIMARY KEY,
    pipeline TEXT NOT NULL,
    source TEXT NOT NULL,
    reason TEXT NOT NULL,
    kept_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    body BLOB NOT NULL,
    size INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS dead_letter_kept ON dead_letter (kept_at, id);
"""
_COLUMNS: Final = "id, pipeline, source, reason, kept_at, attempts, body, size"
_KEEP: Final = f"""
INSERT INTO dead_letter ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET source = excluded.source, reason = excluded.reason,
    kept_at = min(kept_at, excluded.kept_at), attempts = max(attempts, excluded.attempts)
"""  # noqa: S608 - our own names
_MICROSECOND: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class SqliteDeadLetters(DeadLetters):
    """One row a letter; may be used from several threads and processes."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it."""
        # A queue forgets a message when its letter is kept: so the letter is on the disk by then.
        self._file = SqliteFile(path, _SCHEMA, flushed=True)

    @override
    def keep(self, letters: Sequence[DeadLetter]) -> None:
        if not letters:
            return
        with self._file.transaction() as connection:
            connection.executemany(_KEEP, [_row(one) for one in letters])

    @override
    def listed(
        self, pipeline: str = "", limit: int = 100, after: DeadLetter | None = None
    ) -> list[DeadLetter]:
        place = (_microseconds(after.kept_at), after.id) if after else (-1, "")
        found = self._file.rows(
            f"SELECT {_COLUMNS} FROM dead_letter WHERE (kept_at, id) > (?, ?)"  # noqa: S608
            " AND (? = '' OR pipeline = ?) ORDER BY kept_at, id LIMIT ?",
            (*place, pipeline, pipeline, max(0, limit)),
        )
        return [_letter(row) for row in found]

    @override
    def get(self, letter_id: str) -> DeadLetter:
        row = self._file.row(
            f"SELECT {_COLUMNS} FROM dead_letter WHERE id = ?",  # noqa: S608
            (bound(letter_id),),
        )
        if row is None:
            raise NotFoundError(f"there is no dead letter {letter_id[:80]}")
        return _letter(row)

    @override
    def forget(self, ids: Sequence[str]) -> int:
        with self._file.transaction() as connection:
            return sum(
                connection.execute("DELETE FROM dead_letter WHERE id = ?", (bound(one),)).rowcount
                for one in ids
            )

    @override
    def reasons(self, pipeline: str = "") -> dict[str, int]:
        found = self._file.rows(
            "SELECT reason, count(*) FROM dead_letter WHERE ? = '' OR pipeline = ?"
            " GROUP BY reason ORDER BY count(*) DESC, reason",
            (pipeline, pipeline),
        )
        return {reason: count for reason, count in found}  # noqa: C416 - a row is no pair to mypy

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def _row(one: DeadLetter) -> tuple[Any, ...]:
    kept_at = _microseconds(one.kept_at)
    return (
        one.id, one.pipeline, one.source, one.reason, kept_at, one.attempts, one.body, one.size,
    )  # fmt: skip


def _letter(row: tuple[Any, ...]) -> DeadLetter:
    return DeadLetter(
        id=row[0],
        pipeline=row[1],
        source=row[2],
        reason=row[3],
        kept_at=_EPOCH + row[4] * _MICROSECOND,
        attempts=row[5],
        body=row[6],
        size=row[7],
    )
