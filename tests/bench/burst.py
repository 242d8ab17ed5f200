"""Slack's door at a rate, while its queue stops answering once: how long deliveries wait.

`python -m tests.bench.burst` is the queue of it: it prints its port, and at the end of its input
the deduplication id of every message that it took; SIGUSR1 makes it hold back all its answers for
as long as a stall is.

As on Lambda each delivery has a door of its own for as long as it takes, and one that was used
before if any is free; arrivals keep to their times whatever the answers do. Doors are threads here.
"""

import asyncio
import hashlib
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from bot.handlers.rotating import fixed
from bot.handlers.settings import AwsKeys
from bot.handlers.slack_ingress import SlackIngress
from bot.handlers.sqs_sender import SqsSender
from tests.bench.timing import percentile
from tests.lambda_slack import PATH, SECRET, delivered, mention

_RATE, _FOR_S = 1_000, 60
_STALL_S = 2.0
_NAME = re.compile(rb'"MessageDeduplicationId": "([0-9a-f]{64})"')
_PREFIX = "slack/delivery/"


@dataclass
class _Seen:
    """What came of the deliveries."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    took: list[tuple[float, float, int, str]] = field(default_factory=list)
    """(due at, seconds until the answer, status, event id) of each."""


class _Doors:
    """Processes of the ingress, of which each serves one delivery at a time."""

    def __init__(self, url: str, seen: _Seen) -> None:
        self._url = url
        self._seen = seen
        self._free: queue.SimpleQueue[queue.SimpleQueue[tuple[float, str] | None]] = (
            queue.SimpleQueue()
        )
        self.made: list[queue.SimpleQueue[tuple[float, str] | None]] = []

    def serve(self, due: float, event_id: str) -> None:
        """Hand one delivery to a free door, or to a new one."""
        try:
            door = self._free.get_nowait()
        except queue.Empty:
            door = queue.SimpleQueue()
            self.made.append(door)
            threading.Thread(target=self._run, args=(door,), daemon=True).start()
        door.put((due, event_id))

    def _run(self, door: "queue.SimpleQueue[tuple[float, str] | None]") -> None:
        keys = AwsKeys("AKIDEXAMPLE", "not-a-secret", "not-a-token")
        sender = SqsSender(self._url, "us-east-1", keys, time.time)
        ingress = SlackIngress(fixed(SECRET), PATH, sender, time.time, lambda _: None)
        while (asked := door.get()) is not None:
            due, event_id = asked
            body = mention(event_id, ts=f"{event_id[2:]}.000100", blocks="x" * 1_500)
            event = delivered(body, stamp=str(int(time.time())))
            status = ingress.receive(event)["statusCode"]
            took = time.perf_counter() - due
            with self._seen.lock:
                self._seen.took.append((due, took, status, event_id))
            self._free.put(door)
        sender.close()


def run() -> Iterator[str]:
    """The rate for a minute, and one stall in the middle of it."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.burst"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as sink:
        assert sink.stdout is not None
        assert sink.stdin is not None
        port = int(sink.stdout.readline())
        seen = _Seen()
        doors = _Doors(f"http://127.0.0.1:{port}/111111111111/assist.fifo", seen)
        stalled = _offered(doors, sink)
        while len(seen.took) < _RATE * _FOR_S:
            time.sleep(0.05)
        for door in doors.made:
            door.put(None)
        sink.stdin.close()
        kept = set(sink.stdout.read().split())
    yield from _told(seen, stalled, kept, len(doors.made))


def _offered(doors: _Doors, sink: "subprocess.Popen[bytes]") -> float:
    """Deliveries at their times; when the queue was stalled."""
    began, stalled = time.perf_counter() + 0.1, 0.0
    for number in range(_RATE * _FOR_S):
        due = began + number / _RATE
        if number == _RATE * _FOR_S // 2:
            stalled = due
            sink.send_signal(signal.SIGUSR1)
        time.sleep(max(0.0, due - time.perf_counter()))
        doors.serve(due, f"Ev{1_795_000_000 + number}")
    return stalled


def _told(seen: _Seen, stalled: float, kept: set[bytes], doors: int) -> Iterator[str]:
    ok = [row for row in seen.took if row[2] == 200]
    false = [row for row in ok if _name(row[3]) not in kept]
    during = [r[1] for r in seen.took if stalled - 0.1 <= r[0] <= stalled + _STALL_S + 0.5]
    rest = [r[1] for r in seen.took if not stalled - 0.1 <= r[0] <= stalled + _STALL_S + 0.5]
    yield (
        f"{len(seen.took):,} signed deliveries at {_RATE:,}/s, {doors:,} doors: "
        f"{len(ok):,} answered 200, {len(seen.took) - len(ok):,} otherwise, "
        f"{len(false)} of the 200s not in the queue (goal 0)"
    )
    for name, took in (("but for the stall", rest), ("that came during the stall", during)):
        yield (
            f"  {name:<28} p50 {percentile(took, 0.5) * 1e3:7.1f} ms   "
            f"p99 {percentile(took, 0.99) * 1e3:7.1f} ms   max {max(took) * 1e3:7.1f} ms"
        )
    yield "  (goal p99 25 ms, max 2,500 ms)"


def _name(event_id: str) -> bytes:
    """What the sender makes of a delivery's id for the queue."""
    return hashlib.sha256(f"{_PREFIX}{event_id}".encode()).hexdigest().encode()


class _Queue(asyncio.Protocol):
    """As much of SQS as the sender needs."""

    open_again: asyncio.Event
    kept: ClassVar[list[bytes]] = []

    def __init__(self) -> None:
        self._came = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._came += data
        head, end, body = self._came.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if not end or length is None or len(body) < int(length[1]):
            return
        self._came = b""
        named = _NAME.search(body)
        assert named is not None
        self.kept.append(named[1])
        if self.open_again.is_set():
            self._answer()
        else:
            waiting = asyncio.ensure_future(self.open_again.wait())
            waiting.add_done_callback(lambda _: self._answer())

    def _answer(self) -> None:
        assert self._transport is not None
        said = b'{"MessageId": "1"}'
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said)
        )


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    _Queue.open_again = asyncio.Event()
    _Queue.open_again.set()

    def stall() -> None:
        _Queue.open_again.clear()
        loop.call_later(_STALL_S, _Queue.open_again.set)

    loop.add_signal_handler(signal.SIGUSR1, stall)
    server = await loop.create_server(_Queue, "127.0.0.1", 0, backlog=4_096)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)
    sys.stdout.buffer.write(b"\n".join(_Queue.kept))


if __name__ == "__main__":
    asyncio.run(_serve())
    sys.stdout.flush()
