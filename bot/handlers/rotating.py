"""A secret that may be changed while a process lives: kept for minutes, and read again if doubted.

From AWS Secrets Manager (`GetSecretValue` in its API reference: `SecretString`, of the version that
is labelled AWSCURRENT) with the standard library only, as the ingress reads its own.
"""

from __future__ import annotations

import json
import time

from bot.handlers.aws_json import AwsJson, RefusedCallError, Service

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.handlers.settings import AwsKeys, SecretPlace

KEPT_S = 300.0
"""After that long a secret is read again: what was taken back is believed for no longer."""
APART_S = 30.0
"""Between two reads, once there is a secret: forgeries make us ask no more often."""
TIMEOUT_S = 0.7
"""For one read: the ingress has 2.2 s of Slack's three for this and for its queue."""

SECRETS_MANAGER = Service("secretsmanager", "secretsmanager", "1.1")


class UnreadSecretError(Exception):
    """A secret was never read; says why in one word, and nothing of the secret."""


class Rotating:
    """One secret; serves one thread. Has no repr of its own, so that nothing shows it."""

    def __init__(self, read: Callable[[], str], clock: Callable[[], float]) -> None:
        """`read` gives the secret as it is now; `clock` gives seconds since the epoch."""
        self._read = read
        self._clock = clock
        self._value = ""
        self._read_at = self._tried_at = float("-inf")
        self._why = ""

    def value(self) -> str:
        """The secret, never empty; one that is old but cannot be read again is still good.

        Raises:
            UnreadSecretError: it was never read, or there is nothing in it.
        """
        if self._clock() - self._read_at >= KEPT_S:
            self._try()
        if not self._value:
            raise UnreadSecretError(self._why)
        return self._value

    def changed(self) -> bool:
        """Something did not fit: whether the secret turns out to be another than the one kept."""
        before = self._value
        self._try()
        return self._value != before

    def _try(self) -> None:
        now = self._clock()
        if self._value and now - self._tried_at < APART_S:
            return
        self._tried_at = now
        try:
            found = self._read()
        except RefusedCallError as error:
            self._why = str(error)
            return
        if found:
            self._value, self._read_at = found, now
        else:
            self._why = "empty"


def fixed(secret: str) -> Rotating:
    """A secret that stays as it is for as long as the process lives.

    Raises:
        ValueError: a door without a secret would be open to everybody.
    """
    if not secret:
        raise ValueError("a door without a secret would be open to everybody")
    return Rotating(lambda: secret, lambda: 0.0)


def kept(place: str | SecretPlace, keys: AwsKeys, clock: Callable[[], float]) -> Rotating:
    """A secret as the settings have it: itself, or where Secrets Manager has it."""
    if isinstance(place, str):
        return fixed(place)
    aws = AwsJson(SECRETS_MANAGER, place.url, place.region, keys, clock, time.monotonic)
    wanted = json.dumps({"SecretId": place.arn}).encode("ascii")

    def read() -> str:
        try:
            told = aws.call("GetSecretValue", wanted, TIMEOUT_S)
        finally:
            # Minutes pass before the next: the other side would have closed it.
            aws.close()
        return str(told.get("SecretString") or "").strip()

    return Rotating(read, clock)
