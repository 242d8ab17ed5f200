"""A thread's name: chosen by us, and never the same for two threads."""

import re

import pytest
from botocore.session import get_session
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.conversations.session import ThreadKey, session_id

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


@settings(max_examples=200, deadline=None, derandomize=True)
@given(_PLACE, _PLACE)
def test_a_talker_is_a_tenants_channel_whatever_the_thread(
    one: tuple[str, str, str, str, str], other: tuple[str, str, str, str, str]
) -> None:
    first, second = ThreadKey(*one), ThreadKey(*other)
    assert (first.actor_id == second.actor_id) == (one[:4] == other[:4])
    assert re.fullmatch(r"a-[0-9a-f]{64}", first.actor_id)
    assert first.session_id == session_id(*one)
    assert first.actor_id[2:] != second.session_id[2:]


def test_the_names_keep_the_rules_of_the_service_as_its_client_knows_them() -> None:
    model = get_session().get_service_model("bedrock-agentcore")
    key = ThreadKey("acme", "slack", "T1", "C1", "1.0")
    for shape, name in (
        ("SessionType", key.session_id),
        ("SessionId", key.session_id),
        ("ActorId", key.actor_id),
    ):
        rules = model.shape_for(shape).metadata
        assert rules["min"] <= len(name) <= rules["max"], shape
        assert re.fullmatch(rules.get("pattern", ".*"), name), shape
