from typing import Any

import pytest

from integrations.runbooks.port import AutomationInputError
from integrations.runbooks.values import ConversionError, Parameter, converted


def declared(kind: str, **more: Any) -> Parameter:
    return Parameter.read("P", kind, more, 1)


@pytest.mark.parametrize(
    ("value", "kind", "becomes"),
    [
        ("a", "String", "a"),
        (7, "String", "7"),
        (True, "String", "true"),
        (["a"], "String", "a"),
        ("a", "StringList", ["a"]),
        (7, "StringList", ["7"]),
        ([1, 2], "StringList", ["1", "2"]),
        ([], "StringList", []),
        ("7", "Integer", 7),
        ("-7", "Integer", -7),
        ([7], "Integer", 7),
        ("True", "Boolean", True),
        ([False], "Boolean", False),
        ({"a": 1}, "StringMap", {"a": 1}),
        ([{"a": 1}], "MapList", [{"a": 1}]),
        ([], "MapList", []),
    ],
)
def test_values_are_converted_as_the_guide_says(value: Any, kind: str, becomes: Any) -> None:
    assert converted(value, kind) == becomes
    assert type(converted(value, kind)) is type(becomes)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (["a", "b"], "String"),
        ({"a": 1}, "String"),
        ({"a": 1}, "StringList"),
        ([["a"]], "StringList"),
        ("seven", "Integer"),
        ("2.5", "Integer"),
        (1.5, "Integer"),
        (True, "Integer"),
        (1, "Boolean"),
        ("yes", "Boolean"),
        ("a", "StringMap"),
        ([{"a": 1}], "StringMap"),
        (["a"], "MapList"),
        ({"a": 1}, "MapList"),
        (None, "String"),
    ],
)
def test_any_other_conversion_fails_and_does_not_tell_the_value(value: Any, kind: str) -> None:
    with pytest.raises(ConversionError) as caught:
        converted(value, kind)
    assert f", not {kind}" in str(caught.value)
    assert "seven" not in str(caught.value)


@pytest.mark.parametrize(
    ("parameter", "given", "value"),
    [
        (declared("String"), ["a"], "a"),
        (declared("String", default="d"), None, "d"),
        (declared("AWS::EC2::Instance::Id"), ["i-1"], "i-1"),
        (declared("List<AWS::EC2::Instance::Id>"), ["i-1", "i-2"], ["i-1", "i-2"]),
        (declared("StringList", default=[]), None, []),
        (declared("StringList", default=""), None, []),
        (declared("Integer"), ["7"], 7),
        (declared("Boolean"), ["true"], True),
        (declared("StringMap"), ['{"a": {"b": [1]}}'], {"a": {"b": [1]}}),
        (declared("StringMap"), {"a": 1}, {"a": 1}),
        (declared("MapList"), ['[{"a": 1}]'], [{"a": 1}]),
        (declared("MapList"), ['{"a": 1}', '{"b": 2}'], [{"a": 1}, {"b": 2}]),
    ],
)
def test_parameters_are_typed_from_what_the_api_sends(
    parameter: Parameter, given: Any, value: Any
) -> None:
    assert parameter.value({} if given is None else {"P": given}) == value


@pytest.mark.parametrize(
    ("parameter", "given", "said"),
    [
        (declared("String"), None, "parameter P is missing"),
        (declared("Integer"), ["x"], "parameter P is String, not Integer"),
        (declared("StringMap"), ["{"], "parameter P is not JSON"),
        (declared("StringMap"), ["[" * 100_000], "parameter P is not JSON"),
        (declared("String", allowedValues=["a", "b"]), ["c"], "not one of: a, b"),
        (declared("StringList", allowedValues=["a"]), ["a", "c"], "not one of: a"),
        (declared("String", allowedPattern="^sg-[0-9a-f]+$"), ["sg-1\n"], "does not match"),
        (declared("String", allowedPattern="[a-z]+"), ["abc; rm"], "does not match"),
        (declared("String", allowedPattern="\\d+"), ["\u0663"], "does not match"),
        (declared("StringList", minItems=2), ["a"], "fewer than 2"),
        (declared("StringList", maxItems=1), ["a", "b"], "more than 1"),
        (declared("String", minChars=2), ["a"], "fewer than 2 characters"),
        (declared("String", maxChars=2), ["abc"], "more than 2 characters"),
    ],
)
def test_what_a_parameter_does_not_take_is_refused(
    parameter: Parameter, given: Any, said: str
) -> None:
    with pytest.raises(AutomationInputError) as caught:
        parameter.value({} if given is None else {"P": given})
    assert said in str(caught.value)
