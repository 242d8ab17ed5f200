"""One HTTP/1.1 exchange at a time over one kept connection: as much of the protocol as SQS speaks.

`http.client` would be two thirds of the ingress's imports, and twice its own work per message. Here
an answer has a Content-Length, as SQS's have (RFC 9112, section 6.2), or it is not understood.
"""

from __future__ import annotations

import socket
import ssl
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_ANSWER, _LENGTH_DIGITS = 65_536, 5
_NEAR_S = 0.02
"""How exactly an exchange keeps its time: to set a socket's timeout is a call of the system each
time, and while nothing has been waited for it is as the last exchange left it."""
_UNTOLD = float("-inf")
"""What a new socket was told: nothing, so that it would wait for ever."""
_LINE_END, _HEAD_END, _LENGTH = b"\r\n", b"\r\n\r\n", b"\r\ncontent-length:"
_VERSIONS = (b"HTTP/1.1 ", b"HTTP/1.0 ")


class WireError(OSError):
    """What came back is no answer that is understood here."""


class Wire:
    """A connection to one host, opened when it is needed."""

    def __init__(
        self, host: str, port: int, *, tls: bool, timer: Callable[[], float] = time.monotonic
    ) -> None:
        """`timer` gives seconds that only grow."""
        self._address = (host, port)
        self._tls = ssl.create_default_context() if tls else None
        self._timer = timer
        self._socket: socket.socket | None = None
        self._allowed = _UNTOLD

    @property
    def open(self) -> bool:
        """Whether a connection was kept; the other side may have closed it since."""
        return self._socket is not None

    def exchange(self, request: bytes, timeout_s: float) -> tuple[int, bytes]:
        """Send a whole request; the answer's status and body.

        Raises:
            OSError: not all of it came within `timeout_s` (TimeoutError), or it is no answer.
        """
        until = self._timer() + timeout_s
        connection = self._socket or self._connected(until)
        # Kept only if all goes well: after a failure its next answer could be the last one's.
        self._socket = None
        try:
            self._allow(connection, until)
            connection.sendall(request)
            status, body, kept = self._answer(connection, until)
        except BaseException:
            connection.close()
            raise
        if kept:
            self._socket = connection
        else:
            connection.close()
        return status, body

    def close(self) -> None:
        """Give the connection up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connected(self, until: float) -> socket.socket:
        """As `socket.create_connection`, which however gives all of the time to each address."""
        failed: OSError = ConnectionError("no address")
        host, port = self._address
        for family, kind, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            plain = socket.socket(family, kind)
            self._allowed = _UNTOLD
            try:
                self._allow(plain, until)
                plain.connect(address)
                plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self._tls is None:
                    return plain
                self._allow(plain, until)
                return self._tls.wrap_socket(plain, server_hostname=host)
            except OSError as error:
                failed = error
                plain.close()
        raise failed

    def _answer(self, connection: socket.socket, until: float) -> tuple[int, bytes, bool]:
        came = self._more(connection, until, 0)
        while _HEAD_END not in came:
            came += self._more(connection, until, len(came))
        head, _, body = came.partition(_HEAD_END)
        version, status, fields = head[:9], head[9:12], head.lower()
        if version not in _VERSIONS or not status.isdigit():
            raise WireError("no status")
        length = fields.partition(_LENGTH)[2].partition(_LINE_END)[0].strip()
        if not length.isdigit() or len(length) > _LENGTH_DIGITS:
            raise WireError("no length")
        if fields.count(_LENGTH) > 1:
            raise WireError("two lengths")
        whole = int(length)
        while len(body) < whole:
            body += self._more(connection, until, len(body))
        # Who says "close" in any field may mean it: a new connection is the worst that comes of it.
        kept = version == _VERSIONS[0] and b"close" not in fields and len(body) == whole
        return int(status), body, kept

    def _more(self, connection: socket.socket, until: float, have: int) -> bytes:
        if have > _MOST_ANSWER:
            raise WireError("too long")
        self._allow(connection, until)
        came = connection.recv(_MOST_ANSWER)
        if not came:
            raise ConnectionResetError("closed before the answer was whole")
        return came

    def _allow(self, connection: socket.socket, until: float) -> None:
        """Let it wait for what is left of the time."""
        left = until - self._timer()
        if left <= 0:
            raise TimeoutError("no time left")
        if not -_NEAR_S < self._allowed - left < _NEAR_S:
            connection.settimeout(left)
            self._allowed = left
