"""How findings and fixes are said."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from agent.offline import wordings
from agent.offline.fixes import plans_a_fix
from agent.offline.understand import understand
from agent.offline.words import age, code, counted, one, quoted, said
from agent.views import Advice, FindingDetail, FindingList, TopResources
from integrations.findings.port import Finding, FindingClass, FindingState

_MOST_STEPS = 6
_TELLING = 5
"""Characters from which a short id cannot stand in a title by chance."""


def finding_lists(question: str, views: Sequence[FindingList]) -> str:
    """How many there are of how many, and the one to look at first."""
    if is_part_of_another(views):
        return _of_them(views)
    text = _lists(views)
    narrowed = any(name.startswith("first_seen") for view in views for name in view.filtered)
    if not narrowed and understand(question).says(wordings.OLDER_THAN) and views[0].total:
        return f"I can't tell which age is meant; this is all of it. {text}"
    return text


def is_part_of_another(views: Sequence[FindingList]) -> bool:
    """Whether the second half of the lists narrows the first half, tenant by tenant."""
    half = len(views) // 2
    pairs = list(zip(views[:half], views[half:], strict=False))
    return 2 * half == len(views) > 0 and all(
        wide.tenant == narrow.tenant and wide.filtered.items() < narrow.filtered.items()
        for wide, narrow in pairs
    )


def _of_them(views: Sequence[FindingList]) -> str:
    """`408 open medium findings in acme, of 875 open; 124 of them are S3.`, for each tenant."""
    half = len(views) // 2
    lines = []
    for wide, narrow in zip(views[:half], views[half:], strict=True):
        more = dict(narrow.filtered.items() - wide.filtered.items())
        which = " and ".join(said(value).replace(",", " or ") for value in more.values())
        are = "is" if narrow.total == 1 else "are"
        head = _head(replace(wide, exposed=0))
        lines.append(f"{head}. {narrow.total:,} of them {are} {which}.")
    return "\n".join(lines)


def _lists(views: Sequence[FindingList]) -> str:
    if len(views) > 1:
        return _of_several(views)
    view = views[0]
    offset = int(view.filtered.get("offset", "0"))
    if not view.total:
        every = counted(view.whole, "open finding")
        return f"No {said(view.asked)} in {view.tenant} (of {every})."
    if not view.findings:
        return f"{_head(view)}. That was all of them."
    if offset:
        return f"{offset + 1:,} to {offset + len(view.findings):,} of {_head(view)}."
    if view.total == 1:
        return _only(view)
    return f"{_head(view)}. {_which(view)}: {_named(view.findings[0], view)}."


def _only(view: FindingList) -> str:
    if view.filtered.get("kind") == "threat":
        threat = view.findings[0]
        return f"{quoted(threat.title)}, {_beside(threat, view)}; no other threat in {view.tenant}."
    return f"{_head(view)}: {_named(view.findings[0], view)}."


def _head(view: FindingList) -> str:
    control = view.filtered.get("control", "")
    if control and view.findings and not _narrowed(view):
        times = "once" if view.total == 1 else f"{view.total:,} times"
        return f"{control}, {quoted(view.findings[0].title)}, fails {times} in {view.tenant}"
    of = "" if _is_other_state(view) or view.total == view.whole else f", of {view.whole:,} open"
    return (
        f"{view.total:,} {one(said(view.asked), view.total)} in {view.tenant}{of}{_exposed(view)}"
    )


def _exposed(view: FindingList) -> str:
    """`; 7 are part of an exposure`: where to begin with a list that is long."""
    if view.total == 1 or not view.exposed:
        return ""
    return f"; {view.exposed:,} {'is' if view.exposed == 1 else 'are'} part of an exposure"


def _narrowed(view: FindingList) -> set[str]:
    """What narrows a list of a control's findings further."""
    return set(view.filtered) - {"control", "limit", "offset", "order"}


def _is_other_state(view: FindingList) -> bool:
    return view.filtered.get("state", "open") != "open"


def _which(view: FindingList) -> str:
    return {"oldest": "Oldest", "newest": "Newest"}.get(view.filtered.get("order", ""), "Worst")


def _named(finding: Finding, view: FindingList) -> str:
    """`“Buckets should be private” on acme-logs, critical, open for 50 days`."""
    name = view.names.get(finding.resource) or finding.resource_type
    on = _on(finding, name)
    if view.filtered.get("control") and not _narrowed(view):
        return f"{on.removeprefix(' ') or quoted(finding.title)}, {_beside(finding, view)}"
    return f"{quoted(finding.title)}{on}, {_beside(finding, view)}"


def _beside(finding: Finding, view: FindingList) -> str:
    """How bad it is, unless all that was asked for is, and since when."""
    asked = view.filtered.get("severities", "")
    same = asked and "," not in asked
    since = _since(finding, view.freshness.now)
    return since if same else f"{finding.severity.label.lower()}, {since}"


def _of_several(views: Sequence[FindingList]) -> str:
    """The sum, how it is spread, and the worst of all."""
    total = sum(view.total for view in views)
    where = counted(len(views), "tenant")
    asked = said(views[0].asked)
    whole = sum(view.whole for view in views)
    if not total:
        return f"No {asked} in {where} (of {counted(whole, 'open finding')})."
    of = "" if _is_other_state(views[0]) or total == whole else f", of {whole:,} open"
    ranked = sorted(views, key=lambda v: (-v.total, v.tenant))
    spread = ", ".join(f"{view.tenant} {view.total:,}" for view in ranked)
    head = f"{total:,} {one(asked, total)} in {where}{of}: {spread}."
    found = [(finding, view) for view in ranked for finding in view.findings[:1]]
    if not found:
        return head
    finding, view = min(found, key=lambda each: _place(*each))
    return f"{head}\n{_which(view)}: {_named(finding, view)}, in {view.tenant}."


