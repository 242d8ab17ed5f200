"""Every engine of every port: a later one is one more line here, and meets every promise."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from integrations.checkpoints.port import Checkpoints as CheckpointsPort
from integrations.checkpoints.sqlite import SqliteCheckpoints
from integrations.conversations.port import ConversationStore
from integrations.conversations.sqlite import SqliteConversationStore
from integrations.deadletters.port import DeadLetters
from integrations.deadletters.sqlite import SqliteDeadLetters
from integrations.exposures.port import ExposureStore
from integrations.exposures.sqlite import SqliteExposures
from integrations.findings.port import FindingStore
from integrations.findings.sqlite import SqliteFindings
from integrations.remediations.audit import AuditLog
from integrations.remediations.port import RemediationStore
from integrations.remediations.sqlite import SqliteRemediations
from integrations.resources.port import ResourceGraph
from integrations.tenants.port import ControlTable
from integrations.tenants.sqlite import SqliteTenantDirectory
from integrations.versioned import Versioned
from integrations.work.port import WorkQueue
from integrations.work.sqlite import SqliteWorkQueue
from tests.real_engines import gremlin_source


@dataclass
class Clock:
    """Seconds since the epoch, as a test sets them."""

    now: float = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


class VersionedFindings(FindingStore, Versioned, Protocol):
    """Findings of which it can be told whether they changed."""


class VersionedGraph(ResourceGraph, Versioned, Protocol):
    """A graph of which it can be told whether it changed."""


class Findings(Protocol):
    """Every tenant's store of one engine."""

    def of(self, tenant_id: str) -> VersionedFindings:
        """One tenant's findings."""
        ...

    def forget(self, tenant_id: str) -> int:
        """Delete a tenant's findings."""
        ...

    def close(self) -> None:
        """Let go of the engine."""
        ...


class Graphs(Protocol):
    """Every tenant's graph of one engine."""

    def of(self, tenant_id: str) -> VersionedGraph:
        """One tenant's resources."""
        ...

    def close(self) -> None:
        """Let go of the engine."""
        ...


class Directory(ControlTable, Protocol):
    """A control table that can be closed."""

    def close(self) -> None:
        """Let go of the engine."""
        ...


class Conversations(ConversationStore, Protocol):
    """A memory that can be closed."""

    def close(self) -> None:
        """Let go of the engine."""
        ...


class Queue(WorkQueue, Protocol):
    """A queue that can be closed."""

    def close(self) -> None:
        """Let go of the engine."""
        ...


class Remediations(Protocol):
    """Every tenant's requests and audits of one engine."""

    def of(self, tenant_id: str) -> RemediationStore:
        """One tenant's requests."""
        ...

    def audit_of(self, tenant_id: str) -> AuditLog:
        """One tenant's audit."""
        ...

    def close(self) -> None:
        """Let go of the engine."""
        ...


class Letters(DeadLetters, Protocol):
    """Dead letters that can be closed."""

    def close(self) -> None:
        """Let go of the engine."""
        ...


class Checkpoints(CheckpointsPort, Protocol):
    """Checkpoints that can be closed."""

    def close(self) -> None:
        """Let go of the engine."""
        ...


class Exposures(Protocol):
    """Every tenant's ranking of one engine."""

    def of(self, tenant_id: str) -> ExposureStore:
        """One tenant's ranking."""
        ...

    def close(self) -> None:
        """Let go of the engine."""
        ...


class _Closable(Protocol):
    def close(self) -> None: ...


E = TypeVar("E", bound=_Closable)


def _later(
    module: str, name: str, arguments: Callable[[Path], Sequence[object]] | None = None
) -> Callable[[Path, Clock], Any]:
    """An engine whose vendor's SDK is imported only when it is opened: rivals begin sooner.

    It is given the folder and the clock, or else what `arguments` makes of the folder.
    """

    def opened(folder: Path, clock: Clock) -> Any:
        made = getattr(import_module(module), name)
        return made(folder, clock) if arguments is None else made(*arguments(folder))

    return opened


FINDINGS: Mapping[str, Callable[[Path, Clock], Findings]] = {
    "opensearch": _later("tests.contract.opensearch", "OpenSearchApart"),
    "sqlite": lambda folder, _: SqliteFindings(folder / "findings.sqlite"),
}
GRAPHS: Mapping[str, Callable[[Path, Clock], Graphs]] = {
    "graphersal": _later(
        "integrations.resources.graphersal", "GraphersalGraphs", lambda folder: [folder / "graphs"]
    ),
    "gremlin server": _later(
        "integrations.resources.gremlin_server",
        "GremlinServerGraphs",
        lambda _: gremlin_source(),
    ),
}
DIRECTORIES: Mapping[str, Callable[[Path, Clock], Directory]] = {
    "dynamodb": _later("tests.contract.hub", "directory"),
    "sqlite": lambda folder, _: SqliteTenantDirectory(folder / "tenants.sqlite"),
}
CONVERSATIONS: Mapping[str, Callable[[Path, Clock], Conversations]] = {
    "dynamodb": _later("tests.contract.hub", "conversations"),
    "sqlite": lambda folder, clock: SqliteConversationStore(folder / "conversations.sqlite", clock),
}
QUEUES: Mapping[str, Callable[[Path, Clock], Queue]] = {
    "sqlite": lambda folder, clock: SqliteWorkQueue(
        folder / "work.sqlite", clock, lease_s=60.0, attempts=3
    ),
    "sqs": _later("tests.contract.hub", "SqsApart"),
}
DEAD_LETTERS: Mapping[str, Callable[[Path, Clock], Letters]] = {
    "dynamodb": _later("tests.contract.hub", "dead_letters"),
    "sqlite": lambda folder, _: SqliteDeadLetters(folder / "deadletters.sqlite"),
}
CHECKPOINTS: Mapping[str, Callable[[Path, Clock], Checkpoints]] = {
    "dynamodb": _later("tests.contract.hub", "checkpoints"),
    "sqlite": lambda folder, _: SqliteCheckpoints(folder / "checkpoints.sqlite"),
}
EXPOSURES: Mapping[str, Callable[[Path, Clock], Exposures]] = {
    "dynamodb": _later("tests.contract.hub", "exposures"),
    "sqlite": lambda folder, _: SqliteExposures(folder / "exposures.sqlite"),
}
REMEDIATIONS: Mapping[str, Callable[[Path, Clock], Remediations]] = {
    "dynamodb": _later("tests.contract.hub", "remediations"),
    "sqlite": lambda folder, _: SqliteRemediations(folder / "remediations.sqlite"),
}


class Opened(Generic[E]):
    """One engine in a folder of its own; `again` is what a restart gives."""

    def __init__(
        self, name: str, engines: Mapping[str, Callable[[Path, Clock], E]], folder: Path
    ) -> None:
        """Open the engine called `name`."""
        self.name = name
        self.folder = folder
        self.clock = Clock()
        self._open = engines[name]
        self.now = self._open(folder, self.clock)

    def again(self) -> E:
        """Close it and open it again."""
        self.now.close()
        self.now = self._open(self.folder, self.clock)
        return self.now
