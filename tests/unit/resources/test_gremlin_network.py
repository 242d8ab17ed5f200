"""A graph over the network: what is tried again, what is given up, and one writer at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import ReadOnlyCredentials
from gremlin_python.driver.remote_connection import RemoteConnection
from gremlin_python.process.anonymous_traversal import traversal
from gremlin_python.process.traversal import Direction, T
from gremlin_python.statics import long
from gremlin_python.structure.io.graphbinaryV1 import GraphBinaryReader, GraphBinaryWriter
from typing_extensions import override

from integrations.errors import InvalidSettingError, UnavailableError
from integrations.resources.graphersal import GraphersalConnection, GraphersalFile
from integrations.resources.gremlin_lease import BUSY_S, LEASE_S, GremlinLease
from integrations.resources.gremlin_network import (
    ATTEMPTS,
    Endpoint,
    GremlinConnection,
    NetworkResourceGraph,
    Summaries,
)
from integrations.resources.gremlin_rows import Batch, Sizes
from integrations.resources.gremlin_wire import _WRITER
from integrations.resources.neptune import RECORDS, NeptuneGraphs
from integrations.resources.port import GraphChange, LinkKind, ResourceGraph
from tests.builders import NOON
from tests.contract.engines import Clock
from tests.graph_builders import change, ec2, iam, link, resource
from tests.gremlin_double import HANGS_UP, STAYS_SILENT, Engine, Says, engine

HOST, ROLE, VOLUME, GONE = ec2("instance/i-1"), iam("role/web"), ec2("volume/v"), ec2("volume/g")
MET = Says(500, '{"code":"ConcurrentModificationException","detailedMessage":"arn:of:somebody"}')


@contextmanager
def _connected(told: Engine, **more: Any) -> Iterator[tuple[Any, list[float]]]:
    pauses: list[float] = []
    connection = GremlinConnection(Endpoint(told.url, **more), pauses.append)
    try:
        yield traversal().with_(connection), pauses
    finally:
        connection.close()


def test_requests_share_a_connection() -> None:
    with engine(Says(results=["a"]), Says(204)) as told, _connected(told) as (g, pauses):
        assert g.V().to_list() == ["a"]
        assert g.V().to_list() == []
        assert (len(told.handshakes), pauses) == (1, [])


def test_an_answer_in_parts_is_put_together() -> None:
    with engine(Says(206, results=["a"])) as told, _connected(told, answer_s=0.2) as (g, _):
        with pytest.raises(UnavailableError, match="no answer within 0 s"):
            g.V().to_list()
        assert len(told.requests) == 1


def test_a_request_that_met_another_is_tried_again_and_later_each_time() -> None:
    with engine(MET, MET, MET, Says(results=["a"])) as told, _connected(told) as (g, pauses):
        assert g.V().to_list() == ["a"]
        assert len(set(told.requests)) == 4
        assert len(told.handshakes) == 1
        assert [0.05 <= a <= 0.1 for a in pauses[1:2]] == [True]
        assert pauses == sorted(pauses)


def test_a_request_that_meets_others_for_ever_is_given_up() -> None:
    with engine(*[MET] * 20) as told, _connected(told) as (g, pauses):
        with pytest.raises(UnavailableError) as raised:
            g.V().to_list()
        assert len(told.requests) == ATTEMPTS
        assert sum(pauses) < 7
        assert str(raised.value).endswith("refused a question: ConcurrentModificationException")


def test_a_request_that_is_wrong_is_not_tried_again_and_no_name_is_told() -> None:
    wrong = Says(597, "no such property: payroll of arn:aws:iam::111122223333:role/boss")
    with engine(wrong, Says()) as told, _connected(told) as (g, pauses):
        with pytest.raises(UnavailableError) as raised:
            g.V().to_list()
        assert str(raised.value) == "the graph refused a question: status 597"
        assert (len(told.requests), pauses) == (1, [])
        assert g.V().to_list() == []
        assert len(told.handshakes) == 1


def test_a_lost_connection_is_made_again_with_fresh_headers() -> None:
    tokens = iter(["first", "second"])
    headers = {"headers": lambda: {"X-Token": next(tokens)}}
    with (
        engine(Says(), HANGS_UP, Says(results=["a"])) as told,
        _connected(told, **headers) as (g, _),
    ):
        g.V().to_list()
        assert g.V().to_list() == ["a"]
        assert [one["X-Token"] for one in told.handshakes] == ["first", "second"]


def test_an_engine_that_is_not_there_is_named_with_its_address() -> None:
    with engine() as told:
        url = told.url
    with _connected(Engine(url=url)) as (g, pauses):
        with pytest.raises(UnavailableError, match=rf"{url} is not reached: ClientConnector"):
            g.V().to_list()
        assert len(pauses) == ATTEMPTS - 1


def test_a_refused_handshake_is_told_by_its_status_alone() -> None:
    with engine(turns_away=50) as told, _connected(told) as (g, _):
        with pytest.raises(UnavailableError) as raised:
            g.V().to_list()
        assert str(raised.value).endswith("the handshake was refused with HTTP 403")


def test_an_answer_that_does_not_come_is_not_waited_for_twice() -> None:
    with (
        engine(STAYS_SILENT, Says(results=["a"])) as told,
        _connected(told, answer_s=0.1) as (g, _),
    ):
        with pytest.raises(UnavailableError, match="the graph took too long: no answer"):
            g.V().to_list()
        assert g.V().to_list() == ["a"]
        assert len(told.handshakes) == 2


def test_a_closed_connection_says_so() -> None:
    with engine() as told, _connected(told) as (g, _):
        g.V().to_list()
        g.remote_connection = None
    with engine() as told:
        connection = GremlinConnection(Endpoint(told.url))
        connection.close()
        with pytest.raises(UnavailableError, match="connections are closed"):
            traversal().with_(connection).V().to_list()


ROWS: list[Any] = [
    {
        T.id: "acme|x",
        T.label: "A",
        Direction.from_: "é\U0001f600",
        Direction.to: '"); g.V().drop()',
    },
    {"m": {"nested": [1, [True, None, 0.5]]}, "p": {"": "", "\x00\n": "\x1f"}},
    {"least": -(2**31), "most": 2**31 - 1, "beyond": 2**31, "below": -(2**31) - 1, "far": 2**62},
    {"small long": long(3), "negative": long(-1), "no": False},
    {},
]


def test_rows_are_written_as_gremlinpythons_own_writer_writes_them() -> None:
    ours, theirs = bytearray(), bytearray()
    _WRITER.to_dict(Batch(ROWS), ours)
    # It cannot tell that these numbers are too large for 31 bits.
    wide = {k: long(v) if k in {"beyond", "below", "far"} else v for k, v in ROWS[2].items()}
    GraphBinaryWriter().to_dict([*ROWS[:2], wide, *ROWS[3:]], theirs)
    assert ours == theirs
    assert GraphBinaryReader().read_object(ours) == ROWS


@pytest.mark.parametrize("wrong", [{"a": object()}, {"a": {1, 2}}, {7: "a"}, {("a",): "b"}])
def test_rows_hold_nothing_that_the_engine_would_not_give_back(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"a row cannot hold|a map's key must be a name"):
        _WRITER.to_dict(Batch([wrong]), bytearray())


# Neptune


def test_neptune_is_opened_with_a_signature_of_the_moment() -> None:
    keys = iter("AB")

    def credentials() -> ReadOnlyCredentials:
        return ReadOnlyCredentials(f"AKID{next(keys)}", "secret", "the token")

    with engine(HANGS_UP, *[Says(results=["x"])] * 9) as told:
        graphs = NeptuneGraphs(
            told.url, credentials=credentials, region="eu-west-1", pause=lambda _: None
        )
        with suppress(Exception):
            graphs.of("acme").get(["x"])
        graphs.close()
        first, second = told.handshakes
        assert first["Host"] == told.url.removeprefix("ws://").removesuffix("/gremlin")
        assert first["X-Amz-Security-Token"] == "the token"
        assert "Credential=AKIDA/" in first["Authorization"]
        assert "/eu-west-1/neptune-db/aws4_request" in first["Authorization"]
        assert "SignedHeaders=host;x-amz-date" in first["Authorization"]
        assert "Credential=AKIDB/" in second["Authorization"]


def test_neptunes_region_is_that_of_its_name() -> None:
    NeptuneGraphs("wss://a.cluster-b.eu-central-1.neptune.amazonaws.com:8182/gremlin").close()
    NeptuneGraphs("wss://graph.internal:8182/gremlin", signed=False).close()
    with pytest.raises(InvalidSettingError, match="region"):
        NeptuneGraphs("wss://graph.internal:8182/gremlin")


def test_a_request_to_neptune_writes_as_many_records_as_it_takes_best(tmp_path: Path) -> None:
    graph = NeptuneGraphs("wss://x.y.eu-west-1.neptune.amazonaws.com/gremlin").of("acme")
    assert isinstance(graph, NetworkResourceGraph)
    rows = graph._rows
    vertex = rows.properties(resource(HOST))
    edge = rows.edge(HOST, link(HOST, LinkKind.USES, VOLUME))
    assert graph._sizes.vertices * (len(vertex) + 1) <= RECORDS
    assert graph._sizes.edges * (len(edge) - 3) <= RECORDS


# Writers, on the embedded engine in a remote one's place.


class Failing(RemoteConnection):  # type: ignore[misc] # gremlinpython has no types
    """A connection whose next so many requests arrive, and none after them."""

    def __init__(self, beneath: RemoteConnection) -> None:
        super().__init__("failing", "g")
        self.beneath = beneath
        self.arrive = 10_000
        self.before_each: Callable[[], None] = lambda: None

    def submit(self, bytecode: Any) -> Any:
        if not self.arrive:
            raise UnavailableError("cut off")
        self.arrive -= 1
        self.before_each()
        return self.beneath.submit(bytecode)


def _graph(connection: RemoteConnection, clock: Clock, busy_s: float = BUSY_S) -> ResourceGraph:
    def pause(seconds: float) -> None:
        clock.now += seconds

    lease = GremlinLease(connection, "acme", clock, pause, busy_s)
    return NetworkResourceGraph(connection, "acme", Sizes(2, 2), lease, {})


def _work_on(held: RemoteConnection) -> None:
    traversal().with_(held).V("x").to_list()


def _before() -> GraphChange:
    links = [link(HOST, LinkKind.RUNS_AS, ROLE), link(HOST, LinkKind.USES, GONE)]
    return change([resource(HOST, state="old"), resource(GONE, "AwsEc2Volume")], links)


def _after() -> GraphChange:
    later = NOON + timedelta(hours=1)
    things = [resource(HOST, state="new", at=later), resource(ROLE, "AwsIamRole")]
    whole = change(things, [link(HOST, LinkKind.USES, VOLUME), link(ROLE, LinkKind.USES, VOLUME)])
    return GraphChange(
        resources=whole.resources, links=whole.links, deleted=[GONE], deleted_at={GONE: later}
    )


def _all(graph: ResourceGraph) -> object:
    ids = [HOST, ROLE, VOLUME, GONE]
    return graph.get(ids), graph.neighbourhood(ids), graph.summary()


def test_a_change_that_was_cut_off_anywhere_is_completed_by_applying_it_again(
    tmp_path: Path,
) -> None:
    clock = Clock()
    whole = _graph(GraphersalConnection(GraphersalFile(tmp_path / "whole")), clock)
    whole.apply(_before())
    whole.apply(_after())
    cut_off = 0
    for arrive in range(1_000):
        connection = Failing(GraphersalConnection(GraphersalFile(tmp_path / f"{arrive}")))
        graph = _graph(connection, clock)
        graph.apply(_before())
        connection.arrive = arrive
        try:
            graph.apply(_after())
        except UnavailableError:
            connection.arrive = 10_000
            cut_off += 1
            # The lease that was not given back is over some day.
            clock.now += LEASE_S + 1
            gone = GONE not in graph.get([GONE])
            graph.apply(_before())
            assert not gone or GONE not in graph.get([GONE]), f"back after {arrive}"
            graph.apply(_after())
            graph.apply(_before())
            assert _all(graph) == _all(whole), f"cut off after {arrive}"
        else:
            break
    assert 15 < cut_off < 60


def test_a_writer_waits_for_another_one_and_not_for_ever(tmp_path: Path) -> None:
    clock = Clock()
    connection = GraphersalConnection(GraphersalFile(tmp_path / "x"))
    began = clock.now
    with GremlinLease(connection, "acme", clock).held() as held:
        # The other one works on, which prolongs the lease.
        other = Failing(connection)
        other.before_each = lambda: _work_on(held)
        with pytest.raises(UnavailableError, match="somebody else has been writing"):
            _graph(other, clock, busy_s=1.0).apply(_before())
        assert clock.now - began > 0.9
    _graph(connection, clock).apply(_before())


def test_a_writer_that_is_gone_is_waited_for_as_long_as_its_lease(tmp_path: Path) -> None:
    clock = Clock()
    connection = Failing(GraphersalConnection(GraphersalFile(tmp_path / "x")))
    connection.arrive = 5
    with pytest.raises(UnavailableError, match="cut off"):
        _graph(connection, clock).apply(_before())
    connection.arrive = 10_000
    began = clock.now
    _graph(connection, clock).apply(_before())
    assert LEASE_S - 1 < clock.now - began < LEASE_S + 2


def test_a_writer_whose_lease_is_over_writes_no_more(tmp_path: Path) -> None:
    clock = Clock()
    connection = GraphersalConnection(GraphersalFile(tmp_path / "x"))
    graph = _graph(connection, clock)
    with GremlinLease(connection, "acme", clock).held() as slow:
        clock.now += LEASE_S + 1
        graph.apply(_before())
        with (
            GremlinLease(connection, "acme", clock).held(),
            pytest.raises(UnavailableError, match="somebody else writes the graph now"),
        ):
            traversal().with_(slow).V().drop().to_list()
    assert graph.summary().resources == 2


def test_writers_of_different_tenants_do_not_wait_for_each_other(tmp_path: Path) -> None:
    connection = GraphersalConnection(GraphersalFile(tmp_path / "x"))
    clock = Clock()
    with GremlinLease(connection, "globex", clock).held():
        _graph(connection, clock).apply(_before())
    assert clock.now == Clock.now


class _Counted(GraphersalConnection):
    """Counts the traversals that are sent."""

    def __init__(self, file: GraphersalFile) -> None:
        super().__init__(file)
        self.sent = 0

    @override
    def submit(self, bytecode: Any) -> Any:
        self.sent += 1
        return super().submit(bytecode)


def test_a_summary_is_counted_again_only_when_the_graph_has_changed(tmp_path: Path) -> None:
    connection = _Counted(GraphersalFile(tmp_path / "acme.gsnap"))
    summaries: Summaries = {}

    def asked() -> tuple[int, int]:
        """What it says, and how many traversals that took; every question has a graph anew."""
        before = connection.sent
        lease = GremlinLease(connection, "acme")
        graph = NetworkResourceGraph(connection, "acme", Sizes(2, 2), lease, summaries)
        return graph.summary().resources, connection.sent - before

    writer = NetworkResourceGraph(
        connection, "acme", Sizes(2, 2), GremlinLease(connection, "acme"), {}
    )
    writer.apply(change([resource(HOST)]))
    assert asked()[0] == 1
    assert asked() == (1, 1), "it only looks whether the graph is as it was"
    writer.apply(change([resource(ROLE)]))
    assert asked()[0] == 2
