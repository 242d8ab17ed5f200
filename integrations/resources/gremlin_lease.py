"""One writer of a tenant's graph at a time: a vertex that only one of them can add.

For engines without a transaction of many requests. An engine refuses a second vertex of an id
(Neptune: "ids must be unique"; TinkerGraph: "Vertex with id already exists"). The vertex says until
when it is held; what is over may be taken by the next one.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gremlin_python.driver.remote_connection import RemoteConnection, RemoteTraversal
from gremlin_python.process.anonymous_traversal import traversal
from gremlin_python.process.graph_traversal import __
from gremlin_python.process.traversal import Bytecode, Cardinality, P, T
from gremlin_python.statics import long

from integrations.errors import UnavailableError

LEASE_S = 60.0
"""How long a writer that is gone keeps the others waiting; one that works prolongs it."""
BUSY_S = 120.0
"""How long a writer waits for another one, as with the embedded engine."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.02, 1.0


class GremlinLease:
    """The right to write one tenant's graph."""

    def __init__(
        self,
        connection: RemoteConnection,
        tenant: str,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], None] = time.sleep,
        busy_s: float = BUSY_S,
    ) -> None:
        """Kept at the engine of `connection`; `clock` in seconds, the same for all who write."""
        self._connection = connection
        self._id = f"{tenant}|lease|writer"
        self._clock = clock
        self._pause = pause
        self._busy_s = busy_s

    @contextmanager
    def held(self) -> Iterator["LeasedConnection"]:
        """The connection of whoever writes alone from here on.

        Raises:
            UnavailableError: another one has been writing for too long.
        """
        token = uuid.uuid4().hex
        waited, wait = 0.0, _FIRST_PAUSE_S
        holding = LeasedConnection(self._connection, self._id, token, self._clock)
        while not holding.take():
            if waited > self._busy_s:
                raise UnavailableError("somebody else has been writing this graph for too long")
            self._pause(wait)
            waited += wait
            wait = min(_LONGEST_PAUSE_S, 1.5 * wait)
        try:
            yield holding
        finally:
            holding.give_back()


class LeasedConnection(RemoteConnection):  # type: ignore[misc] # gremlinpython has no types
    """A connection for as long as the lease is held; with what it runs it prolongs the lease."""

    def __init__(
        self, connection: RemoteConnection, lease_id: str, token: str, clock: Callable[[], float]
    ) -> None:
        """Over `connection`, which stays open afterwards."""
        super().__init__("leased", "g")
        self._connection = connection
        self._g = traversal().with_(connection)
        self._id = lease_id
        self._token = token
        self._clock = clock
        self._until = 0.0

    def take(self) -> bool:
        """Whether it is ours now."""
        now = self._clock()
        self._g.V(self._id).has("until", P.lt(_ms(now))).drop().to_list()
        mine = (
            __.add_v("Lease")
            .property(T.id, self._id)
            .property(Cardinality.single, "token", self._token)
            .property(Cardinality.single, "until", _ms(now + LEASE_S))
        )
        self._g.V(self._id).fold().coalesce(__.unfold(), mine).count().next()
        # Asked again: of two that added it at once TinkerGraph keeps the later one without a word.
        if self._g.V(self._id).values("token").to_list() != [self._token]:
            return False
        self._until = now + LEASE_S
        return True

    def give_back(self) -> None:
        """Let the next one write."""
        self._g.V(self._id).has("token", self._token).drop().to_list()

    def submit(self, bytecode: Bytecode) -> RemoteTraversal:
        """Run a traversal to its end.

        Raises:
            UnavailableError: the engine did not, or the lease was over and somebody else took it.
        """
        now = self._clock()
        if now > self._until - LEASE_S / 2:
            held = self._g.V(self._id).has("token", self._token)
            longer = held.property(Cardinality.single, "until", _ms(now + LEASE_S))
            if not longer.count().next():
                raise UnavailableError("this took so long that somebody else writes the graph now")
            self._until = now + LEASE_S
        return self._connection.submit(bytecode)

    def close(self) -> None:
        """Nothing of its own to close."""

    def is_closed(self) -> bool:
        """As the connection beneath."""
        return bool(self._connection.is_closed())

    def is_session_bound(self) -> bool:
        """Never."""
        return False

    def submit_async(self, bytecode: Bytecode) -> Any:
        """Not offered: this project is synchronous."""
        raise NotImplementedError


def _ms(seconds: float) -> Any:
    return long(int(seconds * 1000))
