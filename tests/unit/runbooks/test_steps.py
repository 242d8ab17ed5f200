from typing import Any

import pytest

from integrations.runbooks.actions.flow import seconds_of
from integrations.runbooks.failures import StepFailedError
from integrations.runbooks.port import ExecutionStatus
from tests.automation_stage import STARTED_AT, Stage, document, get, names_of, put
from tests.loopback_aws import LoopbackAws, ParameterStore, loopback_aws

ASSERT = (
    "{name: Sure, action: 'aws:assertAwsResourceProperty', inputs: {Service: ssm,"
    " Api: GetParameter, Name: door, PropertySelector: $.Parameter.Value, DesiredValues: %s}}"
)
WAIT = ASSERT.replace("assertAws", "waitForAws").replace("Sure", "Wait")


def branch(*choices: str, more: str = "") -> str:
    return (
        "{name: Choose, action: 'aws:branch', inputs: {Choices: [" + ", ".join(choices) + "]"
        f"{more}}}}}"
    )


OPEN = "{NextStep: Open, Variable: '{{ Read.Value }}', StringEquals: open}"
ENDS = ", isEnd: true"


def test_a_branch_goes_to_the_first_choice_that_is_true(aws: LoopbackAws) -> None:
    later = "{NextStep: Other, Variable: '{{ Read.Value }}', StartsWith: o}"
    done = Stage(aws).run(
        document(get("Read"), branch(OPEN, later), get("Other"), get("Open", more=ENDS))
    )
    assert list(names_of(done)) == ["Read", "Choose", "Open"]


@pytest.mark.parametrize(
    ("default", "way"),
    [(", Default: Other", ["Other"]), ("", ["Below", "Other", "Open"]), ("}, isEnd: true", [])],
)
def test_a_branch_without_a_true_choice_goes_to_its_default_below_or_nowhere(
    aws: LoopbackAws, store: ParameterStore, default: str, way: list[str]
) -> None:
    store.values["door"] = "shut"
    choose = branch(OPEN, more=default)
    if default.startswith("}"):
        choose = branch(OPEN)[:-1] + ", isEnd: true}"
    others = (get("Below"), get("Other"), get("Open"))
    if default.startswith(", D"):
        others = (get("Below"), get("Other", more=ENDS), get("Open"))
    done = Stage(aws).run(document(get("Read"), choose, *others))
    assert list(names_of(done)) == ["Read", "Choose", *way]


def test_a_comparison_of_different_types_fails_the_branch(aws: LoopbackAws) -> None:
    choice = "{NextStep: Open, Variable: '{{ Read.Value }}', NumericGreater: 1}"
    done = Stage(aws).run(document(get("Read"), branch(choice), get("Open")))
    assert done.failure == "Choose: NumericGreater cannot compare str with int"


def test_an_assertion_holds_or_says_what_is_there(aws: LoopbackAws) -> None:
    assert Stage(aws).run(document(ASSERT % "[shut, open]")).status is ExecutionStatus.SUCCESS
    done = Stage(aws).run(document(ASSERT % "[shut]"))
    assert done.failure == "Sure: $.Parameter.Value is open, not shut"


def test_a_property_is_waited_for(store: ParameterStore) -> None:
    looks = 0

    def answer(operation: str, body: dict[str, Any]) -> dict[str, Any]:
        nonlocal looks
        looks += 1
        if looks == 4:
            store.values["door"] = "shut"
        return store(operation, body)

    with loopback_aws(answer) as aws:
        stage = Stage(aws)
        done = stage.run(document(WAIT % "[shut]"))
    assert (done.status, looks) == (ExecutionStatus.SUCCESS, 4)
    assert stage.now > STARTED_AT


def test_a_property_that_never_comes_times_out_after_an_hour(aws: LoopbackAws) -> None:
    stage = Stage(aws)
    stage.aws.requests.clear()
    done = stage.run(document((WAIT % "[shut]").replace("}}", "}, timeoutSeconds: 30}")))
    assert done.status is ExecutionStatus.TIMED_OUT
    assert 30 <= stage.now - STARTED_AT < 40


@pytest.mark.parametrize("value", ["True", "true"])
def test_a_boolean_is_asserted_by_its_name(value: str) -> None:
    with loopback_aws(lambda *_: {"KeyRotationEnabled": True}) as aws:
        step = (
            "{name: A, action: 'aws:assertAwsResourceProperty', inputs: {Service: kms,"
            " Api: get_key_rotation_status, KeyId: k, PropertySelector: $.KeyRotationEnabled,"
            f" DesiredValues: ['{value}']}}}}"
        )
        assert Stage(aws).run(document(step)).failure == ""


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ("{Service: nowhere, Api: X}", "A: there is no service 'nowhere'"),
        ("{Service: ssm, Api: Explode}", "A: ssm has no operation 'Explode'"),
        ("{Service: ssm, Api: GetParameter}", 'Missing required parameter in input: "Name"'),
        ("{Service: ssm, Api: GetParameter, Name: 7}", "Invalid type for parameter Name"),
    ],
)
def test_a_call_that_cannot_be_made_fails_its_step(
    aws: LoopbackAws, inputs: str, said: str
) -> None:
    done = Stage(aws).run(document(f"{{name: A, action: 'aws:executeAwsApi', inputs: {inputs}}}"))
    assert said in done.failure
    assert aws.requests == []


