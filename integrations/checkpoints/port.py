"""Checkpoints: how far something that goes on for ever has come, and what every engine promises."""

from typing import Protocol


class Checkpoints(Protocol):
    """Short texts by name; what is in one is its owner's affair.

    Promises: what was saved last is what is loaded next, in whole and also after a crash. Whoever
    saves does so after the work that it stands for is stored: then a checkpoint that two of them
    race for, or that is lost, costs work done again and nothing else.
    """

    def load(self, name: str) -> str | None:
        """What was saved last; None: nothing yet.

        Raises:
            UnavailableError: the engine does not answer.
        """
        ...

    def save(self, name: str, value: str) -> None:
        """Replace what was saved.

        Raises:
            UnavailableError: the engine does not answer; the same call may be made again.
        """
        ...

    def swap(self, name: str, before: str | None, value: str) -> bool:
        """Replace what was saved if it still is `before` (None: nothing yet), in one atomic step.

        Of several who saw the same one is let through; False, and nothing is written, for the rest.

        Raises:
            UnavailableError: the engine does not answer; whether it was written has to be loaded.
        """
        ...
