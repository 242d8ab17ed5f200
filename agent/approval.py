"""Who may decide about a fix: pure rules that answer nothing, or why it is refused.

Authority comes from the channel's tenant and the clicker's stable id, never from a text, a value
of a button or a model. The rules are asked at every click, and once more before the start.

How many different approvers it takes:

    a fix     two where it is grave (critical, or production of priority 1), wide (felt by more than
              the cap, or by more than can be counted) or risky (its runbook's risk is high, or it
              cannot be undone); else one, who is not the requester
    an undo   as many as the fix where it is grave; else one, who may have approved the fix: at
              three in the morning one person must be able to take back what breaks things
"""

from dataclasses import dataclass
from datetime import datetime

from integrations.remediations.plan import Plan
from integrations.remediations.port import Remediation, Stage
from integrations.tenants.port import Environment, Tenant

FELT_BY_AT_MOST = {Environment.PRODUCTION: 5, Environment.STAGING: 20, Environment.DEVELOPMENT: 50}
"""A change that more other resources feel needs two approvers."""

LONGEST_REASON = 500

_GRAVEST = frozenset({"critical", "fatal"})
"""OCSF has one severity above critical."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who pressed or typed."""

    id: str
    """`slack/T0001/U0001`: platform, home workspace, user."""
    foreign: bool = False
    """A guest, or somebody of another organisation."""
    via: str = ""
    """How they said it, for the audit: the card's message, or the command line and its user."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something may not be done."""

    rule: str
    """One word for the audit: `four-eyes`, `approver`, `expired`, ..."""
    reason: str
    """For the person."""


def approvals_needed(tenant: Tenant, plan: Plan) -> int:
    """How many different people must approve: two for what is grave, wide or final, else one."""
    return 2 if why_two(tenant, plan) else 1


def why_two(tenant: Tenant, plan: Plan) -> str:
    """Why two approvers are needed, in words; empty when one is enough.

    What the graph cannot count is taken for more than the cap.
    """
    reasons, felt_by = [], len(plan.touches)
    reasons += _grave(tenant, plan)
    if felt_by > FELT_BY_AT_MOST[tenant.environment]:
        reasons.append(f"felt by {felt_by} other resources")
    if plan.uncounted:
        reasons.append(plan.uncounted)
    if not plan.reversible:
        reasons.append("cannot be undone")
    if plan.risk == "high":
        reasons.append("high risk")
    return ", ".join(reasons)


def undo_approvals_needed(tenant: Tenant, plan: Plan) -> int:
    """How many different people must ask for an undo."""
    return approvals_needed(tenant, plan) if _grave(tenant, plan) else 1


def _grave(tenant: Tenant, plan: Plan) -> list[str]:
    grave = [plan.severity] if plan.severity in _GRAVEST else []
    first = tenant.environment is Environment.PRODUCTION and tenant.priority == 1
    return grave + ["priority 1"] * first


def refuse_decision(
    remediation: Remediation, tenant: Tenant, actor: Actor, plan_hash: str, now: datetime
) -> Refusal | None:
    """Why somebody may neither approve nor reject; who asked may always take it back."""
    known = _known(remediation, actor, plan_hash)
    if known:
        return known
    if remediation.stage is not Stage.PROPOSED:
        return Refusal("decided", f"It is {said(remediation.stage)} already.")
    if now >= remediation.expires_at:
        return Refusal("expired", "It is too late: this request has expired.")
    return None if actor.id == remediation.requested_by else _approver(remediation, tenant, actor)


def refuse_approval(
    remediation: Remediation,
    tenant: Tenant,
    actor: Actor,
    plan_hash: str,
    now: datetime,
    reason: str,
) -> Refusal | None:
    """Why somebody's approval does not count."""
    refusal = refuse_decision(remediation, tenant, actor, plan_hash, now)
    if refusal:
        return refusal
    if actor.id == remediation.requested_by and not remediation.self_approval:
        others = ", ".join(_names(tenant, remediation, but=actor.id))
        whom = f": {others}" if others else ", and nobody else is an approver"
        return Refusal(
            "four-eyes", f"You asked for this fix, so someone else must approve it{whom}."
        )
    approver = _approver(remediation, tenant, actor)
    if approver:
        return approver
    if any(approval.by == actor.id for approval in remediation.approvals):
        return Refusal("twice", "You approved this already; another approver is needed.")
    return _reasoned(reason, needed=needs_reason(remediation))


