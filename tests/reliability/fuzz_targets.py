"""What is fuzzed, and the inputs to begin with; `fuzz` imports this with its eyes open.

verifier    what somebody sends who does not know the secret: timestamp, signature and media
            type, each ended by a zero byte, then the body, in base64 where the first byte is
            odd. Nothing may be taken for Slack's, and nothing but a refusal comes out.
door        the body of a delivery that Slack signed, after a byte that says of which media type
            it is: put into the queue at most once, and never a fault; few bytes are logged.
"""

from collections.abc import Callable

from bot.handlers.hmac_sha256 import HmacSha256
from bot.handlers.verifying import Refused, verified
from tests.lambda_slack import FORM, JSON, NOW, PATH, SECRET, Edge, delivered, sign

Target = Callable[[bytes], None]

VERIFIER, DOOR = "verifier", "door"
AFTER_SIGNATURE = "content-type"
"""Why the verifier refuses what it holds to be signed."""
_PARTS = 4
_FORM, _BASE64 = 1, 2
_MOST_LOGGED = 256
_BODIES = (
    b'{"type":"url_verification","challenge":"abc"}',
    b'{"type":"event_callback","team_id":"T1","event_id":"Ev1","event":{"channel":"C1","ts":"1.2"}}',
    b"payload=%7B%22type%22%3A%22block_actions%22%2C%22trigger_id%22%3A%221.2%22%7D",
    b"ssl_check=1",
    b"[]",
)


class BrokenPromiseError(Exception):
    """What the door did with an input that it must not do."""


def verifier(data: bytes) -> None:
    """A request of somebody who does not know the secret."""
    said = data.decode("latin-1")
    parts = said[1:].split("\0", _PARTS - 1)
    stamp, signature, kind, body = [*parts, *[""] * (_PARTS - len(parts))]
    event = {
        "rawPath": PATH,
        "requestContext": {"http": {"method": "POST"}},
        "headers": {
            "x-slack-request-timestamp": stamp,
            "X-Slack-Signature": signature,
            "content-type": kind,
        },
        "body": body,
        "isBase64Encoded": bool(data) and data[0] % 2 == 1,
    }
    try:
        verified(event, PATH, HmacSha256(SECRET.encode()), NOW)
    except Refused as refused:
        if refused.reason != AFTER_SIGNATURE:
            return
    raise BrokenPromiseError("an unsigned request was taken for Slack's")


def door(data: bytes) -> None:
    """A delivery that Slack signed, whatever is in it."""
    flags = data[0] if data else 0
    kind = FORM if flags & _FORM else JSON
    event = delivered(data[1:], kind=kind, encoded=bool(flags & _BASE64) or None)
    edge = Edge()
    status, sent = edge.receive(event), len(edge.fifo.sent)
    logged = sum(len(line.encode()) for line in edge.lines)
    if logged > _MOST_LOGGED:
        raise BrokenPromiseError(f"{logged} bytes were logged")
    if status >= 500 or sent > (status == 200):
        raise BrokenPromiseError(f"{status}, {sent} sent, {edge.lines}")


TARGETS: dict[str, Target] = {VERIFIER: verifier, DOOR: door}


def seeds(target: str) -> list[bytes]:
    """Inputs to begin with: each kind of delivery, and what is nearly one."""
    if target == DOOR:
        return [bytes([flags]) + body for body in _BODIES for flags in (0, _FORM, _BASE64)]
    stamp = str(int(NOW))
    near = [sign(stamp, body + b" ").encode() for body in _BODIES]
    return [
        b"\0".join([b"\0" + stamp.encode(), wrong, b"application/json; charset=utf-8", body])
        for wrong, body in zip(near, _BODIES, strict=True)
    ]
