"""How tenants, exposures and changes are said."""

from collections.abc import Iterator, Mapping, Sequence

from agent.offline import wordings
from agent.offline.say_findings import is_part_of_another
from agent.offline.understand import understand
from agent.offline.words import age, by_severity, counted, joined, quoted, said
from agent.views import (
    Changes,
    Connections,
    Exposure,
    ExposureDetail,
    ExposureList,
    FindingList,
    Posture,
    PublicList,
    TenantList,
    TenantRow,
    View,
)
from integrations.findings.port import Finding, Severity

_WORST_FIRST = (Severity.FATAL, Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)
_URGENT_SCORE = 40
_FACTOR = "Criticality"
"""The term that is no share of the score: what the shares are multiplied with."""
_MOST_TERMS = 5
_ELSEWHERE = "All tenants are listed and compared in the operators' channel."
_NONE_OF = {
    "internet": "No path from the internet to anything that matters is known",
    "identity": "No identity stands out as risky",
    "data": "No path to sensitive data is known",
    "threat": "Nothing is known to be under attack",
    "vulnerability": "No exploitable vulnerability can be reached from the internet",
    "blind_spot": "No blind spot is known",
}


def tenant_list(_: str, views: Sequence[TenantList]) -> str:
    """How many tenants there are, and who matters most."""
    rows = views[-1].rows
    if not rows:
        return (
            "There are no tenants yet. `assist tenants onboard --help` says how to take one on;"
            " where no AWS account is reached, `assist tenants add --help`."
        )
    if len(rows) == 1:
        return _tenant(rows[0])
    total = sum(len(row.accounts) for row in rows)
    first = rows[0]
    return (
        f"{counted(len(rows), 'tenant')} with {counted(total, 'account')}; "
        f"{said(first.tenant)} matters most (priority {first.priority}, {first.environment})."
    )


def _tenant(row: TenantRow) -> str:
    accounts = joined(list(row.accounts)) or "none"
    ask = f"\nAsk {said(row.contact)}." if row.contact else ""
    return (
        f"{said(row.name)} is {row.environment}, priority {row.priority}, with "
        f"{counted(row.open_findings, 'open finding')} in {counted(len(row.accounts), 'account')} "
        f"({accounts}).{ask}"
    )


def exposures(_: str, views: Sequence[ExposureList]) -> str:
    """What to do first, of all tenants' exposures."""
    ranked = sorted(
        (e for view in views for e in view.exposures), key=lambda e: (-e.score, e.tenant, e.ref)
    )
    about = views[0].about
    if about != "all" and not ranked:
        where = views[0].tenant if len(views) == 1 else counted(len(views), "tenant")
        return f"{_NONE_OF.get(about, 'No such exposure is known')} in {where}."
    if about == "all" and (not ranked or (len(views) == 1 and not _is_urgent(ranked[0], views[0]))):
        return "\n".join(_calm(view) for view in views)
    first = ranked[0]
    verdict = said(first.verdict, 300)
    if len(views) == 1:
        return verdict
    # "In acme, fix ...": an imperative goes on in small letters, a name of capitals does not.
    small = verdict[:1].lower() if verdict[1:2].islower() else verdict[:1]
    return f"In {first.tenant}, {small}{verdict[1:]}"


def _is_urgent(exposure: Exposure, view: ExposureList) -> bool:
    urgent = view.open_by_severity.get(Severity.CRITICAL) or view.open_by_severity.get(
        Severity.HIGH
    )
    return bool(urgent) or exposure.score >= _URGENT_SCORE


def _calm(view: ExposureList) -> str:
    """Nothing urgent: what is open all the same, and how fresh that is."""
    counts = view.open_by_severity
    if not view.open_findings:
        return f"Nothing is open in {view.tenant}."
    rest = joined([f"{counts[s]:,} {s.label.lower()}" for s in _WORST_FIRST if counts.get(s)])
    if counts.get(Severity.CRITICAL) or counts.get(Severity.HIGH):
        return f"{rest} are open in {view.tenant}; none of them is part of an exposure asked for."
    found = f"; {counted(view.total, 'exposure')} worth a look" if view.total else ""
    return f"Nothing critical or high is open in {view.tenant}. Open: {rest}{found}."


