"""The morning's digest: the verdict, what changed, what to do first; a quiet day is one line."""

from collections.abc import Mapping, Sequence
from datetime import date

from agent import canonical
from agent.guard.untrusted import clean
from bot import phrases
from bot.cards import card, estate, exposures
from bot.cards.card import Audience
from bot.digest import Digest, Requests
from bot.messages import Actions, Button, Heading, Part, Prose, Reply, Small
from integrations.findings.port import Finding, Severity
from integrations.remediations.port import Remediation

_NAMED = 2
"""Things of a sort that are named; the others are counted."""
_TITLE = 90


def digest_card(digest: Digest, day: date, to: Audience) -> Reply:
    """One tenant's morning; `day` is the channel's own."""
    lead = f"{digest.tenant} - {day:%A} {day.day} {day:%b}"
    if not digest.told:
        said = "no source has told anything yet, so nothing can be said."
        return _line(f"{lead}: {said}")
    if digest.quiet:
        return _line(f"{lead}: {_quiet(digest, to)}")
    verdict = _verdict(digest)
    posture = digest.posture
    parts: list[Part] = [Heading(text=lead), Prose(text=f"**{clean(verdict, 300)}**")]
    parts.append(card.facts(_rows(digest, to)))
    parts += [exposures.item(n, e, to) for n, e in enumerate(digest.exposures, start=1)]
    parts.append(Actions(buttons=_buttons(digest, to)))
    whole = phrases.whole(posture.open_findings, posture.open_by_severity, digest.tenant)
    fresh = phrases.freshness((posture.freshness,), to.now)
    parts.append(Small(text=card.sentence(card.joined((whole, fresh)))))
    return Reply(plain=f"{lead}: {verdict}", parts=tuple(parts))


def operators_card(digests: Sequence[Digest], day: date, to: Audience) -> Reply:
    """Every tenant's morning in one table, the worst first, and what is to be done about fixes."""
    lead = f"Every tenant - {day:%A} {day.day} {day:%b}"
    if not digests:
        return _line(f"{lead}: there are no tenants yet.")
    if len(digests) == 1:
        return digest_card(digests[0], day, to)
    quiet = sum(digest.quiet for digest in digests)
    if quiet == len(digests):
        return _line(f"{lead}: nothing urgent is new, nothing critical or high in {quiet} tenants.")
    worst = max(digests, key=lambda d: d.exposures[0].score if d.exposures else -1)
    verdict = f"{worst.tenant} first. {_verdict(worst)}"
    postures = estate.postures([digest.posture for digest in digests], to)
    parts: list[Part] = [Heading(text=lead), Prose(text=f"**{clean(verdict, 300)}**")]
    parts += postures.parts
    rows = [(d.tenant, card.joined(_aside(d, to))) for d in digests]
    if any(value for _, value in rows):
        parts.append(card.facts(rows))
    parts.append(Actions(buttons=postures.then))
    fresh = phrases.freshness(postures.freshness, to.now)
    parts.append(Small(text=card.sentence(card.joined((postures.whole, fresh)))))
    return Reply(plain=f"{lead}: {verdict}", parts=tuple(parts))


def _line(text: str) -> Reply:
    return Reply(plain=text, parts=(Prose(text=text),))


def _quiet(digest: Digest, to: Audience) -> str:
    posture = digest.posture
    count = posture.open_by_severity.get(Severity.MEDIUM, 0)
    said = f"{phrases.counted(count, 'medium')} open" if count else "no mediums either"
    if count and posture.oldest is not None:
        said += f", oldest {phrases.age(posture.oldest.first_seen, to.now)}"
    return f"nothing urgent is new, nothing critical or high, {said}. All sources reporting."


def _verdict(digest: Digest) -> str:
    """What a tired reader acts on."""
    failed, new = digest.requests.failed, digest.changes.exposures
    if failed:
        return f"A fix did not hold: {clean(failed[0].plan.title, _TITLE)}."
    if new:
        return f"New since yesterday: {clean(new[0].headline, card.VALUE_LENGTH)}."
    if digest.exposures:
        return digest.exposures[0].verdict
    came = _urgent(digest.changes.opened_by_severity)
    if came:
        return f"{came} new since yesterday, none of it part of an attack path."
    return "Nothing new is critical or high."


def _rows(digest: Digest, to: Audience) -> list[tuple[str, str]]:
    return [
        ("Open", _open(digest)),
        ("New", _new(digest)),
        ("Gone", _gone(digest)),
        ("Open again", _again(digest)),
        *_requested(digest.requests, to),
        ("Oldest", _oldest(digest, to)),
        ("Blind", _blind(digest, to)),
    ]


def _aside(digest: Digest, to: Audience) -> list[str]:
    """What an operator has to know of a tenant beside its numbers."""
    said = [f"{label.lower()}: {value}" for label, value in _requested(digest.requests, to)]
    blind = _blind(digest, to)
    return [*said, *([f"blind: {blind}"] if blind else [])]


