"""Hostile requests to Slack's door on Lambda, and to the adapter that Bolt brings along.

Each is of one kind and drawn from a seed. `accepted` counts those that reached a listener, or here
the queue, though they should not have: of a replay, a second time. The forger knows captured
requests, and in some kinds even the secret: what is signed but not canonical is refused too.
"""

import json
import logging
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.aws_lambda import SlackRequestHandler
from typing_extensions import override

from bot.slack.app import Installation, build_app_for, installed
from tests.lambda_slack import FORM, NOW, Edge, delivered, mention, press, sign

Event = dict[str, Any]
Kind = Callable[[random.Random, int], Event]
_AT = int(NOW)
_REPLAYED_S = 700


@dataclass
class Hostile:
    """What came of it."""

    tried: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    uncaught: Counter[str] = field(default_factory=Counter)
    longest: int = 0
    """Bytes logged of one request at most."""


def _wrong_signature(draw: random.Random, number: int) -> Event:
    body = mention(f"Ev{number}")
    good = sign(str(_AT), body)
    wrong = draw.choice(
        [
            "",
            "v0=",
            good[:-1],
            good + "0",
            "v1=" + good[3:],
            good[:3] + good[3:].upper(),
            sign(str(_AT), body, "guessed"),
            sign(str(_AT), body + b" "),
            sign(str(_AT + 1), body),
            "v0=" + draw.randbytes(32).hex(),
            f" {good}",
            "null",
        ]
    )
    return delivered(body, signature=wrong)


def _missing(draw: random.Random, number: int) -> Event:
    names = ["x-slack-signature", "x-slack-request-timestamp"]
    gone = draw.choice([names[:1], names[1:], names])
    return delivered(mention(f"Ev{number}"), more=dict.fromkeys(gone))


def _duplicated(draw: random.Random, number: int) -> Event:
    body = mention(f"Ev{number}")
    name, value = draw.choice(
        [("x-slack-signature", sign(str(_AT), body)), ("x-slack-request-timestamp", str(_AT))]
    )
    twice = draw.choice([{name: f"{value},{value}"}, {name.title(): value}])
    return delivered(body, more=twice)


def _beyond_ascii(draw: random.Random, number: int) -> Event:
    body = mention(f"Ev{number}")
    odd = "".join(chr(draw.choice([0xE9, 0x661, 0x1F600, 0x2028, 0xD800])) for _ in range(64))
    return delivered(body, signature=draw.choice([f"v0={odd}", odd]))


def _huge_header(draw: random.Random, number: int) -> Event:
    size = draw.randrange(17_000, 200_000)
    name = draw.choice(["x-slack-signature", "x-slack-request-timestamp", "cookie"])
    more: dict[str, str | None] = {name: "9" * size}
    if name == "cookie":
        more["x-slack-signature"] = "v0=" + "0" * 64
    return delivered(mention(f"Ev{number}"), more=more)


def _not_canonical(draw: random.Random, number: int) -> Event:
    stamp = draw.choice(
        [
            f"+{_AT}",
            f" {_AT}",
            f"{_AT} ",
            f"0{_AT}",
            f"{_AT}.0",
            f"{str(_AT)[:4]}_{str(_AT)[4:]}",
            "".join(chr(0x660 + int(c)) for c in str(_AT)),
            f"-{_AT}",
            "abc",
            "",
            "1e9",
            "9" * 5_000,
            str(_AT - draw.randrange(301, 10**8)),
            str(_AT + draw.randrange(61, 10**8)),
        ]
    )
    return delivered(mention(f"Ev{number}"), stamp=stamp)


def _body(draw: random.Random, number: int) -> Event:
    """Not signed, or not by Slack."""
    deep = draw.randrange(2_000, 120_000)
    body, kind = draw.choice(
        [
            (b"[" * deep, "application/json"),
            (b'{"a":' * deep, "application/json"),
            (b"payload=" + b"[" * deep, FORM),
            (b"payload={bad", FORM),
            (b'{"event": {', "application/json"),
            (b"[1]", "application/json"),
            (b"7", "application/json"),
            (b"\xff\xfe" + draw.randbytes(40), "application/json"),
            (b"line\n" * draw.randrange(1_000, 150_000), "application/json"),
            (b"a" * draw.randrange(750_001, 1_000_000), "application/json"),
            (mention(f"Ev{number}")[:-1], "application/json"),
        ]
    )
    event = delivered(body, kind=kind, signature="v0=" + draw.randbytes(32).hex())
    if draw.random() < 0.1:
        event["isBase64Encoded"] = not event["isBase64Encoded"]
    return event


def _signed_body(draw: random.Random, _: int) -> Event:
    body, kind = draw.choice(
        [
            (b"[" * draw.randrange(50_000, 120_000), "application/json"),
            (b"payload={bad", FORM),
            (b"[1]", "application/json"),
            (b"\xff\xfe", "application/json"),
            (b'{"a": 1' + b"0" * 9_000 + b"}", "application/json"),
        ]
    )
    return delivered(body + b" " * draw.randrange(9), kind=kind)


def _forged_retry(draw: random.Random, number: int) -> Event:
    more: dict[str, Any] = {
        "x-slack-retry-num": str(draw.randrange(9)),
        "x-slack-retry-reason": "http_timeout",
        "x-slack-bolt-lazy-only": "1",
        "x-slack-bolt-lazy-function-name": draw.choice(["opened", "started"]),
    }
    wrong = "v0=" + draw.randbytes(32).hex()
    return delivered(mention(f"Ev{number}"), signature=wrong, more=more)


