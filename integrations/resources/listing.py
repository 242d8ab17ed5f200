"""Resources asked for page by page, to find what the pushed events left out, and what is gone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from integrations.errors import SecurityAssistError
from integrations.resources.port import Resource


class StaleListingError(SecurityAssistError):
    """The service does not know the token any more; list from the beginning."""


@dataclass(frozen=True, slots=True)
class ResourcePage:
    """Some resources as the service gives them."""

    records: Sequence[bytes] = field(repr=False)
    """Each a Config item, a JSON object."""
    token: str
    """Gives the next page; empty: this was the last."""


class ResourceListing(Protocol):
    """What AWS Config knows of all of a tenant's accounts and Regions now.

    Promises: no more requests than the service allows; the pages, asked for one after the other
    from the first to the last, hold every resource that was there all the while.
    """

    def page(self, token: str = "") -> ResourcePage:
        """The first page, or with the token of the one before the next.

        Raises:
            StaleListingError: the token is not known any more.
            NotFoundError: there is no such aggregator.
            DeniedByAwsError: the hub may not ask it.
            UnavailableError: no answer after several tries; safe to try again.
        """
        ...

    def still(self, resources: Sequence[Resource]) -> set[str]:
        """The ids of those among these resources that are there, asked for by name.

        Raises:
            As `page` does.
        """
        ...