def refuse_rejection(
    remediation: Remediation,
    tenant: Tenant,
    actor: Actor,
    plan_hash: str,
    now: datetime,
    reason: str,
) -> Refusal | None:
    """Why somebody's rejection does not count; an approver's and the requester's own do."""
    refusal = refuse_decision(remediation, tenant, actor, plan_hash, now)
    return refusal or _reasoned(reason, needed=True)


def refuse_undo(
    remediation: Remediation,
    tenant: Tenant,
    actor: Actor,
    plan_hash: str,
    now: datetime,
    reason: str = "",
) -> Refusal | None:
    """Why somebody's wish for an undo does not count: approvers' do, who say why if it is grave."""
    known = _known(remediation, actor, plan_hash)
    if known:
        return known
    approver = _approver(remediation, tenant, actor)
    if approver:
        return approver
    if not remediation.undoable:
        return Refusal("undo", "There is nothing to undo.")
    if any(asked.by == actor.id for asked in remediation.undo_wanted(now)):
        return Refusal("twice", "You asked for this undo already; another approver is needed.")
    return _reasoned(reason, needed=needs_reason(remediation))


def refuse_start(remediation: Remediation, tenant: Tenant) -> Refusal | None:
    """Why the approvals do not hold any more, by the tenant's rules at the moment of the start."""
    plan = remediation.plan
    approvers = {approval.by for approval in remediation.approvals}
    gone = sorted(approvers - set(tenant.may_approve(plan.severity)))
    if gone:
        return Refusal("revoked", f"{', '.join(map(short, gone))} may not approve any more.")
    if remediation.requested_by in approvers and not tenant.self_approval:
        return Refusal("four-eyes", "Who asked for it approved it; someone else must, by now.")
    needed = approvals_needed(tenant, plan)
    if len(approvers) < max(needed, remediation.approvals_needed):
        return Refusal("too-few", "Too few people have approved it.")
    return None


def refuse_undo_start(remediation: Remediation, tenant: Tenant) -> Refusal | None:
    """Why those who asked for the undo may not any more, at the moment of its start."""
    plan = remediation.plan
    asked = {approval.by for approval in remediation.undo_asked}
    gone = sorted(asked - set(tenant.may_approve(plan.severity)))
    if gone:
        return Refusal("revoked", f"{', '.join(map(short, gone))} may not approve any more.")
    if len(asked) < undo_approvals_needed(tenant, plan):
        return Refusal("too-few", "Too few people have asked for the undo.")
    return None


def needs_reason(remediation: Remediation) -> bool:
    """Whether approving asks for a reason too."""
    return remediation.plan.severity in _GRAVEST


def short(person: str) -> str:
    """The user's part of a person's id, as a platform's own mention needs it."""
    return person.rsplit("/", 1)[-1]


def said(stage: Stage) -> str:
    """A stage in words."""
    return stage.replace("_", " ")


def _known(remediation: Remediation, actor: Actor, plan_hash: str) -> Refusal | None:
    if actor.foreign:
        return Refusal("foreign", "Only people of this workspace decide here, not guests.")
    if plan_hash != remediation.plan.hash:
        return Refusal("plan", "That button is of another plan. Ask for the fix again.")
    return None


def _approver(remediation: Remediation, tenant: Tenant, actor: Actor) -> Refusal | None:
    if actor.id in tenant.may_approve(remediation.plan.severity):
        return None
    names = ", ".join(_names(tenant, remediation))
    severity = remediation.plan.severity
    if not names:
        return Refusal(
            "nobody",
            f"Nobody may approve {severity} fixes of {tenant.id}: "
            f"name approvers with `assist tenants onboard {tenant.id} --approver ...`.",
        )
    return Refusal("approver", f"Approvers for {severity} fixes of {tenant.id}: {names}.")


def _names(tenant: Tenant, remediation: Remediation, but: str = "") -> list[str]:
    return [person for person in tenant.may_approve(remediation.plan.severity) if person != but]


def _reasoned(reason: str, *, needed: bool) -> Refusal | None:
    if needed and not reason.strip():
        return Refusal("reason", "A reason is needed: say in a few words why.")
    if len(reason) > LONGEST_REASON:
        return Refusal("reason", f"A reason has at most {LONGEST_REASON} characters.")
    return None
