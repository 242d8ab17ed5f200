"""`assist work`: what waits to be done, and what was kept aside after its last attempt."""

import json
from pathlib import Path

import click

from bot.commands.state import connect, state_option


@click.group(name="work")
def command() -> None:
    """List jobs that were kept aside, and have them done again."""


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="For machines: an array.")
@state_option
def listing(state: Path | None, *, as_json: bool) -> None:
    """List the jobs kept aside, the oldest first: their ids and why, never what was said."""
    with connect(state) as connections:
        queue = connections.work()
        dead, waiting = queue.dead(), queue.waiting()
    if as_json:
        kept = [{"id": job.id, "group": job.group, "reason": reason} for job, reason in dead]
        click.echo(json.dumps(kept, indent=2))
        return
    for job, reason in dead:
        click.echo(f"{_printable(job.id)}  {_printable(job.group)}  {_printable(reason)}")
    click.echo(f"{len(dead):,} kept aside, {waiting:,} waiting or at work")


@command.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "every", is_flag=True, help="Every job that is kept aside.")
@state_option
def replay(ids: tuple[str, ...], state: Path | None, *, every: bool) -> None:
    """Have jobs that were kept aside done again, those named or --all.

    They go behind what waits in their thread, and are tried as often as a new one.
    """
    if bool(ids) == every:
        raise click.UsageError("name the jobs, or say --all")
    with connect(state) as connections:
        queue = connections.work()
        chosen = [job.id for job, _ in queue.dead() if job.id] if every else list(ids)
        for job_id in chosen:
            queue.again(job_id)
    click.echo(f"{len(chosen):,} {'job' if len(chosen) == 1 else 'jobs'} will be done again")


def _printable(text: str) -> str:
    """What a platform wrote, such that a terminal only ever shows it."""
    return "".join(c if c.isprintable() else "?" for c in text) or "-"
