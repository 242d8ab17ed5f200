"""What reaches the app: signed, once when it is acked, again when it is not."""

import json
import threading
from typing import Any

import pytest
from slack_bolt import Ack, App, BoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.signature import Clock, SignatureVerifier

from bot.workspace.delivery import Delivery
from bot.workspace.limits import Limits
from tests.unit.workspace.stage import (
    ACME,
    ANALYST,
    BOT,
    OTHER,
    QUICK,
    RANDOM,
    SECRET,
    START,
    TEAM,
    Received,
    Stage,
    on_stage,
)


class At(Clock):
    """Slack's verifier at a given time."""

    def __init__(self, time: float) -> None:
        self._time = time

    def now(self) -> float:
        return self._time


def test_a_mention_yields_app_mention_and_message(stage: Stage) -> None:
    ts = stage.workspace.say(ANALYST, ACME, "@assist what is public?")
    events = {event["type"]: event for event in stage.app.events(2)}
    assert set(events) == {"app_mention", "message"}
    for event in events.values():
        assert event["ts"] == ts
        assert event["user"] == ANALYST
        assert event["channel"] == ACME
        assert event["text"] == f"<@{BOT.user_id}> what is public?"
    assert events["message"]["channel_type"] == "channel"
    assert "channel_type" not in events["app_mention"]


def test_every_delivery_passes_slacks_own_verifier(stage: Stage) -> None:
    stage.workspace.say(ANALYST, ACME, "@assist hi")
    root = stage.root()
    stage.client.chat_postMessage(channel=ACME, text="x", thread_ts=root, blocks=PRESSABLE)
    stage.workspace.click(ANALYST, ACME, stage.workspace.messages(ACME, root)[1]["ts"], "go")
    verifier = SignatureVerifier(SECRET, clock=At(START))
    received = stage.app.wait(5)
    assert all(verifier.is_valid_request(one.body, one.headers) for one in received)
    forged = received[0].body + b" "
    assert not verifier.is_valid_request(forged, received[0].headers)


def test_the_envelope_has_what_bolt_and_the_vendors_samples_name(stage: Stage) -> None:
    stage.workspace.say(ANALYST, ACME, "@assist hi")
    for received in stage.app.wait(2):
        envelope = received.payload
        assert {
            "token",
            "team_id",
            "api_app_id",
            "event",
            "type",
            "event_id",
            "event_time",
            "authorizations",
            "is_ext_shared_channel",
            "event_context",
        } <= set(envelope)
        assert envelope["type"] == "event_callback"
        assert envelope["team_id"] == TEAM
        assert envelope["api_app_id"] == BOT.app_id
        assert envelope["authorizations"][0]["user_id"] == BOT.user_id
        assert envelope["is_ext_shared_channel"] is False
        assert {"type", "user", "text", "ts", "team", "channel", "event_ts"} <= set(received.event)


def test_a_direct_message_is_a_message_im_alone(stage: Stage) -> None:
    stage.workspace.say(ANALYST, "D0ANALYST1", "@assist hi")
    stage.workspace.wait_until_quiet(5)
    (event,) = stage.app.events(1)
    assert (event["type"], event["channel_type"]) == ("message", "im")


def test_a_reply_names_its_thread_and_whose_it_is(stage: Stage) -> None:
    root = stage.root()
    stage.workspace.say(OTHER, ACME, "and the second?", root)
    event = next(e for e in stage.app.events(2) if e["text"] == "and the second?")
    assert event["thread_ts"] == root
    assert event["parent_user_id"] == ANALYST


def test_a_channel_without_the_bot_says_nothing_to_it(stage: Stage) -> None:
    stage.workspace.say(ANALYST, RANDOM, "@assist hi")
    stage.workspace.wait_until_quiet(5)
    assert stage.app.received == []
    (hint,) = stage.workspace.whispers(ANALYST, RANDOM)
    assert "not in this channel" in hint["text"]


