"""Types of Automation documents: what a parameter takes, and what an output is turned into.

Types and conversions: "Using action outputs as inputs" and "Data elements and parameters" in the
AWS Systems Manager User Guide.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from integrations.runbooks.port import AutomationInputError, UnsupportedDocumentError

OUTPUT_TYPES = frozenset({"String", "StringList", "Integer", "Boolean", "StringMap", "MapList"})
PARAMETER_TYPES = OUTPUT_TYPES
_MISSING = object()
_INTEGER = re.compile(r"-?[0-9]{1,18}")


class ConversionError(ValueError):
    """A value is not of the type, and cannot be turned into it."""


def _described(value: Any) -> str:
    """The kind of a value in the documents' words, for messages; never the value itself."""
    if value is None:
        return "nothing"
    for kind, word in (
        (bool, "Boolean"),
        (int, "Integer"),
        (float, "a number with a fraction"),
        (str, "String"),
        (Mapping, "StringMap"),
    ):
        if isinstance(value, kind):
            return word
    if isinstance(value, Sequence):
        return "MapList" if any(isinstance(item, Mapping) for item in value) else "StringList"
    return type(value).__name__


def converted(value: Any, kind: str) -> Any:
    """A value as an output of a declared type.

    A String becomes a StringList, an Integer or a Boolean; an Integer and a Boolean become a String
    or a StringList; a list of one becomes what its element can become.

    Raises:
        ConversionError: there is no such conversion.
    """
    fits = {
        "String": _as_string,
        "StringList": _as_strings,
        "Integer": _as_integer,
        "Boolean": _as_boolean,
        "StringMap": _as_map,
        "MapList": _as_maps,
    }[kind](value)
    if fits is _MISSING:
        raise ConversionError(f"is {_described(_only(value))}, not {kind}")
    return fits


def _only(value: Any) -> Any:
    """The element of a list of one; anything else as it is."""
    if isinstance(value, list) and len(value) == 1 and not isinstance(value[0], (list, Mapping)):
        return value[0]
    return value


def _as_string(value: Any) -> Any:
    value = _only(value)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return json.dumps(value)
    return _MISSING


def _as_integer(value: Any) -> Any:
    value = _only(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        return int(value)
    return _MISSING


def _as_boolean(value: Any) -> Any:
    value = _only(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().casefold() in {"true", "false"}:
        return value.strip().casefold() == "true"
    return _MISSING


def _as_strings(value: Any) -> Any:
    if isinstance(value, list):
        texts = [_as_string(item) if not isinstance(item, list) else _MISSING for item in value]
        return _MISSING if _MISSING in texts else texts
    text = _as_string(value)
    return _MISSING if text is _MISSING else [text]


def _as_map(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else _MISSING


def _as_maps(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
        return value
    return _MISSING


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter or a variable, and what it takes."""

    name: str
    type: str
    """One of `PARAMETER_TYPES`, or an AWS-specific type, which is text: `AWS::EC2::Instance::Id`,
    `List<AWS::EC2::Instance::Id>`."""
    default: Any
    required: bool
    allowed_values: tuple[Any, ...]
    allowed_pattern: str
    min_items: int | None
    max_items: int | None
    min_chars: int | None
    max_chars: int | None
    line: int

    @classmethod
    def read(cls, name: str, kind: str, row: Mapping[str, Any], line: int) -> "Parameter":
        """One declaration.

        Raises:
            UnsupportedDocumentError: its pattern or its default is not usable.
        """
        pattern = row.get("allowedPattern", "")
        try:
            re.compile(pattern, re.ASCII)
        except (re.error, TypeError) as error:
            raise UnsupportedDocumentError(
                f"the allowedPattern of parameter {name} is no pattern: {error}", line=line
            ) from error
        declared = cls(
            name=name,
            type=kind,
            default=row.get("default"),
            required="default" not in row,
            allowed_values=tuple(row.get("allowedValues") or ()),
            allowed_pattern=pattern,
            min_items=row.get("minItems"),
            max_items=row.get("maxItems"),
            min_chars=row.get("minChars"),
            max_chars=row.get("maxChars"),
            line=line,
        )
        if not declared.required:
            try:
                declared._typed(declared.default)
            except AutomationInputError as error:
                raise UnsupportedDocumentError(f"the default of {error}", line=line) from error
        return declared

    def value(self, given: Mapping[str, Any]) -> Any:
        """What a run gets: what was given, or the default.

        The API takes every value as a list of strings (`StartAutomationExecution`, Parameters);
        maps and lists of maps as JSON text.

        Raises:
            AutomationInputError: it is missing, of the wrong type, or not allowed.
        """
        if self.name not in given:
            if self.required:
                raise AutomationInputError(f"parameter {self.name} is missing")
            return self._typed(self.default)
        value = self._typed(given[self.name])
        self._check_allowed(value)
        return value

    def _typed(self, value: Any) -> Any:
        kind = self.type
        if kind.startswith("List<"):
            kind = "StringList"
        elif kind.startswith("AWS::"):
            kind = "String"
        try:
            return converted(self._from_json(value, kind), kind)
        except ConversionError as error:
            raise AutomationInputError(f"parameter {self.name} {error}") from error

    def _from_json(self, value: Any, kind: str) -> Any:
        if kind == "MapList":
            # Each text is a map, or the list of them.
            loaded = [
                self._loaded(item) for item in (value if isinstance(value, list) else [value])
            ]
            return loaded[0] if len(loaded) == 1 and isinstance(loaded[0], list) else loaded
        if kind == "StringMap":
            return self._loaded(value[0] if isinstance(value, list) and len(value) == 1 else value)
        if kind == "StringList" and isinstance(value, str) and value == "":
            return []
        return value

    def _loaded(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except (ValueError, RecursionError) as error:
            raise AutomationInputError(f"parameter {self.name} is not JSON") from error

    def _check_allowed(self, value: Any) -> None:
        items = value if isinstance(value, list) else [value]
        count = len(value) if isinstance(value, (list, dict)) else None
        if count is not None and self.min_items is not None and count < self.min_items:
            raise AutomationInputError(f"parameter {self.name} has fewer than {self.min_items}")
        if count is not None and self.max_items is not None and count > self.max_items:
            raise AutomationInputError(f"parameter {self.name} has more than {self.max_items}")
        for item in items:
            self._check_item(item)

    def _check_item(self, item: Any) -> None:
        if self.allowed_values and item not in self.allowed_values:
            allowed = ", ".join(map(str, self.allowed_values))
            raise AutomationInputError(f"parameter {self.name} is not one of: {allowed}")
        if not isinstance(item, str):
            return
        if self.allowed_pattern and not re.fullmatch(self.allowed_pattern, item, re.ASCII):
            raise AutomationInputError(
                f"parameter {self.name} does not match {self.allowed_pattern}"
            )
        if self.min_chars is not None and len(item) < self.min_chars:
            raise AutomationInputError(
                f"parameter {self.name} has fewer than {self.min_chars} characters"
            )
        if self.max_chars is not None and len(item) > self.max_chars:
            raise AutomationInputError(
                f"parameter {self.name} has more than {self.max_chars} characters"
            )
