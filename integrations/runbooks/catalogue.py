"""The remedies and the runbooks that ship with the product.

Remedies are read from `remedies.toml`. Runbooks are a folder of YAML files, one each: a stream of
documents that says what the runbook is, then its fix, its check and, where it can be undone, its
undo. The folder's `index.yaml` tells which file serves which control, so that one runbook is had by
parsing one file.
"""

import hashlib
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from typing_extensions import override

from integrations.errors import NotFoundError
from integrations.runbooks.port import (
    InvalidRunbookError,
    Remedy,
    RemedyCatalogue,
    Runbook,
    RunbookCatalogue,
)
from integrations.runbooks.runbook_file import about, runbook_of

INDEX = "index.yaml"


class ShippedRemedies(RemedyCatalogue):
    """The remedies of `remedies.toml`, read once per process; with them the runbooks of our own.

    A runbook of ours stands before AWS's for the same control: it is the one that can be run.
    """

    def __init__(self, runbooks: RunbookCatalogue | None = None) -> None:
        self._runbooks = runbooks

    @override
    def remedy(self, control: str) -> Remedy | None:
        known = _remedies().get(control.casefold())
        own = self._runbooks.runbook(control) if self._runbooks else None
        if own is None:
            return known
        if known is None:
            known = Remedy(control=control, title=own.title, steps=(), care=own.care)
        return replace(known, runbook=own.name, reversible=own.reversible)

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


class Entry(NamedTuple):
    """One line of the index."""

    name: str
    file: str
    controls: tuple[str, ...]
    title: str
    unproven: str = ""


class ShippedRunbooks(RunbookCatalogue):
    """The runbooks of a folder. A file is parsed when it is first asked for, and once.

    A file that the index does not name yet is found by parsing it, so that adding a runbook is
    adding a file; one that the index names must be there. Every question raises
    InvalidRunbookError when a file that it needs is not usable.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parsed: dict[str, Runbook] = {}
        self._entries: tuple[Entry, ...] | None = None

    @override
    def runbook(self, control: str) -> Runbook | None:
        wanted = control.casefold()
        for entry in self._index():
            if wanted in map(str.casefold, entry.controls):
                return self._file(entry.file)
        return None

    @override
    def named(self, name: str) -> Runbook:
        for entry in self._index():
            if entry.name == name:
                return self._file(entry.file)
        raise NotFoundError(f"no runbook is called {name!r}")

    @override
    def runbooks(self) -> tuple[Runbook, ...]:
        return tuple(self._file(entry.file) for entry in self._index())

    def _index(self) -> tuple[Entry, ...]:
        if self._entries is None:
            listed = {entry.file: entry for entry in _listed(self._folder)}
            there = _names(self._folder)
            if gone := sorted(set(listed) - set(there)):
                raise InvalidRunbookError(INDEX, 0, f"it names {gone[0]}, which is not there")
            self._entries = _in_order(
                [listed.get(name) or _entry(self._folder / name) for name in there]
            )
        return self._entries

    def _file(self, name: str) -> Runbook:
        if name not in self._parsed:
            content = (self._folder / name).read_bytes()
            version = hashlib.sha256(content).hexdigest()[:12]
            self._parsed[name] = runbook_of(name, _text(name, content), version)
        return self._parsed[name]


def index_of(folder: Path) -> str:
    """The text of a folder's index, from its files: a line for each runbook, by name.

    Above them stand the controls whose remedy is known, and is done by hand.

    Raises:
        InvalidRunbookError: a file is not usable, or two of them serve one control or one name.
    """
    entries = _in_order([_entry(folder / name) for name in _names(folder)])
    served = {control.casefold() for entry in entries for control in entry.controls}
    by_hand = [remedy.control for key, remedy in _remedies().items() if key not in served]
    return (
        "# Written by `make runbooks`.\n"
        "# Fixed by hand, with the steps of integrations/runbooks/remedies.toml: no change\n"
        f"# in place is enough and safe: {', '.join(sorted(by_hand))}.\n"
        + "".join(map(_line, entries))
    )


def _line(entry: Entry) -> str:
    row: dict[str, Any] = {"file": entry.file, "controls": list(entry.controls)}
    row["title"] = entry.title
    if entry.unproven:
        row["unproven"] = entry.unproven
    flow = yaml.safe_dump(row, default_flow_style=True, width=4096, sort_keys=False).strip()
    return f"{entry.name}: {flow}\n"


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.yaml") if path.name != INDEX)


def _entry(path: Path) -> Entry:
    said = about(path.name, _text(path.name, path.read_bytes()))
    unproven = said.get("unproven", "")
    return Entry(said["name"], path.name, tuple(said["controls"]), said["title"], unproven)


def _listed(folder: Path) -> Iterator[Entry]:
    """What the index says; nothing when there is none."""
    path = folder / INDEX
    if not path.exists():
        return
    try:
        rows: Any = yaml.load(path.read_bytes(), Loader=_SAFE) or {}  # noqa: S506 - it is safe
        for name, row in rows.items():
            controls, unproven = tuple(row["controls"]), row.get("unproven", "")
            yield Entry(str(name), row["file"], controls, row["title"], unproven)
    except (yaml.YAMLError, AttributeError, KeyError, TypeError) as error:
        raise InvalidRunbookError(
            INDEX, 0, f"it cannot be read ({error}); write it again with `make runbooks`"
        ) from error


def _in_order(entries: list[Entry]) -> tuple[Entry, ...]:
    """By name; no name and no control twice."""
    seen: dict[str, str] = {}
    for entry in entries:
        for word in (entry.name, *entry.controls):
            other = seen.setdefault(word.casefold(), entry.file)
            if other != entry.file:
                said = f"{word} is served by {other} already"
                raise InvalidRunbookError(entry.file, 0, said)
    return tuple(sorted(entries))


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRunbookError(name, 0, "it is not UTF-8 text") from error


_SAFE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's where it is there: the index is read before the first runbook is."""
