"""Which tools answer what a fix would be, or plan it."""

from collections.abc import Sequence

from agent.offline import wordings as says
from agent.offline.search import about_topic
from agent.offline.steps import Call
from agent.offline.thread import Thing
from agent.offline.understand import Asked

_CLOSED_BY = {22: "EC2.13", 3389: "EC2.14"}
_RISKY_PORTS = "EC2.19"
"""Security Hub's controls about security groups that admit everybody: SSH, RDP, other ports."""


def wants_fix(asked: Asked) -> bool:
    """Whether a fix is spoken of, and not what was fixed, whether it is, or by whom."""
    elsewhere = (says.WAS_FIXED, says.IS_FIXED, says.WHO_FIXES)
    return asked.says(says.FIX) and not any(map(asked.says, elsewhere))


def plans_a_fix(asked: Asked) -> bool:
    """Whether a fix is wanted, and not only to be told how it is done, why, when or by whom."""
    only_asked = (says.HOW, says.WAS_FIXED, says.ASKS_OF_THE_FIX)
    return asked.says(says.WHAT_FIXING_DOES) or (
        asked.says(says.DO_FIX) and not any(map(asked.says, only_asked))
    )


def proposed(call: Call) -> Call:
    """The plan of a fix in place of the advice for it."""
    if call.name != "remediation_advice":
        return call
    return Call("propose_fix", call.arguments)


def fix(asked: Asked, things: Sequence[Thing], place: int) -> list[Call]:
    """What would fix what is named; else the thing at a place of what the thread showed."""
    if not (wants_fix(asked) and (asked.says(says.HOW) or asked.says(says.ASKS_TO_FIX))):
        return []
    named = _named(asked)
    if named or not things:
        return named or [Call("exposures", {"about": "all", "limit": 5})]
    thing = things[place]
    if thing.kind == "resource":
        return [Call("search_findings", {"resource": thing.ref, "limit": 5})]
    return [Call("remediation_advice", {"about": thing.ref})]


def _named(asked: Asked) -> list[Call]:
    """What would fix a control, a vulnerability, a resource, a port or a topic that is named."""
    topic = about_topic(asked)
    if asked.controls:
        return [Call("remediation_advice", {"about": asked.controls[0]})]
    if asked.cves:
        return [Call("search_findings", {"text": asked.cves[0], "limit": 5})]
    if asked.names:
        return [Call("search_findings", {"resource": asked.names[0], "limit": 5})]
    closed = closed_by(asked)
    if closed:
        return [Call("remediation_advice", {"about": closed})]
    return [Call("search_findings", {"text": topic, "limit": 5})] if topic else []


def closed_by(asked: Asked) -> str:
    """The control whose fix closes the port that is spoken of; an attack over it is no port."""
    if asked.port is None or asked.says(says.THREATS):
        return ""
    return _CLOSED_BY.get(asked.port, _RISKY_PORTS)
