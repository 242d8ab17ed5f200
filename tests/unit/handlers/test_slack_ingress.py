"""The door on Lambda: what is taken in, what is refused, and what is said of it."""

import json
from typing import Any

import pytest

from bot.handlers.delivery import PREFIX, unpacked
from bot.handlers.rotating import fixed
from bot.handlers.slack_ingress import REMEMBERED_S, SlackIngress
from bot.handlers.verifying import MOST_BYTES
from tests.lambda_slack import (
    FORM,
    NOW,
    PATH,
    SECRET,
    Edge,
    delivered,
    mention,
    press,
    sign,
)


@pytest.fixture
def edge() -> Edge:
    return Edge()


def test_a_signed_event_is_queued_with_its_bytes_untouched(edge: Edge) -> None:
    body = mention().replace(b"hello", "grüß \u2028 dich".encode())
    assert edge.receive(delivered(body)) == 200
    ((text, group, name),) = edge.fifo.sent
    assert text.isascii()
    job = json.loads(text)
    assert (job["id"], job["group"]) == (name, group)
    signed = unpacked(job["body"])
    assert (signed.body, signed.received_at, signed.signature) == (
        body,
        NOW,
        sign(str(int(NOW)), body),
    )
    assert edge.lines == []


def test_base64_carries_the_same_bytes(edge: Edge) -> None:
    assert edge.receive(delivered(press(), kind=FORM, encoded=True)) == 200
    ((text, _, _),) = edge.fifo.sent
    assert unpacked(json.loads(text)["body"]).body == press()


@pytest.mark.parametrize(
    ("body", "kind", "group", "name"),
    [
        (mention("Ev9"), "application/json", "slack/T1/C1/1795000000.000100", "Ev9"),
        (mention(thread_ts="17.1"), "application/json", "slack/T1/C1/17.1", "Ev1"),
        (press("7.8.x"), FORM, "slack/T1/C1/1795000001.000200", "7.8.x"),
        (press(thread_ts="17.1"), FORM, "slack/T1/C1/17.1", "1.2.abc"),
    ],
    ids=["a message", "a reply", "a press", "a press in a thread"],
)
def test_the_group_is_the_thread_and_the_name_is_what_redeliveries_share(
    edge: Edge, body: bytes, kind: str, group: str, name: str
) -> None:
    assert edge.receive(delivered(body, kind=f"{kind}; charset=utf-8")) == 200
    assert edge.fifo.sent[0][1:] == (group, PREFIX + name)


@pytest.mark.parametrize(
    "document",
    [{"type": "event_callback", "event_id": "Ev5", "event": {"type": "team_join"}}, {}],
)
def test_what_has_no_thread_is_in_a_group_of_its_own(
    edge: Edge, document: dict[str, object]
) -> None:
    for blanks in (b" ", b"  "):
        assert edge.receive(delivered(json.dumps(document).encode() + blanks)) == 200
    groups = {group for _, group, _ in edge.fifo.sent} | {"slack/T1/C1"}
    assert len(groups) == 1 + len(edge.fifo.sent)
    assert all(g.startswith(PREFIX) for g in groups - {"slack/T1/C1"})


_STAMP = str(int(NOW))


def _event(**changed: Any) -> dict[str, Any]:
    return {**delivered(mention()), **changed}


def _stamped(stamp: str) -> dict[str, Any]:
    return delivered(mention(), stamp=stamp)


