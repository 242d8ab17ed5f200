"""A question's answer is made once, whoever reads it and however often the reading is cut.

The events of a turn are kept in the process that makes them, which is one session's: AgentCore
brings every call of a session to the same microVM for as long as that lives.
"""

import contextvars
import secrets
import threading
import time
from collections.abc import Callable, Iterator

from agent.answer_events import Failed, Teller
from agent.assistant import AnswerEvent

KEPT_S = 300.0
"""Seconds that a finished turn's events are kept: longer than a worker asks for them."""

MOST = 8
"""Turns of one session that are worked on at once."""


class TooManyTurnsError(Exception):
    """The session works on as many questions as it may."""


class Turn:
    """One run of the assistant, as lines that are there to be read; serves several threads."""

    def __init__(self, question: str) -> None:
        """`question` tells one question from another under the same request id."""
        self.id = secrets.token_hex(8)
        self.question = question
        self.ended_at: float | None = None
        self._teller = Teller(self.id)
        self._lines: list[str] = []
        self._changed = threading.Condition()

    def add(self, event: AnswerEvent | Failed) -> None:
        """One more event."""
        with self._changed:
            self._lines.append(self._teller.tell(event))
            self._changed.notify_all()

    def end(self, now: float) -> None:
        """There will be no more; `now` is in seconds."""
        with self._changed:
            self.ended_at = now
            self._changed.notify_all()

    def after(self, n: int, every_s: float) -> Iterator[str | None]:
        """The lines after the n-th, as they come; None when nothing came for so many seconds."""
        while True:
            with self._changed:
                if len(self._lines) <= n and self.ended_at is None:
                    self._changed.wait(every_s)
                new = self._lines[n:]
                over = self.ended_at is not None
            if not new:
                yield None
            yield from new
            n += len(new)
            if over:
                return


class Turns:
    """The turns of one process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds, from whenever."""
        self._clock = clock
        self._turns: dict[str, Turn] = {}
        self._lock = threading.Lock()

    @property
    def busy(self) -> bool:
        """Whether a turn is being worked on."""
        with self._lock:
            return any(turn.ended_at is None for turn in self._turns.values())

    def turn(self, request: str, question: str, work: Callable[[Turn], None]) -> Turn | None:
        """The turn of a request, which is begun unless it is there.

        Args:
            request: The request's id.
            question: All of what was asked; None is answered where it is not what it was.
            work: Adds every event of the turn; it runs on a thread of its own, once.

        Raises:
            TooManyTurnsError: none can be begun now.
        """
        with self._lock:
            self._drop_old()
            known = self._turns.get(request)
            if known is not None:
                return known if known.question == question else None
            if sum(turn.ended_at is None for turn in self._turns.values()) >= MOST:
                raise TooManyTurnsError
            turn = self._turns[request] = Turn(question)
        context = contextvars.copy_context()
        threading.Thread(
            target=context.run, args=(self._worked, turn, work), name=f"turn-{turn.id}", daemon=True
        ).start()
        return turn

    def _worked(self, turn: Turn, work: Callable[[Turn], None]) -> None:
        try:
            work(turn)
        finally:
            turn.end(self._clock())

    def _drop_old(self) -> None:
        before = self._clock() - KEPT_S
        for request, turn in list(self._turns.items()):
            if turn.ended_at is not None and turn.ended_at < before:
                del self._turns[request]
