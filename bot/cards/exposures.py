"""Exposures as cards: the ranked list with what to press, and why one ranks where it does."""

from collections.abc import Sequence
from dataclasses import replace

from agent import canonical
from agent.guard.untrusted import clean
from agent.views import Cut, Exposure, ExposureDetail, ExposureList
from bot import phrases
from bot.cards import card
from bot.cards.card import Audience, Card
from bot.messages import Actions, Button, Fact, Facts, Grid, Item, Part, Small
from integrations.findings.port import Severity

SHOWN = 5
"""Exposures of an answer: those that matter; the rest is one press away."""

_ROWS = 20
_WORST_FIRST = (Severity.FATAL, Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)


def exposure_lists(views: Sequence[ExposureList], to: Audience) -> Card:
    """The exposures of one tenant, or of several in one ranking."""
    ranked = sorted(
        (e for view in views for e in view.exposures), key=lambda e: (-e.score, e.tenant, e.ref)
    )
    total = sum(view.total for view in views)
    parts: list[Part] = []
    if len(views) == 1 and len(ranked) > SHOWN:
        parts.append(_table(ranked))
        parts.append(_buttons_of(ranked[:3], to))
    else:
        ranked = ranked[:SHOWN]
        parts.extend(item(number, e, to) for number, e in enumerate(ranked, start=1))
    counts = _counts(views)
    return Card(
        parts=tuple(parts),
        whole=phrases.whole(sum(v.open_findings for v in views), counts, _where(views)),
        freshness=tuple(view.freshness for view in views),
        then=_then(views, total - len(ranked), counts, to),
    )


def item(number: int | None, exposure: Exposure, to: Audience) -> Item:
    """One exposure: what it is, why it matters, the smallest cut; the first at full length."""
    first = number in (None, 1)
    reasons = exposure.why if first else exposure.why[:1]
    age = phrases.age(exposure.since, to.now) if exposure.since else ""
    said = card.joined([clean(reason, card.VALUE_LENGTH) for reason in reasons])
    since = f"open for {age}" if age and age not in said else ""
    lines = [" · ".join(word for word in (said, since, exposure.ref) if word)]
    if first and exposure.cut.text:
        lines.append(f"Smallest cut: {cut(exposure.cut)}")
    return Item(
        number=number,
        mark=f"{phrases.mark(exposure.severity)} {exposure.score}",
        title=to.prefix(exposure.tenant) + clean(exposure.headline, card.VALUE_LENGTH),
        lines=tuple(lines),
        buttons=_press(exposure, to, every=first),
    )


def new_item(number: int, exposure: Exposure, to: Audience) -> Item:
    """An exposure among what changed: short, its buttons below the list."""
    whole = item(number, exposure, to)
    return replace(whole, lines=whole.lines[:1], buttons=())


def cut(change: Cut) -> str:
    """`Remove port 22 from sg-web-admin (1 call, reversible)`."""
    known = {True: "reversible", False: "cannot be undone", None: ""}[change.reversible]
    beside = ", ".join(w for w in (phrases.counted(change.calls, "call"), known) if w)
    return f"{clean(change.text, card.VALUE_LENGTH).rstrip('.')} ({beside})"


def _press(exposure: Exposure, to: Audience, *, every: bool) -> tuple[Button, ...]:
    """A graph for what has a path, a reason for what has none; for the first one both."""
    ref, tenant = exposure.ref, exposure.tenant
    shown = [card.show_graph(ref, to, tenant)] if exposure.path else []
    if every or not shown:
        shown.append(card.why(ref, to, tenant))
    return (*shown, *_fix(exposure, to))


def _fix(exposure: Exposure, to: Audience) -> tuple[Button, ...]:
    """Runbooks fix findings: what rests on none is cut by hand."""
    return (card.plan_fix(exposure.ref, to, exposure.tenant),) if exposure.findings else ()


def _table(exposures: Sequence[Exposure]) -> Grid:
    return Grid(
        columns=("", "Severity", "Exposure", "Ref"),
        rows=tuple(
            (
                str(number),
                f"{phrases.mark(e.severity)} {e.score}",
                clean(e.headline, card.VALUE_LENGTH),
                e.ref,
            )
            for number, e in enumerate(exposures[:_ROWS], start=1)
        ),
        numeric=(0,),
    )


def _buttons_of(exposures: Sequence[Exposure], to: Audience) -> Actions:
    return Actions(
        buttons=tuple(
            card.ask(f"Why {number}", canonical.why(e.ref, to.tenant(e.tenant)))
            for number, e in enumerate(exposures, start=1)
        )
    )


def _counts(views: Sequence[ExposureList]) -> dict[Severity, int]:
    return {s: sum(v.open_by_severity.get(s, 0) for v in views) for s in _WORST_FIRST}


def _where(views: Sequence[ExposureList]) -> str:
    return views[0].tenant if len(views) == 1 else phrases.counted(len(views), "tenant")


def _then(
    views: Sequence[ExposureList], left: int, counts: dict[Severity, int], to: Audience
) -> tuple[Button, ...]:
    one = to.tenant(views[0].tenant) if len(views) == 1 else None
    then: list[Button] = []
    if left > 0:
        everything = canonical.in_tenant(canonical.ALL_EXPOSURES, one)
        then.append(card.ask(f"Show {phrases.number(left)} more", everything))
    worst = next((s for s in _WORST_FIRST if counts.get(s)), None)
    if worst is not None:
        label = f"All {worst.label.lower()}s ({phrases.number(counts[worst])})"
        then.append(card.ask(label, canonical.all_open(worst, one)))
    changed = canonical.in_tenant(canonical.CHANGED_TODAY, one)
    then.append(card.ask("What changed today", changed))
    return tuple(then)


def exposure_detail(view: ExposureDetail, to: Audience) -> Card:
    """Why an exposure ranks where it does: every term of its score with its evidence."""
    exposure = view.exposure
    terms = tuple(
        Fact(
            label=term.name,
            value=" · ".join(
                w
                for w in (
                    "" if to.has_read(term.because) else clean(term.because, card.VALUE_LENGTH),
                    f"weight {term.weight:g}",
                    _evidence(term.evidence),
                )
                if w
            ),
        )
        for term in exposure.terms
    )
    parts: list[Part] = [Facts(facts=terms), Small(text=_score(exposure))]
    if not to.has_read(exposure.headline):
        parts.insert(0, _named(view, to))
    explained = [
        card.explain(finding.ref, to, view.tenant, f"Explain {finding.ref}")
        for finding in view.findings[:3]
    ]
    graph = [card.show_graph(exposure.ref, to, view.tenant)] if exposure.path else []
    return Card(
        parts=tuple(parts),
        freshness=(view.freshness,),
        then=(*graph, *_fix(exposure, to), *explained),
    )


def _named(view: ExposureDetail, to: Audience) -> Item:
    exposure = view.exposure
    return Item(
        number=view.rank,
        mark=f"{phrases.mark(exposure.severity)} {exposure.score}",
        title=to.prefix(view.tenant) + clean(exposure.headline, card.VALUE_LENGTH),
        lines=(f"Smallest cut: {cut(exposure.cut)}",) if exposure.cut.text else (),
    )


def _evidence(evidence: str) -> str:
    """A finding's ref as it is; a resource's ARN by its name."""
    return clean(phrases.short_name(evidence), 80)


def _score(exposure: Exposure) -> str:
    return (
        f"Score {exposure.score} of 100: each weight is the share of the remaining safety that "
        f"it takes away. {exposure.ref}, rule {exposure.rule}."
    )
