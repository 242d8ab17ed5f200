"""A server on loopback: from a request to its answer, or whatever a handler does."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from typing_extensions import override


class Quiet(BaseHTTPRequestHandler):
    """Keeps a connection, says nothing of its own, and hands each request to `serve`."""

    protocol_version = "HTTP/1.1"
    # Head and body are two writes; without this the second waits for an acknowledgement.
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """As http.server calls it."""
        self.serve()

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST  # noqa: N815 - as http.server calls them

    def serve(self) -> None:
        """Answer one request."""
        raise NotImplementedError

    def sent(self) -> bytes:
        """The request's body."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status: int, body: bytes, kind: str = "application/json", **more: str) -> None:
        """A whole answer; `more` are headers, with `_` for `-`. To HEAD it has no body."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in more.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    @override
    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    @override
    def handle_error(self, *_: object) -> None:
        """A client that was killed ends in the middle; there is nothing to say of it."""


@contextmanager
def serving(handler: type[Quiet]) -> Iterator[str]:
    """Serve on 127.0.0.1 until the block ends; gives the address."""
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


Answer = Callable[[bytes], tuple[int, bytes]]
"""From a request's body to (status, body) of its answer."""


@contextmanager
def served(answer: Answer) -> Iterator[str]:
    """Serve JSON on 127.0.0.1 until the block ends; gives the address."""

    class Handler(Quiet):
        @override
        def serve(self) -> None:
            self.answer(*answer(self.sent()))

    with serving(Handler) as url:
        yield url
