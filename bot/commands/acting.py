"""Who acts on the command line, and on which request."""

import getpass
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from agent.approval import Actor
    from agent.remediation import Remediations
    from integrations.connect import Connections
    from integrations.remediations.port import Remediation
    from integrations.systems import Systems

_PERSON = re.compile(r"([a-z]+)/[^/\s]+/[^/\s]+")
_HERE = "cli"
"""The platform of those who sit at a terminal; others are people of a chat."""


def as_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--as USER` and `--on-behalf-of`: who decides."""
    named = click.option(
        "--as",
        "person",
        metavar="USER",
        required=True,
        help="Who you are, as approvers are named: cli/local/NAME.",
    )
    return named(on_behalf_option(command))


def on_behalf_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--on-behalf-of`: without it nobody speaks for a person of a chat."""
    return click.option(
        "--on-behalf-of",
        "on_behalf",
        is_flag=True,
        help="USER is somebody of a chat (slack/T0001/U0001) for whom you act, as they asked you "
        "to; the audit keeps that, with your login.",
    )(command)


def acting(person: str, *, on_behalf: bool) -> "Actor":
    """Who acts, as they say; the audit keeps who sat at the terminal.

    Raises:
        UsageError: not a person's id, or somebody of a chat without `--on-behalf-of`.
    """
    from agent.approval import Actor

    found = _PERSON.fullmatch(person)
    if not found:
        raise click.UsageError(f"--as {person!r}: platform/workspace/user, such as cli/local/ana")
    of_a_chat = found[1] != _HERE
    if of_a_chat and not on_behalf:
        raise click.UsageError(
            f"--as {person}: that is somebody of a chat, who would decide there. If they asked you "
            "to act for them here, say --on-behalf-of too; the audit keeps it."
        )
    if on_behalf and not of_a_chat:
        raise click.UsageError(f"--on-behalf-of is for people of a chat, and {person} is not one")
    via = seat()
    return Actor(person, via=f"{via}, on behalf of {person}" if of_a_chat else via)


def seat() -> str:
    """Who really sits here, for the audit."""
    return f"command line, {getpass.getuser()}"


def myself() -> str:
    """Who types, as people are named."""
    return f"cli/local/{getpass.getuser()}"


def request_named(
    connections: "Connections", request_id: str
) -> "tuple[Systems, Remediation, Remediations]":
    """A request of whichever tenant: whoever uses this command line operates all of them.

    Raises:
        NotFoundError: no tenant has it.
    """
    from integrations.errors import NotFoundError

    for tenant in connections.tenants():
        systems = connections.systems(tenant.id)
        try:
            request = systems.remediations.get(request_id)
        except NotFoundError:
            continue
        return systems, request, service_of(connections, systems)
    raise NotFoundError(f"no tenant has a request {request_id}; see assist requests --all")


def service_of(connections: "Connections", systems: "Systems") -> "Remediations":
    """The rules of one tenant's requests."""
    from agent.remediation import Remediations

    return Remediations(systems, connections.runbooks(), time.time)
