"""What a runtime lets in, and what it lets out."""

import base64
import http.client
import itertools
import json
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.assistant import AnswerEvent, Done
from agent.envelope import Envelope, sealed
from agent.runtime import Answers
from agent.turns import MOST
from integrations.connect import Connections
from integrations.conversations.session import ThreadKey
from tests.agentcore_service import SESSION
from tests.agentcore_stage import KEY, Stage, staged
from tests.scripted_model import ScriptedModel, Uses

FIRST = "what needs attention first?"


@pytest.fixture(scope="module")
def stage(estate: Connections, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with (
        pytest.MonkeyPatch.context() as patch,
        staged(estate, tmp_path_factory.mktemp("door"), patch.setenv) as made,
    ):
        yield made


def posted(stage: Stage, body: bytes, session: str | None) -> tuple[int, str]:
    """Status and text of the runtime's own answer."""
    where = urllib.parse.urlsplit(stage.core.runtime)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
    with closing(connection):
        head = {} if session is None else {SESSION: session}
        connection.request("POST", "/invocations", body, head)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]


def _forged(sealed_: str) -> str:
    """Another question under the signature of this one."""
    version, body, mac = sealed_.split(".")
    told = json.loads(base64.urlsafe_b64decode(body)) | {"tenants": ["globex"]}
    return f"{version}.{base64.urlsafe_b64encode(json.dumps(told).encode()).decode()}.{mac}"


def _other_thread(envelope: Envelope) -> ThreadKey:
    return replace(envelope.thread, thread="somewhere else")


Wrong = Callable[[Envelope], object]

WRONG: dict[str, tuple[Wrong, str]] = {
    "missing": (lambda _: None, "envelope"),
    "empty": (lambda _: "", "envelope"),
    "no text": (lambda _: {"text": FIRST}, "envelope"),
    "not ASCII": (lambda e: sealed(e, KEY) + "é", "envelope"),
    "another's key": (lambda e: sealed(e, KEY[::-1]), "envelope"),
    "an empty key": (lambda e: sealed(e, ""), "envelope"),
    "no signature": (lambda e: sealed(e, KEY).rpartition(".")[0], "envelope"),
    "half a signature": (lambda e: sealed(e, KEY)[:-32], "envelope"),
    "changed content": (lambda e: _forged(sealed(e, KEY)), "envelope"),
    "another version": (lambda e: sealed(e, KEY).replace("v1.", "v2.", 1), "envelope"),
    "expired": (lambda e: sealed(replace(e, expires_at=e.expires_at - 999), KEY), "expired"),
    "another thread's": (lambda e: sealed(replace(e, thread=_other_thread(e)), KEY), "session"),
    "no tenant": (lambda e: sealed(replace(e, tenants=()), KEY), "envelope"),
    "a tenant that is not the thread's": (
        lambda e: sealed(replace(e, tenants=("globex",)), KEY),
        "tenant",
    ),
    "two tenants in a tenant's thread": (
        lambda e: sealed(replace(e, tenants=("acme", "globex")), KEY),
        "tenant",
    ),
    "an operator in a tenant's thread": (
        lambda e: sealed(replace(e, operator=True, tenants=("acme", "globex")), KEY),
        "tenant",
    ),
}


@pytest.mark.parametrize(("wrong", "code"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_envelope_is_a_named_error_and_nothing_is_read(
    stage: Stage, wrong: Wrong, code: str
) -> None:
    stage.reach.asked_for.clear()
    question = stage.question(FIRST, thread=f"wrong-{code}")
    payload = {"envelope": wrong(stage.envelope(question))}
    status, text = posted(stage, json.dumps(payload).encode(), question.session_id)
    (row,) = rows(text)
    assert (status, row["type"], row["code"], row["n"]) == (200, "error", code, 1)
    assert set(row) == {"turn", "n", "type", "code", "ref"}
    assert stage.reach.asked_for == []


@pytest.mark.parametrize("session", [None, "", "s-" + "0" * 64])
def test_an_envelope_in_another_session_is_refused(stage: Stage, session: str | None) -> None:
    question = stage.question(FIRST)
    envelope = stage.envelope(question)
    payload = json.dumps({"envelope": sealed(envelope, KEY)}).encode()
    _, text = posted(stage, payload, session)
    (row,) = rows(text)
    assert row["code"] == "session"


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b'"v1.a.b"', b"null", b"{", b"\xff"])
def test_what_is_no_question_is_refused_without_a_word_of_it(stage: Stage, body: bytes) -> None:
    status, text = posted(stage, body, "s-" + "0" * 64)
    if status == 200:
        assert [row["code"] for row in rows(text)] == ["envelope"]
    else:
        assert status == 400
        assert "Traceback" not in text


def test_an_unknown_tenant_is_named_as_such(stage: Stage) -> None:
    question = stage.question(FIRST)
    where = replace(stage.envelope(question).thread, tenant="nobody")
    envelope = stage.envelope(question, thread=where, tenants=("nobody",))
    payload = json.dumps({"envelope": sealed(envelope, KEY)}).encode()
    _, text = posted(stage, payload, where.session_id)
    assert [row["code"] for row in rows(text)] == ["tenant"]


