"""What the audit keeps of calls and states: value by value, cut where too long, without secrets.

Each value is cut by itself and says how long it was, so that a long one hides no later one. What
botocore's models call sensitive was blotted out when the plan was made; here what is a secret by
its name, or by its look, is blotted out once more, whoever made the plan.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

LONGEST = 1_000
"""Characters of one text that are kept."""

MOST = 100
"""Entries of one list or map that are kept."""

SECRET = "(a secret, not kept)"  # noqa: S105 - what stands in its place
_SECRET_NAME = re.compile(
    r"pass(word|phrase)|secret(string|binary|value|access_?key)|private_?key|"
    r"(auth|session|access|refresh|bearer|api)_?token|api_?key|credentials?$|user_?data$",
    re.IGNORECASE,
)
_SECRET_LOOK = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]+|\bxox[abpr]-[\w-]{10,}"
)
_NO_SECRET = re.compile(
    r"policy|enabled|require|rotat|(arn|id|age|length|reuse\w*)$", re.IGNORECASE
)


class AnyCall(Protocol):
    """A call of a plan, or of a preview."""

    @property
    def service(self) -> str:
        """As boto3 names the client."""
        ...

    @property
    def operation(self) -> str:
        """As AWS names the API."""
        ...

    @property
    def action(self) -> str:
        """As IAM writes it."""
        ...

    @property
    def resource(self) -> str:
        """What it changes."""
        ...

    @property
    def parameters(self) -> Mapping[str, Any]:
        """As they are sent."""
        ...


def told_calls(calls: Iterable[AnyCall]) -> list[dict[str, Any]]:
    """Each call as the audit keeps it: service, operation, IAM action, resource, parameters."""
    return [
        {
            "service": call.service,
            "operation": call.operation,
            "action": call.action,
            "resource": told_state(call.resource),
            "parameters": told_parameters(call.parameters),
        }
        for call in calls
    ]


def told_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of a call; what is a secret by its name is not kept."""
    return dict(_told(parameters, by_name=True))


def told_state(value: Any) -> Any:
    """A state in words, or a part of it; its names are words too (`Password: on` is no secret)."""
    return _told(value, by_name=False)


def _told(value: Any, *, by_name: bool) -> Any:
    if isinstance(value, str):
        return SECRET if _SECRET_LOOK.search(value) else _cut(value)
    if isinstance(value, Mapping):
        return _told_map(value, by_name=by_name)
    if isinstance(value, list | tuple):
        kept = [_told(item, by_name=by_name) for item in value[:MOST]]
        left = len(value) - len(kept)
        return [*kept, f"… {left} more of {len(value)}"] if left else kept
    return value


def _told_map(value: Mapping[Any, Any], *, by_name: bool) -> dict[str, Any]:
    # SSM's PutParameter has its secret in a field that is no secret by its name.
    hidden = {"Value"} if by_name and value.get("Type") == "SecureString" else set()
    kept: dict[str, Any] = {}
    for name, item in list(value.items())[:MOST]:
        secret = name in hidden or (by_name and _is_secret(str(name), item))
        kept[_cut(str(name))] = SECRET if secret else _told(item, by_name=by_name)
    left = len(value) - MOST
    return kept | {"…": f"{left} more of {len(value)}"} if left > 0 else kept


def _is_secret(name: str, value: Any) -> bool:
    """A flag or a number about secrets is none: `RequireNumbers`, `MaxPasswordAge`."""
    if not value or isinstance(value, bool | int | float) or _NO_SECRET.search(name):
        return False
    return bool(_SECRET_NAME.search(name))


def _cut(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}… (cut: {len(text)} characters)"
