"""Findings as cards: a list, one finding, what changed, how one would be fixed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from agent import canonical
from agent.guard.untrusted import clean
from agent.offline.words import one
from agent.views import Advice, Changes, Choices, FindingDetail, FindingList, Proposal
from bot import phrases
from bot.cards import card, exposures
from bot.cards.card import Audience, Card
from bot.messages import Actions, Button, Grid, Item, Part, Prose, Style
from integrations.findings.port import Finding, FindingState

_SPELT_OUT = 4
"""So many findings are shown one by one, with where and since when; more become a table."""
_ROWS = 10
_FACTS = 8
_NAMED = 3


def finding_list(view: FindingList, to: Audience) -> Card:
    """Findings that were asked for: what, where, since when; the next page one press away."""
    shown = view.findings[:_ROWS]
    offset = _offset(view.filtered)
    parts: list[Part] = []
    if len(shown) > _SPELT_OUT:
        parts.append(_table(view, offset, to))
    else:
        items = [
            item(number, f, view.names, to) for number, f in enumerate(shown, start=offset + 1)
        ]
        if len(items) == 1:
            items = [replace(items[0], buttons=_of_one(shown[0], view.tenant, to))]
        parts.extend(items)
    then = [] if len(shown) == 1 else list(_explain(shown, offset, view.tenant, to))
    left = view.total - offset - len(shown)
    if shown and left > 0 and canonical.can_page(view.filtered):
        question = canonical.next_page(view.filtered, offset + len(shown), to.tenant(view.tenant))
        then.append(card.ask(f"Show more ({phrases.number(left)} left)", question))
    return Card(
        parts=tuple(parts),
        whole=_whole(view, offset, len(shown)),
        freshness=(view.freshness,),
        then=tuple(then),
    )


def _offset(filtered: Mapping[str, str]) -> int:
    given = filtered.get("offset", "")
    return int(given) if given.isdecimal() else 0


def _whole(view: FindingList, offset: int, shown: int) -> str:
    asked = clean(view.asked, card.VALUE_LENGTH) or "findings"
    asked = one(asked, view.total)
    of = f"of {phrases.counted(view.whole, 'open finding')} in {view.tenant}"
    if view.filtered.get("state", "open") != "open" or asked == "open findings":
        of = f"in {view.tenant}"
    if not shown or (shown == view.total and not offset):
        return f"{phrases.number(view.total)} {asked}, {of}".replace(", in ", " in ")
    span = f"{offset + 1} to {offset + shown}" if offset else f"The first {shown}"
    return f"{span} of {phrases.number(view.total)} {asked}, {of}".replace(", in ", " in ")


def _table(view: FindingList, offset: int, to: Audience) -> Grid:
    shown = view.findings[:_ROWS]
    rows = [
        (
            str(number),
            table_title(f, shown),
            where(f, view.names),
            _how_long(f, to),
        )
        for number, f in enumerate(shown, start=offset + 1)
    ]
    since = "Open for" if any(f.state is FindingState.OPEN for f in shown) else "Now"
    return Grid(columns=("#", "Finding", "Where", since), rows=tuple(rows), numeric=(0,))


def _how_long(finding: Finding, to: Audience) -> str:
    if finding.state is FindingState.OPEN:
        return phrases.age(finding.first_seen, to.now)
    return phrases.finding_since(finding, to.now)


def table_title(finding: Finding, among: Sequence[Finding]) -> str:
    """What it is and its ref; how bad it is only where that tells the rows apart."""
    same = len({f.severity for f in among}) == 1
    worth = "" if same else f"{phrases.mark(finding.severity)} "
    return f"{worth}{_title(finding)} · {finding.ref}"


def where(finding: Finding, names: Mapping[str, str]) -> str:
    """`instance web-7`: short, for a table."""
    name = clean(names.get(finding.resource) or phrases.short_name(finding.resource), 80)
    return f"{phrases.kind(finding.resource_type)} {name}".strip()


def item(number: int | None, finding: Finding, names: Mapping[str, str], to: Audience) -> Item:
    """One finding in two lines: what; where, since when, which control."""
    beside = (
        phrases.finding_where(finding, names),
        phrases.finding_since(finding, to.now),
        finding.control or "",
        finding.ref,
    )
    return Item(
        number=number,
        mark=phrases.mark(finding.severity),
        title=_title(finding),
        lines=(" · ".join(word for word in beside if word),),
    )


def _title(finding: Finding) -> str:
    exploited = " (exploit known)" if finding.exploitable else ""
    return f"{clean(finding.title, card.VALUE_LENGTH) or finding.kind}{exploited}"


def _of_one(finding: Finding, tenant: str, to: Audience) -> tuple[Button, ...]:
    """The buttons of a finding that is alone, at the finding itself."""
    explained = card.explain(finding.ref, to, tenant)
    if finding.ref in to.planned:
        return (explained,)
    return (explained, card.plan_fix(finding.ref, to, tenant))


def _explain(
    findings: Sequence[Finding], offset: int, tenant: str, to: Audience
) -> tuple[Button, ...]:
    return tuple(
        card.explain(finding.ref, to, tenant, f"Explain {number}")
        for number, finding in enumerate(findings[:_NAMED], start=offset + 1)
    )


def finding_detail(view: FindingDetail, to: Audience) -> Card:
    """One finding: where, since when, and what its event tells."""
    finding = view.finding
    names = {view.resource.id: phrases.resource_name(view.resource)} if view.resource else {}
    rows = [
        ("Where", phrases.finding_where(finding, names)),
        ("Account", finding.account),
        ("Since", _since(finding, to)),
        ("Reported by", _source(finding)),
        *view.facts[:_FACTS],
        ("Part of", _exposed(view, to)),
    ]
    title = [] if to.has_read(finding.title) else [_named(finding)]
    then = [card.plan_fix(finding.ref, to, view.tenant)]
    then.extend(card.why(e.ref, to, view.tenant) for e in view.exposures[:1])
    if view.resource:
        thing = phrases.spoken(view.resource)
        then.append(card.show_graph(thing, to, view.tenant))
    return Card(
        parts=(*title, card.facts(rows)),
        whole=finding.ref,
        freshness=(view.freshness,),
        then=tuple(then),
    )


def _named(finding: Finding) -> Item:
    return Item(number=None, mark=phrases.mark(finding.severity), title=_title(finding))


def _since(finding: Finding, to: Audience) -> str:
    seen = f"last seen {phrases.ago(finding.last_seen, to.now)}"
    return f"{phrases.finding_since(finding, to.now)}, {seen}"


def _source(finding: Finding) -> str:
    return f"{finding.source}, control {finding.control}" if finding.control else finding.source


def _exposed(view: FindingDetail, to: Audience) -> str:
    return card.joined(
        [f"{to.prefix(e.tenant)}{e.headline} ({e.ref}, {e.score})" for e in view.exposures[:2]]
    )


def changes(view: Changes, to: Audience) -> Card:
    """What came, went and came back since a moment."""
    if view.about == "fixed":
        return _fixed(view, to)
    new = view.exposures
    opened = view.opened[: max(_SPELT_OUT - len(new), 1)]
    parts: list[Part] = [exposures.new_item(n, e, to) for n, e in enumerate(new, start=1)]
    parts += [
        item(number, finding, view.names, to)
        for number, finding in enumerate(opened, start=len(new) + 1)
    ]
    rows = [
        ("New", _some(view, len(opened), to)),
        ("Fixed", _titles(view.closed, view.closed_total, view.names)),
        ("Regressed", _titles(view.reopened, len(view.reopened), view.names)),
    ]
    totals = card.facts(rows)
    if totals.facts:
        parts.append(totals)
    attention = canonical.in_tenant(canonical.ATTENTION, to.tenant(view.tenant))
    return Card(
        parts=tuple(parts),
        whole=f"{to.prefix(view.tenant)}changes {view.since_words}",
        freshness=(view.freshness,),
        then=(
            *(card.why(e.ref, to, view.tenant, f"Why {n}") for n, e in enumerate(new, start=1)),
            *_explain(opened, len(new), view.tenant, to)[: _NAMED - len(new)],
            card.ask("What needs attention first", attention),
        ),
    )


def _fixed(view: Changes, to: Audience) -> Card:
    """What was closed since a moment, the most severe of it one by one."""
    shown = view.closed[:_SPELT_OUT]
    first = f"the worst {len(shown)} of " if len(shown) < view.closed_total else ""
    return Card(
        parts=tuple(item(n, finding, view.names, to) for n, finding in enumerate(shown, start=1)),
        whole=f"{to.prefix(view.tenant)}{first}{phrases.number(view.closed_total)} "
        f"closed {view.since_words}",
        freshness=(view.freshness,),
        then=(
            *(
                card.explain(finding.ref, to, view.tenant, f"Explain {n}")
                for n, finding in enumerate(shown[:_NAMED], start=1)
            ),
            card.ask(
                "What changed", canonical.in_tenant(canonical.CHANGED_WEEK, to.tenant(view.tenant))
            ),
        ),
    )


def _some(view: Changes, shown: int, to: Audience) -> str:
    total = view.opened_total
    if total <= shown or (view.exposures and to.has_read(phrases.counted(total, "finding"))):
        return ""
    return f"{phrases.number(total)} in all, the worst {shown} above"


def _titles(findings: Sequence[Finding], total: int, names: Mapping[str, str]) -> str:
    if not total:
        return ""
    said = [
        f"{_title(f)} ({clean(names.get(f.resource) or phrases.short_name(f.resource), 60)})"
        for f in findings[:_NAMED]
    ]
    left = total - len(said)
    more = [f"and {phrases.number(left)} more"] if left > 0 else []
    return f"{phrases.number(total)}: {card.joined([*said, *more])}"


def advice(view: Advice, to: Audience) -> Card:
    """How a finding would be fixed: steps, runbook, whether it can be undone."""
    steps = [
        f"{number}. {clean(step, card.VALUE_LENGTH)}"
        for number, step in enumerate(view.steps, start=1)
        if not to.has_read(step)
    ]
    undo = {True: "yes", False: "no", None: "only in part"}[view.reversible] if view.known else ""
    breaks = [
        f"{e.headline} ({e.ref}, {e.score})"
        for e in view.exposures[:_NAMED]
        if not to.has_read(e.ref)
    ]
    rows = [
        ("Fixes", "" if to.has_read(view.finding.ref) else _named_fix(view)),
        ("Runbook", _runbook(view, to)),
        ("Can be undone", "" if to.has_read("undone") else undo),
        ("Mind", "" if to.has_read(view.care) else view.care),
        ("Breaks", card.joined(breaks)),
    ]
    parts: list[Part] = [Prose(text="\n".join(steps))] if steps else []
    told = card.facts(rows)
    if told.facts:
        parts.append(told)
    graphs = [card.show_graph(e.ref, to, view.tenant) for e in view.exposures[:1] if e.path]
    explained = card.explain(view.finding.ref, to, view.tenant, "Explain the finding")
    then = (*_previewed(view, to), explained, *graphs)
    return Card(parts=tuple(parts), freshness=(view.freshness,), then=then)


def _previewed(view: Advice, to: Audience) -> tuple[Button, ...]:
    """Of what a runbook of ours can fix: what that would do, and the request for it."""
    if view.runbook is None or view.runbook.startswith("AWS") or view.by_hand_because:
        return ()
    ref = view.finding.ref
    asked = canonical.preview(ref, to.tenant(view.tenant))
    preview = card.ask("What would it do", asked)
    return (preview, card.plan_fix(ref, to, view.tenant))


def proposal(view: Proposal, to: Audience) -> Card:
    """A planned fix: its own card, with what to press, follows as a message of its own."""
    explained = card.explain(view.finding.ref, to, view.tenant, "Explain the finding")
    return Card(freshness=(view.freshness,), then=(explained,))


def _named_fix(view: Advice) -> str:
    return f"{_title(view.finding)} ({view.finding.ref})"


def _runbook(view: Advice, to: Audience) -> str:
    if view.runbook:
        return "" if to.has_read(view.runbook) else view.runbook
    if to.has_read("runbook"):
        return ""
    return "none known" + ("; the steps above are by hand" if view.steps else "")


def choices(view: Choices) -> Card:
    """A question asked back: its answers as buttons, the likeliest first."""
    buttons = tuple(
        card.ask(c.label, c.ask, Style.PRIMARY if first else Style.PLAIN)
        for first, c in zip((True, *([False] * len(view.choices))), view.choices, strict=False)
    )
    return Card(parts=(Actions(buttons=buttons),) if buttons else ())
