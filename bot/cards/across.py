"""One question's answers from several tenants, as one card: the worst of all, with owners."""

from collections.abc import Sequence

from agent import canonical
from agent.guard.untrusted import clean
from agent.offline.words import one
from agent.views import Changes, FindingList, PublicList, TopResources
from bot import phrases
from bot.cards import card, findings, resources
from bot.cards.card import Audience, Card
from bot.messages import Button, Grid
from integrations.findings.port import Breakdown, Finding, Severity

_ROWS = 10
_ASKED = 4
"""Tenants that get a button of their own."""
_NAMED = 2


def finding_lists(views: Sequence[FindingList], to: Audience) -> Card:
    """The first findings of all tenants in the order asked for, and how many each of them has."""
    placed = [(f, view, place) for view in views for place, f in enumerate(view.findings)]
    found = [(f, view) for f, view, _ in sorted(placed, key=_in_order)]
    shown = found[:_ROWS]
    rows = tuple(
        (
            str(number),
            findings.table_title(f, [finding for finding, _ in shown]),
            f"{view.tenant}: {findings.where(f, view.names)}",
            phrases.age(f.first_seen, to.now),
        )
        for number, (f, view) in enumerate(shown, start=1)
    )
    grid = Grid(columns=("#", "Finding", "Where", "Open for"), rows=rows, numeric=(0,))
    total = sum(view.total for view in views)
    order = views[0].filtered.get("order", "worst")
    first = f"The {order} {len(shown)} of " if len(shown) < total else ""
    asked = one(clean(views[0].asked, card.VALUE_LENGTH) or "findings", total)
    whole = phrases.counted(sum(view.whole for view in views), "open finding")
    explained = [
        card.explain(f.ref, to, view.tenant, f"Explain {number}")
        for number, (f, view) in enumerate(shown[:_NAMED], start=1)
    ]
    return Card(
        parts=(grid,) if rows else (),
        whole=f"{first}{phrases.number(total)} {asked}, of {whole} in {_tenants(len(views))}",
        freshness=tuple(view.freshness for view in views),
        then=(*explained, *_only(views)),
    )


def _in_order(row: tuple[Finding, FindingList, int]) -> tuple[float, float, float, str]:
    """As each tenant's own list is ordered; of equally severe ones, by their place in it."""
    finding, view, place = row
    seen = finding.first_seen.timestamp()
    match view.filtered.get("order", ""):
        case "oldest":
            return (0, 0, seen, view.tenant)
        case "newest":
            return (0, 0, -seen, view.tenant)
        case _:
            return (-finding.severity, place, seen, view.tenant)


def _only(views: Sequence[FindingList]) -> list[Button]:
    """`Only acme (29)`: the same question asked of one tenant."""
    ranked = sorted((v for v in views if v.total), key=lambda v: (-v.total, v.tenant))
    return [
        card.ask(
            f"Only {view.tenant} ({phrases.number(view.total)})",
            canonical.next_page(view.filtered, 0, view.tenant),
        )
        for view in ranked[:_ASKED]
        if canonical.can_page(view.filtered)
    ]


def top_resources(views: Sequence[TopResources], to: Audience) -> Card:
    """The resources with the most findings, of all tenants."""
    found = sorted(((row, view) for view in views for row in view.rows), key=_most_first)
    rows = tuple(
        (
            f"{view.tenant}: {_name(row, view)}",
            phrases.kind(row.title),
            phrases.open_by_severity(row.by_severity) or "none urgent",
            phrases.number(row.count),
        )
        for row, view in found[:_ROWS]
    )
    grid = Grid(columns=("Resource", "What", "Urgent", "All"), rows=rows, numeric=(3,))
    whole = phrases.counted(sum(view.whole for view in views), "open finding")
    asked = clean(views[0].asked, card.VALUE_LENGTH)
    return Card(
        parts=(grid,) if rows else (),
        whole=f"{card.sentence(asked).rstrip('.')}, of {whole} in {_tenants(len(views))}",
        freshness=tuple(view.freshness for view in views),
        then=tuple(
            card.ask(
                f"About {_name(row, view)[:40]}",
                canonical.about(phrases.spoken_key(row.key), to.tenant(view.tenant)),
            )
            for row, view in found[:_NAMED]
        ),
    )


