"""An identity and all that makes it risky, as answers tell it."""

from dataclasses import dataclass

from integrations.findings.port import Severity
from integrations.resources.port import Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskyIdentity:
    """A user, role, group, policy or account about which something is wrong."""

    resource: Resource
    faults: tuple[str, ...]
    """Short facts, the gravest first: "administrator", "access keys not rotated, for 412 days"."""
    ref: str
    """Of the exposure (X-...) or finding (F-...) that tells most; "" where only the graph tells."""
    score: int
    """Of the exposure; 0 where it is part of none."""
    worst: Severity | None
