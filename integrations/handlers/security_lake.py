"""The door of a Security Lake subscriber: S3's notifications -> SQS -> here -> the tenants' stores.

Needs the extra `security-lake`. The event source mapping has to have `ReportBatchItemFailures`, and
a batch of few messages: each names an object of up to hundreds of thousands of events.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from integrations.connect import Connections
from integrations.errors import RejectedRecordError
from integrations.ingest.door import Opener, QueueDoor
from integrations.ingest.notifications import named_in
from integrations.ingest.records import RawRecord, Reject, reject, unfit
from integrations.settings import Settings

Events = Callable[[str, str], Iterator[bytes]]
"""The events of an object, by bucket and key."""


def opener(events: Events) -> Opener:
    """What is in the objects that a message names; what is no notification is rejected."""

    def opened(source: str, number: int, body: bytes) -> Iterator[RawRecord | Reject]:
        message = RawRecord(source, number, None, body)
        try:
            for bucket, key in named_in(body):
                for index, event in enumerate(events(bucket, key)):
                    record = RawRecord(f"s3://{bucket}/{key}", number, index, event)
                    reason = unfit(event)
                    yield record if reason is None else reject(record, reason)
        except RejectedRecordError as error:
            yield reject(message, str(error))

    return opened


@cache
def _door() -> QueueDoor:
    """Opened with the first batch, and kept for as long as Lambda keeps the process."""
    connections = Connections(Settings.from_env())
    return QueueDoor(
        connections.directory.owner_of,
        connections.systems,
        connections.dead_letters(),
        time.time,
        opener(connections.lake_events()),
    )


def lambda_handler(event: Mapping[str, Any], _: object) -> dict[str, list[dict[str, str]]]:
    """One batch of the queue; answers which messages are to come again."""
    return _door().take(event)
