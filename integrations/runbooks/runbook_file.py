"""Text of a runbook's file in, a `Runbook` out.

The file is a stream of three or four YAML documents: about the runbook (its fields are those of
`Runbook`), the fix, the check, and the undo of a runbook that is reversible.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import yaml

from integrations.runbooks.documents import document_of
from integrations.runbooks.port import (
    InvalidRunbookError,
    Risk,
    Runbook,
    UnsupportedDocumentError,
)

CHECKED: Final = ("Compliant", "State", "Target", "Saved")
"""What the last step of a check, which is called `Check`, puts out."""
ROLE: Final = "AutomationAssumeRole"
SAVED: Final = "Saved"
"""The parameter of an undo that takes what the check had saved."""

_SOURCE = re.compile(
    r"resource\.(?:id|short_id|name|account|region|properties\.\w+)"
    r"|finding\.(?:account|region)|setting\.[a-z][a-z0-9_]*|=.*"
)
_ACTION = re.compile(r"[a-z][a-z0-9-]*:[A-Z][A-Za-z0-9]*")
_NAME = re.compile(r"[A-Za-z0-9_.-]{3,128}")
"""As SSM takes it for a document (`CreateDocument`, Name)."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe YAML in which a date is text, as it is for SSM; libyaml's where it is there."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rows if tag != "tag:yaml.org,2002:timestamp"]
    for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
}

Lines = Mapping[str, int]


def about(file: str, text: str) -> Mapping[str, Any]:
    """What a file's first document says, without reading the others.

    Raises:
        InvalidRunbookError: it is not usable; names the file and the line.
    """
    for line, content, lines in _stream(file, text):
        return _metadata(file, content, {"": line, **lines})
    raise InvalidRunbookError(file, 1, "it is empty")


def runbook_of(file: str, text: str, version: str) -> Runbook:
    """A file's runbook.

    Raises:
        InvalidRunbookError: it is not usable; names the file and the line.
    """
    stream = list(_stream(file, text))
    if not stream:
        raise InvalidRunbookError(file, 1, "it is empty")
    line, content, lines = stream[0]
    said = _metadata(file, content, {"": line, **lines})
    wanted = ("fix", "check", "undo") if said["reversible"] else ("fix", "check")
    if len(stream) != len(wanted) + 1:
        said_so = f"reversible: {str(said['reversible']).lower()}"
        raise InvalidRunbookError(
            file,
            stream[-1][0],
            f"{said_so} asks for {len(wanted)} documents ({', '.join(wanted)}) below the first; "
            f"there are {len(stream) - 1}",
        )
    documents = {
        part: _automation(file, text, part, start, found, said["bindings"])
        for part, (start, found, _) in zip(wanted, stream[1:], strict=True)
    }
    return Runbook(
        name=said["name"],
        version=version,
        controls=tuple(said["controls"]),
        title=said["title"],
        resource_type=said["resource_type"],
        bindings=dict(said["bindings"]),
        permissions=tuple(sorted(said["permissions"])),
        reads=tuple(sorted(said["reads"])),
        risk=Risk(said["risk"]),
        care=said.get("care", ""),
        reversible=said["reversible"],
        shared_through=tuple(said.get("shared_through", ())),
        reaches=tuple(said.get("reaches", ())),
        unproven=said.get("unproven", ""),
        aws_owned=said.get("aws_owned", ""),
        fix=documents["fix"],
        check=documents["check"],
        undo=documents.get("undo"),
    )


def _stream(file: str, text: str) -> Iterator[tuple[int, Any, Lines]]:
    """(line it starts on, content, line of each of its names) of every document."""
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            lines = _lines(file, node)
            yield node.start_mark.line + 1, loader.construct_document(node), lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = f"not YAML: {error.problem}"
        raise InvalidRunbookError(file, mark.line + 1 if mark else 0, said) from error
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidRunbookError(file, 0, f"not YAML: {error}") from error
    finally:
        loader.dispose()


def _lines(file: str, node: yaml.Node) -> Lines:
    """The line of each name of a document; refuses a name that comes twice anywhere in it."""
    below: list[yaml.Node] = [node]
    while below:
        one = below.pop()
        if isinstance(one, yaml.SequenceNode):
            below += one.value
        if isinstance(one, yaml.MappingNode):
            seen: dict[str, int] = {}
            for key, value in one.value:
                line = key.start_mark.line + 1
                if str(key.value) in seen:
                    raise InvalidRunbookError(file, line, f"the name {key.value!r} comes twice")
                seen[str(key.value)] = line
                below.append(value)
            if one is node:
                top = seen
    return top if isinstance(node, yaml.MappingNode) else {}


