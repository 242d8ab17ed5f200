"""The HTTP edge against forged, replayed and malformed deliveries."""

import hashlib
import hmac
import io
import json
import logging
import urllib.parse
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.messages import Click, Incoming
from bot.slack.app import Installation, build_app_for, installed
from bot.slack.door import MOST_BYTES, REMEMBERED_S, DoorAnswer, SlackDoor, wsgi
from tests.unit.slack.test_slack_parse import BOT, a_mention, a_press

SECRET = "not-a-secret"
NOW = 1_795_000_000.0


@dataclass
class Edge:
    """A door with a clock, and what came through."""

    now: float = NOW
    heard: list[Incoming] = field(default_factory=list)
    clicks: list[Click] = field(default_factory=list)
    broken: bool = False

    def __post_init__(self) -> None:
        app = build_app_for(
            authorize=installed(
                [Installation(team_id="T0ACME", bot_token="xoxb-no", bot_user_id=BOT)]
            ),
            signing_secret=SECRET,
            base_url="http://127.0.0.1:9/api/",
            on_message=self._hear,
            on_click=self.clicks.append,
            knows=lambda _place: False,
        )
        # Bolt's own check reads the real clock; these tests turn theirs by hand.
        app._middleware_list = [
            m for m in app._middleware_list if type(m).__name__ != "RequestVerification"
        ]
        self.door = SlackDoor(app, SECRET, lambda: self.now)

    def _hear(self, incoming: Incoming) -> None:
        if self.broken:
            raise OSError("the queue is down")
        self.heard.append(incoming)

    def send(self, body: bytes, kind: str = "application/json", **headers: str) -> DoorAnswer:
        stamp = headers.pop("stamp", str(int(self.now)))
        signed = {
            "Content-Type": kind,
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": sign(stamp.encode("utf-8", "replace"), body),
        }
        return self.door.receive({**signed, **headers}, body)


def sign(stamp: bytes, body: bytes, secret: str = SECRET) -> str:
    made = hmac.new(secret.encode(), b"v0:" + stamp + b":" + body, hashlib.sha256)
    return f"v0={made.hexdigest()}"


def mention() -> bytes:
    return json.dumps(a_mention()).encode()


@pytest.fixture
def edge() -> Edge:
    return Edge()


def test_a_signed_mention_comes_through(edge: Edge) -> None:
    assert edge.send(mention()).status == 200
    assert [h.text for h in edge.heard] == ["what needs attention first?"]


def test_a_signed_press_comes_through(edge: Edge) -> None:
    form = urllib.parse.urlencode({"payload": json.dumps(a_press())}).encode()
    assert edge.send(form, "application/x-www-form-urlencoded").status == 200
    assert [c.value for c in edge.clicks] == ["why X-AB12CD"]


def test_slack_learns_that_the_address_is_ours(edge: Edge) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "c3", "token": "t"}).encode()
    answer = edge.send(body)
    assert answer.status == 200
    assert "c3" in answer.body


def test_a_replay_is_answered_but_not_heard_again(edge: Edge) -> None:
    edge.send(mention())
    assert edge.send(mention()).status == 200
    assert len(edge.heard) == 1
    edge.now += REMEMBERED_S + 1
    assert edge.send(mention(), stamp=str(int(NOW))).status == 401


