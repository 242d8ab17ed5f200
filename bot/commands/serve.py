"""`assist serve`: the same bot in a real Slack workspace, over Socket Mode."""

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.commands.state import adding, connect, state_option

if TYPE_CHECKING:
    from bot.local import LocalBot
    from bot.slack_bot import SlackInstall

_TOKENS = (
    ("SLACK_BOT_TOKEN", "xoxb-", "OAuth & Permissions: Bot User OAuth Token"),
    ("SLACK_APP_TOKEN", "xapp-", "Basic Information: App-Level Token with connections:write"),
)


@click.command(name="serve")
@click.option("--bot-token", envvar="SLACK_BOT_TOKEN", default="", help="xoxb-...")
@click.option("--app-token", envvar="SLACK_APP_TOKEN", default="", help="xapp-...")
@click.option(
    "--api-url", envvar="SLACK_API_URL", default="https://slack.com/api/", help="Of the Web API."
)
@state_option
def command(bot_token: str, app_token: str, api_url: str, state: Path | None) -> None:
    """Answer in a real Slack workspace from this computer (Socket Mode).

    The tokens are read from SLACK_BOT_TOKEN and SLACK_APP_TOKEN. The stores are the local ones:
    fill them with `assist tenants` and `assist ingest`.
    """
    _check((bot_token, app_token))
    install, listening = _introduced(bot_token, f"{api_url.rstrip('/')}/")
    with connect(state) as connections:
        from bot.local import LocalBot

        if not connections.tenants():
            click.echo(f"There are no tenants yet: {adding(connections)} --help", err=True)
        bot = LocalBot(connections, install, mornings=True)
        bot.start()
        try:
            _listen(bot, app_token, listening)
        finally:
            bot.stop()


def _check(tokens: tuple[str, str]) -> None:
    """Refuse tokens that are missing or of the wrong kind, and say where the right ones are.

    Raises:
        click.ClickException: What is wrong, and what to type next; never a token's text.
    """
    wrong: list[str] = []
    for token, (name, prefix, _) in zip(tokens, _TOKENS, strict=True):
        if not token:
            wrong.append(f"{name} is not set")
        elif not token.startswith(prefix):
            wrong.append(f"{name} does not begin with {prefix}")
    if not wrong:
        return
    lines = [f"  export {f'{name}={prefix}...':<32}# {where}" for name, prefix, where in _TOKENS]
    raise click.ClickException(
        f"{'; '.join(wrong)}. The app's pages at Slack show both tokens:\n"
        + "\n".join(lines)
        + "\n  assist serve\nWithout a Slack app: assist demo"
    )


def _introduced(bot_token: str, api_url: str) -> "tuple[SlackInstall, str]":
    """Who the bot is there, and a line that says so.

    Raises:
        click.ClickException: Slack refuses the token, or does not answer.
    """
    from bot.slack.calls import SlackRefusedError, calling, web_client
    from bot.slack_bot import SlackInstall
    from integrations.errors import UnavailableError

    try:
        with calling("auth.test"):
            me = web_client(bot_token, api_url).auth_test()
    except SlackRefusedError as error:
        raise click.ClickException(
            f"Slack refused SLACK_BOT_TOKEN ({error.code}); "
            "take the Bot User OAuth Token of the app's OAuth page"
        ) from error
    except UnavailableError as error:
        raise click.ClickException(f"{error}; is this computer online?") from error
    install = SlackInstall(
        team_id=str(me["team_id"]),
        bot_user_id=str(me["user_id"]),
        bot_id=str(me["bot_id"]),
        token=bot_token,
        signing_secret="",
        api_url=api_url,
    )
    return install, f"Listening as {me['user']} in {me['team']}. Ctrl-C stops."


def _listen(bot: "LocalBot", app_token: str, listening: str) -> None:
    """Hold the connection until Ctrl-C.

    Raises:
        click.ClickException: Slack refuses the app's token, or does not answer.
    """
    from slack_bolt.adapter.socket_mode import SocketModeHandler

    from bot.slack.calls import SlackRefusedError, calling
    from integrations.errors import UnavailableError

    handler = SocketModeHandler(bot.app, app_token)
    try:
        with calling("apps.connections.open"):
            handler.connect()  # type: ignore[no-untyped-call] # slack_bolt has no types there
    except SlackRefusedError as error:
        raise click.ClickException(
            f"Slack refused SLACK_APP_TOKEN ({error.code}); take an App-Level Token with "
            "connections:write, and switch Socket Mode on"
        ) from error
    except UnavailableError as error:
        raise click.ClickException(f"{error}; is this computer online?") from error
    click.echo(listening)
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    stop.wait()
    handler.close()  # type: ignore[no-untyped-call] # the same
