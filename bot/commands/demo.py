"""`assist demo`: three tenants and a chat page on this computer; no account, no cloud."""

import json
import os
import signal
import sys
import tempfile
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.commands.digest import WORKSPACE
from bot.commands.state import state_option
from bot.commands.terminal import colour, width

if TYPE_CHECKING:
    from bot.slack_bot import SlackInstall
    from bot.workspace.server import WorkspaceServer
    from bot.workspace.workspace import Workspace
    from infra.local.aws.server import EmulatedAws
    from integrations.ingest.summary import IngestSummary
    from integrations.settings import AwsAccess, Settings

FIRST_QUESTION = "what needs attention first?"
PORT = 8420
"""The page's usual port, so that an open page finds a demo that was started again."""
_TAKING_IN = "Taking in what the tenants' sources tell ..."
_EVERY_S = 0.1
_ANSWER_S = 60.0
_NOT_ANSWERED, _INTERRUPTED = 1, 130
_TO_TRY = (
    ("in this thread", "why the first?", "then: show me"),
    ("#globex-security", "@assist any active threats?", ""),
    ("#secops", "@assist compare the tenants", ""),
)


@click.command(name="demo")
@click.option("--once", is_flag=True, help="Print the first thread and stop.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    help=f"Of the page; 0: any (default: {PORT}, or any when that is taken).",
)
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@click.option(
    "--engines",
    is_flag=True,
    help="Keep findings in a real OpenSearch and the graph at a real Gremlin Server (needs Java).",
)
@click.pass_context
@state_option
def command(
    context: click.Context,
    *,
    once: bool,
    port: int | None,
    no_browser: bool,
    engines: bool,
    state: Path | None,
) -> None:
    """Three tenants, a chat page, nothing else needed.

    Generates the tenants' findings and AWS Config items in the sources' own formats, takes them in
    as any others, asks the first question as a signed event, prints the thread, and then serves
    the page until Ctrl-C. Without --state nothing is left behind.

    Exit codes: 0 answered, 1 not answered, 130 interrupted before there was an answer.
    """
    from integrations.settings import Settings

    state = state or context.find_root().obj
    with _interruptible(), ExitStack() as opened:
        folder = state or Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="assist-")))
        _note(
            "Security Assist demo: made-up accounts on this computer; nothing leaves it.", bold=True
        )
        settings = Settings(state=folder)
        if engines:
            settings = opened.enter_context(_on_engines(settings))
        running = opened.enter_context(_running(settings, port))
        server = running.server
        root, answered = _first_thread(running.workspace)
        if once or not answered:
            sys.exit(0 if answered else _NOT_ANSWERED)
        _invite(server.url, state)
        if not no_browser and _has_browser():
            webbrowser.open(_page_of_first(server, root))
        _until_interrupted()
        click.echo("\nStopped.")


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C and a plain kill end whatever is going on in good order, and nothing end that."""

    def interrupt(*_: object) -> None:
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_IGN)
        raise KeyboardInterrupt

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        _note("\nStopped.")
        sys.exit(_INTERRUPTED)


@dataclass(frozen=True, slots=True)
class _Running:
    """What runs in a demo."""

    server: "WorkspaceServer"
    workspace: "Workspace"
    emulated: "EmulatedAws"


@contextmanager
def _on_engines(settings: "Settings") -> Iterator["Settings"]:
    """Real engines while the demo lasts: the settings that name them, also told to other commands.

    Raises:
        click.ClickException: one of them does not start here; says why.
    """
    from infra.local.engines.running import Engines
    from integrations.settings import STORES

    _note("Starting OpenSearch and Gremlin Server ...")
    with Engines({"gremlin": None, "opensearch": None}) as engines:
        engines.wait()
        for name, why in engines.left_out.items():
            raise click.ClickException(f"{name} does not start here: {why}")
        where = engines.where()
        findings, graph = where["opensearch"], where["gremlin"]
        stores = {"findings": findings["url"], "graph": f"{graph['url']}#{graph['sources'][0]}"}
        for name, one in (("OpenSearch", findings), ("Gremlin Server", graph)):
            _note(f"  {name} {one['version']}  {one['url']}")
        settings.state.mkdir(parents=True, exist_ok=True)
        told = settings.state / STORES
        told.write_text(json.dumps(stores), encoding="utf-8")
        try:
            yield replace(settings, **stores)
        finally:
            told.unlink(missing_ok=True)


@contextmanager
def _running(settings: "Settings", port: int | None) -> Iterator[_Running]:
    """The whole product over the demo's data: accounts, stores, bot, door, workspace, page."""
    from bot.local import LocalBot, LoopbackDoor
    from integrations.connect import Connections

    with LoopbackDoor() as door:
        workspace, install = _workspace(door.url)
        server = _served(workspace, port)
        try:
            with (
                _filled(settings) as (emulated, aws),
                Connections(replace(settings, aws=aws)) as connections,
            ):
                known = install(server.api_url)
                bot = LocalBot(connections, known)
                door.open(bot)
                _tell(settings.state / WORKSPACE, {"token": known.token, "api_url": known.api_url})
                bot.start()
                try:
                    yield _Running(server, workspace, emulated)
                finally:
                    bot.stop()
        finally:
            (settings.state / WORKSPACE).unlink(missing_ok=True)
            server.close()


def _tell(path: Path, what: dict[str, object]) -> None:
    """Let other commands on the same state know how something is reached; its owner alone reads."""
    path.touch(mode=0o600)
    path.write_text(json.dumps(what), encoding="utf-8")


