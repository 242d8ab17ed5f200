"""The door of the schedule that ranks exposures ahead of those who ask for them.

By schedule, every few minutes; `{"tenants": ["acme"]}` names whose are ranked, without it
everybody's are. A tenant about whom nothing changed costs a look. What is not ranked ahead is
ranked when it is asked for: this only makes answers quicker, never other.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final, Protocol

from agent.kept_exposures import keep_all
from integrations.connect import Connections
from integrations.settings import Settings

_LEAST_S: Final = 30.0
"""Seconds without which no tenant is begun: ranking the largest takes a few."""


class Context(Protocol):
    """As much of Lambda's as is asked."""

    def get_remaining_time_in_millis(self) -> int:
        """Until the function is ended."""
        ...


@cache
def _connections() -> Connections:
    """Opened with the first event, and kept for as long as Lambda keeps the process."""
    return Connections(Settings.from_env())


def lambda_handler(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Rank what changed.

    Returns:
        `{"ranked": [tenant, ...], "failed": {tenant: why}, "left": [tenant, ...]}`. A tenant that
        fails stops no other. `left` are those for whom there was no time; for the next run those
        that are ranked by then are a look each.
    """
    named = event.get("tenants")
    connections = _connections()
    return ranked_in_time(
        connections,
        named if isinstance(named, list) else [one.id for one in connections.tenants()],
        lambda: context.get_remaining_time_in_millis() / 1000,
    )


def ranked_in_time(
    connections: Connections, tenants: list[Any], left_s: Callable[[], float]
) -> dict[str, Any]:
    """As the door; `left_s` tells how many seconds there still are."""
    left = deque(map(str, tenants))

    def in_time() -> Iterator[str]:
        while left and left_s() >= _LEAST_S:
            yield left.popleft()

    ranked, failed = keep_all(connections, in_time())
    return {"ranked": ranked, "failed": failed, "left": list(left)}
