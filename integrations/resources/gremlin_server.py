"""The resource graph at an Apache TinkerPop Gremlin Server."""

import time
from collections.abc import Callable

from integrations.resources.gremlin_network import Endpoint, GremlinGraphs
from integrations.resources.gremlin_rows import Sizes

_SIZES = Sizes(vertices=200, edges=200)


class GremlinServerGraphs(GremlinGraphs):
    """Every tenant's graph in one graph of a Gremlin Server; as durable as that graph is.

    A TinkerGraph is in memory alone and does not undo a request that fails half way.
    """

    def __init__(
        self,
        url: str,
        source: str = "g",
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Reached at `url` (`ws://host:port/gremlin`), asked by its traversal source `source`."""
        super().__init__(Endpoint(url, source, sizes=_SIZES), clock, pause)