def _metadata(file: str, content: Any, lines: Lines) -> Mapping[str, Any]:
    if not isinstance(content, Mapping):
        raise InvalidRunbookError(file, lines[""], "the first document is not a map")
    for name in content:
        if name not in _FIELDS:
            raise InvalidRunbookError(file, lines[str(name)], f"unknown field {name!r}")
    for name, (required, fits, what) in _FIELDS.items():
        if name not in content:
            if required:
                raise InvalidRunbookError(file, lines[""], f"the field {name} is missing")
        elif not fits(content[name]):
            raise InvalidRunbookError(file, lines[name], f"{name} is not {what}")
    return content


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _texts(value: Any, fits: Callable[[Any], Any] = _text, least: int = 1) -> bool:
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and len(value) >= least
        and all(isinstance(item, str) and fits(item) for item in value)
        and len(set(value)) == len(value)
    )


def _sources(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        _text(name) and isinstance(source, str) and _SOURCE.fullmatch(source)
        for name, source in value.items()
    )


_FIELDS: Mapping[str, tuple[bool, Callable[[Any], Any], str]] = {
    "name": (True, lambda v: isinstance(v, str) and _NAME.fullmatch(v), "a name that SSM takes"),
    "controls": (True, _texts, "a list of control ids"),
    "title": (True, _text, "a text"),
    "resource_type": (True, _text, "a resource type, as Security Hub names it"),
    "bindings": (True, _sources, "a map of parameters to where their values come from"),
    "permissions": (True, lambda v: _texts(v, _ACTION.fullmatch), "a list of IAM actions"),
    "reads": (True, lambda v: _texts(v, _ACTION.fullmatch), "a list of IAM actions"),
    "risk": (True, lambda v: v in set(Risk), f"one of {', '.join(Risk)}"),
    "reversible": (True, lambda v: isinstance(v, bool), "true or false"),
    "care": (False, _text, "a text"),
    "shared_through": (False, _texts, "a list of kinds of links"),
    "reaches": (False, _texts, "a list of resource types, as Security Hub names them"),
    "unproven": (False, _text, "a text"),
    "aws_owned": (False, _text, "the name of an AWS-owned document"),
}
"""Field -> (required, whether a value fits, what it has to be)."""


def _automation(
    file: str, text: str, part: str, start: int, content: Any, bindings: Mapping[str, str]
) -> Mapping[str, Any]:
    """One Automation document, as far as it has to fit the rest of the file."""
    try:
        document = document_of(content)
    except UnsupportedDocumentError as error:
        raise InvalidRunbookError(file, _line(text, start, error), f"{part}: {error}") from error
    taken = {parameter.name for parameter in document.parameters} - {ROLE}
    allowed = {*bindings, SAVED} if part == "undo" else {*bindings}
    if part == "check" and not taken <= allowed:
        extra = ", ".join(sorted(taken - allowed))
        raise InvalidRunbookError(file, start, f"the check takes {extra}, which nothing binds")
    if part != "check" and taken != allowed:
        said = f"the {part} takes {', '.join(sorted(taken)) or 'nothing'}"
        raise InvalidRunbookError(file, start, f"{said}, not {', '.join(sorted(allowed))}")
    last = document.steps[-1]
    if part == "check" and (
        last.name != "Check" or not set(CHECKED) <= {output.name for output in last.outputs}
    ):
        said = f"the last step of the check is not Check with the outputs {', '.join(CHECKED)}"
        raise InvalidRunbookError(file, start, said)
    return dict(content)


def _line(text: str, start: int, error: UnsupportedDocumentError) -> int:
    """Where in the file an error in a document is: read that document again, with lines."""
    below = "\n".join(text.splitlines()[start - 1 :])
    own = re.split(r"^---.*$", below, maxsplit=1, flags=re.MULTILINE)[0]
    try:
        document_of(own)
    except UnsupportedDocumentError as again:
        return start - 1 + again.line if again.line else start
    return start if not error.line else start - 1 + error.line
