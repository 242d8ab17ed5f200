"""Tenants and their identities as cards: who they are, how they stand, one or all of them."""

from collections.abc import Mapping, Sequence

from agent import canonical
from agent.approvers import Approvers
from agent.guard.untrusted import clean
from agent.identities import RiskyIdentity
from agent.views import IdentityList, Posture, TenantList
from bot import phrases
from bot.cards import card
from bot.cards.card import Audience, Card
from bot.messages import Button, Grid, Line, Person
from integrations.findings.port import Severity

_ASKED = 4
"""Tenants that get a button of their own."""
_IDENTITIES, _NAMED = 10, 3


def tenant_list(view: TenantList) -> Card:
    """Every tenant with its environment, accounts and open findings."""
    rows = tuple(
        (
            f"{clean(row.name, 60)} ({row.tenant})" if row.name != row.tenant else row.tenant,
            f"{row.environment}, priority {row.priority}",
            _accounts(row.accounts),
            phrases.number(row.open_findings),
        )
        for row in view.rows
    )
    grid = Grid(columns=("Tenant", "Environment", "Accounts", "Open"), rows=rows, numeric=(3,))
    asked = [
        card.ask(f"First in {row.tenant}", canonical.in_tenant(canonical.ATTENTION, row.tenant))
        for row in view.rows[:_ASKED]
    ]
    whole = (
        f"{phrases.counted(sum(row.open_findings for row in view.rows), 'open finding')} in "
        f"{phrases.counted(len(view.rows), 'tenant')}"
    )
    compare = card.ask("Compare", canonical.COMPARE)
    return Card(parts=(grid,) if rows else (), whole=whole, then=(*asked, compare))


def _accounts(accounts: Sequence[str]) -> str:
    if len(accounts) > 1:
        return f"{accounts[0]} and {len(accounts) - 1} more"
    return "".join(accounts) or "none"


def postures(views: Sequence[Posture], to: Audience) -> Card:
    """How tenants stand, the worst first; one tenant is told at more length."""
    if len(views) == 1:
        return _posture(views[0], to)
    ranked = sorted(views, key=_badness)
    rows = tuple(
        (
            view.tenant,
            _direction(view, Severity.CRITICAL),
            _direction(view, Severity.HIGH),
            clean(view.worst.headline, card.VALUE_LENGTH) if view.worst else "nothing urgent",
        )
        for view in ranked
    )
    grid = Grid(columns=("Tenant", "Critical", "High", "Worst"), rows=rows, numeric=(1, 2))
    total = phrases.counted(sum(view.open_findings for view in views), "open finding")
    return Card(
        parts=(grid,),
        whole=(
            f"From {total} in {phrases.counted(len(views), 'tenant')}; in brackets the change "
            "since yesterday"
        ),
        freshness=tuple(view.freshness for view in views),
        then=tuple(
            card.ask(
                f"First in {view.tenant}", canonical.in_tenant(canonical.ATTENTION, view.tenant)
            )
            for view in ranked[:_ASKED]
        ),
    )


def _badness(view: Posture) -> tuple[int, int, int, str]:
    score = view.worst.score if view.worst else 0
    critical, high = _open(view, Severity.CRITICAL), _open(view, Severity.HIGH)
    return (-score, -critical, -high, view.tenant)


def _open(view: Posture, severity: Severity) -> int:
    """Open findings of a severity; fatal ones count with the critical ones."""
    return _count(view.open_by_severity, severity)


def _count(counts: Mapping[Severity, int], severity: Severity) -> int:
    fatal = counts.get(Severity.FATAL, 0) if severity is Severity.CRITICAL else 0
    return counts.get(severity, 0) + fatal


def _direction(view: Posture, severity: Severity) -> str:
    now = _open(view, severity)
    if not view.yesterday:
        return phrases.number(now)
    return phrases.change(_count(view.yesterday, severity), now)


def _since_yesterday(view: Posture, severity: Severity) -> str:
    """`58 (-3 since yesterday)`, `10 as yesterday`; empty when there were none and are none."""
    now = _open(view, severity)
    if not view.yesterday:
        return phrases.number(now) if now else ""
    before = _count(view.yesterday, severity)
    if now == before:
        return f"{phrases.number(now)} as yesterday" if now else ""
    return f"{phrases.number(now)} ({now - before:+,} since yesterday)"


