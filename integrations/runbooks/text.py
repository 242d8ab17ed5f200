"""YAML and JSON text of a document, with the line on which each part stands."""

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

from integrations.runbooks.port import UnsupportedDocumentError

Line = tuple[str | int, ...]
"""Where a part stands in a document: `("mainSteps", 0, "inputs")`."""

_MAX_CHARACTERS = 256 * 1024
"""SSM takes documents of up to 64 KB; ours never come near."""
_MAX_NESTING = 100
"""Brackets open at once. PyYAML's time grows with the square of that."""


_SAFE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's where it is there, which is ten times as fast."""


class _Loader(_SAFE):  # type: ignore[misc, valid-type]
    """Safe YAML in which a date is text, as it is for SSM, and no name comes twice."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rows if tag != "tag:yaml.org,2002:timestamp"]
    for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _unique(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[str] = set()
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise UnsupportedDocumentError("a name is not text", line=line)
        if key.value in seen:
            raise UnsupportedDocumentError(f"the name {key.value!r} comes twice", line=line)
        seen.add(key.value)
    return dict(loader.construct_pairs(node, deep=True))


_Loader.add_constructor("tag:yaml.org,2002:map", _unique)


def parsed(text: str) -> Any:
    """What a document's text holds.

    Raises:
        UnsupportedDocumentError: it is neither YAML nor JSON, or too long, or has anchors.
    """
    if len(text) > _MAX_CHARACTERS:
        raise UnsupportedDocumentError(f"the text has more than {_MAX_CHARACTERS} characters")
    _refuse_deep_nesting(text)
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            pass  # `{a: b}` is YAML
        except RecursionError as error:
            raise UnsupportedDocumentError("it is nested too deeply") from error
    try:
        _refuse_anchors(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 0
        raise UnsupportedDocumentError(f"not YAML: {error.problem}", line=line) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise UnsupportedDocumentError(f"not YAML: {error}") from error


def _refuse_deep_nesting(text: str) -> None:
    depth = 0
    for found in re.finditer(r"[\[{}\]]", text):
        depth += 1 if found[0] in "[{" else -1
        if depth > _MAX_NESTING:
            line = text.count("\n", 0, found.start()) + 1
            raise UnsupportedDocumentError("it is nested too deeply", line=line)


def _refuse_anchors(text: str) -> None:
    """An alias of an alias of an alias makes a small text into a large document."""
    for event in yaml.parse(text, Loader=_SAFE):
        if isinstance(event, yaml.AliasEvent):
            mark = event.start_mark
            raise UnsupportedDocumentError(
                f"unsupported alias *{event.anchor}", line=mark.line + 1 if mark else 0
            )


def lines_of(text: str) -> Mapping[Line, int]:
    """The line, from 1, of every part of a document that `parsed` could read."""
    # Outside of strings, where JSON has none, YAML takes no tabs.
    shown = text.replace("\t", " ") if text.lstrip().startswith("{") else text
    lines: dict[Line, int] = {}
    try:
        root = yaml.compose(shown, Loader=_Loader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return lines
    _walk(root, (), lines)
    return lines


def _walk(node: yaml.Node | None, path: Line, lines: dict[Line, int]) -> None:
    if node is None:
        return
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            lines[(*path, key.value)] = key.start_mark.line + 1
            _walk(value, (*path, key.value), lines)
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            _walk(value, (*path, place), lines)
