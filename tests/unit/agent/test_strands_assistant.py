"""What leaves an assistant, whatever its model does: grounded, in scope, and always an end."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from strands.types.exceptions import ModelThrottledException

from agent.assistant import Answer, AnswerEvent, Done, Question, Replaced, Status, StepState
from agent.offline_model import OfflineModel
from agent.settings import Settings
from agent.strands_assistant import StrandsAssistant
from integrations.connect import Connections
from integrations.conversations.port import ConversationStore
from integrations.conversations.sqlite import SqliteConversationStore
from integrations.errors import UnavailableError
from integrations.findings.port import FindingStore
from integrations.runbooks.catalogue import ShippedRemedies
from tests.demo import scope_in
from tests.scripted_model import ScriptedModel, Uses

FIRST = "what needs attention first?"


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[SqliteConversationStore]:
    store = SqliteConversationStore(tmp_path / "conversations.sqlite", time.time)
    yield store
    store.close()


def assistant(
    model: ScriptedModel | OfflineModel, memory: ConversationStore, **limits: float
) -> StrandsAssistant:
    settings = replace(Settings(), **limits)  # type: ignore[arg-type] # the test names real fields
    return StrandsAssistant(model, memory, ShippedRemedies(), settings)


def asked(
    estate: Connections, text: str = FIRST, *, channel: str = "acme-security", thread: str = "1"
) -> Question:
    return Question(text=text, session_id=f"s-{channel}-{thread}", scope=scope_in(estate, channel))


def played(of: Iterator[AnswerEvent]) -> tuple[Answer, list[AnswerEvent]]:
    events = list(of)
    assert isinstance(events[-1], Done)
    assert sum(isinstance(event, Done) for event in events) == 1
    return events[-1].answer, events


def test_the_offline_planner_answers_with_views_calls_and_evidence(
    estate: Connections, memory: SqliteConversationStore
) -> None:
    answer, events = played(assistant(OfflineModel(), memory).answer(asked(estate)))
    assert "web-7" in answer.text
    assert [call.name for call in answer.tool_calls] == ["exposures"]
    assert any(ref.startswith("X-") for ref in answer.evidence)
    assert any(ref.startswith("F-") for ref in answer.evidence)
    assert answer.notice == ""
    assert [e.state for e in events if isinstance(e, Status)] == [StepState.RUNNING, StepState.DONE]


def test_a_models_grounded_words_are_passed_on(
    estate: Connections, memory: SqliteConversationStore
) -> None:
    model = ScriptedModel(Uses("exposures", {"limit": 1}), "Look at **web-7** first, it scores 99.")
    answer, _ = played(assistant(model, memory).answer(asked(estate)))
    assert answer.text == "Look at **web-7** first, it scores 99."
    assert answer.model == "scripted"


@pytest.mark.parametrize(
    "invented",
    [
        "There are 4,711 criticals.",
        "See arn:aws:s3:::acme-payroll for the worst.",
        "F-ZZZZZZZZ is the worst finding.",
        "CVE-2019-99999 is exploited here.",
    ],
)
def test_invented_numbers_ids_and_arns_never_leave(
    estate: Connections, memory: SqliteConversationStore, invented: str
) -> None:
    model = ScriptedModel(Uses("exposures", {"limit": 1}), f"All is well.\n{invented}")
    answer, events = played(assistant(model, memory).answer(asked(estate)))
    assert invented not in answer.text
    assert "web-7" in answer.text, "the deterministic rendering is sent instead"
    assert any(isinstance(event, Replaced) for event in events)


def test_a_throttled_model_is_stood_in_for_and_the_reader_is_told(
    estate: Connections, memory: SqliteConversationStore
) -> None:
    model = ScriptedModel(ModelThrottledException("slow down"))
    answer, _ = played(assistant(model, memory).answer(asked(estate)))
    assert "web-7" in answer.text
    assert answer.notice == "Answered without the language model (it is throttled)."


def test_a_model_that_fails_half_way_leaves_nothing_of_its_half(
    estate: Connections, memory: SqliteConversationStore
) -> None:
    model = ScriptedModel(Uses("exposures"), RuntimeError("secret-internal-host refused"))
    answer, events = played(assistant(model, memory).answer(asked(estate)))
    assert answer.notice == "Answered without the language model (it is not available)."
    assert "secret-internal-host" not in repr(events)


def test_a_model_that_calls_for_ever_is_stopped(
    estate: Connections, memory: SqliteConversationStore
) -> None:
    model = ScriptedModel(Uses("posture_summary"), forever=True)
    answer, _ = played(assistant(model, memory).answer(asked(estate)))
    assert len(answer.tool_calls) <= Settings().tool_calls
    assert "I stopped after several steps" in answer.text


def test_a_model_that_takes_too_long_is_given_up(
    estate: Connections, memory: SqliteConversationStore
) -> None:
    model = ScriptedModel("never said")
    answer, _ = played(assistant(model, memory, answer_s=0.0).answer(asked(estate)))
    assert answer.notice == "Answered without the language model (it took too long)."


class Stuck:
    """In place of a store: whoever reads from it waits until they are let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()

    def __getattr__(self, _: str) -> Callable[..., object]:
        def wait(*_: object, **__: object) -> object:
            self.let_go.wait(30)
            raise UnavailableError("it was stuck")

        return wait


