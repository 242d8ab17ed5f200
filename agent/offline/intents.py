"""Which tools answer a question: one small rule for each kind of question, the first that fits."""

import re
from collections.abc import Callable, Sequence

from agent import canonical
from agent.offline.steps import Call, ask_back
from agent.offline.thread import Thing, Turn, last_shown
from agent.offline.understand import Asked
from agent.offline.vocabulary import CANNOT
from agent.views import Choices, ExposureList, FindingList

_HOW = r"\b(?:how (?:do|can|could|would|should|to)|what would|what does it take)\b"
_FIX = r"\b(?:fix|fixed|fixing|remediate|remediation|remedy|mitigate|resolve|solve|close|plan|advice|repair|harden)\b"
_DRAW = r"\b(?:graph|draw|picture|diagram|map|topology|visuali[sz]e|image|show me|show it)\b"
_REACH = r"\b(?:blast|radius|reach|attacker|hacker|get at|compromised?|pivot|lateral)\b"
_WHO_REACHES = r"\bwho (?:can|could) (?:reach|access|get|use|read|assume)|\bcan reach\b|\bhas access\b|\bwho has\b"
_EXAMPLES = (
    ("What needs attention first", canonical.ATTENTION),
    ("What is public", canonical.PUBLIC),
    ("What changed", canonical.CHANGED_TODAY),
)
Rule = Callable[[Asked, list[Thing]], list[Call]]


def first_calls(asked: Asked, turns: Sequence[Turn]) -> list[Call]:
    """The first calls for a question that stands by itself."""
    _, things = last_shown(turns)
    for rule in _RULES:
        calls = rule(asked, things)
        if calls:
            return calls
    return _not_understood(asked)


def next_calls(asked: Asked, turn: Turn) -> list[Call]:
    """What to call once the first tools have answered; nothing when it is time to speak."""
    last = turn.calls[-1]
    if any(isinstance(view, Choices) for view in last.views):
        return []
    if last.error and not turn.views and last.name in {"connections", "resource_detail"}:
        return _try_as_text(asked, turn)
    if len(turn.calls) > 1:
        return []
    exposures = [e for v in last.views if isinstance(v, ExposureList) for e in v.exposures]
    exposures.sort(key=lambda e: (-e.score, e.tenant, e.ref))
    if last.name == "exposures" and exposures:
        return _about_exposure(asked, exposures[_index(asked, len(exposures))].ref)
    findings = [f for v in last.views if isinstance(v, FindingList) for f in v.findings]
    if last.name == "search_findings" and findings and _wants_fix(asked):
        return [Call("remediation_advice", {"about": findings[0].ref})]
    return []


def _about_exposure(asked: Asked, ref: str) -> list[Call]:
    """After the ranked list: what a question without a ref wants to know of one of it."""
    if _wants_fix(asked):
        return [Call("remediation_advice", {"about": ref})]
    if asked.says(r"\bwhy\b|\breason\b|\bscore\b"):
        return [Call("explain_exposure", {"ref": ref})]
    if asked.says(_DRAW) and not asked.says(r"\bshow me (?:what|the (?:top|worst|risk))"):
        return [Call("connections", {"resource": ref, "question": "connected", "draw": True})]
    return []


def _try_as_text(asked: Asked, turn: Turn) -> list[Call]:
    """A name that the graph does not know may still stand in findings."""
    name = asked.names[0] if asked.names else ""
    if not name or any(call.name == "search_findings" for call in turn.calls):
        return []
    return [Call("search_findings", {"text": name, "limit": 5})]


def _index(asked: Asked, count: int) -> int:
    if asked.ordinal is None or count == 0:
        return 0
    return min(asked.ordinal - 1, count - 1) if asked.ordinal > 0 else count - 1


def _wants_fix(asked: Asked) -> bool:
    return asked.says(_FIX) and not asked.says(
        r"\b(?:what|anything|findings?) (?:was|were|got|been) "
    )


def _small_talk(asked: Asked, _: list[Thing]) -> list[Call]:
    helps = r"\bhelp\b|^(?:hi|hello|hey|yo|hallo|good (?:morning|evening|afternoon))\b|what can (?:you|i) (?:do|ask)|how do (?:you|i) (?:work|use)"
    if asked.says(helps) and not asked.severities and not asked.names:
        return [
            ask_back(
                "I answer from your own findings and resource graph. Ask me, for example:",
                *_EXAMPLES,
                ("Active threats", canonical.THREATS),
                ("Top resources", canonical.TOP_RESOURCES),
            )
        ]
    if asked.says(r"^(?:thanks?|thank you|thx|cheers|great|ok|okay|perfect|cool|nice|danke)\b"):
        return [ask_back("Any time. What next?", *_EXAMPLES[:2])]
    return []


