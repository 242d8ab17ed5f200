"""Questions that mean something only after others: "the second one", "and the high ones?", "more"."""

import re
from collections.abc import Sequence
from typing import Any

from agent.offline.steps import Call
from agent.offline.thread import Called, Thing, Turn, last_call, last_shown
from agent.offline.understand import Asked

_SAME = re.compile(
    r"^(?:and |now |the )*(?:same|again|repeat)\b|^(?:and|what about|how about|now)?$"
)
_MORE = re.compile(
    r"^(?:and |show |give |list )*(?:me |us )?(?:the )?(?:some )?(?:more|next|rest|others)\b"
)
_ONLY = re.compile(
    r"^(?:and|what about|how about|only|just|now|also|or)\b|\b(?:ones?|those|them|these)\b|^(?:the )?\w+$"
)
_IT = re.compile(
    r"\b(?:it|this|that|them|one|ones)\b|^(?:why|show|draw|explain|more|who|fix)\b|^the \w+$"
)
_LONGEST = 9
_DRAW = re.compile(r"\b(?:show|draw|graph|picture|map|diagram|see)\b")
_STANDALONE = re.compile(
    r"\battention\b|\bfindings?\b.*\bin\b|\bpublic\b|\bchanged?\b|\bposture\b|\btenants?\b|\btop resources\b"
    r"|\bfirst\b.*\b(?:do|fix|look|attention)\b|\b(?:do|fix|look|need\w*)\b.*\bfirst\b"
)


def follow_up(asked: Asked, turns: Sequence[Turn]) -> list[Call]:
    """The calls of a question that leans on what was said before; nothing when it does not."""
    turn, things = last_shown(turns)
    call = last_call(turns)
    if turn is None or call is None or asked.refs or asked.names or asked.controls or asked.cves:
        return []
    if len(asked.text.split()) > _LONGEST or _STANDALONE.search(asked.text):
        return []
    if _SAME.search(asked.text) and not asked.severities and not asked.service:
        return [Call(call.name, dict(call.arguments))]
    if _MORE.search(asked.text):
        return _more(call)
    narrowed = _narrowed(asked, call)
    return narrowed or _about_thing(asked, things)


def _more(call: Called) -> list[Call]:
    given = dict(call.arguments)
    if call.name == "search_findings":
        limit = int(given.get("limit", 10))
        given["offset"] = int(given.get("offset", 0)) + limit
        return [Call(call.name, given)]
    if call.name in {"exposures", "top_resources"}:
        given["limit"] = 10
        return [Call(call.name, given)]
    return [Call(call.name, given)]


def _narrowed(asked: Asked, call: Called) -> list[Call]:
    """ "and the high ones?", "only s3": the last list with one argument changed."""
    if not (asked.severities or asked.service) or not _ONLY.search(asked.text):
        return []
    if asked.text.startswith(("all ", "list ", "how many", "show all")):
        return []
    keep = call.name in {"search_findings", "top_resources"}
    given: dict[str, Any] = dict(call.arguments) if keep else {"limit": 5}
    given.pop("offset", None)
    if asked.severities:
        given["severities"] = list(asked.severities)
    if asked.service:
        given["service"] = asked.service
    return [Call(call.name if keep else "search_findings", given)]


def _about_thing(asked: Asked, things: list[Thing]) -> list[Call]:
    if asked.ordinal is None and not _IT.search(asked.text):
        return []
    thing = _chosen(asked, things)
    if thing is None:
        return []
    text = asked.text
    if re.search(r"\b(?:fix|remediate|plan|close|mitigate|solve|resolve)\b", text):
        return _fix(thing)
    if re.search(r"\bwho (?:own|is responsible|manages)|\bowners?\b|\bwhose\b", text):
        return _detail(thing)
    if re.search(r"\bwho (?:can|could)\b", text):
        return [_walk(thing, "who_can_reach")]
    if re.search(r"\breach\b|\bblast\b|\battacker\b", text):
        return [_walk(thing, "can_reach")]
    if re.search(r"\bconnected\b|\bneighbou?rs\b|\baround\b", text):
        return [_walk(thing, "connected")]
    if _DRAW.search(text) and not re.search(r"\bfindings?\b", text):
        return [_walk(thing, "connected", draw=True)]
    if re.search(r"\bwhy\b|\bexplain\b|\bdetails?\b|\btell\b|\bmore about\b|\bwhat is\b", text):
        return _detail(thing)
    return _detail(thing) if asked.ordinal is not None or len(text.split()) <= 3 else []  # noqa: PLR2004 - "and that one"


def _chosen(asked: Asked, things: list[Thing]) -> Thing | None:
    if not things:
        return None
    wanted = asked.ordinal or 1
    if wanted < 0:
        return things[-1]
    return things[wanted - 1] if wanted <= len(things) else None


def _fix(thing: Thing) -> list[Call]:
    if thing.kind == "resource":
        return [Call("search_findings", {"resource": thing.ref, "limit": 5})]
    return [Call("remediation_advice", {"about": thing.ref})]


def _detail(thing: Thing) -> list[Call]:
    if thing.kind == "exposure":
        return [Call("explain_exposure", {"ref": thing.ref})]
    if thing.kind == "finding":
        return [Call("finding_detail", {"ref": thing.ref})]
    return [Call("resource_detail", {"resource": thing.ref})]


def _walk(thing: Thing, question: str, *, draw: bool = False) -> Call:
    if thing.kind == "finding":
        return Call("finding_detail", {"ref": thing.ref})
    return Call("connections", {"resource": thing.ref, "question": question, "draw": draw})
