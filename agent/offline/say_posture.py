"""How tenants, exposures and changes are said."""

from collections.abc import Iterator, Sequence

from agent.offline.words import age, by_severity, counted, joined, said
from agent.views import (
    Changes,
    Exposure,
    ExposureDetail,
    ExposureList,
    Posture,
    TenantList,
    View,
)
from integrations.findings.port import Severity

_WORST_FIRST = (Severity.FATAL, Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)
_URGENT_SCORE = 40


def tenant_list(_: str, views: Sequence[TenantList]) -> str:
    """How many tenants there are, and who matters most."""
    rows = views[-1].rows
    if not rows:
        return "There are no tenants yet. `assist tenants add --help` says how to add one."
    total = sum(len(row.accounts) for row in rows)
    first = rows[0]
    return (
        f"{counted(len(rows), 'tenant')} with {counted(total, 'account')}; "
        f"{said(first.tenant)} matters most (priority {first.priority}, {first.environment})."
    )


def exposures(_: str, views: Sequence[ExposureList]) -> str:
    """What to do first, of all tenants' exposures."""
    ranked = sorted(
        (e for view in views for e in view.exposures), key=lambda e: (-e.score, e.tenant, e.ref)
    )
    if not ranked or (len(views) == 1 and not _is_urgent(ranked[0], views[0])):
        return "\n".join(_calm(view) for view in views)
    first = ranked[0]
    where = f"In {first.tenant}: " if len(views) > 1 else ""
    return f"{where}{said(first.verdict, 300)}"


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


def exposure_detail(_: str, views: Sequence[ExposureDetail]) -> str:
    """Why an exposure ranks where it does: its terms, the strongest first."""
    view = views[-1]
    exposure = view.exposure
    headline = said(exposure.headline, 200)
    lines = [f"{headline} scores {exposure.score}, number {view.rank}, because:"]
    terms = sorted(exposure.terms, key=lambda term: -term.weight)
    lines += [f"- {term.name}: {said(term.because, 160)}" for term in terms[:6]]
    if exposure.cut.text:
        lines.append(f"Smallest cut: {said(exposure.cut.text)}.")
    return "\n".join(lines)


def postures(_: str, views: Sequence[Posture]) -> str:
    """One tenant in two sentences, several worst first."""
    ranked = sorted(views, key=lambda v: [-v.open_by_severity.get(s, 0) for s in _WORST_FIRST])
    if len(ranked) > 1:
        worst = ranked[0]
        return f"{worst.tenant} needs you most: {_counts(worst)}.{_worst(worst)}"
    view = ranked[0]
    return f"{_counts(view)} in {view.tenant}.{_worst(view)}{_oldest(view)}"


def _counts(view: Posture) -> str:
    urgent = by_severity(view.open_by_severity)
    total = counted(view.open_findings, "open finding")
    if not urgent:
        return f"nothing critical or high among {total}" if view.open_findings else "nothing open"
    moved = _moved(view)
    return f"{urgent} of {total}{moved}"


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
    return f" Worst: {said(view.worst.headline, 200)} ({view.worst.score})." if view.worst else ""


def _oldest(view: Posture) -> str:
    oldest = view.oldest
    if oldest is None:
        return ""
    days = age(oldest.first_seen, view.freshness.now)
    return f" Oldest {oldest.severity.label.lower()}: {said(oldest.title)}, open for {days}."


def changes(_: str, views: Sequence[Changes]) -> str:
    """What came, went and came back."""
    return "\n".join(_changed(view, prefix=len(views) > 1) for view in views)


def _changed(view: Changes, *, prefix: bool) -> str:
    who = f"{view.tenant}: " if prefix else ""
    if not (view.opened_total or view.closed_total or view.reopened):
        return f"{who}Nothing changed {view.since_words}."
    came = counted(view.opened_total, "finding")
    lines = [f"{who}{came} came and {view.closed_total:,} went {view.since_words}."]
    if view.opened and view.opened[0].severity >= Severity.HIGH:
        worst = view.opened[0]
        name = view.names.get(worst.resource, "")
        where = f" on {said(name)}" if name else ""
        lines.append(f"Worst new: {worst.severity.label.lower()}, {said(worst.title)}{where}.")
    if view.reopened:
        back = view.reopened[0]
        lines.append(f"Came back: {said(back.title)}.")
    return " ".join(lines)


def differences(views: Sequence[View]) -> Iterator[int]:
    """Differences that an answer may say: today's open findings less yesterday's."""
    for view in views:
        if isinstance(view, Posture):
            for severity in set(view.open_by_severity) | set(view.yesterday):
                yield view.open_by_severity.get(severity, 0) - view.yesterday.get(severity, 0)


def sums(views: Sequence[View]) -> Iterator[int]:
    """Sums over tenants that an answer may say."""
    yield sum(len(r.accounts) for v in views if isinstance(v, TenantList) for r in v.rows)
    for name in ("total", "whole", "open_findings", "opened_total", "closed_total"):
        yield sum(n for v in views if isinstance(n := getattr(v, name, 0), int))
