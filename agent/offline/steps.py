"""What the planner can decide: to call a tool, or to say something."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """Call a tool."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Say:
    """Say something (Markdown), and end the turn."""

    text: str


def ask_back(question: str, *choices: tuple[str, str]) -> Call:
    """Ask the person to choose: (the button's label, the question that it asks)."""
    rows = [{"label": label, "ask": ask} for label, ask in choices]
    return Call("ask_back", {"question": question, "choices": rows})
