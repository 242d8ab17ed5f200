"""DynamoDB and SQS of the real hub, for a folder: nobody else's tables, in this worker's account.

Nothing is wiped: the hub keeps all in memory, and a folder's name is used once.
"""

import hashlib
import time
from functools import cache
from pathlib import Path
from typing import Any

from integrations.aws import AwsSession
from integrations.dynamodb import Tables
from integrations.dynamodb_tables import Table
from tests.real_engines import engine, hub_account


@cache
def hub_client(service: str) -> Any:
    """A client with the rights of the root of this worker's own account."""
    hub = engine("hub")
    session = AwsSession(
        access_key=hub_account(),
        secret_key="any",
        token=None,
        region=str(hub["region"]),
        endpoint_url=str(hub["url"]),
    )
    return session.client(service)


def mark_of(folder: Path) -> str:
    """What names a folder's tables and queues."""
    return hashlib.sha256(str(folder).encode()).hexdigest()[:12]


def tables_of(folder: Path, *some: Table) -> Tables:
    """This folder's tables, made where they are not there; all five unless some are named."""
    tables = Tables(hub_client("dynamodb"), mark_of(folder), lambda s: time.sleep(s / 10))
    tables.prepare(*some)
    return tables
