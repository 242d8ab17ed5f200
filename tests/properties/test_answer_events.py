"""What an assistant says is the same after the wire; nothing else gets onto it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from random import Random
from types import UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from agent.answer_events import Failed, Failing, Listener, Teller, UnreadableEventError
from agent.assistant import (
    Answer,
    AnswerEvent,
    Done,
    Replaced,
    Shown,
    Status,
    StepState,
    TextDelta,
    ToolCall,
)
from agent.views import View

_NASTY = ["", "\ud800", "\u2028", "\x00", 'a"\\', "\r\ndata: {}", "1", "null", "😀", "acme", "true"]
_TEXT = st.text(max_size=8) | st.sampled_from(_NASTY)
_FLOAT = st.floats(allow_nan=False, allow_infinity=False)
_INT = st.integers(-(2**63), 2**63 - 1)

_JSON = st.recursive(
    st.none() | st.booleans() | _INT | _FLOAT | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=4,
)
_CALL = st.builds(ToolCall, _TEXT, st.dictionaries(_TEXT, _JSON, max_size=3), ok=st.booleans())
_TYPES = list(View.__args__)


def _any(kind: Any, dice: Random) -> Any:
    """Some value of a type, with whatever is nasty to write down; by dice, as a view has hundreds
    of fields and Hypothesis takes minutes over them.
    """
    origin, inner = get_origin(kind), get_args(kind)
    made: Any
    if origin in {Union, UnionType}:
        made = _any(dice.choice(inner), dice)
    elif origin is tuple and inner[-1] is Ellipsis:
        made = tuple(_any(inner[0], dice) for _ in range(dice.choice([0, 1, 1, 2])))
    elif origin is tuple:
        made = tuple(_any(part, dice) for part in inner)
    elif origin is Mapping:
        key, value = inner
        made = {_any(key, dice): _any(value, dice) for _ in range(dice.choice([0, 1, 2]))}
    elif is_dataclass(kind):
        hints = get_type_hints(kind)
        made = cast("Any", kind)(**{f.name: _any(hints[f.name], dice) for f in fields(kind)})
    elif issubclass(kind, Enum):
        made = dice.choice(list(kind))
    else:
        made = _PLAIN[kind](dice)
    return made


_PLAIN: dict[Any, Callable[[Random], Any]] = {
    type(None): lambda _: None,
    bool: lambda dice: dice.random() < 0.5,
    int: lambda dice: dice.choice([0, 1, -1, 2**63 - 1, dice.randint(-9999, 9999)]),
    float: lambda dice: dice.choice([0.0, 1.0, -0.0, 1e300, 5e-324, dice.random()]),
    str: lambda dice: dice.choice(_NASTY) + dice.choice(["", str(dice.random())]),
    datetime: lambda dice: (
        datetime.fromtimestamp(dice.randint(0, 2**33), UTC)
        + timedelta(microseconds=dice.choice([0, 1, 999_999]))
    ),
    date: lambda dice: date.fromordinal(dice.randint(1, 3_000_000)),
}

_DICE = st.integers(0, 2**32).map(Random)
_VIEW = st.builds(_any, st.sampled_from(_TYPES), _DICE)
_SMALL = (
    st.builds(Status, _TEXT, _TEXT, st.sampled_from(StepState))
    | st.builds(TextDelta, _TEXT)
    | st.builds(Replaced, _TEXT)
    | st.builds(Failed, st.sampled_from(Failing), _TEXT)
)
_ANSWER = st.builds(
    Answer,
    _TEXT,
    tool_calls=st.lists(_CALL, max_size=2).map(tuple),
    evidence=st.lists(_TEXT, max_size=3).map(tuple),
    notice=_TEXT,
    model=_TEXT,
)

_property = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def _through(events: list[AnswerEvent | Failed]) -> list[AnswerEvent | Failed]:
    teller, listener = Teller("t1"), Listener()
    heard = []
    for n, event in enumerate(events, 1):
        line = teller.tell(event)
        assert line.isascii()
        assert "\n" not in line
        assert "\r" not in line
        got = listener.hear(line.encode())
        assert (got.turn, got.n) == ("t1", n)
        heard.append(got.event)
    return heard


@pytest.mark.parametrize("kind", _TYPES, ids=lambda kind: kind.__name__)
def test_every_kind_of_view_comes_back_as_it_was(kind: type[View]) -> None:
    for seed in range(40):
        view = _any(kind, Random(seed))
        (got,) = _through([Shown(view)])
        assert got == Shown(view)
        assert isinstance(got, Shown)
        assert repr(got.view) == repr(view), "== holds 1 and 1.0 for one"


@_property
@given(st.lists(_SMALL, max_size=5), st.lists(_VIEW, max_size=2), _VIEW, _ANSWER)
def test_an_answer_comes_back_with_the_views_that_were_shown_and_those_that_were_not(
    before: list[AnswerEvent], shown: list[View], unshown: View, answer: Answer
) -> None:
    whole = Answer(
        text=answer.text,
        views=(*shown, unshown),
        tool_calls=answer.tool_calls,
        evidence=answer.evidence,
        notice=answer.notice,
        model=answer.model,
    )
    events = [*before, *(Shown(view) for view in shown), Done(whole)]
    assert repr(_through(list(events))) == repr(events)


def test_a_view_travels_once() -> None:
    view = msgspec.convert({"question": "which one of them?", "choices": []}, View.__args__[-1])
    teller = Teller("t1")
    teller.tell(Shown(view))
    assert "which one" not in teller.tell(Done(Answer("", views=(view,))))


@_property
@given(_JSON | st.dictionaries(st.sampled_from(["type", "n", "turn", "text", "view"]), _JSON))
@example({"turn": "t", "n": 1, "type": "done", "answer": {"text": "", "views": [7]}})
@example({"turn": "t", "n": True, "type": "text", "text": ""})
@example({"turn": "t", "n": 1, "type": "shown", "view": {"type": "TenantList", "rows": [{}]}})
@example({"turn": "t", "n": 1, "type": "text", "text": 5})
def test_what_is_no_event_is_refused_as_such(row: Any) -> None:
    with pytest.raises(UnreadableEventError):
        Listener().hear(json.dumps(row))


@pytest.mark.parametrize("cut", ["", "{", '{"turn": "t", "n": 1', "\xff"])
def test_half_a_line_is_refused(cut: str) -> None:
    with pytest.raises(UnreadableEventError):
        Listener().hear(cut.encode("latin-1"))


@pytest.mark.parametrize(
    "stranger",
    [{"data": "hello", "agent": object()}, {"init_event_loop": True}, "text", None, Answer("")],
)
def test_what_is_no_event_does_not_get_onto_the_wire(stranger: Any) -> None:
    with pytest.raises(TypeError, match="no event"):
        Teller("t1").tell(stranger)
