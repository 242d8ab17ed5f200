"""Rows that are known and not read again leave the graph as it would be had each been read."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.connect import Connections
from integrations.ingest.intake import Intake
from integrations.ingest.records import RawRecord
from integrations.ingest.resource_sync import ResourceSync, SyncSummary
from integrations.resources.aggregator import ConfigAggregator
from integrations.resources.digests import Told
from integrations.settings import Settings
from integrations.tenants.port import Tenant
from tests.fake_aggregator import FakeAggregator, row

_ACCOUNT = "111122223333"
_NOW = 1_795_600_000.0
_HOSTS = 4


@dataclass
class State:
    """One host as Config has it: what is told of it, and in which words."""

    kind: str = "t3.micro"
    group: str = "sg-1"
    captured: int = 0
    """Seconds: Config never goes back to what it knew before."""
    tag: str = ""
    """A tag that is called as the capture time is; with tags as an object, it looks like it."""
    dated: bool = True
    """Whether the row has a capture time of its own."""

    def row(self, number: int) -> dict[str, Any]:
        found = row(number, groups=(self.group,), instanceType=self.kind)
        found["configurationItemCaptureTime"] = f"2026-11-20T08:00:{self.captured:02d}.000Z"
        if self.tag:
            found["tags"] = {"configurationItemCaptureTime": self.tag}
        if not self.dated:
            del found["configurationItemCaptureTime"]
        return found

    def event(self, number: int) -> bytes:
        """The same as a pushed event says it."""
        found = self.row(number)
        found["awsAccountId"] = found.pop("accountId")
        found["ARN"] = found.pop("arn")
        return json.dumps(found).encode()


class Estate:
    """A tenant that is synced; one that knows no rows reads each of them."""

    def __init__(self, connections: Connections, *, knows: bool) -> None:
        self.connections = connections
        self.knows = knows
        self.aggregator = FakeAggregator([])
        connections.directory.put(Tenant(id="acme", name="Acme", accounts=(_ACCOUNT,)))

    def digests(self) -> Mapping[str, Told]:
        found = self.connections.digests("acme")()
        if self.knows:
            return found
        return {resource_id: told._replace(row="") for resource_id, told in found.items()}

    def sync(self, states: Mapping[int, State]) -> SyncSummary:
        rows = [state.row(number) for number, state in states.items()]
        self.aggregator.rows = {found["arn"]: found for found in rows}
        listing = ConfigAggregator(
            lambda: self.aggregator,
            "SecurityAssist",
            (_ACCOUNT,),
            clock=lambda: _NOW,
            pause=lambda _: None,
        )
        return ResourceSync(
            self.connections.systems("acme"),
            listing,
            self.digests,
            self.connections.dead_letters(),
            self.connections.checkpoints(),
            lambda: _NOW,
        ).run()

    def push(self, item: bytes) -> None:
        intake = Intake(
            lambda _: "acme", self.connections.systems, lambda rejected: self.fail(rejected.reason)
        )
        intake.take(RawRecord("event", 1, None, item))
        intake.store_all()

    def fail(self, reason: str) -> None:
        raise AssertionError(reason)

    def stored(self) -> tuple[Any, Any]:
        graph = self.connections.systems("acme").resources
        ids = [r.id for r in graph.find(limit=1_000)]
        part = graph.neighbourhood(ids, hops=0, limit=1_000)
        links = sorted((li.source, li.kind, li.target, str(li.properties)) for li in part.links)
        # A row that is known tells nothing new, so what is stored keeps the time it was told at.
        return {r.id: replace(r, captured_at=None) for r in part.resources}, links


@contextmanager
def _estates() -> Iterator[tuple[Estate, Estate]]:
    with (
        TemporaryDirectory() as folder,
        Connections(Settings(state=Path(folder) / "a")) as one,
        Connections(Settings(state=Path(folder) / "b")) as other,
    ):
        yield Estate(one, knows=True), Estate(other, knows=False)


_STEPS = st.tuples(
    st.sampled_from(["change", "change", "change", "remove", "push", "sync", "sync"]),
    st.integers(1, _HOSTS),
    st.builds(
        State,
        kind=st.sampled_from(["t3.micro", "m7g.large"]),
        group=st.sampled_from(["sg-1", "sg-2"]),
        tag=st.sampled_from(["", "red", "blue"]),
        dated=st.sampled_from([True, True, True, False]),
    ),
)


@settings(max_examples=15, deadline=None)
@given(st.lists(_STEPS, min_size=4, max_size=14))
def test_the_graph_is_the_one_that_reading_every_row_gives(
    steps: list[tuple[str, int, State]],
) -> None:
    states: dict[int, State] = {number: State() for number in range(1, _HOSTS)}
    with _estates() as (knowing, reading):
        for at, (what, number, said) in enumerate([*steps, *[("sync", 0, State())] * 2], start=1):
            state = replace(said, captured=at)
            if what == "change":
                states[number] = state
            elif what == "remove" and len(states) > 1:
                states.pop(number, None)
            elif what == "push":
                knowing.push(state.event(number))
                reading.push(state.event(number))
            elif what == "sync":
                one, other = knowing.sync(states), reading.sync(states)
                assert (one.listed, one.deleted, one.rejected) == (
                    other.listed, other.deleted, other.rejected,
                )  # fmt: skip
                assert knowing.stored() == reading.stored()
