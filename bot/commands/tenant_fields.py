"""A tenant's channels and approvers as they are written on the command line."""

import click
from typing_extensions import override

from integrations.tenants.port import ChannelKey

_PARTS = 3


class ChannelKeyType(click.ParamType[ChannelKey]):
    """`slack/T0001/C0001`."""

    name = "platform/workspace/channel"

    @override
    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> ChannelKey:
        if isinstance(value, ChannelKey):
            return value
        parts = str(value).split("/")
        if len(parts) != _PARTS or not all(parts) or parts[0] not in {"slack", "teams"}:
            self.fail(f"{value} is not platform/workspace/channel, such as slack/T0001/C0001")
        return ChannelKey(*parts)


def by_severity(approvers: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """`critical=slack/T/U` -> {"critical": ("slack/T/U",)}; `critical=` lets nobody approve."""
    found: dict[str, tuple[str, ...]] = {}
    for severity, _, person in (a.partition("=") for a in approvers if "=" in a):
        found[severity] = (*found.get(severity, ()), *((person,) if person else ()))
    return found


def of_any(approvers: tuple[str, ...]) -> tuple[str, ...]:
    """Those who approve whatever the severity."""
    return tuple(a for a in approvers if "=" not in a)
