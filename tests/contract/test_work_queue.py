"""Work between a door and the conversation: once each, in order within a thread, never lost."""

import threading
import time

import pytest

from integrations.errors import NotFoundError
from integrations.work.port import Job, Lease
from tests.contract.engines import Opened, Queue
from tests.contract.rival import ROUNDS, rivals

LEASE_S = 60.0
ATTEMPTS = 3


def _job(number: int, group: str = "thread-1") -> Job:
    return Job(f"Ev{number}", group, f'{{"n": {number}}}')


def _take(queue: Queue) -> Lease:
    lease = queue.take(0)
    assert lease is not None
    return lease


def test_a_job_is_handed_out_as_it_was_put(queue: Opened[Queue]) -> None:
    job = Job("Ev1", "C1/1700.1", '{"text": "ü \U0001f600 \\u0000"}')
    assert queue.now.put(job) is True
    lease = _take(queue.now)
    assert (lease.job, lease.attempt) == (job, 1)


def test_an_empty_queue_gives_nothing_within_the_time(queue: Opened[Queue]) -> None:
    began = time.monotonic()
    assert queue.now.take(0) is None
    assert queue.now.take(0.05) is None
    assert time.monotonic() - began < 5
    assert queue.now.waiting() == 0


def test_a_redelivery_is_put_once(queue: Opened[Queue]) -> None:
    assert queue.now.put(_job(1)) is True
    assert queue.now.put(_job(1)) is False
    assert queue.now.put(Job("Ev1", "another-thread", "{}")) is False
    lease = _take(queue.now)
    assert queue.now.put(_job(1)) is False
    queue.now.done(lease)
    # Slack's last redelivery comes after six minutes.
    queue.clock.now += 360
    assert queue.again().put(_job(1)) is False
    assert queue.now.take(0) is None


def test_what_was_given_up_is_not_put_again_by_a_redelivery(queue: Opened[Queue]) -> None:
    queue.now.put(_job(1))
    for _ in range(ATTEMPTS):
        queue.now.failed(_take(queue.now), "boom")
    assert queue.now.put(_job(1)) is False
    assert queue.now.take(0) is None


def test_jobs_of_a_group_come_in_order_and_never_overlap(queue: Opened[Queue]) -> None:
    for number in (3, 1, 2):
        queue.now.put(_job(number))
    for number in (3, 1, 2):
        lease = _take(queue.now)
        assert lease.job == _job(number)
        assert queue.now.take(0) is None
        queue.now.done(lease)
    assert queue.now.take(0) is None


def test_another_group_does_not_wait(queue: Opened[Queue]) -> None:
    for number in range(3):
        queue.now.put(_job(number, "busy"))
    queue.now.put(_job(9, "other"))
    assert _take(queue.now).job.group == "busy"
    assert _take(queue.now).job == _job(9, "other")
    assert queue.now.take(0) is None


def test_a_failed_job_comes_again_before_the_rest_of_its_group(queue: Opened[Queue]) -> None:
    queue.now.put(_job(1))
    queue.now.put(_job(2))
    queue.now.failed(_take(queue.now), "throttled")
    again = _take(queue.now)
    assert (again.job, again.attempt) == (_job(1), 2)
    assert queue.now.take(0) is None
    queue.now.done(again)
    assert _take(queue.now).job == _job(2)


def test_after_its_attempts_a_job_is_kept_aside_with_the_last_reason(
    queue: Opened[Queue],
) -> None:
    queue.now.put(_job(1))
    queue.now.put(_job(2))
    for attempt in range(1, ATTEMPTS + 1):
        lease = _take(queue.now)
        assert (lease.job, lease.attempt) == (_job(1), attempt)
        queue.now.failed(lease, f"boom {attempt}")
    assert queue.now.dead() == [(_job(1), f"boom {ATTEMPTS}")]
    assert queue.now.waiting() == 1
    assert _take(queue.now).job == _job(2)
    assert queue.again().dead() == [(_job(1), f"boom {ATTEMPTS}")]


def test_a_job_whose_worker_died_is_handed_out_when_its_lease_has_run_out(
    queue: Opened[Queue],
) -> None:
    queue.now.put(_job(1))
    queue.now.put(_job(2))
    _take(queue.now)
    queue.clock.now += LEASE_S
    assert queue.again().take(0) is None
    queue.clock.now += 1
    again = _take(queue.now)
    assert (again.job, again.attempt) == (_job(1), 2)
    assert queue.now.take(0) is None


def test_a_job_that_kills_its_workers_is_kept_aside(queue: Opened[Queue]) -> None:
    queue.now.put(_job(1))
    queue.now.put(_job(2))
    for _ in range(ATTEMPTS):
        assert _take(queue.now).job == _job(1)
        queue.clock.now += LEASE_S + 1
    assert _take(queue.now).job == _job(2)
    ((job, reason),) = queue.now.dead()
    assert job == _job(1)
    assert reason


