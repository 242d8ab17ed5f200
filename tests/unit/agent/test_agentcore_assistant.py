"""What a worker makes of a runtime's stream, however that is spoilt on its way."""

import io
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.response import StreamingBody
from typing_extensions import override
from urllib3 import HTTPResponse

from agent.agentcore_assistant import FRUITLESS, AgentCoreAssistant
from agent.answer_events import Failed, Failing, Teller
from agent.assistant import (
    Answer,
    AnswerEvent,
    Assistant,
    Done,
    Question,
    Replaced,
    Scope,
    Status,
    StepState,
    TextDelta,
)
from agent.runtime_keys import Keys
from integrations.conversations.session import ThreadKey
from tests.agentcore_service import ARN

WHERE = ThreadKey("acme", "slack", "T1", "C1", "1.0")
ASKED = Question("what?", WHERE.session_id, Scope(()), thread=WHERE)
EVENTS: list[AnswerEvent] = [
    Status("s1", "Reading", StepState.RUNNING),
    Status("s1", "Reading", StepState.DONE),
    TextDelta("All "),
    TextDelta("is well."),
    Done(Answer("All is well.")),
]


class Planner(Assistant):
    """Answers where no runtime does."""

    @override
    def answer(self, question: Question) -> Iterator[AnswerEvent]:
        yield TextDelta("As planned.")
        yield Done(Answer("As planned.", notice="Old data."))


class Client:
    """A client of boto3's kind that plays streams, the last one for ever."""

    def __init__(self, *streams: bytes) -> None:
        self.streams = list(streams)
        self.calls: list[Mapping[str, Any]] = []

    def invoke_agent_runtime(self, **request: Any) -> Mapping[str, Any]:
        self.calls.append(request)
        stream = self.streams.pop(0) if len(self.streams) > 1 else self.streams[0]
        raw: Any = HTTPResponse(body=io.BytesIO(stream), preload_content=False)
        return {"response": StreamingBody(raw, len(stream))}

    def close(self) -> None:
        """Nothing is open."""


def lines(events: Sequence[AnswerEvent | Failed], turn: str = "t1") -> list[bytes]:
    teller = Teller(turn)
    return [f"data: {teller.tell(event)}\n\n".encode() for event in events]


def heard(*streams: bytes) -> tuple[list[AnswerEvent], Client]:
    client = Client(*streams)
    assistant = AgentCoreAssistant(
        client,
        ARN,
        "DEFAULT",
        lambda: ("k" * 32,),
        Planner,
        30.0,
        clock=lambda: 0.0,
        pause=lambda _: None,
    )
    return list(assistant.answer(ASKED)), client


WHOLE = lines(EVENTS)
ALL = b"".join(WHOLE)


def test_a_runtime_that_says_everything_again_is_heard_once() -> None:
    for reached in range(len(WHOLE)):
        events, client = heard(b"".join(WHOLE[:reached]), ALL)
        assert events == EVENTS
        assert len(client.calls) == 2


def test_one_stream_that_repeats_itself_is_heard_once() -> None:
    doubled = b"".join(line * 2 for line in WHOLE)
    assert heard(doubled)[0] == EVENTS


@pytest.mark.parametrize("missing", range(len(WHOLE) - 1))
def test_a_stream_with_a_hole_is_asked_for_again_from_the_hole(missing: int) -> None:
    holed = b"".join(WHOLE[:missing] + WHOLE[missing + 1 :])
    events, client = heard(holed, ALL)
    assert events == EVENTS
    assert b'"after": %d' % missing in client.calls[1]["payload"]


@pytest.mark.parametrize(
    "spoilt",
    [
        b"data: {\n\n",
        b"data: {}\n\n",
        b'data: {"turn":"t1","n":2,"type":"shout","text":""}\n\n',
        b'data: {"error":"boom","error_type":"RuntimeError","message":"m"}\n\n',
        b"<html>502</html>",
        b"\xff\xfe",
        b"",
    ],
)
def test_what_is_no_event_is_asked_for_again(spoilt: bytes) -> None:
    events, client = heard(WHOLE[0] + spoilt, ALL)
    assert events == EVENTS
    assert len(client.calls) == 2


