"""Slack's door at a rate, while its queue stops answering once: how long deliveries wait.

As on Lambda each delivery has a door of its own for as long as it takes, and one that was used
before if any is free; arrivals keep to their times whatever the answers do. Doors are threads of a
few processes here. The same is measured with a stall that is longer than a door waits, and with
doors that do nothing but send as many bytes to the queue and read its answer: what that takes is
this computer's and this program's.

`python -m tests.bench.burst queue 2` is the queue of it: it prints its port, and at the end of its
input the deduplication id of every message that it took; SIGUSR1 makes it hold back all its answers
for as many seconds. `python -m tests.bench.burst doors` is one of the processes.
"""

import asyncio
import gc
import hashlib
import json
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, ClassVar, NamedTuple
from urllib.parse import urlsplit

from bot.handlers.rotating import fixed
from bot.handlers.settings import AwsKeys
from bot.handlers.slack_ingress import SlackIngress
from bot.handlers.sqs_sender import SqsSender
from tests.bench.timing import percentile
from tests.lambda_slack import PATH, SECRET, delivered, mention

_PROCESSES = 2
_FIRST = 1_795_000_000
_NAME = re.compile(rb'"MessageDeduplicationId": "([0-9a-f]{64})"')
_PREFIX = "slack/delivery/"
_OURS, _BARE = "ours", "bare"

Door = Callable[[dict[str, Any]], int]
"""From a delivery to the status that is answered."""


class _Load(NamedTuple):
    """What is offered, and in the middle a queue that does not answer."""

    what: str
    kind: str
    """Of doors."""
    rate: int
    """A second."""
    for_s: int
    stall_s: float


_LOADS = (
    _Load("signed deliveries", _OURS, 1_000, 60, 2.0),
    _Load("signed deliveries, a stall longer than is waited", _OURS, 200, 20, 4.0),
    _Load("requests without a door", _BARE, 1_000, 20, 2.0),
)


class _Row(NamedTuple):
    """What came of a delivery."""

    number: int
    due: float
    took: float
    """Seconds from the time it was due until its answer."""
    status: int


class _Doors:
    """Doors of one process, of which each serves one delivery at a time."""

    def __init__(self, make: Callable[[], Door]) -> None:
        self._make = make
        self._free: list[queue.SimpleQueue[tuple[int, float, dict[str, Any]]]] = []
        self.made = 0
        self.rows: list[_Row] = []

    def serve(self, number: int, due: float, event: dict[str, Any]) -> None:
        """Hand one delivery to the door that was free last, or to a new one."""
        try:
            door = self._free.pop()
        except IndexError:
            door = queue.SimpleQueue()
            self.made += 1
            threading.Thread(target=self._run, args=(door,), daemon=True).start()
        door.put((number, due, event))

    def _run(self, mine: "queue.SimpleQueue[tuple[int, float, dict[str, Any]]]") -> None:
        door = self._make()
        while True:
            number, due, event = mine.get()
            status = door(event)
            self.rows.append(_Row(number, due, time.perf_counter() - due, status))
            self._free.append(mine)


def _ours(url: str) -> Door:
    keys = AwsKeys("AKIDEXAMPLE", "not-a-secret", "not-a-token")
    sender = SqsSender(url, "us-east-1", keys, time.time)
    ingress = SlackIngress(fixed(SECRET), PATH, sender, time.time, lambda _: None)
    return lambda event: int(ingress.receive(event)["statusCode"])


