"""Whether a delivery is Slack's, decided on its raw bytes before anything reads them.

The event is a Function URL's or an HTTP API's (payload format 2.0, Lambda Developer Guide). The
signature is `v0=` and the HMAC-SHA256 of `v0:timestamp:body` ("Verifying requests from Slack" at
docs.slack.dev).
Slack's own library takes any timestamp that Python's `int` takes, and future ones as far as past
ones, so that a request lives for 600 s there.
"""

from __future__ import annotations

import binascii
import hmac

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from bot.handlers.hmac_sha256 import HmacSha256

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
MOST_BYTES = 750_000
"""Of a body: in base64 it still fits into a message of SQS (1 MiB). Slack's own are a few kB."""
PAST_S = 300
"""How old a delivery may be."""
FUTURE_S = 60
"""How far Slack's clock may be ahead of ours."""

WRONG_SIGNATURE = "signature"
"""Why a delivery is refused whose signature is well formed, and not that of our secret."""

_MOST_HEADERS = 64
_MOST_HEADER_BYTES = 16_384
_TIMESTAMP_DIGITS = 10
_SIGNATURE_LENGTH = 67
_KINDS = frozenset({JSON, FORM})


class Refused(Exception):  # noqa: N818 - an outcome, not a fault
    """A delivery is not taken in: the status that is answered and the reason that is logged."""

    def __init__(self, status: int, reason: str, length: int = 0) -> None:
        """`reason` is one of our own words; `length` is the body's, as far as it is known."""
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.length = length


class Signed:
    """What Slack signed, and when it came; nothing else of a request is believed."""

    __slots__ = ("body", "content_type", "received_at", "signature", "timestamp")

    def __init__(
        self, timestamp: str, signature: str, content_type: str, body: bytes, received_at: float
    ) -> None:
        """`received_at` in seconds since the epoch."""
        self.timestamp = timestamp
        self.signature = signature
        self.content_type = content_type
        self.body = body
        self.received_at = received_at


def verified(event: Mapping[str, Any], path: str, secret: HmacSha256, now: float) -> Signed:
    """The delivery that an event carries; `now` in seconds since the epoch.

    Raises:
        Refused: it is none, or not Slack's, or not of now.
    """
    _check_request(event, path)
    timestamp, signature, kind = _headers(event.get("headers"))
    body = _body(event)
    length = len(body)
    _check_timestamp(timestamp, now, length)
    if len(signature) != _SIGNATURE_LENGTH or not signature.startswith("v0="):
        raise Refused(401, "signature-form", length)
    mac = secret.hex_of(b"v0:" + timestamp.encode() + b":" + body)
    if not hmac.compare_digest(f"v0={mac}", signature):
        raise Refused(401, WRONG_SIGNATURE, length)
    if kind not in _KINDS:
        raise Refused(415, "content-type", length)
    return Signed(timestamp, signature, kind, body, now)


def _check_request(event: Mapping[str, Any], path: str) -> None:
    context = event.get("requestContext")
    http = context.get("http") if isinstance(context, dict) else None
    if not isinstance(http, dict):
        raise Refused(400, "no-http-event")
    if http.get("method") != "POST":
        raise Refused(405, "method")
    if event.get("rawPath") != path:
        raise Refused(404, "path")


def _headers(given: object) -> tuple[str, str, str]:
    """The timestamp, the signature and the media type.

    What came twice is joined by a comma in an event of format 2.0, which none of ours may hold.
    """
    if not isinstance(given, dict):
        raise Refused(400, "headers")
    if len(given) > _MOST_HEADERS:
        raise Refused(431, "headers-many")
    try:
        names, values = "".join(given), "".join(given.values())
    except TypeError:
        raise Refused(400, "headers") from None
    if len(names) + len(values) > _MOST_HEADER_BYTES:
        raise Refused(431, "headers-large")
    if not (names.isascii() and values.isascii()):
        raise Refused(400, "headers-non-ascii")
    # An event of format 2.0 has its names in small letters already.
    kept = given if names.islower() else {name.lower(): value for name, value in given.items()}
    timestamp = kept.get("x-slack-request-timestamp", "")
    signature = kept.get("x-slack-signature", "")
    kind = kept.get("content-type", "")
    if len(kept) < len(given) or "," in f"{timestamp}{signature}{kind}":
        raise Refused(400, "headers-twice")
    return timestamp, signature, kind.partition(";")[0].strip().lower()


def _body(event: Mapping[str, Any]) -> bytes:
    """The bytes that were sent; measured before they are copied."""
    body, encoded = event.get("body"), event.get("isBase64Encoded", False)
    if not isinstance(body, str) or not body or not isinstance(encoded, bool):
        raise Refused(400, "body-missing")
    most = (MOST_BYTES + 2) // 3 * 4 if encoded else MOST_BYTES
    if len(body) > most:
        raise Refused(413, "body-large", len(body))
    try:
        raw = binascii.a2b_base64(body, strict_mode=True) if encoded else body.encode()
    except ValueError as error:
        # Not base64, or a lone surrogate, which no bytes of Slack's can have become.
        raise Refused(400, "body-encoding", len(body)) from error
    if len(raw) > MOST_BYTES:
        raise Refused(413, "body-large", len(raw))
    return raw


def _check_timestamp(timestamp: str, now: float, length: int) -> None:
    """Ten ASCII digits as Slack writes them: no sign, blank, underscore or leading zero."""
    digits = len(timestamp) == _TIMESTAMP_DIGITS and timestamp.isascii() and timestamp.isdigit()
    if not digits or timestamp[0] == "0":
        raise Refused(401, "timestamp-form", length)
    age = now - int(timestamp)
    if age > PAST_S:
        raise Refused(401, "timestamp-past", length)
    if age < -FUTURE_S:
        raise Refused(401, "timestamp-future", length)
