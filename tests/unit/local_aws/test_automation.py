"""Systems Manager Automation in the emulated accounts: started once, under the right role."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulated_aws import READ, REMEDIATION, Emulated, refusal

SHOP, DATA, PAYMENTS = "111111111111", "111111111112", "222222222221"
_SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
_FINAL = {"Success", "Failed", "Cancelled", "TimedOut"}
_POLLS = 5_000


def _document(*steps: dict[str, Any], **more: Any) -> str:
    parameters = {
        "GroupId": {"type": "String", "allowedPattern": "^sg-[0-9a-z]+$"},
        "AutomationAssumeRole": {"type": "String", "default": ""},
    }
    return json.dumps(
        {
            "schemaVersion": "0.3",
            "assumeRole": "{{ AutomationAssumeRole }}",
            "parameters": parameters,
            "mainSteps": list(steps),
            **more,
        }
    )


_CLOSE = {
    "name": "Close",
    "action": "aws:executeAwsApi",
    "inputs": {
        "Service": "ec2",
        "Api": "RevokeSecurityGroupIngress",
        "GroupId": "{{ GroupId }}",
        "IpPermissions": [_SSH],
    },
}
_READ = {
    "name": "Read",
    "action": "aws:executeAwsApi",
    "inputs": {
        "Service": "ec2",
        "Api": "DescribeSecurityGroups",
        "GroupIds": ["{{ GroupId }}"],
    },
    "outputs": [{"Name": "Group", "Selector": "$.SecurityGroups[0].GroupName", "Type": "String"}],
}
_PAUSE = {"name": "Ask", "action": "aws:pause", "inputs": {}}


def role_arn(account: str, name: str = REMEDIATION) -> str:
    return f"arn:aws:iam::{account}:role/{name}"


class Runs:
    """Automation in one account, as the remediation role uses it."""

    def __init__(self, aws: Emulated, account: str) -> None:
        self.ssm = aws.role(account, "ssm")
        self.account = account
        self.ec2 = aws.owner(account, "ec2")

    def group(self) -> str:
        """A new group that admits everybody on port 22."""
        vpcs = self.ec2.describe_vpcs()["Vpcs"]
        vpc = (
            vpcs[0]["VpcId"]
            if vpcs
            else self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        )
        made: str = self.ec2.create_security_group(
            GroupName=f"g-{uuid.uuid4()}", Description="d", VpcId=vpc
        )["GroupId"]
        self.ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[_SSH])
        return made

    def is_open(self, group: str) -> bool:
        (found,) = self.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
        return bool(found["IpPermissions"])

    def document(self, *steps: dict[str, Any], **more: Any) -> str:
        name = f"Document-{uuid.uuid4()}"
        self.ssm.create_document(
            Name=name,
            Content=_document(*steps, **more),
            DocumentType="Automation",
            DocumentFormat="JSON",
        )
        return name

    def start(self, document: str, group: str, **more: Any) -> str:
        asked = {
            "DocumentName": document,
            "Parameters": {"GroupId": [group], "AutomationAssumeRole": [role_arn(self.account)]},
            **more,
        }
        started: str = self.ssm.start_automation_execution(**asked)["AutomationExecutionId"]
        return started

    def told(self, execution: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ssm.get_automation_execution(AutomationExecutionId=execution)[
            "AutomationExecution"
        ]
        return found

    def until(self, execution: str, statuses: set[str]) -> dict[str, Any]:
        """Ask again and again until it is so."""
        for _ in range(_POLLS):
            told = self.told(execution)
            if told["AutomationExecutionStatus"] in statuses:
                return told
        raise AssertionError(f"still {told['AutomationExecutionStatus']}")

    def ended(self, execution: str) -> dict[str, Any]:
        return self.until(execution, _FINAL)


@pytest.fixture(scope="session")
def runs(bare_aws: Emulated) -> Callable[[str], Runs]:
    kept: dict[str, Runs] = {}

    def of(account: str) -> Runs:
        if account not in kept:
            kept[account] = Runs(bare_aws, account)
        return kept[account]

    return of


@pytest.fixture
def shop(runs: Callable[[str], Runs]) -> Runs:
    return runs(SHOP)


def test_a_document_is_carried_out_in_the_account(shop: Runs) -> None:
    group = shop.group()

    told = shop.ended(shop.start(shop.document(_READ, _CLOSE, outputs=["Read.Group"]), group))

    assert told["AutomationExecutionStatus"] == "Success"
    assert [(s["StepName"], s["StepStatus"]) for s in told["StepExecutions"]] == [
        ("Read", "Success"),
        ("Close", "Success"),
    ]
    assert told["Outputs"]["Read.Group"][0].startswith("g-")
    assert told["ExecutedBy"].endswith(f"assumed-role/{REMEDIATION}/test")
    assert not shop.is_open(group)


def test_the_same_token_and_request_start_once(shop: Runs) -> None:
    document, group, token = shop.document(_CLOSE), shop.group(), str(uuid.uuid4())

    first = shop.start(document, group, ClientToken=token)
    again = {shop.start(document, group, ClientToken=t) for t in (token, token.upper()) * 3}

    assert again == {first}
    assert shop.ended(first)["AutomationExecutionStatus"] == "Success"


def test_the_same_token_with_another_request_is_refused_and_starts_nothing(shop: Runs) -> None:
    document, group, other = shop.document(_CLOSE), shop.group(), shop.group()
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
        started.add(own.start(own.document(_CLOSE), own.group(), ClientToken=token))

    assert len(started) == 2


def test_a_token_that_is_no_uuid_is_refused(shop: Runs) -> None:
    with pytest.raises(ClientError) as refused:
        shop.start(shop.document(_CLOSE), "sg-1", ClientToken="x" * 36)

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
    document = shop.document(_CLOSE)

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
        shop.start(shop.document(_CLOSE), "sg-1", DocumentVersion="7")
    assert refusal(refused.value) == "AutomationDefinitionVersionNotFoundException"


def test_a_document_that_cannot_be_interpreted_is_not_taken(shop: Runs) -> None:
    with pytest.raises(ClientError, match="unsupported action 'aws:nothing'") as refused:
        shop.document({"name": "Step", "action": "aws:nothing", "inputs": {}})

    assert refusal(refused.value) == "InvalidDocumentContent"


def test_the_version_that_is_asked_for_is_run(shop: Runs) -> None:
    name, group = shop.document(_CLOSE), shop.group()
    shop.ssm.update_document(
        Name=name, Content=_document(_READ), DocumentVersion="$LATEST", DocumentFormat="JSON"
    )

    for version, step in ((None, "Close"), ("2", "Read"), ("$LATEST", "Read")):
        asked = {"DocumentVersion": version} if version else {}
        told = shop.ended(shop.start(name, group, **asked))
        assert [s["StepName"] for s in told["StepExecutions"]] == [step]
        assert told["DocumentVersion"] == ("2" if version else "1")


def test_it_runs_under_the_assume_role_and_fails_at_the_call_that_this_may_not_make(
    bare_aws: Emulated, shop: Runs
) -> None:
    iam, group = bare_aws.owner(SHOP, "iam"), shop.group()
    trust = {"Effect": "Allow", "Principal": {"Service": "ssm.amazonaws.com"},
             "Action": "sts:AssumeRole"}  # fmt: skip
    reads = {"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}
    _role(iam, "OnlyReads", [trust], [reads])
    _may_pass(iam, SHOP, "OnlyReads")
    before = bare_aws.aws.state(SHOP)

    told = shop.ended(
        shop.start(
            shop.document(_READ, _CLOSE),
            group,
            Parameters={
                "GroupId": [group],
                "AutomationAssumeRole": [role_arn(SHOP, "OnlyReads")],
            },
        )
    )

    assert told["AutomationExecutionStatus"] == "Failed"
    read, close = told["StepExecutions"]
    assert (read["StepStatus"], close["StepStatus"]) == ("Success", "Failed")
    assert "UnauthorizedOperation" in close["FailureMessage"]
    assert "assumed-role/OnlyReads/Automation-" in close["FailureMessage"]
    changed = {path for path in bare_aws.changes(before, SHOP) if not path.startswith("ssm/")}
    assert changed == set()


def _role(iam: Any, name: str, trust: list[Any], permissions: list[Any]) -> None:
    iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust}),
    )
    iam.put_role_policy(
        RoleName=name,
        PolicyName="own",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": permissions}),
    )


def _may_pass(iam: Any, account: str, name: str) -> None:
    statement = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": role_arn(account, name)}
    iam.put_role_policy(
        RoleName=REMEDIATION,
        PolicyName=f"pass-{name}",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )


def test_a_role_that_may_not_be_passed_starts_nothing(bare_aws: Emulated, shop: Runs) -> None:
    group = shop.group()
    asked = {"GroupId": [group], "AutomationAssumeRole": [role_arn(SHOP, READ)]}

    with pytest.raises(ClientError, match="iam:PassRole") as refused:
        shop.start(shop.document(_CLOSE), group, Parameters=asked)

    assert refusal(refused.value) == "AccessDeniedException"


@pytest.mark.parametrize("name", ["RoleOfNobody", READ])
def test_a_role_that_does_not_trust_automation_cannot_be_assumed(
    bare_aws: Emulated, shop: Runs, name: str
) -> None:
    group = shop.group()
    _may_pass(bare_aws.owner(SHOP, "iam"), SHOP, name)
    asked = {"GroupId": [group], "AutomationAssumeRole": [role_arn(SHOP, name)]}

    with pytest.raises(ClientError, match="unable to be assumed") as refused:
        shop.start(shop.document(_CLOSE), group, Parameters=asked)
    bare_aws.owner(SHOP, "iam").delete_role_policy(RoleName=REMEDIATION, PolicyName=f"pass-{name}")

    assert refusal(refused.value) == "InvalidAutomationExecutionParametersException"


def test_another_accounts_role_cannot_be_assumed(bare_aws: Emulated, shop: Runs) -> None:
    group = shop.group()
    iam = bare_aws.owner(SHOP, "iam")
    statement = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}
    iam.put_role_policy(
        RoleName=REMEDIATION,
        PolicyName="pass-all",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    asked = {"GroupId": [group], "AutomationAssumeRole": [role_arn(PAYMENTS)]}

    with pytest.raises(ClientError) as refused:
        shop.start(shop.document(_CLOSE), group, Parameters=asked)
    iam.delete_role_policy(RoleName=REMEDIATION, PolicyName="pass-all")

    assert refusal(refused.value) == "InvalidAutomationExecutionParametersException"


def test_without_a_role_it_runs_as_whoever_started_it(shop: Runs) -> None:
    group = shop.group()

    told = shop.ended(shop.start(shop.document(_CLOSE), group, Parameters={"GroupId": [group]}))

    assert told["AutomationExecutionStatus"] == "Success"
    assert not shop.is_open(group)


def test_the_read_role_starts_nothing(bare_aws: Emulated, shop: Runs) -> None:
    document = shop.document(_CLOSE)

    with pytest.raises(ClientError) as refused:
        bare_aws.role(SHOP, "ssm", READ).start_automation_execution(
            DocumentName=document, Parameters={"GroupId": ["sg-1"]}
        )

    assert refusal(refused.value) == "AccessDeniedException"


def test_one_account_knows_no_execution_of_another(
    bare_aws: Emulated, shop: Runs, runs: Callable[[str], Runs]
) -> None:
    group = shop.group()
    execution = shop.start(shop.document(_CLOSE), group)
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
    document, group = shop.document(_CLOSE), shop.group()
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
    execution = shop.start(shop.document(_PAUSE, _CLOSE), group)
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
    execution = shop.start(shop.document(_PAUSE, _CLOSE), group)
    shop.until(execution, {"Waiting"})

    shop.ssm.stop_automation_execution(AutomationExecutionId=execution)

    assert shop.ended(execution)["AutomationExecutionStatus"] == "Cancelled"
    assert shop.is_open(group)
    with pytest.raises(ClientError) as refused:
        shop.ssm.stop_automation_execution(AutomationExecutionId=execution)
    assert refusal(refused.value) == "InvalidAutomationStatusUpdateException"


def test_steps_are_told_one_by_one(shop: Runs) -> None:
    group = shop.group()
    execution = shop.start(shop.document(_READ, _CLOSE), group)
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
    told = shop.ended(shop.start(shop.document(_READ), "sg-0nobody"))

    assert told["AutomationExecutionStatus"] == "Failed"
    assert "InvalidGroup.NotFound" in told["StepExecutions"][0]["FailureMessage"]
    assert "InvalidGroup.NotFound" in told["FailureMessage"]


def test_what_the_emulated_automation_does_not_do_is_said(shop: Runs) -> None:
    with pytest.raises(ClientError, match="TargetLocations") as refused:
        shop.start(
            shop.document(_CLOSE),
            "sg-1",
            TargetLocations=[{"Accounts": [DATA], "Regions": ["us-east-1"]}],
        )

    assert refusal(refused.value) == "ValidationException"
