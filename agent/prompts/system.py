"""The system prompt, with what this turn's channel may see."""

from functools import cache
from importlib.resources import files

from agent.assistant import Scope


def system_prompt(scope: Scope) -> str:
    """The standing instructions followed by whom the turn is about."""
    tenants = ", ".join(f"{s.tenant.id} ({s.tenant.environment})" for s in scope.systems)
    kind = "an operators' channel; this turn is about" if scope.operator else "the channel of"
    return f"{_standing()}\nThis is {kind} {tenants}.\n"


@cache
def _standing() -> str:
    return (files("agent.prompts") / "system.md").read_text(encoding="utf-8")
