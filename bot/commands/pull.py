"""`assist pull`: what a tenant's accounts hold, fetched with its read role."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.commands.state import connect, state_option, tenant_named

if TYPE_CHECKING:
    from integrations.ingest.summary import IngestSummary

_NOTHING_REACHED = 2


@click.group(name="pull")
def command() -> None:
    """Fetch what AWS holds of a tenant, with the tenant's own read role."""


@command.command()
@click.option("--tenant", "tenant_id", required=True, help="Whose.")
@click.option(
    "--since",
    metavar="WHEN",
    help="A date or time (2026-11-01, 2026-11-01T08:00Z) instead of where the last pull ended.",
)
@click.option(
    "--region",
    "regions",
    multiple=True,
    help="May be repeated (default: AWS_REGION). Where Security Hub aggregates, its home Region.",
)
@click.option("--account", "accounts", multiple=True, help="Only these (default: all of them).")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_context
@state_option
def findings(
    context: click.Context,
    tenant_id: str,
    since: str | None,
    regions: tuple[str, ...],
    accounts: tuple[str, ...],
    state: Path | None,
    *,
    as_json: bool,
) -> None:
    """Fetch Security Hub's findings that were updated since the last pull.

    Stays below 3 requests a second for each account and Region, goes on where a pull was cut off,
    and keeps what cannot be taken in as dead letters. What people changed in Security Hub (a
    workflow status, a note) does not count as an update there, so every 24 hours a pull without
    --since goes through all findings once more. Exit code 2 when no account could be read.
    """
    from agent.kept_exposures import keep_all
    from integrations.errors import SecurityAssistError
    from integrations.ingest.pulling import FindingPull

    moment = _moment(since)
    done: dict[str, IngestSummary] = {}
    failed: dict[str, str] = {}
    with connect(state) as connections:
        tenant = tenant_named(connections, tenant_id)
        for account in accounts:
            if account not in tenant.accounts:
                raise click.UsageError(f"account {account} is not one of {tenant_id}'s")
        poll = connections.finding_poll(tenant_id)
        letters, checkpoints = connections.dead_letters(), connections.checkpoints()
        systems = connections.systems(tenant_id)
        for account in accounts or tenant.accounts:
            for region in regions or (connections.region(),):
                place = f"{account} {region}"
                try:
                    pull = FindingPull(
                        systems,
                        poll(account, region),
                        (account, region),
                        letters,
                        checkpoints,
                        time.time,
                    )
                    done[place] = pull.run(moment)
                except SecurityAssistError as error:
                    failed[place] = str(error)
                if not as_json:
                    click.echo(_line(place, done.get(place), failed.get(place)))
        keep_all(connections, [tenant_id])
    if as_json:
        _print_json(done, failed)
    elif any(one.rejected for one in done.values()):
        click.echo("What could not be taken in: assist dead-letters list")
    context.exit(0 if done else _NOTHING_REACHED)


@command.command()
@click.option("--tenant", "tenant_id", required=True, help="Whose.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_context
@state_option
def resources(context: click.Context, tenant_id: str, state: Path | None, *, as_json: bool) -> None:
    """Bring the resource graph up to what AWS Config's aggregator knows.

    Lists every resource of the tenant's accounts in all Regions, 100 at a time, and writes only
    what changed; what is there no more goes from the graph. One that was cut off is gone on with
    within five minutes, and then looks for nothing that is gone. Exit code 2 when the aggregator
    could not be read.
    """
    from agent.kept_exposures import keep_all
    from integrations.errors import SecurityAssistError
    from integrations.ingest.resource_sync import ResourceSync

    with connect(state) as connections:
        tenant_named(connections, tenant_id)
        sync = ResourceSync(
            connections.systems(tenant_id),
            connections.resource_listing(tenant_id),
            connections.digests(tenant_id),
            connections.dead_letters(),
            connections.checkpoints(),
            time.time,
        )
        try:
            done = sync.run()
        except SecurityAssistError as error:
            click.echo(f"not read: {error}", err=True)
            context.exit(_NOTHING_REACHED)
        keep_all(connections, [tenant_id])
    if as_json:
        click.echo(json.dumps({"listed": done.listed, "changed": done.changed,
                               "deleted": done.deleted, "rejected": done.rejected,
                               "complete": done.complete, "untold": done.untold}))  # fmt: skip
        return
    click.echo(
        f"{done.listed:,} resources listed: {done.changed:,} changed, {done.unchanged:,} as they "
        f"were, {done.deleted:,} gone, {done.rejected:,} kept as dead letters"
    )
    if not done.complete:
        click.echo("Gone on where the last one was cut off; the next looks for what is gone.")
    for account in done.untold:
        click.echo(f"{account}: the aggregator told nothing of it, so nothing of it was deleted")


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f"--since {text} is no date or time like 2026-11-01") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _line(place: str, done: "IngestSummary | None", failed: str | None) -> str:
    if done is None:
        return f"{place:<27} not read: {failed}"
    return (
        f"{place:<27} {done.findings:,} findings ({done.added:,} added, {done.updated:,} updated, "
        f"{done.unchanged:,} unchanged), {done.rejected:,} kept as dead letters"
    )


def _print_json(done: "dict[str, IngestSummary]", failed: dict[str, str]) -> None:
    told = [
        {
            "account": place.split()[0],
            "region": place.split()[1],
            "added": one.added,
            "updated": one.updated,
            "unchanged": one.unchanged,
            "rejected": one.rejected,
        }
        for place, one in done.items()
    ]
    left = [
        {"account": place.split()[0], "region": place.split()[1], "error": why}
        for place, why in failed.items()
    ]
    click.echo(json.dumps({"pulled": told, "failed": left}))
