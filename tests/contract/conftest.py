"""The engines, one after the other, each in a folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.findings.port import FindingStore
from integrations.remediations.port import RemediationStore
from integrations.resources.port import ResourceGraph
from tests.contract.engines import (
    CONVERSATIONS,
    DIRECTORIES,
    FINDINGS,
    GRAPHS,
    QUEUES,
    REMEDIATIONS,
    Conversations,
    Directory,
    Findings,
    Graphs,
    Opened,
    Queue,
    Remediations,
)
from tests.real_engines import empty_gremlin


@pytest.fixture(params=sorted(FINDINGS))
def findings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened[Findings]]:
    """Every tenant's findings."""
    opened = Opened(request.param, FINDINGS, tmp_path)
    yield opened
    opened.now.close()


@pytest.fixture
def store(findings: Opened[Findings]) -> FindingStore:
    """One tenant's findings; nothing in them yet."""
    return findings.now.of("acme")


@pytest.fixture(params=sorted(GRAPHS))
def graphs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened[Graphs]]:
    """Every tenant's resources."""
    if request.param == "gremlin server":
        empty_gremlin()
    opened = Opened(request.param, GRAPHS, tmp_path)
    yield opened
    opened.now.close()


@pytest.fixture
def graph(graphs: Opened[Graphs]) -> ResourceGraph:
    """One tenant's resources; nothing in there yet."""
    return graphs.now.of("acme")


@pytest.fixture(params=sorted(DIRECTORIES))
def directory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened[Directory]]:
    """The control table; nobody in it yet."""
    opened = Opened(request.param, DIRECTORIES, tmp_path)
    yield opened
    opened.now.close()


@pytest.fixture(params=sorted(CONVERSATIONS))
def conversations(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Opened[Conversations]]:
    """Threads' memory; nothing said yet."""
    opened = Opened(request.param, CONVERSATIONS, tmp_path)
    yield opened
    opened.now.close()


@pytest.fixture(params=sorted(QUEUES))
def queue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened[Queue]]:
    """The work queue: leases of 60 s, three attempts."""
    opened = Opened(request.param, QUEUES, tmp_path)
    yield opened
    opened.now.close()


@pytest.fixture(params=sorted(REMEDIATIONS))
def remediations(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened[Remediations]]:
    """Every tenant's requests and audits."""
    opened = Opened(request.param, REMEDIATIONS, tmp_path)
    yield opened
    opened.now.close()


@pytest.fixture
def requests(remediations: Opened[Remediations]) -> RemediationStore:
    """One tenant's requests; none yet."""
    return remediations.now.of("acme")