def _challenge(draw: random.Random, _: int) -> Event:
    said = draw.choice(["x", "<script>", "x" * 5_000, ["x"], None])
    body = json.dumps({"type": "url_verification", "challenge": said}).encode()
    return delivered(body, signature=draw.choice(["", "v0=" + "0" * 64, sign(str(_AT), b"")]))


def _ssl_check(draw: random.Random, _: int) -> Event:
    body, kind = draw.choice([(b"ssl_check=1&token=x", FORM), (b'{"ssl_check": 1}', "")])
    return delivered(body, kind=kind, signature=draw.choice(["", "v0=" + "0" * 64]))


def _replayed(draw: random.Random, _: int) -> Event:
    if draw.random() < 0.5:
        return delivered(press("captured"), kind=FORM)
    event = delivered(mention("captured"))
    if draw.random() < 0.5:
        event["headers"]["x-slack-retry-num"] = "1"
    return event


REPLAY = "replay"
KINDS: dict[str, Kind] = {
    "signature": _wrong_signature,
    "missing": _missing,
    "duplicated": _duplicated,
    "non-ascii": _beyond_ascii,
    "huge header": _huge_header,
    "timestamp": _not_canonical,
    "body": _body,
    "signed body": _signed_body,
    "retry and lazy": _forged_retry,
    "url_verification": _challenge,
    "ssl_check": _ssl_check,
    REPLAY: _replayed,
}


def requests(count: int, seed: int) -> Iterator[tuple[str, float, Event]]:
    """(kind, time of receipt, event), the kinds by turns; replays from 0 to 700 s, as time goes."""
    draw = random.Random(seed)
    names = list(KINDS)
    turns = max(1, count // len(names))
    for number in range(turns * len(names)):
        name = names[number % len(names)]
        later = _REPLAYED_S * number / (turns * len(names)) if name == REPLAY else 0.0
        yield name, NOW + later, KINDS[name](draw, number)


def ours(count: int, seed: int) -> Hostile:
    """Against the door of this product; its process starts anew every 97 requests."""
    edge, told = Edge(), Hostile()
    for captured in (delivered(press("captured"), kind=FORM), delivered(mention("captured"))):
        edge.receive(captured)
    for number, (name, now, event) in enumerate(requests(count, seed)):
        if number % 97 == 96:
            edge.start_again()
        edge.now = now
        before = len(edge.fifo.sent)
        edge.lines.clear()
        told.tried[name] += 1
        try:
            status = edge.receive(event)
        except Exception as error:  # noqa: BLE001 - whatever comes out is counted
            told.uncaught[type(error).__name__] += 1
            continue
        told.uncaught["500"] += status >= 500
        told.accepted[name] += len(edge.fifo.sent) > before or (status == 200 and name != REPLAY)
        told.longest = max(told.longest, sum(len(line.encode()) for line in edge.lines))
    return told


class _Bytes(logging.Handler):
    """Counts what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.count += len(record.getMessage().encode("utf-8", "replace"))


@contextmanager
def _counted() -> Iterator[_Bytes]:
    """What Bolt logs at INFO."""
    counting, disabled = _Bytes(), logging.root.manager.disable
    logging.disable(logging.NOTSET)
    names = [one for one in logging.root.manager.loggerDict if one.startswith("slack_bolt")]
    loggers = [logging.getLogger(name) for name in ("slack_bolt", *names)]
    before = [(one.level, one.propagate) for one in loggers]
    for one in loggers:
        one.setLevel(logging.INFO)
        one.addHandler(counting)
        one.propagate = False
    try:
        yield counting
    finally:
        for one, (level, propagate) in zip(loggers, before, strict=True):
            one.removeHandler(counting)
            one.setLevel(level)
            one.propagate = propagate
        logging.disable(disabled)


def bolts(count: int, seed: int) -> Hostile:
    """Against Bolt's own adapter, with the same listeners and a clock that is turned by hand."""
    told, clock = Hostile(), _Clock()
    heard: list[object] = []
    app = _app(heard.append, clock)
    handle: Callable[..., Mapping[str, Any]] = SlackRequestHandler(app).handle
    for captured in (delivered(press("captured"), kind=FORM), delivered(mention("captured"))):
        handle(captured, _Context())
    with _counted() as counting:
        for name, now, event in requests(count, seed):
            clock.at, counting.count, before = now, 0, len(heard)
            told.tried[name] += 1
            try:
                answer = handle(event, _Context())
            except Exception as error:  # noqa: BLE001 - whatever comes out is counted
                told.uncaught[type(error).__name__] += 1
            else:
                told.uncaught["500"] += answer["statusCode"] >= 500
                fine = answer["statusCode"] == 200 and name != REPLAY
                told.accepted[name] += len(heard) > before or fine
            told.longest = max(told.longest, counting.count)
    return told


class _Context:
    """Lambda's, as far as the adapter reads it."""

    function_name = "assist"
    invoked_function_arn = "arn:aws:lambda:us-east-1:111111111111:function:assist"


class _Clock:
    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> float:
        return self.at


def _app(hear: Callable[[object], None], clock: _Clock) -> App:
    one = Installation(team_id="T1", bot_token="xoxb-no", bot_user_id="UB")
    app = build_app_for(
        authorize=installed([one]),
        signing_secret="not-a-secret",
        base_url="http://127.0.0.1:9/api/",
        on_message=hear,
        on_click=hear,
        knows=lambda _place: False,
    )
    for middleware in app._middleware_list:
        if hasattr(middleware, "verifier"):
            middleware.verifier.clock = clock
    return app
