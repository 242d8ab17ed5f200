"""Dead letters: the noun, the questions asked of it, and what every engine promises."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

KEPT_WHOLE: Final = 1_000_000
"""Bytes of a body that are kept as they are."""
KEPT_OF_MORE: Final = 64_000
"""Bytes that are kept of a body which is larger than that."""

FINDINGS: Final = "findings"
RESOURCES: Final = "resources"
PIPELINES: Final = (FINDINGS, RESOURCES)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """One record that a pipeline could not take in."""

    id: str
    """24 hex digits that follow from the pipeline and the whole body."""
    pipeline: str
    """`findings` or `resources`."""
    source: str
    """Where it came from: the ARN of a queue, a file, an account that was polled."""
    reason: str
    """Why it could not be taken in the last time, in words for a person."""
    kept_at: datetime
    """When it was first kept; aware UTC."""
    attempts: int
    """How often it has been tried, from 1."""
    body: bytes = field(repr=False)
    """The record: whole up to 1 MB, of a larger one the first 64 kB."""
    size: int
    """Bytes of the whole record."""

    @property
    def whole(self) -> bool:
        """Whether all of the record is kept; what is not whole cannot be replayed."""
        return len(self.body) == self.size


def letter(
    pipeline: str, source: str, reason: str, body: bytes, at: datetime, attempts: int = 1
) -> DeadLetter:
    """A dead letter about a record; the reason says so when not all of the record is kept."""
    body_kept = body
    if len(body) > KEPT_WHOLE:
        body_kept = body[:KEPT_OF_MORE]
        reason = f"{reason}; only its first 64 kB of {len(body):,} bytes are kept"
    digest = hashlib.sha256(pipeline.encode() + b"\0" + body).hexdigest()
    return DeadLetter(
        id=digest[:24],
        pipeline=pipeline,
        source=source,
        reason=reason,
        kept_at=at,
        attempts=attempts,
        body=body_kept,
        size=len(body),
    )


class DeadLetters(Protocol):
    """What could not be taken in, of every tenant: whose it is may be what is wrong with it.

    Promises: the same record kept twice is one letter, so keeping may be repeated after any
    failure; of a letter that is kept again the new source and reason stand, `kept_at` stays the
    first, and `attempts` never goes back. All letters of one call are kept, or the call raises.
    A letter that is kept survives a crash right after. Nothing is ever dropped by itself.
    """

    def keep(self, letters: Sequence[DeadLetter]) -> None:
        """Keep letters.

        Raises:
            UnavailableError: the engine does not answer; the same call may be made again.
        """
        ...

    def listed(
        self, pipeline: str = "", limit: int = 100, after: DeadLetter | None = None
    ) -> list[DeadLetter]:
        """Letters of one pipeline, or of all, the oldest first.

        `after` goes on behind a letter that was listed before, also when it is forgotten by now.
        """
        ...

    def get(self, letter_id: str) -> DeadLetter:
        """One letter.

        Raises:
            NotFoundError: there is none with that id.
        """
        ...

    def forget(self, ids: Sequence[str]) -> int:
        """Delete letters; how many there were."""
        ...

    def reasons(self, pipeline: str = "") -> dict[str, int]:
        """How many letters there are for each reason, the most frequent first."""
        ...
