"""`assist fix`, `requests`, `approve`, `reject`, `undo`: fixes without chat, by the same rules."""

import getpass
import json
import os
import re
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from bot.commands.state import connect, state_option, tenant_named

if TYPE_CHECKING:
    from agent.approval import Actor, Refusal
    from agent.remediation import Remediations
    from bot.messages import Reply
    from integrations.connect import Connections
    from integrations.remediations.port import Remediation
    from integrations.systems import Systems

_PERSON = re.compile(r"[a-z]+/[^/\s]+/[^/\s]+")
_POLL_S = 1.0
_PATIENCE_S = 15.0
"""After so long without an end somebody at a terminal is told that it goes on."""


def _as_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--as",
        "person",
        metavar="USER",
        required=True,
        help="Who you are, as approvers are named: slack/T0001/U0001 or cli/local/NAME.",
    )(command)


@click.command(name="fix")
@click.argument("about")
@click.option("--tenant", "tenant_id", required=True, help="Whose finding it is.")
@click.option("--plan", "only_plan", is_flag=True, help="Show the plan and keep no request.")
@click.option(
    "--as", "person", metavar="USER", default="", help="Who asks (default: cli/local/you)."
)
@click.option("--json", "as_json", is_flag=True, help="For machines: the whole plan.")
@state_option
def fix(
    about: str, tenant_id: str, person: str, state: Path | None, *, only_plan: bool, as_json: bool
) -> None:
    """Plan the fix of a finding (F-...), an exposure (X-...) or a control (EC2.13).

    Nothing is changed: the plan shows the exact calls, before and after. It waits as a request
    until it is approved.

    Example: assist fix EC2.13 --tenant acme --plan
    """
    from agent.planning import FixPlanner
    from agent.tools.advice import finding_about
    from agent.tools.reader import TenantReader

    with connect(state) as connections:
        tenant_named(connections, tenant_id)
        systems = connections.systems(tenant_id)
        reader = TenantReader(systems, datetime.now(UTC))
        finding = finding_about(reader, about)
        resting = reader.exposures_of(finding_ref=finding.ref)
        exposure = resting[0] if resting else None
        if only_plan:
            plan = FixPlanner(systems, connections.runbooks(), time.time).plan(finding, exposure)
            _say(_plan_alone(plan), plan, as_json=as_json)
            return
        request = _requests(connections, systems).propose(finding, person or _me(), exposure)
        _show(request, systems, as_json=as_json)
        if not as_json:
            click.echo(f"\nNext: assist approve {request.id} --as USER   (or: assist reject)")


