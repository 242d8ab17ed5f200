"""Workers keep the leases of what they do, for as long as they do it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from typing_extensions import override

from bot.worker import Workers
from integrations.errors import UnavailableError
from integrations.work.port import Job, Lease
from integrations.work.sqlite import SqliteWorkQueue
from tests.contract.engines import Clock

JOB = Job("Ev1", "thread-1", "{}")
_LONG_S = 30.0


class Watched(SqliteWorkQueue):
    """A queue on whose clock a whole lease passes with each extension; fails the first one."""

    def __init__(self, path: Path) -> None:
        self.clock = Clock()
        super().__init__(path, self.clock, lease_s=60.0)
        self.extended: list[bool] = []
        self.often = threading.Event()
        self.done_with = threading.Event()

    @override
    def extend(self, lease: Lease) -> bool:
        if not self.extended:
            self.extended.append(False)
            raise UnavailableError("away")
        self.extended.append(super().extend(lease))
        self.clock.now += 59
        if len(self.extended) > 3:
            self.often.set()
        return self.extended[-1]

    @override
    def done(self, lease: Lease) -> None:
        super().done(lease)
        self.done_with.set()


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Watched]:
    opened = Watched(tmp_path / "work.sqlite")
    yield opened
    opened.close()


def test_a_job_that_outlives_its_lease_is_given_to_nobody_else(queue: Watched) -> None:
    handled: list[Job] = []

    def handle(job: Job) -> None:
        handled.append(job)
        assert queue.often.wait(_LONG_S)

    workers = Workers(queue, handle, threads=2, extend_every_s=0.01)
    workers.start()
    queue.put(JOB)
    assert queue.done_with.wait(_LONG_S)
    workers.stop()
    assert handled == [JOB]
    assert all(queue.extended[1:])
    assert queue.waiting() == 0
