"""The deterministic planner: messages in, the next steps out; keeps nothing, needs no network."""

from collections.abc import Mapping, Sequence
from typing import Any

from agent.offline.fixes import plans_a_fix, proposed
from agent.offline.follow_up import chosen, follow_up
from agent.offline.intents import first_calls, next_calls
from agent.offline.say import say
from agent.offline.steps import Call, Say
from agent.offline.thread import turns_of
from agent.offline.understand import understand

__all__ = ["Call", "Say", "plan"]

_MOST_ROUNDS = 4


def plan(
    messages: Sequence[Mapping[str, Any]], tools: frozenset[str], tenants: Sequence[str] = ()
) -> list[Call | Say]:
    """The next steps: tools to call (only those that are offered), or the answer.

    Args:
        messages: Strands messages: `{"role": ..., "content": [{"text": ...}, ...]}`, with
            `toolUse` and `toolResult` blocks too.
        tools: The names of the tools that are offered.
        tenants: Names that are no resource's: the scope has been decided by them before.
    """
    turns = turns_of(messages)
    now = turns[-1]
    asked = understand(now.question, tenants)
    if not now.calls:
        asked = understand(chosen(asked, turns) or now.question, tenants)
        calls = follow_up(asked, turns) or first_calls(asked, turns, tools)
    elif len(now.calls) < _MOST_ROUNDS:
        calls = next_calls(asked, now, tools)
    else:
        calls = []
    if "propose_fix" in tools and plans_a_fix(asked):
        calls = [proposed(call) for call in calls]
    offered = [call for call in calls if call.name in tools]
    if offered:
        return list(offered)
    errors = tuple(call.error for call in now.calls if call.error)
    return [Say(say(now.question, now.views, errors))]
