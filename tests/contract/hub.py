"""DynamoDB and SQS of the real hub, for a folder: nobody else's tables, in this worker's account.

Nothing is wiped: the hub keeps all in memory, and a folder's name is used once.

The one exception to real software: SQS's own clock cannot be set, so where a test's clock passes
the end of a lease, the message's visibility is ended by the call that SQS has for it.
"""

import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from typing_extensions import override

from integrations.aws import AwsSession
from integrations.checkpoints.dynamodb import DynamoCheckpoints
from integrations.conversations.dynamodb import DynamoConversationStore
from integrations.deadletters.dynamodb import DynamoDeadLetters
from integrations.dynamodb import Tables
from integrations.dynamodb_tables import (
    AUDIT,
    CONVERSATIONS,
    PIPELINES,
    REMEDIATIONS,
    TENANTS,
    WORK,
    Table,
)
from integrations.exposures.dynamodb import DynamoExposures
from integrations.remediations.dynamodb import DynamoRemediations
from integrations.tenants.dynamodb import DynamoTenantDirectory
from integrations.work.port import Lease
from integrations.work.sqs import SqsWorkQueue, make_queue
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


def hub_client_as(name: str, rights: Mapping[str, Sequence[str]]) -> Any:
    """DynamoDB's client of a user who has these rights (actions, by the ARN of a table) alone."""
    iam = hub_client("iam")
    iam.create_user(UserName=name)
    statement = [
        {
            "Effect": "Allow",
            "Action": [f"dynamodb:{action}" for action in actions],
            "Resource": [where, f"{where}/index/*"],
        }
        for where, actions in rights.items()
    ]
    policy = {"Version": "2012-10-17", "Statement": statement}
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    hub = engine("hub")
    session = AwsSession(
        access_key=key["AccessKeyId"],
        secret_key=key["SecretAccessKey"],
        token=None,
        region=str(hub["region"]),
        endpoint_url=str(hub["url"]),
    )
    return session.client("dynamodb")


def mark_of(folder: Path) -> str:
    """What names a folder's tables and queues."""
    return hashlib.sha256(str(folder).encode()).hexdigest()[:12]


def tables_of(folder: Path, *some: Table) -> Tables:
    """This folder's tables, made where they are not there; all of them unless some are named."""
    tables = Tables(hub_client("dynamodb"), mark_of(folder), lambda s: time.sleep(s / 10))
    tables.prepare(*some)
    return tables


def directory(folder: Path, _: Callable[[], float]) -> DynamoTenantDirectory:
    """This folder's control table."""
    return DynamoTenantDirectory(tables_of(folder, TENANTS))


def conversations(folder: Path, clock: Callable[[], float]) -> DynamoConversationStore:
    """This folder's conversations."""
    return DynamoConversationStore(tables_of(folder, CONVERSATIONS), clock)


def remediations(folder: Path, _: Callable[[], float]) -> DynamoRemediations:
    """This folder's requests and audits."""
    return DynamoRemediations(tables_of(folder, REMEDIATIONS, AUDIT))


def dead_letters(folder: Path, _: Callable[[], float]) -> DynamoDeadLetters:
    """This folder's dead letters."""
    return DynamoDeadLetters(tables_of(folder, PIPELINES))


def exposures(folder: Path, _: Callable[[], float]) -> DynamoExposures:
    """This folder's rankings."""
    return DynamoExposures(tables_of(folder, PIPELINES))


def checkpoints(folder: Path, _: Callable[[], float]) -> DynamoCheckpoints:
    """This folder's checkpoints."""
    return DynamoCheckpoints(tables_of(folder, PIPELINES))


_LEASES: defaultdict[str, list[tuple[float, Lease]]] = defaultdict(list)
"""By queue: when each lease ends by the test's clock."""


class SqsApart(SqsWorkQueue):
    """This folder's own queue; leases of 60 s by the test's clock, three attempts."""

    def __init__(self, folder: Path, clock: Callable[[], float], lease_s: float = 60.0) -> None:
        """Make the queue where it is not there yet."""
        client = hub_client("sqs")
        self.queue = make_queue(client, mark_of(folder), lease_s=3_600, attempts=3)
        super().__init__(
            client, self.queue, tables_of(folder, WORK), clock, lease_s=3_600, attempts=3
        )
        self._time, self._length = clock, lease_s

    @override
    def take(self, timeout_s: float) -> Lease | None:
        now, known = self._time(), _LEASES[self.queue]
        for until, lease in known:
            if until < now:
                self._show(lease, 0)
        known[:] = [one for one in known if one[0] >= now]
        lease_now = super().take(timeout_s)
        if lease_now is not None:
            known.append((now + self._length, lease_now))
        return lease_now

    @override
    def extend(self, lease: Lease) -> bool:
        extended, known = super().extend(lease), _LEASES[self.queue]
        if extended:
            until = self._time() + self._length
            known[:] = [(until if of is lease else at, of) for at, of in known]
        return extended
