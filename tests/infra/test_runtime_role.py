"""What the runtime and a model in the worker call of AgentCore and Bedrock, and what is granted."""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from policy_sentry.querying.actions import get_actions_for_service

from agent.assistant import Done, Question
from agent.llm import model_for
from agent.settings import Settings
from agent.strands_assistant import StrandsAssistant
from infra.deploy.template import all_templates
from integrations.connect import Connections
from integrations.conversations.sqlite import SqliteConversationStore
from integrations.runbooks.catalogue import ShippedRemedies
from tests.agentcore_stage import AWS, staged
from tests.bedrock_runtime import bedrock_runtime, call, text
from tests.demo import scope_in
from tests.infra.recording import Called, recording
from tests.infra.test_roles import granted
from tests.infra.test_templates import listed, statements
from tests.scripted_model import ScriptedModel, Uses

pytestmark = pytest.mark.slow

ASKED = "what needs attention first?"
MEMORY = {"SECURITY_ASSIST_MEMORY": "memory-a1b2c3d4e5"}
LONG_TERM = MEMORY | {"SECURITY_ASSIST_LONG_TERM": "/channels/{actorId}"}
RECALL = Called("bedrock-agentcore:RetrieveMemoryRecords")


def of(service: str, *roles: str) -> set[Called]:
    """What roles grant of a service."""
    return {c for role in roles for c in granted(role) if c.action.startswith(f"{service}:")}


def condition_of(action: str) -> str:
    """The condition under which the runtime's role grants an action."""
    role = all_templates()["infra/agentcore.yaml"]["Resources"]["Role"]
    for one in role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]:
        if "Fn::If" in one and action in listed(one["Fn::If"][1]["Action"]):
            return str(one["Fn::If"][0])
    return ""


@pytest.mark.parametrize(("sets", "recalls"), [(MEMORY, False), (LONG_TERM, True)])
def test_worker_and_runtime_may_of_agentcore_what_they_call(
    estate: Connections,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sets: Mapping[str, str],
    recalls: bool,  # noqa: FBT001 - the second half of a case
) -> None:
    with ExitStack() as opened:
        recorders = []

        def setenv(name: str, value: str) -> None:
            if name == "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE":
                between = opened.enter_context(recording(value, AWS["AWS_ACCESS_KEY_ID"]))
                recorders.append(between)
                value = between.url
            monkeypatch.setenv(name, value)

        # The planner has no use for what was said long ago, and does not ask for it.
        model = ScriptedModel(Uses("exposures", {"limit": 1}), "Fix web-7.", "Because it is open.")
        stage = opened.enter_context(staged(estate, tmp_path, setenv, sets=sets, model=model))
        for asked in (ASKED, "why?"):
            *_, last = stage.worker.answer(stage.question(asked))
            assert isinstance(last, Done)
        calls = recorders[0].calls
    assert of("bedrock-agentcore", "worker") == {Called("bedrock-agentcore:InvokeAgentRuntime")}
    unused = set() if recalls else {RECALL}
    assert calls == of("bedrock-agentcore", "worker", "runtime") - unused
    assert condition_of(RECALL.action) == "HasLongTerm"


@pytest.mark.parametrize("guarded", [True, False], ids=["with a guardrail", "without one"])
def test_a_model_takes_what_is_granted_of_bedrock(
    estate: Connections,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    guarded: bool,  # noqa: FBT001 - a case
) -> None:
    replies = [call("exposures", {"limit": 1}), text("Fix the SSH on web-7 first.")]
    with (
        bedrock_runtime(lambda _: replies.pop(0)) as bedrock,
        recording(bedrock.url, AWS["AWS_ACCESS_KEY_ID"]) as between,
    ):
        for name, value in {**AWS, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": between.url}.items():
            monkeypatch.setenv(name, value)
        settings = Settings.from_env(
            {
                "SECURITY_ASSIST_MODEL": "bedrock:fake-model",
                "SECURITY_ASSIST_GUARDRAIL": "abc123" if guarded else "",
                "AWS_REGION": "eu-west-1",
            }
        )
        memory = SqliteConversationStore(tmp_path / "said.sqlite", time.time)
        assistant = StrandsAssistant(model_for(settings), memory, ShippedRemedies(), settings)
        scope = scope_in(estate, "acme-security", ASKED)
        *_, last = assistant.answer(Question(text=ASKED, session_id="granted", scope=scope))
        memory.close()
    assert isinstance(last, Done)
    assert last.answer.model == "fake-model", "the planner did not answer in its place"
    unused = set() if guarded else {Called("bedrock:ApplyGuardrail")}
    assert between.calls == of("bedrock", "runtime") - unused
    assert of("bedrock", "worker") == of("bedrock", "runtime")
    assert condition_of("bedrock:ApplyGuardrail") == "HasGuardrail"


def test_every_action_that_is_granted_is_known_to_iam() -> None:
    known: dict[str, set[str]] = {}
    for name, template in all_templates().items():
        for statement in statements(template):
            for action in listed(statement["Action"]):
                service = action.partition(":")[0]
                if service not in known:
                    known[service] = set(get_actions_for_service(service))
                assert action in known[service], (name, action)