def _posture(view: Posture, to: Audience) -> Card:
    tenant = to.tenant(view.tenant)
    severities = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)
    rows = [(s.label, _since_yesterday(view, s)) for s in severities]
    if view.worst and not to.has_read(view.worst.headline):
        rows.append(("Worst", f"{view.worst.headline} ({view.worst.ref}, {view.worst.score})"))
    if view.oldest and not to.has_read(view.oldest.title):
        age = phrases.age(view.oldest.first_seen, to.now)
        rows.append(("Oldest", f"{view.oldest.title} ({view.oldest.ref}), open for {age}"))
    return Card(
        parts=(card.facts(rows),),
        whole=phrases.whole(view.open_findings, view.open_by_severity, view.tenant),
        freshness=(view.freshness,),
        then=_then(view, tenant),
    )


def _then(view: Posture, tenant: str | None) -> tuple[Button, ...]:
    attention = canonical.in_tenant(canonical.ATTENTION, tenant)
    changed = canonical.in_tenant(canonical.CHANGED_TODAY, tenant)
    then = [card.ask("What needs attention first", attention)]
    criticals = view.open_by_severity.get(Severity.CRITICAL, 0)
    if criticals:
        label = f"All criticals ({phrases.number(criticals)})"
        then.append(card.ask(label, canonical.all_open(Severity.CRITICAL, tenant)))
    return (*then, card.ask("What changed today", changed))


def identities(views: Sequence[IdentityList], to: Audience) -> Card:
    """Risky identities with all that is wrong with each, the riskiest of all tenants first."""
    found = [(row, view.tenant) for view in views for row in view.rows]
    found.sort(key=lambda f: (-f[0].score, -(f[0].worst or 0), -len(f[0].faults), f[1]))
    rows = tuple(
        (
            str(number),
            f"{to.prefix(tenant)}{phrases.resource_name(row.resource)}",
            phrases.kind(row.resource.type),
            f"{clean('; '.join(row.faults), card.VALUE_LENGTH)}{_told_by(row)}",
        )
        for number, (row, tenant) in enumerate(found[:_IDENTITIES], start=1)
    )
    total = sum(view.total for view in views)
    first = f"The first {len(rows)} of " if len(rows) < total else ""
    where = views[0].tenant if len(views) == 1 else phrases.counted(len(views), "tenant")
    counted = phrases.counted(total, "risky identity", "risky identities")
    counted += f", of {phrases.number(sum(view.whole for view in views))} looked at,"
    grid = Grid(columns=("#", "Identity", "What", "Why"), rows=rows, numeric=(0,))
    return Card(
        parts=(grid,) if rows else (),
        whole=f"{first}{counted} in {where}",
        freshness=tuple(view.freshness for view in views),
        then=tuple(_about(row, tenant, to) for row, tenant in found[:_NAMED]),
    )


def _told_by(row: RiskyIdentity) -> str:
    score = f" ({row.score})" if row.score else ""
    return f" · {row.ref}{score}" if row.ref else ""


def _about(row: RiskyIdentity, tenant: str, to: Audience) -> Button:
    if row.ref.startswith("X-"):
        return card.plan_fix(row.ref, to, tenant, f"Fix {clean(row.resource.name, 40)}")
    about = canonical.about(phrases.spoken(row.resource), to.tenant(tenant))
    return card.ask(f"About {clean(row.resource.name, 40)}", about)


def approvers(views: Sequence[Approvers], _: Audience) -> Card:
    """The people who can approve, a line for each tenant and each severity that has others."""
    lines = []
    for view in views:
        lines.append(_named(view.tenant, view.people))
        lines += [_named(f"{view.tenant}, {s}", people) for s, people in view.others.items()]
    return Card(parts=tuple(lines))


def _named(what: str, people: Sequence[str]) -> Line:
    words: list[str | Person] = [f"{what}: "]
    for person in people:
        words += [", " if len(words) > 1 else "", Person(person)]
    return Line(words=tuple(words) if people else (f"{what}: nobody",))
