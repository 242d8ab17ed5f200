"""How a step of a document fails, inside the interpreter."""

from typing import Any

from integrations.aws_errors import is_denied


class StepFailedError(Exception):
    """A step ended without success; what it says is what the execution reports."""

    def __init__(
        self, said: str, *, code: str = "", action: str = "", timed_out: bool = False
    ) -> None:
        """`code` is AWS's error code and `action` the IAM action, where a call was refused."""
        super().__init__(said)
        self.code = code
        self.action = action
        self.timed_out = timed_out

    @property
    def denied(self) -> bool:
        """Whether AWS refused a call for want of a permission."""
        return is_denied(self.code)


class CancelledError(Exception):
    """The execution was asked to stop while a step waited."""


class UnforeseenError(Exception):
    """A plan cannot go on: the next step needs what only the run will know."""


def plain(value: Any) -> Any:
    """A value as JSON has it: AWS's timestamps as ISO 8601, bytes as text, streams as nothing."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items() if key != "ResponseMetadata"}
    if isinstance(value, (list, tuple, set)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)
