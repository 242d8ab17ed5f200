"""A SQLite file used from several threads: one connection per thread, write-ahead log.

A reader never waits for a writer (WAL); writers wait for each other up to `BUSY_S`.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BUSY_S = 30.0


class SqliteFile:
    """Opens a connection for each thread that asks; `close` closes them all."""

    def __init__(self, path: Path, schema: str) -> None:
        """Create the file and its tables when they are not there (`schema`: idempotent SQL)."""
        self._path = path
        self._local = threading.local()
        self._lock = threading.Lock()
        self._opened: list[sqlite3.Connection] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        self.connection().executescript(schema)

    def connection(self) -> sqlite3.Connection:
        """This thread's connection; autocommit outside `transaction`."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = sqlite3.connect(
                self._path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
            )
            found.executescript(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
                "PRAGMA cache_size=-65536; PRAGMA mmap_size=1073741824; PRAGMA temp_store=MEMORY;"
            )
            self._local.connection = found
            with self._lock:
                self._opened.append(found)
        return found

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; writers are one after the other from the first statement on."""
        connection = self.connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def close(self) -> None:
        """Close every thread's connection; the file is not used again."""
        with self._lock:
            for connection in self._opened:
                connection.close()
            self._opened.clear()
