import pytest

from integrations.runbooks.port import AutomationInputError, ExecutionStatus
from tests.automation_stage import (
    EXECUTION,
    STARTED_AT,
    Stage,
    document,
    get,
    names_of,
    put,
)
from tests.loopback_aws import LoopbackAws, ParameterStore

FAILS = (
    "{name: %s, action: 'aws:executeAwsApi',"
    " inputs: {Service: ssm, Api: GetParameter, Name: gone}%s}"
)
SLEEP = "{name: %s, action: 'aws:sleep', inputs: {Duration: %s}%s}"


def test_steps_run_in_order_and_tell_how_they_ended(
    aws: LoopbackAws, store: ParameterStore
) -> None:
    stage = Stage(aws)
    done = stage.run(document(get("Read"), put("Shut"), more="outputs: [Read.Value]"))
    assert done.status is ExecutionStatus.SUCCESS
    assert names_of(done) == {"Read": "Success", "Shut": "Success"}
    assert done.outputs == {"Read.Value": "open"}
    assert (done.id, done.started_at.timestamp(), done.failure) == (EXECUTION, STARTED_AT, "")
    assert store.values == {"door": "shut"}
    assert [(run.name, str(run.status)) for run in stage.heard] == [
        ("Read", "InProgress"),
        ("Read", "Success"),
        ("Shut", "InProgress"),
        ("Shut", "Success"),
    ]


def test_the_first_failure_ends_a_document(aws: LoopbackAws) -> None:
    done = Stage(aws).run(document(FAILS % ("Find", ""), put("Shut")))
    assert done.status is ExecutionStatus.FAILED
    assert names_of(done) == {"Find": "Failed"}
    assert "ParameterNotFound" in done.failure
    assert done.failure.startswith("Find: ")
    assert aws.operations == ["GetParameter"]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (", onFailure: Continue", "Success"),
        (", onFailure: Continue, isCritical: true", "Failed"),
        (", onFailure: 'step:Shut'", "Failed"),
        (", onFailure: 'step:Shut', isCritical: false", "Success"),
        (", onFailure: 'step:Shut', isCritical: false, isEnd: true", "Success"),
    ],
)
def test_a_document_can_go_on_after_a_failure(aws: LoopbackAws, said: str, status: str) -> None:
    done = Stage(aws).run(document(FAILS % ("Find", said), put("Shut")))
    assert done.status == status
    assert names_of(done) == {"Find": "Failed", "Shut": "Success"}


def test_a_step_that_ends_a_document_ends_it_whether_it_failed_or_not(aws: LoopbackAws) -> None:
    ends = ", isEnd: true"
    for first in (get("A", more=ends), FAILS % ("A", ends + ", onFailure: Continue")):
        assert list(names_of(Stage(aws).run(document(first, put("B"))))) == ["A"]


def test_the_next_step_may_be_named(aws: LoopbackAws) -> None:
    done = Stage(aws).run(document(get("A", more=", nextStep: C"), put("B"), get("C")))
    assert list(names_of(done)) == ["A", "C"]


def test_a_step_is_tried_as_often_as_it_says(aws: LoopbackAws) -> None:
    Stage(aws).run(document(FAILS % ("Find", ", maxAttempts: 3")))
    assert aws.operations == ["GetParameter"] * 3


def test_a_wait_that_takes_too_long_times_out(aws: LoopbackAws) -> None:
    done = Stage(aws).run(document(SLEEP % ("Wait", "PT10M", ", timeoutSeconds: 60"), put("Shut")))
    assert done.status is ExecutionStatus.TIMED_OUT
    assert names_of(done) == {"Wait": "TimedOut"}
    assert done.ended_at is not None
    assert done.ended_at.timestamp() - STARTED_AT == pytest.approx(60)


def test_a_document_that_is_stopped_runs_what_it_has_for_that(aws: LoopbackAws) -> None:
    stage = Stage(aws, stop_after_s=20)
    done = stage.run(
        document(
            SLEEP % ("Wait", "PT10M", ", onCancel: 'step:TidyUp', isEnd: true"),
            put("Never"),
            put("TidyUp", value="tidy", more=", isEnd: true"),
        )
    )
    assert done.status is ExecutionStatus.CANCELLED
    assert names_of(done) == {"Wait": "Cancelled", "TidyUp": "Success"}


