"""Calls of AWS's JSON protocol, signed, with the standard library: an SDK is most of a cold start.

Signature Version 4: "Create a signed AWS API request" in the IAM User Guide. The wire is AWS's JSON
protocol: the operation in `X-Amz-Target`, errors by a status and `__type`.
"""

import hashlib
import hmac
import json
import time
import urllib.parse
from collections.abc import Callable
from typing import NamedTuple

from bot.handlers.settings import AwsKeys
from bot.handlers.wire import Wire

_AGAIN_WITHIN_S = 0.5
"""A kept connection that the other side has closed in the meantime is found out at once."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_OK = 200
_MOST_CODE = 40


class RefusedCallError(Exception):
    """AWS did not do it, or did not say that it did; says why in one word, and nothing of a body.

    The word is AWS's name of its error, or ours of what happened on the way.
    """


class Service(NamedTuple):
    """One service of AWS as its protocol names it."""

    name: str
    """In the signature's scope: `sqs`."""
    target: str
    """Before the operation's name: `AmazonSQS`."""
    version: str
    """Of the JSON protocol: `1.0` or `1.1`."""


class AwsJson:
    """One service at one address, over one connection that is kept; serves one thread."""

    def __init__(
        self,
        service: Service,
        url: str,
        region: str,
        keys: AwsKeys,
        clock: Callable[[], float],
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` gives seconds since the epoch, `timer` seconds that only grow.

        Raises:
            ValueError: the address is no https, and not on this computer either.
        """
        parts = urllib.parse.urlsplit(url)
        local = parts.scheme == "http" and parts.hostname in _LOOPBACK
        if not parts.hostname or not (parts.scheme == "https" or local):
            raise ValueError("no https address")
        self._service = service
        self._host = parts.netloc
        self._wire = Wire(parts.hostname, parts.port or (80 if local else 443), tls=not local)
        self._region = region
        self._keys = keys
        self._clock = clock
        self._timer = timer
        self._day = ("", b"")

    def call(self, operation: str, payload: bytes, timeout_s: float) -> dict[str, object]:
        """What AWS answers to an operation; `payload` is its parameters in JSON.

        A call may be sent twice, where the connection was closed while it was on its way.

        Raises:
            RefusedCallError: it is not known that AWS did it.
        """
        status, said = self._posted(operation, payload, timeout_s)
        try:
            told = json.loads(said)
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            raise RefusedCallError(f"answer-{status}")
        if status != _OK:
            raise RefusedCallError(_code(told) or f"status-{status}")
        return told

    def close(self) -> None:
        """Give the connection up."""
        self._wire.close()

    def signed_headers(self, operation: str, payload: bytes) -> dict[str, str]:
        """The request's headers, with its signature."""
        service = self._service
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self._clock()))
        heads = {
            "content-type": f"application/x-amz-json-{service.version}",
            "host": self._host,
            "x-amz-date": stamp,
            "x-amz-target": f"{service.target}.{operation}",
        }
        if self._keys.token:
            heads["x-amz-security-token"] = self._keys.token
        names = sorted(heads)
        lines = "".join(f"{name}:{heads[name]}\n" for name in names)
        listed = ";".join(names)
        canonical = f"POST\n/\n\n{lines}\n{listed}\n{hashlib.sha256(payload).hexdigest()}"
        scope = f"{stamp[:8]}/{self._region}/{service.name}/aws4_request"
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
            for part in (day, self._region, self._service.name, "aws4_request"):
                key = hmac.new(key, part.encode(), "sha256").digest()
            self._day = (day, key)
        return self._day[1]

    def _posted(self, operation: str, payload: bytes, timeout_s: float) -> tuple[int, bytes]:
        began = self._timer()
        reused = self._wire.open
        try:
            return self._post(operation, payload, timeout_s)
        except OSError as error:
            took = self._timer() - began
            if not reused or isinstance(error, TimeoutError) or took > _AGAIN_WITHIN_S:
                raise RefusedCallError(type(error).__name__[:_MOST_CODE]) from error
        try:
            return self._post(operation, payload, timeout_s - took)
        except OSError as error:
            raise RefusedCallError(type(error).__name__[:_MOST_CODE]) from error

    def _post(self, operation: str, payload: bytes, timeout_s: float) -> tuple[int, bytes]:
        heads = self.signed_headers(operation, payload)
        lines = "".join(f"{name}: {value}\r\n" for name, value in heads.items())
        head = f"POST / HTTP/1.1\r\n{lines}content-length: {len(payload)}\r\n\r\n"
        return self._wire.exchange(head.encode("ascii") + payload, timeout_s)


def _code(told: dict[str, object]) -> str:
    """AWS's name of its error, of which only letters and digits go into the log."""
    kind = str(told.get("__type", "")).rpartition("#")[2]
    return "".join(c for c in kind if c.isascii() and c.isalnum())[:_MOST_CODE]
