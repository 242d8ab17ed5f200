"""Where requests to fix something are kept, and what every engine promises.

The store takes version n + 1 of what it holds at n, and nothing else: of two people, or two
workers, who act on the same version only one is kept. The nouns stand in `stages.py`, the request
and its laws in `request.py`; all are to be had from here.
"""

from typing import Protocol

from integrations.remediations.request import Remediation
from integrations.remediations.stages import (
    LONGEST_LEASE,
    OPEN_STAGES,
    SKEW,
    Approval,
    IllegalMoveError,
    Run,
    Stage,
    Step,
)

__all__ = [
    "LONGEST_LEASE",
    "OPEN_STAGES",
    "SKEW",
    "Approval",
    "IllegalMoveError",
    "Remediation",
    "RemediationStore",
    "Run",
    "Stage",
    "Step",
]


class RemediationStore(Protocol):
    """One tenant's requests.

    Promises: a request is seen by its tenant only; `save` and `begin` are one atomic step each;
    what was kept survives a restart and a loss of power.
    """

    def add(self, remediation: Remediation) -> None:
        """Keep a new request (version 1).

        Raises:
            StaleWriteError: there is one of that id.
        """
        ...

    def get(self, remediation_id: str) -> Remediation:
        """One request.

        Raises:
            NotFoundError: this tenant has no such request.
        """
        ...

    def save(self, remediation: Remediation) -> None:
        """Keep the next version of a request.

        Raises:
            StaleWriteError: the stored version is not the one before; nothing was written.
        """
        ...

    def begin(self, remediation: Remediation, at_most: int | None) -> bool:
        """Keep the next version of a request that goes to work, if there is room for it.

        False, and nothing is written, while `at_most` others of the tenant are at work (running
        or undoing; None: however many), or one other on the same resource.

        Raises:
            StaleWriteError: as `save`.
        """
        ...

    def search(
        self, stages: frozenset[Stage] = frozenset(), finding: str = "", limit: int | None = 50
    ) -> list[Remediation]:
        """Requests in these stages (any if empty) about a finding (any if empty), newest first.

        `limit` None: every one.
        """
        ...

    def shown(self, remediation_id: str, version: int) -> None:
        """Note that a request's card tells of this version.

        What is noted of an older version, or of a request that is not there, changes nothing.
        """
        ...

    def unshown(self, limit: int = 50) -> list[Remediation]:
        """Requests that have moved on since `shown` was last told of them, newest first.

        A request that was only added has nothing to be shown yet.
        """
        ...
