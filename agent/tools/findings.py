"""Questions about findings: lists, one finding, the worst resources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from agent import canonical
from agent.tools.moments import moment_of
from agent.tools.naming import short_name
from agent.tools.reader import TenantReader
from agent.views import Choices, FindingDetail, FindingList, TopResources
from integrations.errors import NotFoundError, SecurityAssistError
from integrations.findings.controls import canonical_control
from integrations.findings.facts import facts_of
from integrations.findings.port import (
    OPEN,
    Dimension,
    Filter,
    Finding,
    FindingClass,
    FindingState,
    Order,
    Severity,
)
from integrations.runbooks.port import RemedyCatalogue

T = TypeVar("T")

MOST = 50
"""Findings that one call may list."""

_KINDS = {
    "any": frozenset[FindingClass](),
    "compliance": frozenset({FindingClass.COMPLIANCE}),
    "vulnerability": frozenset({FindingClass.VULNERABILITY}),
    "threat": frozenset({FindingClass.DETECTION}),
}
_STATES = {
    "open": frozenset({FindingState.OPEN}),
    "muted": frozenset({FindingState.MUTED}),
    "resolved": frozenset({FindingState.RESOLVED, FindingState.PASSED, FindingState.ARCHIVED}),
    "any": frozenset[FindingState](),
}
CLOSED = _STATES["resolved"]


class UnusableArgumentError(SecurityAssistError):
    """A tool was called with an argument that means nothing; says what it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What `search_findings` takes, as a model gives it."""

    severities: tuple[str, ...] = ()
    kind: str = "any"
    service: str | None = None
    control: str | None = None
    resource: str | None = None
    text: str | None = None
    state: str = "open"
    order: str = "worst"
    exploitable: bool = False
    account: str | None = None
    region: str | None = None
    first_seen_since: str | None = None
    first_seen_before: str | None = None
    limit: int = 10
    offset: int = 0


def search_findings(reader: TenantReader, search: Search) -> FindingList | Choices:
    """The findings that a search asks for, with how many there are in all.

    A question back when the resource's name is only part of several names.

    Raises:
        UnusableArgumentError: a value is not one of those that the search knows.
        UnknownMomentError: a bound in time is none.
        NotFoundError: neither the graph nor any finding knows the resource.
    """
    if search.control:
        search = replace(search, control=canonical_control(search.control) or search.control)
    resources, about = frozenset[str](), ""
    if search.resource:
        named = _resources(reader, search.resource)
        if isinstance(named, Choices):
            return named
        resources, about = named
    where = _filter(search, resources, reader.now)
    limit, exposed = max(1, min(search.limit, MOST)), 0
    order = _one_of(Order, search.order, "order")
    store = reader.systems.findings
    if search.exploitable:
        rows = [f for f in store.search(where, order, limit=2_000) if f.exploitable]
        total, found = len(rows), rows[search.offset : search.offset + limit]
    else:
        total = sum(t.count for t in store.count(where, Dimension.SEVERITY))
        found, exposed = _page(reader, where, order, max(0, search.offset), limit)
    names = reader.names_of(found)
    return FindingList(
        tenant=reader.tenant.id,
        asked=_in_words(search, about, reader.now),
        total=total,
        whole=reader.open_findings,
        findings=tuple(found),
        names=names,
        freshness=reader.freshness,
        filtered=_arguments(search),
        exposed=exposed,
    )


def _page(
    reader: TenantReader, where: Filter, order: Order, offset: int, limit: int
) -> tuple[list[Finding], int]:
    """A page of findings, and how many of all of them an exposure rests on.

    Worst first means: by severity, then those that an exposure rests on, in its rank; a likely
    exploit alone does not make a finding worse than one that completes a path.
    """
    store = reader.systems.findings
    if order is not Order.WORST or where.text or where.states != OPEN.states:
        return store.search(where, order, limit=limit, offset=offset), 0
    refs = dict.fromkeys(ref for e in reader.exposures for ref in e.findings)
    exposed = [f for f in (store.get(ref).finding for ref in refs) if _holds(where, f)]
    told = {finding.uid for finding in exposed}
    rest = [f for f in store.search(where, order, limit=offset + limit) if f.uid not in told]
    merged = exposed_first(reader, [*exposed, *rest])
    return merged[offset : offset + limit], len(exposed)


def exposed_first(reader: TenantReader, found: Sequence[Finding]) -> list[Finding]:
    """By severity; of equally severe ones those first that an exposure rests on."""
    exposed = {ref for e in reader.exposures for ref in e.findings}
    return sorted(found, key=lambda f: (-f.severity, f.ref not in exposed))


def _holds(where: Filter, finding: Finding) -> bool:
    """Whether a finding is one of those that a filter without a text asks for."""
    return all(
        (
            finding.state in where.states,
            not where.severities or finding.severity in where.severities,
            not where.classes or finding.cls in where.classes,
            not where.controls or finding.control in where.controls,
            not where.resources or not where.resources.isdisjoint(finding.resources),
            where.service in (None, finding.service),
            where.account in (None, finding.account),
            where.region in (None, finding.region),
            where.first_seen_since is None or finding.first_seen >= where.first_seen_since,
            where.first_seen_before is None or finding.first_seen < where.first_seen_before,
        )
    )


def _filter(search: Search, resources: frozenset[str], now: datetime) -> Filter:
    severities = frozenset(_severity(name) for name in search.severities)
    since, before = search.first_seen_since, search.first_seen_before
    return Filter(
        states=_key(_STATES, search.state, "state"),
        severities=severities,
        classes=_key(_KINDS, search.kind, "kind"),
        controls=frozenset({search.control}) if search.control else frozenset(),
        service=search.service or None,
        account=search.account or None,
        region=search.region or None,
        resources=resources,
        text=search.text or None,
        first_seen_since=moment_of(since, now, "first_seen_since").at if since else None,
        first_seen_before=moment_of(before, now, "first_seen_before").at if before else None,
    )


def _resources(reader: TenantReader, text: str) -> tuple[frozenset[str], str] | Choices:
    """Every resource that answers to a name: a name that several share means all of them."""
    same, near = reader.called(text)
    if same:
        return frozenset(r.id for r in same), same[0].name
    if len(near) > 1:
        return reader.which(text, near, canonical.findings_on)
    if near:
        return frozenset({near[0].id}), near[0].name
    # Findings may name what the graph has never heard of.
    named = frozenset({text})
    told = reader.systems.findings.count(
        Filter(states=_STATES["any"], resources=named), Dimension.STATE
    )
    if not told:
        raise NotFoundError(f"nothing called {short_name(text)} is known in {reader.tenant.id}")
    return named, short_name(text)


def _in_words(search: Search, about: str, now: datetime) -> str:
    state = "" if search.state == "any" else f"{search.state} "
    worst = " and ".join(name.lower() for name in search.severities)
    kind = {"any": "findings", "compliance": "failed checks", "threat": "threat findings"}.get(
        search.kind, "vulnerabilities"
    )
    words = [f"{state}{worst}".strip(), "exploitable" if search.exploitable else "", kind]
    if search.service:
        words.append(f"of {search.service}")
    if search.control:
        words.append(f"of control {search.control}")
    if about:
        words.append(f"on {about}")
    if search.account:
        words.append(f"in account {search.account}")
    if search.region:
        words.append(f"in {search.region}")
    if search.text:
        words.append(f"that mention {search.text}")
    return " ".join(word for word in (*words, _seen_in_words(search, now)) if word)


def _seen_in_words(search: Search, now: datetime) -> str:
    """`first seen since 1 November`."""
    since, before = search.first_seen_since, search.first_seen_before
    bounds = [moment_of(since, now).since] if since else []
    bounds += [moment_of(before, now).before] if before else []
    return f"first seen {' and '.join(bounds)}" if bounds else ""


def _arguments(search: Search) -> dict[str, str]:
    """The arguments that differ from the defaults, as strings, for a follow-up to change."""
    given = {
        "severities": ",".join(search.severities),
        "kind": search.kind if search.kind != "any" else "",
        "service": search.service or "",
        "control": search.control or "",
        "resource": search.resource or "",
        "text": search.text or "",
        "state": search.state if search.state != "open" else "",
        "order": search.order if search.order != "worst" else "",
        "exploitable": "true" if search.exploitable else "",
        "account": search.account or "",
        "region": search.region or "",
        "first_seen_since": search.first_seen_since or "",
        "first_seen_before": search.first_seen_before or "",
        "limit": str(search.limit),
        "offset": str(search.offset),
    }
    return {name: value for name, value in given.items() if value}


def finding_detail(
    reader: TenantReader, ref: str, remedies: RemedyCatalogue | None = None
) -> FindingDetail:
    """One finding with what its event tells; a known remedy says how to fix it better than that.

    Raises:
        NotFoundError: the tenant has no such finding.
    """
    stored = reader.systems.findings.get(ref.strip())
    finding = stored.finding
    known = reader.systems.resources.get([finding.resource])
    return FindingDetail(
        tenant=reader.tenant.id,
        finding=finding,
        resource=known.get(finding.resource),
        facts=_with_remedy(facts_of(stored.event), finding, remedies),
        exposures=reader.exposures_of(finding_ref=finding.ref),
        freshness=reader.freshness,
    )


def _with_remedy(
    facts: tuple[tuple[str, str], ...], finding: Finding, remedies: RemedyCatalogue | None
) -> tuple[tuple[str, str], ...]:
    remedy = remedies.remedy(finding.control) if remedies and finding.control else None
    if remedy is None:
        return facts
    known = "; ".join(remedy.steps) or remedy.title
    others = [fact for fact in facts if fact[0] != "How to fix"]
    place = next((i for i, fact in enumerate(others) if fact[0] == "Guide"), len(others))
    return (*others[:place], ("How to fix", known), *others[place:])


def top_resources(
    reader: TenantReader, service: str | None, severities: tuple[str, ...], limit: int
) -> TopResources:
    """The resources with the most open findings."""
    worst = frozenset(_severity(name) for name in severities)
    where = Filter(severities=worst, service=service or None)
    rows = reader.systems.findings.top_resources(where, limit=max(1, min(limit, MOST)))
    words = " and ".join(name.lower() for name in severities)
    asked = " ".join(w for w in ("resources with the most open", words, "findings") if w)
    return TopResources(
        tenant=reader.tenant.id,
        asked=f"{asked} of {service}" if service else asked,
        rows=tuple(rows),
        names=reader.names(row.key for row in rows),
        whole=reader.open_findings,
        freshness=reader.freshness,
    )


def _severity(name: str) -> Severity:
    try:
        return Severity[name.strip().upper()]
    except KeyError:
        known = ", ".join(s.name.lower() for s in Severity if s is not Severity.OTHER)
        raise UnusableArgumentError(f"{name} is not a severity; known are {known}") from None


def _one_of(kind: type[Order], name: str, argument: str) -> Order:
    try:
        return kind(name.strip().lower())
    except ValueError:
        known = ", ".join(kind)
        raise UnusableArgumentError(f"{argument} is one of {known}, not {name}") from None


def _key(table: Mapping[str, T], name: str, argument: str) -> T:
    try:
        return table[name.strip().lower()]
    except KeyError:
        raise UnusableArgumentError(
            f"{argument} is one of {', '.join(table)}, not {name}"
        ) from None
