"""Text of an SSM Automation document in, a validated `Document` out.

What a document may hold: "Schema version 0.3" and "Properties shared by all actions" in the AWS
Systems Manager User Guide. What the interpreter does not do is refused here, before anything runs,
with the step and the line.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from integrations.runbooks.port import UnsupportedDocumentError
from integrations.runbooks.text import Line, lines_of, parsed
from integrations.runbooks.values import OUTPUT_TYPES, PARAMETER_TYPES, Parameter

_TOP = frozenset(
    {
        "schemaVersion",
        "description",
        "assumeRole",
        "parameters",
        "variables",
        "mainSteps",
        "outputs",
    }
)
_STEP = frozenset(
    {
        "name",
        "action",
        "description",
        "inputs",
        "outputs",
        "onFailure",
        "onCancel",
        "isEnd",
        "nextStep",
        "isCritical",
        "timeoutSeconds",
        "maxAttempts",
    }
)
_PARAMETER = frozenset(
    {
        "type",
        "description",
        "default",
        "allowedValues",
        "allowedPattern",
        "minItems",
        "maxItems",
        "minChars",
        "maxChars",
        "displayType",
    }
)
_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One declared output of a step."""

    name: str
    selector: str
    """JSONPath into the answer of the step."""
    type: str
    """`String`, `StringList`, `Integer`, `Boolean`, `StringMap` or `MapList`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a document."""

    name: str
    action: str
    inputs: Mapping[str, Any]
    outputs: tuple[Output, ...]
    on_failure: str
    """`Abort`, `Continue` or `step:NAME`."""
    on_cancel: str
    """`Abort` or `step:NAME`."""
    is_end: bool
    next_step: str
    """Empty for the step below."""
    is_critical: bool
    timeout_s: float | None
    max_attempts: int
    line: int
    """From 1; 0 when the text is not at hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document that the interpreter can run."""

    assume_role: str
    parameters: tuple[Parameter, ...]
    variables: tuple[Parameter, ...]
    steps: tuple[Step, ...]
    outputs: tuple[str, ...]
    """Names of step outputs: `Check.Compliant`."""
    description: str = field(default="", repr=False)

    def step(self, name: str) -> Step:
        """A step by its name.

        Raises:
            KeyError: there is none.
        """
        return next(step for step in self.steps if step.name == name)

    def after(self, step: Step) -> str:
        """The step below; empty at the end."""
        place = self.steps.index(step) + 1
        return self.steps[place].name if place < len(self.steps) else ""


def document_of(source: str | Mapping[str, Any] | Document) -> Document:
    """Read a document from YAML or JSON text, or from what such text holds.

    Raises:
        UnsupportedDocumentError: it is no Automation document of schema version 0.3, or asks for
            what the interpreter does not do; names the step and the line.
    """
    if isinstance(source, Document):
        return source
    content = parsed(source) if isinstance(source, str) else source
    lines = lines_of(source) if isinstance(source, str) else {}
    return _Reader(content, lines).document()


