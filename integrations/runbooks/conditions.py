"""The choices of `aws:branch`: "Using conditional statements in runbooks", Systems Manager Guide.

A variable without a value (an output whose Selector found nothing) makes every comparison false,
so that its `Not` is true.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from integrations.runbooks.port import UnsupportedDocumentError
from integrations.runbooks.references import Scope, UnresolvedReferenceError, names_in

_TEXT: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda left, right: left == right,
    "EqualsIgnoreCase": lambda left, right: left.casefold() == right.casefold(),
    "StartsWith": str.startswith,
    "EndsWith": str.endswith,
    "Contains": lambda left, right: right in left,
}
_NUMERIC: Mapping[str, Callable[[float, float], bool]] = {
    "NumericEquals": lambda left, right: left == right,
    "NumericGreater": lambda left, right: left > right,
    "NumericLesser": lambda left, right: left < right,
    "NumericGreaterOrEquals": lambda left, right: left >= right,
    "NumericLesserOrEquals": lambda left, right: left <= right,
}
_BOOLEAN: Mapping[str, Callable[[bool, bool], bool]] = {
    "BooleanEquals": lambda left, right: left is right,
}
OPERATORS = frozenset({*_TEXT, *_NUMERIC, *_BOOLEAN})
_LOGIC = ("And", "Or", "Not")


class ConditionError(ValueError):
    """A comparison cannot be made: the operator does not fit the value."""


def holds(choice: Mapping[str, Any], scope: Scope) -> bool:
    """Whether a choice, or a condition within one, is true.

    Raises:
        ConditionError: a value is not of the operator's type.
        UnresolvedReferenceError: a name is not known.
    """
    if "And" in choice:
        return all(holds(each, scope) for each in choice["And"])
    if "Or" in choice:
        return any(holds(each, scope) for each in choice["Or"])
    if "Not" in choice:
        return not holds(choice["Not"], scope)
    sign = next(key for key in choice if key in OPERATORS)
    try:
        left = scope.resolved(choice["Variable"])
    except UnresolvedReferenceError:
        if _known(choice["Variable"], scope):
            return False
        raise
    return _compared(sign, left, scope.resolved(choice[sign]))


def _known(variable: Any, scope: Scope) -> bool:
    """Whether what cannot be resolved only lacks a value."""
    return all(name in scope.values for name in names_in(variable))


def _compared(sign: str, left: Any, right: Any) -> bool:
    if sign in _TEXT and isinstance(left, str) and isinstance(right, str):
        return _TEXT[sign](left, right)
    if sign in _NUMERIC and _is_number(left) and _is_number(right):
        return _NUMERIC[sign](left, right)
    if sign in _BOOLEAN and isinstance(left, bool) and isinstance(right, bool):
        return _BOOLEAN[sign](left, right)
    raise ConditionError(f"{sign} cannot compare {type(left).__name__} with {type(right).__name__}")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def check_choice(choice: Any, step: str, line: int, *, top: bool = True) -> None:
    """Refuse a choice that is not understood.

    Raises:
        UnsupportedDocumentError: it has no operator, several, or an unknown one.
    """
    if not isinstance(choice, Mapping):
        raise UnsupportedDocumentError("a choice is not a map", step, line)
    keys = set(choice) - {"NextStep"}
    if top != ("NextStep" in choice):
        raise UnsupportedDocumentError(
            "a choice needs a NextStep" if top else "NextStep stands inside a condition", step, line
        )
    logic = [key for key in _LOGIC if key in keys]
    if len(logic) == 1 and keys == set(logic):
        inner = choice[logic[0]]
        if logic[0] == "Not":
            check_choice(inner, step, line, top=False)
            return
        if not isinstance(inner, Sequence) or isinstance(inner, str) or not inner:
            raise UnsupportedDocumentError(f"{logic[0]} is not a list of conditions", step, line)
        for each in inner:
            check_choice(each, step, line, top=False)
        return
    signs = keys - {"Variable"}
    if "Variable" not in keys or len(signs) != 1 or not signs <= OPERATORS:
        said = ", ".join(sorted(signs)) or "nothing"
        raise UnsupportedDocumentError(
            f"a choice needs a Variable and one operator, not {said}", step, line
        )
