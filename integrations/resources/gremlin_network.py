"""The resource graph at an engine over the network: connections, trying again, one writer.

What differs from the embedded engine, and the port says so: a change is several requests, so one
that is cut off is half there until the same change is applied again, which completes it; and what
is asked meanwhile may be answered from the middle of it.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from gremlin_python.driver.remote_connection import RemoteConnection, RemoteTraversal
from gremlin_python.process.traversal import Bytecode
from typing_extensions import override

from integrations.errors import UnavailableError
from integrations.resources.gremlin import GremlinResourceGraph
from integrations.resources.gremlin_lease import GremlinLease
from integrations.resources.gremlin_rows import Sizes
from integrations.resources.gremlin_wire import ANSWER_S, LostError, RefusedError, SlowError, Wire
from integrations.resources.port import GraphChange, GraphSummary

ATTEMPTS = 7
"""Of one request that met another one, a busy engine or a lost connection: 6 s of waiting."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 3.2
IDLE_S = 240.0
"""After so long without a request a connection is made anew: what lies between may have forgotten
it without a word (after 350 s at the earliest: "Connection tracking" in the EC2 user guide), and
who asks over it then waits for an answer that cannot come. Neptune itself closes after 20 min.
"""
_DEMOTED = "ReadOnlyViolationException"
"""The instance writes no more; Neptune says to connect again and to retry ("Recommendations for
using Gremlin write-requests in Lambda")."""
_AGAIN = (
    "ConcurrentModificationException",
    "ThrottlingException",
    "TooManyRequestsException",
    "MemoryLimitExceededException",
    "QueryLimitExceededException",
    "ConstraintViolationException",
    "id already exists",
)
"""Neptune's errors that it says to try again after ("Graph Engine Error Messages and Codes"), and
those of two requests that add one vertex at once: the second time it is there.

TinkerGraph answers with Java's `ConcurrentModificationException` where two requests meet.
"""


Summaries = dict[str, tuple[str, GraphSummary]]
"""Of each tenant the last summary, and of which version of the graph it is."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an engine is and how it is spoken to."""

    url: str
    """`ws://` or `wss://`, with the path."""
    source: str = "g"
    """The traversal source's name; Neptune knows `g` alone."""
    headers: Callable[[], Mapping[str, str]] = dict
    """Of a handshake: asked for with every connection, because signatures grow old."""
    answer_s: float = ANSWER_S
    sizes: Sizes = field(default_factory=Sizes)
    """How much one request may write."""


class GremlinGraphs:
    """Every tenant's graph at one engine; what sets tenants apart is the prefix of their ids.

    May be used from several threads.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Reached at `endpoint`; connected when the first question is asked."""
        self._connection = GremlinConnection(endpoint, pause, clock)
        self._sizes = endpoint.sizes
        self._clock = clock
        self._pause = pause
        self._summaries: Summaries = {}

    def of(self, tenant_id: str) -> GremlinResourceGraph:
        """One tenant's graph."""
        lease = GremlinLease(self._connection, tenant_id, self._clock, self._pause)
        return NetworkResourceGraph(
            self._connection, tenant_id, self._sizes, lease, self._summaries
        )

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()


class NetworkResourceGraph(GremlinResourceGraph):
    """One tenant's graph at an engine; of several that write it, one after another does."""

    def __init__(
        self,
        connection: RemoteConnection,
        tenant: str,
        sizes: Sizes,
        lease: GremlinLease,
        summaries: Summaries,
    ) -> None:
        """Asked over `connection`, written while `lease` is held; keeps what is in `summaries`."""
        super().__init__(connection, tenant, sizes)
        self._summaries = summaries
        self._lease = lease
        self._of, self._sizes = tenant, sizes

    @override
    def apply(self, change: GraphChange) -> GraphSummary:
        with self._lease.held() as leased:
            return GremlinResourceGraph(leased, self._of, self._sizes).apply(change)

    @override
    def forget(self) -> int:
        with self._lease.held() as leased:
            return GremlinResourceGraph(leased, self._of, self._sizes).forget()

    @override
    def summary(self) -> GraphSummary:
        # Every answer says how fresh the graph is, and counting 100,000 resources takes seconds.
        version = self.version()
        known = self._summaries.get(self._of)
        if version and known and known[0] == version:
            return known[1]
        found = super().summary()
        if version and self.version() == version:
            self._summaries[self._of] = version, found
        return found


