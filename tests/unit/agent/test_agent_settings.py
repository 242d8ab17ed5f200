"""What the environment may say of the assistant, and what it may not."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from strands.models.bedrock import BedrockModel

from agent.agentcore_assistant import runtime_client
from agent.llm import model_for
from agent.runtime_keys import KEPT_S, keys_of
from agent.settings import Settings, UnusableSettingError
from tests.loopback_http import served

ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:runtime-key-AbCdEf"
NEW, OLD = "n" * 40, "o" * 40


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECURITY_ASSIST_ANSWER_SECONDS", "0"),
        ("SECURITY_ASSIST_ANSWER_SECONDS", "nan"),
        ("SECURITY_ASSIST_TURNS", "many"),
        ("SECURITY_ASSIST_TURNS", "51"),
        ("SECURITY_ASSIST_TOOL_CALLS", "-1"),
        ("SECURITY_ASSIST_PROMPT_CACHE", "maybe"),
    ],
)
def test_a_setting_that_means_nothing_is_named(name: str, value: str) -> None:
    with pytest.raises(UnusableSettingError, match=f"{name} is .*{value}"):
        Settings.from_env({name: value})


def test_limits_and_cache_are_settings() -> None:
    told = Settings.from_env(
        {
            "SECURITY_ASSIST_TURNS": "3",
            "SECURITY_ASSIST_TOOL_CALLS": "4",
            "SECURITY_ASSIST_PROMPT_CACHE": "off",
        }
    )
    assert (told.turns, told.tool_calls, told.prompt_cache) == (3, 4, False)
    usual = Settings.from_env({})
    assert (usual.turns, usual.tool_calls, usual.prompt_cache, usual.long_term) == (6, 12, True, "")


@pytest.mark.parametrize("cached", ["on", "off"])
def test_bedrock_gets_its_cache_and_its_guardrail_from_settings(
    cached: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAFAKEFAKEFAKEFAKE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "fake")
    told = Settings.from_env(
        {
            "SECURITY_ASSIST_MODEL": "bedrock:some-model",
            "SECURITY_ASSIST_PROMPT_CACHE": cached,
            "SECURITY_ASSIST_GUARDRAIL": "gr-1",
            "SECURITY_ASSIST_GUARDRAIL_VERSION": "3",
            "AWS_REGION": "eu-west-1",
        }
    )
    model = model_for(told)
    assert isinstance(model, BedrockModel)
    config = model.get_config()
    assert ("cache_config" in config) == (cached == "on")
    assert (config["guardrail_id"], config["guardrail_version"]) == ("gr-1", "3")
    model.client.close()


def test_no_key_is_shown_in_a_repr() -> None:
    told = Settings.from_env({"SECURITY_ASSIST_RUNTIME_KEY": NEW})
    assert NEW not in repr(told)


@pytest.mark.parametrize("arn", ["on", "arn:aws:lambda:eu-west-1:111122223333:function:x", ""])
def test_a_runtime_is_named_by_its_arn(arn: str) -> None:
    with pytest.raises(UnusableSettingError, match="SECURITY_ASSIST_RUNTIME has to be the ARN"):
        runtime_client(arn)


@pytest.mark.parametrize("key", ["", "short"])
def test_a_key_that_is_missing_or_short_is_refused(key: str) -> None:
    with pytest.raises(UnusableSettingError, match="at least 32 characters"):
        keys_of(Settings(runtime_key=key))


class Rotated:
    """Secrets Manager with one secret in it."""

    def __init__(self, **values: str) -> None:
        self.values = values
        self.asked: list[str] = []

    def answer(self, body: bytes) -> tuple[int, bytes]:
        label = json.loads(body)["VersionStage"]
        self.asked.append(label)
        if label not in self.values:
            return 400, b'{"__type": "ResourceNotFoundException", "message": "no such version"}'
        return 200, json.dumps({"ARN": ARN, "SecretString": self.values[label]}).encode()


@contextmanager
def secret_of(monkeypatch: pytest.MonkeyPatch, **values: str) -> Iterator[Rotated]:
    rotated = Rotated(**values)
    with served(rotated.answer) as url:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "AKIAFAKEFAKEFAKEFAKE",
            "AWS_SECRET_ACCESS_KEY": "fake",
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": url,
        }.items():
            monkeypatch.setenv(name, value)
        yield rotated


def test_a_key_of_secrets_manager_counts_with_the_one_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    with secret_of(monkeypatch, AWSCURRENT=OLD) as rotated:
        keys = keys_of(Settings(runtime_key_arn=ARN), lambda: now[0])
        assert keys() == (OLD,)
        rotated.values = {"AWSCURRENT": NEW, "AWSPREVIOUS": OLD}
        assert keys() == (OLD,), "it is not asked at every question"
        now[0] = KEPT_S
        assert keys() == (NEW, OLD)
        now[0] = 2 * KEPT_S
        rotated.values = {}
        assert keys() == (NEW, OLD), "it is away; what was read last is still good"
    assert rotated.asked == [*["AWSCURRENT", "AWSPREVIOUS"] * 2, "AWSCURRENT"]


def test_a_short_secret_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    with secret_of(monkeypatch, AWSCURRENT="hunter2"):
        with pytest.raises(UnusableSettingError) as refused:
            keys_of(Settings(runtime_key_arn=ARN))()
        assert "hunter2" not in str(refused.value)


_TRACED = """
import json, sys, time
from pathlib import Path
from agent.settings import Settings
from agent.traces import redact
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
kept = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(kept))
trace.set_tracer_provider(provider)
redact()
from agent.assistant import Question, Scope
from agent.offline_model import OfflineModel
from agent.strands_assistant import StrandsAssistant
from integrations.connect import Connections
from integrations.conversations.sqlite import SqliteConversationStore
from integrations.runbooks.catalogue import ShippedRemedies
from integrations.settings import Settings as Systems
from integrations.tenants.port import Tenant
folder = Path(sys.argv[1])
with Connections(Systems(state=folder)) as connections:
    connections.directory.put(Tenant(id="acme", name="Acme", accounts=("111111111111",)))
    assistant = StrandsAssistant(
        OfflineModel(), connections.conversations(), ShippedRemedies(), Settings())
    question = Question("what of secret-bucket-name?", "s-1", Scope((connections.systems("acme"),)))
    list(assistant.answer(question))
try:
    with trace.get_tracer("ours").start_as_current_span("ours"):
        raise ValueError("secret-bucket-name is refused")
except ValueError:
    pass
print(json.dumps([json.loads(span.to_json()) for span in kept.get_finished_spans()]))
"""


def test_traces_tell_the_session_and_the_tenants_and_no_words(tmp_path: Any) -> None:
    told = subprocess.run(
        [sys.executable, "-c", _TRACED, str(tmp_path)], check=True, capture_output=True, timeout=120
    )
    spans = json.loads(told.stdout.splitlines()[-1])
    (agent,) = [span for span in spans if span["name"].startswith("invoke_agent")]
    assert agent["attributes"]["session.id"] == "s-1"
    assert agent["attributes"]["security_assist.tenants"] == ["acme"]
    tools = [span for span in spans if span["name"].startswith("execute_tool")]
    assert {"status_code": "ERROR"} in [span["status"] for span in tools]
    (ours,) = [span for span in spans if span["name"] == "ours"]
    assert [event["attributes"] for event in ours["events"]] == [{"exception.type": "ValueError"}]
    assert "secret-bucket-name" not in json.dumps(spans)