def test_comments_and_other_fields_of_a_stream_are_passed_over() -> None:
    noise = b": working\n\nevent: x\nid: 7\nretry: 1\n\n"
    assert heard(noise + noise.join(WHOLE))[0] == EVENTS


def test_what_another_run_says_takes_the_place_of_what_was_said() -> None:
    events, _ = heard(b"".join(WHOLE[:3]), b"".join(lines(EVENTS, "t2")))
    assert events == [*EVENTS[:3], Replaced(""), *EVENTS]


def test_nothing_is_withdrawn_where_nothing_was_said() -> None:
    events, _ = heard(WHOLE[0], b"".join(lines(EVENTS, "t2")))
    assert events == [EVENTS[0], *EVENTS]


def test_after_so_many_calls_that_bring_nothing_the_planner_answers() -> None:
    events, client = heard(b"".join(WHOLE[:3]), b"")
    assert len(client.calls) == 1 + FRUITLESS
    notice = "Answered without the language model (its runtime does not answer). Old data."
    said: list[AnswerEvent] = [TextDelta("As planned."), Done(Answer("As planned.", notice=notice))]
    assert events == [*EVENTS[:3], Replaced(""), *said]


@pytest.mark.parametrize("code", Failing)
def test_a_refusal_is_not_asked_again(code: Failing) -> None:
    events, client = heard(b"".join(lines([Failed(code, "1c0ffee0")])))
    assert len(client.calls) == 1
    assert isinstance(events[-1], Done)
    notice = events[-1].answer.notice
    assert ("busy" in notice) if code is Failing.BUSY else (f"{code} (ref 1c0ffee0)" in notice)


def answered_by_the_planner(client: Client, keys: Keys, clock: Callable[[], float]) -> str:
    assistant = AgentCoreAssistant(
        client, ARN, "DEFAULT", keys, Planner, 30.0, clock=clock, pause=lambda _: None
    )
    *_, last = assistant.answer(ASKED)
    assert isinstance(last, Done)
    assert last.answer.text == "As planned."
    return last.answer.notice


def test_a_runtime_that_only_says_that_it_lives_is_given_up() -> None:
    ticks = itertools.count(0.0, 5.0)
    client = Client(b": working\n\n" * 1_000)
    notice = answered_by_the_planner(client, lambda: ("k" * 32,), lambda: next(ticks))
    assert "(its runtime takes too long)" in notice
    assert next(ticks) < 120
    assert len(client.calls) == 1


def test_without_a_key_the_planner_answers() -> None:
    def no_key() -> tuple[str, ...]:
        raise EndpointConnectionError(endpoint_url="https://secretsmanager")

    client = Client(ALL)
    notice = answered_by_the_planner(client, no_key, lambda: 0.0)
    assert "(the key to its runtime cannot be read)" in notice
    assert client.calls == []


def test_the_call_is_the_one_that_the_service_knows() -> None:
    _, client = heard(ALL)
    (call,) = client.calls
    assert call["agentRuntimeArn"] == ARN
    assert call["qualifier"] == "DEFAULT"
    assert call["runtimeSessionId"] == WHERE.session_id
    assert (call["contentType"], call["accept"]) == ("application/json", "text/event-stream")


def test_a_question_that_names_no_thread_is_a_mistake_of_the_caller() -> None:
    client = Client(ALL)
    assistant = AgentCoreAssistant(client, ARN, "DEFAULT", lambda: ("k" * 32,), Planner, 30.0)
    for thread in (None, ThreadKey("globex", "slack", "T1", "C1", "1.0")):
        question = Question("what?", WHERE.session_id, Scope(()), thread=thread)
        with pytest.raises(ValueError, match="names its thread"):
            list(assistant.answer(question))
    assert client.calls == []
