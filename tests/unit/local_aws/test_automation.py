"""Systems Manager Automation in the emulated accounts: started once, told step by step."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulated_aws import READ, REMEDIATION, Emulated, refusal
from tests.unit.local_aws.runs import (
    CLOSE,
    DATA,
    PAUSE,
    READ_GROUPS,
    SHOP,
    Runs,
    document_text,
)


def test_a_document_is_carried_out_in_the_account(shop: Runs) -> None:
    group = shop.group()

    told = shop.ended(shop.start(shop.document(READ_GROUPS, CLOSE, outputs=["Read.Group"]), group))

    assert told["AutomationExecutionStatus"] == "Success"
    assert [(s["StepName"], s["StepStatus"]) for s in told["StepExecutions"]] == [
        ("Read", "Success"),
        ("Close", "Success"),
    ]
    assert told["Outputs"]["Read.Group"][0].startswith("g-")
    assert told["ExecutedBy"].endswith(f"assumed-role/{REMEDIATION}/test")
    assert not shop.is_open(group)


def test_the_same_token_and_request_start_once(shop: Runs) -> None:
    document, group, token = shop.document(CLOSE), shop.group(), str(uuid.uuid4())

    first = shop.start(document, group, ClientToken=token)
    again = {shop.start(document, group, ClientToken=t) for t in (token, token.upper()) * 3}

    assert again == {first}
    assert shop.ended(first)["AutomationExecutionStatus"] == "Success"


def test_the_same_token_with_another_request_is_refused_and_starts_nothing(shop: Runs) -> None:
    document, group, other = shop.document(CLOSE), shop.group(), shop.group()
    token = str(uuid.uuid4())
    shop.ended(shop.start(document, group, ClientToken=token))

    with pytest.raises(ClientError) as refused:
        shop.start(document, other, ClientToken=token)

    assert refusal(refused.value) == "IdempotentParameterMismatch"
    assert shop.is_open(other)


def test_tokens_of_two_accounts_are_two_tokens(runs: Callable[[str], Runs]) -> None:
    token, started = str(uuid.uuid4()), set()
    for account in (SHOP, DATA):
        own = runs(account)
        started.add(own.start(own.document(CLOSE), own.group(), ClientToken=token))

    assert len(started) == 2


def test_a_token_that_is_no_uuid_is_refused(shop: Runs) -> None:
    with pytest.raises(ClientError) as refused:
        shop.start(shop.document(CLOSE), "sg-1", ClientToken="x" * 36)

    assert refusal(refused.value) == "ValidationException"


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"GroupId": ["SG-1"]}, "GroupId"),
        ({}, "GroupId is missing"),
        ({"GroupId": ["sg-1", "sg-2"]}, "GroupId"),
        ({"GroupId": ["sg-1"], "Other": ["x"]}, "no parameter Other"),
    ],
)
def test_parameters_are_checked_before_anything_starts(
    shop: Runs, parameters: dict[str, list[str]], said: str
) -> None:
    document = shop.document(CLOSE)

    with pytest.raises(ClientError, match=said) as refused:
        shop.start(document, "", Parameters=parameters)

    assert refusal(refused.value) == "InvalidAutomationExecutionParametersException"
    filters = [{"Key": "DocumentNamePrefix", "Values": [document]}]
    found = shop.ssm.describe_automation_executions(Filters=filters)
    assert found["AutomationExecutionMetadataList"] == []


def test_a_document_that_is_not_there_cannot_be_started(shop: Runs) -> None:
    with pytest.raises(ClientError) as refused:
        shop.start("Document-of-nobody", "sg-1")
    assert refusal(refused.value) == "AutomationDefinitionNotFoundException"

    with pytest.raises(ClientError) as refused:
        shop.start(shop.document(CLOSE), "sg-1", DocumentVersion="7")
    assert refusal(refused.value) == "AutomationDefinitionVersionNotFoundException"


def test_a_document_that_cannot_be_interpreted_is_not_taken(shop: Runs) -> None:
    with pytest.raises(ClientError, match="unsupported action 'aws:nothing'") as refused:
        shop.document({"name": "Step", "action": "aws:nothing", "inputs": {}})

    assert refusal(refused.value) == "InvalidDocumentContent"


def test_the_version_that_is_asked_for_is_run(shop: Runs) -> None:
    name, group = shop.document(CLOSE), shop.group()
    shop.ssm.update_document(
        Name=name,
        Content=document_text(READ_GROUPS),
        DocumentVersion="$LATEST",
        DocumentFormat="JSON",
    )

    for version, step in ((None, "Close"), ("2", "Read"), ("$LATEST", "Read")):
        asked = {"DocumentVersion": version} if version else {}
        told = shop.ended(shop.start(name, group, **asked))
        assert [s["StepName"] for s in told["StepExecutions"]] == [step]
        assert told["DocumentVersion"] == ("2" if version else "1")


def test_one_account_knows_no_execution_of_another(
    bare_aws: Emulated, shop: Runs, runs: Callable[[str], Runs]
) -> None:
    group = shop.group()
    execution = shop.start(shop.document(CLOSE), group)
    shop.ended(execution)
    stranger = runs(DATA).ssm

    calls: tuple[Callable[[], Any], ...] = (
        lambda: stranger.get_automation_execution(AutomationExecutionId=execution),
        lambda: stranger.stop_automation_execution(AutomationExecutionId=execution),
        lambda: stranger.describe_automation_step_executions(AutomationExecutionId=execution),
        lambda: stranger.send_automation_signal(
            AutomationExecutionId=execution, SignalType="Approve"
        ),
    )
    for call in calls:
        with pytest.raises(ClientError) as refused:
            call()
        assert refusal(refused.value) == "AutomationExecutionNotFoundException"
    filters = [{"Key": "ExecutionId", "Values": [execution]}]
    found = stranger.describe_automation_executions(Filters=filters)
    assert found["AutomationExecutionMetadataList"] == []


def test_executions_are_found_by_what_they_are(bare_aws: Emulated, shop: Runs) -> None:
    document, group = shop.document(CLOSE), shop.group()
    execution = shop.start(document, group, Tags=[{"Key": "request", "Value": "R1"}])
    shop.ended(execution)

    def found(key: str, *values: str) -> list[str]:
        rows = shop.ssm.get_paginator("describe_automation_executions").paginate(
            Filters=[{"Key": key, "Values": list(values)}, {"Key": "DocumentNamePrefix",
                                                            "Values": [document]}],
            PaginationConfig={"PageSize": 1},
        )  # fmt: skip
        return [row["AutomationExecutionId"] for page in rows
                for row in page["AutomationExecutionMetadataList"]]  # fmt: skip

    assert found("ExecutionId", execution) == [execution]
    assert found("ExecutionStatus", "Success", "Failed") == [execution]
    assert found("ExecutionStatus", "InProgress") == []
    assert found("TagKey", "request") == [execution]
    assert found("TagKey", "other") == []
    assert found("StartTimeAfter", "2020-01-01T00:00:00Z") == [execution]
    assert found("StartTimeBefore", "2020-01-01T00:00:00Z") == []
    reader = bare_aws.role(SHOP, "ssm", READ)
    tags = reader.list_tags_for_resource(ResourceType="Automation", ResourceId=execution)
    assert tags["TagList"] == [{"Key": "request", "Value": "R1"}]
    with pytest.raises(ClientError) as refused:
        shop.ssm.describe_automation_executions(Filters=[{"Key": "OpsItemId", "Values": ["o"]}])
    assert refusal(refused.value) == "InvalidFilterKey"


def test_it_waits_for_a_signal_and_goes_on(shop: Runs) -> None:
    group = shop.group()
    execution = shop.start(shop.document(PAUSE, CLOSE), group)
    waiting = shop.until(execution, {"Waiting"})

    assert waiting["StepExecutions"][0]["StepStatus"] == "Waiting"
    assert shop.is_open(group)
    shop.ssm.send_automation_signal(AutomationExecutionId=execution, SignalType="Resume")

    assert shop.ended(execution)["AutomationExecutionStatus"] == "Success"
    assert not shop.is_open(group)
    with pytest.raises(ClientError) as refused:
        shop.ssm.send_automation_signal(AutomationExecutionId=execution, SignalType="Resume")
    assert refusal(refused.value) == "InvalidAutomationSignalException"


def test_a_stopped_execution_does_no_more(shop: Runs) -> None:
    group = shop.group()
    execution = shop.start(shop.document(PAUSE, CLOSE), group)
    shop.until(execution, {"Waiting"})

    shop.ssm.stop_automation_execution(AutomationExecutionId=execution)

    assert shop.ended(execution)["AutomationExecutionStatus"] == "Cancelled"
    assert shop.is_open(group)
    with pytest.raises(ClientError) as refused:
        shop.ssm.stop_automation_execution(AutomationExecutionId=execution)
    assert refusal(refused.value) == "InvalidAutomationStatusUpdateException"


def test_steps_are_told_one_by_one(shop: Runs) -> None:
    group = shop.group()
    execution = shop.start(shop.document(READ_GROUPS, CLOSE), group)
    shop.ended(execution)

    def steps(**asked: Any) -> list[str]:
        answer = shop.ssm.describe_automation_step_executions(
            AutomationExecutionId=execution, **asked
        )
        return [step["StepName"] for step in answer["StepExecutions"]]

    assert steps() == ["Read", "Close"]
    assert steps(ReverseOrder=True) == ["Close", "Read"]
    assert steps(Filters=[{"Key": "StepName", "Values": ["Close"]}]) == ["Close"]
    assert steps(Filters=[{"Key": "StepExecutionStatus", "Values": ["Failed"]}]) == []


def test_a_failing_call_tells_awss_own_words(shop: Runs) -> None:
    told = shop.ended(shop.start(shop.document(READ_GROUPS), "sg-0nobody"))

    assert told["AutomationExecutionStatus"] == "Failed"
    assert "InvalidGroup.NotFound" in told["StepExecutions"][0]["FailureMessage"]
    assert "InvalidGroup.NotFound" in told["FailureMessage"]


def test_what_the_emulated_automation_does_not_do_is_said(shop: Runs) -> None:
    with pytest.raises(ClientError, match="TargetLocations") as refused:
        shop.start(
            shop.document(CLOSE),
            "sg-1",
            TargetLocations=[{"Accounts": [DATA], "Regions": ["us-east-1"]}],
        )

    assert refusal(refused.value) == "ValidationException"