def test_what_is_done_on_cancellation_has_two_minutes(aws: LoopbackAws) -> None:
    wait = (
        "{name: %s, action: 'aws:waitForAwsResourceProperty', inputs: {Service: ssm,"
        " Api: GetParameter, Name: door, PropertySelector: $.Parameter.Value,"
        " DesiredValues: [never]}%s}"
    )
    stage = Stage(aws, stop_after_s=10)
    done = stage.run(document(wait % ("A", ", onCancel: 'step:B'"), wait % ("B", "")))
    assert names_of(done) == {"A": "Cancelled", "B": "TimedOut"}
    assert done.status is ExecutionStatus.CANCELLED
    assert stage.now - STARTED_AT < 10 + 120 + 10


def test_a_document_that_is_stopped_between_steps_does_not_begin_the_next(
    aws: LoopbackAws,
) -> None:
    done = Stage(aws, stop_after_s=0).run(document(get("A")))
    assert (done.status, done.steps) == (ExecutionStatus.CANCELLED, ())


def test_values_go_from_parameters_and_outputs_into_inputs(
    aws: LoopbackAws, store: ParameterStore
) -> None:
    where = "{{ global:REGION }}/{{ global:ACCOUNT_ID }}"
    steps = (
        get("Read", "'{{ Door }}'"),
        put("Note", "note", f"'{{{{Read.Value}}}} on {{{{ global:DATE }}}} in {where}'"),
        put("Which", "'{{ variable:Where }}'", "'{{ automation:EXECUTION_ID }}'"),
    )
    done = Stage(aws).run(
        document(
            *steps,
            parameters="{Door: {type: String}}",
            more="variables: {Where: {type: String, default: log}}",
        ),
        Door=["door"],
    )
    assert done.failure == ""
    assert store.values["note"] == "open on 2025-11-24 in eu-west-1/111111111111"
    assert store.values["log"] == EXECUTION


def test_a_value_that_looks_like_a_reference_stays_text(
    aws: LoopbackAws, store: ParameterStore
) -> None:
    store.values["door"] = "{{ Secret }}"
    done = Stage(aws).run(
        document(
            get("Read"),
            put("Note", "note", "'got {{ Read.Value }}'"),
            parameters="{Secret: {type: String, default: s3cr3t}}",
        )
    )
    assert done.failure == ""
    assert store.values["note"] == "got {{ Secret }}"


def test_an_output_that_is_not_there_has_no_value(aws: LoopbackAws) -> None:
    step = get("Read").replace("$.Parameter.Value", "$.Parameter.Nothing")
    done = Stage(aws).run(document(step, put("Note", "note", "'{{ Read.Value }}'")))
    assert names_of(done) == {"Read": "Success", "Note": "Failed"}
    assert done.failure == "Note: {{ Read.Value }} has no value"


def test_an_output_of_a_step_that_did_not_run_is_not_known(aws: LoopbackAws) -> None:
    done = Stage(aws).run(
        document(
            put("First", more=", nextStep: Third"),
            get("Second"),
            get("Third", "'{{ Second.Value }}'"),
        )
    )
    assert done.failure == "Third: {{ Second.Value }} is not known here"


def test_an_output_of_another_type_fails_its_step(aws: LoopbackAws) -> None:
    step = get("Read").replace("$.Parameter.Value", "$.Parameter.Value, Type: Integer")
    done = Stage(aws).run(document(step))
    assert done.failure == "Read: output Value is String, not Integer"


def test_the_role_of_the_document_is_taken_on(aws: LoopbackAws) -> None:
    stage = Stage(aws)
    role = "arn:aws:iam::111111111111:role/Fixer"
    text = document(
        get("Read"), parameters="{Role: {type: String}}", more='assumeRole: "{{ Role }}"'
    )
    stage.run(text, Role=[role])
    assert stage.roles == [role]


def test_a_default_may_name_system_variables_and_a_given_value_may_not(
    aws: LoopbackAws,
) -> None:
    default = "'arn:{{global:AWS_PARTITION}}:iam::{{ global:ACCOUNT_ID }}:role/Fixer'"
    text = document(
        get("Read"),
        parameters=f"{{Role: {{type: String, default: {default}}}}}",
        more='assumeRole: "{{ Role }}"',
    )
    stage = Stage(aws)
    stage.run(text)
    stage.run(text, Role=["{{ global:ACCOUNT_ID }}"])
    assert stage.roles == ["arn:aws:iam::111111111111:role/Fixer", "{{ global:ACCOUNT_ID }}"]


def test_wrong_parameters_are_refused_before_anything_is_called(aws: LoopbackAws) -> None:
    stage = Stage(aws)
    text = document(put("Shut"), parameters="{Door: {type: String}}")
    with pytest.raises(AutomationInputError, match="Door is missing"):
        stage.run(text)
    with pytest.raises(AutomationInputError, match="has no parameter Window"):
        stage.run(text, Door=["x"], Window=["y"])
    assert (aws.requests, stage.heard, stage.roles) == ([], [], [])
