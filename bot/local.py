"""The whole product in one process: the stores, the queue, the workers, the bot's own door."""

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from slack_bolt import App
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from bot.fixing import advance_job
from bot.messages import Click, Incoming
from bot.slack.app import build_app
from bot.slack.calls import web_client
from bot.slack.digests import slack_digests
from bot.slack.door import SlackDoor, wsgi
from bot.slack.parse import from_job, to_job
from bot.slack_bot import SlackBot, SlackInstall
from bot.worker import Workers
from integrations.connect import Connections
from integrations.errors import SecurityAssistError
from integrations.work.port import Job

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_log = logging.getLogger(__name__)

_SWEEP_S = 5.0
_DIGESTS_S = 600.0


class LocalBot:
    """Bolt, the queue and the workers of one workspace, in this process."""

    def __init__(
        self,
        connections: Connections,
        install: SlackInstall,
        clock: Callable[[], float] = time.time,
        *,
        mornings: bool = False,
    ) -> None:
        """Wire everything; nothing runs before `start`. `mornings`: digests are posted when due."""
        self._connections = connections
        self._install = install
        self._mornings = mornings
        self._digests_at = 0.0
        self._queue = connections.work()
        self._stopping = threading.Event()
        self._bot = SlackBot(
            connections,
            install,
            later=self._later,
            owner=f"local-{os.getpid()}-{secrets.token_hex(4)}",
            pause=self._stopping.wait,
            clock=clock,
        )
        self.app: App = build_app(
            signing_secret=install.signing_secret,
            team_id=install.team_id,
            bot_token=install.token,
            bot_id=install.bot_id,
            bot_user_id=install.bot_user_id,
            base_url=install.api_url,
            on_message=self._take,
            on_click=self._take,
            knows=self._bot.knows,
        )
        self._clock = clock
        self._workers = Workers(self._queue, self._handle)
        self._sweeper = threading.Thread(target=self._sweep, name="sweeper", daemon=True)

    @cached_property
    def door(self) -> SlackDoor:
        """The HTTP edge, for a workspace that delivers by HTTP; Socket Mode has none.

        Raises:
            ValueError: The bot was installed without a signing secret.
        """
        return SlackDoor(self.app, self._install.signing_secret, self._clock)

    def _take(self, said: Incoming | Click) -> None:
        """Called by Bolt's listeners: put it on the queue, so that Slack hears back at once."""
        self._queue.put(to_job(said))

    def _later(self, tenant_id: str, request_id: str) -> None:
        self._queue.put(advance_job(tenant_id, request_id))

    def _sweep(self) -> None:
        while not self._stopping.wait(_SWEEP_S):
            try:
                self._bot.sweep()
                self.post_digests()
            except SecurityAssistError as error:
                _log.warning("error=<%s> | swept only in part", type(error).__name__)

    def post_digests(self) -> None:
        """Let the channels whose hour has come have their digest; looks every ten minutes.

        Raises:
            SecurityAssistError: what is to be told, or to be marked, cannot be read.
        """
        if not self._mornings or self._clock() < self._digests_at:
            return
        self._digests_at = self._clock() + _DIGESTS_S
        client = web_client(self._install.token, self._install.api_url)
        team = self._install.team_id
        slack_digests(self._connections, client, team, self._clock).run(team)

    def _handle(self, job: Job) -> None:
        if not self._bot.carried_on(job):
            self._bot.hear(from_job(job))

    def start(self) -> None:
        """Begin to work."""
        self._workers.start()
        self._sweeper.start()

    def stop(self) -> None:
        """Finish what is at hand; a fix that runs on is taken up at the next start."""
        self._stopping.set()
        self._workers.stop()
        if self._sweeper.is_alive():
            self._sweeper.join()


class _QuietHandler(WSGIRequestHandler):
    """Writes no line per request: the terminal belongs to the conversation."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        """Drop the line."""


class LoopbackDoor:
    """The bot's HTTP door on 127.0.0.1, which a workspace on this computer delivers to."""

    def __init__(self, port: int = 0) -> None:
        """Take the port now, because the workspace must know it before the bot is built."""
        self._application: WSGIApplication | None = None
        self._server: BaseWSGIServer = make_server(
            "127.0.0.1", port, self._received, threaded=True, request_handler=_QuietHandler
        )
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/slack/events"

    def _received(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        if self._application is None:
            start("503 Service Unavailable", [("content-length", "0")])
            return [b""]
        return self._application(environ, start)

    def open(self, bot: LocalBot) -> None:
        """Hand deliveries to this bot from now on."""
        self._application = wsgi(bot.door)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
