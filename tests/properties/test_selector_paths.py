"""Where Automation's JSONPath means what RFC 9535 says, we agree with one that follows that."""

from typing import Any

import jsonpath_rfc9535
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.runbooks.selectors import MISSING, selector

KEYS = st.sampled_from(["a", "b", "Key", "odd name", "it's"])
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["", "x", "y"]))
ANSWERS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)
FACTS = st.sampled_from([None, True, False, -2, 0, 1, "x", "y"])
ROWS = st.fixed_dictionaries(
    {},
    optional={
        "a": st.one_of(FACTS, st.lists(FACTS, max_size=2), st.fixed_dictionaries({"b": FACTS})),
        "Key": FACTS,
    },
)


def _quoted(name: str) -> str:
    return "['" + name.replace("'", "\\'") + "']"


NAMED = st.one_of(st.sampled_from([".a", ".b", ".Key"]), KEYS.map(_quoted))
INDEXED = st.integers(-3, 3).map(lambda place: f"[{place}]")
BOUND = st.one_of(st.just(""), st.integers(-3, 3).map(str))
SLICED = st.builds(
    lambda a, b, c: f"[{a}:{b}{c}]", BOUND, BOUND, st.sampled_from(["", ":2", ":-1"])
)
UNITED = st.lists(st.integers(-2, 2).map(str) | KEYS.map(lambda k: _quoted(k)[1:-1]), min_size=2,
                  max_size=3).map(lambda parts: f"[{','.join(parts)}]")  # fmt: skip
DEEP = st.sampled_from(["..a", "..*", "..[0]", "..['Key']"])
MANY = st.sampled_from([".*", "[*]"])
STEPS = st.one_of(NAMED, NAMED, INDEXED, MANY, SLICED, UNITED, DEEP)
PATHS = st.lists(STEPS, max_size=4).map(lambda steps: "$" + "".join(steps))

LITERALS = st.sampled_from(["1", "0", "-2", "'x'", "'y'", "true", "false", "null"])
SIGNS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
INNER = st.sampled_from(["@.a", "@['Key']", "@.a.b", "@.a[0]"])
TESTS = st.recursive(
    st.one_of(INNER, st.builds(lambda p, s, v: f"{p} {s} {v}", INNER, SIGNS, LITERALS)),
    lambda inner: st.one_of(
        st.builds(lambda a, b: f"({a}) && ({b})", inner, inner),
        st.builds(lambda a, b: f"({a}) || ({b})", inner, inner),
        inner.map(lambda one: f"!({one})"),
    ),
    max_leaves=4,
)


def theirs(path: str, answer: Any) -> list[Any]:
    return [node.value for node in jsonpath_rfc9535.find(path, answer)]


@given(PATHS, ANSWERS)
@settings(max_examples=200)
def test_paths_select_what_the_standard_says(path: str, answer: Any) -> None:
    ours, standard = selector(path), theirs(path, answer)
    found = ours.select(answer)
    if ours.definite:
        assert ([] if found is MISSING else [found]) == standard
    else:
        # The standard leaves the order open where a path goes through everything.
        assert sorted(map(repr, found)) == sorted(map(repr, standard))


@given(TESTS, st.lists(ROWS, max_size=8))
@settings(max_examples=200)
def test_filters_of_lists_keep_what_the_standard_says(test: str, rows: list[Any]) -> None:
    answer = {"rows": rows}
    assert selector(f"$.rows[?({test})]").select(answer) == theirs(f"$.rows[?({test})]", answer)


@given(st.text(max_size=30))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    for path in (text, "$" + text, "$." + text, "$[?(" + text + ")]"):
        try:
            selector(path)
        except ValueError as error:
            assert "character" in str(error)  # noqa: PT017 - both outcomes are fine
