"""Requests and plans as a terminal shows them."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click
import msgspec

if TYPE_CHECKING:
    from bot.messages import Reply
    from integrations.remediations.port import Remediation
    from integrations.systems import Systems
    from integrations.tenants.port import Tenant


def show(request: "Remediation", systems: "Systems", *, as_json: bool = False) -> None:
    """A request's card."""
    from bot.cards.remediation import remediation_card

    say(remediation_card(request, systems.tenant), request, as_json=as_json)


def say(reply: "Reply", thing: Any, *, as_json: bool) -> None:
    """A reply, or for machines the thing that it is about."""
    from bot.commands.terminal import colour, width
    from bot.terminal import rendered

    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(thing), indent=2))
    else:
        click.echo(rendered(reply, width=width(), colour=colour()))


def missing(request: "Remediation", tenant: "Tenant") -> tuple[int, Sequence[str]]:
    """How many approvals are missing, and whose may be given; none once it is decided."""
    from bot.cards.people import still_asked
    from integrations.remediations.port import Stage

    if request.stage is not Stage.PROPOSED:
        return 0, ()
    return request.approvals_needed - len(request.approvals), still_asked(request, tenant)


def missing_in_words(request: "Remediation", tenant: "Tenant") -> str:
    """`needs 1 more of 2 approvals: ana (command line)`; empty once it is decided."""
    from bot.terminal import person

    left, people = missing(request, tenant)
    if not left:
        return ""
    more = f"{left} more of {request.approvals_needed}" if request.approvals else str(left)
    noun = "approval" if request.approvals_needed == 1 else "approvals"
    whom = " or ".join(map(person, people)) if people else "nobody is named"
    return f"needs {more} {noun}: {whom}"
