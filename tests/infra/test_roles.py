"""What each role grants, and what its door calls: the same, both ways."""

import ast
import json
from collections.abc import Iterator
from typing import Any

import pytest

from infra.deploy.imports import ROOT
from infra.deploy.template import all_templates
from tests.infra.driven_doors import ROLES, driven
from tests.infra.recording import Called
from tests.infra.test_templates import listed, statements

pytestmark = pytest.mark.slow

POLLER = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
"""Called by Lambda's own poller with the function's role ("Using Lambda with Amazon SQS")."""
LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
"""Called by Lambda itself."""
STORES = {
    "es:ESHttpGet", "es:ESHttpPost", "es:ESHttpPut", "aoss:APIAccessAll",
}  # fmt: skip
"""Asked in the findings' store of a deployment, which is embedded here; see below for its verbs."""
MODELS = {
    "bedrock:InvokeModelWithResponseStream", "bedrock:ApplyGuardrail",
    "bedrock-agentcore:InvokeAgentRuntime",
}  # fmt: skip
"""Asked where a model or a runtime is set; here the planner answers. See test_runtime_role.py."""
SECRETS = {
    "SlackSigningSecretArn": "signing",
    "SlackBotTokenArn": "token",
    "RuntimeKeyArn": "runtime",
}
UNSEEN = {
    "worker": {
        # A conversation that one item cannot hold is in several, and the old ones are deleted.
        ("dynamodb:Query", "conversations"),
        ("dynamodb:DeleteItem", "conversations"),
        # Kept exposures that one item cannot hold.
        ("dynamodb:Query", "pipelines"),
        # Where questions go to AgentCore.
        ("secretsmanager:GetSecretValue", "runtime"),
    },
    "exposures": {
        # As above: what one item cannot hold, and what was kept before.
        ("dynamodb:Query", "pipelines"),
        ("dynamodb:DeleteItem", "pipelines"),
    },
}
"""By role: what is called where no test of seconds comes, each with its reason."""
TAKES_UP = "sweep"
"""Does with requests what the worker does, where a worker died over them: by the same code."""

door_of = pytest.mark.parametrize("role", ROLES)


def resource_of(arn: Any) -> str:
    """What of a resource counts: a table, a role, a secret; else nothing."""
    text = json.dumps(arn)
    if ":table/" in text:
        return text.rpartition("-")[2].strip('"}').removesuffix("/index/*")
    if ":role/SecurityAssist" in text:
        return text.rpartition("/")[2].strip('"}')
    named = arn.get("Ref", "") if isinstance(arn, dict) else ""
    return SECRETS.get(named, "")


def granted(role: str) -> set[Called]:
    """What a role grants, in the same words in which calls are recorded."""
    found: set[Called] = set()
    for template in all_templates().values():
        for told in template["Resources"].values():
            if told["Type"] != "AWS::IAM::Role":
                continue
            if told["Properties"]["RoleName"] != {"Fn::Sub": f"${{Name}}-{role}"}:
                continue
            for statement in statements({"Resources": {"_": told}}):
                for action in listed(statement["Action"]):
                    for on in listed(statement["Resource"]):
                        found.add(Called(action, resource_of(on)))
    return found


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, set[Called]]]:
    with driven(tmp_path_factory.mktemp("doors")) as found:
        yield found


@door_of
def test_a_role_grants_what_its_door_calls(seen: dict[str, set[Called]], role: str) -> None:
    assert seen[role], "the door was not driven"
    assert sorted(seen[role] - granted(role)) == []


@door_of
def test_a_role_grants_nothing_that_its_door_does_not_call(
    seen: dict[str, set[Called]], role: str
) -> None:
    by_others = POLLER | LOGS | STORES | MODELS
    unused = {one for one in granted(role) - seen[role] if one.action not in by_others}
    if role == TAKES_UP:
        unused -= seen["worker"]
    listed_here = {Called(action, on) for action, on in UNSEEN.get(role, set())}
    assert unused == listed_here


def test_the_runtime_may_less_than_the_worker_and_enters_the_role_that_reads() -> None:
    """It answers in the worker's place, with the same tools; what is carried out stays there."""
    ours = {c for c in granted("runtime") if c.action.partition(":")[0] in {"dynamodb", "sts"}}
    assert ours < granted("worker")
    entered = {c.on for c in granted("runtime") if c.action.startswith("sts:")}
    assert entered == {"SecurityAssistRead"}
    assert Called("dynamodb:UpdateItem", "remediations") not in ours


def test_opensearch_is_asked_with_the_verbs_that_the_roles_grant() -> None:
    """Everything but preparing and telling its version is a POST, so no other verb is granted."""
    apart = {"prepare", "about"}
    used: dict[bool, set[str]] = {True: set(), False: set()}
    for path in (ROOT / "integrations" / "findings").glob("opensearch*.py"):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                used[function.name in apart] |= set(_verbs(function))
    assert used[False] == {"POST"}
    # HEAD is how the client asks whether an index exists.
    assert used[True] | {"HEAD"} == {"GET", "HEAD", "PUT"}
    for role in (*ROLES, "runtime"):
        verbs = {c.action for c in granted(role) if c.action.startswith("es:")}
        assert verbs <= {"es:ESHttpPost"}, role
    prepares = {c.action for c in granted("prepare") if c.action.startswith("es:")}
    assert prepares == {"es:ESHttpGet", "es:ESHttpHead", "es:ESHttpPut"}


def _verbs(function: ast.FunctionDef) -> Iterator[str]:
    for call in ast.walk(function):
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "ask":
            first = call.args[0]
            if isinstance(first, ast.Constant):
                yield str(first.value)