class _Reader:
    """One reading of one document."""

    def __init__(self, content: Any, lines: Mapping[Line, int]) -> None:
        self._lines = lines
        self._content = self._mapping(content, "the document", ())

    def document(self) -> Document:
        content = self._content
        version = str(content.get("schemaVersion", ""))
        if version != "0.3":
            raise self._error(f"schemaVersion {version!r}; only '0.3' is", ("schemaVersion",))
        self._known(content, _TOP, "", ())
        steps = self._steps(content.get("mainSteps"))
        return Document(
            assume_role=self._text(content.get("assumeRole", ""), "assumeRole", ("assumeRole",)),
            parameters=tuple(self._parameters("parameters")),
            variables=tuple(self._parameters("variables")),
            steps=steps,
            outputs=tuple(
                self._text(name, "an output", ("outputs", place))
                for place, name in enumerate(self._list(content.get("outputs", []), ("outputs",)))
            ),
            description=str(content.get("description", "")),
        )

    def _parameters(self, section: str) -> Iterator[Parameter]:
        declared = self._mapping(self._content.get(section) or {}, section, (section,))
        for name, row in declared.items():
            path = (section, name)
            row = self._mapping(row, f"parameter {name}", path)  # noqa: PLW2901 - narrowed
            self._known(row, _PARAMETER, "", path)
            kind = str(row.get("type", ""))
            if kind not in PARAMETER_TYPES and not kind.startswith(("AWS::", "List<AWS::")):
                raise self._error(f"parameter {name} has the unknown type {kind!r}", path)
            yield Parameter.read(name, kind, row, self._line(path))

    def _steps(self, rows: Any) -> tuple[Step, ...]:
        rows = self._list(rows, ("mainSteps",))
        if not rows:
            raise self._error("mainSteps is empty", ("mainSteps",))
        steps = tuple(self._step(row, ("mainSteps", place)) for place, row in enumerate(rows))
        seen: set[str] = set()
        for step in steps:
            if step.name in seen:
                raise UnsupportedDocumentError("two steps have this name", step.name, step.line)
            seen.add(step.name)
        return steps

    def _step(self, row: Any, path: Line) -> Step:
        row = self._mapping(row, "a step", path)
        name = row.get("name", "")
        if not isinstance(name, str):
            said = json.dumps(name, default=str)
            raise self._error(f"a step's name is not text but {said}: put it in quotes", path)
        if not _NAME.fullmatch(name):
            raise self._error(f"a step's name may not be {name!r}", path)
        self._known(row, _STEP, name, path)
        on_failure = self._jump(row, "onFailure", ("Abort", "Continue"), name, path)
        return Step(
            name=name,
            action=self._text(row.get("action"), "action", path, name),
            inputs=self._mapping(row.get("inputs") or {}, "inputs", path, name),
            outputs=tuple(self._outputs(row.get("outputs") or [], name, path)),
            on_failure=on_failure,
            on_cancel=self._jump(row, "onCancel", ("Abort",), name, path),
            is_end=self._flag(row, "isEnd", default=False, step=name, path=path),
            next_step=self._text(row.get("nextStep", ""), "nextStep", path, name),
            is_critical=self._flag(
                row, "isCritical", default=on_failure != "Continue", step=name, path=path
            ),
            timeout_s=self._count(row, "timeoutSeconds", name, path),
            max_attempts=self._count(row, "maxAttempts", name, path) or 1,
            line=self._line(path),
        )

    def _outputs(self, rows: Any, step: str, path: Line) -> Iterator[Output]:
        for row in self._list(rows, (*path, "outputs"), step):
            row = self._mapping(row, "an output", path, step)  # noqa: PLW2901 - narrowed
            self._known(row, frozenset({"Name", "Selector", "Type"}), step, path)
            kind = str(row.get("Type", "String"))
            if kind not in OUTPUT_TYPES:
                raise self._error(f"an output cannot be of type {kind!r}", path, step)
            yield Output(
                name=self._text(row.get("Name"), "an output's Name", path, step),
                selector=self._text(row.get("Selector"), "an output's Selector", path, step),
                type=kind,
            )

    def _jump(
        self, row: Mapping[str, Any], key: str, words: Sequence[str], step: str, path: Line
    ) -> str:
        said = self._text(row.get(key, "Abort"), key, path, step)
        if said.startswith("step:"):
            return "step:" + said.removeprefix("step:").strip()
        for word in words:
            if said.casefold() == word.casefold():
                return word
        raise self._error(f"{key} may not be {said!r}", (*path, key), step)

    def _flag(
        self, row: Mapping[str, Any], key: str, *, default: bool, step: str, path: Line
    ) -> bool:
        value = row.get(key, default)
        if isinstance(value, str) and value.casefold() in {"true", "false"}:
            return value.casefold() == "true"
        if not isinstance(value, bool):
            raise self._error(f"{key} is true or false, not {value!r}", (*path, key), step)
        return value

    def _count(self, row: Mapping[str, Any], key: str, step: str, path: Line) -> int | None:
        value = row.get(key)
        if value is None:
            return None
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise self._error(f"{key} is a whole number from 1, not {value!r}", (*path, key), step)
        return value

    def _known(self, row: Mapping[str, Any], known: frozenset[str], step: str, path: Line) -> None:
        for key in row:
            if key not in known:
                raise self._error(f"unsupported property {key!r}", (*path, key), step)

    def _mapping(self, value: Any, what: str, path: Line, step: str = "") -> Mapping[str, Any]:
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise self._error(f"{what} is not a map with names", path, step)
        return value

    def _list(self, value: Any, path: Line, step: str = "") -> Sequence[Any]:
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise self._error(f"{path[-1]} is not a list", path, step)
        return value

    def _text(self, value: Any, what: str, path: Line, step: str = "") -> str:
        if not isinstance(value, str):
            raise self._error(f"{what} is not text: {json.dumps(value, default=str)}", path, step)
        return value

    def _line(self, path: Line) -> int:
        """The nearest line known for a place in the document."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 0)

    def _error(self, message: str, path: Line, step: str = "") -> UnsupportedDocumentError:
        return UnsupportedDocumentError(message, step, self._line(path))
