"""Fields of AWS records by name, whether a record is spelled in PascalCase or in camelCase."""

from collections.abc import Mapping
from functools import cache
from typing import Any


@cache
def _camel(key: str) -> str:
    return key[:1].lower() + key[1:]


def get(record: Mapping[str, Any], key: str) -> Any:
    """The field `Key`, or else `key`; None when it is neither."""
    value = record.get(key)
    return record.get(_camel(key)) if value is None else value


def text(record: Mapping[str, Any], key: str) -> str | None:
    """A field that is a text, and not an empty one."""
    value = record.get(key)
    if value is None:
        value = record.get(_camel(key))
    return value if isinstance(value, str) and value else None


def number(value: Any) -> float | None:
    """A value that is a number, and not a truth value."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def part(record: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A field that is an object; an empty one for anything else."""
    value = get(record, key)
    return value if isinstance(value, dict) else {}


def without(record: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """The record without these fields, however they are spelled."""
    names = {key.casefold() for key in keys}
    return {key: value for key, value in record.items() if key.casefold() not in names}