def _count(counts: Mapping[Severity, int], severity: Severity) -> int:
    """Fatal ones count with the critical ones."""
    fatal = counts.get(Severity.FATAL, 0) if severity is Severity.CRITICAL else 0
    return counts.get(severity, 0) + fatal


def _open(digest: Digest) -> str:
    """`29 critical (-3 since yesterday), 233 high`."""
    now, before = digest.posture.open_by_severity, digest.posture.yesterday
    said: list[str] = []
    since = " since yesterday"
    for severity in (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM):
        count, then = _count(now, severity), _count(before, severity)
        change = ""
        if before and count != then:
            change, since = f" ({count - then:+,}{since})", ""
        if count or change:
            said.append(f"{phrases.number(count)} {severity.label.lower()}{change}")
    return ", ".join(said) or "nothing of medium severity or above"


def _urgent(counts: Mapping[Severity, int]) -> str:
    """`2 critical, 3 high`."""
    said = [(s, _count(counts, s)) for s in (Severity.CRITICAL, Severity.HIGH)]
    return ", ".join(f"{phrases.number(count)} {s.label.lower()}" for s, count in said if count)


def _new(digest: Digest) -> str:
    came = digest.changes
    urgent = _urgent(came.opened_by_severity)
    others = came.opened_total - sum(
        _count(came.opened_by_severity, s) for s in (Severity.CRITICAL, Severity.HIGH)
    )
    rest = f"{phrases.counted(others, 'other')}" if others else ""
    named = [_named(f, came.names) for f in came.opened if f.severity >= Severity.HIGH]
    counts = ", ".join(word for word in (urgent, rest) if word)
    return ": ".join(word for word in (counts, card.joined(named[:_NAMED])) if word)


def _gone(digest: Digest) -> str:
    total = digest.changes.closed_total
    if not total:
        return ""
    urgent = _urgent(digest.changes.closed_by_severity)
    return phrases.number(total) + (f", of them {urgent}" if urgent else "")


def _again(digest: Digest) -> str:
    back = [_named(f, digest.changes.names) for f in digest.changes.reopened]
    return card.joined(back[:_NAMED]) + (f"; {len(back) - _NAMED} more" if len(back) > 2 else "")  # noqa: PLR2004 - those that are named


def _named(finding: Finding, names: Mapping[str, str]) -> str:
    name = names.get(finding.resource) or phrases.short_name(finding.resource)
    title = finding.control or clean(finding.title, _TITLE)
    said = name and name.casefold() in title.casefold()
    return f"{title} on {clean(name, 60)}" if name and not said else title


def _requested(requests: Requests, to: Audience) -> list[tuple[str, str]]:
    rows = [
        ("Fixed", _titles(requests.fixed, "proven")),
        ("Undone", _titles(requests.undone)),
        ("Not fixed", _titles(requests.failed)),
    ]
    if requests.waiting:
        first = requests.waiting[0]
        left = first.expires_at - to.now
        closes = f"closes in {phrases.age(to.now, first.expires_at)}" if left.days >= 0 else "late"
        count = phrases.counted(len(requests.waiting), "approval")
        rows.append(("Waiting", f"{count}; {clean(first.plan.title, _TITLE)} {closes}"))
    return [(label, value) for label, value in rows if value]


def _titles(requests: Sequence[Remediation], beside: str = "") -> str:
    if not requests:
        return ""
    lead = f"{phrases.number(len(requests))}{f', {beside}' if beside else ''}: "
    more = f" and {len(requests) - _NAMED} more" if len(requests) > _NAMED else ""
    return lead + card.joined([clean(r.plan.title, _TITLE) for r in requests[:_NAMED]]) + more


def _oldest(digest: Digest, to: Audience) -> str:
    oldest = digest.posture.oldest
    if oldest is None:
        return ""
    owner = f"; owner: {clean(digest.owner, 60)}" if digest.owner else ""
    age = phrases.age(oldest.first_seen, to.now)
    named = _named(oldest, digest.posture.names)
    return f"{named} ({oldest.ref}), {oldest.severity.label.lower()}, {age}{owner}"


def _blind(digest: Digest, to: Audience) -> str:
    silent = [
        f"{clean(s.source, 40)} silent for {phrases.age(s.last_seen, to.now)}"
        for s in digest.silent
    ]
    return card.joined(silent)


def _buttons(digest: Digest, to: Audience) -> tuple[Button, ...]:
    tenant = to.tenant(digest.tenant)
    return (
        card.ask("What needs attention first", canonical.in_tenant(canonical.ATTENTION, tenant)),
        card.ask("What changed", canonical.in_tenant(canonical.CHANGED_TODAY, tenant)),
    )
