"""The real Bedrock client, against a loopback service that speaks ConverseStream's frames."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from strands.models.bedrock import BedrockModel

from agent.assistant import Answer, Done, Question
from agent.llm import model_for
from agent.settings import Settings
from agent.strands_assistant import StrandsAssistant
from integrations.connect import Connections
from integrations.conversations.sqlite import SqliteConversationStore
from integrations.runbooks.catalogue import ShippedRemedies
from tests.bedrock_runtime import BedrockRuntime, Reply, bedrock_runtime, call, text
from tests.demo import scope_in

Ask = Callable[[str], Answer]


def _script(*replies: Reply | int) -> Callable[[dict[str, Any]], Reply | int]:
    left = list(replies)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


@pytest.fixture
def bedrock(request: pytest.FixtureRequest) -> Iterator[BedrockRuntime]:
    with bedrock_runtime(_script(*request.param)) as runtime:
        yield runtime


@pytest.fixture
def ask(
    bedrock: BedrockRuntime, estate: Connections, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Ask]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIAFAKEFAKEFAKEFAKE",
        "AWS_SECRET_ACCESS_KEY": "fake",
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": bedrock.url,
    }.items():
        monkeypatch.setenv(name, value)
    settings = Settings.from_env(
        {"SECURITY_ASSIST_MODEL": "bedrock:fake-model", "AWS_REGION": "eu-west-1"}
    )
    model = model_for(settings)
    assert isinstance(model, BedrockModel)
    memory = SqliteConversationStore(tmp_path / "conversations.sqlite", time.time)
    assistant = StrandsAssistant(model, memory, ShippedRemedies(), settings)

    def asked(words: str) -> Answer:
        scope = scope_in(estate, "acme-security", words)
        *_, last = assistant.answer(Question(text=words, session_id="bedrock", scope=scope))
        assert isinstance(last, Done)
        return last.answer

    yield asked
    memory.close()


@pytest.mark.parametrize(
    "bedrock",
    [(call("exposures", {"limit": 1}), text("Fix the SSH on web-7 first; it scores 99."))],
    indirect=True,
)
def test_a_model_on_bedrock_calls_tools_and_answers(ask: Ask, bedrock: BedrockRuntime) -> None:
    answer = ask("what needs attention first?")
    assert answer.text == "Fix the SSH on web-7 first; it scores 99."
    assert answer.model == "fake-model"
    assert [c.name for c in answer.tool_calls] == ["exposures"]
    first, second = bedrock.requests
    offered = {
        tool["toolSpec"]["name"] for tool in first["toolConfig"]["tools"] if "toolSpec" in tool
    }
    assert {"exposures", "search_findings", "remediation_advice"} <= offered
    assert "system" in first
    (result,) = [b["toolResult"] for b in second["messages"][-1]["content"] if "toolResult" in b]
    assert "web-7" in result["content"][0]["text"]


@pytest.mark.parametrize("bedrock", [(429,), (500,)], indirect=True, ids=["throttled", "down"])
def test_bedrock_failing_is_said_and_the_planner_answers(ask: Ask, bedrock: BedrockRuntime) -> None:
    answer = ask("what needs attention first?")
    assert "web-7" in answer.text
    assert answer.notice.startswith("Answered without the language model")
    assert answer.model == "offline-planner"
    assert len(bedrock.requests) == 2, "one try and one more"


@pytest.mark.parametrize("bedrock", [(text("There are 31,337 criticals in acme."),)], indirect=True)
def test_an_invented_number_from_bedrock_does_not_leave(ask: Ask) -> None:
    assert "31,337" not in ask("how many criticals?").text
