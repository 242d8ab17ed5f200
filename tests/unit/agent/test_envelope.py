"""An envelope comes back as it was sealed; one changed byte and it is refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.answer_events import Failing
from agent.envelope import Envelope, RefusedEnvelopeError, opened, sealed
from integrations.conversations.session import EVERY_TENANT, ThreadKey

KEY, OLD = "k" * 32, "o" * 32
_TEXT = st.text(max_size=12) | st.sampled_from(["\ud800", "é", '"', "."])
_IDS = st.lists(_TEXT, min_size=1, max_size=3).map(tuple)


@st.composite
def _envelopes(draw: st.DrawFn) -> Envelope:
    tenants, operator = draw(_IDS), draw(st.booleans())
    kept = tenants if operator else tenants[:1]
    whose = EVERY_TENANT if operator else kept[0]
    place = draw(st.tuples(_TEXT, _TEXT, _TEXT, _TEXT))
    return Envelope(
        request=draw(st.text(min_size=1, max_size=12)),
        thread=ThreadKey(whose, *place),
        tenants=kept,
        operator=operator,
        foreign=draw(_IDS),
        focus=draw(_IDS),
        asked_by=draw(_TEXT),
        canonical=draw(st.booleans()),
        text=draw(_TEXT),
        expires_at=draw(st.floats(min_value=1, max_value=2e9)),
    )


_property = settings(max_examples=100, deadline=None, derandomize=True)


@_property
@given(_envelopes())
def test_what_was_sealed_comes_back(envelope: Envelope) -> None:
    told = sealed(envelope, KEY)
    assert told.isascii()
    assert opened(told, [KEY], envelope.thread.session_id, 0.0) == envelope
    assert opened(sealed(envelope, OLD), [KEY, OLD], envelope.thread.session_id, 0.0) == envelope


@_property
@given(_envelopes(), st.data())
def test_one_changed_character_and_it_is_refused(envelope: Envelope, data: st.DataObject) -> None:
    told = sealed(envelope, KEY)
    place = data.draw(st.integers(0, len(told) - 1))
    other = data.draw(st.sampled_from(sorted(set("Aa0.-_=z") - {told[place]})))
    with pytest.raises(RefusedEnvelopeError) as refused:
        opened(told[:place] + other + told[place + 1 :], [KEY], envelope.thread.session_id, 0.0)
    assert refused.value.code is Failing.ENVELOPE


@_property
@given(st.text(max_size=60) | st.none() | st.integers() | st.binary(max_size=9))
def test_anything_else_is_refused(text: object) -> None:
    with pytest.raises(RefusedEnvelopeError):
        opened(text, [KEY], "s-1", 0.0)


def test_without_a_key_nothing_is_believed() -> None:
    envelope = Envelope(
        request="r",
        thread=ThreadKey("acme", "slack", "T", "C", "1"),
        tenants=("acme",),
        operator=False,
        foreign=(),
        focus=(),
        asked_by="",
        canonical=False,
        text="?",
        expires_at=10.0,
    )
    for keys in ([], [""], ["", ""]):
        with pytest.raises(RefusedEnvelopeError):
            opened(sealed(envelope, ""), keys, envelope.thread.session_id, 0.0)
    with pytest.raises(RefusedEnvelopeError) as late:
        opened(sealed(envelope, KEY), [KEY], envelope.thread.session_id, 10.0)
    assert late.value.code is Failing.EXPIRED
