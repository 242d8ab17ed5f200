"""`assist demo`: three tenants and a chat page on this computer; no account, no cloud."""

import os
import signal
import sys
import tempfile
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.commands.state import state_option

if TYPE_CHECKING:
    from bot.local import SlackInstall
    from bot.workspace.server import WorkspaceServer
    from bot.workspace.workspace import Workspace

FIRST_QUESTION = "what needs attention first?"
_ANSWER_S = 60.0
_TO_TRY = (
    ("acme-security", "why the first?  (then: show me)"),
    ("globex-security", "any active threats?"),
    ("secops", "compare the tenants"),
)


@click.command(name="demo")
@click.option("--once", is_flag=True, help="Print the first thread and stop; the exit code tells.")
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="Of the page (0: any).")
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@state_option
def command(*, once: bool, port: int, no_browser: bool, state: Path | None) -> None:
    """Three tenants, a chat page, nothing else needed.

    Generates the tenants' findings and AWS Config items in the sources' own formats, takes them in
    as any others, asks the first question as a signed event, prints the thread, and then serves
    the page until Ctrl-C. Without --state nothing is left behind.
    """
    with ExitStack() as opened:
        folder = state or Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="assist-")))
        server, workspace = opened.enter_context(_running(folder, port))
        root, answered = _first_thread(workspace)
        if once:
            sys.exit(0 if answered else 1)
        _invite(server.url)
        if not no_browser and _has_browser():
            webbrowser.open(_page_of_first(server, root))
        _until_interrupted()
        click.echo("\nStopped.")


@contextmanager
def _running(folder: Path, port: int) -> Iterator[tuple["WorkspaceServer", "Workspace"]]:
    """The whole product over the demo's data: stores, bot, door, workspace, page."""
    from bot.local import LocalBot, LoopbackDoor
    from bot.workspace.server import serve
    from infra.local import story
    from infra.local.fill import fill
    from integrations.connect import Connections
    from integrations.settings import Settings

    began = time.monotonic()
    with Connections(Settings(state=folder)) as connections, LoopbackDoor() as door:
        summary = fill(connections, folder / "sources", datetime.now(UTC))
        _note(summary.in_words())
        workspace, install = _workspace(door.url)
        server = serve(workspace, port=port)
        bot = LocalBot(connections, install(server.api_url))
        door.open(bot)
        bot.start()
        _note(f"{len(story.CHANNELS)} channels ready after {time.monotonic() - began:.1f} s")
        try:
            yield server, workspace
        finally:
            bot.stop()
            server.close()


def _workspace(
    deliver_to: str,
) -> "tuple[Workspace, Callable[[str], SlackInstall]]":
    """The simulated workspace with the demo's people, and how the bot is known there."""
    import secrets

    from bot.local import SlackInstall
    from bot.workspace.records import WorkspaceBot, WorkspaceChannel, WorkspacePerson
    from bot.workspace.workspace import Workspace
    from infra.local import story

    known = WorkspaceBot(
        user_id="U0ASSISTBOT",
        bot_id="B0ASSISTBOT",
        app_id="A0ASSISTAPP",
        token=f"xoxb-local-{secrets.token_hex(8)}",
        signing_secret=secrets.token_hex(16),
        name="assist",
    )
    workspace = Workspace(
        [WorkspacePerson(user_id=p.id, name=p.name, title=p.role) for p in story.PEOPLE],
        [
            WorkspaceChannel(
                channel_id=c.id,
                name=c.name,
                members=tuple(p.id for p in story.PEOPLE),
                topic=c.topic,
                starters=c.starters,
            )
            for c in story.CHANNELS
        ],
        team_id=story.WORKSPACE,
        team_name="Security Assist demo",
        bot=known,
        clock=time.time,
        deliver_to=deliver_to,
    )

    def install(api_url: str) -> SlackInstall:
        return SlackInstall(
            team_id=story.WORKSPACE,
            bot_user_id=known.user_id,
            bot_id=known.bot_id,
            token=known.token,
            signing_secret=known.signing_secret,
            api_url=api_url,
        )

    return workspace, install


def _first_thread(workspace: "Workspace") -> tuple[str, bool]:
    """Ask the first question as a person would, wait for the answer, print the thread."""
    from bot.commands.terminal import colour, width
    from bot.workspace.transcript import transcript
    from infra.local import story

    person, channel = story.PEOPLE[0], story.CHANNELS[0]
    click.echo(f"\n#{channel.name}")
    root = workspace.say(person.id, channel.id, f"@assist {FIRST_QUESTION}")
    try:
        workspace.wait_for_answer(channel.id, root, _ANSWER_S)
    except TimeoutError:
        click.echo(f"No answer within {_ANSWER_S:.0f} s.", err=True)
        return "", False
    click.echo(transcript(workspace, channel.id, root, width=width(), colour=colour()))
    return root, True


def _page_of_first(server: "WorkspaceServer", root: str) -> str:
    from infra.local import story

    return server.thread_url(story.CHANNELS[0].id, root, story.PEOPLE[0].id)


def _invite(url: str) -> None:
    click.echo(f"\nThe chat page: {url}   (Ctrl-C stops it and leaves nothing behind)")
    click.echo("Three questions to try, each after @assist:")
    for channel, question in _TO_TRY:
        click.echo(f"  #{channel:<16} {question}")


def _note(text: str) -> None:
    click.echo(text, err=True)


def _has_browser() -> bool:
    """Whether opening a page would show it to anybody: not on a server, not in CI."""
    display = sys.platform in {"darwin", "win32"} or os.environ.get("DISPLAY")  # noqa: TID251 - the desktop's own sign
    return bool(display) and sys.stdout.isatty()


def _until_interrupted() -> None:
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    while not stop.wait(0.5):
        pass
