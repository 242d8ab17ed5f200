"""A finding store against a few lines that keep every event and count from scratch each time."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from integrations.findings.ocsf import read_finding
from integrations.findings.port import (
    OPEN,
    Dimension,
    Filter,
    Finding,
    FindingClass,
    FindingState,
    FindingStore,
    Order,
    Severity,
)
from tests.builders import day, ocsf_event
from tests.contract.engines import FINDINGS, Clock, Opened

ANY = Filter(states=frozenset())
NOW = day(12, 18)
DAYS = 14
CLOSED = {FindingState.RESOLVED, FindingState.PASSED, FindingState.ARCHIVED}
NEVER_OPEN = {FindingState.PASSED, FindingState.MUTED}
"""What is first heard of so was not open before."""
HOUR = timedelta(hours=1)

_hours = st.integers(0, 11 * 24).map(lambda h: day(1, 0) + h * HOUR)
_events = st.builds(
    ocsf_event,
    st.sampled_from(["f-1", "f-2", "f-3"]),
    at=_hours | st.sampled_from([day(4), day(6), day(8)]),
    first_seen=_hours,
    last_seen=_hours,
    state=st.sampled_from(FindingState),
    severity=st.sampled_from(Severity),
    cls=st.sampled_from(FindingClass),
    control=st.sampled_from(["S3.2", "EC2.13"]),
    title=st.sampled_from(["Bucket is public", "Port is open", "Key is old"]),
    resources=st.sampled_from([("a",), ("b", "a"), ("c",), ()]),
    epss=st.sampled_from([None, 0.1, 0.9]),
)


@dataclass
class Oracle:
    """Every event of one tenant, and what is true of them."""

    events: list[bytes]

    def findings(self) -> list[Finding]:
        """Every finding in its latest state."""
        return [self._finding(uid) for uid in sorted({f.uid for f in self._read()})]

    def _read(self, uid: str = "") -> list[Finding]:
        return [f for f in map(read_finding, self.events) if uid in ("", f.uid)]

    def _finding(self, uid: str) -> Finding:
        told = [(read_finding(e), e) for e in self.events]
        mine = [(f, e) for f, e in told if f.uid == uid]
        latest, _ = max(mine, key=lambda fe: (fe[0].updated_at, _rank(fe[0].state), fe[1]))
        resolved_at, reopened_at = _course(self.states(uid))
        return replace(
            latest,
            first_seen=min(min(f.first_seen, f.updated_at) for f, _ in mine),
            last_seen=max(f.last_seen for f, _ in mine),
            resolved_at=resolved_at,
            reopened_at=reopened_at,
        )

    def states(self, uid: str) -> list[tuple[datetime, FindingState]]:
        """What it was at each moment that something was told of it."""
        at: dict[datetime, FindingState] = {}
        for told in self._read(uid):
            at[told.updated_at] = max(at.get(told.updated_at, told.state), told.state, key=_rank)
        return sorted(at.items())

    def was_open(self, finding: Finding, moment: datetime) -> bool:
        """Whether it was open at a moment."""
        states = self.states(finding.uid)
        before = [state for at, state in states if at <= moment]
        if before:
            return before[-1] is FindingState.OPEN
        return moment >= finding.first_seen and states[0][1] not in NEVER_OPEN

    def severity_at(self, finding: Finding, moment: datetime) -> Severity:
        """How severe it was when it was last seen open, of the time in which `moment` falls."""
        states = self.states(finding.uid)
        end = next((at for at, s in states if at > moment and s is not FindingState.OPEN), None)
        if end is None:
            return finding.severity
        closed = [at for at, s in states if at <= moment and s is not FindingState.OPEN]
        spell = [at for at, s in states if at < end and (not closed or at > closed[-1])]
        if not spell:
            return finding.severity
        of_last = [f.severity for f in self._read(finding.uid) if f.updated_at == spell[-1]]
        return max(of_last, key=lambda s: -1 if s is Severity.OTHER else s)


def _rank(state: FindingState) -> tuple[bool, str]:
    return state is not FindingState.OPEN, state


def _course(
    states: Sequence[tuple[datetime, FindingState]],
) -> tuple[datetime | None, datetime | None]:
    """When it last left the open state for good, and when it last came back from being closed."""
    resolved_at = reopened_at = None
    for index, (at, state) in enumerate(states):
        before = [s for _, s in states[:index]]
        run: list[FindingState] = []
        while before and before[-1] is not FindingState.OPEN:
            run.append(before.pop())
        if state is FindingState.OPEN:
            resolved_at = None
            if CLOSED & set(run):
                reopened_at = at
        elif not run and (index or state not in NEVER_OPEN):
            resolved_at = at
    return resolved_at, reopened_at


def _worst(findings: Iterable[Finding]) -> list[Finding]:
    def key(f: Finding) -> tuple[Any, ...]:
        severity = -1 if f.severity is Severity.OTHER else f.severity
        return -severity, -(-1 if f.epss is None else f.epss), f.first_seen, f.uid

    return sorted(findings, key=key)


def _agree(store: FindingStore, oracle: Oracle) -> None:
    """Every question has the oracle's answer."""
    known = oracle.findings()
    opened = [f for f in known if f.state is FindingState.OPEN]
    assert store.search(ANY) == _worst(known)
    assert store.search(OPEN) == _worst(opened)
    assert store.search(OPEN, Order.OLDEST) == sorted(opened, key=lambda f: (f.first_seen, f.uid))
    _agree_on_counts(store, known, opened)
    for since in (day(4), day(6), day(8)):
        resolved, reopened = replace(ANY, resolved_since=since), replace(ANY, reopened_since=since)
        assert {f.uid for f in store.search(resolved)} == {
            f.uid for f in known if f.resolved_at and f.resolved_at >= since
        }
        assert {f.uid for f in store.search(reopened)} == {
            f.uid for f in known if f.reopened_at and f.reopened_at >= since
        }
        assert {f.uid for f in store.search(Filter(first_seen_since=since))} == {
            f.uid for f in opened if f.first_seen >= since
        }
    for uid in ("a", "b", "c"):
        assert {f.uid for f in store.search(replace(ANY, resources=frozenset({uid})))} == {
            f.uid for f in known if uid in f.resources
        }
    for word in ("bucket", "port", "key"):
        assert {f.uid for f in store.search(replace(ANY, text=f"is {word}"))} == {
            f.uid for f in known if word in f.title.lower()
        }
    _agree_on_days(store, oracle, known)


