"""`assist ...`: everything without chat, and the local process that needs no account."""

import importlib
from pathlib import Path

import click
from typing_extensions import override

from integrations.errors import SecurityAssistError

_COMMANDS = {
    "approve": "bot.commands.decide:approve",
    "ask": "bot.commands.ask",
    "audit": "bot.commands.audit",
    "dead-letters": "bot.commands.dead_letters",
    "demo": "bot.commands.demo",
    "digest": "bot.commands.digest",
    "doctor": "bot.commands.doctor",
    "export": "bot.commands.export",
    "exposures": "bot.commands.exposures",
    "fix": "bot.commands.fix",
    "graph": "bot.commands.graph",
    "ingest": "bot.commands.ingest",
    "pull": "bot.commands.pull",
    "reject": "bot.commands.decide:reject",
    "requests": "bot.commands.requests",
    "serve": "bot.commands.serve",
    "tenants": "bot.commands.tenants",
    "undo": "bot.commands.decide:undo",
    "work": "bot.commands.work",
}
_SHORT = {
    "approve": "Approve a fix, and carry it out.",
    "ask": "Ask a question and print the answer.",
    "audit": "Verify and export the audit of fixes.",
    "dead-letters": "List, show, replay and drop what could not be taken in.",
    "demo": "Three tenants, a chat page, nothing else needed.",
    "digest": "What a tenant's channels hear in the morning.",
    "doctor": "Look at everything that is set up, and say what mends what is wrong.",
    "export": "Write the resource graph to files for Neptune's loader.",
    "exposures": "What needs attention first, ranked.",
    "fix": "Plan a fix: the exact calls, before and after.",
    "graph": "Draw what a resource is connected to.",
    "ingest": "Take in findings and AWS Config items from files.",
    "pull": "Fetch what AWS holds of a tenant: findings, resources.",
    "reject": "Close a request to fix something.",
    "requests": "List the requests to fix something, or show one whole.",
    "serve": "Answer in a real Slack workspace (Socket Mode).",
    "tenants": "List, take on, map and let go tenants.",
    "undo": "Put back what a fix changed.",
    "work": "List jobs that were kept aside, and have them done again.",
}


class _Commands(click.Group):
    """Subcommands that are imported only when they are called: `--help` stays quick."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name or "command")
        return command

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_SHORT.items()))

    @override
    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except SecurityAssistError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the local stores (default: SECURITY_ASSIST_STATE or your data folder).",
)
@click.version_option(package_name="security-assist", prog_name="assist")
@click.pass_context
def main(context: click.Context, state: Path | None) -> None:
    """Answers from your AWS accounts' own security findings and resource graph.

    Exit codes: 0 done, 1 an error that the message explains, 2 wrong usage or nothing taken in; 3
    (approve, undo) another approver is needed.
    """
    context.obj = state
