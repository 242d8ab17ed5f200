"""Questions that lean on what was said before: "the second one", "and the high ones?", "more"."""

from collections.abc import Callable, Sequence
from typing import Any

from agent.offline import wordings as says
from agent.offline.steps import Call
from agent.offline.thread import Called, Thing, Turn, last_call, last_shown
from agent.offline.understand import Asked

_LONGEST = 9
"""Words: what is longer stands by itself."""
_A_POINT = 3
"""Words that can only point at something: "and that one"."""


def follow_up(asked: Asked, turns: Sequence[Turn]) -> list[Call]:
    """The calls of a question that leans on what was said before; nothing when it does not."""
    turn, _ = last_shown(turns)
    call = last_call(turns)
    if turn is None or call is None or asked.refs or asked.names or asked.controls or asked.cves:
        return []
    if len(asked.text.split()) > _LONGEST or asked.says(says.BY_ITSELF):
        return []
    again = not asked.text or asked.says(says.SAME)
    if again and not asked.severities and not asked.service:
        return [Call(call.name, dict(call.arguments))]
    if asked.says(says.MORE):
        return _more(call)
    return _narrowed(asked, call) or _about_thing(asked, turns)


def _more(call: Called) -> list[Call]:
    given = dict(call.arguments)
    if call.name == "search_findings":
        given["offset"] = int(given.get("offset", 0)) + int(given.get("limit", 10))
    elif call.name in {"exposures", "top_resources"}:
        given["limit"] = 10
    return [Call(call.name, given)]


def _narrowed(asked: Asked, call: Called) -> list[Call]:
    """The last list with one argument changed: `and the high ones?`, `only s3`."""
    if not (asked.severities or asked.service) or not asked.says(says.ONLY):
        return []
    if asked.says(says.STARTS_ANEW):
        return []
    keep = call.name in {"search_findings", "top_resources"}
    given: dict[str, Any] = dict(call.arguments) if keep else {"limit": 5}
    given.pop("offset", None)
    if asked.severities:
        given["severities"] = list(asked.severities)
    if asked.service:
        given["service"] = asked.service
    return [Call(call.name if keep else "search_findings", given)]


def _about_thing(asked: Asked, turns: Sequence[Turn]) -> list[Call]:
    if asked.ordinal is None and not asked.says(says.IT):
        return []
    thing = _chosen(asked, turns)
    if thing is None:
        return []
    for meaning, answer in _ABOUT_IT:
        if asked.says(meaning):
            return [answer(thing)]
    if asked.says(says.SEE) and not asked.says(says.FINDINGS):
        return [_walk(thing, "connected", draw=True)]
    pointed = asked.ordinal is not None or len(asked.text.split()) <= _A_POINT
    return [_detail(thing)] if pointed or asked.says(says.DETAIL) else []


def _chosen(asked: Asked, turns: Sequence[Turn]) -> Thing | None:
    """What is pointed at: of the last list that is long enough to have it."""
    wanted = asked.ordinal or 1
    least = max(wanted, 1) if wanted > 0 else 2
    _, things = last_shown(turns, least)
    if not things:
        return None
    return things[wanted - 1] if wanted > 0 else things[-1]


def _fix(thing: Thing) -> Call:
    if thing.kind == "resource":
        return Call("search_findings", {"resource": thing.ref, "limit": 5})
    return Call("remediation_advice", {"about": thing.ref})


def _detail(thing: Thing) -> Call:
    if thing.kind == "exposure":
        return Call("explain_exposure", {"ref": thing.ref})
    if thing.kind == "finding":
        return Call("finding_detail", {"ref": thing.ref})
    return Call("resource_detail", {"resource": thing.ref})


def _walk(thing: Thing, question: str, *, draw: bool = False) -> Call:
    if thing.kind == "finding":
        return Call("finding_detail", {"ref": thing.ref})
    return Call("connections", {"resource": thing.ref, "question": question, "draw": draw})


_ABOUT_IT: tuple[tuple[Any, Callable[[Thing], Call]], ...] = (
    (says.FIX_IT, _fix),
    (says.WHO_OWNS, _detail),
    (says.WHO_CAN, lambda thing: _walk(thing, "who_can_reach")),
    (says.REACH_FROM_IT, lambda thing: _walk(thing, "can_reach")),
    (says.CONNECTED_TO_IT, lambda thing: _walk(thing, "connected")),
)
