"""`assist dead-letters`: what the pipelines could not take in, and what becomes of it."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.commands.state import adding, connect, state_option

if TYPE_CHECKING:
    from integrations.deadletters.port import DeadLetter, DeadLetters

_NOTHING_WENT_IN = 2
_REASON_SHOWN = 100
_REASONS_SHOWN = 5

_pipeline = click.option(
    "--pipeline", type=click.Choice(["findings", "resources"]), help="Of one pipeline only."
)


@click.group(name="dead-letters")
def command() -> None:
    """List, show, replay and drop records that could not be taken in."""


@command.command(name="list")
@_pipeline
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@click.option("--after", default="", metavar="ID", help="Go on behind this one.")
@click.option("--json", "as_json", is_flag=True, help="For machines: an array.")
@state_option
def listing(
    pipeline: str | None, limit: int, after: str, state: Path | None, *, as_json: bool
) -> None:
    """List dead letters, the oldest first, with the reasons counted."""
    with connect(state) as connections:
        letters = connections.dead_letters()
        behind = letters.get(after) if after else None
        found = letters.listed(pipeline or "", limit, behind)
        reasons = letters.reasons(pipeline or "")
    if as_json:
        click.echo(json.dumps([_facts(one) for one in found], indent=2))
        return
    if not reasons:
        click.echo("There are no dead letters.")
        return
    for one in found:
        click.echo(
            f"{one.id}  {one.kept_at:%Y-%m-%d %H:%M}  {one.pipeline:<9} tried {one.attempts}x  "
            f"{_printable(one.reason)[:_REASON_SHOWN]}"
        )
    total = sum(reasons.values())
    click.echo(f"\n{total:,} dead {'letter' if total == 1 else 'letters'}, {len(found)} shown:")
    for reason, count in list(reasons.items())[:_REASONS_SHOWN]:
        click.echo(f"{count:>7,} x {_printable(reason)[:_REASON_SHOWN]}")
    if len(reasons) > _REASONS_SHOWN:
        click.echo(f"{'':>7}   and {len(reasons) - _REASONS_SHOWN} other reasons")


@command.command()
@click.argument("letter_id", metavar="ID")
@click.option("--raw", is_flag=True, help="The record alone, byte for byte.")
@state_option
def show(letter_id: str, state: Path | None, *, raw: bool) -> None:
    """Show one dead letter with its record."""
    with connect(state) as connections:
        found = connections.dead_letters().get(letter_id)
    if raw:
        sys.stdout.buffer.write(found.body)
        return
    for name, value in _facts(found).items():
        click.echo(f"{name:<9} {_printable(str(value))}")
    click.echo(_printable(found.body.decode("utf-8", "backslashreplace")))


@command.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "every", is_flag=True, help="Every one (of the pipeline).")
@_pipeline
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_context
@state_option
def replay(
    context: click.Context,
    ids: tuple[str, ...],
    pipeline: str | None,
    state: Path | None,
    *,
    every: bool,
    as_json: bool,
) -> None:
    """Try dead letters once more, those named or --all.

    What goes in now is forgotten; what does not is kept with its new reason. Exit code 2 when there
    were some and none went in.
    """
    import msgspec

    from integrations.ingest.replaying import Replay

    _ids_or_all(ids, pipeline, every=every)
    with connect(state) as connections:
        letters = connections.dead_letters()
        known = connections.directory.owner_of
        again = Replay(known, connections.systems, letters, adding(connections))
        chosen = None if every else _named(letters, ids)
        done = again.run(chosen, pipeline or "")
    tried = done.taken_in + done.refused + done.cut + done.waiting
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(done)))
    elif not tried:
        click.echo("There are no dead letters.")
    else:
        click.echo(f"{done.taken_in:,} of {tried:,} went in and are forgotten.")
        for count, said in (
            (done.refused, "could not be taken in again; see the new reasons: assist dead-letters"),
            (done.cut, "are left: only their beginning was kept"),
            (done.waiting, "are left, because an engine failed: " + "; ".join(done.errors)),
        ):
            if count:
                click.echo(f"{count:,} {said}")
    context.exit(_NOTHING_WENT_IN if tried and not done.taken_in else 0)


@command.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "every", is_flag=True, help="Every one (of the pipeline).")
@_pipeline
@click.option("--yes", is_flag=True, help="Do not ask.")
@state_option
def drop(
    ids: tuple[str, ...], pipeline: str | None, state: Path | None, *, every: bool, yes: bool
) -> None:
    """Delete dead letters for good, those named or --all."""
    _ids_or_all(ids, pipeline, every=every)
    with connect(state) as connections:
        letters = connections.dead_letters()
        if not every:
            dropped = letters.forget([one.id for one in _named(letters, ids)])
        else:
            total = sum(letters.reasons(pipeline or "").values())
            if total and not yes:
                click.confirm(f"Delete {total:,} dead letters for good?", abort=True, err=True)
            dropped = 0
            while page := letters.listed(pipeline or ""):
                dropped += letters.forget([one.id for one in page])
    click.echo(f"{dropped:,} dead {'letter' if dropped == 1 else 'letters'} deleted.")


def _ids_or_all(ids: tuple[str, ...], pipeline: str | None, *, every: bool) -> None:
    if bool(ids) == every:
        raise click.UsageError("say which: ids as `assist dead-letters list` shows them, or --all")
    if ids and pipeline:
        raise click.UsageError("--pipeline goes with --all")


def _named(letters: "DeadLetters", ids: tuple[str, ...]) -> "list[DeadLetter]":
    """Each once; one that is not there is an error before anything is done."""
    return [letters.get(one) for one in dict.fromkeys(ids)]


def _facts(one: "DeadLetter") -> dict[str, Any]:
    return {
        "id": one.id,
        "pipeline": one.pipeline,
        "source": one.source,
        "reason": one.reason,
        "kept_at": one.kept_at.isoformat(),
        "attempts": one.attempts,
        "bytes": one.size,
    }


def _printable(text: str) -> str:
    from integrations.ingest.records import printable

    return printable(text)