_REFUSED: dict[str, tuple[int, str, dict[str, Any]]] = {
    "no event of HTTP": (400, "no-http-event", {"Records": []}),
    "GET": (405, "method", _event(requestContext={"http": {"method": "GET"}})),
    "another path": (404, "path", _event(rawPath="/")),
    "no headers": (400, "headers", _event(headers=None)),
    "a header that is no text": (400, "headers", delivered(mention(), more={"a": 1})),
    "too many headers": (
        431,
        "headers-many",
        delivered(mention(), more={f"h{n}": "" for n in range(65)}),
    ),
    "a huge header": (431, "headers-large", delivered(mention(), more={"a": "a" * 17_000})),
    "a header beyond ASCII": (400, "headers-non-ascii", delivered(mention(), more={"a": "é"})),
    "a signature beyond ASCII": (
        400,
        "headers-non-ascii",
        delivered(mention(), signature="v0=" + "é" * 64),
    ),
    "two signatures": (
        400,
        "headers-twice",
        delivered(mention(), signature=",".join([sign(_STAMP, mention())] * 2)),
    ),
    "a signature in two spellings": (
        400,
        "headers-twice",
        delivered(mention(), more={"X-Slack-Signature": sign(_STAMP, mention())}),
    ),
    "no body": (400, "body-missing", _event(body=None)),
    "a body that is said to be base64": (400, "body-encoding", _event(isBase64Encoded=True)),
    "a lone surrogate": (400, "body-encoding", _event(body="\ud800")),
    "a huge body": (413, "body-large", delivered(b"a" * (MOST_BYTES + 1))),
    "a huge body in base64": (413, "body-large", delivered(b"a" * (MOST_BYTES + 1), encoded=True)),
    "no time": (
        401,
        "timestamp-form",
        delivered(mention(), more={"x-slack-request-timestamp": None}),
    ),
    "a time with a sign": (401, "timestamp-form", _stamped(f"+{_STAMP[1:]}")),
    "a time with a blank": (401, "timestamp-form", _stamped(f" {_STAMP}")),
    "a time with an underscore": (401, "timestamp-form", _stamped(f"{_STAMP[:5]}_{_STAMP[5:]}")),
    "a time with a leading zero": (401, "timestamp-form", _stamped(f"0{_STAMP}")),
    "ten digits that begin with zero": (401, "timestamp-form", _stamped(f"0{_STAMP[1:]}")),
    "a time of 301 s ago": (401, "timestamp-past", _stamped(str(int(NOW) - 301))),
    "a time 61 s ahead": (401, "timestamp-future", _stamped(str(int(NOW) + 61))),
    "no signature": (401, "signature-form", delivered(mention(), signature="")),
    "a newer scheme": (401, "signature-form", delivered(mention(), signature="v1=" + "0" * 64)),
    "another secret": (
        401,
        "signature",
        delivered(mention(), signature=sign(_STAMP, mention(), "other")),
    ),
    "a timestamp twice, in two spellings": (
        400,
        "headers-twice",
        delivered(mention(), more={"X-Slack-Request-Timestamp": _STAMP}),
    ),
    "capitals": (
        401,
        "signature",
        delivered(mention(), signature="v0=" + sign(_STAMP, mention())[3:].upper()),
    ),
    "another media type": (415, "content-type", delivered(mention(), kind="text/xml")),
    "a signed body that is broken": (400, "malformed", delivered(b"{")),
    "a signed list": (400, "malformed", delivered(b"[]")),
    "a signed depth of 100,000": (400, "malformed", delivered(b"[" * 100_000)),
    "signed bytes that are no UTF-8": (400, "malformed", delivered(b"\xff\xfe{}")),
    "a signed payload that is broken": (400, "malformed", delivered(b"payload={bad", kind=FORM)),
    "a form of many fields": (400, "malformed", delivered(b"a=1&" * 30, kind=FORM)),
    "an unsigned ssl_check": (
        401,
        "signature-form",
        delivered(b"ssl_check=1", kind=FORM, signature=""),
    ),
    "an unsigned challenge": (
        401,
        "signature-form",
        delivered(b'{"type": "url_verification", "challenge": "x"}', signature=""),
    ),
    "a challenge that is a page": (
        400,
        "challenge",
        delivered(b'{"type": "url_verification", "challenge": "<b>\\n</b>"}'),
    ),
    "a huge challenge": (
        400,
        "challenge",
        delivered(b'{"type": "url_verification", "challenge": "%s"}' % (b"x" * 513)),
    ),
}


@pytest.mark.parametrize("what", _REFUSED)
def test_refused_with_one_short_line_that_says_why_and_nothing_else(edge: Edge, what: str) -> None:
    status, reason, event = _REFUSED[what]
    assert edge.receive(event) == status
    assert edge.reason() == reason
    assert edge.fifo.sent == []
    (line,) = edge.lines
    assert len(line.encode()) <= 256
    assert json.loads(line).keys() == {"door", "reason", "status", "bytes"}


def test_names_of_headers_may_have_capitals(edge: Edge) -> None:
    event = delivered(mention())
    event["headers"] = {name.title(): value for name, value in event["headers"].items()}
    assert edge.receive(event) == 200


