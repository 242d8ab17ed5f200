"""The workspace on a port of this computer: the Web API, uploads, and the page."""

import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from bot.workspace import wire
from bot.workspace.page_routes import page_routes
from bot.workspace.records import JsonObject
from bot.workspace.refusals import SlackRefusalError
from bot.workspace.workspace import Workspace

_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
_LARGEST_BODY = 30 * 1024 * 1024
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class _QuietHandler(WSGIRequestHandler):
    """Says nothing on the terminal, which belongs to the demo."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        """Drop the line."""


class WorkspaceServer:
    """A running server; `url` is the page, `api_url` the base for Slack's client."""

    def __init__(self, workspace: Workspace, server: BaseWSGIServer) -> None:
        self._workspace, self._server = workspace, server
        self.url = f"http://127.0.0.1:{server.port}"
        self.api_url = f"{self.url}/api/"
        self._thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="workspace"
        )
        self._thread.daemon = True

    def thread_url(self, channel_id: str, thread_ts: str, person: str = "") -> str:
        """The page with a thread open, seen by a person (the first one when empty)."""
        seen_by = f"?as={person}" if person else ""
        return f"{self.url}/{seen_by}#{channel_id}/{thread_ts}"

    def start(self) -> None:
        """Begin to answer."""
        self._workspace.state.url = self.url
        self._thread.start()

    def close(self) -> None:
        """Stop answering, deliver nothing more, and free the port."""
        self._workspace.close()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def serve(workspace: Workspace, port: int = 0) -> WorkspaceServer:
    """Serve a workspace on 127.0.0.1; port 0 takes a free one.

    Raises:
        OSError: The port is taken, or not for us.
    """
    # Bound here: the server itself would print and exit where a port is taken.
    with socket.create_server(("127.0.0.1", port)) as taken:
        server = make_server(
            "127.0.0.1",
            taken.getsockname()[1],
            web(workspace),
            threaded=True,
            request_handler=_QuietHandler,
            fd=taken.fileno(),
        )
    running = WorkspaceServer(workspace, server)
    running.start()
    return running


def web(workspace: Workspace) -> Flask:
    """The web application: Slack's side under `/api`, `/upload`, `/files` and `/response`."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_BODY
    app.before_request(_only_this_computer)
    app.after_request(_with_headers)
    app.register_error_handler(SlackRefusalError, _refused)
    app.add_url_rule("/api/<method>", "api", _api(workspace), methods=["GET", "POST"])
    app.add_url_rule("/upload/<address>", "upload", _upload(workspace), methods=["POST"])
    app.add_url_rule("/response/<response_id>", "respond", _respond(workspace), methods=["POST"])
    show = _file(workspace)
    app.add_url_rule("/files/<file_id>", "file", show)
    app.add_url_rule("/files/<file_id>/<path:_name>", "named_file", show)
    app.register_blueprint(page_routes(workspace, Path(__file__).parent / "page"))
    return app


def _only_this_computer() -> Response | None:
    """Refuse names that lead here from elsewhere (DNS rebinding) and other sites' posts."""
    if urlsplit(f"//{request.host}").hostname not in _HOSTS:
        return Response("This workspace answers to 127.0.0.1 only.", 421)
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{request.host}":
        return Response("Other sites may not speak for this workspace.", 403)
    return None


def _with_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _refused(refusal: SlackRefusalError) -> Response:
    status = 429 if refusal.retry_after_s else 200
    response = _json(refusal.body(), status)
    if refusal.retry_after_s:
        response.headers["Retry-After"] = str(refusal.retry_after_s)
    return response


def _json(body: JsonObject, status: int = 200) -> Response:
    return Response(json.dumps(body), status, mimetype="application/json")


def _api(workspace: Workspace) -> Callable[[str], Response]:
    def api(method: str) -> Response:
        """A Web API call: JSON, a form or a query; the token in a header or beside them."""
        values: dict[str, Any] = {**request.args.to_dict(), **request.form.to_dict()}
        if request.is_json and request.get_data():
            body = request.get_json(silent=True)
            if not isinstance(body, dict):
                raise SlackRefusalError("invalid_json")
            values |= body
        header = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        token = header or str(values.pop("token", ""))
        return _json(workspace.api.call(method, token, values))

    return api


def _upload(workspace: Workspace) -> Callable[[str], Response]:
    def upload(address: str) -> Response:
        """The bytes of a file, as the body or as the first part of a form."""
        data = request.get_data()  # before anything reads it as the form it says it is
        if request.mimetype == "multipart/form-data":
            data = b"".join(part.read() for part in request.files.values())
        with workspace.state.held():
            wrong = workspace.api.files.receive(address, data)
        return Response(wrong or f"OK - {len(data)}", 400 if wrong else 200, mimetype="text/plain")

    return upload


def _respond(workspace: Workspace) -> Callable[[str], Response]:
    def respond(response_id: str) -> Response:
        """A `response_url`."""
        try:
            workspace.interactions.respond(response_id, request.get_json(silent=True))
        except SlackRefusalError as refusal:
            return _json(refusal.body(), 404)
        return Response("ok", mimetype="text/plain")

    return respond


def _file(workspace: Workspace) -> Callable[..., Response]:
    def show(file_id: str, _name: str = "") -> Response:
        """A file's bytes: pictures are shown, everything else is only ever downloaded."""
        try:
            data = workspace.file(file_id)
        except KeyError:
            return Response("No such file.", 404)
        mimetype = wire.kind_of(data)[0]
        response = Response(data, mimetype=mimetype)
        response.headers["Cache-Control"] = "private, max-age=3600"
        if not mimetype.startswith("image/"):
            response.headers["Content-Disposition"] = "attachment"
        return response

    return show