@click.command(name="requests")
@click.option("--tenant", "tenant_id", help="Of one tenant (default: of all).")
@click.option("--all", "every", is_flag=True, help="Those that are over too.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@state_option
def requests(tenant_id: str | None, state: Path | None, *, every: bool, as_json: bool) -> None:
    """List the requests that wait or run, the newest first."""
    from integrations.remediations.port import OPEN_STAGES

    with connect(state) as connections:
        if tenant_id:
            tenant_named(connections, tenant_id)
        wanted = [tenant_id] if tenant_id else [t.id for t in connections.tenants()]
        stages = frozenset() if every else OPEN_STAGES
        found = [
            (one, request)
            for one in wanted
            for request in connections.systems(one).remediations.search(stages)
        ]
        if as_json:
            rows = [{"tenant": one, **msgspec.to_builtins(request)} for one, request in found]
            click.echo(json.dumps(rows, indent=2))
            return
        if not found:
            click.echo("No request waits or runs." if not every else "There are no requests yet.")
            return
        for one, request in found:
            stage = request.stage.replace("_", " ")
            click.echo(f"{request.id}  {one:<10} {stage:<9} {request.plan.title}")


@click.command(name="approve")
@click.argument("request_id")
@_as_option
@click.option("--reason", default="", help="Why; needed for critical ones.")
@click.option("--no-run", is_flag=True, help="Leave the running to the bot that serves.")
@state_option
def approve(request_id: str, person: str, reason: str, state: Path | None, *, no_run: bool) -> None:
    """Approve a request, and carry it out when enough people have.

    Exit code 0: approved, and if it was run, fixed and proven. 1: refused, or not fixed.
    """
    with connect(state) as connections:
        systems, request = _request(connections, request_id)
        service = _requests(connections, systems)
        decided = service.approve(request.id, request.plan.hash, _actor(person), reason)
        _carry_on(connections, systems, _accepted(decided), _owner(), run=not no_run)


@click.command(name="reject")
@click.argument("request_id")
@_as_option
@click.option("--reason", required=True, help="Why.")
@state_option
def reject(request_id: str, person: str, reason: str, state: Path | None) -> None:
    """Close a request for good."""
    with connect(state) as connections:
        systems, request = _request(connections, request_id)
        service = _requests(connections, systems)
        decided = service.reject(request.id, request.plan.hash, _actor(person), reason)
        _show(_accepted(decided), systems)


@click.command(name="undo")
@click.argument("request_id")
@_as_option
@click.option("--reason", default="", help="Why; needed for critical ones.")
@click.option("--no-run", is_flag=True, help="Leave the running to the bot that serves.")
@state_option
def undo(request_id: str, person: str, reason: str, state: Path | None, *, no_run: bool) -> None:
    """Put back what a fix changed, once, unless somebody changed it since."""
    with connect(state) as connections:
        systems, request = _request(connections, request_id)
        service = _requests(connections, systems)
        owner = _owner()
        decided = service.undo(request.id, request.plan.hash, _actor(person), owner, reason)
        _carry_on(connections, systems, _accepted(decided), owner, run=not no_run)


def _carry_on(
    connections: "Connections", systems: "Systems", request: "Remediation", owner: str, *, run: bool
) -> None:
    """Show where a request stands; carry it out here, step by step, if it may be."""
    from agent.execution import Executor
    from bot.cards.remediation import verdict
    from integrations.remediations.port import Stage

    if not run or request.stage not in {Stage.APPROVED, Stage.UNDOING}:
        _show(request, systems)
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


def _request(connections: "Connections", request_id: str) -> "tuple[Systems, Remediation]":
    """A request of whichever tenant: whoever uses this command line operates all of them."""
    from integrations.errors import NotFoundError

    for tenant in connections.tenants():
        systems = connections.systems(tenant.id)
        try:
            return systems, systems.remediations.get(request_id)
        except NotFoundError:
            continue
    raise NotFoundError(f"no tenant has a request {request_id}; see assist requests --all")


def _requests(connections: "Connections", systems: "Systems") -> "Remediations":
    from agent.remediation import Remediations

    return Remediations(systems, connections.runbooks(), time.time)


def _show(request: "Remediation", systems: "Systems", *, as_json: bool = False) -> None:
    from bot.cards.remediation import remediation_card

    _say(remediation_card(request, systems.tenant), request, as_json=as_json)


def _plan_alone(plan: Any) -> "Reply":
    from bot.cards.remediation import plan_card

    return plan_card(plan)


def _say(reply: "Reply", thing: Any, *, as_json: bool) -> None:
    from bot.commands.terminal import colour, width
    from bot.terminal import rendered

    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(thing), indent=2))
    else:
        click.echo(rendered(reply, width=width(), colour=colour()))


def _actor(person: str) -> "Actor":
    """Who acts, as they say; the audit keeps who sat at the terminal."""
    from agent.approval import Actor

    if not _PERSON.fullmatch(person):
        raise click.UsageError(f"--as {person!r}: platform/workspace/user, such as cli/local/ana")
    return Actor(person, via=f"command line, {getpass.getuser()}")


def _me() -> str:
    return f"cli/local/{getpass.getuser()}"


def _owner() -> str:
    return f"cli-{os.getpid()}-{secrets.token_hex(4)}"
