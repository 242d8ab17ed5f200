"""The embedded graph engine: graphersal behind a gremlinpython connection, one file per tenant.

graphersal takes Gremlin as text. Every string, list and row travels beside the text as JSON in one
bound parameter: no name or tag, whatever it holds, becomes part of a query, and the engine parses
hundreds of rows as data, which takes it a tenth of the time that parsing them as text does.
"""

import enum
import fcntl
import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import graphersal
import orjson
from gremlin_python.driver.remote_connection import RemoteConnection, RemoteTraversal
from gremlin_python.process.graph_traversal import GraphTraversal
from gremlin_python.process.traversal import Bytecode, Direction, P, T, TextP, Traverser
from gremlin_python.structure.graph import Edge, Vertex
from typing_extensions import override

from integrations.errors import DamagedError, UnavailableError
from integrations.resources.gremlin import GremlinResourceGraph
from integrations.resources.gremlin_rows import Batch
from integrations.resources.port import GraphChange, GraphSummary, LinkKind

_OPERATIONS = 2_000_000_000
_ITEMS = 5_000_000
"""Limits of one query: a tenant of 100,000 resources is read whole when links are derived."""
BUSY_S = 120.0
"""How long a writer waits for another one: as long as a large snapshot takes."""
_PAUSE_S = 0.05
_SURROGATE = re.compile("[\ud800-\udfff]")


class GraphersalGraphs:
    """Every tenant's graph, each in a file of its own, loaded when it is first asked for.

    May be used from several threads; what is done in one tenant's graph is done one after another.
    """

    def __init__(self, folder: Path) -> None:
        """Keep the files in `folder`."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._lock = threading.Lock()
        self._graphs: dict[str, GremlinResourceGraph] = {}

    def of(self, tenant_id: str) -> GremlinResourceGraph:
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
    """One tenant's graph; a change is in its file before `apply` returns."""

    def __init__(self, path: Path, tenant: str) -> None:
        """Kept in `path`, which is read when the first question is asked."""
        self._file = GraphersalFile(path)
        super().__init__(GraphersalConnection(self._file), tenant)

    @override
    def apply(self, change: GraphChange) -> GraphSummary:
        with self._file.changed():
            return super().apply(change)

    @override
    def forget(self) -> int:
        with self._file.changed():
            return super().forget()

    @override
    def version(self) -> str:
        # The file tells, and need not be read for it.
        return self._file.version()

    @override
    def summary(self) -> GraphSummary:
        # Every answer says how fresh the graph is, which takes a look at all of it.
        return self._file.remembered(super().summary)


