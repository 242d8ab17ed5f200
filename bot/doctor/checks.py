"""A check, what came of it, and many of them side by side, each within its time."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from integrations.errors import SecurityAssistError

TIMEOUT_S = 20.0
"""What does not answer within that is taken for away."""
_AT_ONCE = 16


class Mark(StrEnum):
    """How it stands."""

    OK = "ok"
    OFF = "off"
    """Not set up, and nothing else needs it."""
    WARN = "warn"
    """It works, but somebody should look at it."""
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Found:
    """What came of a check."""

    mark: Mark
    said: str
    """One line: what is so, in numbers where there are any."""
    mend: str = ""
    """What to do about it: a command, or a sentence; empty where nothing is to be done."""


@dataclass(frozen=True, slots=True)
class Check:
    """Something to look at."""

    name: str
    """Of one or two words: `findings`, `roles acme`."""
    look: Callable[[], Found]
    mend: str = ""
    """What usually helps where looking itself fails."""


def ok(said: str) -> Found:
    """It is as it should be."""
    return Found(Mark.OK, said)


def off(said: str, mend: str = "") -> Found:
    """It is not set up."""
    return Found(Mark.OFF, said, mend)


def warn(said: str, mend: str) -> Found:
    """It works, but."""
    return Found(Mark.WARN, said, mend)


def failed(said: str, mend: str) -> Found:
    """It does not work."""
    return Found(Mark.FAILED, said, mend)


def examined(
    checks: Sequence[Check], timeout_s: float = TIMEOUT_S
) -> Iterator[tuple[Check, Found]]:
    """Each check with what came of it, in their order; one that fails or hangs stops no other."""
    for start in range(0, len(checks), _AT_ONCE):
        chunk = checks[start : start + _AT_ONCE]
        running = [_Running(check) for check in chunk]
        for one in running:
            yield one.check, one.found(timeout_s)


class _Running:
    """A check in a thread that nobody waits for when the program ends."""

    def __init__(self, check: Check) -> None:
        self.check = check
        self._found: Found | None = None
        self._done = threading.Event()
        threading.Thread(target=self._look, name=f"check {check.name}", daemon=True).start()

    def found(self, timeout_s: float) -> Found:
        if not self._done.wait(timeout_s) or self._found is None:
            return failed(f"no answer within {timeout_s:.0f} s", self.check.mend)
        return self._found

    def _look(self) -> None:
        try:
            self._found = self.check.look()
        except SecurityAssistError as error:
            self._found = failed(_line(str(error)), self.check.mend)
        except Exception as error:  # noqa: BLE001 - a door: one fault of ours hides no other check
            self._found = failed(f"a fault of ours ({type(error).__name__})", self.check.mend)
        finally:
            self._done.set()


def _line(text: str) -> str:
    """What an engine says, on one line."""
    return " ".join(text.split())[:300]
