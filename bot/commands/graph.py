"""`assist graph`: what a resource is connected to, as a picture or as a list."""

from datetime import UTC, datetime
from pathlib import Path

import click

from bot.commands.state import connect, state_option, tenant_named


@click.command(name="graph")
@click.argument("resource")
@click.option("--tenant", "tenant_id", required=True, help="Whose.")
@click.option("--png", type=click.Path(dir_okay=False, path_type=Path), help="Draw to this file.")
@click.option(
    "--question",
    type=click.Choice(["connected", "can_reach", "who_can_reach", "from_internet"]),
    default="connected",
    show_default=True,
)
@state_option
def command(
    resource: str, tenant_id: str, png: Path | None, question: str, state: Path | None
) -> None:
    """Draw what RESOURCE (a name, short id, ARN or X-... ref) is connected to.

    Example: assist graph web-7 --tenant acme --png web-7.png
    """
    from agent.tools.graph import connections as walk
    from agent.tools.reader import TenantReader
    from agent.views import Choices

    with connect(state) as connections:
        tenant_named(connections, tenant_id)
        reader = TenantReader(connections.systems(tenant_id), datetime.now(UTC))
        view = walk(reader, resource, question, draw=png is not None)
        if isinstance(view, Choices):
            names = "\n".join(f"  {choice.label}: {choice.ask}" for choice in view.choices)
            raise click.ClickException(f"{view.question}\n{names}")
        if png is not None:
            from bot.picture.drawing import draw

            picture = draw(view)
            png.write_bytes(picture.png)
            click.echo(f"{png}: {picture.alt}")
            return
        names_by_id = {r.id: r.name for r in view.graph.resources}
        click.echo(f"{view.caption}: {len(view.graph.resources)} resources")
        for link in view.graph.links:
            source, target = names_by_id[link.source], names_by_id[link.target]
            click.echo(f"  {source} --{link.kind}--> {target}")
        if view.graph.left_out:
            click.echo(f"  and {view.graph.left_out} more")
