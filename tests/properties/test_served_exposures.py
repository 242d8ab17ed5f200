"""Whatever changes, and whenever a ranking is kept: what is served is what ranking anew gives."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.exposure import rank
from agent.kept_exposures import exposures_of, keep
from integrations.connect import Connections
from integrations.resources.port import GraphChange
from integrations.settings import Settings
from integrations.systems import Systems
from integrations.tenants.port import Environment, Tenant
from tests.builders import tenant
from tests.graph_builders import told
from tests.unit.agent.exposures.estates import EVERY, NOW

_ITEMS: dict[str, Any] = {}
_EVENTS: dict[str, bytes] = {}
for _estate in EVERY.values():
    _ITEMS |= {f"{name}/{json.dumps(item)}": item for name, item in _estate.items.items()}
    _EVENTS |= _estate.findings


class _Counted:
    """A finding store that counts how often it is searched: ranking does, serving does not."""

    def __init__(self, store: Any) -> None:
        self.searched = 0
        self._store = store

    def search(self, *asked: Any, **more: Any) -> Any:
        self.searched += 1
        return self._store.search(*asked, **more)


class _Acme:
    """A tenant to whom things happen."""

    def __init__(self, connections: Connections) -> None:
        self.connections = connections
        self.minutes = 0
        connections.directory.put(tenant())

    def systems(self) -> Systems:
        return self.connections.systems("acme")

    def change(self, what: str, which: int) -> None:
        self.minutes += 1
        if what == "item":
            known = list(_ITEMS.values())
            item = dict(known[which % len(known)])
            item["configurationItemCaptureTime"] = (
                NOW + timedelta(minutes=self.minutes)
            ).isoformat()
            self.systems().resources.apply(told(item))
        elif what == "gone":
            found = self.systems().resources.find(limit=100)
            gone = [found[which % len(found)].id] if found else []
            self.systems().resources.apply(GraphChange(deleted=gone))
        elif what in {"open", "resolve"}:
            event = json.loads(list(_EVENTS.values())[which % len(_EVENTS)])
            event["time"] += 60_000 * self.minutes
            if what == "resolve":
                event |= {"status_id": 4, "status": "Resolved"}
            self.systems().findings.upsert([json.dumps(event).encode()])
        elif what == "tenant":
            owner: Tenant = self.systems().tenant
            environment = list(Environment)[which % len(Environment)]
            self.connections.directory.put(replace(owner, environment=environment))


@contextmanager
def _acme() -> Iterator[_Acme]:
    with (
        TemporaryDirectory() as folder,
        Connections(Settings(state=Path(folder) / "state")) as connections,
    ):
        yield _Acme(connections)


_STEPS = st.tuples(
    st.sampled_from(["item", "item", "item", "open", "open", "resolve", "gone", "tenant"]),
    st.integers(0, 1_000),
    st.booleans(),
)


@settings(max_examples=15, deadline=None)
@given(st.lists(_STEPS, min_size=3, max_size=12))
def test_what_is_served_is_what_ranking_anew_gives(steps: list[tuple[str, int, bool]]) -> None:
    with _acme() as acme:
        for at, (what, which, kept) in enumerate(steps):
            acme.change(what, which)
            if kept:
                keep(acme.systems())
            # Ages go on, whether or not anything else does.
            now = NOW + timedelta(hours=7 * at)
            counted: Any = _Counted(acme.systems().findings)
            served = exposures_of(replace(acme.systems(), findings=counted), now)
            assert list(served) == rank(acme.systems(), now)
            assert not kept or counted.searched == 0
