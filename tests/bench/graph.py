"""The resource graph of a large tenant: how long it loads, and how far an attacker gets in it."""

import gc
import random
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from integrations.resources.graphersal import GraphersalResourceGraph
from integrations.resources.port import (
    INTERNET,
    Direction,
    GraphChange,
    Link,
    LinkKind,
    Resource,
    ResourceGraph,
)
from tests.bench.timing import Took, line, timed

_RESOURCES = 100_000
_LINKS = 300_000
_AT_ONCE = 5_000
"""Items of one write, as ingest makes them."""
_HUBS, _OF_A_HUB = 50, 1_000
_REACHED = 500
"""Resources that the internet reaches."""
_STARTS = 1_000
_ROUNDS = 50
_SEEN = datetime(2026, 11, 20, tzinfo=UTC)
_KINDS = (
    LinkKind.REACHES,
    LinkKind.FORWARDS_TO,
    LinkKind.RUNS_AS,
    LinkKind.CAN_ASSUME,
    LinkKind.CAN_ACCESS,
)
"""Every link can be travelled: no walk is shorter for a link that leads nowhere."""


def run() -> Iterator[str]:
    """Loads, then one row for each question from many resources."""
    folder = Path(tempfile.mkdtemp(prefix="assist-bench-"))
    try:
        yield from _figures(folder / "acme.gsnap")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _figures(path: Path) -> Iterator[str]:
    chance = random.Random(3)
    resources, links = _estate(chance)
    graph: ResourceGraph = GraphersalResourceGraph(path, "acme")
    yield from _writes(graph, resources, links)
    began = time.perf_counter()
    graph = GraphersalResourceGraph(path, "acme")
    graph.get([resources[0].id])
    size = path.stat().st_size / 1e6
    yield f"opened again: {time.perf_counter() - began:.1f} s, file {size:.0f} MB"
    everything = [resource.id for resource in resources]
    starts = chance.sample(everything, _STARTS)
    # The estate that was written is the bench's own: no process that answers holds or collects it.
    gc.collect()
    gc.freeze()
    goal = "(goal p99 <= 5 ms)"
    yield line("3 hops from anywhere", _each(graph, starts), goal)
    yield line("3 hops over dictionaries of links", _over_dictionaries(links, starts), "(rival)")
    yield line(f"3 hops from a hub of {_OF_A_HUB:,} links", _each(graph, _ids(_HUBS)))
    yield line("3 hops into anywhere", _each(graph, starts, Direction.IN))
    yield from _other_questions(graph, everything[_HUBS:], chance)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield f"peak memory {peak:,.0f} MB"


