"""What is asked of AWS, counted on the way: operations, bytes, and what DynamoDB would charge."""

import http.client
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from typing_extensions import override

from tests.loopback_http import Quiet, serving

_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem"})
_READS = frozenset({"GetItem", "Query", "BatchGetItem", "Scan"})
_PER_WRITE, _PER_READ = 1_024, 4_096
"""Bytes of a write unit, and of a strongly consistent read unit (DynamoDB Developer Guide)."""


@dataclass
class Counted:
    """What came through since the last `taken`; all threads may count."""

    calls: Counter[str] = field(default_factory=Counter)
    write_units: int = 0
    """From the bytes of the requests, which are more than the items': an upper bound."""
    read_units: int = 0
    """The same from the bytes of the answers."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, target: str, sent: bytes, came: bytes) -> None:
        """One call of `DynamoDB_20120810.PutItem`."""
        service, _, operation = target.partition(".")
        with self.lock:
            self.calls[f"{service.partition('_')[0]}.{operation}"] += 1
            if operation in _WRITES:
                self.write_units += -(-len(sent) // _PER_WRITE)
            elif operation in _READS:
                self.read_units += max(1, -(-len(came) // _PER_READ))
            elif operation == "TransactWriteItems":
                # Each item is prepared and committed: twice the units.
                items = json.loads(sent)["TransactItems"]
                self.write_units += 2 * max(len(items), -(-len(sent) // _PER_WRITE))

    def taken(self) -> "Counted":
        """What was counted; counting begins anew."""
        with self.lock:
            found = Counted(self.calls, self.write_units, self.read_units)
            self.calls, self.write_units, self.read_units = Counter(), 0, 0
        return found

    def of(self, service: str) -> int:
        """Calls of a service: `AmazonSQS`, `DynamoDB`."""
        return sum(n for name, n in self.calls.items() if name.startswith(f"{service}."))


@contextmanager
def counted(url: str) -> Iterator[tuple[str, Counted]]:
    """A loopback address that passes everything on to `url`, and what went through it."""
    found, where = Counted(), urlsplit(url)

    class Handler(Quiet):
        @override
        def serve(self) -> None:
            sent = self.sent()
            onward = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
            heads = {k: v for k, v in self.headers.items() if k.lower() != "accept-encoding"}
            onward.request(self.command, self.path, sent, heads)
            answer = onward.getresponse()
            came = answer.read()
            onward.close()
            found.add(self.headers.get("x-amz-target") or f"http.{self.command}", sent, came)
            self.answer(answer.status, came, answer.headers.get("content-type") or "text/plain")

    with serving(Handler) as own:
        yield own, found
