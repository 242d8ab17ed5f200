"""The questions that our own buttons ask: cards write them, the offline planner understands them.

Each is a sentence that a person could have typed; every one stands alone, so that a button pressed
an hour later still asks what its label says. Words that come from data (a resource's name) are put
between backticks. An operator channel's button names its tenant: `... in acme`.
"""

import re
from collections.abc import Mapping

from integrations.findings.port import Severity

ATTENTION = "what needs attention first"
ALL_EXPOSURES = "all exposures"
POSTURE = "posture"
TENANTS = "list tenants"
COMPARE = "compare tenants"
CHANGED_TODAY = "what changed since yesterday"
CHANGED_WEEK = "what changed since last week"
TOP_RESOURCES = "top resources"
PUBLIC = "what is public"
OPEN_GROUPS = "open security groups"
PUBLIC_BUCKETS = "public buckets"
DDOS = "what is exposed to DDoS"
RISKY_IDENTITIES = "risky identities"
EXPLOITABLE = "exploitable vulnerabilities"
THREATS = "active threats"
OLDEST_CRITICALS = "oldest open criticals"
HELP = "help"

_SPAN = re.compile(r"(\d+)([hd])")
_PLURALS = {
    Severity.FATAL: "fatals",
    Severity.CRITICAL: "criticals",
    Severity.HIGH: "highs",
    Severity.MEDIUM: "mediums",
    Severity.LOW: "lows",
    Severity.INFORMATIONAL: "informationals",
}


def in_tenant(question: str, tenant: str | None) -> str:
    """The question, asked of one tenant: `posture in acme`."""
    return f"{question} in {tenant}" if tenant else question


def show_graph(thing: str, tenant: str | None = None) -> str:
    """`show the graph of X-AB12CD`; also of a resource's short id or ARN."""
    return in_tenant(f"show the graph of {named(thing)}", tenant)


def why(ref: str, tenant: str | None = None) -> str:
    """`why X-AB12CD`."""
    return in_tenant(f"why {ref}", tenant)


def plan_fix(ref: str, tenant: str | None = None) -> str:
    """`plan the fix of X-AB12CD`; also of a finding's ref."""
    return in_tenant(f"plan the fix of {ref}", tenant)


def preview(ref: str, tenant: str | None = None) -> str:
    """`what would fixing F-ABCDEFGH do`: the plan, shown before anybody is asked to approve it."""
    return in_tenant(f"what would fixing {ref} do", tenant)


def explain(ref: str, tenant: str | None = None) -> str:
    """`explain F-ABCDEFGH`."""
    return in_tenant(f"explain {ref}", tenant)


def all_open(severity: Severity | None, tenant: str | None = None) -> str:
    """`all open criticals`; `all open findings` for None."""
    return in_tenant(f"all open {_PLURALS.get(severity or Severity.UNKNOWN, 'findings')}", tenant)


def next_page(filtered: Mapping[str, str], offset: int, tenant: str | None = None) -> str:
    """`all open criticals of S3 on web-7 in acme from 11`: a list's next page, counted from 1.

    `filtered` is a `FindingList`'s own; arguments that no sentence of ours can say (a text, a
    state, the newest first) are left out, so ask only for lists that `can_page`.
    """
    severities = [_severity(name) for name in filtered.get("severities", "").split(",") if name]
    severity = severities[0] if len(severities) == 1 else None
    words = [all_open(severity)]
    if filtered.get("service"):
        words.append(f"of {filtered['service']}")
    if filtered.get("control"):
        words.append(f"of control {filtered['control']}")
    if filtered.get("resource"):
        words.append(f"on {named(filtered['resource'])}")
    if filtered.get("account"):
        words.append(f"in account {filtered['account']}")
    words += _first_seen(filtered)
    if filtered.get("order") == "oldest":
        words.append("by age")
    question = in_tenant(" ".join(words), tenant)
    return f"{question} from {offset + 1}" if offset else question


def can_page(filtered: Mapping[str, str]) -> bool:
    """Whether `next_page` can say everything that a list was asked with."""
    sayable = {"severities", "service", "control", "resource", "account", "limit", "offset"}
    sayable |= {"first_seen_since", "first_seen_before"}
    by_age = {"order"} if filtered.get("order") == "oldest" else set[str]()
    several = "," in filtered.get("severities", "") or "_" in filtered.get("first_seen_before", "")
    return set(filtered) <= sayable | by_age and not several


def findings_on(thing: str, tenant: str | None = None) -> str:
    """`open findings on i-0abc`: those of a resource."""
    return in_tenant(f"open findings on {named(thing)}", tenant)


def about(thing: str, tenant: str | None = None) -> str:
    """`tell me about i-0abc`: a resource's detail."""
    return in_tenant(f"tell me about {named(thing)}", tenant)


def can_reach(thing: str, tenant: str | None = None) -> str:
    """`what could an attacker reach from i-0abc`."""
    return in_tenant(f"what could an attacker reach from {named(thing)}", tenant)


def who_can_reach(thing: str, tenant: str | None = None) -> str:
    """`who can reach i-0abc`."""
    return in_tenant(f"who can reach {named(thing)}", tenant)


def connected_to(thing: str, tenant: str | None = None) -> str:
    """`what is connected to i-0abc`."""
    return in_tenant(f"what is connected to {named(thing)}", tenant)


def named(thing: str) -> str:
    """A name as a question may hold it: between backticks unless it is an id of one plain word."""
    word = " ".join(thing.replace("`", "").split())
    plain = word.replace("-", "").replace("_", "").isalnum() and word.isascii()
    return word if plain else f"`{word}`"


def _first_seen(filtered: Mapping[str, str]) -> list[str]:
    """`opened in the last 14 days`, `opened this month`, `older than 90 days`."""
    since, before = filtered.get("first_seen_since", ""), filtered.get("first_seen_before", "")
    words = []
    if since:
        span = _SPAN.fullmatch(since)
        named = since.replace("_", " ") if since.startswith(("this_", "last_", "to")) else ""
        words.append(
            f"opened {named or (f'in the last {_span(span)}' if span else f'since {since}')}"
        )
    if before:
        span = _SPAN.fullmatch(before)
        words.append(f"older than {_span(span)}" if span else f"opened before {before}")
    return words


def _span(found: re.Match[str]) -> str:
    return f"{found[1]} {'hours' if found[2] == 'h' else 'days'}"


def _severity(name: str) -> Severity | None:
    return Severity.__members__.get(name.strip().upper())
