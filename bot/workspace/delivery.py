"""Sending events and interactions to the app as Slack does: signed, three seconds, retried."""

import hashlib
import hmac
import http.client
import json
import secrets
import threading
import time
import urllib.parse
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from bot.workspace.limits import Limits
from bot.workspace.records import Attempt, JsonObject

_REMEMBERED = 1_000
_OK = range(200, 300)
_JSON = {"Content-Type": "application/json"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class _Name:
    """What an attempt is known by."""

    kind: str
    event_id: str = ""
    retry: int = 0
    again_s: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the app said."""

    outcome: str
    """`ok`, `http_timeout`, `http_error` or `connection_failed`."""
    body: bytes = b""
    no_retry: bool = False


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Slack's v0 signature: HMAC-SHA256 of `v0:timestamp:body`."""
    signed = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


class Delivery:
    """Posts to one app.

    Events go on a thread of their own, are acked within `limits.ack_s` seconds or sent again with
    the retry headers and the same `event_id`. Interactions are sent once, while the caller waits.
    `on_attempt` hears of every attempt. Times between retries are real seconds.
    """

    def __init__(
        self,
        *,
        url: str,
        secret: str,
        clock: Callable[[], float],
        limits: Limits,
        on_attempt: Callable[[Attempt], None],
    ) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme != "http" or parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
            raise ValueError(f"the workspace delivers to this computer only, not to {url}")
        self._host, self._port = parts.hostname, parts.port or 80
        self._path = parts.path or "/"
        self._secret, self._clock, self._limits = secret, clock, limits
        self._on_attempt = on_attempt
        self._closing = threading.Event()
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()
        self._attempts: deque[Attempt] = deque(maxlen=_REMEMBERED)

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """The latest attempts, the oldest first."""
        with self._lock:
            return tuple(self._attempts)

    @property
    def under_way(self) -> int:
        """Events that are neither acked nor given up."""
        with self._lock:
            return len(self._threads)

    def event(self, envelope: JsonObject) -> None:
        """Send an event without waiting for its ack."""
        if self._closing.is_set():
            return
        thread = threading.Thread(
            target=self._deliver, args=(envelope,), name=f"event {envelope['event_id']}"
        )
        thread.daemon = True
        with self._lock:
            self._threads.add(thread)
        thread.start()

    def interaction(self, payload: JsonObject) -> Answer:
        """Send a press or a submission and wait for the answer, at most the ack time."""
        body = urllib.parse.urlencode({"payload": json.dumps(payload)}).encode()
        return self._attempt(_Name(str(payload["type"])), body, _FORM)

    def verifies(self) -> bool:
        """Whether the app gives a challenge back, as it must before Slack sends it any event.

        `url_verification` of the Events API: the challenge as the body, or in a JSON object.
        """
        challenge = secrets.token_urlsafe(24)
        asked = {"token": "", "challenge": challenge, "type": "url_verification"}
        answer = self._attempt(_Name("url_verification"), json.dumps(asked).encode(), _JSON)
        said = answer.body.decode("utf-8", "replace").strip()
        return answer.outcome == "ok" and said in {challenge, json.dumps({"challenge": challenge})}

    def close(self) -> None:
        """Give up what is waiting to be sent again, and wait for what is being sent."""
        self._closing.set()
        with self._lock:
            threads = tuple(self._threads)
        for thread in threads:
            thread.join(self._limits.ack_s + 1.0)

    def _deliver(self, envelope: JsonObject) -> None:
        try:
            self._try_and_retry(envelope)
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())

    def _try_and_retry(self, envelope: JsonObject) -> None:
        kind, event_id = str(envelope["event"]["type"]), str(envelope["event_id"])
        body = json.dumps(envelope).encode()
        headers = dict(_JSON)
        for retry, again_s in enumerate((*self._limits.retry_after_s, None)):
            name = _Name(kind, event_id, retry, again_s)
            answer = self._attempt(name, body, headers)
            if answer.outcome == "ok" or answer.no_retry or again_s is None:
                return
            if self._closing.wait(again_s):
                return
            headers["X-Slack-Retry-Num"] = str(retry + 1)
            headers["X-Slack-Retry-Reason"] = answer.outcome

    def _attempt(self, name: _Name, body: bytes, headers: dict[str, str]) -> Answer:
        began = time.monotonic()
        answer = self._post(body, headers)
        over = answer.outcome == "ok" or answer.no_retry
        attempt = Attempt(
            kind=name.kind,
            event_id=name.event_id,
            retry=name.retry,
            outcome=answer.outcome,
            took_s=time.monotonic() - began,
            again_s=None if over else name.again_s,
        )
        with self._lock:
            self._attempts.append(attempt)
        self._on_attempt(attempt)
        return answer

    def _post(self, body: bytes, headers: dict[str, str]) -> Answer:
        timestamp = str(int(self._clock()))
        signed = {
            "User-Agent": "Slackbot 1.0 (simulated workspace)",
            "Accept": "*/*",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(self._secret, timestamp, body),
        }
        connection = http.client.HTTPConnection(
            self._host or "", self._port, timeout=self._limits.ack_s
        )
        try:
            connection.request("POST", self._path, body, headers | signed)
            response = connection.getresponse()
            content = response.read()
        except TimeoutError:
            return Answer("http_timeout")
        except (OSError, http.client.HTTPException):
            return Answer("connection_failed")
        finally:
            connection.close()
        no_retry = response.headers.get("X-Slack-No-Retry") == "1"
        return Answer("ok" if response.status in _OK else "http_error", content, no_retry)
