"""Questions that lean on what was said before: "the second one", "and the high ones?", "more"."""

from collections.abc import Callable, Sequence
from typing import Any

from agent import canonical
from agent.offline import wordings as says
from agent.offline.fixes import closed_by, wants_fix
from agent.offline.search import narrowings
from agent.offline.steps import Call, ask_back
from agent.offline.thread import (
    Called,
    Thing,
    Turn,
    last_call,
    last_choices,
    last_list,
    last_shown,
)
from agent.offline.understand import Asked
from agent.views import ExposureDetail

_LONGEST = 9
"""Words: what is longer stands by itself."""
_A_POINT = 3
"""Words that can only point at something: "and that one"."""
_TELLING = 3
"""Letters from which a word can tell one thing from another."""
_BESIDE = frozenset(
    {"the", "a", "one", "please", "and", "that", "this", "it", "is", "i", "mean", "with", "about"}
)
_BESIDE_SHOW = frozenset({"me", "us", "the", "a", "please", "now", "again", "owner", "findings"})
_COUNTED = ("nothing", "only one", "only two", "only three", "only four")


def chosen(asked: Asked, turns: Sequence[Turn]) -> str:
    """The question of the choice that is picked, by its place or by its label; "" for none."""
    choices = last_choices(turns)
    words = asked.text.split()
    if not choices or not words or len(words) > _A_POINT + 1:
        return ""
    if asked.ordinal is not None:
        place = asked.ordinal - 1 if asked.ordinal > 0 else len(choices) - 1
        return choices[place].ask if place < len(choices) else ""
    named = set(words) - _BESIDE
    fits = [choice for choice in choices if named <= set(choice.label.casefold().split())]
    return fits[0].ask if named and len(fits) == 1 else ""


def follow_up(asked: Asked, turns: Sequence[Turn]) -> list[Call]:
    """The calls of a question that leans on what was said before; nothing when it does not."""
    call = last_call(turns)
    if call is None or asked.refs or asked.names or asked.controls or asked.cves:
        return []
    by_itself = asked.says(says.BY_ITSELF)
    by_itself = by_itself or (asked.says(says.POSTURE) and not asked.says(says.IT_IS_BAD))
    by_itself = by_itself or asked.says(says.WHO_APPROVES)
    # What closes a port has a control of its own, whatever was listed first.
    by_itself = by_itself or bool(closed_by(asked) and wants_fix(asked))
    if asked.unknown and not asked.says(says.POINTS):
        # A word that nobody knows names something else: `tell me about invoices`.
        by_itself = True
    if by_itself or (len(asked.text.split()) > _LONGEST and not asked.says(says.OF_THEM)):
        return []
    for rule in _RULES:
        calls = rule(asked, call, turns)
        if calls:
            return calls
    return []


def _again(asked: Asked, call: Called, _: Sequence[Turn]) -> list[Call]:
    """`same for globex`, `and in initech?`: the scope is another, the question is the same."""
    again = not asked.text or asked.says(says.SAME)
    if not again or asked.severities or asked.service:
        return []
    return [Call(call.name, dict(call.arguments))]


def _since(asked: Asked, call: Called, _: Sequence[Turn]) -> list[Call]:
    """The changes since another moment: `and since last week?`."""
    if call.name != "changes" or not asked.since or asked.severities:
        return []
    return [Call("changes", {**call.arguments, "since": asked.since})]


def _more(asked: Asked, call: Called, _: Sequence[Turn]) -> list[Call]:
    if not asked.says(says.MORE):
        return []
    given = dict(call.arguments)
    if call.name == "search_findings":
        given["offset"] = int(given.get("offset", 0)) + int(given.get("limit", 10))
    elif call.name in {"exposures", "top_resources"}:
        given["limit"] = 10
    return [Call(call.name, given)]


def _why_so(asked: Asked, call: Called, _: Sequence[Turn]) -> list[Call]:
    """`why?` of what has just been explained: what it rests on most."""
    if call.name != "explain_exposure" or asked.ordinal or not asked.says(says.WHY):
        return []
    terms = [t for v in call.views if isinstance(v, ExposureDetail) for t in v.exposure.terms]
    told = [t for t in terms if t.evidence.startswith("F-")]
    if not told or len(asked.text.split()) > _A_POINT:
        return []
    return [Call("finding_detail", {"ref": max(told, key=lambda t: t.weight).evidence})]


def _to_list(asked: Asked, _: Called, turns: Sequence[Turn]) -> list[Call]:
    """`back to the list`: after looking at one thing of it."""
    if not asked.says(says.TO_LIST):
        return []
    shown = last_list(turns)
    if shown is None:
        return [Call("exposures", {"about": "all", "limit": 5})]
    return [Call(shown.name, dict(shown.arguments))]


