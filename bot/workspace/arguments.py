"""A Web API call's arguments, whichever of the three ways they were sent."""

import json
from collections.abc import Mapping
from typing import Any

from bot.workspace.records import JsonObject
from bot.workspace.refusals import SlackRefusalError

_JSON_VALUED = frozenset(
    [
        "attachments",
        "blocks",
        "channels",
        "chunks",
        "files",
        "loading_messages",
        "metadata",
        "prompts",
        "view",
    ]
)


class Arguments:
    """Arguments by name.

    JSON-valued ones (`blocks`, `view`, ...) are decoded when they come as a string, as they do in
    a form.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {name: value for name, value in values.items() if value not in (None, "")}

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str, default: str = "") -> str:
        """A string; numbers are written out."""
        value = self._values.get(name, default)
        return value if isinstance(value, str) else str(value)

    def required(self, name: str, error: str = "invalid_arguments") -> str:
        """A string that must be there.

        Raises:
            SlackRefusalError: With `error`, when it is not.
        """
        if name not in self._values:
            raise SlackRefusalError(error, [f"missing required field: {name}"])
        return self.text(name)

    def number(self, name: str, default: int) -> int:
        """A whole number.

        Raises:
            SlackRefusalError: `invalid_arguments` when it is not one.
        """
        try:
            return int(self.text(name, str(default)))
        except ValueError:
            raise SlackRefusalError("invalid_arguments", [f"{name} must be an integer"]) from None

    def flag(self, name: str) -> bool:
        """True, `true` or `1`."""
        return self.text(name).lower() in {"1", "true"}

    def json(self, name: str, error: str = "invalid_arguments") -> Any:
        """A JSON value; None when it is not there.

        Raises:
            SlackRefusalError: With `error`, when the string is not JSON.
        """
        value = self._values.get(name)
        if not isinstance(value, str) or name not in _JSON_VALUED:
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise SlackRefusalError(error) from None

    def metadata(self) -> JsonObject | None:
        """A message's metadata.

        Raises:
            SlackRefusalError: `invalid_metadata_format`.
        """
        value = self.json("metadata", "invalid_metadata_format")
        if value is None:
            return None
        if not isinstance(value, dict) or not isinstance(value.get("event_type"), str):
            raise SlackRefusalError("invalid_metadata_format")
        return {"event_type": value["event_type"], "event_payload": value.get("event_payload", {})}