def _bare(url: str) -> Door:
    """As many bytes to the queue as ours, and its answer; nothing of the event is looked at."""
    told = urlsplit(url)
    wire = socket.create_connection((told.hostname, told.port), 10)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(event: dict[str, Any]) -> int:
        named = b'{"MessageDeduplicationId": "%s", ' % _name(int(event["requestContext"]["number"]))
        body = named + b"x" * 2_900
        wire.sendall(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        return 200 if wire.recv(1_000).startswith(b"HTTP/1.1 200 ") else 0

    return send


def _share(share: int, url: str, kind: str, began: float, rate: int, for_s: int) -> None:
    """One process: every so many-th delivery at its time, and what came of them, in JSON."""
    doors = _Doors(lambda: (_ours if kind == _OURS else _bare)(url))
    mine = range(share, rate * for_s, _PROCESSES)
    gc.freeze()
    for number in mine:
        due = began + number / rate
        body = mention(f"Ev{_FIRST + number}", ts=f"{_FIRST + number}.000100", blocks="x" * 1_500)
        event = delivered(body, stamp=str(int(time.time())))
        event["requestContext"]["number"] = number
        time.sleep(max(0.0, due - time.perf_counter()))
        doors.serve(number, due, event)
    while len(doors.rows) < len(mine):
        time.sleep(0.05)
    json.dump({"doors": doors.made, "rows": doors.rows}, sys.stdout)
    sys.stdout.flush()


def run() -> Iterator[str]:
    """Each of the loads, one after the other."""
    for load in _LOADS:
        yield from _told(load, *_offered(load))
    yield "(goal p99 25 ms but for the stall, max 2,500 ms, no false 200)"


def _offered(load: _Load) -> tuple[list[_Row], float, set[bytes], int]:
    """What came of each, when the queue was stalled, what it has, and how many doors there were."""
    with ExitStack() as stack:

        def started(*arguments: str) -> "subprocess.Popen[bytes]":
            command = [sys.executable, "-m", "tests.bench.burst", *arguments]
            pipe = subprocess.PIPE
            return stack.enter_context(subprocess.Popen(command, stdin=pipe, stdout=pipe))

        sink = started("queue", str(load.stall_s))
        assert sink.stdout is not None
        assert sink.stdin is not None
        url = f"http://127.0.0.1:{int(sink.stdout.readline())}/111111111111/assist.fifo"
        began = time.perf_counter() + 3
        told_to_all = (url, load.kind, str(began), str(load.rate), str(load.for_s))
        shares = [started("doors", str(share), *told_to_all) for share in range(_PROCESSES)]
        stalled = began + load.for_s / 2
        time.sleep(stalled - time.perf_counter())
        sink.send_signal(signal.SIGUSR1)
        told = [json.loads(share.communicate()[0]) for share in shares]
        kept = set(sink.communicate()[0].split())
    rows = [_Row(*row) for one in told for row in one["rows"]]
    return rows, stalled, kept, sum(one["doors"] for one in told)


def _told(
    load: _Load, rows: list[_Row], stalled: float, kept: set[bytes], doors: int
) -> Iterator[str]:
    ok = [row for row in rows if row.status == 200]
    false = [row for row in ok if _name(row.number) not in kept]
    yield (
        f"{len(rows):,} {load.what}, {load.rate:,}/s, {doors:,} doors: "
        f"{len(ok):,} answered 200, {len(rows) - len(ok):,} otherwise, "
        f"{len(false)} of the 200s not in the queue"
    )
    first, last = stalled - 0.1, stalled + load.stall_s + 0.5
    during = [row.took for row in rows if first <= row.due <= last]
    rest = [row.took for row in rows if not first <= row.due <= last]
    for name, took in (("but for the stall", rest), ("that came during the stall", during)):
        yield (
            f"  {name:<28} p50 {percentile(took, 0.5) * 1e3:7.1f} ms   "
            f"p99 {percentile(took, 0.99) * 1e3:7.1f} ms   max {max(took) * 1e3:7.1f} ms"
        )


def _name(number: int) -> bytes:
    """What the sender makes of a delivery's id for the queue."""
    return hashlib.sha256(f"{_PREFIX}Ev{_FIRST + number}".encode()).hexdigest().encode()


class _Queue(asyncio.Protocol):
    """As much of SQS as the sender needs."""

    stalled: ClassVar[bool] = False
    waiting: ClassVar[list["_Queue"]] = []
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
        if _Queue.stalled:
            self.waiting.append(self)
        else:
            self.answer()

    def answer(self) -> None:
        assert self._transport is not None
        if self._transport.is_closing():
            return  # whose door had waited long enough
        said = b'{"MessageId": "1"}'
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said)
        )


async def _serve(stall_s: float) -> None:
    loop = asyncio.get_running_loop()

    def stall() -> None:
        _Queue.stalled = True
        loop.call_later(stall_s, go_on)

    def go_on() -> None:
        _Queue.stalled = False
        for one in _Queue.waiting:
            one.answer()
        _Queue.waiting.clear()

    loop.add_signal_handler(signal.SIGUSR1, stall)
    server = await loop.create_server(_Queue, "127.0.0.1", 0, backlog=4_096)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)
    sys.stdout.buffer.write(b"\n".join(_Queue.kept))


def _main(what: str, *told: str) -> None:
    if what == "queue":
        asyncio.run(_serve(float(told[0])))
        sys.stdout.flush()
    else:
        share, url, kind, began, rate, for_s = told
        _share(int(share), url, kind, float(began), int(rate), int(for_s))


if __name__ == "__main__":
    _main(*sys.argv[1:])
