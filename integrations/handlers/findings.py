"""The door of the findings pipeline: EventBridge -> SQS -> here -> the tenants' stores.

Events are Security Hub's (`Security Hub Findings - Imported`, `Findings Imported V2`), GuardDuty's
and Inspector's. The event source mapping has to have `ReportBatchItemFailures`.
"""

import time
from collections.abc import Mapping
from functools import cache
from typing import Any

from integrations.connect import Connections
from integrations.ingest.door import QueueDoor
from integrations.settings import Settings


@cache
def _door() -> QueueDoor:
    """Opened with the first batch, and kept for as long as Lambda keeps the process."""
    connections = Connections(Settings.from_env())
    return QueueDoor(
        connections.directory.owner_of,
        connections.systems,
        connections.dead_letters(),
        time.time,
    )


def lambda_handler(event: Mapping[str, Any], _: object) -> dict[str, list[dict[str, str]]]:
    """One batch of the queue; answers which messages are to come again."""
    return _door().take(event)
