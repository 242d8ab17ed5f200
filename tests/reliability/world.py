"""Virtual time, in which many workers run at once and everything they call may fail.

Each worker is a thread, and exactly one of them runs at any moment: at every call to the outside a
worker gives way, and goes on when its call has taken its (virtual) time. So a seed decides the
whole course, and workers are interleaved call by call as they would be on several machines.
"""

import heapq
import itertools
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from integrations.errors import UnavailableError
from tests.automation_account import Clock
from tests.faults import Killed

Job = Callable[[str], None]
"""Work for a worker, given the worker's name; may be done again after a crash or a failure."""

REDELIVERED_AFTER_S = 30.0
SDK_TRIES = 3

ATTEMPTS = 12
"""How often a queue hands out a job before it keeps it aside."""


@dataclass(frozen=True, slots=True)
class Faults:
    """How often things go wrong, of all calls."""

    throttled: float = 0.08
    reset: float = 0.05
    """The connection breaks before the call is served."""
    cut: float = 0.08
    """The call is served and its answer lost."""
    killed: float = 0.03
    """The worker dies, right before the call or right after it."""
    hangs: float = 0.005
    """The call takes longer than any lease."""


CALM = Faults(0, 0, 0, 0, 0)


def _held() -> threading.Lock:
    """A baton: who acquires it waits until another one releases it."""
    lock = threading.Lock()
    lock.acquire()
    return lock


class _Worker(threading.Thread):
    """A thread that runs only when it is told to, until it gives way."""

    def __init__(self, world: "World", number: int) -> None:
        super().__init__(name=f"worker-{number}", daemon=True)
        self.world = world
        self.lives = 0
        self.turn = _held()
        self.job: Callable[[], None] | None = None
        self.error: BaseException | None = None

    @property
    def owner(self) -> str:
        """Its name in this life; none is used again after a crash."""
        return f"{self.name}-{self.lives}"

    def run(self) -> None:
        while True:
            self.turn.acquire()
            if self.job is None:
                return
            try:
                self.job()
            except BaseException as error:  # noqa: BLE001 - handed to the run, which raises it
                self.error = error
            self.job = None
            self.world.idle.append(self)
            self.world.main.release()


class World:
    """A clock, a network and workers; `run` lets everything happen that is due."""

    def __init__(self, clock: Clock, seed: int, faults: Faults) -> None:
        """Nothing happens before `run`."""
        self.clock = clock
        self.random = Random(seed)
        self.faults = faults
        self.happened: Counter[str] = Counter()
        """Faults by name, and how many `calls` there were, `unavailable` ones, jobs `given up`."""
        self.main = _held()
        self.idle: list[_Worker] = []
        self._workers: list[_Worker] = []
        self._due: list[tuple[float, int, Callable[[], _Worker]]] = []
        self._order = itertools.count()

    # -- what happens when

    def deliver(self, job: Job, in_s: float = 0.0, attempts: int = ATTEMPTS) -> None:
        """Hand a job to some worker after so many seconds; again when it fails."""

        def begin() -> _Worker:
            worker = self.idle.pop() if self.idle else self._hired()
            worker.job = lambda: self._work(worker, job, attempts)
            return worker

        self._at(in_s, begin)

    def run(self) -> None:
        """Let things happen until nothing is due any more."""
        while self._due:
            at, _, resume = heapq.heappop(self._due)
            self.clock.now = max(self.clock.now, at)
            worker = resume()
            worker.turn.release()
            self.main.acquire()
            if worker.error is not None:
                raise worker.error

    def close(self) -> None:
        """Let the threads end."""
        for worker in self._workers:
            worker.turn.release()
        for worker in self._workers:
            worker.join(10)

    def pause(self, seconds: float) -> None:
        """Let time pass for the worker that calls."""
        worker = threading.current_thread()
        assert isinstance(worker, _Worker)
        self._at(seconds, lambda: worker)
        self.main.release()
        worker.turn.acquire()

    def _at(self, in_s: float, resume: Callable[[], _Worker]) -> None:
        heapq.heappush(self._due, (self.clock.now + in_s, next(self._order), resume))

    def _hired(self) -> _Worker:
        worker = _Worker(self, len(self._workers) + 1)
        self._workers.append(worker)
        worker.start()
        return worker

    def _work(self, worker: _Worker, job: Job, attempts: int) -> None:
        try:
            job(worker.owner)
        except Killed:
            worker.lives += 1
        except UnavailableError:
            pass
        else:
            return
        if attempts > 1:
            self.deliver(job, REDELIVERED_AFTER_S, attempts - 1)
        else:
            self.happened["given up"] += 1

    # -- what goes wrong

    def gate(self, name: str, call: Callable[[], Any]) -> Any:
        """A call to the outside as an SDK makes it: tried again, then given up as unavailable.

        An SDK that lost an answer asks again, though the call was served: a conditional write hears
        then that it is stale, and a start without a token starts a second time.
        """
        self.happened["calls"] += 1
        for _ in range(SDK_TRIES):
            self._maybe_killed()
            self.pause(self._latency())
            if self._drawn("throttled", self.faults.throttled):
                continue
            if self._drawn("reset", self.faults.reset):
                continue
            answer = call()
            if self._drawn("cut", self.faults.cut):
                continue
            self.pause(self._latency())
            self._maybe_killed()
            return answer
        self.happened["unavailable"] += 1
        raise UnavailableError(f"{name} did not answer")

    def _latency(self) -> float:
        if self._drawn("hangs", self.faults.hangs):
            return self.random.uniform(61, 280)
        return self.random.uniform(0.001, 0.2)

    def _maybe_killed(self) -> None:
        if self._drawn("killed", self.faults.killed / 2):
            raise Killed

    def _drawn(self, fault: str, rate: float) -> bool:
        drawn = self.random.random() < rate
        self.happened[fault] += drawn
        return drawn
