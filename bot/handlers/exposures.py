"""The door of the schedule that ranks exposures ahead of those who ask for them.

By schedule, every few minutes; `{"tenants": ["acme"]}` names whose are ranked, without it
everybody's are. A tenant about whom nothing changed costs a look. What is not ranked ahead is
ranked when it is asked for: this only makes answers quicker, never other.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from agent.kept_exposures import keep_all
from integrations.connect import Connections
from integrations.settings import Settings


@cache
def _connections() -> Connections:
    """Opened with the first event, and kept for as long as Lambda keeps the process."""
    return Connections(Settings.from_env())


def lambda_handler(event: Mapping[str, Any], _: object) -> dict[str, Any]:
    """Rank what changed.

    Returns:
        `{"ranked": [tenant, ...], "failed": {tenant: why}}`. A tenant that fails stops no other.
    """
    named = event.get("tenants")
    connections = _connections()
    ids = named if isinstance(named, list) else [one.id for one in connections.tenants()]
    ranked, failed = keep_all(connections, map(str, ids))
    return {"ranked": ranked, "failed": failed}