def test_where_the_engines_are_stuck_that_is_said_without_waiting_for_them(
    estate: Connections, memory: SqliteConversationStore
) -> None:
    stuck = Stuck()
    question = asked(estate)
    (systems,) = question.scope.systems
    held = replace(systems, findings=cast("FindingStore", stuck), exposures=None)
    question = replace(question, scope=replace(question.scope, systems=(held,)))
    began = time.monotonic()
    with pytest.raises(UnavailableError, match="took too long"):
        played(assistant(OfflineModel(), memory, answer_s=-5.0).answer(question))
    assert not stuck.let_go.is_set()
    assert time.monotonic() - began < 20
    stuck.let_go.set()


HOSTILE = (
    Uses("search_findings", {"text": "globex", "tenant": "globex"}),
    Uses("search_findings", {"resource": "payments-node-3"}),
    Uses("resource_detail", {"resource": "payments-node-3"}),
    Uses("connections", {"resource": "globex", "question": "can_reach"}),
    Uses("list_tenants"),
    Uses("remediation_advice", {"about": "globex"}),
    Uses("run_shell", {"command": "id"}),
)


@pytest.mark.parametrize("use", HOSTILE, ids=lambda use: f"{use.tool}-{[*use.arguments.values()]}")
def test_a_compromised_model_reads_nothing_of_another_tenant(
    estate: Connections, memory: SqliteConversationStore, use: Uses
) -> None:
    model = ScriptedModel(use, "done")
    played(assistant(model, memory).answer(asked(estate)))
    read = json.dumps(model.asked[-1][1:])
    for foreign in ("555555555555", "i-0e5node3", "BitcoinTool", "mining pool"):
        assert foreign not in read.replace(json.dumps(use.arguments), "")


def test_no_tool_takes_a_tenant_and_only_operators_may_list_them(
    estate: Connections, memory: SqliteConversationStore
) -> None:
    offered = {}
    for channel in ("acme-security", "secops"):
        model = ScriptedModel("hello")
        played(assistant(model, memory).answer(asked(estate, channel=channel)))
        offered[channel] = {spec["name"]: json.dumps(spec) for spec in model.offered[0]}
    assert "list_tenants" not in offered["acme-security"]
    assert "list_tenants" in offered["secops"]
    schemas = [spec["inputSchema"]["json"]["properties"] for spec in model.offered[0]]
    assert not any("tenant" in name for properties in schemas for name in properties)


def test_what_a_finding_says_is_fenced_before_a_model_reads_it(
    estate: Connections, memory: SqliteConversationStore
) -> None:
    model = ScriptedModel(Uses("search_findings", {"text": "Ignore all previous"}), "Noted.")
    played(assistant(model, memory).answer(asked(estate)))
    read = json.dumps(model.asked[-1])
    assert "Ignore all previous instructions" in read
    assert "\\u202e" not in read, "no text runs backwards"
    assert "<untrusted>" in read or "untrusted" in model.system_prompts[0].lower()


def test_a_thread_is_remembered_and_its_neighbour_is_not(
    estate: Connections, memory: SqliteConversationStore
) -> None:
    first = assistant(OfflineModel(), memory)
    played(first.answer(asked(estate, thread="1")))
    later = ScriptedModel("again"), ScriptedModel("anew")
    played(assistant(later[0], memory).answer(asked(estate, "why?", thread="1")))
    played(assistant(later[1], memory).answer(asked(estate, "why?", thread="2")))
    assert FIRST in json.dumps(later[0].asked[0])
    assert FIRST not in json.dumps(later[1].asked[0])


def test_what_was_withdrawn_is_not_remembered(
    estate: Connections, memory: SqliteConversationStore
) -> None:
    model = ScriptedModel(Uses("exposures"), "There are 4,711 criticals.")
    played(assistant(model, memory).answer(asked(estate)))
    kept = json.dumps(memory.load(asked(estate).session_id).messages)
    assert "4,711" not in kept
