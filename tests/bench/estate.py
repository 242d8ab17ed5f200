"""A million findings over fifty tenants, made from the demo's own: built once in a run."""

import atexit
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from infra.local.fill import fill
from integrations.connect import Connections
from integrations.findings.port import Filter
from integrations.settings import Settings
from integrations.tenants.port import Environment, Tenant

TENANTS = 50
FINDINGS = 1_000_000
_BATCH = 2_000
_ANY = Filter(states=frozenset())
_DAY_MS = 86_400_000
_RESOURCES = 3_000
"""Of each tenant that its copied findings are about."""


@lru_cache(maxsize=1)
def folder() -> Path:
    """Where the stores are; removed at the end."""
    made = Path(tempfile.mkdtemp(prefix="assist-bench-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


@lru_cache(maxsize=1)
def million() -> Connections:
    """Stores of the demo's tenants and 47 more, 20,000 findings each."""
    connections = Connections(Settings(state=folder()))
    atexit.register(connections.close)
    fill(connections, folder() / "sources", datetime.fromtimestamp(time.time(), tz=UTC))
    demo = [tenant.id for tenant in connections.tenants()]
    patterns = _patterns(connections, demo)
    each = FINDINGS // TENANTS
    for number in range(TENANTS):
        tenant_id = demo[number] if number < len(demo) else f"tenant-{number:02}"
        if number >= len(demo):
            account = f"{700_000_000_000 + number}"
            connections.directory.put(
                Tenant(
                    id=tenant_id,
                    name=tenant_id,
                    accounts=(account,),
                    environment=Environment.PRODUCTION,
                )
            )
        store = connections.systems(tenant_id).findings
        have = len(store.search(_ANY, limit=each)) if number < len(demo) else 0
        copies = _copies(patterns, number, each - have)
        while batch := list(islice(copies, _BATCH)):
            store.upsert(batch)
    return connections


def _patterns(connections: Connections, demo: list[str]) -> list[dict[str, Any]]:
    """Events of the demo, of every source, in every state."""
    found = []
    for tenant_id in demo:
        store = connections.systems(tenant_id).findings
        some = store.search(_ANY, limit=10_000)[::7]
        found += [dict(store.get(finding.uid).event) for finding in some]
    return found


def _copies(patterns: list[dict[str, Any]], number: int, count: int) -> Iterator[bytes]:
    """Findings like the patterns, each with an identity, a resource and times of its own."""
    chance = random.Random(number)
    for serial in range(count):
        event = patterns[chance.randrange(len(patterns))]
        info = dict(event["finding_info"])
        info["uid"] = f"{info['uid']}/{number}/{serial}"
        shift = chance.randrange(60 * _DAY_MS)
        for key in ("created_time", "first_seen_time"):
            if key in info:
                info[key] -= shift
        copy = {**event, "finding_info": info}
        if event.get("resources"):
            first, *others = event["resources"]
            own = f"{first['uid']}-{chance.randrange(_RESOURCES)}"
            copy["resources"] = [{**first, "uid": own}, *others]
        yield orjson.dumps(copy)
