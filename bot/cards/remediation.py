"""A request to fix something as its card: the plan, who may decide, how far it is, the proof."""

from collections.abc import Sequence

from agent.approval import needs_reason, why_two
from agent.guard.untrusted import clean
from bot.cards import card
from bot.cards.details import calls_whole, details
from bot.cards.people import still_asked
from bot.cards.plan import plan_facts, reasons, shown_whole
from bot.cards.undo import time_of, undo_button, undo_people
from bot.messages import (
    Actions,
    Button,
    Fact,
    Facts,
    Heading,
    Line,
    Part,
    Person,
    Prose,
    Reply,
    Small,
    Style,
    TextField,
)
from integrations.remediations.plan import Plan
from integrations.remediations.port import Remediation, Run, Stage
from integrations.tenants.port import Tenant

_REASON = "reason"
_DONE = "done; there is no other"
_STEP_MARKS = {"Success": "✓", "Failed": "✗", "TimedOut": "✗", "Cancelled": "✗"}


def remediation_card(request: Remediation, tenant: Tenant) -> Reply:
    """The card as the request stands; the plan stays on it whatever becomes of it."""
    parts = [
        *_head(request, tenant),
        plan_facts(request.plan, _way_back(request)),
        *_progress(request),
        *_people(request, tenant),
        *_to_press(request),
    ]
    return Reply(plain=verdict(request), parts=tuple(parts))


def whole_card(request: Remediation, tenant: Tenant) -> Reply:
    """A request with all of its details and nothing to press, each thing said once."""
    parts = [
        *_head(request, tenant),
        reasons(request.plan, _way_back(request)),
        *_progress(request),
        *_people(request, tenant),
        *details(request).parts,
    ]
    return Reply(plain=verdict(request), parts=tuple(parts))


def _head(request: Remediation, tenant: Tenant) -> list[Part]:
    where = Small(text=_where(request, tenant))
    return [Heading(text=request.plan.title), where, *_outcome(request)]


def _way_back(request: Remediation) -> str:
    return _DONE if request.stage is Stage.UNDONE else ""


def plan_card(plan: Plan) -> Reply:
    """A plan that nobody was asked to approve: it has no Details, so nothing of a call is cut."""
    where = f"{plan.account} {plan.region} · {plan.control} · {plan.severity.upper()}"
    parts: list[Part] = [Heading(text=plan.title), Small(text=where), plan_facts(plan)]
    if not shown_whole(plan):
        parts.append(Prose(text=calls_whole(plan)))
    return Reply(plain=plan.title, parts=tuple(parts))


def verdict(request: Remediation) -> str:
    """Where the request stands, in a sentence: the notification, and the thread's last word."""
    plan = request.plan
    proven = time_of(request.verified_at) if request.verified_at else ""
    passes = f"{plan.control} passes on {plan.resource_name}"
    return {
        Stage.PROPOSED: f"{plan.title}: waiting for approval until {time_of(request.expires_at)}.",
        Stage.APPROVED: f"{plan.title}: approved, about to start.",
        Stage.RUNNING: f"{plan.title}: running.",
        Stage.VERIFIED: f"Fixed and proven {proven}: {passes}.",
        Stage.UNDOING: f"{plan.title}: being undone.",
        Stage.UNDONE: f"Undone and proven {proven}: {plan.resource_name} is as it was before.",
        Stage.REJECTED: f"Rejected: {plan.title}. {request.outcome}",
        Stage.EXPIRED: f"Not done: {plan.title}. {request.outcome}",
        Stage.NOT_FIXED: f"Not fixed: {request.outcome}",
        Stage.FAILED: f"Failed: {request.outcome}",
    }[request.stage]


def _where(request: Remediation, tenant: Tenant) -> str:
    plan = request.plan
    words = (f"{tenant.id} {tenant.environment}", plan.control, plan.severity.upper(), request.id)
    return " · ".join(word for word in words if word)


def _outcome(request: Remediation) -> list[Part]:
    """What is known now, above the plan: nothing while it waits."""
    if request.stage is Stage.PROPOSED:
        return []
    gone = _gone(request) if request.stage is Stage.VERIFIED else ""
    return [Prose(text=f"**{clean(verdict(request))}**" + (f" {gone}" if gone else ""))]


