"""`assist tenants`: the control table from the command line."""

import json
from dataclasses import asdict
from dataclasses import replace as replaced
from pathlib import Path

import click

from bot.commands.offboard import offboard
from bot.commands.onboard import onboard
from bot.commands.state import connect, state_option, tenant_named
from bot.commands.tenant_fields import ChannelKeyType, by_severity, of_any
from integrations.errors import InvalidTenantError
from integrations.tenants.port import Binding, ChannelKey, Environment, Tenant


@click.group(name="tenants")
def command() -> None:
    """List, take on, map and let go tenants."""


command.add_command(onboard)
command.add_command(offboard)


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@state_option
def list_tenants(*, as_json: bool, state: Path | None) -> None:
    """List every tenant, the most important first."""
    with connect(state) as connections:
        tenants = connections.tenants()
        if as_json:
            click.echo(json.dumps([_public(tenant) for tenant in tenants], indent=2))
            return
        if not tenants:
            click.echo("No tenants yet. Add one:\n")
            click.echo('  assist tenants onboard acme --name "Acme" --account 111111111111')
            return
        width = max(len(tenant.id) for tenant in tenants)
        for tenant in tenants:
            accounts = ", ".join(tenant.accounts)
            click.echo(
                f"{tenant.id:<{width}}  priority {tenant.priority}  {tenant.environment:<11}  "
                f"{accounts}" + (f"  {tenant.name}" if tenant.name != tenant.id else "")
            )


@command.command()
@click.argument("tenant_id")
@click.option("--name", help="Display name (default: the id).")
@click.option("--account", "accounts", multiple=True, required=True, help="AWS account id; repeat.")
@click.option("--priority", type=click.IntRange(1, 5), default=3, show_default=True)
@click.option(
    "--environment",
    type=click.Choice([str(e) for e in Environment]),
    default=str(Environment.PRODUCTION),
    show_default=True,
)
@click.option(
    "--approver",
    "approvers",
    multiple=True,
    help="slack/T0001/U0001, or critical=slack/T0001/U0001 for that severity alone; repeat.",
)
@click.option("--self-approval", is_flag=True, help="Who asks may approve; not in production.")
@click.option("--contact", default="", help="Whom to ask: a team, a channel, an address.")
@click.option("--replace", is_flag=True, help="Replace a tenant of that id.")
@state_option
def add(
    tenant_id: str,
    name: str | None,
    accounts: tuple[str, ...],
    priority: int,
    environment: str,
    approvers: tuple[str, ...],
    contact: str,
    *,
    self_approval: bool,
    replace: bool,
    state: Path | None,
) -> None:
    """Add a tenant; account ids decide whose a finding is."""
    with connect(state) as connections:
        known = {tenant.id for tenant in connections.tenants()}
        if tenant_id in known and not replace:
            raise InvalidTenantError(
                f"{tenant_id} exists already; say --replace to change it, or see "
                f"assist tenants show {tenant_id}"
            )
        before = connections.directory.get(tenant_id) if tenant_id in known else None
        connections.directory.put(
            Tenant(
                id=tenant_id,
                name=name or tenant_id,
                accounts=accounts,
                priority=priority,
                environment=Environment(environment),
                approvers=of_any(approvers),
                approvers_of=by_severity(approvers),
                self_approval=self_approval,
                contact=contact,
                external_id=before.external_id if before else "",
                settings=before.settings if before else {},
            )
        )
        click.echo(f"{tenant_id} is there. Next: assist ingest PATH..., and let a channel see it:")
        click.echo(f"  assist tenants map-channel slack/WORKSPACE/CHANNEL {tenant_id}")


@command.command(name="set")
@click.argument("tenant_id")
@click.argument("name")
@click.argument("value", required=False)
@state_option
def set_setting(tenant_id: str, name: str, value: str | None, state: Path | None) -> None:
    """Set what runbooks need to know of a tenant (log_bucket, kms_key_arn, ...).

    {account} and {region} in a value stand for those of the resource that is fixed. Without a
    value the setting is taken away.

    Example: assist tenants set acme log_bucket "logs-{account}-{region}"
    """
    with connect(state) as connections:
        tenant = tenant_named(connections, tenant_id)
        settings = {k: v for k, v in tenant.settings.items() if k != name}
        if value is not None:
            settings[name] = value
        connections.directory.put(replaced(tenant, settings=settings))
        click.echo(f"{tenant_id}: {name} is {value or 'not set'} now.")


@command.command()
@click.argument("tenant_id")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--with-external-id", is_flag=True, help="Show the ExternalId too.")
@state_option
def show(tenant_id: str, *, as_json: bool, with_external_id: bool, state: Path | None) -> None:
    """Show a tenant and the channels that see it."""
    with connect(state) as connections:
        tenant = tenant_named(connections, tenant_id)
        seen = [str(b.key) for b in connections.directory.bindings() if b.tenant_id == tenant.id]
        fields = _public(tenant) | {"channels": seen}
        if with_external_id:
            fields["external_id"] = tenant.external_id
        if as_json:
            click.echo(json.dumps(fields, indent=2))
            return
        for label, value in fields.items():
            text = _in_words(value)
            click.echo(f"{label.replace('_', ' '):<12} {text or '-'}")


@command.command(name="map-channel")
@click.argument("key", type=ChannelKeyType())
@click.argument("tenant_id", required=False)
@click.option("--operators", is_flag=True, help="Let the channel see every tenant.")
@state_option
def map_channel(
    key: ChannelKey, tenant_id: str | None, *, operators: bool, state: Path | None
) -> None:
    """Let a channel (slack/T0001/C0001) see a tenant, or with --operators every tenant."""
    if operators == bool(tenant_id):
        raise click.UsageError("name a tenant, or say --operators, and not both")
    with connect(state) as connections:
        if tenant_id:
            tenant_named(connections, tenant_id)
        connections.directory.bind(Binding(key, tenant_id))
        click.echo(f"{key} sees {tenant_id or 'every tenant'} now.")


@command.command(name="unmap-channel")
@click.argument("key", type=ChannelKeyType())
@state_option
def unmap_channel(key: ChannelKey, state: Path | None) -> None:
    """Stop a channel from seeing anything."""
    with connect(state) as connections:
        if not connections.directory.unbind(key):
            raise click.ClickException(f"{key} was not mapped; see assist tenants show TENANT")
        click.echo(f"{key} sees nothing now.")


def _in_words(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{k} {_in_words(v) or 'nobody'}" for k, v in value.items())
    return ", ".join(value) if isinstance(value, list | tuple) else str(value)


def _public(tenant: Tenant) -> dict[str, object]:
    """A tenant without its ExternalId, which is a shared secret of sorts."""
    fields = asdict(tenant)
    del fields["external_id"]
    return fields
