"""Small checkers that say what is wrong with a piece of Block Kit, and where."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.workspace.records import JsonObject


@dataclass(slots=True)
class Problems:
    """What was found wrong so far, in the sentences Slack uses."""

    sentences: list[str] = field(default_factory=list)

    def add(self, at: str, sentence: str) -> None:
        """Note a problem at a JSON pointer."""
        self.sentences.append(f"{sentence} [json-pointer:{at}]")


Check = Callable[[Any, str, Problems], None]
"""Looks at a value that stands at a JSON pointer, and notes what is wrong with it."""


def string(longest: int, shortest: int = 1, pattern: str = "") -> Check:
    """A string of so many characters."""
    compiled = re.compile(pattern) if pattern else None

    def check(value: Any, at: str, problems: Problems) -> None:
        if not isinstance(value, str):
            problems.add(at, "must be a string")
        elif len(value) < shortest:
            problems.add(at, f"must be more than {shortest - 1} characters")
        elif len(value) > longest:
            problems.add(at, f"must be less than {longest + 1} characters")
        elif compiled is not None and not compiled.search(value):
            problems.add(at, f"does not match regexp {pattern}")

    return check


def whole(least: int, most: int) -> Check:
    """A whole number in a range."""

    def check(value: Any, at: str, problems: Problems) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            problems.add(at, f"must be a whole number from {least} to {most}")

    return check


def boolean(value: Any, at: str, problems: Problems) -> None:
    """True or false."""
    if not isinstance(value, bool):
        problems.add(at, "must be a boolean")


def anything(_value: Any, _at: str, _problems: Problems) -> None:
    """Something that is not looked into."""


def one_of(*allowed: str) -> Check:
    """One of these words."""

    def check(value: Any, at: str, problems: Problems) -> None:
        if value not in allowed:
            problems.add(at, f"must be one of {', '.join(allowed)}")

    return check


def many(item: Check, most: int, least: int = 1) -> Check:
    """A list of so many."""

    def check(value: Any, at: str, problems: Problems) -> None:
        if not isinstance(value, list):
            problems.add(at, "must be an array")
            return
        if len(value) < least:
            problems.add(at, f"no less than {least} items allowed")
        if len(value) > most:
            problems.add(at, f"no more than {most} items allowed")
        for index, entry in enumerate(value[:most]):
            item(entry, f"{at}/{index}", problems)

    return check


def record(
    fields: Mapping[str, Check],
    *,
    required: Sequence[str] = (),
    one_needed: Sequence[str] = (),
    only_one: Sequence[str] = (),
) -> Check:
    """An object with these fields and no others.

    `one_needed`: at least one of them must be there; `only_one`: exactly one.
    """

    def check(value: Any, at: str, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.add(at, "must be an object")
            return
        _presence(value, at, problems, required, one_needed, only_one)
        for name, content in value.items():
            inner = fields.get(name)
            if inner is None:
                problems.add(at, f"invalid additional property: {name}")
            elif content is not None:
                inner(content, f"{at}/{name}", problems)

    return check


def _presence(
    value: JsonObject,
    at: str,
    problems: Problems,
    required: Sequence[str],
    one_needed: Sequence[str],
    only_one: Sequence[str],
) -> None:
    for name in required:
        if value.get(name) is None:
            problems.add(at, f"missing required field: {name}")
    if one_needed and all(value.get(name) is None for name in one_needed):
        problems.add(at, f"must have one of: {', '.join(one_needed)}")
    if only_one and sum(value.get(name) is not None for name in only_one) != 1:
        problems.add(at, f"must have exactly one of: {', '.join(only_one)}")


def typed(kinds: Mapping[str, Check]) -> Check:
    """An object whose `type` picks how it is looked at."""

    def check(value: Any, at: str, problems: Problems) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        inner = kinds.get(kind) if isinstance(kind, str) else None
        if inner is None:
            problems.add(f"{at}/type", f"unsupported type: {kind}")
        else:
            inner(value, at, problems)

    return check