def test_the_app_hears_its_own_posts_as_it_does_from_slack(stage: Stage) -> None:
    stage.client.chat_postMessage(channel=ACME, text="hi")
    (event,) = stage.app.events(1)
    assert event["bot_id"] == BOT.bot_id


def test_opening_the_app_is_told_for_both_tabs(stage: Stage) -> None:
    stage.workspace.open_app(ANALYST)
    stage.workspace.open_app(ANALYST, "home")
    events = stage.app.events(2)
    assert {event["tab"] for event in events} == {"messages", "home"}
    assert all(event["channel"] == "D0ANALYST1" for event in events)


def unacked(failures: int, **headers: str) -> Any:
    """An app that fails so many times and then acks."""
    lock, left = threading.Lock(), [failures]

    def reply(_received: Received) -> tuple[int, dict[str, str], bytes]:
        with lock:
            left[0] -= 1
            return (500, headers, b"") if left[0] >= 0 else (200, {}, b"")

    return reply


def test_an_event_that_is_not_acked_comes_again_with_the_same_id() -> None:
    with on_stage(reply=unacked(2)) as stage:
        stage.workspace.say(ANALYST, "D0ANALYST1", "hi")
        first, second, third = stage.app.wait(3)
        stage.workspace.wait_until_quiet(5)
        assert len(stage.app.received) == 3
    assert "x-slack-retry-num" not in first.headers
    assert second.headers["x-slack-retry-num"] == "1"
    assert third.headers["x-slack-retry-num"] == "2"
    assert third.headers["x-slack-retry-reason"] == "http_error"
    assert first.body == second.body == third.body


def test_an_event_is_delivered_four_times_at_most() -> None:
    with on_stage(reply=unacked(99)) as stage:
        stage.workspace.say(ANALYST, "D0ANALYST1", "hi")
        stage.workspace.wait_until_quiet(5)
        assert len(stage.app.received) == 4
        assert [attempt.retry for attempt in stage.workspace.deliveries] == [0, 1, 2, 3]


def test_an_app_can_ask_not_to_be_tried_again() -> None:
    with on_stage(reply=unacked(99, **{"X-Slack-No-Retry": "1"})) as stage:
        stage.workspace.say(ANALYST, "D0ANALYST1", "hi")
        stage.workspace.wait_until_quiet(5)
        assert len(stage.app.received) == 1


def test_a_slow_ack_counts_as_none() -> None:
    release = threading.Event()
    answered: list[int] = []

    def slow_once(_received: Received) -> tuple[int, dict[str, str], bytes]:
        answered.append(1)
        if len(answered) == 1:
            release.wait(10)
        return 200, {}, b""

    with on_stage(Limits(ack_s=0.1, retry_after_s=(0.0,)), slow_once) as stage:
        stage.workspace.say(ANALYST, "D0ANALYST1", "hi")
        _, again = stage.app.wait(2)
        release.set()
    assert again.headers["x-slack-retry-reason"] == "http_timeout"


def test_the_schedule_is_at_once_then_a_minute_then_five() -> None:
    assert Limits().retry_after_s == (0.0, 60.0, 300.0)
    assert Limits().ack_s == 3.0


def test_closing_gives_up_what_waits_to_be_sent_again() -> None:
    with on_stage(Limits(retry_after_s=(3600.0,)), unacked(9)) as stage:
        stage.workspace.say(ANALYST, "D0ANALYST1", "hi")
        stage.app.wait(1)
    assert len(stage.app.received) == 1


@pytest.mark.parametrize("url", ["https://example.com/slack", "http://10.0.0.1/slack/events"])
def test_nothing_is_ever_delivered_to_another_computer(url: str) -> None:
    with pytest.raises(ValueError, match="this computer only"):
        Delivery(
            url=url, secret=SECRET, clock=lambda: START, limits=QUICK, on_attempt=lambda _one: None
        )


