"""`assist audit`: whether the record of what was done is whole, and the record itself."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from bot.commands.state import connect, state_option, tenant_named

if TYPE_CHECKING:
    from integrations.connect import Connections
    from integrations.remediations.audit import AuditLog

_HUB = "the hub"


@click.group(name="audit")
def command() -> None:
    """Verify and export the audit of fixes."""


@command.command()
@click.option("--tenant", "tenant_id", help="Of one tenant (default: of all, and of the hub).")
@click.option("--hub", is_flag=True, help="Of the hub alone: refused before a tenant was known.")
@click.option("--head", default="", help="A hash that an earlier `verify` printed: must be in it.")
@state_option
def verify(tenant_id: str | None, head: str, state: Path | None, *, hub: bool) -> None:
    """Read every record again, and say whether one was changed, taken out, put in or cut off.

    Keep the printed head elsewhere: later it proves that nothing before it was changed.
    Exit code 0: whole. 1: not.
    """
    _one_of(tenant_id, hub=hub)
    with connect(state) as connections:
        if tenant_id:
            _audit_named(connections, tenant_id)
        elif head and not hub:
            raise click.UsageError("a head is of one chain: say --tenant T, or --hub")
        every = [] if hub else [tenant_id] if tenant_id else [t.id for t in connections.tenants()]
        chains = [(one, connections.audit_of(one)) for one in every]
        if not tenant_id:
            chains.append((_HUB, connections.hub_audit()))
        verdicts = [(name, audit.verify(head)) for name, audit in chains]
        for name, found in verdicts:
            said = f"whole, head {found.head}" if found.whole else f"NOT WHOLE: {found.why}"
            click.echo(f"{name:<12} {found.records:,} records, {said}")
        if not all(found.whole for _, found in verdicts):
            raise SystemExit(1)


@command.command()
@click.option("--tenant", "tenant_id", help="Whose.")
@click.option("--hub", is_flag=True, help="What was refused before a tenant was known.")
@click.option("--request", "request_id", default="", help="Of one request only.")
@state_option
def export(tenant_id: str | None, request_id: str, state: Path | None, *, hub: bool) -> None:
    """Print the records as JSON lines, each with its number, its hash and the one before."""
    from integrations.errors import NotFoundError

    _one_of(tenant_id, hub=hub)
    with connect(state) as connections:
        if tenant_id:
            audit = _audit_named(connections, tenant_id)
        elif hub:
            audit = connections.hub_audit()
        else:
            raise click.UsageError("say whose: --tenant T, or --hub")
        told = False
        for record in audit.records(remediation=request_id):
            told = True
            click.echo(json.dumps(msgspec.to_builtins(record)))
        if request_id and not told:
            whose = tenant_id or _HUB
            raise NotFoundError(
                f"the audit of {whose} tells of no request {request_id}; "
                "assist requests --all lists those there are"
            )


def _audit_named(connections: "Connections", tenant_id: str) -> "AuditLog":
    """A tenant's audit, which outlives the tenant.

    Raises:
        NotFoundError: there is no such tenant, and there never was one that anything is told of.
    """
    audit = connections.audit_of(tenant_id)
    if next(audit.records(), None) is None:
        tenant_named(connections, tenant_id)
    return audit


def _one_of(tenant_id: str | None, *, hub: bool) -> None:
    if tenant_id and hub:
        raise click.UsageError("--tenant or --hub, not both")
