"""Clicks as an attacker would have them arrive, at three depths: the rules, the talk, Slack's door.

A signed delivery cannot be made without the secret; everything else about it is taken to be in the
attacker's hands: who presses, from which workspace, in which channel, on which message, with which
value, when and how often.
"""

import hmac
import json
import time
import urllib.parse
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, cast

import msgspec
from typing_extensions import override

from agent.approval import Actor
from agent.assistant import Assistant
from agent.remediation import Remediations
from bot.conversation import Conversation
from bot.fixing import Address, Fixing
from bot.messages import Channel, Click, Picture, Place, Reply
from bot.slack.app import build_app
from bot.slack.door import SlackDoor
from integrations.conversations.port import ConversationStore
from integrations.remediations.audit import AuditLog
from integrations.remediations.port import Remediation
from integrations.systems import Estate, Systems
from integrations.tenants.port import Binding, ChannelKey, Tenant
from tests.recording_channel import RecordingChannel
from tests.remediating import Stage

TEAM, OTHER_TEAM = "T0001", "T0002"
ACME, GLOBEX, NOWHERE = "C0ACME", "C0GLOBEX", "C0NOWHERE"
SECRET = "not-a-secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """One press of a button."""

    request: str
    plan_hash: str
    user: str
    action: str = "approve"
    user_team: str = TEAM
    """The presser's home."""
    team: str = TEAM
    """The workspace of the delivery."""
    channel: str = ACME
    message: str = ""
    reason: str = "seen"
    shared: bool = False
    """Whether the channel is shared with another organisation."""
    secret: str = SECRET
    late_by_s: float = 0.0
    """How old the delivery's signature is."""
    value: str | None = None
    """Instead of the request and its plan's hash."""

    @property
    def carried(self) -> str:
        """What the button carries."""
        return f"{self.request}:{self.plan_hash}" if self.value is None else self.value


class Transport(Protocol):
    """A way for presses to arrive."""

    def press(self, press: Press) -> None:
        """One press arrives, and what it sets off is done."""
        ...


class StageEstate(Estate):
    """The stage's tenants: `acme` with its account, the others with none of their own."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    @override
    def tenants(self) -> list[Tenant]:
        return list(self._stage.connections.tenants())

    @override
    def systems(self, tenant_id: str) -> Systems:
        systems = self._stage.connections.systems(tenant_id)
        return replace(systems, automations=self._stage.account)

    @override
    def hub_audit(self) -> AuditLog:
        return self._stage.connections.hub_audit()


class Rules(Transport):
    """Straight to the rules; channel and message are out of their sight."""

    def __init__(self, stage: Stage) -> None:
        """The tenant is the channel's, as the conversation would have it."""
        self._stage = stage
        self._estate = StageEstate(stage)

    @override
    def press(self, press: Press) -> None:
        tenant = {ACME: "acme", GLOBEX: "globex"}.get(press.channel)
        if tenant is None or press.team != TEAM:
            return
        systems = self._estate.systems(tenant)
        requests = Remediations(systems, self._stage.catalogue, self._stage.clock)
        request_id, _, plan_hash = press.carried.partition(":")
        actor = Actor(
            f"slack/{press.user_team}/{press.user}", foreign=press.user_team != press.team
        )
        if press.action == "approve":
            requests.approve(request_id, plan_hash, actor, press.reason)
        elif press.action == "reject":
            requests.reject(request_id, plan_hash, actor, press.reason)
        else:
            requests.undo(request_id, plan_hash, actor, "worker-1")


class _Thread(RecordingChannel):
    """Where cards stand that were never really posted."""

    @override
    def update(self, message_id: str, reply: Reply) -> None:
        """It would be rewritten here."""


