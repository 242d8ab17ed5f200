"""Every call of the Web API that the workspace answers, made through Slack's own client."""

import copy
import json
from dataclasses import dataclass, field
from typing import Any

from slack_sdk import WebClient
from slack_sdk.models.messages.chunk import MarkdownTextChunk, PlanUpdateChunk, TaskUpdateChunk
from slack_sdk.web.slack_response import SlackResponse

from tests.e2e.workspace_bot import cards, picture, reason_view
from tests.unit.workspace.stage import ACME, ANALYST, BOT, TEAM, TOKEN, Stage

DIRECT = "D0ANALYST1"


@dataclass(frozen=True)
class Call:
    """One call: what was asked and what was answered."""

    method: str
    asked: dict[str, Any]
    answer: dict[str, Any]


@dataclass
class RecordingClient(WebClient):
    """Slack's client, which remembers its calls."""

    url: str
    token: str = TOKEN
    calls: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        WebClient.__init__(self, token=self.token, base_url=self.url)

    def api_call(self, api_method: str, **given: Any) -> SlackResponse:
        response = super().api_call(api_method, **given)
        asked: dict[str, Any] = {}
        for part in ("params", "data", "json"):
            asked |= given.get(part) or {}
        # Their client writes some lists as JSON, and adds to some answers afterwards.
        asked = {name: _decoded(value) for name, value in asked.items() if value is not None}
        assert isinstance(response.data, dict)
        self.calls.append(Call(api_method, asked, copy.deepcopy(response.data)))
        return response


def _decoded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value.startswith(("[", "{")) else value


def every_call(stage: Stage) -> list[Call]:
    """Each method at least once, in the order in which a bot would."""
    client = RecordingClient(stage.server.api_url)
    _about_the_workspace(client)
    root = stage.workspace.say(ANALYST, ACME, f"<@{BOT.user_id}> hello")
    _dress_the_thread(stage, client, root)
    posted = client.chat_postMessage(
        channel=ACME,
        thread_ts=root,
        text="cards",
        blocks=cards(),
        metadata={"event_type": "answer", "event_payload": {"number": 1}},
    )
    ts = str(posted["ts"])
    client.chat_update(channel=ACME, ts=ts, text="cards", blocks=cards())
    client.chat_postEphemeral(channel=ACME, user=ANALYST, thread_ts=root, text="psst")
    client.chat_getPermalink(channel=ACME, message_ts=ts)
    _stream(client, root)
    _upload(stage, client, root)
    client.conversations_history(channel=ACME)
    client.conversations_replies(channel=ACME, ts=root)
    _views(stage, client, ts)
    client.chat_delete(channel=ACME, ts=ts)
    return client.calls


def _about_the_workspace(client: WebClient) -> None:
    client.api_test()
    client.auth_test()
    client.bots_info(bot=BOT.bot_id)
    client.users_info(user=ANALYST)
    client.users_info(user=BOT.user_id)
    client.conversations_info(channel=ACME)
    client.conversations_info(channel=DIRECT)
    client.conversations_members(channel=ACME)
    client.conversations_open(users=ANALYST)


def _dress_the_thread(stage: Stage, client: WebClient, root: str) -> None:
    client.reactions_add(channel=ACME, timestamp=root, name="eyes")
    client.reactions_remove(channel=ACME, timestamp=root, name="eyes")
    client.assistant_threads_setStatus(
        channel_id=ACME, thread_ts=root, status="Reading", loading_messages=["Reading", "Tracing"]
    )
    direct = stage.workspace.say(ANALYST, DIRECT, "hello")
    client.assistant_threads_setTitle(channel_id=DIRECT, thread_ts=direct, title="Posture")
    client.assistant_threads_setSuggestedPrompts(
        channel_id=DIRECT, prompts=[{"title": "Help", "message": "help"}], title="To begin with"
    )


def _stream(client: WebClient, root: str) -> None:
    stream = client.chat_stream(
        channel=ACME,
        thread_ts=root,
        recipient_team_id=TEAM,
        recipient_user_id=ANALYST,
        task_display_mode="plan",
    )
    step = TaskUpdateChunk(
        id="1",
        title="Read",
        status="in_progress",
        details="912 findings",
        output="29 critical",
        sources=[{"type": "url", "url": "https://example.com/a", "text": "a"}],
    )
    stream.append(chunks=[step, PlanUpdateChunk(title="Steps"), MarkdownTextChunk(text="One ")])
    stream.append(chunks=[MarkdownTextChunk(text="two.")])
    stream.stop(blocks=cards()[-1:])


def _upload(stage: Stage, client: WebClient, root: str) -> None:
    answer = client.files_upload_v2(
        file=picture(90, 240), filename="a.png", title="A", alt_txt="A path", channel=ACME,
        thread_ts=root,
    )  # fmt: skip
    stage.clock.turn(1)
    client.files_info(file=answer["files"][0]["id"])


def trigger(stage: Stage, ts: str) -> str:
    """A fresh trigger: the analyst presses the message's first button."""
    stage.workspace.click(ANALYST, ACME, ts, "graph")
    return str(stage.app.received[-1].payload["trigger_id"])


def _views(stage: Stage, client: WebClient, ts: str) -> None:
    opened = client.views_open(trigger_id=trigger(stage, ts), view=reason_view())
    client.views_push(trigger_id=trigger(stage, ts), view=reason_view())
    client.views_update(view_id=opened["view"]["id"], view=reason_view())
    home = {"type": "home", "blocks": cards()[:1]}
    client.views_publish(user_id=ANALYST, view=home)