def test_a_list_in_a_list_of_an_api_is_spread(aws: LoopbackAws) -> None:
    step = (
        "{name: A, action: 'aws:executeAwsApi', inputs: {Service: ssm, Api: DescribeParameters,"
        " ParameterFilters: [{Key: Name, Values: ['{{ Names }}', c]}]}}"
    )
    Stage(aws).run(document(step, parameters="{Names: {type: StringList}}"), Names=["a", "b"])
    ((_, body),) = aws.requests
    assert body["ParameterFilters"] == [{"Key": "Name", "Values": ["a", "b", "c"]}]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT10M", 600), ("PT1H2M3.5S", 3723.5), ("P1D", 86_400), ("P1DT1S", 86_401), ("P1W", 604_800)],
)
def test_a_duration_is_read(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "P", "PT", "10M", "-PT1S", "P1M", "PT1M1", "P1DT", "P1Y"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(StepFailedError, match="no duration"):
        seconds_of(text)


@pytest.mark.parametrize(
    ("inputs", "seconds"),
    [
        ("{Duration: PT90S}", 90),
        ("{Timestamp: '2025-11-24T16:00:30Z'}", 30),
        ("{Timestamp: '2025-11-24T16:00:30'}", 30),
        ("{Timestamp: '2020-01-01T00:00:00Z'}", 0),
    ],
)
def test_a_step_sleeps(aws: LoopbackAws, inputs: str, seconds: float) -> None:
    stage = Stage(aws)
    done = stage.run(document(f"{{name: A, action: 'aws:sleep', inputs: {inputs}}}"))
    assert done.failure == ""
    assert stage.now - STARTED_AT == pytest.approx(seconds)


@pytest.mark.parametrize("inputs", ["{Duration: P8D}", "{Timestamp: '2030-01-01T00:00:00Z'}"])
def test_nobody_sleeps_longer_than_a_week(aws: LoopbackAws, inputs: str) -> None:
    done = Stage(aws).run(document(f"{{name: A, action: 'aws:sleep', inputs: {inputs}}}"))
    assert "at most 7 days" in done.failure


def test_a_pause_waits_for_a_person(aws: LoopbackAws) -> None:
    stage = Stage(aws, signals=["Approve", "Resume"])
    done = stage.run(document("{name: Stop, action: 'aws:pause', inputs: {}}", put("Shut")))
    assert done.status is ExecutionStatus.SUCCESS
    assert [str(run.status) for run in stage.heard if run.name == "Stop"] == [
        "InProgress",
        "Waiting",
        "Waiting",
        "Success",
    ]


def test_a_pause_that_nobody_ends_times_out_after_a_week(aws: LoopbackAws) -> None:
    stage = Stage(aws)
    done = stage.run(document("{name: Stop, action: 'aws:pause', timeoutSeconds: 100, inputs: {}}"))
    assert done.status is ExecutionStatus.TIMED_OUT


APPROVE = (
    "{name: Ask, action: 'aws:approve', inputs: {Approvers: [a, b, c], MinRequiredApprovals: 2}}"
)


def test_enough_approvals_let_a_document_go_on(aws: LoopbackAws) -> None:
    note = put("Note", "note", "'{{ Ask.ApprovalStatus }}'")
    stage = Stage(aws, signals=["Approve", "Approve"])
    assert stage.run(document(APPROVE, note)).failure == ""
    assert stage.aws.requests[-1][1]["Value"] == "Approved"


def test_one_rejection_ends_it(aws: LoopbackAws) -> None:
    done = Stage(aws, signals=["Approve", "Reject"]).run(document(APPROVE, put("Shut")))
    assert done.failure == "Ask: an approver rejected it"
    assert aws.requests == []


def test_more_approvals_than_approvers_are_refused(aws: LoopbackAws) -> None:
    done = Stage(aws).run(document(APPROVE.replace("2}", "4}")))
    assert "4 approvals cannot come from 3 approvers" in done.failure


NESTED = (
    "{name: Inner, action: 'aws:executeAutomation', inputs: {DocumentName: Inner,"
    " RuntimeParameters: {Door: ['{{ Which }}']}}}"
)
INNER = document(
    get("Read", "'{{ Door }}'"),
    put("Shut", "'{{ Door }}'"),
    parameters="{Door: {type: String}}",
    more="outputs: [Read.Value]",
)


def test_a_document_runs_another_and_uses_what_it_puts_out(
    aws: LoopbackAws, store: ParameterStore
) -> None:
    note = put("Note", "note", "'{{ Inner.Status }}: {{ Inner.Output }}'")
    stage = Stage(aws, documents={"Inner": INNER})
    done = stage.run(document(NESTED, note, parameters="{Which: {type: String}}"), Which=["door"])
    assert done.failure == ""
    assert store.values == {"door": "shut", "note": 'Success: ["open"]'}


def test_a_document_within_a_document_that_fails_fails_its_step(aws: LoopbackAws) -> None:
    stage = Stage(aws, documents={"Inner": INNER})
    done = stage.run(document(NESTED, parameters="{Which: {type: String}}"), Which=["window"])
    assert done.failure.startswith("Inner: Inner ended as Failed: Read: ")


@pytest.mark.parametrize(
    ("inner", "said"),
    [
        ("", "there is no document Inner"),
        (document("{name: A, action: 'aws:runCommand'}"), "unsupported action"),
        (document(get("A")), "has no parameter Door"),
    ],
)
def test_a_document_that_cannot_be_run_within_another_fails_its_step(
    aws: LoopbackAws, inner: str, said: str
) -> None:
    stage = Stage(aws, documents={"Inner": inner} if inner else {})
    done = stage.run(document(NESTED, parameters="{Which: {type: String}}"), Which=["door"])
    assert said in done.failure


def test_documents_are_not_nested_without_end(aws: LoopbackAws) -> None:
    again = document(NESTED.replace("{{ Which }}", "x"), parameters="{Door: {type: String}}")
    done = Stage(aws, documents={"Inner": again}).run(again, Door=["x"])
    assert "nested more than 10 deep" in done.failure
