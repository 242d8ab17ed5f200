"""A tenant's exposures as they were ranked last, kept with what they were ranked from.

What an exposure is, and how exposures are ranked, is decided in `agent/`: here they are bytes.
"""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class KeptExposures:
    """One ranking."""

    marks: str
    """What it was ranked from: whoever reads it compares this with how things are now."""
    body: bytes = field(repr=False)
    """The exposures; up to some megabytes."""


class ExposureStore(Protocol):
    """One tenant's last ranking.

    Promises: what is loaded was saved so, in whole, by one call of `save`; also after a crash and
    while somebody saves. Of two that save at once one wins. What is lost costs another ranking and
    nothing else.
    """

    def load(self) -> KeptExposures | None:
        """The last one; None: there is none, or it is being replaced.

        Raises:
            UnavailableError: the engine does not answer.
        """
        ...

    def save(self, kept: KeptExposures) -> None:
        """Replace the last one.

        Raises:
            UnavailableError: the engine does not answer; the same call may be made again.
        """
        ...

    def forget(self) -> None:
        """Keep nothing, as offboarding wants it; the tenant is left as if never ranked.

        Raises:
            UnavailableError: the engine does not answer; the same call may be made again.
        """
        ...
