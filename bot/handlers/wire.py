"""One HTTP/1.1 exchange at a time over one kept connection: as much of the protocol as SQS speaks.

`http.client` would be two thirds of the ingress's imports, and twice its own work per message. Here
an answer has a Content-Length, as SQS's have (RFC 9112, section 6.2), or it is not understood.
"""

import socket
import ssl
import time
from collections.abc import Callable

_MOST_ANSWER = 65_536
_HEAD_END = b"\r\n\r\n"


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
        connection = self._socket or self._connected(timeout_s)
        # Kept only if all goes well: after a failure its next answer could be the last one's.
        self._socket = None
        try:
            connection.settimeout(self._left(until))
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

    def _connected(self, timeout_s: float) -> socket.socket:
        plain = socket.create_connection(self._address, timeout_s)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is None:
                return plain
            return self._tls.wrap_socket(plain, server_hostname=self._address[0])
        except BaseException:
            plain.close()
            raise

    def _answer(self, connection: socket.socket, until: float) -> tuple[int, bytes, bool]:
        came = b""
        while _HEAD_END not in came:
            came += self._more(connection, until, len(came))
        head, _, body = came.partition(_HEAD_END)
        first, *lines = head.split(b"\r\n")
        status = first.split(b" ", 2)[1:2]
        fields = {}
        for line in lines:
            name, _, value = line.partition(b":")
            fields[name.strip().lower()] = value.strip()
        length = fields.get(b"content-length", b"")
        if not first.startswith(b"HTTP/1.") or not (status and status[0].isdigit()):
            raise WireError("no status")
        if not length.isdigit() or len(length) > len(str(_MOST_ANSWER)):
            raise WireError("no length")
        while len(body) < int(length):
            body += self._more(connection, until, len(body))
        kept = fields.get(b"connection", b"").lower() != b"close" and first.startswith(b"HTTP/1.1")
        return int(status[0]), body, kept and len(body) == int(length)

    def _more(self, connection: socket.socket, until: float, have: int) -> bytes:
        if have > _MOST_ANSWER:
            raise WireError("too long")
        connection.settimeout(self._left(until))
        came = connection.recv(_MOST_ANSWER)
        if not came:
            raise ConnectionResetError("closed before the answer was whole")
        return came

    def _left(self, until: float) -> float:
        left = until - self._timer()
        if left <= 0:
            raise TimeoutError("no time left")
        return left
