"""What the graph answers to walks equals what a plain breadth-first search over the links finds."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as Folder
from tempfile import TemporaryDirectory

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from integrations.resources.graphersal import GraphersalResourceGraph
from integrations.resources.port import (
    INTERNET,
    Direction,
    GraphChange,
    Link,
    LinkKind,
    Path,
    ResourceGraph,
)
from tests.graph_builders import resource

NODES = [f"node/{n}" for n in range(9)]
KINDS = [
    LinkKind.USES,
    LinkKind.GUARDS,
    LinkKind.REACHES,
    LinkKind.FORWARDS_TO,
    LinkKind.CAN_ACCESS,
]
LINKS = st.lists(
    st.builds(
        lambda source, kind, target: Link(source=source, kind=kind, target=target),
        st.sampled_from([*NODES, INTERNET]),
        st.sampled_from(KINDS),
        st.sampled_from(NODES),
    ),
    max_size=22,
    unique_by=lambda li: (li.source, li.kind, li.target),
)
HOPS = st.integers(0, 5)
FEW = settings(max_examples=120, deadline=None, derandomize=True)


@contextmanager
def _graph(links: list[Link]) -> Iterator[ResourceGraph]:
    """A graph with every node and these links, each told of by its target."""
    with TemporaryDirectory() as folder:
        graph = GraphersalResourceGraph(Folder(folder) / "acme.gsnap", "acme")
        nodes = [resource(node, "AwsThing") for node in NODES]
        graph.apply(GraphChange(resources=nodes, links=[(li.target, li) for li in links]))
        yield graph


def _neighbours(links: list[Link], direction: Direction, *, travel: bool) -> dict[str, set[str]]:
    near: dict[str, set[str]] = {node: set() for node in [*NODES, INTERNET]}
    for li in links:
        if travel and not li.kind.travel:
            continue
        if direction is not Direction.IN:
            near[li.source].add(li.target)
        if direction is not Direction.OUT:
            near[li.target].add(li.source)
    return near


def _distances(near: dict[str, set[str]], starts: list[str], closed: set[str]) -> dict[str, int]:
    """How many links away everything is; nothing is reached through what is closed."""
    found = dict.fromkeys(starts, 0)
    waiting = deque(starts)
    while waiting:
        here = waiting.popleft()
        if here in closed and here not in starts:
            continue
        for there in sorted(near[here]):
            if there not in found:
                found[there] = found[here] + 1
                waiting.append(there)
    return found


def _within(
    links: list[Link], starts: list[str], direction: Direction, hops: int, *, travel: bool
) -> list[str]:
    """What is within so many hops: the nearest first, then by id, the starts as they are asked."""
    near = _neighbours(links, direction, travel=travel)
    distances = _distances(near, starts, {INTERNET})
    others = [i for i, far in distances.items() if 0 < far <= hops]
    return [*starts, *sorted(others, key=lambda i: (distances[i], i))]


def _is_way(links: list[Link], path: Path) -> bool:
    """Whether a path goes along links of the graph, either way."""
    told = {(li.source, li.kind, li.target) for li in links}
    ids = [r.id for r in path.resources]
    return len(ids) == len(path.links) + 1 and all(
        (li.source, li.kind, li.target) in told and {li.source, li.target} == {here, there}
        for here, there, li in zip(ids, ids[1:], path.links, strict=False)
    )


@FEW
@given(LINKS, st.sampled_from(NODES), st.sampled_from(Direction), HOPS, st.integers(1, 12))
def test_a_blast_radius_is_the_searchs(
    links: list[Link], start: str, direction: Direction, hops: int, limit: int
) -> None:
    expected = _within(links, [start], direction, hops, travel=True)
    with _graph(links) as graph:
        part = graph.blast_radius(start, direction, hops, limit)
    kept = expected[:limit]
    assert [r.id for r in part.resources] == kept
    assert part.left_out == len(expected) - len(kept)
    among = {(li.source, li.kind, li.target) for li in links if li.kind.travel}
    assert {(li.source, li.kind, li.target) for li in part.links} == {
        ends for ends in among if {ends[0], ends[2]} <= set(kept)
    }


@FEW
@given(
    LINKS,
    st.lists(st.sampled_from(NODES), min_size=1, max_size=3, unique=True),
    HOPS,
    st.integers(1, 12),
)
def test_a_neighbourhood_is_the_searchs(
    links: list[Link], starts: list[str], hops: int, limit: int
) -> None:
    expected = _within(links, starts, Direction.BOTH, hops, travel=False)
    with _graph(links) as graph:
        part = graph.neighbourhood(starts, hops, limit)
    kept = expected[:limit]
    assert [r.id for r in part.resources] == kept
    assert part.left_out == len(expected) - len(kept)
    assert {(li.source, li.kind, li.target) for li in part.links} == {
        (li.source, li.kind, li.target) for li in links if {li.source, li.target} <= set(kept)
    }


@FEW
@given(LINKS, st.lists(st.sampled_from(NODES), max_size=4), st.integers(1, 12))
def test_paths_from_the_internet_are_as_short_as_the_searchs(
    links: list[Link], targets: list[str], limit: int
) -> None:
    near = _neighbours(links, Direction.OUT, travel=True)
    distances = _distances(near, [INTERNET], set())
    del distances[INTERNET]
    wanted = {i: far for i, far in distances.items() if not targets or i in targets}
    with _graph(links) as graph:
        paths = graph.paths_from_internet(targets, limit)
    ends = [path.resources[-1].id for path in paths]
    assert ends == sorted(wanted, key=lambda i: (wanted[i], i))[:limit]
    for path in paths:
        assert path.resources[0].id == INTERNET
        assert len(path.links) == wanted[path.resources[-1].id]
        assert _is_way(links, path)
        assert all(li.kind.travel for li in path.links)


@FEW
@given(LINKS, st.sampled_from([*NODES, INTERNET]), st.sampled_from(NODES), HOPS)
def test_the_path_between_two_is_as_short_as_the_searchs(
    links: list[Link], source: str, target: str, hops: int
) -> None:
    closed = {INTERNET} - {source, target}
    far: int | None = None
    travelled = False
    for direction, travel in ((Direction.OUT, True), (Direction.BOTH, False)):
        near = _neighbours(links, direction, travel=travel)
        found = _distances(near, [source], closed).get(target, hops + 1)
        if found <= hops:
            far, travelled = found, travel
            break
    assume(source != INTERNET or any(li.source == INTERNET for li in links))
    with _graph(links) as graph:
        path = graph.path_between(source, target, hops)
    if far is None:
        assert path is None
    else:
        assert path is not None
        assert (path.resources[0].id, path.resources[-1].id) == (source, target)
        assert len(path.links) == far
        assert _is_way(links, path)
        assert INTERNET not in {r.id for r in path.resources[1:-1]}
        assert all(li.kind.travel for li in path.links) or not travelled