class GraphersalFile:
    """A graph in memory and the file that it is kept in.

    Several threads and several processes may share the file: what one of them has written the
    others see with their next question, and of two that write one waits.
    """

    def __init__(self, path: Path, busy_s: float = BUSY_S) -> None:
        """Keep the graph in `path`; wait up to `busy_s` for another process that writes."""
        self._path = path
        self._busy_s = busy_s
        self._guard = threading.RLock()
        self._graph: graphersal.Graph | None = None
        self._stamp: tuple[int, ...] | None = None
        self._changing = False
        self._answer: tuple[tuple[int, ...] | None, GraphSummary] | None = None

    def execute(self, script: str, bound: Mapping[str, str]) -> Any:
        """Run a script on the graph as it now is, one after another.

        Raises:
            DamagedError: the file cannot be read.
            UnavailableError: the engine refused the script.
        """
        with self._guard:
            graph = self._current()
            try:
                return graph.execute(script, bound)
            except graphersal.GraphersalError as error:
                raise UnavailableError(f"the graph refused a question: {error}") from error

    def remembered(self, ask: Callable[[], GraphSummary]) -> GraphSummary:
        """What `ask` answers of the graph as it now is: asked again when it has been written."""
        with self._guard:
            if self._changing:
                return ask()
            self._current()
            if self._answer is None or self._answer[0] != self._stamp:
                stamp = self._stamp
                self._answer = stamp, ask()
            return self._answer[1]

    def version(self) -> str:
        """What tells this version of the file from others; empty while it is being changed."""
        with self._guard:
            stamp = _stamp(self._path)
            return "" if self._changing else "-".join(map(str, stamp or ["nothing"]))

    @contextmanager
    def changed(self) -> Iterator[None]:
        """What is done within is in the file at the end, or in neither.

        Raises:
            UnavailableError: another process has been writing for too long.
        """
        with self._guard, self._alone():
            self._current()
            self._changing = True
            try:
                yield
                self._save()
            except BaseException:
                # What is half done in memory is forgotten; the file is whole.
                self._graph = None
                raise
            finally:
                self._changing = False

    def _current(self) -> graphersal.Graph:
        """The graph, read again when somebody else has written it."""
        stamp = self._stamp if self._changing else _stamp(self._path)
        if self._graph is None or stamp != self._stamp:
            self._graph, self._stamp = _loaded(self._path), stamp
        return self._graph

    def _save(self) -> None:
        """To a file beside it first: a crash leaves the old file or the new one, never a part."""
        beside = self._path.with_suffix(".new")
        self._current().save(str(beside))
        with beside.open("rb") as written:
            os.fsync(written.fileno())
        beside.replace(self._path)
        self._stamp = _stamp(self._path)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process writes meanwhile."""
        with self._path.with_suffix(".lock").open("w") as lock:
            until = time.monotonic() + self._busy_s
            while not _locked(lock.fileno()):
                if time.monotonic() > until:
                    raise UnavailableError(f"another process is writing {self._path.name}")
                time.sleep(_PAUSE_S)
            yield


def _locked(file: int) -> bool:
    """Take the lock if it is free; it goes with the file, also when the process is killed."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _stamp(path: Path) -> tuple[int, ...] | None:
    """What tells one version of a file from another; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _loaded(path: Path) -> graphersal.Graph:
    try:
        graph = graphersal.Graph.load(str(path)) if path.exists() else graphersal.Graph()
    except graphersal.GraphersalError as error:
        raise DamagedError(
            f"the graph in {path.name} cannot be read ({error}); "
            "move the file away and ingest the Config snapshot again"
        ) from error
    graph.set_limits(
        max_operations=_OPERATIONS, max_array_size=_ITEMS, max_map_size=_ITEMS, max_string_size=0
    )
    for kind in LinkKind:
        # Which item told of a link: asked for with every write.
        graph.create_index(str(kind), "owner", element="edge")
    return graph


class GraphersalConnection(RemoteConnection):  # type: ignore[misc] # gremlinpython has no types
    """What gremlinpython sends to, in this process."""

    def __init__(self, file: GraphersalFile) -> None:
        """Run traversals on the graph of `file`."""
        super().__init__("embedded", "g")
        self._file = file

    def submit(self, bytecode: Bytecode) -> RemoteTraversal:
        """Run a traversal to its end.

        Raises:
            DamagedError: the graph's file cannot be read.
            UnavailableError: the engine refused it.
        """
        text = _Text()
        script = f"let p = parse_json(j); g{text.steps(bytecode)}.toList()"
        found = self._file.execute(script, {"j": _json(text.values)})
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
    """A traversal as graphersal's text; its strings, lists and rows are kept beside it."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._names: dict[str, str] = {}

    def steps(self, bytecode: Bytecode) -> str:
        return "".join(
            f".{step[0]}({','.join(self._literal(a) for a in step[1:])})"
            for step in bytecode.step_instructions
        )

    def _literal(self, value: Any) -> str:  # noqa: C901, PLR0911 - one plain case per kind of value
        match value:
            case str():
                return self._named(value)
            case Bytecode():
                return "__" + self.steps(value)
            case Batch():
                return self._bind(_data(value.rows))
            case list() | dict():
                return self._bind(_data(value))
            case bool():
                return "true" if value else "false"
            case None:
                return "()"
            case enum.Enum():
                return _constant(value)
            case int() | float():
                return repr(value)
            case P():
                return self._predicate(value)
            case GraphTraversal():
                return self._literal(value.bytecode)
            case Vertex():
                return self._named(str(value.id))
        raise TypeError(f"a traversal cannot hold {type(value).__name__}")

    def _named(self, value: str) -> str:
        name = self._names.get(value)
        if name is None:
            name = self._names[value] = self._bind(value)
        return name

    def _bind(self, value: Any) -> str:
        self.values.append(value)
        return f"p[{len(self.values) - 1}]"

    def _predicate(self, predicate: P) -> str:
        kind = "TextP" if isinstance(predicate, TextP) else "P"
        if predicate.operator in {"and", "or"}:
            left, right = self._literal(predicate.value), self._literal(predicate.other)
            return f"{left}.{predicate.operator}({right})"
        value = predicate.value
        if predicate.operator in {"within", "without"}:
            value = list(value)
        return f"{kind}.{predicate.operator}({self._literal(value)})"


def _data(value: Any) -> Any:
    """Rows and ids as JSON can write them."""
    match value:
        case str() | bool() | int() | float() | None:
            return value
        case list():
            # Mostly ids; those are not looked at one by one.
            return value if all(type(item) is str for item in value) else [*map(_data, value)]
        case dict():
            return {
                key if type(key) is str else _key(key): item if type(item) is str else _data(item)
                for key, item in value.items()
            }
    raise TypeError(f"a row cannot hold {type(value).__name__}")


def _json(values: list[Any]) -> str:
    try:
        return orjson.dumps(values).decode()
    except TypeError:
        # Half a surrogate pair is no text: spelled out it is, and finds nothing.
        written = json.dumps(values, ensure_ascii=False)
        return _SURROGATE.sub(lambda half: f"\\\\u{ord(half[0]):04x}", written)


def _constant(value: enum.Enum) -> str:
    """`Cardinality.single`, `T.id`, `Order.desc`: graphersal spells them in camel case."""
    name = value.name.rstrip("_")
    head, *rest = name.split("_")
    camel = head + "".join(word.title() for word in rest)
    return f"{type(value).__name__}.{camel if name.islower() else name}"


@cache
def _key(key: Any) -> str:
    """A map's key that is no name of our own."""
    if isinstance(key, T):
        return f"T.{key.name.rstrip('_')}"
    if isinstance(key, Direction):
        return f"Direction.{key.name}"
    raise TypeError(f"a map's key must be a name, not {key!r}")


def _plain(value: Any) -> Any:
    """An engine's value as gremlinpython's."""
    if isinstance(value, graphersal.Vertex):
        return Vertex(value.id, value.label)
    if isinstance(value, graphersal.Edge):
        return Edge(value.id, _plain(value.out_v), value.label, _plain(value.in_v))
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
