"""`assist digest`: a tenant's morning on the terminal, or posted into its channels."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.commands.printing import say
from bot.commands.state import connect, settings_of, state_option, tenant_named

if TYPE_CHECKING:
    from integrations.connect import Connections

WORKSPACE = "workspace.json"
"""Where `assist demo` says how its workspace is reached, in the state folder."""


@click.command(name="digest")
@click.option("--tenant", "tenants", multiple=True, help="Whose (default: everybody's); repeat.")
@click.option("--post", is_flag=True, help="Post it into each mapped channel, now, once a day.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@state_option
def command(tenants: tuple[str, ...], state: Path | None, *, post: bool, as_json: bool) -> None:
    """Show what a tenant's channels hear in the morning; with --post, let them hear it now.

    A channel has at most one a day, whoever posts it. The tenant's setting `digest` says when:
    assist tenants set acme digest "08:00 Europe/Berlin" (usually 07:00 UTC), or off.

    Exit code 0: done. 1: a channel could not be posted to; it says why.
    """
    with connect(state) as connections:
        wanted = [tenant_named(connections, one).id for one in tenants]
        if post:
            _post(connections, wanted, settings_of(state).state, as_json=as_json)
            return
        from bot.digests import Digests

        digests = Digests(
            connections.directory,
            connections,
            connections.checkpoints(),
            lambda _place, _reply: None,
            time.time,
        )
        for number, tenant in enumerate(wanted or [t.id for t in connections.tenants()]):
            if number and not as_json:
                click.echo()
            reply = digests.preview(tenant)
            say(reply, reply, as_json=as_json)


def _post(connections: "Connections", tenants: list[str], folder: Path, *, as_json: bool) -> None:
    from bot.slack.calls import calling, web_client
    from bot.slack.digests import slack_digests

    token, api_url = _slack(folder)
    client = web_client(token, api_url)
    with calling("auth.test"):
        team = str(client.auth_test()["team_id"])
    every = () if tenants else [str(binding.key) for binding in connections.directory.bindings()]
    done = slack_digests(connections, client, team).run(team, tenants, every)
    if as_json:
        click.echo(json.dumps(done.counts() | {"why": done.failed}, indent=2))
    else:
        for label, channels in (("posted in", done.posted), ("had theirs today:", done.before)):
            if channels:
                click.echo(f"{label} {', '.join(channels)}")
        if not (done.posted or done.before or done.failed):
            click.echo("No channel is mapped: assist tenants map-channel --help")
        for channel, why in done.failed.items():
            click.echo(f"{channel}: {why}", err=True)
    if done.failed:
        raise SystemExit(1)


def _slack(folder: Path) -> tuple[str, str]:
    """The bot's token and the Web API: a demo's on the same state, or those of the settings.

    Raises:
        click.ClickException: there is no token, or it cannot be read.
    """
    from bot.handlers import settings
    from bot.handlers.rotating import UnreadSecretError, kept

    path = folder / WORKSPACE
    if path.exists():
        told = json.loads(path.read_text(encoding="utf-8"))
        return str(told["token"]), str(told["api_url"])
    try:
        slack = settings.slack()
        if slack.bot_token:
            return kept(slack.bot_token, slack.keys, time.time).value(), slack.api_url
    except (settings.MissingSettingError, UnreadSecretError) as error:
        raise click.ClickException(f"SLACK_BOT_TOKEN_ARN: {error}") from error
    raise click.ClickException(
        "SLACK_BOT_TOKEN is not set; for a workspace on this computer run "
        "assist demo --state DIR beside it, and give the same --state here"
    )