def _agree_on_counts(
    store: FindingStore, known: Sequence[Finding], opened: Sequence[Finding]
) -> None:
    def counted(where: Filter, by: Dimension) -> dict[str, int]:
        return {tally.value: tally.count for tally in store.count(where, by)}

    assert counted(OPEN, Dimension.SEVERITY) == Counter(f.severity.name for f in opened)
    assert counted(ANY, Dimension.CLASS) == Counter(f.cls.name for f in known)
    assert counted(ANY, Dimension.STATE) == Counter(str(f.state) for f in known)
    assert counted(OPEN, Dimension.CONTROL) == Counter(f.control for f in opened if f.control)
    for by in (Dimension.SERVICE, Dimension.ACCOUNT, Dimension.REGION, Dimension.SOURCE):
        assert counted(OPEN, by) == Counter(getattr(f, by) for f in opened)
    assert {s.source: (s.last_seen, s.count) for s in store.sources()} == {
        source: (
            max(f.last_seen for f in known if f.source == source),
            sum(f.source == source for f in known),
        )
        for source in {f.source for f in known}
    }
    top = {row.key: (row.count, dict(row.by_severity)) for row in store.top_resources(OPEN)}
    assert top == {
        key: (
            sum(f.resource == key for f in opened),
            Counter(f.severity for f in opened if f.resource == key),
        )
        for key in {f.resource for f in opened if f.resource}
    }


