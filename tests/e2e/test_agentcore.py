"""Questions to a runtime: the same answers as at home, whatever happens to the line."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.assistant import Answer, AnswerEvent, Done
from integrations.connect import Connections
from tests.agentcore_stage import Stage, staged


@pytest.fixture
def stage(estate: Connections, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with staged(estate, tmp_path, monkeypatch.setenv) as made:
        yield made


def played(of: Iterator[AnswerEvent]) -> tuple[Answer, list[AnswerEvent]]:
    events = list(of)
    assert isinstance(events[-1], Done)
    assert sum(isinstance(event, Done) for event in events) == 1
    return events[-1].answer, events


@pytest.mark.parametrize(
    ("channel", "asked"),
    [
        ("acme-security", ["what needs attention first?", "why?", "show me", "fix it"]),
        ("acme-security", ["how many criticals are open?", "which of them are oldest?"]),
        ("acme-security", ["risky identities", "what changed since yesterday?"]),
        ("secops", ["compare the tenants", "worst of globex"]),
    ],
)
def test_a_runtimes_answer_is_the_one_that_the_worker_would_have_given(
    stage: Stage, channel: str, asked: list[str]
) -> None:
    for text in asked:
        question = stage.question(text, channel)
        there, here = list(stage.worker.answer(question)), list(stage.own.answer(question))
        assert there == here, text
    assert len(stage.core.calls) == len(asked)
    assert {call["session"] for call in stage.core.calls} == {question.session_id}
