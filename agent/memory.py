"""What of a thread is worth keeping: the last turns, whole, so that a follow-up is understood."""

from collections.abc import Sequence
from typing import Any

TURNS = 6
"""Questions that are remembered with their answers."""


def shortened(messages: Sequence[dict[str, Any]], said: str) -> list[dict[str, Any]]:
    """The last turns, ending with the answer that was really sent.

    A turn starts with a person's text; cutting only there keeps every tool's result beside its
    call, which providers insist on.
    """
    kept = recent(messages)
    if not kept:
        return []
    if kept[-1].get("role") == "assistant" and not _calls(kept[-1]):
        kept.pop()
    if said:
        kept.append({"role": "assistant", "content": [{"text": said}]})
    elif kept and kept[-1].get("role") == "user":
        kept.append({"role": "assistant", "content": [{"text": "(no answer)"}]})
    return kept


def recent(messages: Sequence[dict[str, Any]], turns: int = TURNS) -> list[dict[str, Any]]:
    """The last turns, whole; what stands before the first question belongs to none."""
    starts = [i for i, message in enumerate(messages) if _asks(message)]
    if not starts:
        return []
    return [dict(message) for message in messages[starts[max(0, len(starts) - turns)] :]]


def _asks(message: dict[str, Any]) -> bool:
    return message.get("role") == "user" and any("text" in b for b in message.get("content", ()))


def _calls(message: dict[str, Any]) -> bool:
    return any("toolUse" in block for block in message.get("content", ()))
