"""A Web API on 127.0.0.1 that gives one answer to every method."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler, make_server


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        """Say nothing."""


@contextmanager
def slack_that_says(answer: Callable[[], object]) -> Iterator[tuple[str, list[str]]]:
    """Its address as slack_sdk wants it, and the paths that were asked for so far."""
    asked: list[str] = []

    @Request.application
    def application(request: Request) -> Response:
        asked.append(request.path)
        return Response(json.dumps(answer()), mimetype="application/json")

    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
