"""Websockets to an engine that was restarted, demoted, or not asked for a while."""

from contextlib import ExitStack

from gremlin_python.process.anonymous_traversal import traversal

from integrations.resources.gremlin_network import ATTEMPTS, IDLE_S, Endpoint, GremlinConnection
from tests.contract.engines import Clock
from tests.gremlin_double import HANGS_UP, Says, engine


def test_a_writer_that_has_become_a_reader_is_left_and_the_request_sent_to_the_new_one() -> None:
    demoted = Says(500, '{"code":"ReadOnlyViolationException"}')
    with engine(demoted, Says(results=["a"])) as told:
        connection = GremlinConnection(Endpoint(told.url), lambda _: None)
        assert traversal().with_(connection).V().to_list() == ["a"]
        assert len(told.handshakes) == 2
        connection.close()


def test_a_connection_that_nobody_has_used_for_minutes_is_made_anew() -> None:
    clock = Clock()
    with engine() as told:
        connection = GremlinConnection(Endpoint(told.url), lambda _: None, clock)
        g = traversal().with_(connection)
        handshakes = []
        for idle in (0, IDLE_S - 1, IDLE_S + 1, 0):
            clock.now += idle
            g.V().to_list()
            handshakes.append(len(told.handshakes))
        assert handshakes == [1, 1, 2, 2]
        connection.close()


def test_when_one_connection_is_lost_those_beside_it_are_not_tried_one_by_one() -> None:
    """An engine that was restarted has lost all of them, however many threads had asked it."""
    many = ATTEMPTS + 1
    with engine(*[HANGS_UP] * many) as told:
        connection = GremlinConnection(Endpoint(told.url), lambda _: None)
        with ExitStack() as held:
            for _ in range(many):
                held.enter_context(connection._wire())
        told.acts[:] = [HANGS_UP, Says(results=["a"])]
        assert traversal().with_(connection).V().to_list() == ["a"]
        assert len(told.handshakes) == many + 1
        connection.close()
