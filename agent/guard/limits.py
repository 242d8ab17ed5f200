"""What a model may do in one turn, enforced before each call whatever the model says."""

from collections.abc import Sequence
from typing import Any

from strands.hooks.events import BeforeToolCallEvent
from strands.interventions import Deny, InterventionHandler, OnError, Proceed
from typing_extensions import override


class ToolLimits(InterventionHandler):
    """Refuses tools that were not offered, more calls than allowed, and oversized arguments."""

    def __init__(self, offered: Sequence[str], calls: int, argument_chars: int = 4_000) -> None:
        """Allow `calls` calls of the offered tools, each with at most so many characters."""
        self._offered = frozenset(offered)
        self._left = calls
        self._argument_chars = argument_chars

    @property
    @override
    def name(self) -> str:
        return "tool-limits"

    @property
    @override
    def on_error(self) -> OnError:
        return "deny"

    @override
    def before_tool_call(self, event: BeforeToolCallEvent, **kwargs: Any) -> Proceed | Deny:
        if event.tool_use["name"] not in self._offered:
            return Deny(reason="There is no such tool.")
        if len(str(event.tool_use.get("input"))) > self._argument_chars:
            return Deny(reason="The arguments are too long.")
        self._left -= 1
        if self._left < 0:
            return Deny(reason="No more calls in this turn: answer with what you have.")
        return Proceed()


class TenantFence(InterventionHandler):
    """Refuses a call that asks for a tenant outside the turn's scope.

    The tools could not read it anyway, they are bound to the scope: a second wall, and a sign that
    somebody tries.
    """

    def __init__(self, foreign: Sequence[str]) -> None:
        """`foreign`: ids of the tenants that this turn has nothing to do with."""
        self._foreign = tuple(name.casefold() for name in foreign if name)

    @property
    @override
    def name(self) -> str:
        return "tenant-fence"

    @property
    @override
    def on_error(self) -> OnError:
        return "deny"

    @override
    def before_tool_call(self, event: BeforeToolCallEvent, **kwargs: Any) -> Proceed | Deny:
        given = event.tool_use.get("input")
        values = given.values() if isinstance(given, dict) else (given,)
        for value in values:
            if isinstance(value, str) and value.strip().casefold() in self._foreign:
                return Deny(reason="That is outside this channel.")
        return Proceed()
