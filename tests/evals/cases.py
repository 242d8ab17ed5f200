"""The cases: one TOML file for each theme in `cases/`, read by anybody who can read a runbook.

A case is a conversation: a channel and turns. A turn has as many phrasings as every other turn of
its case; the first phrasing of each turn makes one conversation, the second another, and so on.

Facts are words that must occur. Between braces stands an expression over `acme`, `globex` and
`initech` (`tests/evals/truth.py`), evaluated when the case runs: a whole number is written with
thousands separators, a set or a list means that each of its members must occur.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tests.evals.truth import Truth

FOLDER = Path(__file__).parent / "cases"
PHRASINGS = 3

_EXPRESSION = re.compile(r"\{([^{}]+)\}")
_ALLOWED = {"len": len, "max": max, "min": min, "sorted": sorted, "sum": sum, "abs": abs}


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One question of a case, in each of its phrasings, and what its answer must be like."""

    ask: tuple[str, ...]
    tools: tuple[str, ...] | None = None
    """The calls that answer it, in order: a name, and arguments that it must have been given."""
    first: tuple[str, ...] = ()
    """Facts that the first line must tell."""
    says: tuple[str, ...] = ()
    """Facts that must stand somewhere in the text or the cards."""
    never: tuple[str, ...] = ()
    """What must stand nowhere, buttons included."""
    buttons: tuple[str, ...] = ()
    """Labels of buttons that must be offered."""
    picture: tuple[str, ...] | None = None
    """Facts that the picture's words must tell; without this, no picture may be posted."""
    refused: bool = False
    """It is turned away before any tool is called."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A conversation."""

    theme: str
    name: str
    channel: str
    turns: tuple[Turn, ...]


def cases() -> list[Case]:
    """Every case, by theme.

    Raises:
        ValueError: a file holds what no case has; says which file and case.
    """
    return [case for path in sorted(FOLDER.glob("*.toml")) for case in _cases_of(path)]


def _cases_of(path: Path) -> Iterator[Case]:
    for row in tomllib.loads(path.read_text(encoding="utf-8"))["case"]:
        where = f"{path.name}, {row.get('name')!r}"
        turns = tuple(_turn(turn, where) for turn in row.pop("turn"))
        if set(row) != {"name", "channel"}:
            raise ValueError(f"{where}: a case has a name, a channel and turns, not {sorted(row)}")
        yield Case(theme=path.stem, turns=turns, **row)


def _turn(row: dict[str, Any], where: str) -> Turn:
    unknown = set(row) - {field.name for field in fields(Turn)}
    if unknown:
        raise ValueError(f"{where}: a turn has no {', '.join(sorted(unknown))}")
    if len(row["ask"]) != PHRASINGS or len(set(row["ask"])) != PHRASINGS:
        raise ValueError(f"{where}: {row['ask']} are not {PHRASINGS} phrasings")
    given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
    return Turn(**given)


def filled(facts: Sequence[str], truth: Truth) -> list[str]:
    """The facts with their expressions evaluated."""
    return [fact for text in facts for fact in _filled(text, truth)]


def _filled(text: str, truth: Truth) -> list[str]:
    texts = [text]
    for match in _EXPRESSION.finditer(text):
        # Our own files, kept beside this one, with nothing but the truth to ask.
        value = eval(match[1], {"__builtins__": _ALLOWED, **truth.tenants})  # noqa: S307
        said = _said(value)
        if not said:
            raise ValueError(f"{match[0]} is nothing: the case would hold whatever is answered")
        texts = [made.replace(match[0], one, 1) for made in texts for one in said]
    return texts


def _said(value: Any) -> list[str]:
    if isinstance(value, int):
        return [f"{value:,}"]
    if isinstance(value, set | list | tuple):
        return [one for member in sorted(value) for one in _said(member)]
    return [str(value)]