def _place(finding: Finding, view: FindingList) -> tuple[float, bool, float]:
    """Where the first finding of a list stands in the order that was asked for."""
    seen = finding.first_seen.timestamp()
    match view.filtered.get("order", ""):
        case "oldest":
            return (0, False, seen)
        case "newest":
            return (0, False, -seen)
        case _:
            return (-finding.severity, not view.exposed, seen)


def _since(finding: Finding, now: datetime) -> str:
    if finding.state is FindingState.OPEN and finding.reopened_at:
        first = age(finding.first_seen, now)
        return f"open again for {age(finding.reopened_at, now)}, first seen {first} ago"
    if finding.state is FindingState.OPEN:
        return f"open for {age(finding.first_seen, now)}"
    if finding.resolved_at and finding.state is not FindingState.MUTED:
        return f"{finding.state} {age(finding.resolved_at, now)} ago"
    return str(finding.state)


def _on(finding: Finding, name: str) -> str:
    """` on web-7`, unless the title says it already."""
    short = finding.resource.rsplit("/", 1)[-1].rsplit(":", 1)[-1]
    told = name in finding.title or (len(short) > _TELLING and short in finding.title)
    return "" if told else f" on {said(name)}"


def finding_detail(_: str, views: Sequence[FindingDetail]) -> str:
    """What it is, where, since when, and what hangs on it."""
    view = views[-1]
    finding = view.finding
    name = view.resource.name if view.resource else finding.resource_type or finding.resource
    since = _since(finding, view.freshness.now)
    title = f"{quoted(finding.title, 200)}{_on(finding, name)}"
    lines = [f"{finding.severity.label}: {title}, {since}."]
    if finding.title.casefold() not in finding.description.casefold():
        lines.append(said(finding.description, 300))
    if view.exposures:
        worst = view.exposures[0]
        lines.append(f"It is part of {worst.ref} ({worst.score}): {said(worst.headline, 200)}.")
    elif finding.state is FindingState.OPEN:
        lines.append("It is part of no exposure.")
    return "\n".join(line for line in lines if line)


def top_resources(_: str, views: Sequence[TopResources]) -> str:
    """The resource that has the most, of how many; of several tenants the worst first."""
    found = [view for view in views if view.rows]
    if not found:
        return "\n".join(f"No resource of {view.tenant} has open findings." for view in views)
    found.sort(key=lambda v: [-n for _, n in sorted(v.rows[0].by_severity.items(), reverse=True)])
    return "\n".join(map(_top, found))


def _top(view: TopResources) -> str:
    first = view.rows[0]
    name = view.names.get(first.key, first.key)
    worst = " and ".join(
        f"{n:,} {s.label.lower()}" for s, n in sorted(first.by_severity.items(), reverse=True)[:2]
    )
    of = f" ({worst})" if worst else ""
    return (
        f"{said(name)} in {view.tenant} has the most: {counted(first.count, 'open finding')}{of}, "
        f"of {view.whole:,}."
    )


def advice(question: str, views: Sequence[Advice]) -> str:
    """What would fix it, whether a runbook does, whether it can be undone."""
    view = views[-1]
    finding = view.finding
    on = _on(finding, view.name) if view.name else ""
    if finding.cls is FindingClass.DETECTION:
        lines = [f"**{said(view.title)}**: {finding.ref}, {quoted(finding.title)}{on}."]
    else:
        fixed = f"{finding.ref}, {quoted(finding.title)}{on}"
        lines = [f"**{said(view.title)}**: that fixes {fixed}."]
    if view.by_hand_because:
        lines.append(f"I can't do it from here: {said(view.by_hand_because, 300)}. By hand:")
    lines += [f"{n}. {said(step, 300)}" for n, step in enumerate(view.steps[:_MOST_STEPS], start=1)]
    # A line right below a list would be taken for the last point's.
    lines += [""] if view.steps else []
    lines.append(f"{_runbook(view)}{_undo(view)}")
    if _is_ours(view) and not view.by_hand_because and plans_a_fix(understand(question)):
        # No plan came of it: nothing here may read the accounts.
        shown = code(f"assist fix {finding.ref} --tenant {view.tenant} --plan")
        lines.append(f"Exact calls: {shown}")
    if view.care:
        lines.append(f"Mind: {said(view.care, 300)}")
    if view.exposures:
        worst = view.exposures[0]
        lines.append(f"It breaks or lowers {worst.ref} ({worst.score}).")
    return "\n".join(lines)


def _runbook(view: Advice) -> str:
    if _is_ours(view):
        return f"A runbook does it once it is approved: {code(view.runbook or '')}."
    if view.runbook:
        return f"AWS has a runbook for it, {code(view.runbook)}; we have none."
    return "No runbook does this; it is done by hand."


def _is_ours(view: Advice) -> bool:
    """AWS's own documents are called `AWS-...`, `AWSSupport-...`, `AWSConfigRemediation-...`."""
    return view.runbook is not None and not view.runbook.startswith("AWS")


def _undo(view: Advice) -> str:
    """Whether it can be undone, where something is known of the fix."""
    if not view.known:
        return ""
    return {
        True: " It can be undone.",
        False: " It cannot be undone.",
        None: " It can be undone only in part.",
    }[view.reversible]
