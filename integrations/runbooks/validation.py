"""What can be known to be wrong with a document before it runs."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from integrations.runbooks.actions import ACTIONS
from integrations.runbooks.conditions import check_choice
from integrations.runbooks.documents import Document, Step, document_of
from integrations.runbooks.port import UnsupportedDocumentError
from integrations.runbooks.references import GLOBALS, names_in
from integrations.runbooks.selectors import SelectorError, selector

_NO_CANCEL_TARGET = frozenset({"aws:approve", "aws:pause", "aws:sleep"})
"""Where an `onCancel` may not lead: "Properties shared by all actions"."""


def runnable(source: str | Mapping[str, Any] | Document) -> Document:
    """A document that can be run, from its text or from what such text holds.

    Raises:
        UnsupportedDocumentError: it cannot; names the step and the line.
    """
    document = document_of(source)
    names = {step.name for step in document.steps}
    _check_head(document)
    for step in document.steps:
        _check_inputs(step)
        _check_choices(step)
        _check_selectors(step)
        _check_targets(step, document, names)
        _check_names(step, document, names)
    _check_loops(document)
    return document


def _check_head(document: Document) -> None:
    """What parameters' defaults and the role refer to is known before any step runs."""
    for parameter in document.parameters:
        for name in names_in(parameter.default):
            if name not in GLOBALS:
                raise UnsupportedDocumentError(
                    f"the default of parameter {parameter.name} may not use {{{{ {name} }}}}",
                    line=parameter.line,
                )
    known = _known(document)
    for name in names_in(document.assume_role):
        if name not in known:
            raise UnsupportedDocumentError(f"assumeRole: {{{{ {name} }}}} is no parameter")


def _known(document: Document) -> set[str]:
    """The names that are known from the start."""
    known = {*GLOBALS}
    known |= {parameter.name for parameter in document.parameters}
    return known | {f"variable:{variable.name}" for variable in document.variables}


def _refuse(step: Step, message: str) -> UnsupportedDocumentError:
    return UnsupportedDocumentError(message, step.name, step.line)


def _check_inputs(step: Step) -> None:
    action = ACTIONS.get(step.action)
    if action is None:
        raise _refuse(step, f"unsupported action {step.action!r}")
    for name in action.required:
        if step.inputs.get(name) in (None, ""):
            raise _refuse(step, f"the input {name} is missing")
    if action.optional is not None:
        for name in step.inputs:
            if name not in action.required and name not in action.optional:
                raise _refuse(step, f"unsupported input {name!r}")
    if action.longest_s is not None and (step.timeout_s or 0) > action.longest_s:
        raise _refuse(step, f"timeoutSeconds is at most {action.longest_s:.0f}")
    if step.action == "aws:sleep" and len(step.inputs) != 1:
        raise _refuse(step, "it needs either a Duration or a Timestamp")


def _check_choices(step: Step) -> None:
    if step.action != "aws:branch":
        return
    choices = step.inputs["Choices"]
    if not isinstance(choices, Sequence) or isinstance(choices, str):
        raise _refuse(step, "Choices is not a list")
    for choice in choices:
        check_choice(choice, step.name, step.line)


def _check_script(step: Step, known: set[str]) -> None:
    if step.action != "aws:executeScript":
        return
    runtime, text, handler = (step.inputs[key] for key in ("Runtime", "Script", "Handler"))
    if not re.fullmatch(r"python3\.\d{1,2}", str(runtime)):
        raise _refuse(step, f"unsupported runtime {runtime!r}; python3.x is supported")
    if not isinstance(text, str) or not str(handler).isidentifier():
        raise _refuse(step, "Script is text, and Handler the name of a function in it")
    for name in names_in(text):
        if name in known:
            raise _refuse(step, f"{{{{ {name} }}}} in a Script; pass it through InputPayload")


def _check_selectors(step: Step) -> None:
    said = [output.selector for output in step.outputs]
    if "PropertySelector" in step.inputs:
        said.append(str(step.inputs["PropertySelector"]))
    for text in said:
        if not list(names_in(text)):
            try:
                selector(text)
            except SelectorError as error:
                raise _refuse(step, f"selector {error}") from error


def _ways(step: Step, document: Document) -> Iterator[str]:
    """The names of every step that may follow."""
    if step.action == "aws:branch":
        for choice in step.inputs["Choices"]:
            yield str(choice["NextStep"])
        if step.inputs.get("Default"):
            yield str(step.inputs["Default"])
            return
    if step.on_failure.startswith("step:"):
        yield step.on_failure.removeprefix("step:")
    if not step.is_end and (below := step.next_step or document.after(step)):
        yield below


def _check_targets(step: Step, document: Document, names: set[str]) -> None:
    targets = [*_ways(step, document)]
    if step.on_cancel.startswith("step:"):
        target = step.on_cancel.removeprefix("step:")
        targets.append(target)
        if target in names and document.step(target).action in _NO_CANCEL_TARGET:
            raise _refuse(step, f"onCancel may not lead to {document.step(target).action}")
    for target in targets:
        if target not in names:
            raise _refuse(step, f"there is no step {target!r} to go to")


def _check_names(step: Step, document: Document, names: set[str]) -> None:
    known = _known(document)
    _check_script(step, known)
    inputs = {name: value for name, value in step.inputs.items() if name != "Script"}
    for name in names_in(inputs):
        if name not in known and name.rpartition(".")[0] not in names:
            raise _refuse(step, f"{{{{ {name} }}}} is no parameter and no output of a step")


def _check_loops(document: Document) -> None:
    """Refuse a document that could go round for ever, as Automation does."""
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name in trail:
            circle = " -> ".join((*trail[trail.index(name) :], name))
            raise _refuse(document.step(name), f"the steps go round in a circle: {circle}")
        if name not in done:
            step = document.step(name)
            for way in _ways(step, document):
                visit(way, (*trail, name))
            if step.on_cancel.startswith("step:"):
                visit(step.on_cancel.removeprefix("step:"), (*trail, name))
            done.add(name)

    visit(document.steps[0].name, ())
