"""Systems Manager Automation in the emulated accounts runs under the right role, or not at all."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulated_aws import READ, REMEDIATION, Emulated, refusal
from tests.unit.local_aws.runs import (
    CLOSE,
    PAYMENTS,
    READ_GROUPS,
    SHOP,
    Runs,
    role_arn,
)


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
            shop.document(READ_GROUPS, CLOSE),
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
        shop.start(shop.document(CLOSE), group, Parameters=asked)

    assert refusal(refused.value) == "AccessDeniedException"


@pytest.mark.parametrize("name", ["RoleOfNobody", READ])
def test_a_role_that_does_not_trust_automation_cannot_be_assumed(
    bare_aws: Emulated, shop: Runs, name: str
) -> None:
    group = shop.group()
    _may_pass(bare_aws.owner(SHOP, "iam"), SHOP, name)
    asked = {"GroupId": [group], "AutomationAssumeRole": [role_arn(SHOP, name)]}

    with pytest.raises(ClientError, match="unable to be assumed") as refused:
        shop.start(shop.document(CLOSE), group, Parameters=asked)
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
        shop.start(shop.document(CLOSE), group, Parameters=asked)
    iam.delete_role_policy(RoleName=REMEDIATION, PolicyName="pass-all")

    assert refusal(refused.value) == "InvalidAutomationExecutionParametersException"


def test_without_a_role_it_runs_as_whoever_started_it(shop: Runs) -> None:
    group = shop.group()

    told = shop.ended(shop.start(shop.document(CLOSE), group, Parameters={"GroupId": [group]}))

    assert told["AutomationExecutionStatus"] == "Success"
    assert not shop.is_open(group)


def test_the_read_role_starts_nothing(bare_aws: Emulated, shop: Runs) -> None:
    document = shop.document(CLOSE)

    with pytest.raises(ClientError) as refused:
        bare_aws.role(SHOP, "ssm", READ).start_automation_execution(
            DocumentName=document, Parameters={"GroupId": ["sg-1"]}
        )

    assert refusal(refused.value) == "AccessDeniedException"
