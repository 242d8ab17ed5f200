"""Which tools answer a question: one small rule for each kind of question, the first that fits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from agent import canonical
from agent.offline import wordings as says
from agent.offline.fixes import closed_by, fix, wants_fix
from agent.offline.search import about_topic, search_for
from agent.offline.steps import Call, ask_back
from agent.offline.thread import Called, Thing, Turn, last_shown
from agent.offline.understand import Asked
from agent.views import Choices, ExposureList, FindingList

_EXAMPLES = (
    ("What needs attention first", canonical.ATTENTION),
    ("What is public", canonical.PUBLIC),
    ("What changed", canonical.CHANGED_TODAY),
)
_HELLO = "I answer from your own findings and resource graph. Ask me, for example:"
_LOST = "I can't tell what is meant. I know findings, resources and what is connected to what:"
_EVERYTHING = Call("exposures", {"about": "all", "limit": 5})
_NOTHING_YET = "Nothing was asked in this thread yet that could be repeated. Ask all of it:"


@dataclass(frozen=True, slots=True)
class Around:
    """What a question stands among."""

    things: list[Thing]
    """What the thread showed last."""
    tools: frozenset[str]
    """The names of the tools that are offered."""

    @property
    def operator(self) -> bool:
        """Whether the channel may see every tenant."""
        return "list_tenants" in self.tools


Rule = Callable[[Asked, Around], list[Call]]


def first_calls(asked: Asked, turns: Sequence[Turn], tools: frozenset[str]) -> list[Call]:
    """The first calls for a question that stands by itself."""
    _, things = last_shown(turns)
    around = Around(things, tools)
    for rule in _RULES:
        calls = rule(asked, around)
        if calls:
            return calls
    return _not_understood(asked)


def next_calls(asked: Asked, turn: Turn, tools: frozenset[str]) -> list[Call]:
    """What to call once the first tools have answered; nothing when it is time to speak."""
    last = turn.calls[-1]
    if any(isinstance(view, Choices) for view in last.views):
        return []
    if last.error and not turn.views:
        return _after_error(asked, turn, last, tools)
    if sum(not call.error for call in turn.calls) > 1:
        return []
    if last.name == "search_findings":
        return _after_search(asked, last)
    exposures = [e for v in last.views if isinstance(v, ExposureList) for e in v.exposures]
    exposures.sort(key=lambda e: (-e.score, e.tenant, e.ref))
    if last.name == "exposures" and exposures:
        return _about_exposure(asked, exposures[_index(asked, len(exposures))].ref)
    return []


def _after_search(asked: Asked, last: Called) -> list[Call]:
    lists = [view for view in last.views if isinstance(view, FindingList)]
    findings = [finding for view in lists for finding in view.findings]
    if findings:
        wanted = wants_fix(asked)
        return [Call("remediation_advice", {"about": findings[0].ref})] if wanted else []
    if {"service", "text"} <= set(last.arguments):
        # What one service's findings do not mention, another's may: patches are SSM's.
        wider = {name: value for name, value in last.arguments.items() if name != "service"}
        return [Call("search_findings", wider)]
    return []


def _about_exposure(asked: Asked, ref: str) -> list[Call]:
    """After the ranked list: what a question without a ref wants to know of one of it."""
    if wants_fix(asked) and not asked.says(says.FIX_FIRST):
        return [Call("remediation_advice", {"about": ref})]
    if asked.says(says.WHY):
        return [Call("explain_exposure", {"ref": ref})]
    if asked.says(says.DRAW) and not asked.says(says.SHOW_A_LIST):
        return [_walk(ref, "connected", draw=True)]
    return []


def _after_error(asked: Asked, turn: Turn, last: Called, tools: frozenset[str]) -> list[Call]:
    """A name that the graph does not know may still stand in findings; a cut may be no control."""
    about = str(last.arguments.get("about", last.arguments.get("ref", "")))
    fixing = last.name in {"remediation_advice", "propose_fix"}
    if fixing and about.startswith("X-") and "no finding" in last.error:
        return [Call("explain_exposure", {"ref": about})]
    if about and not asked.controls and about == closed_by(asked):
        # No such failure is open: whether that port is open at all.
        return [_open_port(asked)] if len(turn.calls) == 1 else []
    if about and about not in asked.refs and about not in asked.controls:
        # What the thread spoke of is not there, or not in the tenant that is asked about now.
        return [] if len(turn.calls) > 1 else first_calls(asked, (), tools)
    name = str(last.arguments.get("resource", ""))
    named = {*asked.names, *asked.unknown}
    if name in named and name.endswith("s") and len(turn.calls) == 1:
        # `deploy-bots key`, typed without its apostrophe.
        return [Call(last.name, {**last.arguments, "resource": name[:-1]})]
    name = f"{name}s" if f"{name}s" in named else name
    if name not in named or last.name == "search_findings":
        return []
    searched = any(call.name == "search_findings" for call in turn.calls)
    return [] if searched else [Call("search_findings", {"text": name, "limit": 5})]


def _index(asked: Asked, count: int) -> int:
    if asked.ordinal is None or count == 0:
        return 0
    return min(asked.ordinal - 1, count - 1) if asked.ordinal > 0 else count - 1


def _small_talk(asked: Asked, _: Around) -> list[Call]:
    if asked.says(says.HELP) and not asked.severities and not asked.names:
        more = (("Active threats", canonical.THREATS), ("Top resources", canonical.TOP_RESOURCES))
        return [ask_back(_HELLO, *_EXAMPLES, *more)]
    return []


def _thanks(asked: Asked, _: Around) -> list[Call]:
    """Last of all: "thanks, and what about X" asks about X."""
    if not asked.says(says.THANKS):
        return []
    return [ask_back("Any time. What next?", *_EXAMPLES[:2])]


def _of_refs(asked: Asked, _: Around) -> list[Call]:
    if not asked.refs:
        return []
    ref = asked.refs[0]
    if asked.says(says.DRAW) or asked.says(says.PATH):
        return [_walk(ref, "connected", draw=True)]
    if wants_fix(asked):
        return [Call("remediation_advice", {"about": ref})]
    if ref.startswith("X-"):
        return [Call("explain_exposure", {"ref": ref})]
    return [Call("finding_detail", {"ref": ref})]


def _cannot(asked: Asked, around: Around) -> list[Call]:
    if any(map(asked.says, (says.HOW, says.ASKS_ABOUT, says.ABOUT_FINDINGS))):
        return []
    words = next((words for meaning, words in says.CANNOT if asked.says(meaning)), None)
    if words is None:
        return []
    near = _EXAMPLES[:2]
    if asked.names:
        about = asked.names[0]
        near = (
            ("What it could reach", canonical.can_reach(about)),
            ("What is wrong with it", canonical.about(about)),
        )
    elif around.things and around.things[0].kind != "resource":
        near = (("Plan the fix", canonical.plan_fix(around.things[0].ref)), _EXAMPLES[0])
    return [ask_back(f"I can't {words}. The nearest that I can do:", *near)]


def _approvers(asked: Asked, _: Around) -> list[Call]:
    return [Call("approvers")] if asked.says(says.WHO_APPROVES) else []


def _fix(asked: Asked, around: Around) -> list[Call]:
    return fix(asked, around.things, _index(asked, len(around.things)))


def _of_resources(asked: Asked, _: Around) -> list[Call]:
    """Questions about a resource that is named."""
    if not asked.names:
        return []
    name = asked.names[0]
    draw = asked.says(says.DRAW) and not asked.says(says.ABOUT)
    if asked.says(says.THREATS) and asked.says(says.HAPPENED):
        return [Call("search_findings", {"kind": "threat", "resource": name, "limit": 5})]
    for meaning, question in (
        # `what can web-7 reach?` and `what can reach web-7?` are the same words beside the name.
        (says.WHO_REACHES, "can_reach" if asked.acts else "who_can_reach"),
        (says.FROM_INTERNET, "from_internet"),
        (says.REACH, "can_reach"),
        (says.CONNECTED, "connected"),
    ):
        if asked.says(meaning):
            return [_walk(name, question, draw=draw or question == "from_internet")]
    if asked.severities or asked.says(says.PROBLEMS):
        return [search_for(asked, resource=name)]
    if draw:
        return [_walk(name, "connected", draw=True)]
    return [Call("resource_detail", {"resource": name})]


def _who_fixes(asked: Asked, _: Around) -> list[Call]:
    """Who has to fix what is named: its owner, and not who has access to it."""
    if not (asked.names and asked.says(says.WHO_FIXES)):
        return []
    return [Call("resource_detail", {"resource": asked.names[0]})]


def _from_outside(asked: Asked, _: Around) -> list[Call]:
    """How far somebody gets from the internet: the attack paths, and no threat that goes on."""
    if asked.says(says.FROM_INTERNET) and asked.says(says.REACH) and not asked.says(says.ANYONE):
        return [_EVERYTHING]
    return []


def _walk(resource: str, question: str, *, draw: bool) -> Call:
    return Call("connections", {"resource": resource, "question": question, "draw": draw})


def _compare(asked: Asked, _: Around) -> list[Call]:
    if asked.since or not asked.says(says.COMPARE):
        return []
    return [Call("posture_summary")]


def _tenants(asked: Asked, around: Around) -> list[Call]:
    wanted = asked.says(says.TENANTS) or (around.operator and asked.says(says.WHO_OWNS))
    if asked.severities or asked.service or not wanted:
        return []
    # A tenant's channel tells how its own stands, and where the others are told of.
    return [Call("list_tenants")] if around.operator else [Call("posture_summary")]


def _posture(asked: Asked, _: Around) -> list[Call]:
    if not asked.says(says.POSTURE) or about_topic(asked):
        return []
    return [Call("posture_summary")]


def _changes(asked: Asked, _: Around) -> list[Call]:
    listed = asked.first_seen and (asked.severities or asked.service or asked.says(says.LISTED))
    since_then = asked.says(says.SINCE_THEN) and not listed
    went = asked.since and asked.says(says.RESOLVED)
    if not (asked.says(says.CHANGES) or since_then or went):
        return []
    usual = "last_week" if asked.says(says.TREND) else "yesterday"
    given = {"since": asked.since or usual}
    if asked.says(says.ONLY_FIXED) and not asked.says(says.NOT_ONLY_FIXED):
        given["about"] = "fixed"
    return [Call("changes", given)]


def _ddos(asked: Asked, _: Around) -> list[Call]:
    return [Call("public_resources", {"kind": "ddos"})] if asked.says(says.DDOS) else []


def _public(asked: Asked, _: Around) -> list[Call]:
    if asked.port is not None and (_is_short(asked) or asked.says(says.AT_A_PORT)):
        return [_open_port(asked)]
    if asked.says(says.OPEN_GROUPS):
        kind = "security_groups"
    elif asked.says(says.PUBLIC):
        kind = next((kind for meaning, kind in says.PUBLIC_KINDS if asked.says(meaning)), "all")
    else:
        return []
    given: dict[str, object] = {"kind": kind}
    if kind != "security_groups" and asked.says(says.UNPATCHED):
        given["unpatched"] = True
    return [Call("public_resources", given)]


def _open_port(asked: Asked) -> Call:
    return Call("public_resources", {"kind": "security_groups", "port": asked.port})


def _threats(asked: Asked, _: Around) -> list[Call]:
    if not asked.says(says.THREATS) or asked.says(says.EXPOSURES):
        return []
    return [
        Call("search_findings", {"kind": "threat", "limit": 5}),
        Call("exposures", {"about": "threat", "limit": 3}),
    ]


def _is_short(asked: Asked) -> bool:
    """`port 3306`, `ssh?`: nothing is said of it."""
    return len(asked.text.split()) <= 2  # noqa: PLR2004 - "port" and its number


def _exposures(asked: Asked, _: Around) -> list[Call]:
    about = next((about for meaning, about in says.EXPOSURES_ABOUT if asked.says(meaning)), None)
    if about == "blind_spot" and asked.service:
        return []
    if about == "identity":
        return [Call("risky_identities")]
    if about is not None:
        return [Call("exposures", {"about": about, "limit": 5})]
    if asked.says(says.WHY_ALONE) or asked.says(says.SHOW_ALONE):
        return [_EVERYTHING]
    if asked.says(says.ATTENTION) and not asked.says(says.COUNTS_OR_AGES):
        limit = 10 if asked.says(says.EVERYTHING) else 5
        return [Call("exposures", {"about": "all", "limit": limit})]
    return []


def _top(asked: Asked, _: Around) -> list[Call]:
    if not asked.says(says.TOP_RESOURCES):
        return []
    given: dict[str, object] = {"limit": 5}
    if asked.service:
        given["service"] = asked.service
    if asked.severities:
        given["severities"] = list(asked.severities)
    return [Call("top_resources", given)]


def _findings(asked: Asked, _: Around) -> list[Call]:
    if asked.cves:
        return [Call("search_findings", {"text": asked.cves[0], "limit": 10})]
    named = asked.severities or asked.service or asked.controls or asked.account or asked.region
    if asked.says(says.AND_HOW_MANY) and (asked.service or asked.severities):
        wide = replace(asked, service=None) if asked.service else replace(asked, severities=())
        return [search_for(wide), search_for(asked)]
    if named or "first_seen_before" in asked.first_seen or asked.says(says.ANY_FINDINGS):
        return [search_for(asked)]
    return []


def _topics(asked: Asked, _: Around) -> list[Call]:
    return [search_for(asked)] if about_topic(asked) else []


def _unknown_word(asked: Asked, around: Around) -> list[Call]:
    """A word that questions are not made of is perhaps what something is called."""
    if len(asked.unknown) != 1:
        return []
    return _of_resources(replace(asked, names=asked.unknown), around)


def _not_understood(asked: Asked) -> list[Call]:
    if not asked.text and not asked.names:
        return [ask_back("What would you like to know?", *_EXAMPLES)]
    if asked.says(says.SAME):
        return [ask_back(_NOTHING_YET, *_EXAMPLES)]
    return [ask_back(_LOST, *_EXAMPLES[:2], ("Help", canonical.HELP))]


_RULES: tuple[Rule, ...] = (
    _of_refs,
    _small_talk,
    _cannot,
    _approvers,
    _fix,
    _who_fixes,
    _of_resources,
    _from_outside,
    _ddos,
    _compare,
    _changes,
    _posture,
    _threats,
    _public,
    _top,
    _exposures,
    _tenants,
    _findings,
    _topics,
    _thanks,
    _unknown_word,
)
