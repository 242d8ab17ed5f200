"""The Slack adapter against the simulated workspace: a real Bolt app behind the real door."""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from slack_sdk import WebClient
from werkzeug.serving import WSGIRequestHandler, make_server

from bot.messages import Click, Incoming, Place
from bot.slack.app import build_app
from bot.slack.calls import web_client
from bot.slack.channel import SlackChannel
from bot.slack.door import SlackDoor, wsgi
from bot.workspace.limits import Limits
from bot.workspace.records import WorkspaceBot, WorkspaceChannel, WorkspacePerson
from bot.workspace.server import serve
from bot.workspace.workspace import Workspace
from integrations.tenants.port import ChannelKey

TOKEN, SECRET, TEAM = "xoxb-not-a-token", "not-a-secret", "T0ACME000"
ANALYST, OTHER, STRANGER = "U0ANALYST1", "U0ANALYST2", "U0STRANGE1"
GUEST, GONE = "U0GUEST001", "U0GONE0001"
ACME, SHARED, DIRECT = "C0ACME", "C0SHARED", "D"
BOT = WorkspaceBot(
    user_id="U0ASSIST", bot_id="B0ASSIST", app_id="A0ASSIST", token=TOKEN, signing_secret=SECRET
)
PEOPLE = (
    WorkspacePerson(user_id=ANALYST, name="analyst-1"),
    WorkspacePerson(user_id=OTHER, name="analyst-2"),
    WorkspacePerson(user_id=STRANGER, name="stranger", team_id="T0OTHER00"),
    WorkspacePerson(user_id=GUEST, name="guest", guest=True),
    WorkspacePerson(user_id=GONE, name="gone", deleted=True),
)
CHANNELS = (
    WorkspaceChannel(channel_id=ACME, name="acme-security", members=(ANALYST, OTHER)),
    WorkspaceChannel(channel_id=SHARED, name="shared", members=(ANALYST, STRANGER), shared=True),
)


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        """Say nothing."""


@dataclass
class Stage:
    """A workspace, the app that it delivers to, and what that app handed over."""

    workspace: Workspace
    client: WebClient
    heard: list[Incoming] = field(default_factory=list)
    clicks: list[Click] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    """Thread roots that the bot takes part in."""
    skew: float = 0.0
    """Seconds that the workspace's clock is ahead."""

    def channel(self, thread: str, channel: str = ACME, user: str = ANALYST) -> SlackChannel:
        key = ChannelKey("slack", TEAM, channel)
        place = Place(
            key=key,
            thread=thread,
            user=user,
            user_workspace=TEAM,
            direct=channel.startswith("D"),
        )
        return SlackChannel(self.client, place, TEAM)

    def ask(self, text: str = "what needs attention first?", channel: str = ACME) -> str:
        return self.workspace.say(ANALYST, channel, f"@assist {text}")

    def thread(self, root: str, channel: str = ACME) -> list[dict[str, Any]]:
        """What the bot said in a thread."""
        return self.workspace.messages(channel, root)[1:]

    def settle(self) -> None:
        self.workspace.wait_until_quiet(10)

    def advance(self, seconds: float) -> None:
        self.skew += seconds


@contextmanager
def on_stage(limits: Limits | None = None) -> Iterator[Stage]:
    """Everything on loopback; the app's listeners only take notes."""
    door: list[SlackDoor] = []

    def app_of_later(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        """The door, which can only be made when the workspace's address is known."""
        return wsgi(door[0])(environ, start)

    server = make_server("127.0.0.1", 0, app_of_later, threaded=True, request_handler=_Quiet)
    stage: Stage | None = None
    workspace = Workspace(
        PEOPLE,
        CHANNELS,
        team_id=TEAM,
        team_name="Demo",
        bot=BOT,
        clock=lambda: time.time() + (stage.skew if stage else 0.0),
        deliver_to=f"http://127.0.0.1:{server.server_port}/slack/events",
        limits=limits or Limits(retry_after_s=(0.0, 0.0, 0.0)),
    )
    api = serve(workspace)
    stage = Stage(workspace, web_client(TOKEN, api.api_url))
    known = stage.known
    app = build_app(
        signing_secret=SECRET,
        team_id=TEAM,
        bot_token=TOKEN,
        bot_id=BOT.bot_id,
        bot_user_id=BOT.user_id,
        base_url=api.api_url,
        on_message=stage.heard.append,
        on_click=stage.clicks.append,
        knows=lambda place: place.thread in known,
    )
    door.append(SlackDoor(app, SECRET, time.time))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield stage
    finally:
        api.close()
        server.shutdown()
        thread.join()
        server.server_close()
