"""The door of the findings pipeline: EventBridge -> SQS -> here -> the tenants' stores, and polls.

Events are Security Hub's (`Security Hub Findings - Imported`, `Findings Imported V2`), GuardDuty's
and Inspector's. The event source mapping has to have `ReportBatchItemFailures`.
By schedule: an event without `Records`; then Security Hub is asked what the events left out, and
once a day all that it has (`ingest/pulling.py`), in every account of `{"tenants": ["acme"]}`, or of
all tenants, in the Region of the process. One that is cut off goes on with the next.
By another schedule: `{"closed_days": 400}` deletes what has not been open for so many days.
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from math import inf
from typing import Any, Final, Protocol

from integrations.connect import Connections
from integrations.errors import InvalidSettingError, SecurityAssistError, words_of
from integrations.ingest.door import QueueDoor
from integrations.ingest.pulling import FindingPull, checkpoint_of, last_pulled
from integrations.ingest.turns import note_failure, waiting_since
from integrations.settings import Settings

_LOG: Final = logging.getLogger(__name__)
_LEAST_S: Final = 60.0
"""Seconds without which no account is begun; one that is cut off goes on from its last page."""


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


class Context(Protocol):
    """As much of Lambda's as is asked."""

    def get_remaining_time_in_millis(self) -> int:
        """Until the function is ended."""
        ...


def lambda_handler(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """One batch of the queue, one scheduled poll, or what a schedule has deleted.

    Returns:
        Of a batch, which messages are to come again; of a poll, `{"pulled": {"tenant account":
        {added, updated, rejected}}, "failed": {"tenant account": why}, "left": ["tenant account",
        ...]}`. `left` are those for whom there was no time; the next poll begins with them. Of
        what was deleted `{"expired": how many}`.

    Raises:
        InvalidSettingError: `closed_days` is no number of days.
    """
    if "Records" in event:
        return _door().take(event)
    if "closed_days" in event:
        return expired(_connections(), event["closed_days"], datetime.now(UTC))
    return pulled(
        _connections(),
        event.get("tenants"),
        left_s=lambda: context.get_remaining_time_in_millis() / 1000,
    )


def pulled(
    connections: Connections, tenants: object = None, *, left_s: Callable[[], float] = lambda: inf
) -> dict[str, Any]:
    """Poll the accounts of the named tenants, or of all, those first that have waited longest.

    An account that fails stops no other, and waits its turn again. `left_s` tells how many seconds
    there still are.

    Raises:
        InvalidSettingError: nobody gave access to the tenants' accounts.
        UnavailableError: the tables do not answer.
    """
    region = connections.region()
    letters, checkpoints = connections.dead_letters(), connections.checkpoints()
    done: dict[str, dict[str, int]] = {}
    places, failed = _places(connections, tenants)

    def waiting(tenant_id: str, account: str) -> float:
        place = (account, region)
        done_up_to = last_pulled(checkpoints, tenant_id, place)
        return waiting_since(checkpoints, checkpoint_of(tenant_id, place), done_up_to)

    places.sort(key=lambda one: waiting(*one))
    for at, (tenant_id, account) in enumerate(places):
        if left_s() < _LEAST_S:
            left = [" ".join(one) for one in places[at:]]
            return {"pulled": done, "failed": failed, "left": left}
        try:
            told = FindingPull(
                connections.systems(tenant_id),
                connections.finding_poll(tenant_id)(account, region),
                (account, region),
                letters,
                checkpoints,
                time.time,
            ).run()
        except Exception as error:  # noqa: BLE001 - a door: one that breaks us must stop no other
            failed[f"{tenant_id} {account}"] = _failed(error)
            note_failure(checkpoints, checkpoint_of(tenant_id, (account, region)), time.time())
        else:
            done[f"{tenant_id} {account}"] = {
                "added": told.added, "updated": told.updated, "rejected": told.rejected,
            }  # fmt: skip
    return {"pulled": done, "failed": failed, "left": []}


def expired(connections: Connections, days: object, now: datetime) -> dict[str, Any]:
    """Delete what has not been open for so many days; an open finding stays, however old it is.

    Raises:
        InvalidSettingError: `days` is no whole number of days, or less than one.
        UnavailableError: some are there still; the same call may be made again.
    """
    if not isinstance(days, int) or days < 1:
        raise InvalidSettingError(f"closed_days is a number of days, at least 1, not {days!r}")
    return {"expired": connections.expire_findings(now - timedelta(days=days))}


def _places(
    connections: Connections, tenants: object
) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """(tenant, account) of each account to poll, and why a named tenant has none."""
    if not isinstance(tenants, list):
        return [(one.id, account) for one in connections.tenants() for account in one.accounts], {}
    places: list[tuple[str, str]] = []
    failed: dict[str, str] = {}
    for name in map(str, tenants):
        try:
            places += [(name, account) for account in connections.directory.get(name).accounts]
        except SecurityAssistError as error:
            failed[name] = _failed(error)
    return places, failed


def _failed(error: Exception) -> str:
    _LOG.warning("a poll of a tenant's findings failed: %s", type(error).__name__)
    return words_of(error)
