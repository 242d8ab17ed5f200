"""What AWS's error codes mean to us. Needs no SDK, so that anything may ask."""

from collections.abc import Mapping
from typing import Any

_DENIED = (
    "AccessDenied",
    "Unauthorized",
    "NotAuthorized",
    "AuthFailure",
    "AuthorizationError",
    "OptInRequired",
)
_NOT_FOUND = ("NotFound", "NoSuch", "DoesNotExist", "NonExistent", "UnknownResource")
_AWAY = (
    "Throttl",
    "TooManyRequests",
    "RequestLimitExceeded",
    "SlowDown",
    "ServiceUnavailable",
    "InternalError",
    "InternalFailure",
    "InternalServer",
    "RequestTimeout",
    "PriorRequestNotComplete",
)


def error_code(response: Mapping[str, Any]) -> str:
    """AWS's code of an error answer: `InvalidGroup.NotFound`."""
    return str(response.get("Error", {}).get("Code", ""))


def is_denied(code: str) -> bool:
    """Whether AWS's error code means a missing permission."""
    return code.startswith(_DENIED)


def is_not_found(code: str) -> bool:
    """Whether AWS's error code means that the thing is not there."""
    return any(word in code for word in _NOT_FOUND)


def is_away(code: str) -> bool:
    """Whether AWS's error code means: later, perhaps.

    Where the body was not AWS's, botocore gives the HTTP status for a code.
    """
    return code.startswith(_AWAY) or (code.isdigit() and code.startswith("5"))
