"""The embedded graph engine: graphersal behind a gremlinpython connection, one file per tenant.

graphersal takes Gremlin as text. Every string travels beside the text as a bound parameter, so that
no name or tag, whatever it holds, becomes part of a query.
"""

import enum
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import graphersal
from gremlin_python.driver.remote_connection import RemoteConnection, RemoteTraversal
from gremlin_python.process.graph_traversal import GraphTraversal
from gremlin_python.process.traversal import Bytecode, Direction, P, T, TextP, Traverser
from gremlin_python.structure.graph import Edge, Vertex
from typing_extensions import override

from integrations.errors import UnavailableError
from integrations.resources.gremlin import GremlinResourceGraph
from integrations.resources.port import GraphChange, GraphSummary, ResourceGraph

_OPERATIONS = 2_000_000_000
_ITEMS = 5_000_000
"""Limits of one query: a tenant of 100,000 resources is read whole when links are derived."""


class GraphersalGraphs:
    """Every tenant's graph, each in a file of its own, loaded when it is first asked for.

    May be used from several threads; what is done in one tenant's graph is done one after another.
    """

    def __init__(self, folder: Path) -> None:
        """Keep the files in `folder`."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._lock = threading.Lock()
        self._graphs: dict[str, ResourceGraph] = {}

    def of(self, tenant_id: str) -> ResourceGraph:
        """One tenant's graph."""
        with self._lock:
            if tenant_id not in self._graphs:
                path = self._folder / f"{tenant_id}.gsnap"
                self._graphs[tenant_id] = GraphersalResourceGraph(path, tenant_id)
            return self._graphs[tenant_id]

    def close(self) -> None:
        """Forget the graphs; what was applied is in the files."""
        with self._lock:
            self._graphs.clear()


class GraphersalResourceGraph(GremlinResourceGraph):
    """One tenant's graph; a change is written to its file before `apply` returns."""

    def __init__(self, path: Path, tenant: str) -> None:
        """Read the file when it is there."""
        self._path = path
        self._guard = threading.RLock()
        self._graph = _loaded(path)
        super().__init__(GraphersalConnection(self._graph, self._guard), tenant)

    @override
    def apply(self, change: GraphChange) -> GraphSummary:
        with self._guard:
            try:
                summary = super().apply(change)
                self._save()
            except BaseException:
                # All or nothing: what is half done in memory is forgotten, the file is whole.
                self._graph = _loaded(self._path)
                self.reconnect(GraphersalConnection(self._graph, self._guard))
                raise
        return summary

    def _save(self) -> None:
        """To a file beside it first: a crash leaves the old file or the new one, never a part."""
        beside = self._path.with_suffix(".new")
        self._graph.save(str(beside))
        beside.replace(self._path)


def _loaded(path: Path) -> graphersal.Graph:
    try:
        graph = graphersal.Graph.load(str(path)) if path.exists() else graphersal.Graph()
    except graphersal.GraphersalError as error:
        raise UnavailableError(
            f"the graph in {path.name} cannot be read ({error}); "
            "move the file away and ingest the Config snapshot again"
        ) from error
    graph.set_limits(
        max_operations=_OPERATIONS, max_array_size=_ITEMS, max_map_size=_ITEMS, max_string_size=0
    )
    return graph


class GraphersalConnection(RemoteConnection):  # type: ignore[misc] # gremlinpython has no types
    """What gremlinpython sends to, in this process."""

    def __init__(self, graph: graphersal.Graph, guard: threading.RLock) -> None:
        """Run traversals on `graph`, one at a time."""
        super().__init__("embedded", "g")
        self._graph = graph
        self._guard = guard

    def submit(self, bytecode: Bytecode) -> RemoteTraversal:
        """Run a traversal to its end.

        Raises:
            UnavailableError: the engine refused it.
        """
        text = _Text()
        script = "g" + text.steps(bytecode) + ".toList()"
        try:
            with self._guard:
                found = self._graph.execute(script, text.bound)
        except graphersal.GraphersalError as error:
            raise UnavailableError(f"the graph refused a question: {error}") from error
        rows = found if isinstance(found, list) else [found]
        return RemoteTraversal(iter(Traverser(_plain(row)) for row in rows))

    def close(self) -> None:
        """Nothing to close: the graph lives in this process."""

    def is_closed(self) -> bool:
        """Never."""
        return False

    def is_session_bound(self) -> bool:
        """Never."""
        return False

    def submit_async(self, bytecode: Bytecode) -> Any:
        """Not offered: this project is synchronous."""
        raise NotImplementedError


class _Text:
    """A traversal as graphersal's text, with the strings that are bound beside it."""

    def __init__(self) -> None:
        self.bound: dict[str, str] = {}
        self._names: dict[str, str] = {}

    def steps(self, bytecode: Bytecode) -> str:
        return "".join(
            f".{step[0]}({','.join(self._literal(a) for a in step[1:])})"
            for step in bytecode.step_instructions
        )

    def _literal(self, value: Any) -> str:  # noqa: C901, PLR0911 - one plain case per kind of value
        match value:
            case Bytecode():
                return "__" + self.steps(value)
            case GraphTraversal():
                return self._literal(value.bytecode)
            case bool():
                return "true" if value else "false"
            case None:
                return "()"
            case enum.Enum():
                return _constant(value)
            case int() | float():
                return repr(value)
            case str():
                return self._bind(value)
            case P():
                return self._predicate(value)
            case Mapping():
                rows = (f"{_key(k)}: {self._literal(v)}" for k, v in value.items())
                return "#{" + ",".join(rows) + "}"
            case list() | tuple() | set():
                return "[" + ",".join(self._literal(v) for v in value) + "]"
            case Vertex():
                return self._bind(str(value.id))
        raise TypeError(f"a traversal cannot hold {type(value).__name__}")

    def _bind(self, value: str) -> str:
        name = self._names.get(value)
        if name is None:
            name = f"p{len(self._names)}"
            self._names[value] = name
            self.bound[name] = value
        return name

    def _predicate(self, predicate: P) -> str:
        kind = "TextP" if isinstance(predicate, TextP) else "P"
        if predicate.operator in {"and", "or"}:
            left, right = self._literal(predicate.value), self._literal(predicate.other)
            return f"{left}.{predicate.operator}({right})"
        value = predicate.value
        if predicate.operator in {"within", "without"}:
            value = list(value)
        return f"{kind}.{predicate.operator}({self._literal(value)})"


def _constant(value: enum.Enum) -> str:
    """`Cardinality.single`, `T.id`, `Order.desc`: graphersal spells them in camel case."""
    name = value.name.rstrip("_")
    head, *rest = name.split("_")
    camel = head + "".join(word.title() for word in rest)
    return f"{type(value).__name__}.{camel if name.islower() else name}"


def _key(key: Any) -> str:
    """A map's key; ours are names of our own, never data."""
    if isinstance(key, T):
        return f'"T.{key.name.rstrip("_")}"'
    if isinstance(key, Direction):
        return f'"Direction.{key.name}"'
    if not (isinstance(key, str) and key.isidentifier()):
        raise TypeError(f"a map's key must be a name, not {key!r}")
    return f'"{key}"'


def _plain(value: Any) -> Any:
    """An engine's value as gremlinpython's."""
    if isinstance(value, graphersal.Vertex):
        return Vertex(value.id, value.label)
    if isinstance(value, graphersal.Edge):
        return Edge(value.id, _plain(value.out_v), value.label, _plain(value.in_v))
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
