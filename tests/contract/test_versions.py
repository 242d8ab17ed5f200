"""Versions of findings and graphs: another one after each change, the same until the next."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from integrations.resources.port import GraphChange
from integrations.versioned import Versioned, marks_of
from tests.builders import NOON, ocsf_event
from tests.contract.engines import FINDINGS, GRAPHS, Findings, Graphs, Opened
from tests.graph_builders import resource


@pytest.fixture(params=sorted(FINDINGS))
def findings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened[Findings]]:
    engine = Opened(request.param, FINDINGS, tmp_path)
    yield engine
    engine.now.close()


@pytest.fixture(params=sorted(GRAPHS))
def graphs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened[Graphs]]:
    engine = Opened(request.param, GRAPHS, tmp_path)
    yield engine
    engine.now.close()


def test_findings_have_another_version_after_each_change_and_only_then(
    findings: Opened[Findings],
) -> None:
    store, other = findings.now.of("acme"), findings.now.of("globex")
    store.upsert([ocsf_event(uid="f-1"), ocsf_event(uid="f-2")])
    other.upsert([ocsf_event(uid="f-1")])
    seen = [store.version()]
    store.upsert([ocsf_event(uid="f-1")])
    assert store.version() == seen[0] == findings.again().of("acme").version() != ""
    store = findings.now.of("acme")
    store.upsert([ocsf_event(uid="f-1", at=NOON + timedelta(minutes=1), title="changed")])
    seen.append(store.version())
    store.upsert([ocsf_event(uid="f-3")])
    seen.append(store.version())
    findings.now.of("globex").upsert([ocsf_event(uid="f-9")])
    assert store.version() == seen[-1]
    assert findings.now.forget("acme") == 3
    seen.append(store.version())
    assert len(set(seen)) == len(seen)


def test_a_graph_has_another_version_after_each_change_and_only_then(
    graphs: Opened[Graphs],
) -> None:
    graph = graphs.now.of("acme")
    seen = [graph.version()]
    for change in (
        GraphChange(resources=[resource("a"), resource("b")]),
        GraphChange(resources=[resource("a", at=NOON + timedelta(days=1))]),
        GraphChange(deleted=["b"]),
    ):
        graph.apply(change)
        seen.append(graph.version())
    graphs.now.of("globex").apply(GraphChange(resources=[resource("a")]))
    graph.summary()
    assert graphs.again().of("acme").version() == seen[-1]
    assert len(set(seen)) == len(seen)
    assert all(seen)


class _At(Versioned):
    def __init__(self, version: str) -> None:
        self._version = version

    def version(self) -> str:
        return self._version


def test_where_one_cannot_tell_all_together_cannot() -> None:
    assert marks_of(_At("1"), _At("2")) == "1 2"
    assert marks_of(_At("1"), _At("")) == ""
