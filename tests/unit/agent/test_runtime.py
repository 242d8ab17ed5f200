"""A runtime's door against whatever may be sent to it, without the wire between."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

from bedrock_agentcore.runtime import RequestContext
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.assistant import Answer, AnswerEvent, Done, TextDelta
from agent.envelope import Envelope, sealed
from agent.runtime import Runtime
from integrations.conversations.session import ThreadKey

KEY = "k" * 32
WHERE = ThreadKey("acme", "slack", "T1", "C1", "1.0")
ENVELOPE = Envelope(
    request="r1",
    thread=WHERE,
    tenants=("acme",),
    operator=False,
    foreign=(),
    focus=(),
    asked_by="",
    canonical=False,
    text="what?",
    expires_at=100.0,
)
SEALED = sealed(ENVELOPE, KEY)

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


class Answers:
    """Answers every question with a word, and counts them."""

    def __init__(self) -> None:
        self.asked = 0

    def answer(self, envelope: Envelope) -> Iterator[AnswerEvent]:
        self.asked += 1
        yield TextDelta(envelope.text)
        yield Done(Answer(envelope.text))


def told(runtime: Runtime, payload: Any, session: str | None) -> list[dict[str, Any]]:
    context = RequestContext(session_id=session, request_headers=None, request=None)
    response = runtime.invoke(payload, context)

    async def read() -> str:
        parts = [part async for part in response.body_iterator]
        return b"".join(part for part in parts if isinstance(part, bytes)).decode()

    lines = asyncio.run(read()).splitlines()
    return [json.loads(line[6:]) for line in lines if line.startswith("data: ")]


def runtime_of(answers: Answers) -> Runtime:
    return Runtime(lambda: answers, lambda: (KEY,), lambda: 0.0)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(_JSON | st.fixed_dictionaries({"envelope": _JSON, "after": _JSON, "turn": _JSON}), st.text())
def test_whatever_is_sent_gets_one_named_error_and_is_not_worked_on(
    payload: Any, session: str
) -> None:
    answers = Answers()
    (row,) = told(runtime_of(answers), payload, session)
    assert (row["type"], row["code"]) == ("error", "envelope")
    assert answers.asked == 0


@settings(max_examples=60, deadline=None, derandomize=True)
@given(_JSON, _JSON)
def test_a_place_in_a_turn_shows_no_more_than_the_turn(turn: Any, after: Any) -> None:
    answers = Answers()
    rows = told(
        runtime_of(answers),
        {"envelope": SEALED, "turn": turn, "after": after},
        WHERE.session_id,
    )
    if type(after) is int and after >= 0:
        assert [row["type"] for row in rows] == ["text", "done"]
    else:
        assert [row.get("code") for row in rows] == ["envelope"]
        assert answers.asked == 0


def test_a_place_beyond_the_end_brings_nothing() -> None:
    answers = Answers()
    runtime = runtime_of(answers)
    first = told(runtime, {"envelope": SEALED}, WHERE.session_id)
    beyond = {"envelope": SEALED, "turn": first[0]["turn"], "after": 10**9}
    assert told(runtime, beyond, WHERE.session_id) == []
    assert told(runtime, {**beyond, "after": 1}, WHERE.session_id) == first[1:]
    assert answers.asked == 1


def test_a_key_that_cannot_be_read_is_a_named_error() -> None:
    def no_key() -> tuple[str, ...]:
        raise RuntimeError("hunter2")

    answers = Answers()
    runtime = Runtime(lambda: answers, no_key, lambda: 0.0)
    (row,) = told(runtime, {"envelope": SEALED}, WHERE.session_id)
    assert row["code"] == "failed"
    assert "hunter2" not in json.dumps(row)
    assert answers.asked == 0
