"""Random documents: a plan takes the way that the run takes, and lets nothing out that changes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.errors import NotFoundError
from integrations.runbooks.automation import Interpreter
from integrations.runbooks.port import ExecutionStatus, Location, StepRun
from tests.loopback_aws import LoopbackAws, ParameterStore, loopback_aws

READ = ("r0", "r1", "r2")
WRITTEN = ("w0", "w1")
MISSING = "none"
VALUES = st.sampled_from(["a", "b", "7"])
READS = {"GetParameter", "DescribeParameters"}
SETTINGS = settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def aws() -> Iterator[LoopbackAws]:
    with loopback_aws(ParameterStore({})) as running:
        yield running


def api(name: str, **inputs: Any) -> dict[str, Any]:
    return {"Service": "ssm", "Api": name, **inputs}


def action(draw: st.DrawFn, names: tuple[str, ...], later: list[str], got: list[str]) -> Any:
    """One step but for its name and its ways: what it does."""
    kind = draw(
        st.sampled_from(["get", "get", "put", "assert", "assert", "branch", "branch", "copy"])
    )
    if kind == "branch" and later and got:
        choice = {
            "NextStep": draw(st.sampled_from(later)),
            "Variable": f"{{{{ {draw(st.sampled_from(got))}.V }}}}",
            draw(st.sampled_from(["StringEquals", "StartsWith", "Contains"])): draw(VALUES),
        }
        chosen = {"Not": {k: v for k, v in choice.items() if k != "NextStep"}}
        chosen["NextStep"] = choice["NextStep"]  # type: ignore[assignment]
        return "aws:branch", {"Choices": [draw(st.sampled_from([choice, chosen]))]}
    read = {"Name": draw(st.sampled_from(names))}
    write = {"Name": draw(st.sampled_from(WRITTEN)), "Value": draw(VALUES), "Overwrite": True}
    if kind == "assert":
        look = {"PropertySelector": "$.Parameter.Value", "DesiredValues": [draw(VALUES)]}
        return "aws:assertAwsResourceProperty", api("GetParameter", **read, **look)
    if kind == "put":
        return "aws:executeAwsApi", api("PutParameter", **write)
    if kind == "copy" and got:
        write["Value"] = f"as {{{{ {draw(st.sampled_from(got))}.V }}}}"
        return "aws:executeAwsApi", api("PutParameter", **write)
    if kind == "copy":
        return "aws:sleep", {"Duration": "PT1S"}
    return "aws:executeAwsApi", api("GetParameter", **read)


@st.composite
def documents(draw: st.DrawFn, names: tuple[str, ...] = (*READ, MISSING)) -> dict[str, Any]:
    """Up to seven steps that jump forwards only; reads of `names`, writes of others."""
    steps = [f"S{place}" for place in range(draw(st.integers(1, 7)))]
    rows: list[dict[str, Any]] = []
    got: list[str] = []
    for place, name in enumerate(steps):
        later = steps[place + 1 :]
        does, inputs = action(draw, names, later, got)
        row: dict[str, Any] = {"name": name, "action": does, "inputs": inputs}
        if inputs.get("Api") == "GetParameter" and does == "aws:executeAwsApi":
            got.append(name)
            row["outputs"] = [{"Name": "V", "Selector": "$.Parameter.Value"}]
        if later:
            jumps = st.sampled_from(["Abort", "Continue", f"step:{draw(st.sampled_from(later))}"])
            row["onFailure"] = draw(jumps)
            if does != "aws:branch" and draw(st.booleans()):
                row["nextStep"] = draw(st.sampled_from(later))
        if draw(st.integers(0, 4)) == 0:
            row["isEnd"] = True
        if draw(st.integers(0, 3)) == 0:
            row["isCritical"] = draw(st.booleans())
        if draw(st.integers(0, 4)) == 0:
            row["maxAttempts"] = 2
        rows.append(row)
    return {"schemaVersion": "0.3", "mainSteps": rows}


def interpreter(aws: LoopbackAws) -> Interpreter:
    """One whose time passes only while it waits."""
    now = 1_764_000_000.0

    def pause(seconds: float) -> None:
        nonlocal now
        now += seconds

    return Interpreter(
        session_for=lambda _: aws.session(),
        location=Location("111111111111", "eu-west-1"),
        clock=lambda: now,
        pause=pause,
        documents=lambda name, version: name + version,
    )


def prepare(aws: LoopbackAws, values: dict[str, str]) -> None:
    aws.answer = ParameterStore(values)
    aws.requests.clear()


@given(documents(), st.fixed_dictionaries(dict.fromkeys(READ, VALUES)))
@SETTINGS
def test_a_plan_takes_the_way_of_the_run_when_the_reads_are_equal(
    aws: LoopbackAws, document: dict[str, Any], values: dict[str, str]
) -> None:
    prepare(aws, values)
    heard: list[StepRun] = []
    done = interpreter(aws).run(
        document, {}, execution_id="e", on_step=heard.append, cancelled=lambda: False
    )
    assert [run.name for run in heard[1::2]] == [run.name for run in done.steps]
    changed = [body for operation, body in aws.requests if operation not in READS]

    prepare(aws, values)
    planning = interpreter(aws)
    ledger = planning._ledger()
    try:
        _, planned = planning._planned(document, {}, ledger)
    except NotFoundError:
        assert done.status is ExecutionStatus.FAILED
        return
    assert set(aws.operations) <= READS
    if ledger.unpredicted:
        # It says that it cannot tell: an assertion after a write to the same service.
        told = [sentence.partition(" checks ")[0] for sentence in ledger.unpredicted]
        assert min(told) > ledger.calls[0].step
        return
    assert [(s.name, s.status) for s in planned.steps] == [(s.name, s.status) for s in done.steps]
    assert planned.status is done.status
    assert planned.failure == done.failure
    assert [(call.parameters["Name"]) for call in ledger.calls] == [b["Name"] for b in changed]


@given(documents((*READ, *WRITTEN, MISSING)), st.fixed_dictionaries(dict.fromkeys(READ, VALUES)))
@SETTINGS
def test_whatever_a_document_does_its_plan_changes_nothing_and_tells_what_it_kept(
    aws: LoopbackAws, document: dict[str, Any], values: dict[str, str]
) -> None:
    prepare(aws, values)
    try:
        preview = interpreter(aws).plan(document, {})
    except NotFoundError:
        preview = None
    assert set(aws.operations) <= READS
    assert isinstance(aws.answer, ParameterStore)
    assert aws.answer.values == values
    if preview is not None:
        kept = [call.step for call in preview.calls]
        puts = [
            row["name"] for row in document["mainSteps"] if "Value" in json.dumps(row["inputs"])
        ]
        assert set(kept) <= set(puts)
