"""`assist fix`: the plan of a fix, shown alone or kept as a request."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.commands.acting import acting, myself, on_behalf_option, seat, service_of
from bot.commands.printing import say, show
from bot.commands.state import connect, state_option, tenant_named

if TYPE_CHECKING:
    from agent.tools.reader import TenantReader
    from integrations.findings.port import Finding
    from integrations.remediations.plan import Plan
    from integrations.systems import Systems


@click.command(name="fix")
@click.argument("about")
@click.option("--tenant", "tenant_id", required=True, help="Whose finding it is.")
@click.option("--plan", "only_plan", is_flag=True, help="Show the plan and keep no request.")
@click.option(
    "--as", "person", metavar="USER", default="", help="Who asks (default: cli/local/you)."
)
@on_behalf_option
@click.option("--json", "as_json", is_flag=True, help="For machines: the whole plan.")
@state_option
def command(
    about: str,
    tenant_id: str,
    person: str,
    state: Path | None,
    *,
    only_plan: bool,
    on_behalf: bool,
    as_json: bool,
) -> None:
    """Plan the fix of a finding (F-...), an exposure (X-...) or a control (EC2.13).

    Nothing is changed: the plan shows the exact calls, before and after. It waits as a request
    until it is approved. The audit keeps that you looked.

    Example: assist fix EC2.13 --tenant acme --plan
    """
    from agent.planning import FixPlanner, NotFixableError
    from agent.tools.advice import finding_about
    from agent.tools.reader import TenantReader
    from bot.cards.remediation import plan_card

    asker = acting(person or myself(), on_behalf=on_behalf)
    with connect(state) as connections:
        tenant_named(connections, tenant_id)
        systems = connections.systems(tenant_id)
        reader = TenantReader(systems, datetime.now(UTC))
        finding = finding_about(reader, about)
        resting = reader.exposures_of(finding_ref=finding.ref)
        exposure = resting[0] if resting else None
        service = service_of(connections, systems)
        try:
            if only_plan:
                planner = FixPlanner(systems, connections.runbooks(), time.time)
                plan = planner.plan(finding, exposure)
                _looked(systems, plan)
                say(plan_card(plan), plan, as_json=as_json)
                return
            request = service.propose(finding, asker.id, exposure)
        except NotFixableError as error:
            raise click.ClickException(_by_hand(reader, finding, str(error))) from error
        service.viewed(request, myself(), asker.via)
        show(request, systems, as_json=as_json)
        if not as_json:
            click.echo(f"\nNext: assist approve {request.id} --as USER   (or: assist reject)")


def _by_hand(reader: "TenantReader", finding: "Finding", why: str) -> str:
    """Why no runbook does it, with the steps by hand where some are known."""
    from agent.tools.advice import remediation_advice
    from integrations.runbooks.catalogue import ShippedRemedies

    advice = remediation_advice(reader, ShippedRemedies(), finding.ref)
    steps = [f"  {number}. {step}" for number, step in enumerate(advice.steps, start=1)]
    mind = [f"Mind: {advice.care}"] if advice.care else []
    return "\n".join([f"{why}.", *(["By hand:", *steps] if steps else []), *mind])


def _looked(systems: "Systems", plan: "Plan") -> None:
    """A plan that becomes no request was seen all the same."""
    from integrations.remediations.audit import AuditEntry, AuditKind

    systems.audit.append(
        AuditEntry(
            at=plan.planned_at,
            kind=AuditKind.VIEWED,
            remediation="",
            by=myself(),
            detail={
                "plan": plan.hash,
                "finding": plan.finding_ref,
                "control": plan.control,
                "resource": plan.resource,
                "via": seat(),
            },
        )
    )