def figures(graph: ResourceGraph) -> Iterator[str]:
    """The same estate and questions at another engine, whose graph is empty."""
    chance = random.Random(3)
    resources, links = _estate(chance)
    yield from _writes(graph, resources, links)
    everything = [resource.id for resource in resources]
    starts = chance.sample(everything, _STARTS // 4)
    yield line("3 hops from anywhere", _each(graph, starts))
    yield line(f"3 hops from a hub of {_OF_A_HUB:,} links", _each(graph, _ids(_HUBS)))
    yield line("3 hops into anywhere", _each(graph, starts, Direction.IN))
    yield from _other_questions(graph, everything[_HUBS:], chance)


def _writes(
    graph: ResourceGraph, resources: Sequence[Resource], links: Sequence[tuple[str, Link]]
) -> Iterator[str]:
    whole = GraphChange(resources=resources, links=links)
    yield _seconds(f"{len(resources):,} resources, {len(links):,} links at once", graph, whole)
    for count in (_AT_ONCE, 10):
        some = {resource.id for resource in resources[-count:]}
        part = [(owner, link) for owner, link in links if owner in some]
        again = _newer(GraphChange(resources=resources[-count:], links=part), count)
        yield _seconds(f"{count:,} of them again, newer", graph, again)


def _over_dictionaries(links: Sequence[tuple[str, Link]], starts: Sequence[str]) -> list[Took]:
    """The least that such a walk can cost in this process: ids alone, nothing read or written."""
    out: dict[str, list[str]] = {}
    for _, link in links:
        out.setdefault(link.source, []).append(link.target)

    def walk(start: str) -> list[str]:
        seen, frontier = {start}, [start]
        for _ in range(3):
            frontier = sorted({n for i in frontier for n in out.get(i, ())} - seen)
            seen.update(frontier)
        return sorted(seen)[:40]

    return [timed(lambda i=i: walk(i)) for i in starts]  # type: ignore[misc] # bound early


def _other_questions(
    graph: ResourceGraph, ids: Sequence[str], chance: random.Random
) -> Iterator[str]:
    questions: dict[str, Callable[[], object]] = {
        "1 hop around": lambda: graph.neighbourhood([chance.choice(ids)]),
        "path between two": lambda: graph.path_between(chance.choice(ids), chance.choice(ids)),
        "path from the internet to one": lambda: graph.paths_from_internet([chance.choice(ids)]),
        "200 paths from the internet": graph.paths_from_internet,
        "40 resources": lambda: graph.get(chance.sample(ids, 40)),
        "find by name": lambda: graph.find(f"host-{chance.randrange(_RESOURCES)}"),
        "summary": graph.summary,
    }
    for name, ask in questions.items():
        yield line(name, [timed(ask) for _ in range(_ROUNDS)])


def _seconds(name: str, graph: ResourceGraph, change: GraphChange) -> str:
    took = timed(lambda: graph.apply(change))
    summary = graph.summary()
    there = f"{summary.resources:,} resources, {summary.links:,} links"
    return f"{name}: {took / 1000:.1f} s, {took.cpu / 1000:.1f} s of processor time ({there})"


def _each(
    graph: ResourceGraph, ids: Sequence[str], direction: Direction = Direction.OUT
) -> list[Took]:
    return [timed(lambda i=i: graph.blast_radius(i, direction, hops=3)) for i in ids]  # type: ignore[misc] # bound early


def _ids(count: int) -> list[str]:
    return [vertex_id(number) for number in range(count)]


def vertex_id(number: int) -> str:
    """The ARN of the nth resource."""
    return f"arn:aws:ec2:eu-west-1:111122223333:instance/i-{number:017x}"


def _estate(chance: random.Random) -> tuple[list[Resource], list[tuple[str, Link]]]:
    """Three links from each resource on average, a thousand from each of the first fifty."""
    resources = [
        Resource(
            id=vertex_id(number),
            type="AwsEc2Instance",
            name=f"host-{number}",
            short_id=f"i-{number:017x}",
            account="111122223333",
            region="eu-west-1",
            tags={"Name": f"host-{number}", "team": f"team-{number % 40}"},
            properties={"state": "running", "imds": "required", "vpc": f"vpc-{number % 90}"},
            captured_at=_SEEN,
        )
        for number in range(_RESOURCES)
    ]
    links: dict[tuple[str, str, LinkKind], Link] = {}
    while len(links) < _LINKS:
        number = len(links)
        if number < _HUBS * _OF_A_HUB:
            source = vertex_id(number // _OF_A_HUB)
        elif number < _LINKS - _REACHED:
            source = vertex_id(chance.randrange(_RESOURCES))
        else:
            source = INTERNET
        target, kind = vertex_id(chance.randrange(_RESOURCES)), chance.choice(_KINDS)
        links[source, target, kind] = Link(source=source, kind=kind, target=target)
    return resources, [(link.target, link) for link in links.values()]


def _newer(change: GraphChange, minutes: int) -> GraphChange:
    """The same, captured so much later."""
    resources = []
    for old in change.resources:
        seen = (old.captured_at or _SEEN) + timedelta(minutes=minutes)
        resources.append(
            Resource(
                id=old.id,
                type=old.type,
                name=old.name,
                short_id=old.short_id,
                account=old.account,
                region=old.region,
                tags=old.tags,
                properties=old.properties,
                captured_at=seen,
            )
        )
    return GraphChange(resources=resources, links=change.links)
