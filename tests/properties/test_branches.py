"""A branch goes where a naive reading of its choices says."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.runbooks.automation import Interpreter
from integrations.runbooks.port import Execution, Location

WORDS = st.sampled_from(["", "a", "A", "ab", "aB", "ba", "b", "Ba"])
NUMBERS = st.integers(-2, 2)
VALUES = {
    "text": WORDS,
    "number": NUMBERS,
    "flag": st.booleans(),
}
TYPES = {"text": "String", "number": "Integer", "flag": "Boolean"}


def leaves() -> st.SearchStrategy[dict[str, Any]]:
    texts = st.sampled_from(
        ["StringEquals", "EqualsIgnoreCase", "StartsWith", "EndsWith", "Contains"]
    )
    numbers = st.sampled_from(
        ["NumericEquals", "NumericGreater", "NumericLesser", "NumericGreaterOrEquals",
         "NumericLesserOrEquals"]
    )  # fmt: skip
    return st.one_of(
        st.builds(lambda sign, word: {"Variable": "{{ text }}", sign: word}, texts, WORDS),
        st.builds(lambda sign, n: {"Variable": "{{ number }}", sign: n}, numbers, NUMBERS),
        st.builds(lambda flag: {"Variable": "{{flag}}", "BooleanEquals": flag}, st.booleans()),
    )


CONDITIONS = st.recursive(
    leaves(),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda all_: {"And": all_}),
        st.lists(inner, min_size=1, max_size=3).map(lambda any_: {"Or": any_}),
        inner.map(lambda one: {"Not": one}),
    ),
    max_leaves=6,
)


def naive(condition: dict[str, Any], values: dict[str, Any]) -> bool:
    """What a person would say; told by cases, with no table of functions."""
    if "And" in condition:
        return False not in [naive(one, values) for one in condition["And"]]
    if "Or" in condition:
        return True in [naive(one, values) for one in condition["Or"]]
    if "Not" in condition:
        return not naive(condition["Not"], values)
    left = values[condition["Variable"].strip("{} ")]
    (sign,) = set(condition) - {"Variable"}
    right = condition[sign]
    if isinstance(left, str):
        return said_of_texts(sign, left, right)
    difference = left - right
    result: bool = {
        "BooleanEquals": difference == 0,
        "NumericEquals": difference == 0,
        "NumericGreater": difference > 0,
        "NumericLesser": difference < 0,
        "NumericGreaterOrEquals": not difference < 0,
        "NumericLesserOrEquals": not difference > 0,
    }[sign]
    return result


def said_of_texts(sign: str, left: str, right: str) -> bool:
    return {
        "StringEquals": left == right,
        "EqualsIgnoreCase": left.lower() == right.lower(),
        "StartsWith": left[: len(right)] == right,
        "EndsWith": left[max(0, len(left) - len(right)) :] == right,
        "Contains": left.find(right) >= 0,
    }[sign]


def run(document: dict[str, Any], values: dict[str, Any]) -> Execution:
    def nobody(*_: Any) -> Any:
        return None

    interpreter = Interpreter(
        session_for=nobody,
        location=Location("111111111111", "eu-west-1"),
        clock=lambda: 0.0,
        pause=nobody,
        documents=nobody,
    )
    return interpreter.run(
        document, values, execution_id="e", on_step=nobody, cancelled=lambda: False
    )


@given(
    st.lists(CONDITIONS, min_size=1, max_size=4),
    st.sampled_from([{}, {"Default": "Other"}]),
    st.fixed_dictionaries(VALUES),
)
@settings(max_examples=100)
def test_a_branch_takes_the_first_choice_that_is_true(
    conditions: list[dict[str, Any]],
    default: dict[str, str],
    values: dict[str, Any],
) -> None:
    ends = [f"End{place}" for place in range(len(conditions))]
    choices = [
        {**condition, "NextStep": end} for condition, end in zip(conditions, ends, strict=True)
    ]
    names = ["Below", *ends, "Other"]
    document = {
        "schemaVersion": "0.3",
        "parameters": {name: {"type": TYPES[name]} for name in VALUES},
        "mainSteps": [
            {
                "name": "Choose",
                "action": "aws:branch",
                "inputs": {"Choices": choices, **default},
            },
            *(
                {"name": name, "action": "aws:sleep", "inputs": {"Duration": "PT0S"}, "isEnd": True}
                for name in names
            ),
        ],
    }
    true = [end for end, one in zip(ends, conditions, strict=True) if naive(one, values)]
    expected = [*true, *default.values(), "Below"][0]
    done = run(document, values)
    assert [step.name for step in done.steps] == ["Choose", expected]