@dataclass
class Talk(Transport):
    """Through the conversation: the binding of the channel, the card that the button stands on."""

    stage: Stage
    said: list[str] = field(default_factory=list)
    """What the pressers alone were told."""

    def __post_init__(self) -> None:
        estate = StageEstate(self.stage)
        connections = self.stage.connections
        fixing = Fixing(
            estate,
            self.stage.catalogue,
            self.stage.clock,
            lambda view: Picture(png=b"", title=view.about.name, alt=view.caption),
            _Thread,
            lambda *_: None,
            "worker-1",
            lambda seconds: self.stage.clock.later(seconds=seconds),
        )
        nobody = cast("Any", None)
        self.conversation = Conversation(
            connections.directory,
            estate,
            cast("Assistant", nobody),
            cast("ConversationStore", nobody),
            nobody,
            self.stage.clock,
            lambda _: None,
            fixing,
        )

    @override
    def press(self, press: Press) -> None:
        place = Place(
            key=ChannelKey("slack", press.team, press.channel),
            thread="1.0",
            user=press.user,
            user_workspace=press.user_team,
        )
        click = Click(
            place=place,
            action=press.action,
            value=press.carried,
            message_id=press.message,
            typed={"reason": press.reason},
            foreign=press.user_team != press.team,
        )
        self.deliver(click)

    def deliver(self, click: Click) -> None:
        """A parsed click comes to the conversation."""
        channel = _Thread(click.place)
        self.conversation.on_click(click, cast("Channel", channel))
        self.said += [reply.plain for reply in channel.whispered]


class Slack(Transport):
    """Through Slack's door: a signed delivery, Bolt, our parser, and then the conversation."""

    def __init__(self, stage: Stage) -> None:
        """The app runs in this process; deliveries are bytes and headers."""
        self._stage = stage
        self._talk = Talk(stage)
        self._presses = 0
        app = build_app(
            signing_secret=SECRET,
            team_id=TEAM,
            bot_token="xoxb-not-a-token",
            bot_id="B0ASSIST",
            bot_user_id="U0ASSIST",
            base_url="http://127.0.0.1:9/api/",
            on_message=lambda _: None,
            on_click=self._talk.deliver,
            knows=lambda _: False,
        )
        # Bolt verifies a signature's time by the machine's clock; the door must go by the same.
        self._door = SlackDoor(app, SECRET, time.time)

    @override
    def press(self, press: Press) -> None:
        self._presses += 1
        self.receive(*self.delivery(press))

    def delivery(self, press: Press) -> tuple[dict[str, str], bytes]:
        """A `block_actions` delivery, as "Interactivity" at docs.slack.dev describes it."""
        team = {"id": press.team, "domain": "demo"}
        payload = {
            "type": "block_actions",
            "user": {"id": press.user, "username": "x", "team_id": press.user_team},
            "api_app_id": "A0ASSIST",
            "team": team,
            "enterprise": None,
            "is_enterprise_install": False,
            "is_ext_shared_channel": press.shared,
            "container": {
                "type": "message",
                "message_ts": press.message,
                "channel_id": press.channel,
                "is_ephemeral": False,
            },
            "trigger_id": f"{self._presses}.1.x",
            "channel": {"id": press.channel, "name": "x"},
            "message": {"ts": press.message, "thread_ts": "1.0", "bot_id": "B0ASSIST"},
            "state": {"values": {"b": {"typed:reason": {"value": press.reason}}}},
            "actions": [
                {
                    "type": "button",
                    "action_id": f"{press.action}:0",
                    "block_id": "b",
                    "value": press.carried,
                    "action_ts": "1.1",
                }
            ],
        }
        body = urllib.parse.urlencode({"payload": json.dumps(payload)}).encode()
        return _signed(body, press), body

    def receive(self, headers: dict[str, str], body: bytes) -> int:
        """Let a delivery arrive, perhaps again; the status that is answered."""
        return self._door.receive(headers, body).status


def _signed(body: bytes, press: Press) -> dict[str, str]:
    at = str(int(time.time() - press.late_by_s))
    base = b"v0:" + at.encode() + b":" + body
    mac = hmac.new(press.secret.encode(), base, "sha256").hexdigest()
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": at,
        "X-Slack-Signature": f"v0={mac}",
    }


def carded(stage: Stage, request: Remediation, message: str) -> Remediation:
    """A request whose card stands in acme's channel as that message."""
    place = Place(
        key=ChannelKey("slack", TEAM, ACME), thread="1.0", user="UANALYST", user_workspace=TEAM
    )
    address = msgspec.json.encode(Address(place, message)).decode()
    shown = request.shown_at(address)
    stage.systems.remediations.save(shown)
    return shown


def bound(stage: Stage) -> None:
    """Two tenants, each with its channel; a third channel belongs to nobody."""
    for channel, tenant in ((ACME, "acme"), (GLOBEX, "globex")):
        stage.connections.directory.bind(Binding(ChannelKey("slack", TEAM, channel), tenant))
