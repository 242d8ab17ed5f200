"""The key that envelopes are signed with: a setting, or a secret of AWS Secrets Manager."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from agent.settings import Settings, UnusableSettingError

SHORTEST: Final = 32
"""Characters of a key, so that nobody guesses it."""

KEPT_S: Final = 300.0
"""After that long a secret is read again, so that one that was taken back counts no longer."""

_LABELS: Final = ("AWSCURRENT", "AWSPREVIOUS")

Keys = Callable[[], tuple[str, ...]]
"""The keys that count, the one to sign with first."""


def keys_of(settings: Settings, clock: Callable[[], float] = time.monotonic) -> Keys:
    """The keys that the settings name.

    Where they are in Secrets Manager the version before counts too, so that a rotation refuses
    nobody (`GetSecretValue` in its API reference: VersionStage).

    Raises:
        UnusableSettingError: none is named, or it is too short.
    """
    if settings.runtime_key_arn:
        return _Stored(settings.runtime_key_arn, clock).now
    if len(settings.runtime_key) < SHORTEST:
        raise UnusableSettingError(
            f"SECURITY_ASSIST_RUNTIME_KEY has to have at least {SHORTEST} characters, or"
            " SECURITY_ASSIST_RUNTIME_KEY_ARN names a secret of Secrets Manager that has"
        )
    return lambda: (settings.runtime_key,)


_log = logging.getLogger(__name__)


class _Stored:
    def __init__(self, arn: str, clock: Callable[[], float]) -> None:
        self._arn = arn
        self._clock = clock
        self._lock = threading.Lock()
        self._read: tuple[float, tuple[str, ...]] | None = None

    def now(self) -> tuple[str, ...]:
        """What was read last stays good while Secrets Manager is away.

        Raises what boto3 raises where it was never read.
        """
        with self._lock:
            now = self._clock()
            if self._read is None:
                self._read = now, self._found()
            elif now - self._read[0] >= KEPT_S:
                self._read = now, self._found_again(self._read[1])
            return self._read[1]

    def _found_again(self, before: tuple[str, ...]) -> tuple[str, ...]:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as boto3 below

        try:
            return self._found()
        except (BotoCoreError, ClientError) as error:
            _log.warning("error=<%s> | the key was not read again", type(error).__name__)
            return before

    def _found(self) -> tuple[str, ...]:
        from integrations.aws import AmbientSession  # noqa: PLC0415 - 300 ms that a setting spares

        client: Any = AmbientSession(region=self._arn.split(":")[3]).client("secretsmanager")
        found: list[str] = []
        for label in _LABELS:
            try:
                value = client.get_secret_value(SecretId=self._arn, VersionStage=label)
            except client.exceptions.ResourceNotFoundException:
                if not found:
                    raise
                continue
            found.append(value["SecretString"])
        if len(found[0]) < SHORTEST:
            raise UnusableSettingError(f"the secret {self._arn} is shorter than {SHORTEST}")
        return tuple(found)
