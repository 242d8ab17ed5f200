"""`assist tenants offboard`: let a tenant go, and say exactly what is left of it."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.commands.roles import STACK_SET, command_to_remove
from bot.commands.state import connect, state_option, tenant_named
from integrations.errors import SecurityAssistError
from integrations.tenants.port import ChannelKey, Tenant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integrations.connect import Connections
    from integrations.systems import Systems


@click.command()
@click.argument("tenant_id")
@click.option("--erase", is_flag=True, help="Delete its findings, graph, threads and record too.")
@click.option("--deploy", is_flag=True, help="Take its roles away now, by the StackSet.")
@click.option("--stack-set", default=STACK_SET, show_default=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
@state_option
def offboard(
    tenant_id: str, stack_set: str, state: Path | None, *, erase: bool, deploy: bool, yes: bool
) -> None:
    """Let a tenant go: close its requests, its channels and its roles; its audit is always kept.

    Without --erase its findings, its graph, what was said in its threads and its record stay, and
    its accounts stay its own. Run it again after a failure: what is done is not done twice.

    Exit code 0: done. 1: something could not be done; it says what.
    """
    with connect(state) as connections:
        tenant = tenant_named(connections, tenant_id)
        if not yes:
            what = "findings, graph, threads, record, " if erase else ""
            click.confirm(
                f"Let {tenant.name} go ({', '.join(tenant.accounts)}): {what}channels, open "
                "requests?",
                abort=True,
            )
        systems = connections.systems(tenant.id)
        running = _close_requests(systems)
        if running:
            raise click.ClickException(
                f"{', '.join(running)} still runs; wait until it has ended, then run this again"
            )
        own = _close_channels(connections, tenant)
        left = [_roles(connections, tenant, stack_set, deploy=deploy)]
        left += [*_data(connections, tenant, erase=erase), _in_agentcore(tenant, own)]
        click.echo("\nLeft:")
        for line in filter(None, left):
            click.echo(f"  {line}")


def _close_requests(systems: "Systems") -> list[str]:
    """Close what is open; the ids of those that are at work, which nobody may interrupt."""
    from agent.request_log import RequestLog
    from integrations.remediations.port import OPEN_STAGES, Stage

    log = RequestLog(systems, time.time)
    waiting = frozenset({Stage.PROPOSED, Stage.APPROVED})
    closed = 0
    for request in systems.remediations.search(waiting, limit=None):
        closed += log.expire(request, "The tenant was let go.") is not None
    click.echo(f"{closed} open request{'s' if closed != 1 else ''} closed.")
    return [one.id for one in systems.remediations.search(OPEN_STAGES, limit=None)]


def _close_channels(connections: "Connections", tenant: Tenant) -> "list[ChannelKey]":
    own = [b.key for b in connections.directory.bindings() if b.tenant_id == tenant.id]
    for key in own:
        connections.directory.unbind(key)
    click.echo(f"Channels that see nothing now: {', '.join(map(str, own)) or 'none was mapped'}.")
    return own


def _in_agentcore(tenant: Tenant, channels: "Sequence[ChannelKey]") -> str:
    """What only AWS's own commands take out of AgentCore Memory, where a deployment has one."""
    from integrations.conversations.session import ThreadKey

    places = ((c.platform, c.workspace, c.channel) for c in channels)
    actors = [ThreadKey(tenant.id, *place, "").actor_id for place in places]
    whose = f" Its channels' actors are {', '.join(actors)}." if actors else ""
    return (
        "with AgentCore: events of its threads, which expire after 30 days, and where LongTerm is"
        f" set what was remembered.{whose}\n"
        "    aws bedrock-agentcore list-memory-records --memory-id ID --namespace /channels/ACTOR\n"
        "    aws bedrock-agentcore batch-delete-memory-records --memory-id ID --records ..."
    )


def _roles(connections: "Connections", tenant: Tenant, name: str, *, deploy: bool) -> str:
    """Take the roles away, or say how; what is left of them."""
    how = command_to_remove(tenant, name, ("REGION",))
    if not deploy:
        return f"its roles in {', '.join(tenant.accounts)}; take them away:\n    {how}"
    from integrations.access import stack_set

    try:
        stacks = stack_set(name, connections.hub_access())
        gone = sum(stacks.remove(account) for account in tenant.accounts)
    except SecurityAssistError as error:
        raise click.ClickException(f"its roles could not be taken away: {error}") from error
    click.echo(f"{gone} stack instance{'s' if gone != 1 else ''} of {name} taken away.")
    return ""


def _data(connections: "Connections", tenant: Tenant, *, erase: bool) -> list[str]:
    """Delete what is to be deleted; what is left."""
    records = connections.audit_of(tenant.id).verify().records
    audit = f"its audit, {records:,} records: assist audit export --tenant {tenant.id}"
    talks = "what operators' threads said of it, until a thread is 90 days untouched in DynamoDB"
    letters = (
        "records of its accounts that could not be taken in: assist dead-letters list and drop"
    )
    if not erase:
        from integrations.findings.port import Dimension, Filter

        systems, every = connections.systems(tenant.id), Filter(states=frozenset())
        held = sum(t.count for t in systems.findings.count(every, Dimension.SEVERITY))
        resources = systems.resources.summary().resources
        return [
            f"{held:,} findings and {resources:,} resources; --erase deletes them",
            "its record, its accounts and its ExternalId; --erase deletes them too",
            "what was said in its threads; --erase deletes it",
            talks,
            letters,
            audit,
        ]
    findings, resources = connections.erase(tenant.id)
    threads = connections.conversations().erase(tenant.id)
    connections.directory.remove(tenant.id)
    click.echo(
        f"Deleted: {findings:,} findings, {resources:,} resources, {threads:,} threads, the"
        " tenant's record."
    )
    return [talks, letters, "its closed requests, which nobody can ask for", audit]
