"""How findings and fixes are said."""

from collections.abc import Sequence
from datetime import datetime

from agent.offline.words import age, code, counted, said
from agent.views import Advice, FindingDetail, FindingList, TopResources
from integrations.findings.port import Finding, FindingState

_MOST_STEPS = 4
_TELLING = 5
"""Characters from which a short id cannot stand in a title by chance."""


def finding_lists(question: str, views: Sequence[FindingList]) -> str:
    """How many there are of how many, and the one to look at first."""
    del question
    found = [view for view in views if view.total]
    if not found:
        view = views[0]
        where = view.tenant if len(views) == 1 else "any tenant"
        every = sum(v.whole for v in views)
        return f"No {said(view.asked)} in {where} (of {counted(every, 'open finding')})."
    if len(views) > 1:
        return "\n".join(
            f"{view.tenant}: {view.total:,} {said(view.asked)}, of {view.whole:,} open."
            for view in sorted(found, key=lambda v: -v.total)
        )
    view = found[0]
    whole = f" of {view.whole:,} open" if view.filtered.get("state", "open") == "open" else ""
    head = f"{view.total:,} {_one(view.asked, view.total)}{whole} in {view.tenant}."
    if not view.findings:
        return f"{head} That was all of them."
    first = view.findings[0]
    name = view.names.get(first.resource) or first.resource_type
    which = {"oldest": "Oldest", "newest": "Newest"}.get(view.filtered.get("order", ""), "First")
    title = f"{said(first.title)}{_on(first, name)}"
    since = _since(first, view.freshness.now)
    return f"{head} {which}: {first.severity.label.lower()}, {title}, {since}."


def _since(finding: Finding, now: datetime) -> str:
    if finding.state is FindingState.OPEN:
        return f"open for {age(finding.first_seen, now)}"
    if finding.resolved_at:
        return f"{finding.state} {age(finding.resolved_at, now)} ago"
    return str(finding.state)


def _on(finding: Finding, name: str) -> str:
    """` on web-7`, unless the title says it already."""
    short = finding.resource.rsplit("/", 1)[-1].rsplit(":", 1)[-1]
    told = name in finding.title or (len(short) > _TELLING and short in finding.title)
    return "" if told else f" on {said(name)}"


def _one(asked: str, total: int) -> str:
    words = said(asked)
    if total == 1:
        for many, one in (
            ("findings", "finding"),
            ("vulnerabilities", "vulnerability"),
            ("checks", "check"),
        ):
            words = words.replace(many, one, 1)
    return words


def finding_detail(_: str, views: Sequence[FindingDetail]) -> str:
    """What it is, where, since when, and what hangs on it."""
    view = views[-1]
    finding = view.finding
    name = view.resource.name if view.resource else finding.resource_type or finding.resource
    since = _since(finding, view.freshness.now)
    place = f"({said(finding.account)}, {said(finding.region)})"
    title = f"{said(finding.title, 200)}{_on(finding, name)}"
    lines = [f"{finding.severity.label}: {title} {place}, {since}."]
    if finding.description and finding.description != finding.title:
        lines.append(said(finding.description, 300))
    if view.exposures:
        worst = view.exposures[0]
        lines.append(f"It is part of {worst.ref} ({worst.score}): {said(worst.headline, 200)}.")
    else:
        lines.append("It is part of no exposure.")
    return "\n".join(lines)


def top_resources(_: str, views: Sequence[TopResources]) -> str:
    """The resource that has the most, of how many."""
    lines = []
    for view in views:
        if not view.rows:
            lines.append(f"No resource of {view.tenant} has open findings.")
            continue
        first = view.rows[0]
        name = view.names.get(first.key, first.key)
        worst = ", ".join(
            f"{n:,} {s.label.lower()}"
            for s, n in sorted(first.by_severity.items(), reverse=True)[:2]
        )
        of = f" ({worst})" if worst else ""
        lines.append(
            f"{said(name)} in {view.tenant} has the most: {counted(first.count, 'open finding')}"
            f"{of} of {view.whole:,}."
        )
    return "\n".join(lines)


def advice(_: str, views: Sequence[Advice]) -> str:
    """What would fix it, whether a runbook does, whether it can be undone."""
    view = views[-1]
    finding = view.finding
    lines = [f"**{said(view.title)}** fixes {finding.ref}, {said(finding.title)}."]
    lines += [f"{n}. {said(step, 300)}" for n, step in enumerate(view.steps[:_MOST_STEPS], start=1)]
    undo = {
        True: "It can be undone.",
        False: "It cannot be undone.",
        None: "It can be undone only in part.",
    }
    runbook = (
        f"Runbook: {code(view.runbook)}."
        if view.runbook
        else "No AWS-owned runbook does it; by hand."
    )
    lines.append(f"{runbook} {undo[view.reversible]}" if view.runbook or view.steps else runbook)
    if view.care:
        lines.append(f"Mind: {said(view.care, 300)}")
    if view.exposures:
        lines.append(f"It breaks or lowers {view.exposures[0].ref} ({view.exposures[0].score}).")
    return "\n".join(lines)
