"""A thread's name: chosen by us, and never the same for two threads."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.conversations.session import session_id

_PART = st.text(max_size=6) | st.sampled_from(["", "1", "1:", "acme", "slack", ":", "\ud800"])
_PLACE = st.tuples(_PART, _PART, _PART, _PART, _PART)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(_PLACE, _PLACE)
def test_two_places_have_one_name_only_when_they_are_one(
    one: tuple[str, str, str, str, str], other: tuple[str, str, str, str, str]
) -> None:
    assert (session_id(*one) == session_id(*other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c", "", "", ""), ("a", "bc", "", "", "")),
        (("1:a", "", "", "", ""), ("", "1:a", "", "", "")),
        (("acme", "slack", "T", "C1", "2"), ("acme", "slack", "T", "C12", "")),
        (("a1:b", "", "", "", ""), ("a", "b", "", "", "")),
    ],
)
def test_what_reads_alike_when_joined_is_told_apart(
    one: tuple[str, str, str, str, str], other: tuple[str, str, str, str, str]
) -> None:
    assert session_id(*one) != session_id(*other)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(_PLACE)
def test_a_name_fits_every_memory_that_it_is_used_with(
    place: tuple[str, str, str, str, str],
) -> None:
    name = session_id(*place)
    assert re.fullmatch(r"s-[0-9a-f]{64}", name)
    assert name == session_id(*place)
