"""The resource graph at a real Gremlin Server: what writing costs beside other ways, and asking."""

import functools
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gremlin_python.driver.driver_remote_connection import DriverRemoteConnection
from gremlin_python.driver.serializer import GraphSONSerializersV3d0
from gremlin_python.process.anonymous_traversal import traversal
from gremlin_python.process.graph_traversal import GraphTraversalSource
from gremlin_python.process.traversal import Cardinality, T
from gremlin_python.statics import long

from infra.local.engines import gremlin
from infra.local.engines.running import Engines
from integrations.resources.gremlin_network import Endpoint, GremlinConnection
from integrations.resources.gremlin_rows import Rows, Sizes
from integrations.resources.gremlin_server import GremlinServerGraphs
from integrations.resources.gremlin_writes import GremlinWrites
from tests.bench import graph

_ROUNDS = 7
_OURS, _CHAINED, _SINGLE = 4_000, 1_000, 200
"""Vertices of one round of each way."""
_CHAIN = 50
_NEPTUNE = 28
"""Vertices of 6 properties and a label in the 200 records that Neptune advises."""
_WRITE = Callable[[Sequence[Mapping[str, Any]]], None]


@dataclass
class _Way:
    """One way of writing vertices so that their values are replaced."""

    name: str
    write: _WRITE
    each: int
    cpu_us: list[float] = field(default_factory=list)
    per_s: list[float] = field(default_factory=list)

    def run(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """One round, over vertices that are there."""
        some = rows[: self.each]
        cpu, wall = time.process_time(), time.perf_counter()
        self.write(some)
        self.cpu_us.append((time.process_time() - cpu) / len(some) * 1e6)
        self.per_s.append(len(some) / (time.perf_counter() - wall))


def run() -> Iterator[str]:
    """Starts a server of its own, with a heap for a hundred thousand resources."""
    prepare = functools.partial(gremlin.prepare, heap="3g")
    with Engines({"gremlin": None}, {"gremlin": prepare}) as engines:
        engines.wait()
        if "gremlin" not in engines.where():
            yield f"left out: {engines.left_out['gremlin']}"
            return
        url = engines.where()["gremlin"]["url"]
        yield f"Gremlin Server {gremlin.VERSION}, cardinality `set`, {_ROUNDS} rounds by turns"
        yield from _upserts(url)
        graphs = GremlinServerGraphs(url, "g1")
        pid = engines.where()["gremlin"]["pid"]
        spent = _processor_s(pid)
        for row in graph.figures(graphs.of("acme")):
            now = _processor_s(pid)
            yield f"{row}   [server {now - spent:.1f} s of processor time]"
            spent = now
        graphs.close()


def _upserts(url: str) -> Iterator[str]:
    """Each way by turns, in every round other values; the first round writes new vertices."""
    ours = GremlinConnection(Endpoint(url, "g0"))
    binary = DriverRemoteConnection(url, "g0", pool_size=1)
    graphson = DriverRemoteConnection(
        url, "g0", pool_size=1, message_serializer=GraphSONSerializersV3d0()
    )
    try:
        chained, single = traversal().with_(binary), traversal().with_(graphson)
        ways = [
            _Way("ours, 200 a request", _ours(ours, 200), _OURS),
            _Way(f"ours, {_NEPTUNE} a request (Neptune's)", _ours(ours, _NEPTUNE), _OURS),
            _Way("chained mergeV, 50 a request", lambda rows: _chained(chained, rows), _CHAINED),
            _Way("mergeV one by one, GraphSON", lambda rows: _singly(single, rows), _SINGLE),
        ]
        new = _rows(0)
        for way in ways:
            way.write(new[: way.each])
        for number in range(_ROUNDS):
            rows = _rows(number + 1)
            for way in ways:
                way.run(rows)
        yield from map(_line, ways)
        mine, _, chain, one = ways
        yield _ratios("client CPU of one by one / ours", one.cpu_us, mine.cpu_us, ">= 20")
        yield _ratios("client CPU of chained / ours", chain.cpu_us, mine.cpu_us, ">= 3")
        yield _ratios("wall rate of ours / one by one", mine.per_s, one.per_s, ">= 20")
        kept = traversal().with_(ours).V(_rows(0)[0]["m"][T.id]).value_map().next()
        yield f"values of a property after it was written again and again: {len(kept['name'])}"
    finally:
        for connection in (ours, binary, graphson):
            connection.close()


def _processor_s(pid: int) -> float:
    """Seconds of processor time of a process so far (proc(5): utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _line(way: _Way) -> str:
    cpu, rate = statistics.median(way.cpu_us), statistics.median(way.per_s)
    goal = "   (goal <= 30 us)" if way.name.startswith("ours, 200") else ""
    return f"{way.name:<38} {cpu:8.1f} us of client CPU a vertex   {rate:8,.0f} vertices/s{goal}"


def _ratios(name: str, above: Sequence[float], below: Sequence[float], goal: str) -> str:
    each = [a / b for a, b in zip(above, below, strict=True)]
    return f"{name:<38} {statistics.median(each):8.1f}   (goal {goal})"


def _rows(number: int) -> list[dict[str, Any]]:
    """Vertices of six properties, two of which change from round to round."""
    chance = random.Random(number)
    return [
        {
            "m": {T.id: f"acme|{graph.vertex_id(n)}", T.label: "AwsEc2Instance"},
            "p": {
                "name": f"host-{n}-{number}",
                "account": "111122223333",
                "region": "eu-west-1",
                "state": "running",
                "size": chance.randrange(2**20),
                "captured": long(1_795_000_000_000 + number),
            },
        }
        for n in range(_OURS)
    ]


def _ours(connection: GremlinConnection, at_once: int) -> _WRITE:
    g = traversal().with_(connection)
    return GremlinWrites(g, Rows("acme"), Sizes(vertices=at_once)).replace


def _merged(steps: Any, row: Mapping[str, Any]) -> Any:
    steps = steps.merge_v(dict(row["m"]))
    for name, value in row["p"].items():
        steps = steps.property(Cardinality.single, name, value)
    return steps


def _singly(g: GraphTraversalSource, rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        _merged(g, row).count().next()


def _chained(g: GraphTraversalSource, rows: Sequence[Mapping[str, Any]]) -> None:
    for start in range(0, len(rows), _CHAIN):
        steps: Any = g
        for row in rows[start : start + _CHAIN]:
            steps = _merged(steps, row)
        steps.count().next()
