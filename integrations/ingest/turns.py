"""Whose turn it is of those that a schedule asks one after another, when not all find the time.

Who fails would have waited longest ever after, and some systems take half a minute to fail: a few
of them would leave no time for all others. So who failed waits as if it had been asked.
"""

from integrations.checkpoints.port import Checkpoints


def note_failure(checkpoints: Checkpoints, name: str, now: float) -> None:
    """Let whoever has the checkpoint `name` wait from `now` on, in seconds since 1970.

    Raises:
        UnavailableError: the engine does not answer.
    """
    checkpoints.save(_failed(name), repr(now))


def waiting_since(checkpoints: Checkpoints, name: str, done: float) -> float:
    """Since when it waits: the later of `done`, when it was last done, and its last failure.

    Raises:
        UnavailableError: the engine does not answer.
    """
    return max(done, float(checkpoints.load(_failed(name)) or 0.0))


def _failed(name: str) -> str:
    return f"failed/{name}"
