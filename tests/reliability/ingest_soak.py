"""The findings pipeline under load, faults and SIGKILL: what went in is what is stored, once.

The queue is this process: at least once, in batches, at a rate; what is not answered for comes
again, and now and then what was. Workers are processes of their own, killed every few seconds.
"""

import json
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import orjson
from opensearchpy import OpenSearch
from opensearchpy.helpers import scan

from infra.local.engines.settings import running
from integrations.connect import Connections
from integrations.findings.opensearch_index import OURS, index_of
from integrations.findings.port import FindingClass
from integrations.settings import Settings
from integrations.sqlite_file import SqliteFile
from integrations.tenants.port import Tenant
from tests.reliability.bulk_faults import busy_and_cut
from tests.reliability.ingest_offer import TENANTS, Offer
from tests.scratch import scratch

AGAIN = 0.005
"""Of the messages that are done, delivered once more."""
IN_A_BATCH = 500
_ROOT = Path(__file__).parents[2]
_WAIT_S = 0.05
_LONGEST_S = 7_200.0
"""After all has been offered: a soak that is not done by then is given up, and says so."""

Stored = Counter[tuple[str, str, int]]
"""How many records there are of (tenant, uid, time in ms)."""


@dataclass
class Soaked:
    """What went in, what happened on the way, and what was found afterwards."""

    messages: int = 0
    deliveries: int = 0
    kills: int = 0
    took_s: float = 0.0
    offered_s: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    findings: int = 0
    missing: int = 0
    strange: int = 0
    """Stored, and never offered as the newest of its finding."""
    duplicates: int = 0
    letters: int = 0
    letters_missing: int = 0
    letters_strange: int = 0
    given_up: bool = False
    """It was not done in time."""

    @property
    def kept(self) -> bool:
        """Whether it is all as promised."""
        wrong = self.missing + self.strange + self.duplicates
        return not (wrong + self.letters_missing + self.letters_strange or self.given_up)


class Queue:
    """At least once; serves all workers."""

    def __init__(
        self, offer: Offer, rate: float, rng: Random, longest_s: float = _LONGEST_S
    ) -> None:
        """`rate` in messages a second; 0: all at once. Stops `longest_s` after all is offered."""
        self._new = iter(offer)
        self._total, self._rate, self._rng = offer.messages, rate, rng
        self._offered = 0
        self._waiting: deque[tuple[str, str]] = deque()
        self._out = 0
        self._changed = threading.Condition()
        self._began = time.monotonic()
        self._ends = self._began + longest_s + (self._total / rate if rate else 0.0)
        self.deliveries = 0
        self.offered_s = 0.0
        self.stopped = False

    @property
    def over(self) -> bool:
        """Whether there is no more time: a worker that still does not answer never will."""
        return time.monotonic() > self._ends

    def batch(self) -> list[tuple[str, str]]:
        """The next messages, (id, body); none: all are done, or there is no more time."""
        with self._changed:
            while True:
                self.stopped = self.stopped or self.over
                if self.stopped:
                    return []
                self._offer()
                if self._waiting:
                    taken = [
                        self._waiting.popleft() for _ in range(min(IN_A_BATCH, len(self._waiting)))
                    ]
                    self._out += len(taken)
                    self.deliveries += len(taken)
                    return taken
                if self._offered == self._total and not self._out:
                    return []
                self._changed.wait(_WAIT_S)

    def _offer(self) -> None:
        elapsed = time.monotonic() - self._began
        due = min(self._total, int(elapsed * self._rate)) if self._rate else self._total
        # No more than is needed now: what waits for its turn need not be made yet.
        while self._offered < due and len(self._waiting) < 2 * IN_A_BATCH:
            self._waiting.append((str(self._offered), next(self._new)))
            self._offered += 1
        if self._offered == self._total and not self.offered_s:
            self.offered_s = elapsed

    def answered(self, batch: list[tuple[str, str]], again: set[str]) -> None:
        """A batch came back; which of its messages are to come again."""
        with self._changed:
            self._out -= len(batch)
            self._waiting.extend(
                one for one in batch if one[0] in again or self._rng.random() < AGAIN
            )
            self._changed.notify_all()