def _gone(request: Remediation) -> str:
    """`tcp 22 from 0.0.0.0/0 is gone.`, where the change was that something was taken away."""
    for change in request.plan.changes:
        if isinstance(change.before, Sequence) and isinstance(change.after, Sequence):
            gone = [str(b) for b in change.before if b not in change.after]
            if gone and not [a for a in change.after if a not in change.before]:
                verb = "is" if len(gone) == 1 else "are"
                return f"{clean(', '.join(gone), card.VALUE_LENGTH)} {verb} gone."
    return ""


def _progress(request: Remediation) -> list[Part]:
    lines = [
        *_steps("", request.fix),
        *_steps("Undo: ", request.undo),
    ]
    return [Facts(facts=tuple(lines))] if lines else []


def _steps(lead: str, run: Run | None) -> list[Fact]:
    if run is None:
        return []
    return [
        Fact(
            label=_STEP_MARKS.get(step.status, "…"),
            value=" · ".join(
                word
                for word in (
                    f"{lead}{step.name}",
                    time_of(step.at) if step.at else "",
                    clean(step.failure, card.VALUE_LENGTH),
                )
                if word
            ),
        )
        for step in run.steps
    ]


def _people(request: Remediation, tenant: Tenant) -> list[Part]:
    """Who asked, who decided and why, and whom it still needs."""
    said: list[Part] = [
        Line(
            words=(
                "Asked by ",
                Person(request.requested_by),
                f" at {time_of(request.requested_at)}.",
            )
        )
    ]
    for number, approval in enumerate(request.approvals, start=1):
        count = f"{number} of {request.approvals_needed} - "
        reason = f": {clean(approval.reason, card.VALUE_LENGTH)}" if approval.reason else "."
        words = (count, Person(approval.by), f" approved {time_of(approval.at)}{reason}")
        said.append(Line(words=words))
    if request.rejection:
        reason = clean(request.rejection.reason, card.VALUE_LENGTH)
        at = time_of(request.rejection.at)
        said.append(Line(words=(Person(request.rejection.by), f" rejected it {at}: {reason}")))
    said += undo_people(request, tenant)
    if request.stage is Stage.PROPOSED:
        said.append(_needed(request, tenant))
    return said


def _needed(request: Remediation, tenant: Tenant) -> Line:
    left = request.approvals_needed - len(request.approvals)
    reasons = why_two(tenant, request.plan)
    because = f" ({reasons})" if reasons and request.approvals_needed > 1 else ""
    more = " more" if request.approvals else ""
    count = f"One{more} approver" if left == 1 else f"{left}{more} approvers"
    people: list[str | Person] = []
    for approver in still_asked(request, tenant):
        people += [", " if people else "", Person(approver)]
    command = f"assist tenants onboard {tenant.id} --approver"
    whom = people or [f"nobody is named: say who with `{command}`"]
    until = f". Open until {time_of(request.expires_at)}."
    return Line(words=(f"{count} needed{because}: ", *whom, until))


def _to_press(request: Remediation) -> list[Part]:
    value = f"{request.id}:{request.plan.hash}"
    if request.stage is Stage.PROPOSED:
        label = "Reason (needed to approve or reject)"
        if not needs_reason(request):
            label = "Reason (needed to reject)"
        return [
            TextField(name=_REASON, label=label),
            Actions(
                buttons=(
                    Button(label="Approve", action="approve", value=value, style=Style.PRIMARY),
                    Button(label="Reject", action="reject", value=value, style=Style.DANGER),
                    Button(label="Details", action="details", value=value),
                )
            ),
        ]
    buttons = [Button(label="Details", action="details", value=value)]
    if not request.undoable:
        return [Actions(buttons=tuple(buttons))]
    pressed = Actions(buttons=(undo_button(request, value), *buttons))
    if needs_reason(request):
        return [TextField(name=_REASON, label="Reason (needed to undo)"), pressed]
    return [pressed]