def exposure_detail(question: str, views: Sequence[ExposureDetail]) -> str:
    """Why an exposure ranks where it does: its terms, the strongest first.

    Or how to break it, or since when it is open, where that was asked.
    """
    view = views[-1]
    exposure, asked = view.exposure, understand(question)
    headline, cut = said(exposure.headline, 200), said(exposure.cut.text)
    if exposure.since and asked.says(wordings.HOW_LONG):
        open_for = age(exposure.since, view.freshness.now)
        ranked = f"It scores {exposure.score}, number {view.rank}."
        return f"{headline}: open for {open_for}.\n{ranked}" + (
            f" Smallest cut: {cut}." if cut else ""
        )
    lines = [f"{headline} scores {exposure.score}, number {view.rank}, because:"]
    factors = [term for term in exposure.terms if term.name == _FACTOR]
    shares = sorted((t for t in exposure.terms if t.name != _FACTOR), key=lambda t: -t.weight)
    terms = [*shares[:_MOST_TERMS], *factors]
    lines += [f"- {term.name}: {said(term.because, 160)}" for term in terms]
    if cut and asked.says(wordings.FIX):
        return "\n".join([f"{cut}: no finding tells of it, so no runbook is known.", *lines])
    return "\n".join([*lines, "", f"Smallest cut: {cut}."] if cut else lines)


def postures(question: str, views: Sequence[Posture]) -> str:
    """One tenant in two sentences, several worst first."""
    ranked = sorted(views, key=lambda v: [-v.open_by_severity.get(s, 0) for s in _WORST_FIRST])
    view, asked = ranked[0], understand(question)
    if len(ranked) > 1:
        lines = [f"{view.tenant} needs you most: {_counts(view)}.", _worst(view)]
    else:
        counts = _counts(view)
        lines = [f"{counts[:1].upper()}{counts[1:]} in {view.tenant}.", _worst(view), _oldest(view)]
        if asked.says(wordings.COMPARE) or asked.says(wordings.TENANTS):
            lines.append(_ELSEWHERE)
    return "\n".join(line for line in lines if line)


def _counts(view: Posture) -> str:
    urgent = by_severity(view.open_by_severity)
    total = counted(view.open_findings, "open finding")
    if not urgent:
        return f"nothing critical or high among {total}" if view.open_findings else "nothing open"
    return f"{urgent} among {total}{_moved(view)}"


def _moved(view: Posture) -> str:
    if not view.yesterday:
        return ""
    parts = []
    for severity in (Severity.CRITICAL, Severity.HIGH):
        before, now = view.yesterday.get(severity, 0), view.open_by_severity.get(severity, 0)
        if before != now:
            parts.append(f"{now - before:+,} {severity.label.lower()}")
    return f" ({', '.join(parts)} since yesterday)" if parts else " (as yesterday)"


def _worst(view: Posture) -> str:
    return f"Worst: {said(view.worst.headline, 200)} ({view.worst.score})." if view.worst else ""


def _oldest(view: Posture) -> str:
    oldest = view.oldest
    if oldest is None:
        return ""
    days = age(oldest.first_seen, view.freshness.now)
    name = view.names.get(oldest.resource, "")
    on = f" on {said(name)}" if name and name not in oldest.title else ""
    worst = oldest.severity.label.lower()
    return f"Oldest {worst}: {quoted(oldest.title)}{on}, open for {days}."


def changes(question: str, views: Sequence[Changes]) -> str:
    """What came, went and came back; that first which was asked about."""
    return "\n".join(_changed(question, view, several=len(views) > 1) for view in views)


