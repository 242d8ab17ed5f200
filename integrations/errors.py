"""The errors of every subject.

SecurityAssistError                what any caller may catch at a door
├── NotFoundError                  the thing asked for is not in this tenant
├── AmbiguousError                 several things answer to that name; carries them
├── RejectedRecordError            a record cannot be taken in; says why
├── PartlyRejectedError            some of a batch could not be stored, the rest was; says which
├── UnmappedChannelError           no tenant speaks in that channel; says how to map it
├── InvalidTenantError             a tenant's record is not usable; says which field
├── InvalidSettingError            a setting is not usable; says which, and what it may be
├── StaleWriteError                somebody else wrote first; nothing was written
├── UnavailableError               an engine did not answer; safe to try again
├── DeniedByAwsError               AWS refused a call; names the action and the role that lacks it
└── DamagedError                   an engine's file is not whole; says which, and what to do
"""

from collections.abc import Sequence


class SecurityAssistError(Exception):
    """What went wrong, in words that may be shown to a person."""


class NotFoundError(SecurityAssistError):
    """The thing asked for is not in this tenant."""


class AmbiguousError(SecurityAssistError):
    """Several things answer to that name."""

    def __init__(self, message: str, candidates: Sequence[str]) -> None:
        super().__init__(message)
        self.candidates = tuple(candidates)


class RejectedRecordError(SecurityAssistError):
    """A record cannot be taken in."""


class PartlyRejectedError(SecurityAssistError):
    """Some records of a batch could not be stored; the others were."""

    def __init__(self, rejected: Sequence[tuple[int, str]]) -> None:
        """(place in the batch from 0, reason) of each that could not."""
        super().__init__(f"{len(rejected)} could not be stored: {rejected[0][1]}")
        self.rejected = tuple(rejected)


class UnmappedChannelError(SecurityAssistError):
    """No tenant speaks in that channel."""


class InvalidTenantError(SecurityAssistError):
    """A tenant's record is not usable."""


class InvalidSettingError(SecurityAssistError):
    """A setting is not usable."""


class StaleWriteError(SecurityAssistError):
    """Somebody else wrote first; nothing was written."""


class UnavailableError(SecurityAssistError):
    """An engine did not answer; safe to try again."""


class DamagedError(SecurityAssistError):
    """An engine's file is not whole; trying again does not help."""


class DeniedByAwsError(SecurityAssistError):
    """AWS refused a call for want of a permission."""

    def __init__(self, action: str, role: str, said: str) -> None:
        """`action` as IAM writes it, `ec2:RevokeSecurityGroupIngress`; `said` in AWS's words."""
        super().__init__(f"{role or 'the role'} may not {action} ({said})")
        self.action = action
        self.role = role


def words_of(error: Exception) -> str:
    """What a door says of an error: its own words where they may be shown, its name otherwise."""
    if isinstance(error, SecurityAssistError):
        return str(error)
    return f"an error that was not foreseen ({type(error).__name__}); please report it"
