"""`assist requests`: what waits or runs, and all of one request."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from bot.commands.acting import myself, request_named, seat
from bot.commands.printing import missing, missing_in_words, say
from bot.commands.state import connect, state_option, tenant_named

if TYPE_CHECKING:
    from integrations.connect import Connections
    from integrations.remediations.port import Remediation
    from integrations.tenants.port import Tenant


@click.command(name="requests")
@click.argument("request_id", required=False)
@click.option("--tenant", "tenant_id", help="Of one tenant (default: of all).")
@click.option("--all", "every", is_flag=True, help="Those that are over too.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@state_option
def command(
    request_id: str | None, tenant_id: str | None, state: Path | None, *, every: bool, as_json: bool
) -> None:
    """List the requests that wait or run, the newest first, or show all of one (R-...).

    One request is shown whole: each call with its parameters, before and after, who approved, until
    when it is open, the steps, the proof. The audit keeps that you looked.

    Example: assist requests R-abcdefghijklmnop
    """
    with connect(state) as connections:
        if request_id:
            _one(connections, request_id, as_json=as_json)
        else:
            _list(connections, tenant_id, every=every, as_json=as_json)


def _one(connections: "Connections", request_id: str, *, as_json: bool) -> None:
    from bot.cards.remediation import whole_card

    systems, request, service = request_named(connections, request_id)
    service.viewed(request, myself(), seat())
    say(whole_card(request, systems.tenant), request, as_json=as_json)


def _list(connections: "Connections", tenant_id: str | None, *, every: bool, as_json: bool) -> None:
    from integrations.remediations.port import OPEN_STAGES

    wanted = [tenant_named(connections, tenant_id)] if tenant_id else connections.tenants()
    stages = frozenset() if every else OPEN_STAGES
    found = [
        (tenant, request)
        for tenant in wanted
        for request in connections.systems(tenant.id).remediations.search(stages)
    ]
    if as_json:
        click.echo(json.dumps([_row(tenant, request) for tenant, request in found], indent=2))
    elif not found:
        click.echo("No request waits or runs." if not every else "There are no requests yet.")
    for tenant, request in [] if as_json else found:
        click.echo("\n".join(_lines(tenant, request)))


def _row(tenant: "Tenant", request: "Remediation") -> dict[str, object]:
    left, people = missing(request, tenant)
    waits = {"approvals_missing": left, "may_approve": list(people)}
    return {"tenant": tenant.id, **msgspec.to_builtins(request), **waits}


def _lines(tenant: "Tenant", request: "Remediation") -> list[str]:
    """Two lines, a third while it waits for people; the first begins as it always did."""
    from integrations.remediations.port import Stage

    stage, severity = request.stage.replace("_", " "), request.plan.severity.upper()
    until = ""
    if request.stage is Stage.PROPOSED:
        until = f"  until {request.expires_at:%Y-%m-%d %H:%M} UTC"
    lines = [f"{request.id}  {tenant.id:<10} {stage:<9} {severity:<8}{until}".rstrip()]
    lines += [f"    {request.plan.title}"]
    needs = missing_in_words(request, tenant)
    return [*lines, f"    {needs}"] if needs else lines
