"""A proxy before OpenSearch that has it busy for some items, and loses answers that were given.

An item that is answered with 429 was not written: it is taken out of the request before that goes
on, and its answer put in at its place. Facts: OpenSearch's documentation of the bulk API.
"""

import http.client
import json
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from urllib.parse import urlsplit

from typing_extensions import override

from tests.loopback_http import Quiet, serving

BUSY_ITEMS, CUT = 0.10, 0.03
"""Of all items of bulk requests, and of all requests."""
_BUSY = {"status": 429, "error": {"type": "busy", "reason": "rejected execution"}}
_TIMEOUT_S = 30.0

Faults = Counter[str]


@contextmanager
def busy_and_cut(url: str, seed: int) -> Iterator[tuple[str, Faults]]:
    """Serve on 127.0.0.1 what `url` answers, with faults; gives the address and what was done."""
    rng, faults, lock = Random(seed), Faults(), threading.Lock()
    host = urlsplit(url).netloc

    class Handler(Quiet):
        @override
        def serve(self) -> None:
            body = self.sent()
            bulk = urlsplit(self.path).path == "/_bulk"
            with lock:
                busy = _drawn(body, rng) if bulk else set[int]()
                cut = self.command == "POST" and rng.random() < CUT
                faults.update({"busy items": len(busy), "cut replies": cut})
            status, kind, said = self._onward(_without(body, busy) if busy else body)
            if busy:
                said = _with_busy(said, busy)
            if cut:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.answer(status, said, kind)

        def _onward(self, body: bytes) -> tuple[int, str, bytes]:
            if not body and urlsplit(self.path).path == "/_bulk":
                return 200, "application/json", b'{"items":[]}'
            connection = http.client.HTTPConnection(host, timeout=_TIMEOUT_S)
            kind = self.headers.get("Content-Type", "application/json")
            try:
                connection.request(self.command, self.path, body, {"Content-Type": kind})
                answer = connection.getresponse()
                return answer.status, answer.headers.get("Content-Type", kind), answer.read()
            finally:
                connection.close()

    with serving(Handler) as address:
        yield address, faults


def _drawn(body: bytes, rng: Random) -> set[int]:
    """The places of the items that the cluster is too busy for."""
    return {at for at in range(body.count(b"\n") // 2) if rng.random() < BUSY_ITEMS}


def _without(body: bytes, busy: set[int]) -> bytes:
    """A bulk request of create, index and update without some of its items: two lines each."""
    lines = body.split(b"\n")
    kept = [line for at, line in enumerate(lines) if at // 2 not in busy and line]
    return b"\n".join((*kept, b"")) if kept else b""


def _with_busy(said: bytes, busy: set[int]) -> bytes:
    answer = json.loads(said)
    if "items" in answer:
        for at in sorted(busy):
            answer["items"].insert(at, {"create": _BUSY})
    return json.dumps(answer).encode()