def test_what_could_not_be_taken_in_may_come_again_within_the_second(edge: Edge) -> None:
    edge.broken = True
    assert edge.send(mention()).status == 500
    edge.broken = False
    assert edge.send(mention()).status == 200
    assert len(edge.heard) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Slack-Signature": ""},
        {"X-Slack-Signature": "v0="},
        {"X-Slack-Signature": sign(b"1795000000", mention(), "wrong")},
        {"X-Slack-Signature": sign(b"1795000000", mention()).replace("v0=", "v1=")},
        {"X-Slack-Signature": sign(b"1795000000", mention()).upper()},
        {"X-Slack-Signature": sign(b"1795000000", mention())[:-1]},
        {"X-Slack-Signature": "v0=\u00e9\ud800"},
        {"stamp": ""},
        {"stamp": "abc"},
        {"stamp": "1795000000.0"},
        {"stamp": "9" * 5000},
        {"stamp": "1_795_000_0"},
        {"stamp": " 1795000000"},
        {"stamp": "\u0661\u0667\u0669\u0665\u0660\u0660\u0660\u0660\u0660\u0660"},
        {"stamp": str(int(NOW) - 301)},
        {"stamp": str(int(NOW) + 301)},
    ],
)
def test_what_slack_did_not_sign_now_is_refused(edge: Edge, headers: dict[str, str]) -> None:
    assert edge.send(mention(), **headers).status == 401
    assert edge.heard == []


UNSIGNED: list[bytes] = [
    b"",
    b"payload={bad",
    b"[1,2]",
    b"7",
    b"\xff\xfe",
    b'{"a":' * 100_000,
    b"ssl_check=1",
    b"{" + b"\n" * 900_000,
]


@pytest.mark.parametrize("body", UNSIGNED, ids=range(len(UNSIGNED)))
def test_an_unsigned_body_is_never_read_nor_logged(
    edge: Edge, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        for kind in ("application/json", "application/x-www-form-urlencoded"):
            assert edge.send(body, kind, **{"X-Slack-Signature": "v0=00"}).status == 401
    assert all(len(record.getMessage()) < 200 for record in caplog.records)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\xfe", "application/json"),
        (b"[]", "application/json"),
        (b"7", "application/json"),
        (b'"x"', "application/json"),
        (b'{"a":' * 50_000, "application/json"),
        (b"payload=" + b"%5B" * 50_000, "application/x-www-form-urlencoded"),
        (b"payload=[1]", "application/x-www-form-urlencoded"),
        (b"payload={bad", "application/x-www-form-urlencoded"),
        (b'{"event": 7, "team_id": "T0ACME"}', "application/json"),
    ],
    ids=range(9),
)
def test_a_signed_body_of_the_wrong_shape_is_a_bad_request(
    edge: Edge, body: bytes, kind: str
) -> None:
    assert edge.send(body, kind).status in {400, 404}
    assert edge.heard == []


def test_an_enormous_body_is_refused_before_anything_else(edge: Edge) -> None:
    assert edge.send(b"x" * (MOST_BYTES + 1)).status == 413


def test_an_unknown_workspace_is_not_listened_to(edge: Edge) -> None:
    body = a_mention() | {"team_id": "T0NOBODY", "authorizations": [{"team_id": "T0NOBODY"}]}
    edge.send(json.dumps(body).encode())
    assert edge.heard == []


def test_nobody_can_ask_for_a_lazy_run(edge: Edge) -> None:
    answer = edge.send(mention(), **{"X-Slack-Bolt-Lazy-Only": "1"})
    assert answer.status == 200
    assert len(edge.heard) == 1


def test_a_door_without_a_secret_is_not_opened(edge: Edge) -> None:
    with pytest.raises(ValueError, match="secret"):
        SlackDoor(edge.door._app, "", lambda: NOW)


def call(edge: Edge, environ: dict[str, Any]) -> str:
    said: list[str] = []
    body = b"".join(wsgi(edge.door)(environ, lambda status, _headers: said.append(status)))
    assert body == b"" or said
    return said[0]


def test_the_door_stands_behind_any_wsgi_server(edge: Edge) -> None:
    body = mention()
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_X_SLACK_REQUEST_TIMESTAMP": str(int(NOW)),
        "HTTP_X_SLACK_SIGNATURE": sign(str(int(NOW)).encode(), body),
        "wsgi.input": io.BytesIO(body),
    }
    assert call(edge, environ) == "200 OK"
    assert len(edge.heard) == 1
    assert call(edge, {"REQUEST_METHOD": "GET"}).startswith("405")
    assert call(edge, {**environ, "CONTENT_LENGTH": "-1"}).startswith("413")