def _of_refs(asked: Asked, _: list[Thing]) -> list[Call]:
    if not asked.refs:
        return []
    ref = asked.refs[0]
    if asked.says(_DRAW) or asked.says(r"\bpath\b"):
        return [Call("connections", {"resource": ref, "question": "connected", "draw": True})]
    if _wants_fix(asked):
        return [Call("remediation_advice", {"about": ref})]
    if ref.startswith("X-"):
        return [Call("explain_exposure", {"ref": ref})]
    return [Call("finding_detail", {"ref": ref})]


def _cannot(asked: Asked, things: list[Thing]) -> list[Call]:
    if asked.says(_HOW) or asked.says(r"\bwhat (?:needs|should|changed)|\bwhy\b|\bcould i\b"):
        return []
    for pattern, words in CANNOT:
        if asked.says(pattern) and not asked.says(r"\bfindings?\b|\bencrypted\b|\bcontrols?\b"):
            about = asked.names[0] if asked.names else ""
            if about:
                near = (
                    ("What it could reach", canonical.can_reach(about)),
                    ("What is wrong with it", canonical.about(about)),
                )
            elif things and things[0].kind != "resource":
                near = (
                    ("Plan the fix", canonical.plan_fix(things[0].ref)),
                    _EXAMPLES[0],
                )
            else:
                near = _EXAMPLES[:2]
            return [ask_back(f"I can't {words}. The nearest that I can do:", *near)]
    return []


def _fix(asked: Asked, things: list[Thing]) -> list[Call]:
    if not (
        _wants_fix(asked)
        and (
            asked.says(_HOW)
            or asked.says(
                r"^(?:please |can you |could you )?(?:fix|remediate|plan|close|mitigate|advice)|\bfix\b|\bremed"
            )
        )
    ):
        return []
    if asked.controls:
        return [Call("remediation_advice", {"about": asked.controls[0]})]
    if asked.names:
        return [Call("search_findings", {"resource": asked.names[0], "limit": 5})]
    ports = re.search(r"\b(ssh|rdp|imds|imdsv1|mfa)\b", asked.text)
    if ports:
        return [Call("search_findings", {"text": ports[1], "limit": 5})]
    if things and things[0].kind != "resource":
        return [Call("remediation_advice", {"about": things[_index(asked, len(things))].ref})]
    if things:
        return [Call("search_findings", {"resource": things[0].ref, "limit": 5})]
    return [Call("exposures", {"about": "all", "limit": 5})]


def _of_resources(asked: Asked, _: list[Thing]) -> list[Call]:
    """Questions about a resource that is named."""
    if not asked.names:
        return []
    name = asked.names[0]
    draw = asked.says(_DRAW)
    if asked.says(_WHO_REACHES):
        return [_walk(name, "who_can_reach", draw=draw)]
    if asked.says(
        r"\b(?:from|by) the (?:internet|outside|world)\b|\binternet\b.*\bpath\b|\bpath\b.*\binternet\b"
    ):
        return [_walk(name, "from_internet", draw=True)]
    if asked.says(_REACH):
        return [_walk(name, "can_reach", draw=draw)]
    if draw or asked.says(
        r"\b(?:connected|connections?|attached|neighbou?rs?|related|around|next to|linked|talks? to|depends?)\b"
    ):
        return [_walk(name, "connected", draw=draw)]
    if asked.severities or asked.says(
        r"\b(?:findings?|issues?|problems?|alerts?|vulnerabilit\w+)\b"
    ):
        return [_search(asked, resource=name)]
    return [Call("resource_detail", {"resource": name})]


def _walk(resource: str, question: str, *, draw: bool) -> Call:
    return Call("connections", {"resource": resource, "question": question, "draw": draw})


def _tenants(asked: Asked, _: list[Thing]) -> list[Call]:
    if asked.says(
        r"\bcompare\b|\bcomparison\b|\bversus\b|\bvs\b|which (?:tenant|customer|account) is (?:the )?(?:worst|best)|\bworst tenant\b"
    ):
        return [Call("posture_summary")]
    if asked.says(
        r"\b(?:tenants|customers)\b|\b(?:list|which|what|how many|show)\b.*\b(?:tenants?|customers?|accounts)\b"
    ):
        return [Call("list_tenants"), Call("posture_summary")][
            : 1 if not asked.says(r"\bhow are\b") else 2
        ]
    return []


