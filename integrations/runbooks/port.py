"""Remedies: what would fix a failed control, whether a runbook exists, whether it can be undone."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """How one control is fixed."""

    control: str
    title: str
    """What the fix does, in an imperative: "Close SSH to the internet"."""
    steps: tuple[str, ...]
    """By hand, in order."""
    runbook: str | None = None
    """The AWS-owned Systems Manager Automation document that does it; None when there is none."""
    reversible: bool | None = None
    """Whether the state before can be put back; None when only partly."""
    care: str = ""
    """What can break, or is lost."""


class RemedyCatalogue(Protocol):
    """The known remedies. Promises: control ids are compared without regard to case."""

    def remedy(self, control: str) -> Remedy | None:
        """The remedy of a control; None when none is known."""
        ...

    def controls(self) -> tuple[str, ...]:
        """Every control with a known remedy."""
        ...