def test_what_a_delivery_says_is_quoted_and_its_body_is_whole(edge: Edge) -> None:
    odd = 'Ev"~\\"~\u2028'
    body = mention(odd, ts="17.~", channel='C"1~')
    assert edge.receive(delivered(body)) == 200
    ((text, group, name),) = edge.fifo.sent
    job = json.loads(text)
    assert (job["id"], job["group"]) == (name, group) == (PREFIX + odd, 'slack/T1/C"1~/17.~')
    assert unpacked(job["body"]).body == body


@pytest.mark.parametrize("offset", [-300, -1, 0, 60])
def test_up_to_300_s_ago_and_60_s_ahead_is_now(edge: Edge, offset: int) -> None:
    assert edge.receive(_stamped(str(int(NOW) + offset))) == 200


def test_a_signed_challenge_is_given_back_and_not_queued(edge: Edge) -> None:
    body = b'{"type": "url_verification", "token": "t", "challenge": "3eZbrw1aB"}'
    answer = edge.ingress.receive(delivered(body))
    assert (answer["statusCode"], answer["body"]) == (200, "3eZbrw1aB")
    assert answer["headers"]["content-type"].startswith("text/plain")
    assert edge.fifo.sent == []


def test_a_signed_ssl_check_is_answered_and_not_queued(edge: Edge) -> None:
    assert edge.receive(delivered(b"ssl_check=1&token=t", kind=FORM)) == 200
    assert edge.fifo.sent == []


def test_the_same_bytes_are_taken_in_once_for_as_long_as_they_are_valid(edge: Edge) -> None:
    edge.now = NOW - 60
    event = _stamped(_STAMP)
    assert edge.receive(event) == 200
    for later in range(0, 361, 20):
        edge.now = NOW - 60 + later
        assert (edge.receive(event), edge.reason()) == (200, "replayed")
    edge.now = NOW + 301
    assert (edge.receive(event), edge.reason()) == (401, "timestamp-past")
    assert len(edge.fifo.sent) == 1


def test_what_was_taken_in_is_forgotten_when_it_is_long_past(edge: Edge) -> None:
    for number in range(500):
        edge.now = NOW + number * 10
        assert edge.receive(delivered(mention(f"Ev{number}"), stamp=str(int(edge.now)))) == 200
    assert len(edge.ingress._taken) <= REMEMBERED_S / 10 + 2


def test_a_delivery_that_was_not_queued_is_answered_503_and_taken_when_it_comes_again(
    edge: Edge,
) -> None:
    edge.fifo.down = True
    assert edge.receive(delivered(mention())) == 503
    assert json.loads(edge.lines[-1])["error"] == "TimeoutError"
    edge.fifo.down = False
    retried = {"x-slack-retry-num": "1", "x-slack-retry-reason": "http_error"}
    assert edge.receive(delivered(mention(), more=retried)) == 200
    assert len(edge.fifo.sent) == 1


def test_a_retry_header_alone_drops_nothing(edge: Edge) -> None:
    assert edge.receive(delivered(mention(), more={"x-slack-retry-num": "3"})) == 200
    assert len(edge.fifo.sent) == 1


def test_a_redelivery_is_one_message_whoever_takes_it_in(edge: Edge) -> None:
    for later in (0, 1, 61):
        edge.now = NOW + later
        edge.start_again()
        assert edge.receive(_stamped(str(int(edge.now)))) == 200
    assert len(edge.fifo.sent) == 1


def test_what_falls_over_is_answered_500_with_the_kind_of_the_fault_only(edge: Edge) -> None:
    class Falls:
        def send(self, quoted_text: str, group: str, name: str, within_s: float) -> None:
            raise ZeroDivisionError(quoted_text + group + name, within_s)

    edge.ingress = SlackIngress(fixed(SECRET), PATH, Falls(), lambda: NOW, edge.lines.append)
    assert edge.receive(delivered(mention())) == 500
    assert json.loads(edge.lines[0])["error"] == "ZeroDivisionError"
    assert "Ev1" not in edge.lines[0]


def test_a_door_without_a_secret_does_not_open() -> None:
    with pytest.raises(ValueError, match="secret"):
        fixed("")
