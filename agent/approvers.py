"""Who decides about a tenant's fixes, as answers tell it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvers:
    """The people of one tenant who may approve; ids as platforms give them, `slack/T0001/U0001`."""

    tenant: str
    people: tuple[str, ...]
    """About everything that `others` does not name; nobody when empty."""
    others: Mapping[str, tuple[str, ...]]
    """By severity in small letters, where other people decide than `people`."""
