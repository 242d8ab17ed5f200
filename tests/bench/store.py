"""Every question of the finding store, asked of tenants among a million findings."""

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime

from integrations.connect import Connections
from integrations.findings.port import (
    OPEN,
    Dimension,
    Filter,
    FindingClass,
    FindingStore,
    Order,
    Severity,
)
from tests.bench.estate import FINDINGS, TENANTS, folder, million
from tests.bench.timing import line, timed

_ROUNDS = 200
_GOAL = "(goal p99 <= 60 ms)"


def run() -> Iterator[str]:
    """One row for each question, each round about another tenant."""
    began = time.perf_counter()
    estate = million()
    took = time.perf_counter() - began
    yield f"{FINDINGS:,} findings of {TENANTS} tenants taken in, {FINDINGS / took:,.0f}/s"
    stores = [estate.systems(tenant.id).findings for tenant in estate.tenants()]
    chance = random.Random(3)
    known = {id(store): store.search(OPEN, limit=200) for store in stores}
    for name, ask in _questions(chance).items():
        samples = []
        for at in range(_ROUNDS):
            store = stores[at % len(stores)]
            about = chance.choice(known[id(store)])
            samples.append(timed(lambda s=store, a=about, q=ask: q(s, a)))  # type: ignore[misc] # bound early
        yield line(name, samples, _GOAL)
    yield from _without_sums(estate)


def _without_sums(estate: Connections) -> Iterator[str]:
    """The rival: the same counts by SQLite itself, from an index over the same findings."""
    with closing(sqlite3.connect(folder() / "findings.sqlite")) as connection:
        connection.execute("PRAGMA mmap_size=1073741824")
        for name, by in (("severity", "severity"), ("class", "cls")):
            statement = (
                f"SELECT {by}, count(*) FROM finding"  # noqa: S608 - our own names
                f" WHERE tenant = ? AND state = 'open' GROUP BY {by}"
            )
            samples = [
                timed(lambda s=statement, t=t: connection.execute(s, (t.id,)).fetchall())  # type: ignore[misc] # bound early
                for t in estate.tenants()
            ]
            yield line(f"by {name}, counted one by one", samples, "(rival)")


def _questions(chance: random.Random) -> dict[str, Callable[..., object]]:
    now = datetime.fromtimestamp(time.time(), tz=UTC)
    grave = Filter(severities=frozenset({Severity.CRITICAL, Severity.HIGH}))
    words = ("bucket public", "logging", "openssl", "security group port", "encryption rest")

    def count(by: Dimension) -> Callable[[FindingStore, object], object]:
        return lambda store, _: store.count(OPEN, by)

    return {
        "counts by severity": count(Dimension.SEVERITY),
        "counts by class": count(Dimension.CLASS),
        "counts by status": lambda s, _: s.count(Filter(states=frozenset()), Dimension.STATE),
        "worst 10": lambda s, _: s.search(OPEN, limit=10),
        "latest 10": lambda s, _: s.search(OPEN, Order.NEWEST, limit=10),
        "oldest open 10 of the grave": lambda s, _: s.search(grave, Order.OLDEST, limit=10),
        "page 40 of the grave": lambda s, _: s.search(grave, limit=10, offset=400),
        "top resources": lambda s, _: s.top_resources(OPEN),
        "top controls": lambda s, _: s.top_controls(OPEN),
        "by control": lambda s, f: s.search(Filter(controls=frozenset({f.control or "S3.2"}))),
        "by resource": lambda s, f: s.search(Filter(resources=frozenset({f.resource}))),
        "vulnerabilities": lambda s, _: s.search(
            Filter(classes=frozenset({FindingClass.VULNERABILITY})), limit=10
        ),
        "of a service": lambda s, f: s.search(Filter(service=f.service), limit=10),
        "text search": lambda s, _: s.search(Filter(text=chance.choice(words)), limit=10),
        "one finding": lambda s, f: s.get(f.ref),
        "trend of 30 days": lambda s, _: s.trend(30, now),
        "how fresh": lambda s, _: s.sources(),
    }