def _changed(question: str, view: Changes, *, several: bool) -> str:
    who = f"{view.tenant}: " if several else ""
    if view.about == "fixed":
        return f"{who}{_closed(view, several=several)}"
    if not (view.opened_total or view.closed_total or view.reopened):
        return f"{who}{'n' if several else 'N'}othing changed {view.since_words}."
    came = f"{counted(view.opened_total, 'finding')} came{_of(view.opened_by_severity)}"
    went = f"{view.closed_total:,} went{_of(view.closed_by_severity)}"
    worst, back = _worst_new(view), _came_back(view)
    when = view.since_words
    asked = understand(question)
    if asked.says(wordings.BACK):
        back = back or f"Nothing came back {when}."
        lines = [back] if several else [back, f"{came} and {went} {when}."]
    elif several:
        return f"{who}{' '.join(w for w in (f'{came} and {went} {when}.', worst) if w)}"
    elif view.exposures:
        lines = [worst.replace(" new", f" new {when}", 1), f"{came} and {went}.", back]
    else:
        lines = [f"{came} and {went} {when}.", worst, back]
    return f"{who}{chr(10).join(line for line in lines if line)}"


def _closed(view: Changes, *, several: bool) -> str:
    """`42 findings were closed (3 high) in the last 7 days.`, and the most severe of them."""
    if not view.closed_total:
        return f"{'n' if several else 'N'}othing was closed {view.since_words}."
    were = "was" if view.closed_total == 1 else "were"
    closed = f"{counted(view.closed_total, 'finding')} {were} closed{_of(view.closed_by_severity)}"
    return f"{closed} {view.since_words}.{' ' if several else chr(10)}{_fixed(view)}"


def _of(counts: Mapping[Severity, int]) -> str:
    """` (4 critical, 1 high)`; nothing when none of them is urgent."""
    told = by_severity(counts)
    return f" ({told.replace(' and ', ', ')})" if told else ""


def _fixed(view: Changes) -> str:
    if not view.closed:
        return ""
    best = view.closed[0]
    return f"Most severe of them: {best.severity.label.lower()}, {_named(best, view)}."


def _worst_new(view: Changes) -> str:
    """The new exposures, or the worst new finding where there is none."""
    if view.exposures:
        worst, count = view.exposures[0], view.exposures_total
        are = "exposure is new: " if count == 1 else "exposures are new; worst: "
        return f"{count:,} {are}{said(worst.headline, 200)} ({worst.score})."
    if not view.opened or view.opened[0].severity < Severity.HIGH:
        return ""
    worst_one = view.opened[0]
    return f"Worst new: {worst_one.severity.label.lower()}, {_named(worst_one, view)}."


def _came_back(view: Changes) -> str:
    if not view.reopened:
        return ""
    back = counted(len(view.reopened), "finding")
    return f"{back} came back: {_named(view.reopened[0], view)}."


def _named(finding: Finding, view: Changes) -> str:
    name = view.names.get(finding.resource, "")
    on = f" on {said(name)}" if name and name not in finding.title else ""
    return f"{quoted(finding.title)}{on}"


def differences(views: Sequence[View]) -> Iterator[int]:
    """Differences that an answer may say: today's open findings less yesterday's."""
    for view in views:
        if isinstance(view, Posture):
            for severity in set(view.open_by_severity) | set(view.yesterday):
                yield view.open_by_severity.get(severity, 0) - view.yesterday.get(severity, 0)


def sums(views: Sequence[View]) -> Iterator[int]:
    """Sums over tenants that an answer may say, and how many tenants there are."""
    lists = [view for view in views if isinstance(view, FindingList)]
    if len(lists) == len(views) and is_part_of_another(lists):
        yield from sums(lists[len(lists) // 2 :])
    yield len(views)
    yield sum(len(r.accounts) for v in views if isinstance(v, TenantList) for r in v.rows)
    for name in ("total", "whole", "open_findings", "opened_total", "closed_total"):
        yield sum(n for v in views if isinstance(n := getattr(v, name, 0), int))
    for view in views:
        if isinstance(view, PublicList):
            yield view.total - view.accepted
        elif isinstance(view, Connections):
            yield from (len(view.graph.resources) + view.graph.left_out - own for own in (0, 1, 2))
