"""`assist tenants onboard`: from nothing to a tenant with proven roles, again and again."""

import json
import secrets
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.commands.roles import (
    HubParts,
    command_to_update,
    commands_to_deploy,
    hub_options,
    hub_parts,
    hub_stack_of,
    parameters_of,
    parameters_of_the_set,
    said_of,
    template,
)
from bot.commands.state import connect, settings_of, state_option
from bot.commands.tenant_fields import ChannelKeyType, by_severity, of_any
from integrations.errors import InvalidTenantError, NotFoundError
from integrations.tenants.port import Binding, ChannelKey, Environment, Tenant

if TYPE_CHECKING:
    from integrations.connect import Connections

_TRIES, _PAUSE_S = 4, 5.0


@click.command()
@click.argument("tenant_id")
@click.option("--name", help="Display name (default: the id).")
@click.option("--account", "accounts", multiple=True, help="AWS account id; repeat.")
@click.option("--priority", type=click.IntRange(1, 5), help="1 matters most (default: 3).")
@click.option(
    "--environment",
    type=click.Choice([str(e) for e in Environment]),
    help="What its accounts are for (default: production).",
)
@click.option(
    "--channel",
    "channels",
    multiple=True,
    type=ChannelKeyType(),
    help="Let a channel see it: slack/T0001/C0001; repeat.",
)
@click.option(
    "--approver",
    "approvers",
    multiple=True,
    help="slack/T0001/U0001, or critical=slack/T0001/U0001 for that severity alone; repeat.",
)
@click.option("--contact", help="Whom to ask: a team, a channel, an address.")
@hub_options
@click.option(
    "--deploy", is_flag=True, help="Put the roles there now, by the StackSet; then check."
)
@click.option(
    "--check", is_flag=True, help="Prove the roles that are there; changes nothing there."
)
@click.option("--json", "as_json", is_flag=True, help="What was proven, for machines.")
@state_option
def onboard(
    tenant_id: str,
    hub_account: str | None,
    hub_stack: str,
    proving_role: str | None,
    stack_set: str,
    regions: tuple[str, ...],
    state: Path | None,
    *,
    channels: tuple[ChannelKey, ...],
    deploy: bool,
    check: bool,
    as_json: bool,
    **given: object,
) -> None:
    """Take a tenant on: its record, its ExternalId, its channels, its roles, and the proof.

    Run it again at any time, with what has changed or with nothing: what is there stays, and what
    is missing is done. Without --deploy or --check it prints the commands that put the roles into
    the tenant's accounts; they hold the tenant's ExternalId.

    \b
    Exit code 0: done, and with --deploy or --check each role opens to us and to nobody without the
    tenant's ExternalId. 1: not; it says which and why.
    """  # noqa: D301 - click's own mark for lines that are not to be wrapped
    with connect(state) as connections:
        tenant = _kept(connections, tenant_id, given)
        _bind(connections, tenant, channels)
        said = not as_json
        if said:
            _say(connections, tenant)
        stack = hub_stack_of(hub_stack, settings_of(state).tables)
        parts = hub_parts(connections, hub_account, stack, proving_role, regions)
        if deploy:
            _deploy(connections, tenant, parts, stack_set, said=said)
        if deploy or check:
            _check(connections, tenant, as_json=as_json)
        elif said:
            click.echo(commands_to_deploy(tenant, parts, stack_set))


def _kept(connections: "Connections", tenant_id: str, given: dict[str, object]) -> Tenant:
    """The tenant as it is now: as it was, with what is given."""
    told = {name: value for name, value in given.items() if value not in (None, ())}
    if "environment" in told:
        told["environment"] = Environment(str(told["environment"]))
    approvers = told.get("approvers")
    if isinstance(approvers, tuple):
        told["approvers"], told["approvers_of"] = of_any(approvers), by_severity(approvers)
    try:
        before = connections.directory.get(tenant_id)
    except NotFoundError:
        if "accounts" not in told:
            raise InvalidTenantError(
                f"no tenant is called {tenant_id} yet; to take it on, name its accounts: "
                f"assist tenants onboard {tenant_id} --account 111111111111"
            ) from None
        before = Tenant(id=tenant_id, name=tenant_id, accounts=())
    wanted = replace(before, **told)  # type: ignore[arg-type]  # click's options, by their names
    if wanted == before:
        return before
    return connections.directory.put(wanted)


