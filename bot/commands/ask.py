"""`assist ask`: a question in, the answer out, as a thread would show it."""

import json
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from bot.commands.state import connect, state_option, tenant_named
from integrations.connect import Connections

_OPERATORS = "*"


@click.command(name="ask")
@click.argument("question")
@click.option("--tenant", "tenant_id", help="Whose data to answer from.")
@click.option("--operators", is_flag=True, help="Answer across every tenant.")
@click.option("--thread", default="", help="A name: questions of one thread are a conversation.")
@click.option("--json", "as_json", is_flag=True, help="For machines: text, cards, calls, evidence.")
@click.option("--png", type=click.Path(dir_okay=False, path_type=Path), help="Where to draw to.")
@state_option
def command(
    question: str,
    tenant_id: str | None,
    thread: str,
    png: Path | None,
    state: Path | None,
    *,
    operators: bool,
    as_json: bool,
) -> None:
    """Ask a question and print the answer.

    Example: assist ask "what needs attention first?" --tenant acme
    """
    if operators == bool(tenant_id):
        raise click.UsageError("say whose data: --tenant T, or --operators for every tenant")
    with connect(state) as connections:
        answer, reply = _answered(connections, question, tenant_id, thread)
        drawn = _drawn(answer, png, connections)
        if as_json:
            click.echo(json.dumps(_document(answer, reply, drawn), indent=2))
            return
        from bot.commands.terminal import colour, width
        from bot.terminal import rendered

        text = f"{answer.text}\n\n" if answer.text else ""
        click.echo(text + rendered(reply, width=width(), colour=colour()))
        if drawn:
            click.echo(f"\nPicture: {drawn}")


def _answered(
    connections: Connections, text: str, tenant_id: str | None, thread: str
) -> tuple[Any, Any]:
    from agent.assistant import Done, Question
    from agent.scope import OutsideScope, scope_for
    from bot.cards.answer import reply_for
    from bot.local_assistant import local_assistant
    from integrations.conversations.session import session_id
    from integrations.tenants.port import Binding, ChannelKey

    if tenant_id:
        tenant_named(connections, tenant_id)
    thread = thread or secrets.token_hex(8)
    session = session_id(tenant_id or _OPERATORS, "cli", "local", "terminal", thread)
    memory = connections.conversations()
    binding = Binding(ChannelKey("cli", "local", "terminal"), tenant_id)
    scope = scope_for(binding, text, memory.load(session).focus, connections)
    if isinstance(scope, OutsideScope):
        raise click.ClickException(
            f"--tenant {scope.own.id} answers only for {scope.own.id}; "
            f"ask with --tenant {scope.other.id} or --operators"
        )
    question = Question(text=text, session_id=session, scope=scope)
    assistant = local_assistant(memory, runbooks=connections.runbooks())
    for event in assistant.answer(question):
        if isinstance(event, Done):
            now = datetime.now(UTC)
            return event.answer, reply_for(event.answer, now=now, operator=scope.operator)
    raise click.ClickException("the assistant ended without an answer")


def _drawn(answer: Any, png: Path | None, connections: Connections) -> Path | None:
    """The picture that the answer asks for, written to a file."""
    from agent.views import Connections as GraphView

    for view in answer.views:
        if isinstance(view, GraphView) and (view.draw or png):
            from bot.picture.drawing import draw

            target = png or connections.pictures() / f"{secrets.token_hex(6)}.png"
            target.write_bytes(draw(view).png)
            return target
    return None


def _document(answer: Any, reply: Any, drawn: Path | None) -> dict[str, Any]:
    return {
        "text": answer.text,
        "cards": msgspec.to_builtins(
            [{"kind": type(part).__name__} | msgspec.to_builtins(part) for part in reply.parts]
        ),
        "tool_calls": [
            {"name": call.name, "arguments": call.arguments, "ok": call.ok}
            for call in answer.tool_calls
        ],
        "evidence": list(answer.evidence),
        "picture": str(drawn) if drawn else None,
        "notice": answer.notice,
        "model": answer.model,
    }
