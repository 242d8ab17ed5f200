"""Slack's deliveries as a Function URL hands them to Lambda, and a FIFO queue in memory."""

import base64
import hashlib
import hmac
import json
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.handlers.rotating import fixed
from bot.handlers.slack_ingress import SlackIngress
from bot.handlers.sqs_sender import NotSentError

SECRET, PATH = "not-a-secret", "/slack/events"
NOW = 1_795_000_000.0
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
FIFO_S = 300.0
"""How long SQS refuses a second message of one name."""


def sign(stamp: str, body: bytes, secret: str = SECRET) -> str:
    """Slack's signature of these bytes."""
    signed = b"v0:" + stamp.encode("utf-8", "surrogatepass") + b":" + body
    return "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def delivered(
    body: bytes,
    *,
    kind: str = JSON,
    stamp: str = str(int(NOW)),
    signature: str | None = None,
    more: Mapping[str, Any] | None = None,
    encoded: bool | None = None,
) -> dict[str, Any]:
    """An event of payload format 2.0; signed as Slack signs unless a signature is given.

    `more` adds headers, or takes one away where its value is None.
    """
    heads: dict[str, Any] = {
        "accept": "*/*",
        "content-type": kind,
        "host": "abc.lambda-url.us-east-1.on.aws",
        "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        "x-forwarded-for": "192.0.2.1",
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": sign(stamp, body) if signature is None else signature,
        **(more or {}),
    }
    try:
        text, plain = body.decode(), True
    except UnicodeDecodeError:
        text, plain = "", False
    as_base64 = not plain if encoded is None else encoded
    return {
        "version": "2.0",
        "rawPath": PATH,
        "rawQueryString": "",
        "headers": {name: value for name, value in heads.items() if value is not None},
        "requestContext": {"http": {"method": "POST", "path": PATH}, "requestId": "id"},
        "body": base64.b64encode(body).decode() if as_base64 else text,
        "isBase64Encoded": as_base64,
    }


def mention(event_id: str = "Ev1", ts: str = "1795000000.000100", **event: str) -> bytes:
    """The envelope of an `app_mention`."""
    said = {"type": "app_mention", "user": "U1", "text": "<@UB> hello", "channel": "C1", "ts": ts}
    envelope = {
        "type": "event_callback",
        "team_id": "T1",
        "api_app_id": "A1",
        "event_id": event_id,
        "event": {**said, **event},
    }
    return json.dumps(envelope).encode()


def press(trigger: str = "1.2.abc", **message: str) -> bytes:
    """A form with the payload of `block_actions`."""
    payload = {
        "type": "block_actions",
        "trigger_id": trigger,
        "team": {"id": "T1"},
        "user": {"id": "U1", "team_id": "T1"},
        "channel": {"id": "C1"},
        "container": {"channel_id": "C1", "message_ts": "1795000001.000200"},
        "message": {"ts": "1795000001.000200", **message},
        "actions": [{"action_id": "approve", "value": "R-1:abc"}],
    }
    return urllib.parse.urlencode({"payload": json.dumps(payload)}).encode()


@dataclass
class Fifo:
    """What SQS holds, one message of a name in five minutes; `down`: it does not answer."""

    clock: Callable[[], float]
    sent: list[tuple[str, str, str]] = field(default_factory=list)
    """(text, group, name) of each."""
    down: bool = False
    within_s: float = 0.0
    """What it was given for the last one."""
    names: dict[str, float] = field(default_factory=dict)

    def send(self, quoted_text: str, group: str, name: str, within_s: float) -> None:
        self.within_s = within_s
        if self.down:
            raise NotSentError("TimeoutError")
        if self.clock() - self.names.get(name, -FIFO_S) >= FIFO_S:
            self.names[name] = self.clock()
            self.sent.append((json.loads(quoted_text), group, name))


@dataclass
class Edge:
    """An ingress with a clock that is turned by hand, and what it logged."""

    now: float = NOW
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fifo = Fifo(lambda: self.now)
        self.start_again()

    def start_again(self) -> None:
        """Another process, which remembers nothing, before the same queue."""
        self.ingress = SlackIngress(
            fixed(SECRET), PATH, self.fifo, lambda: self.now, self.lines.append
        )

    def receive(self, event: Mapping[str, Any]) -> int:
        """The status that is answered."""
        return int(self.ingress.receive(event)["statusCode"])

    def reason(self) -> str:
        """What was logged last."""
        return str(json.loads(self.lines[-1])["reason"])
