"""Resources as cards: one of them, what it is connected to, what the internet reaches."""

from collections.abc import Sequence

from agent import canonical
from agent.exposures.wording import called
from agent.guard.untrusted import clean
from agent.views import Connections, PublicList, PublicResource, ResourceDetail, TopResources
from bot import phrases
from bot.cards import card, findings
from bot.cards.card import Audience, Card
from bot.messages import Button, Grid, Item, Part
from integrations.findings.port import Severity
from integrations.resources.port import INTERNET, Link, LinkKind, Path, Resource

_ROWS = 10
_NAMED = 3

_WORDS = {
    LinkKind.CONTAINS: ("contains", "is in"),
    LinkKind.USES: ("uses", "is used by"),
    LinkKind.ROUTES_TO: ("routes to", "is routed from"),
    LinkKind.GUARDS: ("guards", "is guarded by"),
    LinkKind.ADMITS: ("admits", "is open to"),
    LinkKind.REACHES: ("reaches", "is reached by"),
    LinkKind.FORWARDS_TO: ("forwards to", "gets traffic from"),
    LinkKind.RUNS_AS: ("runs as", "is the role of"),
    LinkKind.HAS_POLICY: ("has policy", "is a policy of"),
    LinkKind.MEMBER_OF: ("is a member of", "has member"),
    LinkKind.CAN_ASSUME: ("can assume", "can be assumed by"),
    LinkKind.CAN_ACCESS: ("can access", "can be accessed by"),
    LinkKind.ENCRYPTED_BY: ("is encrypted by", "encrypts"),
    LinkKind.LOGS_TO: ("logs to", "has the logs of"),
}
"""How an edge reads from its source, and from its target."""


def top_resources(view: TopResources, to: Audience) -> Card:
    """The resources with the most findings."""
    rows = tuple(
        (
            clean(view.names.get(row.key) or phrases.short_name(row.key), 120),
            phrases.kind(row.title),
            phrases.open_by_severity(row.by_severity) or "none urgent",
            phrases.number(row.count),
        )
        for row in view.rows[:_ROWS]
    )
    grid = Grid(columns=("Resource", "What", "Urgent", "All"), rows=rows, numeric=(3,))
    asked = clean(view.asked, card.VALUE_LENGTH)
    of = f"of {phrases.counted(view.whole, 'open finding')} in {view.tenant}"
    return Card(
        parts=(grid,) if rows else (),
        whole=f"{card.sentence(asked).rstrip('.')}, {of}",
        freshness=(view.freshness,),
        then=tuple(
            card.ask(
                f"About {clean(view.names.get(row.key) or phrases.short_name(row.key), 40)}",
                canonical.about(phrases.spoken_key(row.key), to.tenant(view.tenant)),
            )
            for row in view.rows[:_NAMED]
        ),
    )


def resource_detail(view: ResourceDetail, to: Audience) -> Card:
    """One resource: what it is, whether the internet reaches it, what is wrong with it."""
    resource = view.resource
    public = {True: "reached by the internet", False: "no path from the internet known", None: ""}
    seen = phrases.ago(resource.captured_at, to.now) if resource.captured_at else ""
    title = Item(
        number=None,
        mark="",
        title=phrases.resource_name(resource),
        lines=(clean(resource.id, card.VALUE_LENGTH),) if resource.id != resource.name else (),
    )
    exposed = [f"{e.headline} ({e.ref})" for e in view.exposures[:2] if not to.has_read(e.ref)]
    rows = [
        ("What", phrases.kind(resource.type)),
        ("Where", ", ".join(w for w in (resource.account, resource.region) if w)),
        ("Public", "" if to.has_read("internet") else public[view.public]),
        ("Recorded", f"{seen} by AWS Config" if seen else "only mentioned by other resources"),
        ("Tags", _tags(resource)),
        ("Part of", card.joined(exposed)),
    ]
    parts: list[Part] = [title, card.facts(rows)]
    names = {resource.id: resource.name}
    parts.extend(
        findings.item(number, finding, names, to)
        for number, finding in enumerate(view.findings[:_NAMED], start=1)
    )
    return Card(
        parts=tuple(parts),
        whole=f"{phrases.counted(view.total_findings, 'open finding')} on it",
        freshness=(view.freshness,),
        then=_resource_buttons(view, to),
    )


def _tags(resource: Resource) -> str:
    said = [f"{key}={value}" for key, value in sorted(resource.tags.items()) if key != "Name"]
    return ", ".join(clean(tag, 80) for tag in said[:5])


def _resource_buttons(view: ResourceDetail, to: Audience) -> tuple[Button, ...]:
    tenant = to.tenant(view.tenant)
    thing = phrases.spoken(view.resource)
    then = [card.show_graph(thing, to, view.tenant)]
    then.append(card.ask("What it could reach", canonical.can_reach(thing, tenant)))
    left = view.total_findings - min(len(view.findings), _NAMED)
    if left > 0:
        label = f"All {phrases.number(view.total_findings)} findings"
        then.append(card.ask(label, canonical.findings_on(thing, tenant)))
    then.extend(
        card.explain(finding.ref, to, view.tenant, f"Explain {number}")
        for number, finding in enumerate(view.findings[:2], start=1)
    )
    return tuple(then)


def connections(view: Connections, to: Audience) -> Card:
    """What a resource is connected to: the path in words, or the neighbours with their links."""
    parts: list[Part] = []
    if view.path and view.path.links:
        parts.append(_path(view, view.path))
    elif not view.draw:
        parts.extend(_neighbours(view))
    return Card(
        parts=tuple(parts),
        whole=_counted(view, to),
        freshness=(view.freshness,),
        then=_connection_buttons(view, to),
    )


