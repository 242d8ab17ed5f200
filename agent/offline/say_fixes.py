"""How a planned fix is said; its card, with what to press, follows."""

from collections.abc import Sequence

from agent.approvers import Approvers
from agent.offline.words import code, counted, joined, said
from agent.views import Proposal


def proposal(_: str, views: Sequence[Proposal]) -> str:
    """What would be done, and who must agree; never that anything was done."""
    view = views[-1]
    if view.stage != "proposed":
        stage = view.stage.replace("_", " ")
        return f"**{said(view.title)}** is {stage} already; its card ({view.request}) follows."
    undo = "it can be undone" if view.reversible else "it cannot be undone"
    felt = counted(len(view.touches), "other resource")
    shared = f"{felt} {'shares' if len(view.touches) == 1 else 'share'} it" if view.touches else ""
    facts = "; ".join(w for w in (counted(len(view.calls), "call"), shared, undo) if w)
    lines = [f"**{said(view.title)}**: {facts}. Nothing is changed yet."]
    if view.care:
        lines.append(f"Mind: {said(view.care.split('. ')[0].rstrip('.'), 300)}.")
    lines.extend(f"Not foreseen: {said(words, 300)}" for words in view.unpredicted[:2])
    lines.append(_who(view))
    return "\n".join(lines)


def _who(view: Proposal) -> str:
    if not view.approvers:
        return f"Nobody may approve it: {view.tenant} has no approvers for this severity."
    if view.approvals_needed == 1:
        return "It runs when an approver agrees, below."
    because = f" ({said(view.why_two)})" if view.why_two else ""
    return f"It runs when {view.approvals_needed} approvers agree{because}, below."


def approvers(_: str, views: Sequence[Approvers]) -> str:
    """How many people can approve, tenant by tenant; the cards name them."""
    return "\n".join(map(_approvers, views))


def _approvers(view: Approvers) -> str:
    if not view.people and not any(view.others.values()):
        command = code(f"assist tenants onboard {view.tenant} --approver")
        return f"Nobody can approve fixes in {view.tenant} yet: {command} names people."
    people = len(view.people)
    head = f"{people} {'person' if people == 1 else 'people'} can approve fixes in {view.tenant}"
    ranks = [f"{len(who)} for {severity} ones" for severity, who in view.others.items()]
    return f"{head}{f'; {joined(ranks)}' if ranks else ''}."
