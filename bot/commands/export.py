"""`assist export`: what is stored, as files for another engine."""

import json
from pathlib import Path

import click

from bot.commands.state import connect, state_option, tenant_named

_LOADER = {
    "format": "csv",
    "failOnError": "TRUE",
    "updateSingleCardinalityProperties": "TRUE",
    "parserConfiguration": {"allowEmptyStrings": True},
}
"""What the loader has to be told besides `source`, `iamRoleArn` and `region`."""


@click.group(name="export")
def command() -> None:
    """Write what is stored to files for another engine."""


@command.command()
@click.option("--tenant", "tenant_id", required=True, help="Whose.")
@click.option(
    "--to",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder; files of an earlier export in it are replaced.",
)
@state_option
def graph(tenant_id: str, folder: Path, state: Path | None) -> None:
    """Write the resource graph as CSV for Amazon Neptune's bulk loader.

    Put the files into a folder of a bucket and tell the loader what is printed at the end.
    """
    with connect(state) as connections:
        tenant_named(connections, tenant_id)
        written = connections.exportable(tenant_id).export(folder)
    click.echo(f"{written.vertices:,} vertices, {written.edges:,} edges of {tenant_id}")
    for file in written.files:
        click.echo(f"  {file} ({file.stat().st_size:,} bytes)")
    click.echo(f"Tell the loader, with source, iamRoleArn and region: {json.dumps(_LOADER)}")