def _posture(asked: Asked, _: list[Thing]) -> list[Call]:
    words = r"\bpostur\w*|\boverview\b|\bsummary\b|\bsummar\w+|\bhow (?:are|is) (?:we|it|things|things going|everything|our|the)\b|\bstatus\b|\bstate of\b|\bhow bad\b|\bhealth\b|\bscore ?card\b|\bwhere do we stand\b|\bhow (?:secure|safe) "
    return [Call("posture_summary")] if asked.says(words) else []


def _changes(asked: Asked, _: list[Thing]) -> list[Call]:
    words = r"\bchang\w+|\bwhat(?: is| s)? new\b|\bnews?\b|\bhappen\w*|\bdifferen\w+|\bregress\w+|\btrend\w*|\bsince\b|\bcame in\b|\bfixed\b.*\b(?:week|yesterday|today|month)|\bwhat (?:was|got|were) (?:fixed|resolved)|\breopened\b|\brecent\w*"
    if not asked.says(words):
        return []
    return [Call("changes", {"since": asked.since or "yesterday"})]


def _public(asked: Asked, _: list[Thing]) -> list[Call]:
    if asked.says(r"\bddos\b|\bdenial of service\b|\bflood\w*\b|\bdos attack"):
        return [Call("public_resources", {"kind": "ddos"})]
    if asked.says(
        r"\b(?:security )?groups?\b|\bopen ports?\b|\bopen ssh\b|\bssh open\b|\bports? .*open\b|\brdp\b"
    ):
        return [Call("public_resources", {"kind": "security_groups"})]
    public = asked.says(
        r"\bpublic\w*\b|\binternet\b|\bexposed\b|\bopen to (?:the|everyone|all|any)|\bworld\b|\boutside\b|\breachable\b|\banyone\b|\banonymous\w*|\bfacing\b"
    )
    if not public:
        return []
    kinds = (
        (r"\bbuckets?\b|\bs3\b|\bstorage\b|\bsnapshots?\b", "storage"),
        (r"\bdatabases?\b|\brds\b|\bdbs?\b|\bredshift\b", "databases"),
        (r"\binstances?\b|\bec2\b|\bservers?\b|\bcompute\b|\blambdas?\b|\bfunctions?\b|\bhosts?\b|\bvms?\b", "compute"),
    )  # fmt: skip
    kind = next((kind for pattern, kind in kinds if asked.says(pattern)), "all")
    return [Call("public_resources", {"kind": kind})]


def _exposures(asked: Asked, _: list[Thing]) -> list[Call]:
    about = (
        (r"\bident\w+|\b(?:risky|dangerous|admin\w*|privileged|overprivileged|old|stale|unused) (?:\w+ )?(?:users?|roles?|keys?|identit\w+|credentials?|access)|\baccess keys?\b|\badmins?\b|\bwho has admin\b|\bprivileges?\b", "identity"),
        (r"\bthreats?\b|\bunder attack\b|\bbeing attacked\b|\bactive attacks?\b|\bintrus\w+|\bintruders?\b|\bhacked\b|\bcompromis\w+|\bmalicious\b|\bsuspicious\b|\bguardduty\b|\bincidents?\b|\bbreach\w*", "threat"),
        (r"\bblind ?spots?\b|\blogging\b|\bmonitor\w+|\bvisibility\b|\bunmonitored\b", "blind_spot"),
        (r"\bsensitive\b|\bcustomer data\b|\bdata (?:leak|loss|expos\w+|at risk)\b|\bexfil\w+|\bpath\w* to (?:\w+ )?data\b", "data"),
        (r"\battack paths?\b|\bpaths? from\b|\bfrom the internet\b", "internet"),
    )  # fmt: skip
    for pattern, kind in about:
        if asked.says(pattern):
            if kind == "threat" and not asked.says(r"\bexposures?\b"):
                return [
                    Call("search_findings", {"kind": "threat", "limit": 5}),
                    Call("exposures", {"about": "threat", "limit": 3}),
                ]
            return [Call("exposures", {"about": kind, "limit": 5})]
    attention = r"\battention\b|\bfirst\b|\burgent\w*|\bpriorit\w+|\bmost (?:important|urgent|dangerous|critical|risky|serious)\b|\bworst\b|\bbiggest\b|\btop (?:\d+ )?(?:risks?|issues?|problems?|exposures?|things?|findings?|priorit\w+)|\briskiest\b|\bmatters? (?:most|now)\b|\bwhat matters\b|\bwhere (?:do|should|to|shall) (?:\w+ )?(?:start|begin)\b|\bon fire\b|\bburning\b|\bwhat (?:should|do|must|shall) (?:i|we) (?:do|fix|look|worry|work|tackle|focus)\b|\bexposures?\b|\bworried\b|\bworry\b|\bto ?do\b|\banything (?:wrong|bad|urgent|critical)|\bwhat is wrong\b|\bwhats wrong\b|\brisks?\b|\bsleep\b"
    if asked.says(r"^why\b|\bwhy\b"):
        return [Call("exposures", {"about": "all", "limit": 5})]
    if asked.says(
        r"^(?:please )?show (?:me|it)(?: (?:it|that|please|the (?:graph|picture|path)))?$|^(?:draw|graph|picture)\b"
    ):
        return [Call("exposures", {"about": "all", "limit": 5})]
    if asked.says(attention) and not asked.says(r"\b(?:oldest|longest|how many|count)\b"):
        limit = 10 if asked.says(r"\ball\b|\bevery\b|\blist\b") else 5
        return [Call("exposures", {"about": "all", "limit": limit})]
    return []