def _narrowed(asked: Asked, call: Called, _: Sequence[Turn]) -> list[Call]:
    """The last list with one argument changed: `and the high ones?`, `only s3`."""
    keep = call.name in {"search_findings", "top_resources"}
    narrowed = narrowings(asked) if call.name == "search_findings" else {}
    if not (asked.severities or asked.service or narrowed) or not asked.says(says.ONLY):
        return []
    if asked.says(says.STARTS_ANEW) and not asked.says(says.OF_THEM):
        return []
    if asked.says(says.DESCRIBED) and not (asked.severities or narrowed):
        return []
    given: dict[str, Any] = dict(call.arguments) if keep else {"limit": 5}
    given.pop("offset", None)
    if asked.says(says.OPEN):
        given.pop("state", None)
    given |= narrowed
    if asked.severities:
        given["severities"] = list(asked.severities)
    if asked.service:
        given["service"] = asked.service
    return [Call(call.name if keep else "search_findings", given)]


def _about_thing(asked: Asked, _: Called, turns: Sequence[Turn]) -> list[Call]:
    if asked.ordinal is None and (not asked.says(says.IT) or _asks_anew(asked)):
        return []
    thing = _pointed_at(asked, turns)
    if thing is None:
        return _too_few(asked, turns)
    for meaning, answer in _ABOUT_IT:
        if asked.says(meaning):
            return [answer(thing)]
    if asked.says(says.DRAW_IT) or (asked.says(says.SEE) and not _is_listed(thing, asked)):
        return [_walk(thing, "connected", draw=True)]
    pointed = asked.ordinal is not None or asked.says(says.DESCRIBED)
    pointed = pointed or len(asked.text.split()) <= _A_POINT
    return [_detail(thing)] if pointed or asked.says(says.DETAIL) else []


def _asks_anew(asked: Asked) -> bool:
    """`how many highs?`, `show me the criticals` after a list: not about its first thing."""
    if asked.says(says.POINTS) or asked.says(says.DETAIL):
        return False
    words = asked.text.split()
    # `how mny highs`: what counts severities need not be spelled well.
    if asked.says(says.STARTS_ANEW) or (words[0] == "how" and asked.severities):
        return True
    named = bool(set(words[1:]) - _BESIDE_SHOW) and words[0] == "show"
    return named and not any(asked.says(meaning) for meaning in (says.DRAW_IT, says.WHO_OWNS))


def _is_listed(thing: Thing, asked: Asked) -> bool:
    """`show me the second one` of a list of findings or resources wants its detail."""
    return asked.ordinal is not None and thing.kind != "exposure"


def _pointed_at(asked: Asked, turns: Sequence[Turn]) -> Thing | None:
    """What is pointed at: of the last list that is long enough to have it."""
    if asked.ordinal is None and asked.says(says.DESCRIBED):
        described = _described(asked, turns)
        if described:
            return described
    wanted = asked.ordinal or 1
    least = max(wanted, 1) if wanted > 0 else 2
    _, things = last_shown(turns, least)
    if not things:
        return None
    return things[wanted - 1] if wanted > 0 else things[-1]


def _described(asked: Asked, turns: Sequence[Turn]) -> Thing | None:
    """The only one of the last list that the question's words fit: `the one with the lambda`."""
    _, things = last_shown(turns, 2)
    words = [word for word in asked.text.split() if len(word) >= _TELLING and word not in _BESIDE]
    fits = [
        thing
        for thing in things
        if any(w in f"{thing.name} {thing.words} {thing.resource}".casefold() for w in words)
    ]
    return fits[0] if len(fits) == 1 else None


def _too_few(asked: Asked, turns: Sequence[Turn]) -> list[Call]:
    """Nothing shown has a second, or a third: says how many there are."""
    _, things = last_shown(turns)
    if asked.ordinal is None or not 0 < len(things) < len(_COUNTED):
        return []
    more = ("What needs attention first", canonical.ATTENTION)
    changed = ("What changed", canonical.CHANGED_TODAY)
    return [ask_back(f"There was {_COUNTED[len(things)]} in that answer.", more, changed)]


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


def _owner(thing: Thing) -> Call:
    return (
        Call("resource_detail", {"resource": thing.resource}) if thing.resource else _detail(thing)
    )


def _findings(thing: Thing) -> Call:
    return Call("search_findings", {"resource": thing.resource or thing.ref, "limit": 5})


def _walk(thing: Thing, question: str, *, draw: bool = False) -> Call:
    """From a resource; an exposure is drawn as a whole, but walked from its main resource."""
    about = thing.ref if draw and thing.kind == "exposure" else thing.resource or thing.ref
    return Call("connections", {"resource": about, "question": question, "draw": draw})


_ABOUT_IT: tuple[tuple[Any, Callable[[Thing], Call]], ...] = (
    (says.WHO_OWNS, _owner),
    (says.IS_FIXED, _detail),
    (says.FIX_IT, _fix),
    (says.WHO_CAN, lambda thing: _walk(thing, "who_can_reach")),
    (says.FROM_INTERNET, lambda thing: _walk(thing, "from_internet")),
    (says.REACH_FROM_IT, lambda thing: _walk(thing, "can_reach")),
    (says.CONNECTED_TO_IT, lambda thing: _walk(thing, "connected")),
    (says.FINDINGS_ON_IT, _findings),
)

_RULES = (_again, _since, _more, _why_so, _to_list, _narrowed, _about_thing)
