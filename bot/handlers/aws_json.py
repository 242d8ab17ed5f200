"""Calls of AWS's JSON protocol, signed, with the standard library: an SDK is most of a cold start.

Signature Version 4: "Create a signed AWS API request" in the IAM User Guide. The wire is AWS's JSON
protocol: the operation in `X-Amz-Target`, errors by a status and `__type`.
"""

from __future__ import annotations

import hashlib
import hmac
import time
import urllib.parse

from bot.handlers.hmac_sha256 import HmacSha256
from bot.handlers.parsing import parsed
from bot.handlers.wire import Wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.handlers.settings import AwsKeys

_AGAIN_WITHIN_S = 0.5
"""A kept connection that the other side has closed in the meantime is found out at once."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_OK = 200
_MOST_CODE = 40


class RefusedCallError(Exception):
    """AWS did not do it, or did not say that it did; says why in one word, and nothing of a body.

    The word is AWS's name of its error, or ours of what happened on the way.
    """


class Service:
    """One service of AWS as its protocol names it."""

    __slots__ = ("name", "target", "version")

    def __init__(self, name: str, target: str, version: str) -> None:
        """`name` in the signature's scope is `sqs`, `target` before an operation `AmazonSQS`.

        `version` is that of the JSON protocol: `1.0` or `1.1`.
        """
        self.name = name
        self.target = target
        self.version = version


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
        self._wire = Wire(parts.hostname, parts.port or (80 if local else 443), tls=not local)
        self._region = region
        self._keys = keys
        self._clock = clock
        self._timer = timer
        self._day: tuple[int, str, str, HmacSha256] | None = None
        # Fields in the order of their names, as they are signed.
        kind = f"application/x-amz-json-{service.version}"
        self._first = f"content-type:{kind}\nhost:{parts.netloc}\nx-amz-date:"
        token = f"x-amz-security-token:{keys.token}\n" if keys.token else ""
        self._then = f"\n{token}x-amz-target:{service.target}."
        names = "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
        self._names = names if token else names.replace("x-amz-security-token;", "")

    def call(self, operation: str, payload: bytes, timeout_s: float) -> dict[str, object]:
        """What AWS answers to an operation; `payload` is its parameters in JSON.

        A call may be sent twice, where the connection was closed while it was on its way.

        Raises:
            RefusedCallError: it is not known that AWS did it.
        """
        status, said = self._posted(operation, payload, timeout_s)
        try:
            told = parsed(said)
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

    def signed(self, operation: str, payload: bytes) -> bytes:
        """The whole request, with its signature."""
        number, second = divmod(int(self._clock()), 86_400)
        if self._day is None or self._day[0] != number:
            self._day = self._of(number)
        _, day, scope, key = self._day
        minute, second = divmod(second, 60)
        stamp = f"{day}T{minute // 60:02}{minute % 60:02}{second:02}Z"
        # What is signed is sent as it stands: a field needs no blank after its colon.
        fields = f"{self._first}{stamp}{self._then}{operation}\n"
        hashed = hashlib.sha256(payload).hexdigest()
        canonical = f"POST\n/\n\n{fields}\n{self._names}\n{hashed}".encode()
        digest = hashlib.sha256(canonical).hexdigest()
        to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}".encode()
        head = (
            f"POST / HTTP/1.1\n{fields}content-length: {len(payload)}\n"
            f"authorization: AWS4-HMAC-SHA256 Credential={self._keys.access_key}/{scope}, "
            f"SignedHeaders={self._names}, Signature={key.hex_of(to_sign)}\n\n"
        )
        return head.replace("\n", "\r\n").encode("ascii") + payload

    def _of(self, number: int) -> tuple[int, str, str, HmacSha256]:
        """A day since the epoch as it is written, its scope and its key: made once a day."""
        day = time.strftime("%Y%m%d", time.gmtime(number * 86_400))
        key = f"AWS4{self._keys.secret_key}".encode()
        for part in (day, self._region, self._service.name, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        scope = f"{day}/{self._region}/{self._service.name}/aws4_request"
        return number, day, scope, HmacSha256(key)

    def _posted(self, operation: str, payload: bytes, timeout_s: float) -> tuple[int, bytes]:
        request = self.signed(operation, payload)
        began = self._timer()
        reused = self._wire.open
        try:
            return self._wire.exchange(request, timeout_s)
        except OSError as error:
            took = self._timer() - began
            if not reused or isinstance(error, TimeoutError) or took > _AGAIN_WITHIN_S:
                raise RefusedCallError(type(error).__name__[:_MOST_CODE]) from error
        try:
            return self._wire.exchange(request, timeout_s - took)
        except OSError as error:
            raise RefusedCallError(type(error).__name__[:_MOST_CODE]) from error


def _code(told: dict[str, object]) -> str:
    """AWS's name of its error, of which only letters and digits go into the log."""
    kind = str(told.get("__type", "")).rpartition("#")[2]
    return "".join(c for c in kind if c.isascii() and c.isalnum())[:_MOST_CODE]
