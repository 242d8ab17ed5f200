"""The functions of the scripts in shipped runbooks, to call them as Automation would."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from integrations.runbooks.catalogue import ShippedRunbooks

FOLDER = Path(__file__).parents[1] / "infra" / "runbooks"
Handler = Callable[[Mapping[str, Any], Mapping[str, Any]], Any]


@cache
def functions(control: str, part: str, step: str) -> dict[str, Any]:
    """Everything that the script of a step defines; `part` is fix, check or undo."""
    runbook = ShippedRunbooks(FOLDER).runbook(control)
    assert runbook is not None
    document: Mapping[str, Any] = getattr(runbook, part)
    script = next(row for row in document["mainSteps"] if row["name"] == step)["inputs"]["Script"]
    defined: dict[str, Any] = {}
    exec(compile(script, f"{control} {part} {step}", "exec"), defined)  # noqa: S102 - our own
    return defined


@cache
def handler(control: str, part: str, step: str) -> Handler:
    """The function that a step calls."""
    runbook = ShippedRunbooks(FOLDER).runbook(control)
    assert runbook is not None
    document: Mapping[str, Any] = getattr(runbook, part)
    name = next(row for row in document["mainSteps"] if row["name"] == step)["inputs"]["Handler"]
    found: Handler = functions(control, part, step)[name]
    return found


@cache
def closed(control: str) -> dict[str, list[tuple[int, int]]]:
    """The ranges of ports that a runbook closes, by protocol."""
    runbook = ShippedRunbooks(FOLDER).runbook(control)
    assert runbook is not None
    step = next(row for row in runbook.fix["mainSteps"] if row["name"] == "Split")
    found: Mapping[str, Any] = step["inputs"]["InputPayload"]["Closed"]
    return {protocol: [(low, high) for low, high in rows] for protocol, rows in found.items()}
