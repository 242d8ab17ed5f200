"""The part of requirements.lock that some distributions need, with its hashes and markers."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import packages_distributions

_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==")
_VIA = re.compile(r"    #(?: via)? +(?P<name>[A-Za-z0-9._-]+)")


@dataclass(frozen=True, slots=True)
class Pin:
    """One distribution at one version for some environments."""

    name: str
    lines: tuple[str, ...]
    """As they stand in the lock: version, marker, hashes."""
    via: frozenset[str]
    """Who needs it."""


def canonical(name: str) -> str:
    """A distribution's name as all its spellings are compared ("Name normalization", PyPA)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lock: str) -> tuple[Pin, ...]:
    """What a lock of `uv pip compile --generate-hashes` holds."""
    found: list[Pin] = []
    name, lines, via = "", list[str](), set[str]()
    for line in [*lock.splitlines(), "end=="]:
        pin = _PIN.match(line)
        if pin:
            if name:
                found.append(Pin(name, tuple(lines), frozenset(via)))
            name, lines, via = canonical(pin["name"]), [line], set()
        elif needed := _VIA.match(line):
            via.add(canonical(needed["name"]))
        elif line.startswith("    --hash"):
            lines.append(line)
    return tuple(found)


def needed_by(roots: Iterable[str], lock: str, without: Iterable[str] = ()) -> tuple[Pin, ...]:
    """The pins of some distributions and of all that these need.

    Raises:
        KeyError: the lock does not have one of the roots.
    """
    known = pins(lock)
    wanted = {canonical(name) for name in roots}
    left_out = {canonical(name) for name in without}
    for name in wanted:
        if not any(pin.name == name for pin in known):
            raise KeyError(f"requirements.lock has no {name}")
    while True:
        more = {p.name for p in known if p.via & wanted and p.name not in left_out} - wanted
        if not more:
            return tuple(pin for pin in known if pin.name in wanted)
        wanted |= more


def distributions_of(
    names: Iterable[str], known: Mapping[str, list[str]] | None = None
) -> frozenset[str]:
    """Which distributions bring top-level modules; those of the standard library are left out."""
    by_name = packages_distributions() if known is None else known
    return frozenset(canonical(by_name[name][0]) for name in names if name in by_name)
