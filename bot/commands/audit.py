"""`assist audit`: whether the record of what was done is whole, and the record itself."""

import json
from pathlib import Path

import click
import msgspec

from bot.commands.state import connect, state_option, tenant_named


@click.group(name="audit")
def command() -> None:
    """Verify and export the audit of fixes."""


@command.command()
@click.option("--tenant", "tenant_id", help="Of one tenant (default: of all).")
@click.option("--head", default="", help="A hash that an earlier `verify` printed: must be in it.")
@state_option
def verify(tenant_id: str | None, head: str, state: Path | None) -> None:
    """Read every record again, and say whether one was changed, taken out, put in or cut off.

    Keep the printed head elsewhere: later it proves that nothing before it was changed.
    Exit code 0: whole. 1: not.
    """
    with connect(state) as connections:
        if tenant_id:
            tenant_named(connections, tenant_id)
        elif head:
            raise click.UsageError("a head is of one tenant: say --tenant T")
        broken = False
        for one in [tenant_id] if tenant_id else [t.id for t in connections.tenants()]:
            found = connections.systems(one).audit.verify(head)
            broken = broken or not found.whole
            said = f"whole, head {found.head}" if found.whole else f"NOT WHOLE: {found.why}"
            click.echo(f"{one:<12} {found.records:,} records, {said}")
        if broken:
            raise SystemExit(1)


@command.command()
@click.option("--tenant", "tenant_id", required=True, help="Whose.")
@click.option("--request", "request_id", default="", help="Of one request only.")
@state_option
def export(tenant_id: str, request_id: str, state: Path | None) -> None:
    """Print the records as JSON lines, each with its number, its hash and the one before."""
    with connect(state) as connections:
        tenant_named(connections, tenant_id)
        for record in connections.systems(tenant_id).audit.records(remediation=request_id):
            click.echo(json.dumps(msgspec.to_builtins(record)))
