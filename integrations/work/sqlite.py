"""The work queue in a SQLite file: one FIFO per group, leases, what failed kept aside."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from typing_extensions import override

from integrations.errors import NotFoundError
from integrations.sqlite_file import SqliteFile
from integrations.work.port import DEDUPE_S, Job, Lease, WorkQueue

_POLL_S = 0.25
_SCHEMA = """
CREATE TABLE IF NOT EXISTS job (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    grouped TEXT NOT NULL,
    body TEXT NOT NULL,
    put_at REAL NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    attempt INTEGER NOT NULL DEFAULT 0,
    token INTEGER NOT NULL DEFAULT 0,
    leased_until REAL NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS job_waiting ON job (state, place);
CREATE INDEX IF NOT EXISTS job_group ON job (grouped, state, place);
"""
_TAKE = """
UPDATE job SET state = 'leased', attempt = attempt + 1, token = token + 1, leased_until = :until
WHERE place = (
    SELECT place FROM job AS mine
    WHERE (state = 'waiting' OR (state = 'leased' AND leased_until < :now))
    AND NOT EXISTS (
        SELECT 1 FROM job AS before
        WHERE before.grouped = mine.grouped AND before.place < mine.place
        AND before.state IN ('waiting', 'leased')
    )
    ORDER BY place LIMIT 1
)
RETURNING id, grouped, body, attempt, token
"""


class SqliteWorkQueue(WorkQueue):
    """One row a job; a single statement hands it out, so that two workers never share one."""

    def __init__(
        self,
        path: Path,
        clock: Callable[[], float],
        lease_s: float = 60.0,
        attempts: int = 3,
    ) -> None:
        """Open the file, or make it; a job unfinished after `lease_s` seconds is given again."""
        self._file = SqliteFile(path, _SCHEMA)
        self._clock = clock
        self._lease_s = lease_s
        self._attempts = attempts
        self._came = threading.Condition()

    @override
    def put(self, job: Job) -> bool:
        now = self._clock()
        with self._file.transaction() as connection:
            connection.execute(
                "DELETE FROM job WHERE put_at < ? AND state = 'done'", (now - DEDUPE_S,)
            )
            done = connection.execute(
                "INSERT OR IGNORE INTO job (id, grouped, body, put_at) VALUES (?, ?, ?, ?)",
                (job.id, job.group, job.body, now),
            )
        with self._came:
            self._came.notify()
        return done.rowcount == 1

    @override
    def take(self, timeout_s: float) -> Lease | None:
        until = time.monotonic() + timeout_s
        while True:
            lease = self._next()
            left = until - time.monotonic()
            if lease is not None or left <= 0:
                return lease
            with self._came:
                # Another process puts without notifying us, so look again now and then.
                self._came.wait(min(left, _POLL_S))

    def _next(self) -> Lease | None:
        now = self._clock()
        self._set_aside(now)
        row = self._file.row(_TAKE, {"now": now, "until": now + self._lease_s})
        return None if row is None else Lease(Job(row[0], row[1], row[2]), row[3], row[4])

    def _set_aside(self, now: float) -> None:
        """Jobs whose last worker died are not tried for ever."""
        self._file.write(
            "UPDATE job SET state = 'dead', reason = 'its worker ended before it was done'"
            " WHERE state = 'leased' AND leased_until < ? AND attempt >= ?",
            (now, self._attempts),
        )

    @override
    def extend(self, lease: Lease) -> bool:
        extended = self._file.write(
            "UPDATE job SET leased_until = ? WHERE id = ? AND token = ? AND state = 'leased'",
            (self._clock() + self._lease_s, lease.job.id, lease.token),
        )
        return extended == 1

    @override
    def done(self, lease: Lease) -> None:
        self._finish(lease, "done", "")

    @override
    def failed(self, lease: Lease, reason: str) -> None:
        self._finish(lease, "dead" if lease.attempt >= self._attempts else "waiting", reason)

    def _finish(self, lease: Lease, state: str, reason: str) -> None:
        # The token says that nobody else has been given the job since.
        self._file.write(
            "UPDATE job SET state = ?, reason = ?, leased_until = 0"
            " WHERE id = ? AND token = ? AND state = 'leased'",
            (state, reason, lease.job.id, lease.token),
        )
        with self._came:
            self._came.notify_all()

    @override
    def waiting(self) -> int:
        ((count,),) = self._file.rows(
            "SELECT count(*) FROM job WHERE state IN ('waiting', 'leased')"
        )
        return int(count)

    @override
    def dead(self) -> list[tuple[Job, str]]:
        found = self._file.rows(
            "SELECT id, grouped, body, reason FROM job WHERE state = 'dead' ORDER BY place"
        )
        return [(Job(row[0], row[1], row[2]), row[3]) for row in found]

    @override
    def again(self, job_id: str) -> None:
        put = self._file.write(
            "UPDATE job SET state = 'waiting', attempt = 0, reason = '', put_at = ?,"
            " place = (SELECT max(place) + 1 FROM job) WHERE id = ? AND state = 'dead'",
            (self._clock(), job_id),
        )
        if not put:
            raise NotFoundError(f"no job {job_id[:80]} is kept aside")
        with self._came:
            self._came.notify()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
