from typing import Any

import pytest

from integrations.runbooks.conditions import ConditionError, check_choice, holds
from integrations.runbooks.port import UnsupportedDocumentError
from integrations.runbooks.references import Scope, UnresolvedReferenceError

SCOPE = Scope({"text": "Windows Server", "n": 5, "yes": True, "S.gone": None, "limit": 5})


@pytest.mark.parametrize(
    ("variable", "operator", "operand", "true"),
    [
        ("text", "StringEquals", "Windows Server", True),
        ("text", "StringEquals", "windows server", False),
        ("text", "EqualsIgnoreCase", "windows SERVER", True),
        ("text", "StartsWith", "Win", True),
        ("text", "EndsWith", "ver", True),
        ("text", "EndsWith", "Win", False),
        ("text", "Contains", "s S", True),
        ("n", "NumericEquals", 5, True),
        ("n", "NumericGreater", 5, False),
        ("n", "NumericGreaterOrEquals", 5, True),
        ("n", "NumericLesser", 6, True),
        ("n", "NumericLesserOrEquals", 4, False),
        ("n", "NumericEquals", "{{ limit }}", True),
        ("yes", "BooleanEquals", True, True),
        ("yes", "BooleanEquals", False, False),
        ("S.gone", "StringEquals", "x", False),
        ("S.gone", "NumericLesser", 6, False),
    ],
)
def test_every_operator_compares(variable: str, operator: str, operand: Any, true: bool) -> None:  # noqa: FBT001
    choice = {"Variable": f"{{{{ {variable} }}}}", operator: operand}
    assert holds(choice, SCOPE) is true
    assert holds({"Not": choice}, SCOPE) is not true
    assert holds({"And": [choice, choice]}, SCOPE) is true
    assert holds({"Or": [choice, choice]}, SCOPE) is true


def test_an_operator_that_does_not_fit_the_value_is_an_error_not_a_no() -> None:
    with pytest.raises(ConditionError, match="NumericEquals cannot compare str with int"):
        holds({"Variable": "{{ text }}", "NumericEquals": 5}, SCOPE)
    with pytest.raises(ConditionError):
        holds({"Variable": "{{ yes }}", "NumericEquals": 1}, SCOPE)


def test_a_name_that_is_not_known_is_an_error() -> None:
    with pytest.raises(UnresolvedReferenceError, match="nobody"):
        holds({"Variable": "{{ nobody }}", "StringEquals": "x"}, SCOPE)


@pytest.mark.parametrize(
    "choice",
    [
        "x",
        {"NextStep": "B"},
        {"NextStep": "B", "Variable": "x"},
        {"NextStep": "B", "Variable": "x", "Equals": "y"},
        {"NextStep": "B", "Variable": "x", "StringEquals": "y", "Contains": "z"},
        {"NextStep": "B", "And": []},
        {"NextStep": "B", "And": {"Variable": "x", "StringEquals": "y"}},
        {"NextStep": "B", "And": [{"Variable": "x", "StringEquals": "y"}], "Or": []},
        {"NextStep": "B", "Not": [{"Variable": "x", "StringEquals": "y"}]},
        {"NextStep": "B", "Or": [{"NextStep": "C", "Variable": "x", "StringEquals": "y"}]},
        {"Variable": "x", "StringEquals": "y"},
    ],
)
def test_a_choice_that_is_not_understood_is_refused(choice: Any) -> None:
    with pytest.raises(UnsupportedDocumentError, match="step A, line 3"):
        check_choice(choice, "A", 3)
