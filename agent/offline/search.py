"""A search for the findings that a question names."""

from agent.offline import wordings as says
from agent.offline.steps import Call
from agent.offline.understand import Asked

_A_FEW, _A_PAGE = 5, 10
_STEMS = ("imds", "encrypt", "runtime", "password", "backup", "rotat", "patch")
"""What is searched for, so that every form of a word is found."""


def search_for(asked: Asked, resource: str = "") -> Call:
    """`search_findings` with every argument that the question gives."""
    many = asked.says(says.EVERYTHING) or asked.offset
    given: dict[str, object] = {"limit": _A_PAGE if many else _A_FEW}
    if asked.severities:
        given["severities"] = list(asked.severities)
    if asked.service and not asked.controls:
        given["service"] = asked.service
    if asked.controls:
        given["control"] = asked.controls[0]
    if resource:
        given["resource"] = resource
    if asked.offset:
        given["offset"] = asked.offset
    if asked.account:
        given["account"] = asked.account
    if asked.region:
        given["region"] = asked.region
    given |= narrowings(asked) | _text(asked)
    return Call("search_findings", given)


def narrowings(asked: Asked) -> dict[str, object]:
    """The kind, the state, the age and the order that a question names."""
    return _kind(asked) | _state(asked) | dict(asked.first_seen) | _order(asked)


def about_topic(asked: Asked) -> str:
    """A topic of controls that the question names, in whatever form: `unencrypted`; "" for none."""
    found = says.TOPIC.search(asked.text)
    if not found:
        return ""
    return next((stem for stem in _STEMS if stem in found[0]), found[0])


def _text(asked: Asked) -> dict[str, object]:
    topic = "" if asked.controls else about_topic(asked)
    if not topic and len(asked.unknown) == 1 and (asked.says(says.NAMES_A_WORD)):
        topic = asked.unknown[0]
    return {"text": topic} if topic else {}


def _kind(asked: Asked) -> dict[str, object]:
    if asked.says(says.EXPLOITABLE):
        return {"kind": "vulnerability", "exploitable": True}
    if asked.says(says.VULNERABILITIES):
        return {"kind": "vulnerability"}
    if asked.says(says.COMPLIANCE) and not asked.controls:
        return {"kind": "compliance"}
    return {}


def _state(asked: Asked) -> dict[str, object]:
    if asked.says(says.MUTED):
        return {"state": "muted"}
    return {"state": "resolved"} if asked.says(says.RESOLVED) else {}


def _order(asked: Asked) -> dict[str, object]:
    only_newer = asked.says(says.OLDER_THAN) and set(asked.first_seen) == {"first_seen_since"}
    by_age = asked.says(says.OLDEST) or "first_seen_before" in asked.first_seen
    if by_age and not only_newer:
        return {"order": "oldest"}
    return {"order": "newest"} if asked.says(says.NEWEST) else {}
