"""`{{ name }}` in a document's inputs: what it names, and what stands there instead.

A text that is one reference only keeps the type of the value; in a longer text the value is written
out. What was put in is never read again for references, so that a value cannot smuggle one in.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

REFERENCE = re.compile(r"\{\{\s*([A-Za-z0-9_:.\-]+)\s*\}\}")
GLOBALS = (
    "global:ACCOUNT_ID",
    "global:REGION",
    "global:DATE",
    "global:DATE_TIME",
    "global:AWS_PARTITION",
    "automation:EXECUTION_ID",
)
"""System variables: "Automation system variables" in the AWS Systems Manager User Guide."""


class UnresolvedReferenceError(ValueError):
    """Nothing is known by that name, or it has no value."""


@dataclass(slots=True)
class Scope:
    """What can be referred to while a document runs."""

    values: dict[str, Any]
    """By the name in the reference: `GroupId`, `Find.Name`, `global:REGION`."""
    unsure: set[str] = field(default_factory=set)
    """Names whose value a plan could only guess."""

    def resolved(self, value: Any, *, spread: bool = False) -> Any:
        """A copy of an input in which every reference is replaced.

        With `spread`, a reference to a list that is itself an element of a list gives its elements:
        `Values: ["{{ Launch.Output }}"]` where `Output` is a StringList.

        Raises:
            UnresolvedReferenceError: a name is not known or has no value.
        """
        if isinstance(value, Mapping):
            return {key: self.resolved(item, spread=spread) for key, item in value.items()}
        if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
            return list(self._elements(value, spread=spread))
        if isinstance(value, str):
            return self._text(value)
        return value

    def _elements(self, items: Sequence[Any], *, spread: bool) -> Iterator[Any]:
        for item in items:
            found = self.resolved(item, spread=spread)
            if spread and isinstance(item, str) and isinstance(found, list):
                yield from found
            else:
                yield found

    def _text(self, text: str) -> Any:
        if whole := REFERENCE.fullmatch(text.strip()):
            return self.value(whole[1])
        return REFERENCE.sub(lambda found: written(self.value(found[1])), text)

    def value(self, name: str) -> Any:
        """The value of a name.

        Raises:
            UnresolvedReferenceError: the name is not known or has no value.
        """
        if name not in self.values:
            raise UnresolvedReferenceError(f"{{{{ {name} }}}} is not known here")
        if self.values[name] is None:
            raise UnresolvedReferenceError(f"{{{{ {name} }}}} has no value")
        return self.values[name]

    def is_unsure(self, value: Any) -> bool:
        """Whether an input takes a value that a plan could only guess."""
        return any(name in self.unsure for name in names_in(value))


def written(value: Any) -> str:
    """A value inside a longer text: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def names_in(value: Any) -> Iterator[str]:
    """Every name that an input refers to, in order."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from names_in(item)
    elif isinstance(value, str):
        for found in REFERENCE.finditer(value):
            yield found[1]
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        for item in value:
            yield from names_in(item)
