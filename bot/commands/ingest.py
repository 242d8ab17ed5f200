"""`assist ingest`: findings and AWS Config items from files into the local stores."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import click
import msgspec

from bot.commands.state import adding, connect, state_option

_EVERY_S = 0.1
_NOTHING_WENT_IN = 2


class _Progress:
    """A bar on standard error, for work that takes longer than a second, on a terminal only."""

    def __init__(self, total: int) -> None:
        self._total = max(1, total)
        self._began = self._drawn = time.monotonic()
        self._shown = False

    def __call__(self, bytes_read: int, records: int) -> None:
        now = time.monotonic()
        if not sys.stderr.isatty() or now - self._began < 1 or now - self._drawn < _EVERY_S:
            return
        self._drawn, self._shown = now, True
        share = min(1.0, bytes_read / self._total)
        bar = "█" * int(share * 30)
        click.echo(f"\r{bar:<30} {share:4.0%}  {records:,} records", nl=False, err=True)

    def close(self) -> None:
        """End the bar's line."""
        if self._shown:
            click.echo("\r" + " " * 60 + "\r", nl=False, err=True)


@click.command(name="ingest")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to keep what cannot be taken in (default: rejects.ndjson in the state folder).",
)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_context
@state_option
def command(
    context: click.Context,
    paths: tuple[Path, ...],
    rejects: Path | None,
    state: Path | None,
    *,
    as_json: bool,
) -> None:
    """Take in findings and AWS Config items from PATHS (files, folders, - for standard input).

    Formats are recognised: ASFF, GuardDuty, Inspector2, OCSF 1.1 to 1.8, Config items and
    snapshots; JSON, JSON lines, EventBridge envelopes, gzip. Account ids pick the tenant. Exit
    code 0 when anything went in, 2 when nothing did.
    """
    from agent.kept_exposures import keep_all
    from integrations.ingest.ingest import Ingest

    for path in paths:
        if str(path) != "-" and not path.exists():
            raise click.UsageError(f"{path} is not there")
        if rejects is not None and path.exists() and rejects.resolve() == path.resolve():
            raise click.UsageError(f"{path} cannot be both read and replaced by its rejects")
    with connect(state) as connections:
        if not connections.tenants():
            raise click.ClickException(
                "there are no tenants yet, so no account would be known:"
                f" {adding(connections)} --help"
            )
        kept = rejects or connections.rejects()
        bar = _Progress(sum(_size(path) for path in paths))
        summary = Ingest(connections.directory, connections.systems, adding(connections)).run(
            paths, kept, bar
        )
        connections.settle()
        bar.close()
        keep_all(connections, summary.by_tenant)
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(summary, str_keys=True), indent=2))
    else:
        _print(summary, kept)
    context.exit(0 if summary.taken_in else _NOTHING_WENT_IN)


def _size(path: Path) -> int:
    if str(path) == "-":
        return 0
    if path.is_dir():
        return sum(p.stat().st_size for p in path.rglob("*") if p.is_file())
    return path.stat().st_size


def _print(summary: Any, rejects: Path) -> None:
    click.echo(summary.in_words())
    if summary.rejected:
        click.echo(f"Kept with reasons in {rejects}")
