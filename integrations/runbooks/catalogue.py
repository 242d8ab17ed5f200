"""The remedies that ship with the product, read from `remedies.toml`."""

import tomllib
from functools import cache
from importlib.resources import files

from typing_extensions import override

from integrations.runbooks.port import Remedy, RemedyCatalogue


class ShippedRemedies(RemedyCatalogue):
    """The remedies of `remedies.toml`; read once per process."""

    @override
    def remedy(self, control: str) -> Remedy | None:
        return _remedies().get(control.casefold())

    @override
    def controls(self) -> tuple[str, ...]:
        return tuple(remedy.control for remedy in _remedies().values())


@cache
def _remedies() -> dict[str, Remedy]:
    text = (files("integrations.runbooks") / "remedies.toml").read_text(encoding="utf-8")
    return {
        control.casefold(): Remedy(
            control=control,
            title=row["title"],
            steps=tuple(row["steps"]),
            runbook=row.get("runbook"),
            reversible={"yes": True, "no": False}.get(row["undo"]),
            care=row.get("care", ""),
        )
        for control, row in tomllib.loads(text).items()
    }