def _counted(view: Connections, to: Audience) -> str:
    """How many resources there are besides the one that is asked about, as the text counts them."""
    if view.asked == "from_internet":
        return f"shortest path in {view.tenant}" if view.path else ""
    others = {r.id for r in view.graph.resources} - {view.about.id}
    internet = ", and the internet" if INTERNET in others else ""
    left_out = view.graph.left_out
    more = f", {phrases.number(left_out)} of them not shown" if left_out else ""
    total = len(others - {INTERNET}) + left_out
    if internet and not total:
        return f"{to.prefix(view.tenant)}only the internet"
    count = phrases.counted(total, "resource")
    return f"{to.prefix(view.tenant)}{count} besides {clean(view.about.name, 80)}{more}{internet}"


def _path(view: Connections, path: Path) -> Item:
    names = [clean(called(resource), 80) for resource in path.resources]
    hops = " → ".join(names)
    cut = f"Smallest cut: {clean(view.cut.text, card.VALUE_LENGTH)}" if view.cut else ""
    return Item(
        number=None,
        mark="",
        title=hops,
        lines=tuple(w for w in (phrases.counted(len(path.links), "hop"), cut) if w),
    )


def _neighbours(view: Connections) -> list[Part]:
    """One row for each neighbour: what it is, how it is connected, its worst finding."""
    by_id = {resource.id: resource for resource in view.graph.resources}
    about = view.about.id
    rows: dict[str, tuple[str, str, str, str]] = {}
    for link in sorted(view.graph.links, key=lambda each: about not in (each.source, each.target)):
        near, far = by_id.get(link.source), by_id.get(link.target)
        if link.target == about or (view.asked == "who_can_reach" and link.source != about):
            near, far = far, near
        if near is not None and far is not None and far.id != about:
            rows.setdefault(far.id, _row(view, far, link, near))
    ranked = sorted(rows, key=lambda uid: (-view.severities.get(uid, Severity.UNKNOWN), uid))
    if not ranked:
        return []
    columns = ("Resource", "What", "How", "Worst")
    return [Grid(columns=columns, rows=tuple(rows[uid] for uid in ranked[:_ROWS]))]


def _row(
    view: Connections, resource: Resource, link: Link, near: Resource
) -> tuple[str, str, str, str]:
    worst = view.severities.get(resource.id)
    from_near, to_near = _WORDS[link.kind]
    # Seen from the resource asked about where it is an end of the link, else from the neighbour.
    how = from_near if link.source == near.id else to_near
    if near.id != view.about.id:
        seen = to_near if link.target == resource.id else from_near
        how = f"{seen} {clean(near.name, 60)}"
    name = phrases.resource_name(resource)
    return (name, phrases.kind(resource.type), how, phrases.mark(worst) if worst else "-")


def _connection_buttons(view: Connections, to: Audience) -> tuple[Button, ...]:
    tenant = to.tenant(view.tenant)
    thing = phrases.spoken(view.about)
    offered = [] if view.draw else [card.show_graph(thing, to, view.tenant)]
    if view.asked != "can_reach":
        offered.append(card.ask("What it could reach", canonical.can_reach(thing, tenant)))
    if view.asked != "who_can_reach":
        offered.append(card.ask("Who can reach it", canonical.who_can_reach(thing, tenant)))
    if view.asked != "connected":
        offered.append(card.ask("What is connected", canonical.connected_to(thing, tenant)))
    return tuple(offered) if thing else ()


def public_list(view: PublicList, to: Audience) -> Card:
    """Everything that the internet reaches; what somebody decided to leave open says so."""
    rows = tuple(_public_row(row) for row in view.rows[:_ROWS])
    grid = Grid(columns=("Resource", "What", "How", "Exposure"), rows=rows)
    shown = f"the first {len(rows)} of " if len(rows) < view.total else ""
    asked = clean(view.asked, card.VALUE_LENGTH)
    whole = f"{asked} in {view.tenant}: {shown}{phrases.number(view.total)}"
    return Card(
        parts=(grid,) if rows else (),
        whole=whole if rows else f"No {asked} in {view.tenant}",
        freshness=(view.freshness,),
        then=_about_each([row.resource for row in view.rows[:_NAMED]], to, view.tenant),
    )


def _public_row(row: PublicResource) -> tuple[str, str, str, str]:
    how = public_how(row)
    return (phrases.resource_name(row.resource), phrases.kind(row.resource.type), how, rank(row))


def public_how(row: PublicResource) -> str:
    """How the internet gets there, and which of its vulnerabilities waits there."""
    more = row.vulnerabilities - 1
    flaw = f"; {row.flaw}{f' and {more} more' if more else ''}" if row.flaw else ""
    return clean(row.how + flaw, card.VALUE_LENGTH) + (" (accepted)" if row.accepted else "")


def rank(row: PublicResource) -> str:
    """`CRITICAL 99` of the exposure that it is part of; else its worst finding; `-` for none."""
    if row.graded is not None:
        return f"{phrases.mark(row.graded)} {row.score}"
    return phrases.mark(row.worst) if row.worst else "-"


def _about_each(resources: Sequence[Resource], to: Audience, tenant: str) -> tuple[Button, ...]:
    return tuple(
        card.ask(
            f"About {clean(resource.name, 40)}",
            canonical.about(phrases.spoken(resource), to.tenant(tenant)),
        )
        for resource in resources
    )
