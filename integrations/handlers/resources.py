"""The door of the resource pipeline: pushed changes, and the full sync every 15 minutes.

Pushed: EventBridge (`Config Configuration Item Change`) -> SQS -> here -> the tenants' graphs; the
event source mapping has to have `ReportBatchItemFailures`. Of an item too large for an event Config
sends a summary only, which is kept as a dead letter; the next sync brings the item.
By schedule: an event without `Records`; `{"tenants": ["acme"]}` names whose graphs are synced,
without it everybody's are, one after the other.
"""

import logging
import time
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from integrations.connect import Connections
from integrations.deadletters.port import RESOURCES
from integrations.errors import SecurityAssistError
from integrations.ingest.door import QueueDoor
from integrations.ingest.resource_sync import ResourceSync
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


def lambda_handler(event: Mapping[str, Any], _: object) -> dict[str, Any]:
    """One batch of the queue, or one scheduled sync.

    Returns:
        Of a batch, which messages are to come again; of a sync, `{"synced": {tenant: {listed,
        changed, deleted, rejected}}, "failed": {tenant: why}}`. A tenant that fails stops no other:
        its next sync goes on where this one ended.
    """
    if "Records" in event:
        return _door().take(event)
    return synced(_connections(), event.get("tenants"))


def synced(connections: Connections, tenants: object = None) -> dict[str, Any]:
    """Sync the graphs of the named tenants, or of all."""
    named = [str(one) for one in tenants] if isinstance(tenants, list) else None
    ids = [one.id for one in connections.tenants()] if named is None else named
    letters, checkpoints = connections.dead_letters(), connections.checkpoints()
    done: dict[str, dict[str, int]] = {}
    failed: dict[str, str] = {}
    for tenant_id in ids:
        try:
            summary = ResourceSync(
                connections.systems(tenant_id),
                connections.resource_listing(tenant_id),
                connections.digests(tenant_id),
                letters,
                checkpoints,
                time.time,
            ).run()
        except SecurityAssistError as error:
            _LOG.warning("the sync of a tenant's resources failed: %s", type(error).__name__)
            failed[tenant_id] = str(error)
        else:
            done[tenant_id] = {
                "listed": summary.listed,
                "changed": summary.changed,
                "deleted": summary.deleted,
                "rejected": summary.rejected,
            }
    return {"synced": done, "failed": failed}
