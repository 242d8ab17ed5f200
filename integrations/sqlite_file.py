"""A SQLite file used from several threads: a connection for each, write-ahead log.

A reader never waits for a writer (WAL); writers wait for each other up to `BUSY_S`.
"""

import sqlite3
import threading
import weakref
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from integrations.errors import DamagedError, UnavailableError

BUSY_S = 30.0
_IDLE = 4
"""Connections kept for the next threads: a turn's tools run in threads of that turn, and what one
of them has read is in its connection's cache."""

_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_PRIMARY = 0xFF
"""The low byte of an extended result code (sqlite.org/rescode.html)."""

Values = Sequence[Any] | Mapping[str, Any]


def bound(text: str) -> str | bytes:
    """A value to compare with; what is no text (a lone surrogate in it) equals nothing stored."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


class _Connection(sqlite3.Connection):
    """Closes when it is forgotten; since Python 3.13 SQLite's own complains of that."""

    def __del__(self) -> None:
        # One that could not be opened cannot be closed either.
        with suppress(sqlite3.ProgrammingError):
            self.close()


class _Held:
    """One thread's connection; for another thread when this one is gone."""

    def __init__(self, connection: sqlite3.Connection, idle: deque[sqlite3.Connection]) -> None:
        self.connection = connection
        self._idle: deque[sqlite3.Connection] | None = idle

    def close(self) -> None:
        self._idle = None
        self.connection.close()

    def __del__(self) -> None:
        if self._idle is None:
            return
        # Where file and thread are forgotten at once, the connection may be closed already.
        with suppress(sqlite3.ProgrammingError):
            if len(self._idle) < _IDLE and not self.connection.in_transaction:
                self._idle.append(self.connection)
            else:
                self.connection.close()


class SqliteFile:
    """Opens a connection for each thread that asks; `close` closes them all."""

    def __init__(
        self, path: Path, schema: str, busy_s: float = BUSY_S, *, flushed: bool = False
    ) -> None:
        """Create the file and its tables when they are not there (`schema`: idempotent SQL).

        With `flushed` every commit is on the disk when it returns, and survives a loss of power;
        without, the last commits may be lost then, but never a part of one (sqlite.org/pragma.html,
        `synchronous`).

        Raises:
            DamagedError: the file is there and is no database, or not whole.
            UnavailableError: it cannot be opened, or somebody else holds it.
        """
        self._path = path
        self._busy_s = busy_s
        self._synchronous = "FULL" if flushed else "NORMAL"
        self._local = threading.local()
        self._lock = threading.Lock()
        self._opened: weakref.WeakSet[_Held] = weakref.WeakSet()
        self._idle: deque[sqlite3.Connection] = deque()
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._named_errors():
            self.connection().executescript(schema)

    def rows(self, statement: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Every row that a statement gives; a statement that writes is a transaction of its own.

        Raises:
            DamagedError: the file is not whole.
            UnavailableError: the file could not be read, or not written within `busy_s`.
        """
        with self._named_errors():
            return self.connection().execute(statement, values).fetchall()

    def row(self, statement: str, values: Values = ()) -> tuple[Any, ...] | None:
        """The first row, or None; otherwise as `rows`."""
        found = self.rows(statement, values)
        return found[0] if found else None

    def each(self, statement: str, values: Values = ()) -> Iterator[tuple[Any, ...]]:
        """Rows one by one, all as of one moment; nothing is written by this thread meanwhile.

        Raises:
            DamagedError, UnavailableError: as `rows`, at any row.
        """
        with self._named_errors():
            yield from self.connection().execute(statement, values)

    def write(self, statement: str, values: Values = ()) -> int:
        """Run one statement as a transaction of its own; how many rows it changed.

        Raises:
            DamagedError: the file is not whole.
            UnavailableError: the file could not be written within `busy_s`; nothing was changed.
        """
        with self._named_errors():
            return self.connection().execute(statement, values).rowcount

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; writers are one after the other from the first statement on.

        Raises:
            DamagedError: the file is not whole.
            UnavailableError: the file could not be written within `busy_s`; nothing was changed.
        """
        with self._named_errors():
            connection = self.connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                # SQLite may have rolled back by itself, as on a full disk.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def connection(self) -> sqlite3.Connection:
        """This thread's connection; autocommit outside `transaction`; raises SQLite's errors."""
        held: _Held | None = getattr(self._local, "held", None)
        if held is None:
            held = _Held(self._connected(), self._idle)
            self._local.held = held
            with self._lock:
                self._opened.add(held)
        return held.connection

    def _connected(self) -> sqlite3.Connection:
        """The connection of a thread that has ended, else a new one."""
        try:
            return self._idle.pop()
        except IndexError:
            connection = sqlite3.connect(
                self._path,
                timeout=self._busy_s,
                isolation_level=None,
                check_same_thread=False,
                factory=_Connection,
            )
        connection.executescript(
            f"PRAGMA journal_mode=WAL; PRAGMA synchronous={self._synchronous};"
            "PRAGMA foreign_keys=ON;"
            "PRAGMA cache_size=-65536; PRAGMA mmap_size=1073741824; PRAGMA temp_store=MEMORY;"
            # A checkpoint after every batch of findings would write most pages each time.
            "PRAGMA wal_autocheckpoint=4000;"
        )
        return connection

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        """SQLite's errors in our words; broken constraints and wrong use stay what they are."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
            if code in _DAMAGED:
                raise DamagedError(
                    f"{self._path.name} cannot be read ({error}); "
                    "move the file away, and take in again what was in it"
                ) from error
            if not isinstance(error, sqlite3.OperationalError):
                raise
            raise UnavailableError(
                f"{self._path.name} did not answer ({error}); nothing was changed, try again"
            ) from error

    def close(self) -> None:
        """Close every thread's connection; the file is not used again."""
        with self._lock:
            for held in self._opened:
                held.close()
            self._opened.clear()
            while self._idle:
                self._idle.pop().close()