def _bind(connections: "Connections", tenant: Tenant, channels: tuple[ChannelKey, ...]) -> None:
    for key in channels:
        before = connections.directory.binding(key)
        if before is not None and before.tenant_id != tenant.id:
            whose = before.tenant_id or "the operators'"
            raise InvalidTenantError(
                f"{key} is {whose} channel already; take it away first: "
                f"assist tenants unmap-channel {key}"
            )
        connections.directory.bind(Binding(key, tenant.id))


def _say(connections: "Connections", tenant: Tenant) -> None:
    accounts = ", ".join(tenant.accounts)
    click.echo(f"{tenant.id}: {accounts}; {tenant.environment}, priority {tenant.priority}.")
    seen = [str(b.key) for b in connections.directory.bindings() if b.tenant_id == tenant.id]
    channel = f"--channel slack/WORKSPACE/CHANNEL lets one see {tenant.id}"
    click.echo(f"  channels   {', '.join(seen) or f'none yet; {channel}'}")
    people = [*tenant.approvers, *(p for some in tenant.approvers_of.values() for p in some)]
    nobody = "nobody yet, so no fix can be approved; --approver slack/WORKSPACE/USER"
    click.echo(f"  approvers  {', '.join(dict.fromkeys(people)) or nobody}")


def _deploy(
    connections: "Connections", tenant: Tenant, parts: HubParts, name: str, *, said: bool
) -> None:
    """Put the roles there, and see to it that they have this tenant's ExternalId."""
    from integrations.access import stack_set

    stacks = stack_set(name, connections.hub_access())
    wanted = parameters_of(tenant, parts.needed())
    tell = click.echo if said else _nothing
    before = stacks.prepare(template(), parameters_of_the_set(parts, secrets.token_urlsafe(24)))
    if before == "made":
        tell(f"StackSet {name} is made.")
    elif before == "differs":
        tell(f"StackSet {name} is not as infra/tenant.yaml has it; all tenants' accounts change by")
        tell(f"  {command_to_update(name)}")
    done = stacks.place(tenant.accounts, parts.regions, wanted)
    if done:
        tell(f"{_instances(done)} put into {tenant.id}'s accounts.")
        _settle(connections, tenant)
        return
    tell(f"{name} is in all of {tenant.id}'s accounts already.")
    if any(one.refused for one in connections.trust(tenant.id)):
        done = stacks.place(tenant.accounts, parts.regions, wanted, renew=True)
        tell(f"{_instances(done)} renewed, as they did not let us in.")
        _settle(connections, tenant)


def _instances(count: int) -> str:
    return f"{count} stack instance{'s' if count != 1 else ''}"


def _nothing(_: object) -> None:
    """Machines are told at the end."""


def _settle(connections: "Connections", tenant: Tenant) -> None:
    """A role that was just made opens some seconds later ("eventual consistency" of IAM)."""
    for _ in range(_TRIES):
        if not any(one.refused for one in connections.trust(tenant.id)):
            return
        time.sleep(_PAUSE_S)


def _check(connections: "Connections", tenant: Tenant, *, as_json: bool) -> None:
    found = connections.trust(tenant.id)
    if as_json:
        rows = [asdict(one) | {"sound": one.sound} for one in found]
        click.echo(json.dumps({"tenant": tenant.id, "roles": rows}, indent=2))
    else:
        click.echo()
        for one in found:
            click.echo(said_of(one))
    if not all(one.sound for one in found):
        raise SystemExit(1)
    if not as_json:
        click.echo(
            f"\n{tenant.id} is proven. Next: assist pull findings --tenant {tenant.id}, and "
            f"assist pull resources --tenant {tenant.id}"
        )
