"""What people write becomes the right tool call; the planner keeps nothing and never breaks."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import canonical
from agent.offline.planner import Say, plan
from agent.offline.steps import Call
from agent.offline.understand import understand
from tests.unit.agent.offline.phrasings import cases

TOOLS = frozenset(
    {
        "list_tenants",
        "posture_summary",
        "changes",
        "exposures",
        "explain_exposure",
        "search_findings",
        "finding_detail",
        "top_resources",
        "resource_detail",
        "connections",
        "public_resources",
        "risky_identities",
        "approvers",
        "remediation_advice",
        "ask_back",
    }
)
TENANTS = ("acme", "globex", "initech", "tenant-04")


def asked(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"text": text}]}]


def in_one_line(step: Call | Say) -> str:
    assert isinstance(step, Call)
    if step.name == "ask_back":
        return f"ask_back {step.arguments['question']}"
    said = [step.name]
    for name, value in step.arguments.items():
        said.append(f"{name}={','.join(value) if isinstance(value, list) else value}")
    return " ".join(said)


def test_there_are_enough_phrasings() -> None:
    assert len(cases()) >= 200


@pytest.mark.parametrize(("text", "expected"), cases())
def test_a_phrasing_becomes_its_call(text: str, expected: str) -> None:
    found = " | ".join(map(in_one_line, plan(asked(text), TOOLS, TENANTS)))
    if expected.startswith("ask_back"):
        assert found.startswith(expected)
    else:
        assert found == expected


@pytest.mark.parametrize("text", [q for q, call in cases() if call.startswith("ask_back I can't")])
def test_what_it_cannot_do_comes_with_two_suggestions_at_least(text: str) -> None:
    (step,) = plan(asked(text), TOOLS, TENANTS)
    assert isinstance(step, Call)
    assert len(step.arguments["choices"]) >= 2


@pytest.mark.parametrize("tail", ["in acme", "of globex", "for tenant tenant-04", "at initech?"])
def test_the_name_of_a_tenant_is_no_resource(tail: str) -> None:
    for text in ("what needs attention first", "show me the criticals", "what is public"):
        assert plan(asked(f"{text} {tail}"), TOOLS, TENANTS) == plan(asked(text), TOOLS, TENANTS)


def test_a_resource_may_hold_the_name_of_a_tenant() -> None:
    assert understand("who can read acme-logs", TENANTS).names == ("acme-logs",)


@given(st.text(max_size=400))
def test_any_text_becomes_steps_that_are_offered(text: str) -> None:
    messages = asked(text)
    before = copy.deepcopy(messages)
    steps = plan(messages, TOOLS, TENANTS)
    assert steps
    assert messages == before
    assert steps == plan(json.loads(json.dumps(messages)), TOOLS, TENANTS)
    assert all(step.name in TOOLS for step in steps if isinstance(step, Call))


WORDS = sorted({word for question, _ in cases() for word in question.split()})


@given(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=10),
    st.sets(st.sampled_from(sorted(TOOLS))),
)
def test_only_offered_tools_are_called_and_otherwise_something_is_said(
    words: list[str], tools: set[str]
) -> None:
    steps = plan(asked(" ".join(words)), frozenset(tools), TENANTS)
    assert steps
    assert all(isinstance(step, Say) or step.name in tools for step in steps)


def test_the_next_page_of_a_list_asks_for_what_the_list_was_asked_for() -> None:
    listed = {"severities": "high", "account": "111111111112", "order": "oldest"}
    (step,) = plan(asked(canonical.next_page(listed, 5, "acme")), TOOLS, TENANTS)
    assert in_one_line(step) == (
        "search_findings limit=10 severities=high offset=5 account=111111111112 order=oldest"
    )


FIXING = TOOLS | {"propose_fix"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fix EC2.13", "propose_fix about=EC2.13"),
        ("please close EC2.13", "propose_fix about=EC2.13"),
        ("plan the fix of F-0123ABCD", "propose_fix about=F-0123ABCD"),
        ("plan the fix of X-ABC123 in acme", "propose_fix about=X-ABC123"),
        ("what would fixing F-0123ABCD do?", "propose_fix about=F-0123ABCD"),
        ("remediate x-abc123", "propose_fix about=X-ABC123"),
        ("how do I fix F-0123ABCD", "remediation_advice about=F-0123ABCD"),
        ("what would fix S3.2", "remediation_advice about=S3.2"),
        ("should we fix F-0123ABCD?", "remediation_advice about=F-0123ABCD"),
        ("when will you fix F-0123ABCD", "remediation_advice about=F-0123ABCD"),
        ("who should fix F-0123ABCD", "finding_detail ref=F-0123ABCD"),
        ("is F-0123ABCD fixed yet?", "finding_detail ref=F-0123ABCD"),
        ("who should fix web-7?", "resource_detail resource=web-7"),
    ],
)
def test_a_fix_is_planned_where_it_can_be_and_told_where_only_that_was_asked(
    text: str, expected: str
) -> None:
    assert " | ".join(map(in_one_line, plan(asked(text), FIXING, TENANTS))) == expected


def test_where_no_finding_could_be_fixed_the_cut_is_explained() -> None:
    called = {"toolUseId": "1", "name": "propose_fix", "input": {"about": "X-ABC123"}}
    refused = {
        "toolUseId": "1",
        "status": "error",
        "content": [{"text": "X-ABC123 rests on no finding that could be fixed"}],
    }
    messages = [
        *asked("plan the fix of X-ABC123"),
        {"role": "assistant", "content": [{"toolUse": called}]},
        {"role": "user", "content": [{"toolResult": refused}]},
    ]
    (step,) = plan(messages, FIXING, TENANTS)
    assert in_one_line(step) == "explain_exposure ref=X-ABC123"


def test_without_access_to_accounts_a_fix_is_only_told() -> None:
    (step,) = plan(asked("fix EC2.13"), TOOLS, TENANTS)
    assert in_one_line(step) == "remediation_advice about=EC2.13"
