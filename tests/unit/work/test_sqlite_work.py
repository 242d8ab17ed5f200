"""What is particular to the queue in a SQLite file: its memory of ids, and who is woken."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.work.port import DEDUPE_S, Job, Lease
from integrations.work.sqlite import SqliteWorkQueue
from tests.contract.engines import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(tmp_path: Path, clock: Clock) -> Iterator[SqliteWorkQueue]:
    opened = SqliteWorkQueue(tmp_path / "work.sqlite", clock)
    yield opened
    opened.close()


def _do(queue: SqliteWorkQueue) -> None:
    lease = queue.take(0)
    assert lease is not None
    queue.done(lease)


def test_an_id_is_remembered_for_a_day_and_then_forgotten(
    queue: SqliteWorkQueue, clock: Clock
) -> None:
    queue.put(Job("Ev1", "g", "{}"))
    _do(queue)
    clock.now += DEDUPE_S
    assert queue.put(Job("Ev1", "g", "{}")) is False
    clock.now += 1
    assert queue.put(Job("Ev1", "g", "{}")) is True


def test_what_is_not_done_is_kept_however_old(queue: SqliteWorkQueue, clock: Clock) -> None:
    for name in ("dead", "waiting"):
        queue.put(Job(name, name, "{}"))
    for attempt in range(3):
        lease = queue.take(0)
        assert lease is not None
        queue.failed(lease, f"boom {attempt}")
    clock.now += 10 * DEDUPE_S
    assert queue.put(Job("new", "g", "{}")) is True
    assert queue.dead() == [(Job("dead", "dead", "{}"), "boom 2")]
    assert queue.waiting() == 2


def test_a_finished_job_wakes_who_waits_for_its_group(queue: SqliteWorkQueue) -> None:
    queue.put(Job("1", "g", "{}"))
    queue.put(Job("2", "g", "{}"))
    first = queue.take(0)
    assert first is not None
    taken: list[Lease | None] = []
    worker = threading.Thread(target=lambda: taken.append(queue.take(20)))
    began = time.monotonic()
    worker.start()
    queue.done(first)
    worker.join(20)
    assert [lease.job.id for lease in taken if lease] == ["2"]
    assert time.monotonic() - began < 10


def test_many_threads_do_every_job_once_and_no_group_twice_at_a_time(
    queue: SqliteWorkQueue,
) -> None:
    for number in range(60):
        queue.put(Job(str(number), f"g-{number % 7}", "{}"))
    busy: set[str] = set()
    did: list[str] = []
    overlapped: list[str] = []
    lock = threading.Lock()

    def work() -> None:
        while (lease := queue.take(0)) is not None or queue.waiting():
            if lease is None:
                continue
            with lock:
                if lease.job.group in busy:
                    overlapped.append(lease.job.id)
                busy.add(lease.job.group)
                did.append(lease.job.id)
            with lock:
                busy.discard(lease.job.group)
            queue.done(lease)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(did, key=int) == [str(n) for n in range(60)]
    assert overlapped == []
    for group in range(7):
        mine = [int(n) for n in did if int(n) % 7 == group]
        assert mine == sorted(mine)