class _Worker:
    """A thread that feeds a process, and starts another when that one is killed."""

    def __init__(self, number: int, command: list[str], queue: Queue, faults: Counter[str]) -> None:
        self._number, self._command, self._queue, self._faults = number, command, queue, faults
        self._lives = 0
        self.answers = 0
        """Of this life."""
        self._lock = threading.Lock()
        self.process = self._started()
        self.thread = threading.Thread(target=self._work)
        self.thread.start()

    def _started(self) -> "subprocess.Popen[bytes]":
        self._lives += 1
        self.answers = 0
        state, *rest = self._command
        seed = str(1000 * self._number + self._lives)
        return subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.ingest_worker", state, seed, *rest],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def _work(self) -> None:
        while batch := self._queue.batch():
            answer = self._given(batch)
            if answer is None:
                # Nobody knows what of it was done: all of it comes again.
                self._queue.answered(batch, {one for one, _ in batch})
                self._end()
                with self._lock:
                    self.process = self._started()
            else:
                self.answers += 1
                self._faults.update(answer["faults"])
                self._queue.answered(batch, set(answer["again"]))
        self._end()

    def _given(self, batch: list[tuple[str, str]]) -> dict[str, Any] | None:
        records = [{"messageId": one, "body": body} for one, body in batch]
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(orjson.dumps({"Records": records}) + b"\n")
            stdin.flush()
            answer: dict[str, Any] = orjson.loads(stdout.readline())
        except (OSError, ValueError):
            return None
        return answer

    def kill(self) -> None:
        """SIGKILL."""
        with self._lock:
            self.process.kill()

    def _end(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except OSError:
                continue
        self.process.wait()


def soak(
    messages: int,
    rate: float,
    seed: int,
    *,
    poison_every: int = 0,
    kill_every_s: float = 10.0,
    workers: int = 2,
    findings: str = "",
    longest_s: float = _LONGEST_S,
) -> tuple[Soaked, Offer, Stored]:
    """Put messages through killed workers; what happened, what was offered and what is stored.

    With `findings` the store is where that setting says, and `Stored` is left empty.
    """
    rng, told, offer = Random(seed), Soaked(messages=messages), Offer(messages, poison_every)
    with scratch() as folder:
        with Connections(Settings(state=folder)) as connections:
            for name, account in TENANTS.items():
                connections.directory.put(Tenant(id=name, name=name, accounts=(account,)))
        began = time.monotonic()
        queue = Queue(offer, rate, rng, longest_s)
        command = [str(folder), *([findings] if findings else [])]
        crew = [_Worker(number, command, queue, told.faults) for number in range(workers)]
        with _killing(crew, queue, kill_every_s, rng, told):
            for worker in crew:
                worker.thread.join()
        told.took_s = time.monotonic() - began
        told.deliveries, told.offered_s = queue.deliveries, queue.offered_s
        told.given_up = queue.stopped
        with Connections(Settings(state=folder)) as connections:
            _count_letters(connections, offer, told)
        stored = Stored() if findings else _in_sqlite(folder)
    return told, offer, stored


@contextmanager
def _killing(
    crew: list[_Worker], queue: Queue, every_s: float, rng: Random, told: Soaked
) -> Iterator[None]:
    ended = threading.Event()

    def kill() -> None:
        while not ended.wait(every_s):
            if queue.over:
                for worker in crew:
                    worker.kill()
                continue
            # On a busy machine a start takes longer than that: let each life do something.
            lively = [worker for worker in crew if worker.answers]
            if lively:
                rng.choice(lively).kill()
                told.kills += 1

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _count_letters(connections: Connections, offer: Offer, told: Soaked) -> None:
    letters, kept, last = connections.dead_letters(), set[str](), None
    while page := letters.listed(limit=1000, after=last):
        last = page[-1]
        kept |= {one.id for one in page if one.reason and one.whole}
        told.letters += len(page)
    told.letters_missing = len(offer.bad - kept)
    told.letters_strange = len(kept - offer.bad)


def _in_sqlite(folder: Path) -> Stored:
    with closing(SqliteFile(folder / "findings.sqlite", "")) as file:
        rows = file.rows("SELECT tenant, uid, time, count(*) FROM finding GROUP BY 1, 2, 3")
    return Stored({(tenant, uid, at): count for tenant, uid, at, count in rows})


def compare(told: Soaked, offer: Offer, stored: Stored) -> Soaked:
    """Set equality of what went in and what is stored, and no finding twice."""
    wanted = {(tenant, uid, at) for (tenant, uid), at in offer.good.items()}
    told.findings = len(wanted)
    told.missing = len(wanted - stored.keys())
    told.strange = len(stored.keys() - wanted)
    of_each: Counter[tuple[str, str]] = Counter()
    for (tenant, uid, _), count in stored.items():
        of_each[tenant, uid] += count
    told.duplicates = sum(count - 1 for count in of_each.values())
    return told


def run(
    messages: int, rate: float, seed: int, *, poison_every: int = 0, kill_every_s: float = 10.0
) -> Soaked:
    """The soak over the embedded store."""
    return compare(
        *soak(messages, rate, seed, poison_every=poison_every, kill_every_s=kill_every_s)
    )


def opensearch() -> str:
    """Where the node of this run is; empty: there is none."""
    where = running()
    told = json.loads(where.read_text(encoding="utf-8")) if where else {}
    return str(told["opensearch"]["url"]) if "opensearch" in told else ""


def run_opensearch(
    url: str,
    messages: int,
    rate: float,
    seed: int,
    *,
    poison_every: int = 0,
    kill_every_s: float = 10.0,
) -> Soaked:
    """The soak over a real node that is busy for every tenth item and loses answers."""
    prefix = f"soak-{seed}-{time.time_ns()}"
    with closing(OpenSearch(url, timeout=60)) as client:
        try:
            with busy_and_cut(url, seed) as (proxy, faults):
                told, offer, _ = soak(
                    messages,
                    rate,
                    seed,
                    poison_every=poison_every,
                    kill_every_s=kill_every_s,
                    findings=f"{proxy}#{prefix}",
                )
                told.faults.update(faults)
            client.indices.refresh(index=f"{prefix}*")
            stored = Stored(
                (kept["tenant"], kept["uid"], kept["time"])
                for hit in scan(client, index=f"{prefix}*", size=5_000, _source=[OURS])
                for kept in [hit["_source"][OURS]]
            )
        finally:
            client.indices.delete(index=f"{prefix}*")
            for cls in FindingClass:
                client.indices.delete_index_template(name=index_of(prefix, cls))
    return compare(told, offer, stored)