PRESSABLE = [
    {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "text": {"type": "plain_text", "text": "Go"},
                "action_id": "go",
                "value": "1",
            }
        ],
    }
]


def test_bolt_takes_the_deliveries_as_they_are(stage: Stage) -> None:
    heard: list[str] = []

    def pressed(ack: Ack, action: dict[str, Any]) -> None:
        ack()
        heard.append(f"press {action['value']}")

    app = App(
        signing_secret=SECRET,
        request_verification_enabled=False,
        authorize=lambda: AuthorizeResult(
            enterprise_id=None,
            team_id=TEAM,
            bot_token=BOT.token,
            bot_id=BOT.bot_id,
            bot_user_id=BOT.user_id,
        ),
    )
    app.event("app_mention")(lambda event: heard.append(f"mention {event['text']}"))
    app.event("message")(lambda event: heard.append(f"message {event['channel_type']}"))
    app.action("go")(pressed)
    stage.workspace.say(ANALYST, ACME, "@assist hi")
    posted = stage.client.chat_postMessage(channel=ACME, text="x", blocks=PRESSABLE)
    stage.workspace.click(ANALYST, ACME, posted["ts"], "go")
    statuses = [
        app.dispatch(BoltRequest(body=one.body.decode(), headers=dict(one.headers))).status
        for one in stage.app.wait(4)
    ]
    assert statuses == [200] * 4
    # its own message is among the deliveries, and bolt leaves it alone
    assert sorted(heard) == [
        "mention <@U0ASSIST> hi",
        "message channel",
        "press 1",
    ]


def challenged(received: Received) -> tuple[int, dict[str, str], bytes]:
    return 200, {}, str(received.payload["challenge"]).encode()


@pytest.mark.parametrize(
    ("reply", "right"),
    [
        (challenged, True),
        (lambda one: (200, {}, json.dumps({"challenge": one.payload["challenge"]}).encode()), True),
        (lambda _one: (200, {}, b"hello"), False),
        (lambda one: (500, {}, str(one.payload["challenge"]).encode()), False),
    ],
    ids=["plain", "json", "other words", "an error"],
)
def test_an_app_gives_the_challenge_back_or_is_no_app(reply: Any, *, right: bool) -> None:
    with on_stage(reply=reply) as stage:
        assert stage.workspace.verify_app() is right
        (received,) = stage.app.received
        assert received.payload["type"] == "url_verification"
        verifier = SignatureVerifier(SECRET, clock=At(START))
        assert verifier.is_valid_request(received.body, received.headers)


def troubles(stage: Stage, ts: str) -> list[tuple[str, float | None]]:
    found = stage.workspace.state.troubles.get((ACME, ts), {}).values()
    return [(trouble.outcome, trouble.again_s) for trouble in found]


def test_a_message_that_the_app_did_not_take_says_so_until_it_did() -> None:
    limits = Limits(retry_after_s=(0.0, 300.0), ack_s=2.0)
    with on_stage(limits, reply=unacked(2)) as stage:
        ts = stage.workspace.say(ANALYST, ACME, "hi")
        waiting = [("http_error", 300.0)]
        assert stage.workspace.wait_for(lambda: troubles(stage, ts) == waiting, 5)


def test_a_message_that_was_taken_in_the_end_is_in_no_trouble() -> None:
    with on_stage(reply=unacked(2)) as stage:
        ts = stage.workspace.say(ANALYST, ACME, "hi")
        stage.workspace.wait_until_quiet(5)
        assert [one.outcome for one in stage.workspace.deliveries][-1] == "ok"
        assert troubles(stage, ts) == []


def test_a_message_that_was_given_up_says_so_for_good() -> None:
    with on_stage(reply=unacked(9)) as stage:
        ts = stage.workspace.say(ANALYST, ACME, "hi")
        stage.workspace.wait_until_quiet(5)
        assert troubles(stage, ts) == [("http_error", None)]
