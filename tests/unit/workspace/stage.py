"""A workspace with a clock that is turned by hand, and an app that remembers what it was sent."""

import http.client
import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from slack_sdk import WebClient

from bot.workspace.limits import Limits
from bot.workspace.records import WorkspaceBot, WorkspaceChannel, WorkspacePerson
from bot.workspace.server import WorkspaceServer, serve
from bot.workspace.workspace import Workspace

TOKEN, SECRET, TEAM = "xoxb-not-a-token", "not-a-secret", "T0ACME000"
ANALYST, OTHER, ONCALL = "U0ANALYST1", "U0ANALYST2", "U0ONCALL1"
BOT = WorkspaceBot(
    user_id="U0ASSIST",
    bot_id="B0ASSIST",
    app_id="A0ASSIST",
    token=TOKEN,
    signing_secret=SECRET,
    home_tab=True,
)
PEOPLE = (
    WorkspacePerson(user_id=ANALYST, name="analyst-1", title="Analyst"),
    WorkspacePerson(user_id=OTHER, name="analyst-2", title="Analyst"),
    WorkspacePerson(user_id=ONCALL, name="oncall-1", title="On-call engineer"),
)
ACME, GLOBEX, RANDOM = "C0ACME", "C0GLOBEX", "C0RANDOM"
CHANNELS = (
    WorkspaceChannel(
        channel_id=ACME,
        name="acme-security",
        members=(ANALYST, OTHER, ONCALL),
        topic="acme production",
        starters=("What needs attention first?", "What is public?"),
    ),
    WorkspaceChannel(channel_id=GLOBEX, name="globex-security", members=(ANALYST,)),
    WorkspaceChannel(channel_id=RANDOM, name="random", members=(ANALYST, OTHER), with_bot=False),
)
START = 1_795_000_000.0
QUICK = Limits(retry_after_s=(0.0, 0.0, 0.0), ack_s=2.0)


@dataclass
class HandClock:
    """A clock that stands still until it is turned."""

    now: float = START

    def __call__(self) -> float:
        return self.now

    def turn(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True)
class Received:
    """A request as it reached the app."""

    headers: dict[str, str]
    body: bytes

    @property
    def payload(self) -> dict[str, Any]:
        if self.headers["content-type"] == "application/json":
            return dict(json.loads(self.body))
        form = urllib.parse.parse_qs(self.body.decode())
        return dict(json.loads(form["payload"][0]))

    @property
    def event(self) -> dict[str, Any]:
        return dict(self.payload["event"])


Reply = Callable[[Received], tuple[int, dict[str, str], bytes]]


def acked(_received: Received) -> tuple[int, dict[str, str], bytes]:
    return 200, {}, b""


@dataclass
class FakeApp:
    """The app's side: keeps what came, answers as told."""

    reply: Reply = acked
    received: list[Received] = field(default_factory=list)
    port: int = 0
    arrived: threading.Condition = field(default_factory=threading.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/slack/events"

    def wait(self, count: int) -> list[Received]:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.received) >= count, 10), self.received
            return list(self.received)

    def events(self, count: int) -> list[dict[str, Any]]:
        return [received.event for received in self.wait(count)]

    def take(self, received: Received) -> tuple[int, dict[str, str], bytes]:
        with self.arrived:
            self.received.append(received)
            self.arrived.notify_all()
        return self.reply(received)


@contextmanager
def listening(app: FakeApp) -> Iterator[FakeApp]:
    """The app on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, extra, content = app.take(Received(headers, body))
            try:
                self.send_response(status)
                for name, value in extra.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the workspace had stopped waiting

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    app.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield app
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Stage:
    """Everything a test needs."""

    workspace: Workspace
    server: WorkspaceServer
    client: WebClient
    clock: HandClock
    app: FakeApp

    @property
    def port(self) -> int:
        return int(self.server.url.rsplit(":", 1)[1])

    def asked(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """One request by hand; a body that is not bytes goes as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            whole = body is None or isinstance(body, bytes)
            content = body if whole else json.dumps(body).encode()
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, content, named)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return response.status, found, response.read()
        finally:
            connection.close()

    def uploaded(self, data: bytes) -> str:
        """A file whose bytes are there but which is not completed; its id."""
        given = self.client.files_getUploadURLExternal(filename="a.png", length=len(data))
        path = str(given["upload_url"]).removeprefix(self.server.url)
        assert self.asked("POST", path, data)[0] == 200
        return str(given["file_id"])

    def root(self, text: str = "hello", channel: str = ACME) -> str:
        return self.workspace.say(ANALYST, channel, text)

    def stream(self, thread: str, channel: str = ACME, **more: Any) -> Any:
        return self.client.chat_stream(
            channel=channel,
            thread_ts=thread,
            recipient_team_id=TEAM,
            recipient_user_id=ANALYST,
            **more,
        )


@contextmanager
def on_stage(limits: Limits = QUICK, reply: Reply = acked) -> Iterator[Stage]:
    """A served workspace that delivers to a listening app."""
    clock = HandClock()
    with listening(FakeApp(reply=reply)) as app:
        workspace = Workspace(
            PEOPLE,
            CHANNELS,
            team_id=TEAM,
            team_name="Demo",
            bot=BOT,
            clock=clock,
            deliver_to=app.url,
            limits=limits,
        )
        server = serve(workspace)
        try:
            client = WebClient(token=TOKEN, base_url=server.api_url)
            yield Stage(workspace, server, client, clock, app)
        finally:
            server.close()
