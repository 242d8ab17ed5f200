"""Findings asked for page by page, to reconcile what the pushed events left out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from integrations.errors import SecurityAssistError


class StaleTokenError(SecurityAssistError):
    """The service does not know the token any more; ask again from a moment."""


@dataclass(frozen=True, slots=True)
class Window:
    """Findings updated from `since` to `until`, both included; aware UTC."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class FindingPage:
    """Some findings as the service gives them."""

    records: Sequence[bytes] = field(repr=False)
    """Each a JSON object; by the time of their last update, the earliest first."""
    last: datetime | None
    """The latest time of update among them; None when there are none."""
    token: str
    """Gives the next page of the same window; empty: this was the last."""


class FindingPoll(Protocol):
    """One account's findings in one Region.

    Promises: no more requests than the service allows; pages of one window, asked for one after the
    other, leave out nothing that was updated in it before the first was asked for.
    """

    def page(self, window: Window, token: str = "") -> FindingPage:
        """The first page of a window, or with the token of the one before the next.

        Raises:
            StaleTokenError: the token is not known any more.
            NotFoundError: the service is not used in that account and Region.
            DeniedByAwsError: the role may not read findings.
            UnavailableError: no answer after several tries; safe to try again.
        """
        ...
