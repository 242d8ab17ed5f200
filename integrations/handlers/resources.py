"""The door of the resource pipeline: pushed changes, and the full sync every 15 minutes.

Pushed: EventBridge (`Config Configuration Item Change`) -> SQS -> here -> the tenants' graphs; the
event source mapping has to have `ReportBatchItemFailures`. Of an item too large for an event Config
sends a summary only, which is kept as a dead letter; the next sync brings the item.
By schedule: an event without `Records`; `{"tenants": ["acme"]}` names whose graphs are synced,
without it everybody's are, one after the other.
"""

import logging
import time
from collections.abc import Callable, Mapping
from functools import cache
from math import inf
from typing import Any, Final, Protocol

from integrations.connect import Connections
from integrations.deadletters.port import RESOURCES
from integrations.errors import words_of
from integrations.ingest.door import QueueDoor
from integrations.ingest.resource_sync import STORING_S, ResourceSync, checkpoint_of, last_stored
from integrations.ingest.turns import note_failure, waiting_since
from integrations.settings import Settings

_LOG: Final = logging.getLogger(__name__)


@cache
def _connections() -> Connections:
    """Opened with the first event, and kept for as long as Lambda keeps the process."""
    return Connections(Settings.from_env())


@cache
def _door() -> QueueDoor:
    connections = _connections()
    return QueueDoor(
        connections.directory.owner_of,
        connections.systems,
        connections.dead_letters(),
        time.time,
        pipeline=RESOURCES,
    )


class Context(Protocol):
    """As much of Lambda's as is asked."""

    def get_remaining_time_in_millis(self) -> int:
        """Until the function is ended."""
        ...


def lambda_handler(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """One batch of the queue, or one scheduled sync.

    Returns:
        Of a batch, which messages are to come again; of a sync, `{"synced": {tenant: {listed,
        changed, deleted, rejected}}, "failed": {tenant: why}, "left": [tenant, ...]}`. A tenant
        that fails stops no other: its next sync goes on where this one ended. `left` are those for
        whom there was no time; the next run begins with them.
    """
    if "Records" in event:
        return _door().take(event)
    return synced(
        _connections(),
        event.get("tenants"),
        left_s=lambda: context.get_remaining_time_in_millis() / 1000,
    )


def synced(
    connections: Connections, tenants: object = None, *, left_s: Callable[[], float] = lambda: inf
) -> dict[str, Any]:
    """Sync the graphs of the named tenants, or of all, those first that have waited longest.

    A sync that was cut off goes on before all others; one that fails waits its turn again.
    `left_s` tells how many seconds there still are.
    """
    named = [str(one) for one in tenants] if isinstance(tenants, list) else None
    ids = [one.id for one in connections.tenants()] if named is None else named
    letters, checkpoints = connections.dead_letters(), connections.checkpoints()

    def since(tenant_id: str) -> float:
        stored = last_stored(checkpoints, tenant_id)
        return waiting_since(checkpoints, checkpoint_of(tenant_id), stored)

    waiting = sorted(ids, key=since)
    done: dict[str, dict[str, int]] = {}
    failed: dict[str, str] = {}
    for at, tenant_id in enumerate(waiting):
        if left_s() < STORING_S:
            return {"synced": done, "failed": failed, "left": waiting[at:]}
        try:
            summary = ResourceSync(
                connections.systems(tenant_id),
                connections.resource_listing(tenant_id),
                connections.digests(tenant_id),
                letters,
                checkpoints,
                time.time,
            ).run(left_s=left_s)
        except Exception as error:  # noqa: BLE001 - a door: one that breaks us must stop no other
            _LOG.warning("the sync of a tenant's resources failed: %s", type(error).__name__)
            failed[tenant_id] = words_of(error)
            note_failure(checkpoints, checkpoint_of(tenant_id), time.time())
        else:
            done[tenant_id] = {
                "listed": summary.listed,
                "changed": summary.changed,
                "deleted": summary.deleted,
                "rejected": summary.rejected,
            }
            if summary.cut_off:
                return {"synced": done, "failed": failed, "left": waiting[at:]}
    return {"synced": done, "failed": failed, "left": []}
