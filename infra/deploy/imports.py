"""What a module imports, now or later, found in the source: it decides what a bundle holds."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OWN = ("bot", "agent", "integrations", "infra")
"""The top-level packages of this project."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What some modules need to run."""

    modules: frozenset[str]
    """Modules and packages of ours, by dotted name: themselves, and all that they import."""
    others: frozenset[str]
    """Top-level names of everybody else's, the standard library's among them."""

    def files(self, root: Path = ROOT) -> list[Path]:
        """The modules' source files, relative to the checkout, sorted."""
        return sorted(found.relative_to(root) for m in self.modules if (found := _file(m, root)))


def imported_by(*modules: str, root: Path = ROOT) -> Imported:
    """All that is imported by the modules, also inside functions, and by what they import.

    Raises:
        ModuleNotFoundError: there is no such module in the checkout.
    """
    known: set[str] = set()
    others: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module in known:
            continue
        source = _file(module, root)
        if source is None:
            raise ModuleNotFoundError(f"there is no module {module} in {root}")
        known.add(module)
        parent = module.rpartition(".")[0]
        waiting += [parent] if parent else []
        for name in _names(source, root):
            if name.partition(".")[0] in OWN:
                waiting.append(name)
            else:
                others.add(name.partition(".")[0])
    return Imported(frozenset(known), frozenset(others))


@cache
def _names(source: Path, root: Path) -> tuple[str, ...]:
    """Dotted names of what a file imports, read once; bundles have most modules in common."""
    return tuple(_read_names(source, root))


def _read_names(source: Path, root: Path) -> Iterator[str]:
    """Of `from a import b` also `a.b` if that is a module."""
    for node in ast.walk(ast.parse(source.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                if inner.partition(".")[0] in OWN and _file(inner, root):
                    yield inner


def _file(module: str, root: Path) -> Path | None:
    path = root.joinpath(*module.split("."))
    for found in (path.with_suffix(".py"), path / "__init__.py"):
        if found.is_file():
            return found
    return None