def _agree_on_days(store: FindingStore, oracle: Oracle, known: Sequence[Finding]) -> None:
    standing = None
    for until in (day(6, 13), NOW):
        standing = _agree_on_days_until(until, store, oracle, known)
    assert standing == sum(f.state is FindingState.OPEN for f in known)


def _agree_on_days_until(
    until: datetime, store: FindingStore, oracle: Oracle, known: Sequence[Finding]
) -> int | None:
    standing: int | None = None
    for told in store.trend(DAYS, until):
        midnight = datetime(told.day.year, told.day.month, told.day.day, tzinfo=UTC)
        end = min(until, midnight + timedelta(days=1, milliseconds=-1))
        left = Counter(oracle.severity_at(f, end) for f in known if oracle.was_open(f, end))
        assert dict(told.open_at_end) == left
        if standing is not None:
            assert left.total() == standing + told.opened - told.closed
        standing = left.total()
    return standing


_batches = given(events=st.lists(_events, max_size=10), data=st.data())


@settings(max_examples=60, deadline=None, derandomize=True)
@_batches
def test_no_order_repetition_or_batching_changes_the_store(
    events: list[bytes], data: st.DataObject
) -> None:
    _stays_the_same("sqlite", events, data)


# A question over the network takes some milliseconds, and an example asks a hundred.
@pytest.mark.parametrize("engine", sorted(FINDINGS.keys() - {"sqlite"}))
@settings(max_examples=8, deadline=None, derandomize=True)
@_batches
def test_no_order_repetition_or_batching_changes_a_store_on_the_network(
    engine: str, events: list[bytes], data: st.DataObject
) -> None:
    _stays_the_same(engine, events, data)


def _stays_the_same(engine: str, events: list[bytes], data: st.DataObject) -> None:
    folder = Path(tempfile.mkdtemp())
    repeated = events[: data.draw(st.integers(0, 4))]
    shuffled = data.draw(st.permutations(events + repeated))
    batch = data.draw(st.integers(1, 6))
    with closing(FINDINGS[engine](folder, Clock())) as opened:
        once, other = opened.of("once"), opened.of("other")
        once.upsert(events)
        for at in range(0, len(shuffled), batch):
            other.upsert(shuffled[at : at + batch])
        assert once.search(ANY) == other.search(ANY)
        assert [once.get(f.uid).event for f in once.search(ANY)] == [
            other.get(f.uid).event for f in other.search(ANY)
        ]
        assert once.trend(DAYS, NOW) == other.trend(DAYS, NOW)
        _agree(other, Oracle(events))
    shutil.rmtree(folder)


class Stores(RuleBasedStateMachine):
    """Two tenants of the embedded engine, written to in any way, restarted at any time."""

    @initialize()
    def opened(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.engine = Opened("sqlite", FINDINGS, self.folder)
        self.oracles = {"acme": Oracle([]), "globex": Oracle([])}

    @rule(tenant=st.sampled_from(["acme", "globex"]), batch=st.lists(_events, max_size=4))
    def upsert(self, tenant: str, batch: list[bytes]) -> None:
        self.engine.now.of(tenant).upsert(batch)
        self.oracles[tenant].events += batch

    @rule(tenant=st.sampled_from(["acme", "globex"]))
    def everything_again(self, tenant: str) -> None:
        written = self.engine.now.of(tenant).upsert(self.oracles[tenant].events)
        assert (written.added, written.updated) == (0, 0)

    @rule()
    def restart(self) -> None:
        self.engine.again()

    @invariant()
    def each_tenant_has_its_own_answers(self) -> None:
        for tenant, oracle in self.oracles.items():
            _agree(self.engine.now.of(tenant), oracle)

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            self.engine.now.close()
            shutil.rmtree(self.folder)


TestStores = Stores.TestCase
TestStores.settings = settings(
    max_examples=30, stateful_step_count=8, deadline=None, derandomize=True
)
