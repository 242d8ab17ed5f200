"""References keep the type of a value, and nothing that was put in is read as a reference again."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.runbooks.references import (
    REFERENCE,
    Scope,
    UnresolvedReferenceError,
    names_in,
    written,
)

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}(\.[A-Za-z0-9]{1,8})?", fullmatch=True)
SPACES = st.sampled_from(["", " ", "   ", "\n"])
TEXTS = st.one_of(
    st.text(max_size=20),
    NAMES.map(lambda name: f"before {{{{ {name} }}}} after"),
    st.sampled_from(["{{", "}}", "{{ }}", "{{x", "{{ a b }}", "{ {x} }", "{{{x}}}"]),
)
SCALARS = st.one_of(TEXTS, st.booleans(), st.integers(), st.floats(allow_nan=False))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


def reference(name: str, spaces: str = " ") -> str:
    return "{{" + spaces + name + spaces + "}}"


@given(NAMES, SPACES, VALUES)
def test_a_reference_alone_keeps_the_value_and_its_type(name: str, spaces: str, value: Any) -> None:
    found = Scope({name: value}).resolved(reference(name, spaces))
    assert found == value
    assert type(found) is type(value)


@given(NAMES, VALUES, st.text(max_size=10), st.text(max_size=10))
def test_in_a_longer_text_the_value_is_written_out_once(
    name: str, value: Any, before: str, after: str
) -> None:
    text = f"{before}x{reference(name)}x{after}"
    if REFERENCE.sub("", text) != f"{before}xx{after}":
        return
    found = Scope({name: value}).resolved(text)
    assert found == f"{before}x{written(value)}x{after}"
    shown = found[len(before) + 1 : len(found) - len(after) - 1]
    assert (shown if isinstance(value, str) else json.loads(shown)) == value


@given(VALUES)
def test_what_holds_no_reference_comes_back_as_it_was(value: Any) -> None:
    if not list(names_in(value)):
        assert Scope({}).resolved(value) == value


@given(VALUES, st.data())
def test_every_place_is_reached_and_no_name_is_passed_over(value: Any, data: st.DataObject) -> None:
    names = list(names_in(value))
    known = {name: data.draw(SCALARS, label=name) for name in names}
    Scope(known).resolved(value)
    if names:
        missing = data.draw(st.sampled_from(names))
        with pytest.raises(UnresolvedReferenceError, match="is not known here"):
            Scope({name: known[name] for name in known if name != missing}).resolved(value)
        with pytest.raises(UnresolvedReferenceError, match="has no value"):
            Scope(known | {missing: None}).resolved(value)


@given(NAMES, st.lists(SCALARS, max_size=4), st.lists(st.integers(), max_size=2))
def test_a_list_in_a_list_is_spread_only_where_that_is_asked_for(
    name: str, items: list[Any], others: list[int]
) -> None:
    scope = Scope({name: items})
    assert scope.resolved([reference(name), *others], spread=True) == [*items, *others]
    assert scope.resolved([reference(name), *others]) == [items, *others]
    assert scope.resolved(reference(name), spread=True) == items
