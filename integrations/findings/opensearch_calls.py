"""Calls to OpenSearch: bounded in time, tried again while the cluster is busy, errors named."""

import random
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson
from opensearchpy import JSONSerializer, OpenSearch
from opensearchpy.exceptions import (
    AuthenticationException,
    AuthorizationException,
    ConnectionError,  # noqa: A004 - the library's name for it
    SerializationError,
    TransportError,
)

from integrations.errors import UnavailableError

BUSY: Final = frozenset({429, 502, 503, 504})
"""Statuses that say "later": too many requests, or a node that is away."""
ATTEMPTS: Final = 6
_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 10.0


class Serializer(JSONSerializer):
    """JSON by orjson: replies are read three times as fast."""

    def loads(self, s: Any) -> Any:
        """Read a reply.

        Raises:
            SerializationError: it is no JSON.
        """
        try:
            return orjson.loads(s)
        except ValueError as error:
            raise SerializationError(s, error) from error


class Calls:
    """One cluster; every call of the engine goes through here."""

    def __init__(
        self,
        client: OpenSearch,
        pause: Callable[[float], None],
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`pause` waits so many seconds; `chance` spreads those who wait, 0 to 1."""
        self._client = client
        self._pause = pause
        self._chance = chance

    def wait(self, attempt: int) -> None:
        """Wait before the next attempt: longer each time, and never at the same time as others."""
        longest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2**attempt)
        self._pause(longest * (0.5 + self._chance() / 2))

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | bytes | None = None,
        **params: str | int,
    ) -> Any:
        """One request; what it answers, as JSON.

        Every request of the engine may be sent twice with the same outcome. What was answered for
        some shards alone (status 200, `_shards.failed` or `timed_out`) is no answer: the findings
        of a tenant are in one shard of each index, so all of a class would be missing in it.

        Raises:
            UnavailableError: the cluster is busy, away, or does not let us in.
        """
        sent = orjson.dumps(body) if isinstance(body, Mapping) else body
        cause: Exception | None
        for attempt in range(ATTEMPTS):
            try:
                answer = self._client.transport.perform_request(
                    method, path, params=params or None, body=sent
                )
                if not _is_partial(answer):
                    return answer
                reason, cause = "OpenSearch answered for some of its shards only", None
            except (AuthenticationException, AuthorizationException) as error:
                raise UnavailableError(f"OpenSearch does not let us in ({error.error})") from error
            except ConnectionError as error:
                reason = f"OpenSearch did not answer ({type(error).__name__})"
                cause = error
            except TransportError as error:
                if error.status_code not in BUSY:
                    raise UnavailableError(_refusal(error, method, path)) from error
                reason, cause = f"OpenSearch is busy (status {error.status_code})", error
            except SerializationError as error:
                reason, cause = "OpenSearch's answer is no JSON", error
            if attempt + 1 < ATTEMPTS:
                self.wait(attempt)
        raise UnavailableError(f"{reason}, {ATTEMPTS} times") from cause


def _is_partial(answer: Any) -> bool:
    """Whether a shard did not take part in an answer."""
    if not isinstance(answer, Mapping):
        return False
    shards = answer.get("_shards")
    return bool(answer.get("timed_out") or (shards and shards.get("failed")))


def _refusal(error: TransportError, method: str, path: str) -> str:
    """What was refused and why; never the request's own text, which may hold findings."""
    return f"OpenSearch refused {method} {path}: {error.status_code} {error.error}"
