"""The HTTP edge: nothing is parsed before its signature is verified, and nothing crashes it.

Bolt parses a body before it verifies it, crashes on ten kinds of unsigned bodies, writes unsigned
bodies to the log and answers a replay again; this stands before it.
Signing: "Verifying requests from Slack" at docs.slack.dev.
"""

import hmac
import json
import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slack_bolt import App, BoltRequest
from slack_bolt.error import BoltError

_log = logging.getLogger(__name__)

MOST_BYTES = 1_000_000
"""Of a body; Slack's own are a few kilobytes."""
SKEW_S = 300
REMEMBERED_S = 700
"""How long a request that was answered is remembered: longer than it stays valid (2 x 300 s)."""

_OK = 200
_TIMESTAMP_DIGITS = 10
_FORM = "application/x-www-form-urlencoded"

_UNREADABLE = (BoltError, RecursionError, ValueError, AttributeError, TypeError, KeyError)
"""What Bolt raises on bodies of a shape that it does not expect."""

Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DoorAnswer:
    """What is answered to a delivery."""

    status: int
    body: str = ""
    content_type: str = "text/plain;charset=utf-8"


class SlackDoor:
    """Takes deliveries in: verified, of a bearable size, of the right shape, and each only once."""

    def __init__(self, app: App, signing_secret: str, clock: Callable[[], float]) -> None:
        """Stand before `app`; `clock` tells seconds since the epoch."""
        if not signing_secret:
            raise ValueError("a door without a signing secret would be open to everybody")
        self._app = app
        self._secret = signing_secret.encode()
        self._clock = clock
        self._answered: dict[str, float] = {}
        self._lock = threading.Lock()

    def receive(self, headers: Headers, body: bytes) -> DoorAnswer:
        """Answer one delivery; `headers` in any case."""
        lowered = {name.lower(): value for name, value in headers.items()}
        if len(body) > MOST_BYTES:
            return self._refuse(413, "too large", len(body))
        signature = lowered.get("x-slack-signature", "")
        timestamp = lowered.get("x-slack-request-timestamp", "")
        if not verified(timestamp, signature, body, self._secret, self._clock()):
            return self._refuse(401, "not verified", len(body))
        if self._answered_before(signature):
            return DoorAnswer(_OK)
        text = _well_formed(body, lowered.get("content-type", ""))
        if text is None:
            return self._refuse(400, "malformed", len(body))
        answer = self._dispatch(text, lowered)
        if answer.status == _OK:
            self._remember(signature)
        return answer

    def _dispatch(self, body: str, headers: Headers) -> DoorAnswer:
        kept: dict[str, str | Sequence[str]] = {
            # Only Bolt itself may ask for a lazy run, and here it has no reason to.
            name: [value]
            for name, value in headers.items()
            if not name.startswith("x-slack-bolt-")
        }
        try:
            answer = self._app.dispatch(BoltRequest(body=body, headers=kept, mode="http"))
        except _UNREADABLE as error:
            _log.warning("error=<%s> | Bolt could not read a delivery", type(error).__name__)
            return DoorAnswer(400)
        kind = answer.headers.get("content-type", ["text/plain;charset=utf-8"])[0]
        return DoorAnswer(answer.status, answer.body or "", kind)

    def _answered_before(self, signature: str) -> bool:
        with self._lock:
            now = self._clock()
            old = [s for s, at in self._answered.items() if now - at > REMEMBERED_S]
            for forgotten in old:
                del self._answered[forgotten]
            return signature in self._answered

    def _remember(self, signature: str) -> None:
        """Only what was taken in: Slack may deliver again within the second what was not."""
        with self._lock:
            self._answered[signature] = self._clock()

    def _refuse(self, status: int, reason: str, length: int) -> DoorAnswer:
        _log.warning("reason=<%s>, length=<%d> | delivery refused", reason, length)
        return DoorAnswer(status)


def verified(timestamp: str, signature: str, body: bytes, secret: bytes, now: float) -> bool:
    """Whether Slack signed these bytes, at a time not far from `now` (seconds since the epoch)."""
    digits = len(timestamp) == _TIMESTAMP_DIGITS and timestamp.isascii() and timestamp.isdigit()
    if not digits or abs(now - int(timestamp)) > SKEW_S:
        return False
    mac = hmac.new(secret, b"v0:" + timestamp.encode() + b":" + body, "sha256").hexdigest()
    return hmac.compare_digest(f"v0={mac}".encode(), signature.encode("utf-8", "replace"))


def _well_formed(body: bytes, content_type: str) -> str | None:
    """The body as text, if it is what Bolt can read: a JSON object, or a form."""
    try:
        text = body.decode("utf-8")
        if content_type.startswith(_FORM):
            return text
        document = json.loads(text)
    except (UnicodeDecodeError, ValueError, RecursionError):
        return None
    shaped = isinstance(document, dict) and isinstance(document.get("event", {}), dict)
    return text if shaped else None


Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]


def wsgi(door: SlackDoor) -> Callable[[Environ, StartResponse], Iterable[bytes]]:
    """The door as a WSGI application: any path, POST only."""

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("REQUEST_METHOD") != "POST":
            return _respond(start_response, DoorAnswer(405))
        length = str(environ.get("CONTENT_LENGTH") or "0")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            return _respond(start_response, DoorAnswer(413))
        body = environ["wsgi.input"].read(int(length))
        headers = {
            name.removeprefix("HTTP_").replace("_", "-"): str(value)
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        headers["content-type"] = str(environ.get("CONTENT_TYPE") or "")
        return _respond(start_response, door.receive(headers, body))

    return application


_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    405: "Method Not Allowed",
    413: "Content Too Large",
}


def _respond(start_response: StartResponse, answer: DoorAnswer) -> Iterable[bytes]:
    reason = _REASONS.get(answer.status, "Status")
    start_response(f"{answer.status} {reason}", [("Content-Type", answer.content_type)])
    return [answer.body.encode()]