class GremlinConnection(RemoteConnection):  # type: ignore[misc] # gremlinpython has no types
    """What gremlinpython sends to: as many websockets as threads ask at once.

    A request that may be tried again is tried again. All that this project asks for and writes may:
    whatever was run twice leaves what running it once does.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Connect when the first question is asked.

        `pause` waits so many seconds; `clock` tells them, from whenever, and goes on while the
        process is held still.
        """
        super().__init__(endpoint.url, endpoint.source)
        self._endpoint = endpoint
        self._pause = pause
        self._clock = clock
        self._idle: list[tuple[float, Wire]] = []
        """Since when, the latest at the end."""
        self._lock = threading.Lock()
        self._closed = False

    def submit(self, bytecode: Bytecode) -> RemoteTraversal:
        """Run a traversal to its end.

        Raises:
            UnavailableError: the engine is not reached, refused it, or took too long.
        """
        return RemoteTraversal(iter(self._tried(bytecode)))

    def _tried(self, bytecode: Bytecode) -> list[Any]:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self._wire() as wire:
                    return wire.ask(bytecode)
            except RefusedError as error:
                why = f"the graph refused a question: {_named(error)}"
                again = _busy(error) or _DEMOTED in error.said
                cause: Exception = error
            except LostError as error:
                why = f"the graph at {self._endpoint.url} is not reached: {error}"
                again = True
                cause = error
            except SlowError as error:
                raise UnavailableError(f"the graph took too long: {error}") from error
            if not again or attempt == ATTEMPTS:
                raise UnavailableError(why) from cause
            longest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** (attempt - 1))
            # Of those that met, not all come back at the same moment.
            self._pause(longest * random.uniform(0.5, 1.0))  # noqa: S311 - not a secret
        raise AssertionError

    @contextmanager
    def _wire(self) -> Iterator[Wire]:
        """A websocket that nobody else uses meanwhile; one that failed is not used again."""
        wire = self._idle_wire()
        if wire is None:
            at = self._endpoint
            wire = Wire(at.url, at.source, at.headers(), at.answer_s)
        try:
            yield wire
        except RefusedError as error:
            if _DEMOTED in error.said:
                self._let_go(wire)
            else:
                self._put_back(wire)
            raise
        except LostError:
            self._let_go(wire)
            raise
        except BaseException:
            wire.close()
            raise
        self._put_back(wire)

    def _idle_wire(self) -> Wire | None:
        """The one that was used last, if that is not too long ago: then none of them is good."""
        with self._lock:
            if self._closed:
                raise UnavailableError("the graph's connections are closed")
            since, wire = self._idle.pop() if self._idle else (0.0, None)
        if wire is not None and not 0 <= self._clock() - since < IDLE_S:
            self._let_go(wire)
            return None
        return wire

    def _put_back(self, wire: Wire) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append((self._clock(), wire))
                return
        wire.close()

    def _let_go(self, wire: Wire) -> None:
        """Close it and those that lie idle: they lead to the same instance, and are as old."""
        with self._lock:
            idle, self._idle = self._idle, []
        for one in (wire, *(other for _, other in idle)):
            one.close()

    def close(self) -> None:
        """Close what is not in use now; the rest is closed after its answer."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for _, wire in idle:
            wire.close()

    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    def is_session_bound(self) -> bool:
        """Never: every request is a transaction of its own."""
        return False

    def submit_async(self, bytecode: Bytecode) -> Any:
        """Not offered: this project is synchronous."""
        raise NotImplementedError


def _busy(error: RefusedError) -> bool:
    return any(name in error.said for name in _AGAIN)


def _named(error: RefusedError) -> str:
    """The error's name or its status: the rest of its words may hold ids and names."""
    names = [word for word in _words(error.said) if word.endswith(("Exception", "Error"))]
    return names[0] if names else f"status {error.code}"


def _words(text: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in text).split()
