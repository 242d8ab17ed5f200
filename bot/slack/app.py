"""The Bolt app: which of Slack's events matter, and who is told of them.

Listeners only parse and hand over, so that Slack has its answer within milliseconds; what they
hand to must not do the work itself. A hand-over that fails answers 500: Slack then delivers again.
"""

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from slack_bolt import Ack, App
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.middleware import Middleware
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from agent import canonical
from bot.messages import Click, Incoming, Place
from bot.slack import limits, parse
from bot.slack.calls import web_client

_log = logging.getLogger(__name__)

Authorize = Callable[..., AuthorizeResult | None]
Knows = Callable[[Place], bool]
"""Whether the bot takes part in a channel's thread: its root mentioned it, or it answered there."""

_BOLT_LOG = logging.getLogger("slack_bolt.App")


def _meant(record: logging.LogRecord) -> bool:
    """Bolt reads SLACK_BOT_TOKEN by itself, and warns that it does not use it: as we mean it."""
    return "`token` will be unused" not in record.getMessage()


_ACTIONS = frozenset({"ask", "feedback", "tenant", "approve", "reject", "details", "undo"})
_ANY = re.compile(r"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The app in one workspace: what `auth.test` would say, known without asking."""

    team_id: str
    bot_token: str = field(repr=False)
    bot_user_id: str
    bot_id: str = ""
    enterprise_id: str | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question offered before anything was asked."""

    title: str
    message: str


PROMPTS = (
    Prompt("What needs attention first?", canonical.ATTENTION),
    Prompt("What changed since yesterday?", canonical.CHANGED_TODAY),
    Prompt("What is public?", canonical.PUBLIC),
    Prompt("What can I ask?", canonical.HELP),
)


def installed(installations: Iterable[Installation]) -> Authorize:
    """Bolt's `authorize` for known workspaces; a team that is not among them gets no answer."""
    by_team = {i.team_id: i for i in installations}
    by_enterprise = {i.enterprise_id: i for i in by_team.values() if i.enterprise_id}

    def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult | None:
        found = by_team.get(team_id or "") or by_enterprise.get(enterprise_id or "")
        if found is None:
            return None
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_token=found.bot_token,
            bot_id=found.bot_id or None,
            bot_user_id=found.bot_user_id,
        )

    return authorize


def build_app(
    *,
    signing_secret: str,
    team_id: str,
    bot_token: str,
    bot_id: str,
    bot_user_id: str,
    base_url: str,
    on_message: Callable[[Incoming], None],
    on_click: Callable[[Click], None],
    knows: Knows,
    verify: Middleware | None = None,
) -> App:
    """The app of one workspace; see `build_app_for`."""
    one = Installation(team_id=team_id, bot_token=bot_token, bot_user_id=bot_user_id, bot_id=bot_id)
    return build_app_for(
        authorize=installed([one]),
        signing_secret=signing_secret,
        base_url=base_url,
        on_message=on_message,
        on_click=on_click,
        knows=knows,
        verify=verify,
    )


def build_app_for(
    *,
    authorize: Authorize,
    signing_secret: str,
    base_url: str,
    on_message: Callable[[Incoming], None],
    on_click: Callable[[Click], None],
    knows: Knows,
    prompts: Sequence[Prompt] = PROMPTS,
    verify: Middleware | None = None,
) -> App:
    """The app of any workspaces; `base_url` ends with `/api/`, as slack_sdk wants it.

    Args:
        authorize: See `installed`; keeps Bolt from calling `auth.test`.
        signing_secret: What every delivery is signed with.
        base_url: Of the Web API.
        on_message: Told what was said to the bot; must only take note of it.
        on_click: Told which button was pressed; must only take note of it.
        knows: Asked about thread replies in channels that do not mention the bot.
        prompts: Offered in the agent pane.
        verify: Verifies deliveries in place of Bolt, which compares them with the present time: for
            deliveries that have waited.
    """
    _BOLT_LOG.addFilter(_meant)
    app = App(
        client=web_client(None, base_url),
        signing_secret=signing_secret,
        # Bolt's hint leaves out the None that its middleware handles: a team we do not know.
        authorize=cast("Callable[..., AuthorizeResult]", authorize),
        process_before_response=True,
        request_verification_enabled=verify is None,
        before_authorize=verify,
    )
    _listen_to_messages(app, on_message, knows)
    _listen_to_clicks(app, on_click)
    _offer_prompts(app, prompts)
    return app


def _listen_to_messages(app: App, on_message: Callable[[Incoming], None], knows: Knows) -> None:
    def said(body: dict[str, Any], context: dict[str, Any]) -> None:
        heard = parse.incoming(body, str(context.get("bot_user_id") or ""))
        if heard is None:
            return
        addressed = heard.place.direct or body["event"]["type"] == "app_mention"
        if addressed or (not heard.new_thread and knows(heard.place)):
            on_message(heard)

    app.event("app_mention")(said)
    app.event("message")(said)


def _listen_to_clicks(app: App, on_click: Callable[[Click], None]) -> None:
    def pressed(ack: Ack, body: dict[str, Any]) -> None:
        found = parse.click(body)
        if found is not None and found.action in _ACTIONS:
            on_click(found)
        ack()

    app.action(_ANY)(pressed)


def _offer_prompts(app: App, prompts: Sequence[Prompt]) -> None:
    offered = [
        {"title": p.title[: limits.BUTTON_TEXT], "message": p.message}
        for p in prompts[: limits.PROMPTS]
    ]

    def acknowledged(ack: Ack) -> None:
        ack()

    def opened(event: dict[str, Any], client: WebClient) -> None:
        """The agent pane's messages tab (`agent_view`); it has no thread yet."""
        if event.get("tab") == "messages":
            _suggest(client, str(event.get("channel", "")), None, offered)

    def started(event: dict[str, Any], client: WebClient) -> None:
        """The pane of apps that still have `assistant_view`."""
        thread = event.get("assistant_thread") or {}
        channel, root = str(thread.get("channel_id", "")), thread.get("thread_ts")
        _suggest(client, channel, root, offered)

    # Both are answered at once and done in a thread: they call Slack, and nobody waits for them.
    app.event("app_home_opened")(ack=acknowledged, lazy=[opened])
    app.event("assistant_thread_started")(ack=acknowledged, lazy=[started])
    app.event("assistant_thread_context_changed")(acknowledged)


def _suggest(
    client: WebClient, channel: str, thread: str | None, prompts: list[dict[str, str]]
) -> None:
    try:
        client.assistant_threads_setSuggestedPrompts(
            channel_id=channel, thread_ts=thread, prompts=prompts
        )
    except (SlackClientError, OSError) as error:
        _log.warning("error=<%s> | no prompts were offered", type(error).__name__)