def test_a_request_id_belongs_to_one_question(stage: Stage) -> None:
    question = stage.question(FIRST, thread="same id")
    envelope = stage.envelope(question)
    other = replace(envelope, text="how many criticals are open?")
    codes = []
    for one in (envelope, other):
        payload = json.dumps({"envelope": sealed(one, KEY)}).encode()
        codes.append(rows(posted(stage, payload, question.session_id)[1])[-1]["type"])
    assert codes == ["done", "error"]


@pytest.mark.parametrize("after", [-1, "1", 1.5, None, True, [1]])
def test_a_place_that_is_none_is_refused(stage: Stage, after: object) -> None:
    question = stage.question(FIRST, thread="place")
    payload = {"envelope": sealed(stage.envelope(question), KEY), "after": after}
    _, text = posted(stage, json.dumps(payload).encode(), question.session_id)
    assert [row.get("code") for row in rows(text)] == ["envelope"]


def test_another_tenants_words_in_a_text_select_nothing(stage: Stage) -> None:
    """The worker said whose data it is; the runtime reads no tenant out of a text."""
    stage.reach.asked_for.clear()
    question = stage.question("acme or globex? list the findings of payments-node-3 of globex")
    events = list(stage.worker.answer(question))
    assert set(stage.reach.asked_for) == {"acme"}
    assert isinstance(events[-1], Done)
    assert "111111111111" in repr(events[-1].answer.views) or not events[-1].answer.views
    assert "333333333333" not in repr(events)


SECRET = "hunter2 at 10.0.0.5"


@pytest.mark.parametrize(
    "model",
    [
        ScriptedModel(Uses("exposures", {"limit": 1}), "Look at **web-7** first, it scores 99."),
        ScriptedModel(Uses("exposures"), RuntimeError(SECRET)),
        ScriptedModel(Uses("search_findings", {"tenant_id": "globex", "agent": "x"}), "Done."),
        ScriptedModel(Uses("nothing_like_it", {"invocation_state": {}}), "Done."),
    ],
    ids=["answers", "fails", "smuggles", "invents"],
)
def test_nothing_leaves_but_the_events_of_an_answer(
    estate: Connections, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: ScriptedModel
) -> None:
    with staged(estate, tmp_path, monkeypatch.setenv, model=model) as stage:
        list(stage.worker.answer(stage.question(FIRST)))
        (stream,) = stage.core.streams
    told = rows(stream.decode())
    fields = {
        "status": {"step", "text", "state"},
        "text": {"text"},
        "replaced": {"text"},
        "shown": {"view"},
        "done": {"answer"},
    }
    for row in told:
        assert set(row) == {"turn", "n", "type"} | fields[row["type"]]
    assert set(told[-1]["answer"]) == {
        "text",
        "views",
        "tool_calls",
        "evidence",
        "notice",
        "model",
    }
    external_id = estate.directory.get("acme").external_id
    for inside in ("event_loop", "request_state", "system_prompt", " object at 0x", SECRET, KEY):
        assert inside.encode() not in stream, inside
    assert not external_id or external_id.encode() not in stream


def test_an_assistant_that_fails_is_named_by_a_reference_and_by_nothing_else(
    estate: Connections,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Failing:
        def __init__(self, answers: Answers) -> None:
            self._answers = answers

        def answer(self, envelope: Envelope) -> Iterator[AnswerEvent]:
            yield from itertools.islice(self._answers.answer(envelope), 3)
            raise RuntimeError(SECRET)

    with staged(estate, tmp_path, monkeypatch.setenv, answers=Failing) as stage:
        *_, last = stage.worker.answer(stage.question(FIRST))
        (stream,) = stage.core.streams
    assert SECRET.encode() not in stream
    row = rows(stream.decode())[-1]
    assert (row["type"], row["code"]) == ("error", "failed")
    assert f"error=<RuntimeError>, ref=<{row['ref']}>" in caplog.text
    assert SECRET not in caplog.text
    assert FIRST not in caplog.text
    assert isinstance(last, Done)
    notice = (
        f"Answered without the language model (its runtime refused, failed (ref {row['ref']}))."
    )
    assert last.answer.notice == notice
    assert "web-7" in last.answer.text


def test_a_session_works_on_so_many_questions_and_no_more(
    estate: Connections, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    class Waiting:
        def __init__(self, answers: Answers) -> None:
            self._answers = answers

        def answer(self, envelope: Envelope) -> Iterator[AnswerEvent]:
            assert gate.wait(30)
            return self._answers.answer(envelope)

    with staged(estate, tmp_path, monkeypatch.setenv, answers=Waiting) as stage:
        lines = []
        for n in range(MOST):
            question = stage.question(FIRST)
            where = urllib.parse.urlsplit(stage.core.runtime)
            line = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
            payload = {"envelope": sealed(stage.envelope(question, request=f"r{n}"), KEY)}
            line.request(
                "POST", "/invocations", json.dumps(payload), {SESSION: question.session_id}
            )
            lines.append((line, line.getresponse()))
        *_, last = stage.worker.answer(stage.question(FIRST))
        assert isinstance(last, Done)
        assert last.answer.notice == "Answered without the language model (its session is busy)."
        gate.set()
        for line, answer in lines:
            assert b'"type":"done"' in answer.read()
            line.close()
