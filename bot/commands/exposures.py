"""`assist exposures`: what needs attention first, ranked."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from bot.commands.state import connect, state_option, tenant_named


@click.command(name="exposures")
@click.option("--tenant", "tenant_id", required=True, help="Whose.")
@click.option("--limit", type=click.IntRange(1, 200), default=10, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For machines, with every term of the score.")
@state_option
def command(tenant_id: str, limit: int, state: Path | None, *, as_json: bool) -> None:
    """What needs attention first, ranked, with every term of the score.

    Example: assist exposures --tenant acme --json
    """
    from agent.assistant import Answer
    from agent.tools.ranking import ranked
    from agent.tools.reader import TenantReader

    with connect(state) as connections:
        tenant_named(connections, tenant_id)
        now = datetime.now(UTC)
        view = ranked(TenantReader(connections.systems(tenant_id), now), "all", limit)
        if as_json:
            click.echo(json.dumps(msgspec.to_builtins(view, str_keys=True), indent=2))
            return
        from agent.offline.say import say
        from bot.cards.answer import reply_for
        from bot.commands.terminal import colour, width
        from bot.terminal import rendered

        text = say("what needs attention first?", [view])
        reply = reply_for(Answer(text=text, views=(view,)), now=now)
        click.echo(f"{text}\n\n{rendered(reply, width=width(), colour=colour())}")
