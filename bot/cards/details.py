"""All of a request: each call with its parameters, and every value whole."""

from collections.abc import Mapping
from datetime import datetime

from agent.access import ForeseenUndo
from agent.guard.untrusted import clean
from agent.tools.fixing import in_words
from bot.cards import card
from bot.cards.undo import undo_parts
from bot.messages import Fact, Facts, Line, Part, Person, Prose, Reply
from integrations.remediations.plan import Plan
from integrations.remediations.port import Approval, Remediation, Run
from integrations.remediations.telling import told_parameters

_CALL_LENGTH = 120
_LONGEST = 1_500
"""Characters of one value: each is cut by itself, so that a long one hides no later one."""


def details(request: Remediation, undo: ForeseenUndo | None = None) -> Reply:
    """What the card leaves out or cuts short: calls, states, people, times, executions, proof.

    `undo` is what an undo would do as things are now.
    """
    plan = request.plan
    parts: list[Part] = [Prose(text=calls_whole(plan))]
    rows = [
        ("Request", request.id),
        ("Severity", plan.severity.upper()),
        ("Before", _state(plan.state)),
        ("After", _state(plan.target)),
        ("Touches", card.joined([", ".join(plan.touches), plan.uncounted])),
        ("Mind", plan.care),
        ("Not foreseen", card.joined(plan.unpredicted)),
        ("Open until", _moment(request.expires_at)),
        ("Approvals", f"{len(request.approvals)} of {request.approvals_needed}"),
        ("Fix", _run(request.fix)),
        ("Undo", _run(request.undo)),
        ("Found", _state(request.found) if request.found else ""),
        ("Proven", _moment(request.verified_at) if request.verified_at else ""),
        ("Runbook", f"{plan.runbook}, version {plan.runbook_version}"),
        ("Account", f"{plan.account}, {plan.region}"),
        ("Resource", plan.resource),
        ("Finding", plan.finding_ref),
        ("Plan", plan.hash),
    ]
    return Reply(
        plain=f"Details of {request.id}",
        parts=(*parts, *undo_parts(request, undo), _whole(rows), *_people(request)),
    )


def calls_whole(plan: Plan) -> str:
    """Each call with its parameters, as Markdown."""
    calls = [
        f"{number}. `{call.action}` {clean(call.resource, _CALL_LENGTH)}\n"
        + "\n".join(
            f"- {name}: {_value(value)}" for name, value in told_parameters(call.parameters).items()
        )
        for number, call in enumerate(plan.calls, start=1)
    ]
    return "\n".join(calls) or "No call would be made."


def _whole(rows: list[tuple[str, str]]) -> Facts:
    """As `card.facts`, but values are as long as they are."""
    said = ((label, clean(value, _LONGEST).strip()) for label, value in rows)
    return Facts(facts=tuple(Fact(label=label, value=value) for label, value in said if value))


def _state(state: Mapping[str, object]) -> str:
    return "; ".join(f"{name}: {_value(value)}" for name, value in state.items())


def _people(request: Remediation) -> list[Line]:
    """Who asked and who decided, when, and their reasons whole."""
    asked = Approval(by=request.requested_by, at=request.requested_at)
    said = [_said("Asked by ", asked)]
    said += [_said("Approved by ", approval) for approval in request.approvals]
    said += [_said("Undo asked by ", asked) for asked in request.undo_asked]
    decided = (("Rejected by ", request.rejection),)
    return said + [_said(lead, decision) for lead, decision in decided if decision]


def _said(lead: str, decision: Approval) -> Line:
    why = f": {clean(decision.reason, _LONGEST)}" if decision.reason else "."
    return Line(words=(lead, Person(decision.by), f", {_moment(decision.at)}{why}"))


def _run(run: Run | None) -> str:
    """`execution 1f2e, ended 2026-11-25 14:02:11 UTC`."""
    if run is None:
        return ""
    named = f"execution {run.execution}" if run.execution else "not started yet"
    ended = f", ended {_moment(run.ended_at)}" if run.ended_at else ""
    return f"{named}{ended}"


def _value(value: object) -> str:
    return clean(in_words(value), _LONGEST)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
