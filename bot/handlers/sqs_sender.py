"""One message into SQS FIFO with the standard library: an SDK would take most of a cold start.

Signature Version 4: "Create a signed AWS API request" in the IAM User Guide. The wire is AWS's JSON
1.0 protocol: the operation in `X-Amz-Target`, errors by a status and `__type`.
"""

import hashlib
import hmac
import json
import time
import urllib.parse
from collections.abc import Callable
from json.encoder import encode_basestring_ascii as quoted

from bot.handlers.settings import AwsKeys
from bot.handlers.wire import Wire

TIMEOUT_S = 2.2
"""For all of a send: Slack waits for 3 s."""

_AGAIN_WITHIN_S = 0.5
"""A kept connection that the other side has closed in the meantime is found out at once."""
_TARGET = "AmazonSQS.SendMessage"
_TYPE = "application/x-amz-json-1.0"
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_OK = 200
_MOST_CODE = 40


class NotSentError(Exception):
    """SQS did not say that it has the message; says why in one word, and nothing of the message."""


class SqsSender:
    """One queue, over one connection that is kept; serves one thread, as a Lambda process does."""

    def __init__(
        self,
        queue_url: str,
        region: str,
        keys: AwsKeys,
        clock: Callable[[], float],
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` gives seconds since the epoch, `timer` seconds that only grow.

        Raises:
            ValueError: the address is no https, and not on this computer either.
        """
        parts = urllib.parse.urlsplit(queue_url)
        local = parts.scheme == "http" and parts.hostname in _LOOPBACK
        if not parts.hostname or not (parts.scheme == "https" or local):
            raise ValueError("SECURITY_ASSIST_QUEUE has to be the https URL of a queue in SQS")
        self._queue_url = queue_url
        self._host = parts.netloc
        self._wire = Wire(parts.hostname, parts.port or (80 if local else 443), tls=not local)
        self._region = region
        self._keys = keys
        self._clock = clock
        self._timer = timer
        self._day = ("", b"")

    def send(self, text: str, group: str, name: str) -> None:
        """Put a message, and return once SQS has said that it has it.

        `group` and `name` become digests, as `integrations/work` makes them: SQS keeps the order
        of a group, and takes one message of a name in five minutes.

        Raises:
            NotSentError: it is not known that SQS has it.
        """
        wanted = (
            f'{{"QueueUrl": {quoted(self._queue_url)}, "MessageBody": {quoted(text)}, '
            f'"MessageGroupId": "{_digest(group)}", "MessageDeduplicationId": "{_digest(name)}"}}'
        )
        payload = wanted.encode("ascii")
        status, said = self._posted(payload)
        try:
            told = json.loads(said)
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            raise NotSentError(f"answer-{status}")
        if status != _OK or not told.get("MessageId"):
            raise NotSentError(_code(told) or f"status-{status}")

    def close(self) -> None:
        """Give the connection up."""
        self._wire.close()

    def signed_headers(self, payload: bytes) -> dict[str, str]:
        """The request's headers, with its signature."""
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self._clock()))
        heads = {
            "content-type": _TYPE,
            "host": self._host,
            "x-amz-date": stamp,
            "x-amz-target": _TARGET,
        }
        if self._keys.token:
            heads["x-amz-security-token"] = self._keys.token
        names = sorted(heads)
        lines = "".join(f"{name}:{heads[name]}\n" for name in names)
        listed = ";".join(names)
        canonical = f"POST\n/\n\n{lines}\n{listed}\n{hashlib.sha256(payload).hexdigest()}"
        scope = f"{stamp[:8]}/{self._region}/sqs/aws4_request"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
        mac = hmac.new(self._key(stamp[:8]), to_sign.encode(), "sha256").hexdigest()
        heads["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self._keys.access_key}/{scope}, "
            f"SignedHeaders={listed}, Signature={mac}"
        )
        return heads

    def _key(self, day: str) -> bytes:
        """The key of a day, made once a day."""
        if self._day[0] != day:
            key = f"AWS4{self._keys.secret_key}".encode()
            for part in (day, self._region, "sqs", "aws4_request"):
                key = hmac.new(key, part.encode(), "sha256").digest()
            self._day = (day, key)
        return self._day[1]

    def _posted(self, payload: bytes) -> tuple[int, bytes]:
        began = self._timer()
        reused = self._wire.open
        try:
            return self._post(payload, TIMEOUT_S)
        except OSError as error:
            took = self._timer() - began
            if not reused or isinstance(error, TimeoutError) or took > _AGAIN_WITHIN_S:
                raise NotSentError(type(error).__name__[:_MOST_CODE]) from error
        try:
            # Should the first have arrived after all, SQS knows the second by its name.
            return self._post(payload, TIMEOUT_S - took)
        except OSError as error:
            raise NotSentError(type(error).__name__[:_MOST_CODE]) from error

    def _post(self, payload: bytes, timeout_s: float) -> tuple[int, bytes]:
        heads = self.signed_headers(payload)
        lines = "".join(f"{name}: {value}\r\n" for name, value in heads.items())
        head = f"POST / HTTP/1.1\r\n{lines}content-length: {len(payload)}\r\n\r\n"
        return self._wire.exchange(head.encode("ascii") + payload, timeout_s)


def _digest(text: str) -> str:
    """64 characters that SQS takes for an id, whatever the text is."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _code(told: dict[str, object]) -> str:
    """AWS's name of its error, of which only letters and digits go into the log."""
    kind = str(told.get("__type", "")).rpartition("#")[2]
    return "".join(c for c in kind if c.isascii() and c.isalnum())[:_MOST_CODE]
