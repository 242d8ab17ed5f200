"""What each door imports, in a process of its own: its imports are its cold start."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

_TELL = """
import json, sys
before = set(sys.modules)
import {door}
print(json.dumps(sorted(set(sys.modules) - before)))
"""

INGRESS = {
    "bot",
    "bot.handlers",
    "bot.handlers.aws_json",
    "bot.handlers.delivery",
    "bot.handlers.hmac_sha256",
    "bot.handlers.parsing",
    "bot.handlers.rotating",
    "bot.handlers.settings",
    "bot.handlers.slack_ingress",
    "bot.handlers.sqs_sender",
    "bot.handlers.verifying",
    "bot.handlers.wire",
}
"""All that the ingress imports beside the standard library."""

NOT_IN_A_DOOR = {"click", "flask", "infra", "moto", "playwright", "pytest", "pyarrow", "werkzeug"}


AGENT_FRAMEWORK = {"strands", "bedrock_agentcore", "pydantic", "mcp", "opentelemetry", "starlette"}


def imported_by(door: str) -> set[str]:
    told = subprocess.run(
        [sys.executable, "-c", _TELL.format(door=door)],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return set(json.loads(told.stdout))


def test_the_ingress_imports_the_standard_library_and_ten_small_modules() -> None:
    found = imported_by("bot.handlers.slack_ingress")
    theirs = {name for name in found if name.partition(".")[0] not in sys.stdlib_module_names}
    assert theirs == INGRESS
    assert not found & {"asyncio", "dataclasses", "email", "http", "inspect", "logging", "typing"}


_EVERYWHERE = {"integrations", "msgspec", "platformdirs", "typing_extensions"}
_SLACK = {"agent", "bot", "slack_sdk"}
_PICTURE = {"pypdfium2", "pypdfium2_cfg", "pypdfium2_raw"}

DOORS = {
    "bot.handlers.worker": _SLACK | _PICTURE | {"slack_bolt"},
    "bot.handlers.sweep": _SLACK | _PICTURE | {"slack_bolt"},
    "bot.handlers.digests": _SLACK,
    "bot.handlers.exposures": {"agent", "bot"},
    "integrations.handlers.findings": {"orjson"},
    "integrations.handlers.resources": {"orjson"},
    "integrations.handlers.security_lake": {"orjson"},
    "integrations.handlers.prepare": set(),
}
"""Whose code each of the others imports at once; engines come with the first event."""


@pytest.mark.parametrize("door", DOORS)
def test_a_door_imports_what_it_needs_at_once_and_nothing_else(door: str) -> None:
    found = imported_by(door)
    assert door in found
    theirs = {name.partition(".")[0] for name in found} - set(sys.stdlib_module_names)
    theirs = {name for name in theirs if not name.startswith("_sysconfigdata")}
    assert theirs <= DOORS[door] | _EVERYWHERE
    assert not found & {"bot.local", "bot.workspace", "slack_bolt.adapter.aws_lambda"}


def test_every_door_is_looked_at() -> None:
    found = {
        f"{path.parts[-3]}.handlers.{path.stem}"
        for folder in ("bot", "integrations")
        for path in (ROOT / folder / "handlers").glob("*.py")
        if "def lambda_handler(" in path.read_text(encoding="utf-8")
    }
    assert found == {*DOORS, "bot.handlers.slack_ingress"}


def test_where_a_runtime_answers_the_worker_imports_no_agent_framework() -> None:
    found = imported_by("bot.handlers.worker")
    assert not {name.partition(".")[0] for name in found} & AGENT_FRAMEWORK
    told = subprocess.run(
        [sys.executable, "-c", _CHOOSE], check=True, capture_output=True, timeout=120
    )
    name, *imported = json.loads(told.stdout)
    assert name == "AgentCoreAssistant"
    assert "boto3" in imported
    assert not {one.partition(".")[0] for one in imported} & AGENT_FRAMEWORK


def test_a_runtime_opens_its_door_before_it_imports_the_agent_framework() -> None:
    found = imported_by("agent.runtime")
    assert "bedrock_agentcore" in found
    assert not found & {"strands", "agent.strands_assistant", "integrations.connect", "bot"}
    assert not {name.partition(".")[0] for name in found} & NOT_IN_A_DOOR


_CHOOSE = """
import json, sys, tempfile, time
from pathlib import Path
from agent.settings import Settings
from bot.choosing_assistant import assistant_for
from integrations.conversations.sqlite import SqliteConversationStore
settings = Settings.from_env({
    "SECURITY_ASSIST_RUNTIME": "arn:aws:bedrock-agentcore:eu-west-1:111122223333:runtime/bot-1",
    "SECURITY_ASSIST_RUNTIME_KEY": "k" * 32,
})
with tempfile.TemporaryDirectory() as folder:
    memory = SqliteConversationStore(Path(folder) / "said.sqlite", time.time)
    chosen = assistant_for(settings, memory)
    memory.close()
print(json.dumps([type(chosen).__name__, *sorted(sys.modules)]))
"""


_WATCH = """
import json, sys
from tests.lambda_slack import Edge, delivered
edge, ran = Edge(), []
def watch(frame, event, _):
    if event == "call":
        ran.append(frame.f_code.co_filename + ":" + frame.f_code.co_name)
good, bad = delivered(b"{\\"a\\": 1}"), delivered(b"{\\"a\\": 1}", signature="v0=" + "0" * 64)
seen = {}
for name, event in (("good", good), ("bad", bad)):
    ran.clear()
    sys.setprofile(watch)
    edge.receive(event)
    sys.setprofile(None)
    seen[name] = [one for one in ran if one.endswith((":parsed", ":parse_qsl", ":content"))]
print(json.dumps(seen))
"""


def test_no_body_is_parsed_before_its_signature_is_verified() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _WATCH], check=True, capture_output=True, timeout=120
    )
    seen = json.loads(told.stdout)
    assert any(one.endswith(":parsed") for one in seen["good"]), "the watch sees what is parsed"
    assert seen["bad"] == []