def _top(asked: Asked, _: list[Thing]) -> list[Call]:
    if not asked.says(
        r"\btop (?:\d+ )?(?:resources?|assets?|hosts?|instances?|buckets?|offenders?)|\bresources?\b.*\b(?:most|worst)\b|\b(?:most|worst)\b.*\bresources?\b|\bwhich resources?\b|\bnoisiest\b"
    ):
        return []
    given: dict[str, object] = {"limit": 5}
    if asked.service:
        given["service"] = asked.service
    if asked.severities:
        given["severities"] = list(asked.severities)
    return [Call("top_resources", given)]


def _findings(asked: Asked, _: list[Thing]) -> list[Call]:
    if asked.cves:
        return [Call("search_findings", {"text": asked.cves[0], "limit": 10})]
    words = r"\bfindings?\b|\bissues?\b|\balerts?\b|\bvulnerabilit\w+|\bvulnerable\b|\bvulns?\b|\bcves?\b|\bexploit\w*|\bmuted\b|\bsuppress\w+|\baccepted\b|\bresolved\b|\bfailed\b|\bfailing\b|\bcompliance\b|\bchecks?\b|\boldest\b|\blongest\b|\bproblems?\b|\bcontrols?\b|\bmisconfig\w+|\bhow many\b|\bnewest\b|\blatest\b"
    if not (asked.severities or asked.service or asked.controls or asked.says(words)):
        return []
    return [_search(asked)]


def _search(asked: Asked, resource: str = "") -> Call:
    """A search for what a question names."""
    given: dict[str, object] = {
        "limit": 10 if asked.says(r"\ball\b|\blist\b|\bevery\b") or asked.offset else 5
    }
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
    if asked.says(r"\bexploit\w*"):
        given |= {"kind": "vulnerability", "exploitable": True}
    elif asked.says(r"\bvuln\w*|\bcves?\b"):
        given["kind"] = "vulnerability"
    elif asked.says(r"\bcompliance\b|\bchecks?\b|\bcontrols?\b") and not asked.controls:
        given["kind"] = "compliance"
    if asked.says(r"\bmuted\b|\bsuppress\w+|\baccepted\b|\bexceptions?\b"):
        given["state"] = "muted"
    elif asked.says(r"\bresolved\b|\bclosed\b|\bfixed\b"):
        given["state"] = "resolved"
    if asked.says(r"\boldest\b|\blongest\b|\bforgotten\b|\bageing\b|\baging\b"):
        given["order"] = "oldest"
    elif asked.says(r"\bnewest\b|\blatest\b|\bmost recent\b"):
        given["order"] = "newest"
    return Call("search_findings", given)


def _not_understood(asked: Asked) -> list[Call]:
    if not asked.text and not asked.names:
        return [ask_back("What would you like to know?", *_EXAMPLES)]
    return [
        ask_back(
            "I can't tell what is meant. I know findings, resources and what is connected to what:",
            *_EXAMPLES[:2],
            ("Help", canonical.HELP),
        )
    ]


_RULES: tuple[Rule, ...] = (
    _of_refs,
    _small_talk,
    _cannot,
    _fix,
    _of_resources,
    _tenants,
    _changes,
    _posture,
    _public,
    _top,
    _exposures,
    _findings,
)
