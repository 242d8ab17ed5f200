"""`assist approve`, `reject`, `undo`: decisions without chat, by the same rules."""

import os
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.commands.acting import acting, as_option, request_named
from bot.commands.printing import missing_in_words, show
from bot.commands.state import connect, state_option

if TYPE_CHECKING:
    from agent.approval import Refusal
    from integrations.connect import Connections
    from integrations.remediations.port import Remediation
    from integrations.systems import Systems

MORE_NEEDED = 3
"""Exit code: the decision counts, and nothing runs before somebody else decides so too."""

_POLL_S = 1.0
_PATIENCE_S = 15.0
"""After so long without an end somebody at a terminal is told that it goes on."""


@click.command(name="approve")
@click.argument("request_id")
@as_option
@click.option("--reason", default="", help="Why; needed for critical ones.")
@click.option("--no-run", is_flag=True, help="Leave the running to the bot that serves.")
@state_option
def approve(
    request_id: str,
    person: str,
    reason: str,
    state: Path | None,
    *,
    on_behalf: bool,
    no_run: bool,
) -> None:
    """Approve a request, and carry it out when enough people have.

    Exit code 0: approved, and if it was run, fixed and proven. 1: refused, or not fixed. 2: wrong
    usage. 3: your approval counts, and somebody else has to approve too; nothing was run.
    """
    actor = acting(person, on_behalf=on_behalf)
    with connect(state) as connections:
        systems, request, service = request_named(connections, request_id)
        decided = _accepted(service.approve(request.id, request.plan.hash, actor, reason))
        needs = missing_in_words(decided, systems.tenant)
        _carry_on(connections, systems, decided, _owner(), run=not no_run)
        if needs:
            given = f"{len(decided.approvals)} of {decided.approvals_needed} approvals given"
            until = f"{decided.expires_at:%H:%M} UTC"
            click.echo(f"\n{given}; it {needs}, until {until}. Nothing was run.")
            raise SystemExit(MORE_NEEDED)


@click.command(name="reject")
@click.argument("request_id")
@as_option
@click.option("--reason", required=True, help="Why.")
@state_option
def reject(
    request_id: str, person: str, reason: str, state: Path | None, *, on_behalf: bool
) -> None:
    """Close a request for good."""
    actor = acting(person, on_behalf=on_behalf)
    with connect(state) as connections:
        systems, request, service = request_named(connections, request_id)
        show(_accepted(service.reject(request.id, request.plan.hash, actor, reason)), systems)


@click.command(name="undo")
@click.argument("request_id")
@as_option
@click.option("--reason", default="", help="Why; needed for critical ones.")
@click.option("--no-run", is_flag=True, help="Leave the running to the bot that serves.")
@state_option
def undo(
    request_id: str,
    person: str,
    reason: str,
    state: Path | None,
    *,
    on_behalf: bool,
    no_run: bool,
) -> None:
    """Put back what a fix changed, once, unless somebody changed it since.

    Exit code 0: wanted by enough people, and if it was run, undone and proven. 1: refused, or not
    undone. 2: wrong usage. 3: you are counted, and somebody else has to want it too; nothing was
    run.
    """
    from integrations.remediations.port import Stage
    from integrations.remediations.request import UNDO_WITHIN

    actor = acting(person, on_behalf=on_behalf)
    with connect(state) as connections:
        systems, request, service = request_named(connections, request_id)
        owner = _owner()
        asked = service.undo(request.id, request.plan.hash, actor, owner, reason)
        decided = _accepted(asked)
        _carry_on(connections, systems, decided, owner, run=not no_run)
        if decided.stage is not Stage.UNDOING:
            within = int(UNDO_WITHIN.total_seconds() // 60)
            click.echo(f"\nNothing was undone. What you asked for counts for {within} minutes.")
            raise SystemExit(MORE_NEEDED)


def _carry_on(
    connections: "Connections", systems: "Systems", request: "Remediation", owner: str, *, run: bool
) -> None:
    """Show where a request stands; carry it out here, step by step, if it may be."""
    from agent.execution import Executor
    from bot.cards.remediation import verdict
    from integrations.remediations.port import Stage

    if not run or request.stage not in {Stage.APPROVED, Stage.UNDOING}:
        show(request, systems)
        return
    executor = Executor(systems, connections.runbooks(), time.time)
    said, patience = set[str](), time.monotonic() + _PATIENCE_S
    while request.stage.open:
        request = executor.advance(request.id, owner)
        for step in request.run.steps if request.run else ():
            line = f"  {step.status:<10} {step.name}"
            if line not in said:
                said.add(line)
                click.echo(line, err=True)
        if request.stage.open:
            time.sleep(_POLL_S)
            if time.monotonic() > patience:
                patience += _PATIENCE_S
                click.echo("  still waiting; Ctrl-C leaves it to the bot that serves", err=True)
    click.echo(verdict(request))
    if request.undoable:
        click.echo(f"Undo: assist undo {request.id} --as USER")
    if request.stage not in {Stage.VERIFIED, Stage.UNDONE}:
        raise SystemExit(1)


def _accepted(decided: "Remediation | Refusal") -> "Remediation":
    from agent.approval import Refusal

    if isinstance(decided, Refusal):
        raise click.ClickException(decided.reason)
    return decided


def _owner() -> str:
    return f"cli-{os.getpid()}-{secrets.token_hex(4)}"
