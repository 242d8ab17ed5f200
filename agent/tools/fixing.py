"""Planning a fix and keeping it as a request: all that a model may do towards changing anything."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agent.approval import why_two
from agent.planning import NotFixableError
from agent.remediation import Proposer
from agent.tools.advice import finding_about, remediation_advice
from agent.tools.reader import TenantReader
from agent.views import Advice, Proposal
from integrations.errors import NotFoundError
from integrations.findings.port import Finding
from integrations.remediations.port import Remediation
from integrations.resources.port import Subgraph
from integrations.runbooks.port import RemedyCatalogue

_AROUND = 13
"""Resources in a plan's picture: what is changed and a dozen that feel it."""


def propose_fix(
    reader: TenantReader,
    propose: Proposer,
    remedies: RemedyCatalogue,
    about: str,
    asked_by: str,
) -> Proposal | Advice:
    """Plan the fix of a finding (F-...), an exposure (X-...) or a failed control (EC2.13).

    Where no runbook can do it, the advice for doing it by hand, with the reason.

    Raises:
        NotFoundError: the tenant has nothing open that `about` names.
        NothingToFixError: the account passes the control already.
        DeniedByAwsError, UnavailableError: the account could not be read.
    """
    finding = finding_about(reader, about)
    resting = reader.exposures_of(finding_ref=finding.ref)
    try:
        request = propose(reader.systems, finding, asked_by, resting[0] if resting else None)
    except NotFixableError as error:
        advice = remediation_advice(reader, remedies, finding.ref)
        return replace(advice, by_hand_because=str(error))
    return proposal(reader, request, finding)


def proposal(reader: TenantReader, request: Remediation, finding: Finding) -> Proposal:
    """A request as it is told to people and models."""
    plan, tenant = request.plan, reader.tenant
    return Proposal(
        tenant=tenant.id,
        request=request.id,
        stage=str(request.stage),
        title=plan.title,
        finding=finding,
        why=plan.why,
        calls=tuple(f"{call.action} {call.resource}".strip() for call in plan.calls),
        changes=tuple((c.name, in_words(c.before), in_words(c.after)) for c in plan.changes),
        unpredicted=plan.unpredicted,
        touches=plan.touches,
        care=plan.care,
        reversible=plan.reversible,
        approvers=tenant.may_approve(plan.severity),
        approvals_needed=request.approvals_needed,
        why_two=why_two(tenant, plan),
        expires_at=request.expires_at,
        around=_around(reader, plan.resource, set(plan.touches)),
        freshness=reader.freshness,
    )


def in_words(value: Any) -> str:
    """A property's value on one line: `22 from 0.0.0.0/0, 443 from 0.0.0.0/0`; `none` for empty."""
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {in_words(v)}" for k, v in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(in_words, value)) or "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    return "none" if value in (None, "") else str(value)


def _around(reader: TenantReader, resource_id: str, touched: set[str]) -> Subgraph:
    """The resource that is changed, and those that feel it; empty where the graph has it not."""
    graph = reader.systems.resources
    try:
        whole = graph.neighbourhood([resource_id], limit=200)
    except NotFoundError:
        return Subgraph(resources=(), links=())
    kept = {r.id for r in whole.resources if r.id == resource_id or r.name in touched}
    shown = [r for r in whole.resources if r.id in kept][:_AROUND]
    ids = {r.id for r in shown}
    return Subgraph(
        resources=tuple(shown),
        links=tuple(li for li in whole.links if {li.source, li.target} <= ids),
        start=(resource_id,),
        left_out=len(kept) - len(shown),
    )
