"""The sync of a large tenant's graph: what it asks, what it writes, what it costs."""

import gc
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from integrations.connect import Connections
from integrations.ingest.resource_sync import ResourceSync, SyncSummary
from integrations.resources.aggregator import APART_S, PER_PAGE, ConfigAggregator
from integrations.resources.port import GraphChange, GraphSummary
from integrations.settings import Settings
from integrations.systems import Systems
from integrations.tenants.port import Tenant
from tests.fake_aggregator import FakeAggregator, row

_RESOURCES = 200_000
_CHANGED = _RESOURCES // 100
_ACCOUNT = "111122223333"
_THROTTLED = 0.2
_NOW = 1_795_600_000.0
_LATER = "2026-11-24T09:00:00.000Z"


class _Noted:
    """A graph that counts the resources of its writes."""

    def __init__(self, graph: Any) -> None:
        self.written = 0
        self.graph = graph

    def apply(self, change: GraphChange) -> GraphSummary:
        """Count, and write."""
        self.written += len(change.resources) + len(change.deleted)
        summary: GraphSummary = self.graph.apply(change)
        return summary

    def get(self, ids: Any) -> Any:
        """As the graph does."""
        return self.graph.get(ids)


class _Timed:
    """The aggregator, with the processor time that is spent on playing it."""

    def __init__(self, fake: FakeAggregator) -> None:
        self.spent = 0.0
        self._fake = fake

    def select_aggregate_resource_config(self, **asked: Any) -> dict[str, Any]:
        """Some results, as the fake gives them."""
        began = time.process_time()
        try:
            return self._fake.select_aggregate_resource_config(**asked)
        finally:
            self.spent += time.process_time() - began


class _Waiting:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        """Wait."""
        self.now += seconds


def run() -> Iterator[str]:
    """A first sync, one with nothing changed, and one with one resource in a hundred changed."""
    folder = Path(tempfile.mkdtemp(prefix="assist-bench-"))
    try:
        with Connections(Settings(state=folder)) as connections:
            connections.directory.put(Tenant(id="acme", name="Acme", accounts=(_ACCOUNT,)))
            yield from _figures(connections)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _figures(connections: Connections) -> Iterator[str]:
    fake = FakeAggregator([_row(n) for n in range(_RESOURCES)], throttled=_THROTTLED)
    for found in fake.rows.values():
        # The service's work, not ours.
        fake.text(found)
    # Its rows are not looked through for garbage on our time.
    gc.collect()
    gc.freeze()
    before = _memory()
    yield f"{_RESOURCES:,} resources at the aggregator; {before:,.0f} MB before the first sync"
    yield _synced(connections, fake, "first sync", _RESOURCES)
    yield _synced(connections, fake, "nothing changed", 0)
    for n in range(0, _RESOURCES, 100):
        found = _row(n, captured=_LATER, instanceType="m7g.large")
        fake.rows[found["arn"]] = found
        fake.text(found)
    yield _synced(connections, fake, "1 % changed", _CHANGED)
    yield f"peak memory {_memory():,.0f} MB, the fake aggregator in it {before:,.0f}"


def _synced(connections: Connections, fake: FakeAggregator, name: str, changes: int) -> str:
    waiting, systems = _Waiting(), connections.systems("acme")
    noted: Any = _Noted(systems.resources)
    timed = _Timed(fake)
    listing = ConfigAggregator(
        lambda: timed, "SecurityAssist", (_ACCOUNT,), clock=waiting, pause=waiting.pause
    )
    fake.answered, fake.refused = 0, 0
    cpu, wall = time.process_time(), time.perf_counter()
    done = _sync(connections, replace(systems, resources=noted), listing)
    spent, took = time.process_time() - cpu, time.perf_counter() - wall
    least = -(-_RESOURCES // PER_PAGE)
    return (
        f"{name}: {done.listed:,} listed, {noted.written:,} written "
        f"({noted.written / changes if changes else 0:.3f} of the changes, goal <= 1.01), "
        f"{fake.answered:,} calls answered ({fake.answered / least:.3f} of the least, "
        f"goal <= 1.02) and {fake.refused:,} throttled, {spent - timed.spent:.1f} s of processor "
        f"time (goal <= 10) beside {timed.spent:.1f} s of playing the aggregator, {took:.1f} s, "
        f"{waiting.now:,.0f} s more of waiting at {1 / APART_S:.0f} calls a second"
    )


def _sync(connections: Connections, systems: Systems, listing: ConfigAggregator) -> SyncSummary:
    return ResourceSync(
        systems,
        listing,
        connections.digests("acme"),
        connections.dead_letters(),
        connections.checkpoints(),
        lambda: _NOW,
    ).run()


def _row(number: int, **changes: Any) -> dict[str, Any]:
    return row(number, groups=(f"sg-{number % 500}",), subnet=f"subnet-{number % 300}", **changes)


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
