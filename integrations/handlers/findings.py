"""The door of the findings pipeline: EventBridge -> SQS -> here -> the tenants' stores, and polls.

Events are Security Hub's (`Security Hub Findings - Imported`, `Findings Imported V2`), GuardDuty's
and Inspector's. The event source mapping has to have `ReportBatchItemFailures`.
By schedule: an event without `Records`; then Security Hub is asked what the events left out, and
once a day all that it has (`ingest/pulling.py`), in every account of `{"tenants": ["acme"]}`, or of
all tenants, in the Region of the process. One that is cut off goes on with the next.
"""

import logging
import time
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from integrations.connect import Connections
from integrations.errors import SecurityAssistError
from integrations.ingest.door import QueueDoor
from integrations.ingest.pulling import FindingPull
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
    )


def lambda_handler(event: Mapping[str, Any], _: object) -> dict[str, Any]:
    """One batch of the queue, or one scheduled poll.

    Returns:
        Of a batch, which messages are to come again; of a poll, `{"pulled": {"tenant account":
        {added, updated, rejected}}, "failed": {"tenant account": why}}`.
    """
    if "Records" in event:
        return _door().take(event)
    return pulled(_connections(), event.get("tenants"))


def pulled(connections: Connections, tenants: object = None) -> dict[str, Any]:
    """Poll the accounts of the named tenants, or of all; an account that fails stops no other."""
    named = [str(one) for one in tenants] if isinstance(tenants, list) else None
    ids = [one.id for one in connections.tenants()] if named is None else named
    letters, checkpoints = connections.dead_letters(), connections.checkpoints()
    done: dict[str, dict[str, int]] = {}
    failed: dict[str, str] = {}
    for tenant_id in ids:
        try:
            systems, poll = connections.systems(tenant_id), connections.finding_poll(tenant_id)
            region = connections.region()
        except SecurityAssistError as error:
            failed[tenant_id] = _failed(error)
            continue
        for account in systems.tenant.accounts:
            place = f"{tenant_id} {account}"
            try:
                told = FindingPull(
                    systems, poll(account, region), (account, region), letters, checkpoints,
                    time.time,
                ).run()  # fmt: skip
            except SecurityAssistError as error:
                failed[place] = _failed(error)
            else:
                done[place] = {
                    "added": told.added, "updated": told.updated, "rejected": told.rejected,
                }  # fmt: skip
    return {"pulled": done, "failed": failed}


def _failed(error: SecurityAssistError) -> str:
    _LOG.warning("a poll of a tenant's findings failed: %s", type(error).__name__)
    return str(error)
