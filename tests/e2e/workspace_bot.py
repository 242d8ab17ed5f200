"""A tiny bot for the page's tests: it answers as the real one does, with fixed words."""

import json
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, request
from slack_sdk import WebClient
from slack_sdk.models.messages.chunk import MarkdownTextChunk, TaskUpdateChunk
from slack_sdk.signature import SignatureVerifier
from werkzeug.serving import make_server

from tests.unit.workspace.stage import BOT, SECRET, TEAM, TOKEN

VERDICT = "Fix the open SSH on web-7 first: it completes a path from the internet to customer data."
HOSTILE = (
    "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script> "
    "[press](javascript:document.title='owned') &lt;!channel&gt; &lt;@U0ANALYST1&gt; `</code>`"
)
WORDS = (
    f"**{VERDICT}**\n\n"
    "- SSH is open to `0.0.0.0/0` for 41 days\n"
    "- `web-7` can read *acme-customer-exports*, see [the control](https://example.com/EC2.13)\n\n"
    "| Severity | Open | New |\n|---|---:|---:|\n| critical | 29 | 2 |\n| high | 233 | 11 |\n"
)


def picture(width: int = 900, height: int = 320) -> bytes:
    """A plain PNG: a path of four boxes."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            box = (x % 225) > 45 and 90 < y < 230
            line = 156 < y < 164
            rows += b"\x0b\x6e\x69" if box else b"\xb3\x36\x2b" if line else b"\xfc\xfb\xf8"
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(rows), 6))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


def _button(label: str, action: str, value: str, **more: Any) -> dict[str, Any]:
    text = {"type": "plain_text", "text": label, "emoji": False}
    return {"type": "button", "text": text, "action_id": action, "value": value, **more}


def _item(number: int, mark: str, title: str, lines: str) -> dict[str, Any]:
    bold = {"bold": True}
    elements = [
        {"type": "text", "text": f"{number}.  "},
        {"type": "text", "text": mark, "style": bold},
        {"type": "text", "text": f"  {title}", "style": bold},
        {"type": "text", "text": f"\n{lines}"},
    ]
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}


def cards() -> list[dict[str, Any]]:
    """What comes under the answer."""
    feedback = {
        "type": "feedback_buttons",
        "action_id": "feedback",
        "positive_button": {"text": {"type": "plain_text", "text": "Useful"}, "value": "up"},
        "negative_button": {"text": {"type": "plain_text", "text": "Not useful"}, "value": "down"},
    }
    confirm = {
        "title": {"type": "plain_text", "text": "Plan the fix?"},
        "text": {"type": "plain_text", "text": "Nothing is changed yet."},
        "confirm": {"type": "plain_text", "text": "Plan it"},
        "deny": {"type": "plain_text", "text": "Not now"},
    }
    return [
        {"type": "divider"},
        _item(
            1,
            "🔴 CRITICAL 94",
            "Internet → web-7 → role web-app → bucket acme-customer-exports",
            "SSH open to 0.0.0.0/0 for 41 days; CVE-2024-6387, exploited\n"
            "Smallest cut: remove port 22 from sg-web-admin",
        ),
        {
            "type": "actions",
            "elements": [
                _button("Show graph", "graph", "web-7", style="primary"),
                _button("Plan the fix", "plan", "web-7", confirm=confirm),
                _button("Why the first?", "why", "web-7"),
            ],
        },
        _item(2, "🟠 HIGH 71", "Access key of deploy-bot is 412 days old", "It has full rights"),
        {"type": "section", "text": {"type": "mrkdwn", "text": f"*Title* {HOSTILE}"}},
        {
            "type": "context",
            "elements": [
                {
                    "type": "plain_text",
                    "text": "From 912 open findings in acme; newest 3 min ago, graph 6 min ago.",
                }
            ],
        },
        {"type": "context_actions", "elements": [feedback]},
    ]


def reason_view() -> dict[str, Any]:
    """The modal behind "Plan the fix"."""
    return {
        "type": "modal",
        "callback_id": "reason",
        "title": {"type": "plain_text", "text": "Plan the fix"},
        "submit": {"type": "plain_text", "text": "Plan"},
        "blocks": [
            {
                "type": "input",
                "block_id": "why",
                "label": {"type": "plain_text", "text": "Reason"},
                "element": {"type": "plain_text_input", "action_id": "reason", "multiline": True},
            }
        ],
    }


@dataclass
class TinyBot:
    """Answers mentions and direct messages, acks first and works afterwards."""

    client: WebClient = field(default_factory=lambda: WebClient(token=TOKEN))
    hold: threading.Event = field(default_factory=threading.Event)
    """While it is not set, an answer stops in the middle of its stream."""
    asked: list[str] = field(default_factory=list)
    pressed: list[dict[str, Any]] = field(default_factory=list)
    """The payloads of the presses."""
    threads: list[threading.Thread] = field(default_factory=list)
    url: str = ""

    def web(self) -> Flask:
        app = Flask("tiny")
        app.add_url_rule("/slack/events", "events", self._events, methods=["POST"])
        return app

    def _events(self) -> Response:
        body = request.get_data()
        assert SignatureVerifier(SECRET).is_valid_request(body, dict(request.headers))
        if request.is_json:
            self._later(self._event, request.get_json()["event"])
            return Response("")
        payload = json.loads(request.form["payload"])
        if payload["type"] == "view_submission":
            return self._submitted(payload)
        self.pressed.append(payload)
        if payload["actions"][0]["action_id"] == "plan":
            self.client.views_open(trigger_id=payload["trigger_id"], view=reason_view())
        else:
            self._later(self._pressed, payload)
        return Response("")

    def finish(self) -> None:
        """Let every answer end."""
        self.hold.set()
        for working in self.threads:
            working.join(20)

    def _later(self, work: Any, *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments)
        self.threads.append(thread)
        thread.start()

    def _event(self, event: dict[str, Any]) -> None:
        direct = event.get("channel_type") == "im"
        in_thread = "thread_ts" in event and event["type"] == "message"
        if event["type"] == "app_home_opened":
            self._home(event)
        elif not event.get("bot_id") and (event["type"] == "app_mention" or direct or in_thread):
            if event["type"] == "message" and not direct and f"<@{BOT.user_id}>" in event["text"]:
                return  # the mention itself came as app_mention
            self.asked.append(event["text"])
            self._answer(event)

    def _home(self, event: dict[str, Any]) -> None:
        if event["tab"] == "messages":
            prompts = [{"title": "What can I ask?", "message": "help"}]
            self.client.assistant_threads_setSuggestedPrompts(
                channel_id=event["channel"], prompts=prompts, title="To begin with"
            )
        else:
            text = {"type": "mrkdwn", "text": "*acme* 58 criticals (-3)"}
            view = {"type": "home", "blocks": [{"type": "section", "text": text}]}
            self.client.views_publish(user_id=event["user"], view=view)

    def _answer(self, event: dict[str, Any]) -> None:
        channel, thread = event["channel"], event.get("thread_ts") or event["ts"]
        self.client.assistant_threads_setStatus(
            channel_id=channel, thread_ts=thread, status="Reading 912 findings"
        )
        stream = self.client.chat_stream(
            channel=channel,
            thread_ts=thread,
            recipient_team_id=TEAM,
            recipient_user_id=event["user"],
            task_display_mode="plan",
            buffer_size=40,
        )
        steps = (("1", "Reading 912 findings"), ("2", "Tracing paths from the internet"))
        for step, title in steps:
            stream.append(chunks=[TaskUpdateChunk(id=step, title=title, status="in_progress")])
            if step == "1":
                stream.append(chunks=[TaskUpdateChunk(id=step, title=title, status="complete")])
        stream.append(chunks=[MarkdownTextChunk(text=WORDS[:60])])
        self.hold.wait(20)
        done = [TaskUpdateChunk(id="2", title="Tracing paths from the internet", status="complete")]
        stream.append(chunks=done)
        stream.append(markdown_text=WORDS[60:])
        stream.stop(blocks=cards())

    def _pressed(self, payload: dict[str, Any]) -> None:
        channel, message = payload["channel"]["id"], payload["message"]
        action, thread = payload["actions"][0], message.get("thread_ts", message["ts"])
        if action["action_id"] == "graph":
            self.client.files_upload_v2(
                file=picture(),
                filename="web-7.png",
                title="Four hops from the internet to customer data",
                alt_txt="The path from the internet over web-7 to acme-customer-exports",
                channel=channel,
                thread_ts=thread,
            )
        else:
            self.client.chat_postEphemeral(
                channel=channel,
                user=payload["user"]["id"],
                thread_ts=thread,
                text="Only the one who pressed sees this.",
            )

    def _submitted(self, payload: dict[str, Any]) -> Response:
        reason = payload["view"]["state"]["values"]["why"]["reason"]["value"] or ""
        if len(reason) < 5:
            answer = {"response_action": "errors", "errors": {"why": "Say why, in a few words."}}
            return Response(json.dumps(answer), mimetype="application/json")
        return Response("")


@contextmanager
def tiny_bot() -> Iterator[TinyBot]:
    """The bot on a free port; `client.base_url` is set once the workspace is served."""
    bot = TinyBot()
    server = make_server("127.0.0.1", 0, bot.web(), threaded=True)
    bot.url = f"http://127.0.0.1:{server.server_port}/slack/events"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield bot
    finally:
        bot.finish()
        server.shutdown()
        thread.join()
        server.server_close()
