"""Telling whether something changed without reading it."""

from typing import Protocol


class Versioned(Protocol):
    """Something of a tenant's of which it can be told whether it changed.

    Promises: two versions that are equal and not empty stand for equal answers to every question.
    So whoever asks for the version, then his questions, then for the version again, and finds it
    the same, was answered from that version alone.
    """

    def version(self) -> str:
        """What it is at now, a short text; empty where that cannot be told at the moment.

        Raises:
            UnavailableError: the engine does not answer.
        """
        ...


def marks_of(*some: Versioned) -> str:
    """Where several stand together; empty where one of them cannot tell."""
    versions = [one.version() for one in some]
    return " ".join(versions) if all(versions) else ""
