"""A tenant's AWS accounts: sessions in them, for reading or for setting things right.

ForeignAccountError   the account is not this tenant's
DeniedByAwsError      the role cannot be assumed (integrations.errors)
UnavailableError      STS did not answer (integrations.errors)
"""

from enum import StrEnum
from typing import Protocol

from integrations.aws import AwsSession
from integrations.errors import SecurityAssistError


class ForeignAccountError(SecurityAssistError):
    """An account of somebody else was asked for; nothing was called."""


class Purpose(StrEnum):
    """What a session is for: one role reads, another remediates and tells."""

    READ = "read"
    """Nothing can be changed with it."""
    REMEDIATE = "remediate"
    """Runbooks can be put there, started and looked at; nothing else can be changed with it."""
    TELL = "tell"
    """Security Hub can be told what became of a finding."""


class Accounts(Protocol):
    """The accounts of one tenant.

    Promises: nobody enters an account that is not the tenant's; every session is one of a role in
    that account, entered with the tenant's ExternalId; its credentials last for 5 minutes at least.
    """

    def session(self, purpose: Purpose, account: str, region: str) -> AwsSession:
        """A session in an account and region.

        Raises:
            ForeignAccountError: the account is not this tenant's.
            DeniedByAwsError: the account does not let us in.
            UnavailableError: STS did not answer; safe to try again.
        """
        ...

    def role(self, purpose: Purpose, account: str) -> str:
        """The ARN of the role that a purpose has in an account.

        Raises:
            ForeignAccountError: the account is not this tenant's.
        """
        ...