def test_who_comes_late_changes_nothing(queue: Opened[Queue]) -> None:
    queue.now.put(_job(1))
    late = _take(queue.now)
    queue.clock.now += LEASE_S + 1
    current = _take(queue.now)
    queue.now.failed(late, "too late")
    queue.now.done(late)
    assert queue.now.waiting() == 1
    assert queue.now.take(0) is None
    queue.now.done(current)
    assert queue.now.waiting() == 0
    queue.now.failed(current, "after all")
    assert queue.now.take(0) is None
    assert queue.now.dead() == []


def test_a_slow_worker_that_nobody_replaced_may_still_finish(queue: Opened[Queue]) -> None:
    queue.now.put(_job(1))
    lease = _take(queue.now)
    queue.clock.now += LEASE_S + 1
    queue.now.done(lease)
    assert queue.now.waiting() == 0
    assert queue.now.take(0) is None


def test_waiting_counts_what_is_not_finished(queue: Opened[Queue]) -> None:
    for number in range(3):
        queue.now.put(_job(number, f"g-{number}"))
    assert queue.now.waiting() == 3
    lease = _take(queue.now)
    assert queue.now.waiting() == 3
    queue.now.done(lease)
    assert queue.now.waiting() == 2


def test_what_was_put_is_there_after_a_restart(queue: Opened[Queue]) -> None:
    for number in range(5):
        queue.now.put(_job(number))
    again = queue.again()
    for number in range(5):
        lease = _take(again)
        assert lease.job == _job(number)
        again.done(lease)


def test_a_waiting_worker_wakes_when_something_comes(queue: Opened[Queue]) -> None:
    taken: list[Lease | None] = []
    worker = threading.Thread(target=lambda: taken.append(queue.now.take(20)))
    began = time.monotonic()
    worker.start()
    queue.now.put(_job(1))
    worker.join(20)
    assert [lease.job for lease in taken if lease] == [_job(1)]
    assert time.monotonic() - began < 10


def test_two_processes_cannot_both_put_a_delivery(queue: Opened[Queue]) -> None:
    queue.now.close()
    one, two = rivals("put_jobs", queue.name, queue.folder)
    assert isinstance(one, list)
    assert isinstance(two, list)
    assert sorted(one + two) == list(range(ROUNDS))
    assert queue.again().waiting() == ROUNDS


def test_two_processes_share_the_work_and_do_each_job_once(queue: Opened[Queue]) -> None:
    for number in range(40):
        queue.now.put(_job(number, f"thread-{number % 5}"))
    one, two = rivals("do_jobs", queue.name, queue.folder)
    assert isinstance(one, list)
    assert isinstance(two, list)
    assert sorted(one + two) == sorted(f"Ev{n}" for n in range(40))
    assert queue.now.waiting() == 0
    assert queue.now.dead() == []
    for did in (one, two):
        for thread in range(5):
            mine = [int(i[2:]) for i in did if int(i[2:]) % 5 == thread]
            assert mine == sorted(mine)


def test_a_lease_that_is_extended_runs_on_from_then(queue: Opened[Queue]) -> None:
    queue.now.put(_job(1))
    lease = _take(queue.now)
    for _ in range(3):
        queue.clock.now += LEASE_S - 1
        assert queue.now.extend(lease) is True
    queue.clock.now += LEASE_S - 1
    assert queue.now.take(0) is None
    queue.now.done(lease)
    assert queue.now.extend(lease) is False
    assert queue.now.waiting() == 0


def test_a_lease_that_somebody_else_has_by_now_is_not_extended(queue: Opened[Queue]) -> None:
    queue.now.put(_job(1))
    late = _take(queue.now)
    queue.clock.now += LEASE_S + 1
    current = _take(queue.now)
    assert queue.now.extend(late) is False
    assert queue.now.extend(current) is True


def test_what_was_kept_aside_is_done_again_behind_the_others_of_its_group(
    queue: Opened[Queue],
) -> None:
    queue.now.put(_job(1))
    queue.now.put(_job(2))
    for _ in range(ATTEMPTS):
        queue.now.failed(_take(queue.now), "boom")
    queue.now.again("Ev1")
    assert queue.again().dead() == []
    queue.now.done(_take(queue.now))
    lease = _take(queue.now)
    assert (lease.job, lease.attempt) == (_job(1), 1)
    queue.now.done(lease)
    assert queue.now.take(0) is None
    assert queue.now.put(_job(1)) is False


def test_what_fails_again_is_kept_aside_again(queue: Opened[Queue]) -> None:
    queue.now.put(_job(1))
    for turn in range(2):
        for _ in range(ATTEMPTS):
            queue.now.failed(_take(queue.now), f"boom {turn}")
        assert queue.now.dead() == [(_job(1), f"boom {turn}")]
        queue.now.again("Ev1")


def test_only_what_is_kept_aside_can_be_done_again(queue: Opened[Queue]) -> None:
    queue.now.put(_job(1))
    for job_id in ("Ev1", "unknown"):
        with pytest.raises(NotFoundError, match=job_id):
            queue.now.again(job_id)
