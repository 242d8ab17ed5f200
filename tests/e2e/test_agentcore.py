"""Questions to a runtime: the same answers as at home, whatever happens to the line."""

import http.client
import itertools
import json
import re
import threading
import urllib.parse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from agent.agentcore_assistant import BEGINS_S, FRUITLESS, PAUSES_S, runtime_client
from agent.answering import Answering
from agent.assistant import Answer, AnswerEvent, Done, Question, Replaced, Status, TextDelta
from agent.envelope import Envelope, sealed
from agent.offline_model import OfflineModel
from agent.runtime import ALIVE_S, Answers, Runtime
from agent.settings import Settings
from integrations.connect import Connections
from tests.agentcore_service import ARN, SESSION, Faults, listening
from tests.agentcore_stage import KEY, Reach, Stage, staged


def played(of: Iterator[AnswerEvent]) -> tuple[Answer, list[AnswerEvent]]:
    events = list(of)
    assert isinstance(events[-1], Done)
    assert sum(isinstance(event, Done) for event in events) == 1
    return events[-1].answer, events


@pytest.fixture(scope="module")
def lasting(estate: Connections, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One for many questions, each in a thread of its own."""
    with (
        pytest.MonkeyPatch.context() as patch,
        staged(estate, tmp_path_factory.mktemp("agentcore"), patch.setenv) as made,
    ):
        yield made


@pytest.fixture
def line(lasting: Stage) -> Iterator[Stage]:
    """The same with nothing wrong yet, and nothing counted."""
    lasting.core.faults = Faults()
    for told in (lasting.core.calls, lasting.core.streams, lasting.pauses, lasting.answered):
        told.clear()
    yield lasting
    lasting.core.ended.set()


FIRST = "what needs attention first?"
_THREADS = itertools.count()


def asked(stage: Stage, text: str = FIRST) -> Question:
    return stage.question(text, thread=f"cut-{next(_THREADS)}")


@pytest.mark.parametrize(
    ("channel", "texts"),
    [
        ("acme-security", ["what needs attention first?", "why?", "show me", "fix it"]),
        ("acme-security", ["how many criticals are open?", "which of them are oldest?"]),
        ("acme-security", ["risky identities", "what changed since yesterday?"]),
        ("secops", ["compare the tenants", "worst of globex"]),
    ],
)
def test_a_runtimes_answer_is_the_one_that_the_worker_would_have_given(
    line: Stage, channel: str, texts: list[str]
) -> None:
    thread = f"own-{next(_THREADS)}"
    for text in texts:
        question = line.question(text, channel, thread)
        there, here = list(line.worker.answer(question)), list(line.own.answer(question))
        assert there == here, text
    assert len(line.core.calls) == len(texts)
    assert {call["session"] for call in line.core.calls} == {question.session_id}


def test_a_stream_that_is_cut_anywhere_goes_on_without_loss_or_repeats(line: Stage) -> None:
    whole = list(line.worker.answer(asked(line)))
    (stream,) = line.core.streams
    ends = [place.end() for place in re.finditer(rb"\n\n", stream)]
    assert len(ends) == len(whole) >= 5
    middles = [(a + b) // 2 for a, b in itertools.pairwise([0, *ends])]
    inside_the_mark = [3, ends[0] + 1, ends[0] + 5, ends[-1] - 1]
    for cut in sorted({1, *ends, *middles, *inside_the_mark}):
        line.answered.clear()
        line.core.faults.cuts = [cut]
        assert list(line.worker.answer(asked(line))) == whole, f"cut after {cut} bytes"
        assert line.answered == [FIRST], "the assistant runs once, however often it is read"


def test_a_line_that_is_cut_after_each_event_brings_the_whole_answer(line: Stage) -> None:
    whole = list(line.worker.answer(asked(line)))
    (stream,) = line.core.streams
    lengths = [len(part) + 2 for part in stream.split(b"\n\n") if part]
    line.core.faults.cuts = list(lengths)
    assert list(line.worker.answer(asked(line))) == whole
    assert [call["after"] for call in line.core.calls[1:]] == list(range(len(whole)))
    assert line.pauses == [], "a line that brings something is taken up again at once"
    assert line.answered == [FIRST, FIRST]


def test_a_line_that_is_silent_is_given_up_and_taken_up_again(line: Stage) -> None:
    whole = list(line.worker.answer(asked(line)))
    line.core.ended.clear()
    line.core.faults.silent = True
    line.core.faults.cuts = [len(line.core.streams[0]) // 2]
    with closing(runtime_client(ARN, 0.5)) as client:
        assert list(line.worker_with(client).answer(asked(line))) == whole


def test_a_session_that_was_begun_anew_elsewhere_withdraws_what_was_said(
    line: Stage, estate: Connections, tmp_path: Path
) -> None:
    whole = list(line.worker.answer(asked(line)))
    (stream,) = line.core.streams
    texts = [place.end() for place in re.finditer(rb'"type":"text".*\n\n', stream)]
    question = asked(line)
    events = line.worker.answer(question)
    line.core.faults.cuts = [texts[0]]
    first = [next(events)]
    while not isinstance(first[-1], TextDelta):
        first.append(next(events))
    other = Answering(Reach(estate, line.reach.memory), Settings(), OfflineModel(), line.now)
    with listening(Runtime(lambda: other, lambda: (KEY,), line.now)) as elsewhere:
        was, line.core.runtime = line.core.runtime, elsewhere
        rest = list(events)
        line.core.runtime = was
    assert rest[0] == Replaced("")
    assert _text(rest) == _text(whole)
    assert _step_texts(rest) == _step_texts(whole)


def _text(events: list[AnswerEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def _step_texts(events: list[AnswerEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, Status)]


@pytest.mark.parametrize("statuses", [[500], [424, 503], [409, 500], [429, 429]])
def test_a_runtime_that_fails_for_a_moment_is_asked_again(line: Stage, statuses: list[int]) -> None:
    line.core.faults.statuses = list(statuses)
    answer, _ = played(line.worker.answer(asked(line)))
    assert "web-7" in answer.text
    assert answer.notice == ""
    begins = [BEGINS_S] * statuses.count(409)
    assert sorted(line.pauses) == sorted([*begins, *PAUSES_S[: len(statuses)]])


@pytest.mark.parametrize(
    ("statuses", "why"),
    [
        ([500] * 12, "its runtime does not answer"),
        ([424] * 12, "its runtime does not answer"),
        ([429] * 12, "its runtime is throttled"),
        ([403] * 12, "its runtime may not be used from here"),
    ],
)
def test_where_no_runtime_answers_the_planner_does_and_says_so(
    line: Stage, statuses: list[int], why: str
) -> None:
    line.core.faults.statuses = list(statuses)
    question = asked(line)
    answer, events = played(line.worker.answer(question))
    assert "web-7" in answer.text
    assert answer.notice == f"Answered without the language model ({why})."
    assert line.answered == []
    assert not any(isinstance(event, Replaced) for event in events), "nothing was said before"
    assert len(line.core.calls) <= FRUITLESS


def test_a_runtime_that_hangs_is_given_up_in_time_for_the_planner_to_answer_in_30_s() -> None:
    with closing(runtime_client(ARN)) as client:
        limits = client.meta.config  # type: ignore[attr-defined] # boto3's, which has more
    waited = FRUITLESS * max(limits.read_timeout, limits.connect_timeout)
    assert limits.retries["total_max_attempts"] == 1
    assert limits.read_timeout > ALIVE_S, "a runtime that works is not taken for dead"
    assert waited + sum(PAUSES_S) < 28


def test_where_the_runtime_goes_away_for_good_its_half_is_withdrawn(line: Stage) -> None:
    list(line.worker.answer(asked(line)))
    (stream,) = line.core.streams
    line.core.faults.cuts = [stream.index(b'"type":"text"') + 200, *[0] * 9]
    answer, events = played(line.worker.answer(asked(line)))
    assert answer.notice.startswith("Answered without the language model")
    at = events.index(Replaced(""))
    assert _text(events[:at])
    assert "web-7" in _text(events[at:])
    assert len(line.pauses) == FRUITLESS - 1


def test_a_runtime_that_thinks_for_long_says_that_it_lives(
    estate: Connections, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    class Slow:
        def __init__(self, answers: Answers) -> None:
            self._answers = answers

        def answer(self, envelope: Envelope) -> Iterator[AnswerEvent]:
            assert gate.wait(20)
            return self._answers.answer(envelope)

    with staged(estate, tmp_path, monkeypatch.setenv, answers=Slow, alive_s=0.01) as stage:
        question = asked(stage)
        body = _posted(stage, sealed(stage.envelope(question), KEY), question.session_id)
        assert next(body) == b": working\n"
        assert _ping(stage) == "HealthyBusy"
        gate.set()
        assert b'"type":"done"' in b"".join(body)
        assert _ping(stage) == "Healthy"


def test_what_a_runtime_says_is_there_while_it_still_works(
    estate: Connections, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    class Pausing:
        def __init__(self, answers: Answers) -> None:
            self._answers = answers

        def answer(self, envelope: Envelope) -> Iterator[AnswerEvent]:
            events = self._answers.answer(envelope)
            yield from itertools.islice(events, 2)
            assert gate.wait(20)
            yield from events

    with staged(estate, tmp_path, monkeypatch.setenv, answers=Pausing, alive_s=1.0) as stage:
        events = stage.worker.answer(asked(stage))
        first = [next(events), next(events)]
        assert [type(event) for event in first] == [Status, Status]
        gate.set()
        assert isinstance(list(events)[-1], Done)
        assert len(stage.core.calls) == 1, "nothing was held back until the line was given up"


def test_two_questions_of_one_session_are_answered_at_once(
    estate: Connections, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = threading.Barrier(2, timeout=20)

    class Together:
        def __init__(self, answers: Answers) -> None:
            self._answers = answers

        def answer(self, envelope: Envelope) -> Iterator[AnswerEvent]:
            both.wait()
            return self._answers.answer(envelope)

    texts = [FIRST, "how many criticals are open?"]
    with (
        staged(estate, tmp_path, monkeypatch.setenv, answers=Together) as stage,
        ThreadPoolExecutor(2) as pool,
    ):
        questions = [stage.question(text) for text in texts]
        answers = list(pool.map(lambda q: played(stage.worker.answer(q))[0], questions))
        own = [played(stage.own.answer(asked(stage, text)))[0] for text in texts]
    assert [a.text for a in answers] == [a.text for a in own]
    assert [a.notice for a in answers] == ["", ""]


def _posted(stage: Stage, envelope: object, session: str) -> Iterator[bytes]:
    """The lines of a stream, from the runtime itself."""
    where = urllib.parse.urlsplit(stage.core.runtime)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
    payload = json.dumps({"envelope": envelope}).encode()
    connection.request("POST", "/invocations", payload, {SESSION: session})
    with connection.getresponse() as answer:
        yield from answer
    connection.close()


def _ping(stage: Stage) -> str:
    where = urllib.parse.urlsplit(stage.core.runtime)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
    with closing(connection):
        connection.request("GET", "/ping")
        return str(json.load(connection.getresponse())["status"])
