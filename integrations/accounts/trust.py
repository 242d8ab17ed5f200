"""Whether a tenant's roles let us in, and nobody who does not know the tenant's ExternalId.

By real calls of AssumeRole, since only what STS does counts. What a call should not have been
given is given up at once: its session may do nothing, and lasts as short as STS allows. "How to
use an external ID" (IAM User Guide).
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from integrations.accounts.port import Purpose
from integrations.errors import DeniedByAwsError, UnavailableError

NOTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}'
"""What a trial's session may do."""
SHORTEST_S = 900


class Trial(StrEnum):
    """An ExternalId that must not open a role."""

    NONE = "without an ExternalId"
    EMPTY = "with an empty ExternalId"
    WRONG = "with a wrong ExternalId"
    OTHER = "with another tenant's ExternalId"


class Assume(Protocol):
    """Tries a role; raises DeniedByAwsError, or UnavailableError."""

    def __call__(self, role: str, external_id: str | None) -> Mapping[str, Any]:
        """`external_id` None: none is sent."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleTrust:
    """What was found of one role."""

    account: str
    role: str
    """Its ARN."""
    purpose: Purpose
    refused: str = ""
    """What STS said when it was asked with the right ExternalId; empty: it let us in."""
    holes: tuple[Trial, ...] = ()
    """What else opens it."""
    unproven: str = ""
    """Why not all could be tried; empty: all was."""

    @property
    def sound(self) -> bool:
        """It opens to us, and to nothing that was tried beside."""
        return not (self.refused or self.holes or self.unproven)


def examined(
    roles: Sequence[tuple[str, Purpose, str]],
    assume: Assume,
    external_id: str,
    others: Sequence[str],
    drawn: Callable[[], str] = lambda: f"assist-{secrets.token_urlsafe(24)}",
) -> list[RoleTrust]:
    """Each of some roles, (account, purpose, ARN).

    `others` are ExternalIds of other tenants; `drawn` draws one that is nobody's.
    """
    trials: list[tuple[Trial, str | None]] = [
        (Trial.NONE, None),
        (Trial.EMPTY, ""),
        (Trial.WRONG, drawn()),
        *((Trial.OTHER, other) for other in others),
    ]
    return [_examined(role, assume, external_id, trials) for role in roles]


def _examined(
    of: tuple[str, Purpose, str],
    assume: Assume,
    external_id: str,
    trials: Sequence[tuple[Trial, str | None]],
) -> RoleTrust:
    account, purpose, role = of
    refused, unproven, holes = "", "", list[Trial]()
    try:
        assume(role, external_id)
    except DeniedByAwsError as error:
        refused = str(error)
    except UnavailableError as error:
        unproven = str(error)
    for trial, given in trials:
        try:
            assume(role, given)
        except DeniedByAwsError:
            continue
        except UnavailableError as error:
            unproven = unproven or str(error)
            continue
        if trial not in holes:
            holes.append(trial)
    return RoleTrust(
        account=account,
        role=role,
        purpose=purpose,
        refused=refused,
        holes=tuple(holes),
        unproven=unproven,
    )
