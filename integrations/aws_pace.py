"""Requests to an AWS service at its pace: never too fast, and again after a throttle."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from integrations.aws import NO_ANSWER
from integrations.errors import UnavailableError


class Pace:
    """One stream of requests of one operation; serves one thread."""

    def __init__(
        self,
        apart_s: float,
        back_off_s: Sequence[float],
        *,
        clock: Callable[[], float],
        pause: Callable[[float], None],
    ) -> None:
        """Nothing was asked yet.

        Args:
            apart_s: Seconds between two requests.
            back_off_s: Seconds to wait before each further try; after the last it is given up.
            clock: Seconds, from whenever.
            pause: Waits for so many seconds.
        """
        self._apart_s = apart_s
        self._back_off_s = back_off_s
        self._clock = clock
        self._pause = pause
        self._next_at = 0.0
        self.repeated = 0
        """Requests so far that were refused or not answered, and made again."""

    def ask(
        self,
        call: Callable[[], Mapping[str, Any]],
        what: str,
        refused: Callable[[ClientError], None],
    ) -> Mapping[str, Any]:
        """What `call` answers, with a client that tries once.

        `refused` raises what trying again would not help against; `what` names the request.

        Raises:
            UnavailableError: no answer in any of the tries; safe to try again.
        """
        said: Exception | None = None
        for wait in (0.0, *self._back_off_s):
            if wait:
                self.repeated += 1
                self._pause(wait)
            self._wait_for_turn()
            try:
                return call()
            except ClientError as error:
                refused(error)
                said = error
            except NO_ANSWER as error:
                said = error
        raise UnavailableError(f"{what}: {said}") from said

    def _wait_for_turn(self) -> None:
        now = self._clock()
        if now < self._next_at:
            self._pause(self._next_at - now)
            now = self._next_at
        self._next_at = now + self._apart_s
