"""What has moved between two plans of the same fix, in words for people."""

from collections.abc import Mapping
from typing import Any

from agent.guard.untrusted import clean
from agent.tools.fixing import in_words
from integrations.remediations.plan import Plan

_LONGEST = 200
"""Characters of one value."""


def moved(old: Plan, new: Plan) -> str:
    """Why `new` is another plan than `old`: the state, the severity, the calls, who feels it."""
    said = [f"the finding is graver than planned for: {new.severity}"] * (
        new.severity != old.severity
    )
    said += _states(old.state, new.state)
    if new.touches != old.touches or new.uncounted != old.uncounted:
        said.append("it reaches other resources than before")
    if not said and new.calls != old.calls:
        said.append("it takes other calls than before")
    detail = f": {'; '.join(said)}" if said else ""
    return f"{new.resource_name} changed since this plan{detail}"


def _states(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    names = sorted(name for name in {**before, **now} if before.get(name) != now.get(name))
    return [f"{name} {_change(before.get(name), now.get(name))}" for name in names]


def _change(before: Any, now: Any) -> str:
    """`has tcp 80 from 0.0.0.0/0 now`; of what is no list `was on and is off now`."""
    if not isinstance(before, list | tuple) or not isinstance(now, list | tuple):
        return f"was {_words(before)} and is {_words(now)} now"
    came = [one for one in now if one not in before]
    went = [one for one in before if one not in now]
    said = [f"has {_words(came)} now"] * bool(came) + [f"has no {_words(went)} any more"] * bool(
        went
    )
    return " and ".join(said) or "is in another order"


def _words(value: Any) -> str:
    return clean(in_words(value), _LONGEST)
