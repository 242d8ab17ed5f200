"""The door that Slack delivers to: verify, put into the queue, answer; the standard library only.

Behind a Function URL or an HTTP API. Nothing of a body is read before its signature is verified;
of a request only a reason of ours and a length are ever logged. 200 is answered only once SQS has
the delivery; otherwise 503, and Slack delivers again. Retry headers are not signed, so they are not
read: that a delivery came before is known by its name.

Here and in what is imported here `typing` is for the type checker alone: it takes 5 ms, and each
NamedTuple a quarter of one, of a cold start of 40.
"""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from functools import cache

from bot.handlers import settings
from bot.handlers.delivery import addressed, challenge, content, job
from bot.handlers.hmac_sha256 import HmacSha256
from bot.handlers.rotating import Rotating, UnreadSecretError, kept
from bot.handlers.sqs_sender import NotSentError, SqsSender
from bot.handlers.verifying import FORM, WRONG_SIGNATURE, Refused, Signed, verified

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Protocol

    Answer = dict[str, Any]
    """A response of payload format 2.0."""

    class Sender(Protocol):
        """Where deliveries go."""

        def send(self, quoted_text: str, group: str, name: str, within_s: float) -> None:
            """Put a message; raises NotSentError unless it is known to be there in time."""
            ...


ANSWERED_S = 2.2
"""After that long 503 is answered, whatever the queue or the secret's place does: Slack waits for
3 s, some of them for its own network and for Lambda to start."""
REMEMBERED_S = 700.0
"""How long what was taken in is remembered: longer than a request can be valid, which is 360 s here
and 600 s by Slack's own library."""
_MOST_REMEMBERED = 50_000


class SlackIngress:
    """Takes deliveries in, each once; serves one thread, as a Lambda process does."""

    def __init__(
        self,
        secret: Rotating,
        path: str,
        sender: Sender,
        clock: Callable[[], float],
        log: Callable[[str], object],
    ) -> None:
        """`clock` gives seconds since the epoch; `log` takes a line of at most 256 bytes."""
        self._secret = secret
        self._path = path
        self._sender = sender
        self._clock = clock
        self._log = log
        self._keyed: tuple[str, HmacSha256] | None = None
        self._taken: dict[str, float] = {}
        # A dict alone would walk over all that was forgotten before to find its oldest.
        self._order: deque[str] = deque()

    def receive(self, event: Mapping[str, Any]) -> Answer:
        """Answer one delivery."""
        try:
            return self._take(self._verified(event))
        except UnreadSecretError as error:
            self._say("no-secret", 503, 0, str(error))
            return _answer(503)
        except Refused as refused:
            self._say(refused.reason, refused.status, refused.length)
            return _answer(refused.status)
        except Exception as error:  # noqa: BLE001 - a door: Slack delivers again what fell over here
            self._say("fault", 500, 0, type(error).__name__)
            return _answer(500)

    def _verified(self, event: Mapping[str, Any]) -> Signed:
        """By the secret as it is kept; by the one that took its place, where this does not fit."""
        now = self._clock()
        try:
            return verified(event, self._path, self._key(), now)
        except Refused as refused:
            if refused.reason != WRONG_SIGNATURE or not self._secret.changed():
                raise
        return verified(event, self._path, self._key(), now)

    def _key(self) -> HmacSha256:
        """Of the secret as it is now, made once."""
        secret = self._secret.value()
        if self._keyed is None or self._keyed[0] != secret:
            self._keyed = (secret, HmacSha256(secret.encode()))
        return self._keyed[1]

    def _take(self, signed: Signed) -> Answer:
        length = len(signed.body)
        if self._took_before(signed):
            # It is in the queue: whoever sends it again may believe what they like.
            self._say("replayed", 200, length)
            return _answer(200)
        document = content(signed)
        if document.get("type") == "url_verification":
            answer = _answer(200, challenge(document, length))
        elif document.get("ssl_check") == "1" and signed.content_type == FORM:
            answer = _answer(200)
        else:
            where = addressed(signed, document)
            left = ANSWERED_S - (self._clock() - signed.received_at)
            try:
                self._sender.send(job(where, signed), where.group, where.id, left)
            except NotSentError as error:
                self._say("not-queued", 503, length, str(error))
                return _answer(503)
            answer = _answer(200)
        self._remember(signed)
        return answer

    def _took_before(self, signed: Signed) -> bool:
        """By the signature: it stands for the time and the bytes."""
        at = self._taken.get(signed.signature)
        return at is not None and signed.received_at - at <= REMEMBERED_S

    def _remember(self, signed: Signed) -> None:
        """Only what was taken in: what failed is to come again."""
        now, taken, order = signed.received_at, self._taken, self._order
        taken[signed.signature] = now
        order.append(signed.signature)
        # Two out for one in: a few old ones at a time, so that no delivery waits for many.
        for _ in range(2):
            if now - taken.get(order[0], 0.0) <= REMEMBERED_S and len(order) <= _MOST_REMEMBERED:
                break
            taken.pop(order.popleft(), None)

    def _say(self, reason: str, status: int, length: int, error: str = "") -> None:
        line: dict[str, object] = {"door": "slack_ingress", "reason": reason, "status": status}
        line["bytes"] = length
        if error:
            line["error"] = error[:64]
        self._log(json.dumps(line))


def _answer(status: int, body: str = "") -> Answer:
    heads = {"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"}
    return {"statusCode": status, "headers": heads, "body": body, "isBase64Encoded": False}


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@cache
def _ingress() -> SlackIngress:
    """Made with the first delivery, and kept for as long as Lambda keeps the process."""
    told = settings.ingress()
    sender = SqsSender(told.queue_url, told.region, told.keys, time.time)
    secret = kept(told.signing_secret, told.keys, time.time)
    return SlackIngress(secret, told.path, sender, time.time, _write)


def lambda_handler(event: Mapping[str, Any], _: object) -> Answer:
    """One delivery of Slack's."""
    return _ingress().receive(event)
