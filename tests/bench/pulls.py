"""Pulling findings for a measurement: the real poll, a Security Hub on loopback, no pauses."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from integrations.aws import AwsSession
from integrations.connect import Connections
from integrations.findings.security_hub_poll import SecurityHubPoll
from integrations.ingest.pulling import FindingPull
from tests.loopback_http import served

_REGION = "us-east-1"


@contextmanager
def polled(
    connections: Connections, tenant: str, account: str
) -> Iterator[Callable[[list[dict[str, Any]]], object]]:
    """Gives what pulls a tenant's account, in which there are then such findings."""
    held: list[dict[str, Any]] = []
    with served(lambda _: (200, json.dumps({"Findings": held}).encode())) as url:
        session = AwsSession(
            access_key="any", secret_key="any", token=None, region=_REGION, endpoint_url=url
        )
        client = session.client("securityhub")

        def pull(findings: list[dict[str, Any]]) -> object:
            held[:] = findings
            poll = SecurityHubPoll(
                lambda: client, account, "read", clock=time.monotonic, pause=lambda _: None
            )
            return FindingPull(
                connections.systems(tenant),
                poll,
                (account, _REGION),
                connections.dead_letters(),
                connections.checkpoints(),
                time.time,
            ).run()

        yield pull