def _most_first(row: tuple[Breakdown, TopResources]) -> tuple[int, int, int, str]:
    counts = row[0].by_severity
    critical = counts.get(Severity.CRITICAL, 0) + counts.get(Severity.FATAL, 0)
    return (-critical, -counts.get(Severity.HIGH, 0), -row[0].count, row[0].key)


def _name(row: Breakdown, view: TopResources) -> str:
    return clean(view.names.get(row.key) or phrases.short_name(row.key), 120)


def public_lists(views: Sequence[PublicList], to: Audience) -> Card:
    """What the internet reaches of all tenants, the worst first."""
    found = sorted(
        ((row, view.tenant) for view in views for row in view.rows),
        key=lambda f: (f[0].accepted, -f[0].score, -(f[0].worst or 0), -f[0].findings, f[1]),
    )
    rows = tuple(
        (
            f"{tenant}: {phrases.resource_name(row.resource)}",
            phrases.kind(row.resource.type),
            resources.public_how(row),
            resources.rank(row),
        )
        for row, tenant in found[:_ROWS]
    )
    grid = Grid(columns=("Resource", "What", "How", "Exposure"), rows=rows)
    total = sum(view.total for view in views)
    first = f"the first {len(rows)} of " if len(rows) < total else ""
    asked = clean(views[0].asked, card.VALUE_LENGTH)
    said = f"{asked} in {_tenants(len(views))}: {first}{phrases.number(total)}"
    return Card(
        parts=(grid,) if rows else (),
        whole=said,
        freshness=tuple(view.freshness for view in views),
        then=tuple(
            card.ask(
                f"About {clean(row.resource.name, 40)}",
                canonical.about(phrases.spoken(row.resource), to.tenant(tenant)),
            )
            for row, tenant in found[:_NAMED]
        ),
    )


def changes(views: Sequence[Changes], to: Audience) -> Card:
    """What came and went in each tenant, the busiest first."""
    if views[0].about == "fixed":
        return _fixed(views)
    ranked = sorted(views, key=lambda v: (-v.opened_total, v.tenant))
    rows = tuple(
        (
            view.tenant,
            phrases.number(view.opened_total),
            f"{phrases.number(view.closed_total)}{_back(view)}",
            _worst_new(view),
        )
        for view in ranked
    )
    grid = Grid(columns=("Tenant", "New", "Fixed", "Worst new"), rows=rows, numeric=(1, 2))
    return Card(
        parts=(grid,),
        whole=f"Changes {views[0].since_words} in {_tenants(len(views))}",
        freshness=tuple(view.freshness for view in views),
        then=tuple(
            _explain_worst(view, to) for view in ranked[:_ASKED] if view.opened or view.exposures
        ),
    )


def _fixed(views: Sequence[Changes]) -> Card:
    """What was closed in each tenant, the most first."""
    ranked = sorted(views, key=lambda v: (-v.closed_total, v.tenant))
    rows = tuple(
        (view.tenant, phrases.number(view.closed_total), _named(view.closed[:1], view))
        for view in ranked
    )
    return Card(
        parts=(Grid(columns=("Tenant", "Fixed", "Most severe"), rows=rows, numeric=(1,)),),
        whole=f"Closed {views[0].since_words} in {_tenants(len(views))}",
        freshness=tuple(view.freshness for view in views),
    )


def _explain_worst(view: Changes, to: Audience) -> Button:
    label = f"Explain the worst of {view.tenant}"
    if view.exposures:
        return card.why(view.exposures[0].ref, to, view.tenant, label)
    return card.explain(view.opened[0].ref, to, view.tenant, label)


def _back(view: Changes) -> str:
    return f", {phrases.number(len(view.reopened))} came back" if view.reopened else ""


def _worst_new(view: Changes) -> str:
    if view.exposures:
        worst_one = view.exposures[0]
        headline = clean(worst_one.headline, card.VALUE_LENGTH)
        return f"{phrases.mark(worst_one.severity)} {headline} · {worst_one.ref}"
    return _named(view.opened[:1], view)


def _named(findings: Sequence[Finding], view: Changes) -> str:
    """The first of them, or `none`."""
    for worst in findings:
        name = view.names.get(worst.resource) or phrases.short_name(worst.resource)
        title = clean(worst.title, card.VALUE_LENGTH)
        return f"{phrases.mark(worst.severity)} {title} ({clean(name, 60)}) · {worst.ref}"
    return "none"


def _tenants(count: int) -> str:
    return phrases.counted(count, "tenant")
