"""`assist serve`: the same bot in a real Slack workspace, over Socket Mode."""

import signal
import threading
from pathlib import Path

import click

from bot.commands.state import connect, state_option


@click.command(name="serve")
@click.option("--bot-token", envvar="SLACK_BOT_TOKEN", required=True, help="xoxb-...")
@click.option("--app-token", envvar="SLACK_APP_TOKEN", required=True, help="xapp-...")
@state_option
def command(bot_token: str, app_token: str, state: Path | None) -> None:
    """Answer in a real Slack workspace from this computer (Socket Mode).

    The tokens are read from SLACK_BOT_TOKEN and SLACK_APP_TOKEN. The stores are the local ones:
    fill them with `assist tenants` and `assist ingest`.
    """
    from slack_bolt.adapter.socket_mode import SocketModeHandler
    from slack_sdk import WebClient
    from slack_sdk.errors import SlackApiError

    from bot.local import LocalBot, SlackInstall

    try:
        me = WebClient(token=bot_token, timeout=10).auth_test()
    except SlackApiError as error:
        raise click.ClickException(
            f"Slack refused SLACK_BOT_TOKEN ({error.response['error']}); "
            "take the Bot User OAuth Token of the app's OAuth page"
        ) from error
    install = SlackInstall(
        team_id=str(me["team_id"]),
        bot_user_id=str(me["user_id"]),
        bot_id=str(me["bot_id"]),
        token=bot_token,
        signing_secret="",
    )
    with connect(state) as connections:
        bot = LocalBot(connections, install)
        bot.start()
        handler = SocketModeHandler(bot.app, app_token)
        handler.connect()  # type: ignore[no-untyped-call] # slack_bolt has no types there
        click.echo(f"Listening as {me['user']} in {me['team']}. Ctrl-C stops.")
        stop = threading.Event()
        signal.signal(signal.SIGINT, lambda *_: stop.set())
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        stop.wait()
        handler.close()  # type: ignore[no-untyped-call] # the same
        bot.stop()
