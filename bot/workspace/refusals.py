"""How the workspace says no, in Slack's words."""

from collections.abc import Sequence

from bot.workspace.records import JsonObject


class SlackRefusalError(Exception):
    """A Web API answer with `ok: false`.

    `error` is Slack's error name; `details` are the sentences of `response_metadata.messages`;
    `retry_after_s` makes it a 429.
    """

    def __init__(
        self, error: str, details: Sequence[str] = (), *, retry_after_s: int | None = None
    ) -> None:
        super().__init__(error)
        self.error = error
        self.details = tuple(details)
        self.retry_after_s = retry_after_s

    def body(self) -> JsonObject:
        """The answer's JSON."""
        body: JsonObject = {"ok": False, "error": self.error}
        if self.details:
            body["errors"] = list(self.details)
            body["response_metadata"] = {"messages": [f"[ERROR] {line}" for line in self.details]}
        return body
