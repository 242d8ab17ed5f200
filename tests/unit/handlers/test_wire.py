"""HTTP by hand: what is an answer, what is none, and how long is waited for one."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import chain, repeat

import pytest

from bot.handlers.wire import Wire, WireError

_FINE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@contextmanager
def that_says(*pieces: bytes, stay: bool = False) -> Iterator[Wire]:
    """A server of one connection, which says this piece by piece whatever it is asked."""
    done = threading.Event()

    def serve() -> None:
        connection, _ = server.accept()
        with connection, suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.recv(1_000)
            for piece in pieces:
                connection.sendall(piece)
            if stay:
                done.wait(30)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            with closing(Wire("127.0.0.1", server.getsockname()[1], tls=False)) as wire:
                yield wire
        finally:
            done.set()
            thread.join()


@pytest.mark.parametrize(
    "pieces",
    [
        (_FINE,),
        tuple(bytes([b]) for b in _FINE),
        (b"HTTP/1.1 200\r\nconnection: keep-alive\r\nCONTENT-LENGTH:2 \r\n\r\n", b"{", b"}"),
    ],
    ids=["at once", "byte by byte", "in its own spelling"],
)
def test_an_answer_is_read_however_it_comes(pieces: tuple[bytes, ...]) -> None:
    with that_says(*pieces) as wire:
        assert wire.exchange(b"POST", 5) == (200, b"{}")
        assert wire.open


@pytest.mark.parametrize(
    "said",
    [
        _FINE.replace(b"\r\n", b"\r\nConnection: close\r\n", 1),
        _FINE.replace(b"\r\n", b"\r\nconnection:Close\r\n", 1),
        _FINE.replace(b"HTTP/1.1", b"HTTP/1.0"),
        _FINE + b"more than was announced",
    ],
)
def test_a_connection_that_is_to_be_closed_is_not_kept(said: bytes) -> None:
    with that_says(said) as wire:
        assert wire.exchange(b"POST", 5)[0] == 200
        assert not wire.open


@pytest.mark.parametrize(
    "said",
    [
        b"",
        _FINE[:-1],
        b"SSH-2.0\r\n\r\n",
        _FINE.replace(b"\r\n\r\n", b"\r\nContent-Length: 3\r\n\r\n"),
        _FINE.replace(b"Content-Length", b"X-Content-Length"),
        _FINE.replace(b"HTTP/1.1", b"HTTP/2"),
        b"HTTP/1.1 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nA: " + b"a" * 200_000,
    ],
)
def test_what_is_no_whole_answer_is_none(said: bytes) -> None:
    with that_says(said) as wire:
        with pytest.raises((WireError, ConnectionError)):
            wire.exchange(b"POST", 5)
        assert not wire.open


@pytest.mark.parametrize("said", [(), (_FINE[:-1],)], ids=["silence", "all but the end"])
@pytest.mark.parametrize("timeout_s", [0.05, 0.01])
def test_who_does_not_finish_in_time_is_not_waited_for(
    said: tuple[bytes, ...], timeout_s: float
) -> None:
    with that_says(*said, stay=True) as wire, pytest.raises(TimeoutError):
        wire.exchange(b"POST", timeout_s)


def test_a_greeting_that_does_not_come_is_not_waited_for() -> None:
    with that_says(stay=True) as kept:
        wire = Wire(*kept._address, tls=True)
        with closing(wire), pytest.raises(TimeoutError):
            wire.exchange(b"POST", 0.05)


def test_a_host_is_found_by_its_name_at_whichever_address_somebody_listens() -> None:
    with that_says(_FINE) as kept, closing(Wire("localhost", kept._address[1], tls=False)) as wire:
        assert wire.exchange(b"POST", 5) == (200, b"{}")


def test_all_of_an_exchange_has_its_time_and_not_each_piece_of_it() -> None:
    now = chain([0.0, 0.0, 0.0], repeat(1.0))
    with that_says(_FINE[:-1], stay=True) as kept:
        wire = Wire(*kept._address, tls=False, timer=lambda: next(now))
        with closing(wire), pytest.raises(TimeoutError, match="no time left"):
            wire.exchange(b"POST", 1)
        assert not wire.open
