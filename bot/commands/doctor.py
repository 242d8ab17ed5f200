"""`assist doctor`: whether everything that the settings name is there, and what mends it."""

import json
import logging
from pathlib import Path

import click

from bot.commands.state import settings_of, state_option

_INDENT = 2


@click.command(name="doctor")
@click.option("--tenant", "tenant_id", default="", help="Try the roles of this tenant alone.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@state_option
def command(tenant_id: str, state: Path | None, *, as_json: bool) -> None:
    """Look at everything that the settings name, and say what mends what is wrong.

    Nothing is changed, and one check that fails stops no other. The tenants' roles are tried as
    `assist tenants onboard --check` does; a language model is asked for one word.

    Exit code 0: nothing failed. 1: something did.
    """
    from bot.doctor.checks import Mark, examined
    from bot.doctor.outside import Outside
    from bot.doctor.stores import Stores

    # What libraries warn of on the way stands between the lines.
    logging.disable(logging.CRITICAL)
    settings = settings_of(state)
    stores = Stores(settings)
    checks = [*stores.checks(), *Outside(settings, stores, tenant_id).checks()]
    width = max(len(check.name) for check in checks)
    rows: list[dict[str, str]] = []
    for check, found in examined(checks):
        told = {"check": check.name, "mark": str(found.mark), "said": found.said}
        rows.append(told | {"mend": found.mend})
        if not as_json:
            click.echo(f"{_mark(str(found.mark))}  {check.name:<{width}}  {found.said}")
            if found.mend:
                click.echo(f"{'':<{len(Mark.FAILED) + width + 2 * _INDENT}}-> {found.mend}")
    broken = sum(row["mark"] == Mark.FAILED for row in rows)
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        warned = sum(row["mark"] == Mark.WARN for row in rows)
        click.echo(f"\n{len(rows)} looked at: {broken} failed, {warned} to look at.")
    if broken:
        raise SystemExit(1)


def _mark(mark: str) -> str:
    from bot.commands.terminal import colour

    padded = f"{mark:<6}"
    shade = {"FAILED": "red", "warn": "yellow", "ok": "green"}.get(mark)
    return click.style(padded, fg=shade) if shade and colour() else padded
