"""Work waiting to be done: what stands between a platform's door and the conversation."""

from dataclasses import dataclass
from typing import Protocol

DEDUPE_S = 86_400.0
"""How long a job's id is remembered, in seconds; a platform's last redelivery comes within an hour,
Slack's after 6 minutes."""


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to do, as the door took it in."""

    id: str
    """The platform's delivery id: Slack's `event_id`, a click's `trigger_id`."""
    group: str
    """Jobs of one group are done one after the other, in the order they came: a thread."""
    body: str
    """JSON, understood by the platform's adapter."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A job that is being done, until the lease runs out."""

    job: Job
    attempt: int
    token: int | str
    """What the engine knows the lease by."""


class WorkQueue(Protocol):
    """Jobs, each done once if nothing goes wrong, at least once if something does.

    Promises: a job is done at least once, and put at most once in `DEDUPE_S`; jobs of a group
    never overlap; a job whose worker died is handed out again when its lease has run out; after
    `attempts` it is kept aside with its last reason, never dropped.
    """

    def put(self, job: Job) -> bool:
        """Add a job; False when a job of that id was put before (a platform's redelivery)."""
        ...

    def take(self, timeout_s: float) -> Lease | None:
        """The next job whose group is free; waits at most so long for one.

        An engine in a network may wait a second longer.
        """
        ...

    def extend(self, lease: Lease) -> bool:
        """The job is still being done: its lease runs on for its whole length from now.

        False: it is no more whose lease it was; the job was given to somebody else, or is finished.
        """
        ...

    def done(self, lease: Lease) -> None:
        """The job is finished."""
        ...

    def failed(self, lease: Lease, reason: str) -> None:
        """The job failed: it comes again, or is kept aside with the reason."""
        ...

    def waiting(self) -> int:
        """How many jobs are not finished (those kept aside not counted).

        An engine in a network may say what was so some seconds ago.
        """
        ...

    def dead(self) -> list[tuple[Job, str]]:
        """Jobs kept aside with their last reason, the oldest first."""
        ...

    def again(self, job_id: str) -> None:
        """Let a job that is kept aside be done as if it came now, behind the others of its group.

        Raises:
            NotFoundError: no such job is kept aside.
        """
        ...
