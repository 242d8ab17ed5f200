"""The option that every command takes, and the stores that it opens."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from integrations.connect import Connections
from integrations.errors import InvalidSettingError, NotFoundError
from integrations.settings import Settings
from integrations.tenants.port import Tenant


def state_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--state DIR` on the command itself, as well as before it."""
    return click.option(
        "--state",
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder of the local stores.",
    )(command)


def settings_of(state: Path | None) -> Settings:
    """The settings, with the folder that the command line or the environment names."""
    above = click.get_current_context().find_root().obj
    return Settings.from_env(state or above)


def connect(state: Path | None) -> Connections:
    """The local stores, in the folder that the command line or the environment names."""
    return Connections(settings_of(state))


def tenant_named(connections: Connections, tenant_id: str) -> Tenant:
    """A tenant, or an error that lists those there are.

    Raises:
        NotFoundError: no such tenant.
    """
    try:
        return connections.directory.get(tenant_id)
    except NotFoundError:
        known = ", ".join(t.id for t in connections.tenants())
        hint = (
            f"known tenants are {known}" if known else f"there are none; see {adding(connections)}"
        )
        raise NotFoundError(f"no tenant is called {tenant_id}: {hint}") from None


def adding(connections: Connections) -> str:
    """The command that takes a tenant on: with roles and proof where AWS accounts are reached."""
    try:
        connections.hub_access()
    except InvalidSettingError:
        return "assist tenants add"
    return "assist tenants onboard"