@contextmanager
def _filled(settings: "Settings") -> Iterator[tuple["EmulatedAws", "AwsAccess"]]:
    """The story in the stores and in emulated accounts; how those are reached while it lasts.

    The accounts start in a process of their own while the findings are taken in.
    """
    from infra.local.aws.server import EmulatedAws
    from infra.local.fill import fill, register
    from integrations.connect import Connections
    from integrations.settings import EMULATED, AwsAccess

    began, now = time.monotonic(), datetime.now(UTC)
    folder = settings.state
    _note(_TAKING_IN, end="")
    with Connections(settings) as connections, ExitStack() as opened:
        runbooks = connections.runbooks().runbooks()
        emulated = EmulatedAws(
            register(connections),
            now,
            remediation_actions=sorted({a for r in runbooks for a in r.permissions}),
        )
        opened.enter_context(emulated)
        summary = fill(connections, folder / "sources", now, _counting())
        _note(_taken_in(summary, time.monotonic() - began))
        hub = emulated.hub_credentials
        aws = AwsAccess(
            endpoint_url=emulated.url,
            access_key=hub.access_key_id,
            secret_key=hub.secret_access_key,
        )
        _tell(folder / EMULATED, asdict(aws))
        opened.callback((folder / EMULATED).unlink, missing_ok=True)
        yield emulated, aws


def _served(workspace: "Workspace", port: int | None) -> "WorkspaceServer":
    """The page on the port that was asked for, or else on the usual one, or else on any.

    Raises:
        click.ClickException: The port that was asked for is taken.
    """
    from bot.workspace.server import serve

    try:
        return serve(workspace, port=PORT if port is None else port)
    except OSError as error:
        if port is None:
            return serve(workspace, port=0)
        raise click.ClickException(
            f"port {port} cannot be had ({os.strerror(error.errno or 0).lower()}); leave --port "
            f"out and a free one is found, or name another: assist demo --port {port + 1}"
        ) from error


def _counting() -> Callable[[int, int], None]:
    """Count on the line that is open, on a terminal only, a few times a second."""
    told = time.monotonic()

    def count(_bytes: int, records: int) -> None:
        nonlocal told
        if sys.stderr.isatty() and time.monotonic() - told > _EVERY_S:
            told = time.monotonic()
            _note(f"\r{_TAKING_IN} {records:,}", end="")

    return count


def _taken_in(summary: "IngestSummary", took_s: float) -> str:
    """What went in, in three lines: how much, from where, for whom."""
    rejected = f"{summary.rejected:,}" if summary.rejected else "none"
    sources = ", ".join(f"{name} {count:,}" for name, count in summary.by_source.most_common())
    tenants = ", ".join(f"{name} {count:,}" for name, count in sorted(summary.by_tenant.items()))
    again = f"\r{_TAKING_IN}" if sys.stderr.isatty() else ""
    return (
        f"{again} {summary.records:,} records, {rejected} rejected, {took_s:.1f} s\n"
        f"  from  {sources}\n"
        f"  for   {tenants}"
    )


def _workspace(
    deliver_to: str,
) -> "tuple[Workspace, Callable[[str], SlackInstall]]":
    """The simulated workspace with the demo's people, and how the bot is known there."""
    import secrets

    from bot.slack_bot import SlackInstall
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


def _first_thread(workspace: "Workspace", patience_s: float = _ANSWER_S) -> tuple[str, bool]:
    """Ask the first question as a person would, wait for the answer, print the thread."""
    from bot.workspace.transcript import transcript
    from infra.local import story

    person, channel = story.PEOPLE[0], story.CHANNELS[0]
    root = workspace.say(person.id, channel.id, f"@assist {FIRST_QUESTION}")
    try:
        workspace.wait_for_answer(channel.id, root, patience_s)
    except TimeoutError:
        refused = sorted({one.outcome for one in workspace.deliveries if one.outcome != "ok"})
        why = f"; deliveries to the bot ended with {', '.join(refused)}" if refused else ""
        click.echo(f"\nNo answer within {patience_s:.0f} s{why}.", err=True)
        return root, False
    click.echo("\n" + _styled(f"#{channel.name}", bold=True))
    click.echo(transcript(workspace, channel.id, root, width=width(), colour=colour()))
    return root, True


def _page_of_first(server: "WorkspaceServer", root: str) -> str:
    from infra.local import story

    return server.thread_url(story.CHANNELS[0].id, root, story.PEOPLE[0].id)


def _invite(url: str, state: Path | None) -> None:
    end = f"its data stays in {state}" if state else "leaves nothing behind"
    click.echo("\n" + _styled("The chat page  ", bold=True) + _styled(url, underline=True))
    click.echo("Things to ask there:")
    for place, question, then in _TO_TRY:
        click.echo(f"  {place:<18}{question:<20}{_styled(then, dim=True)}".rstrip())
    click.echo(_styled(f"Ctrl-C stops it and {end}.", dim=True))


def _note(text: str, *, bold: bool = False, end: str = "\n") -> None:
    """Say what is going on, beside what the command prints."""
    click.echo(_styled(text, bold=bold, dim=not bold), err=True, nl=end == "\n")


def _styled(text: str, *, bold: bool = False, dim: bool = False, underline: bool = False) -> str:
    if not colour() or not text:
        return text
    return click.style(text, bold=bold or None, dim=dim or None, underline=underline or None)


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
