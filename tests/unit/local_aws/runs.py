"""Automation in one emulated account, and the small documents that tests run there."""

import json
import uuid
from typing import Any

from tests.emulated_aws import REMEDIATION, Emulated

SHOP, DATA, PAYMENTS = "111111111111", "111111111112", "222222222221"
SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
FINAL = {"Success", "Failed", "Cancelled", "TimedOut"}
POLLS = 5_000


def document_text(*steps: dict[str, Any], **more: Any) -> str:
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


CLOSE = {
    "name": "Close",
    "action": "aws:executeAwsApi",
    "inputs": {
        "Service": "ec2",
        "Api": "RevokeSecurityGroupIngress",
        "GroupId": "{{ GroupId }}",
        "IpPermissions": [SSH],
    },
}
READ_GROUPS = {
    "name": "Read",
    "action": "aws:executeAwsApi",
    "inputs": {
        "Service": "ec2",
        "Api": "DescribeSecurityGroups",
        "GroupIds": ["{{ GroupId }}"],
    },
    "outputs": [{"Name": "Group", "Selector": "$.SecurityGroups[0].GroupName", "Type": "String"}],
}
PAUSE = {"name": "Ask", "action": "aws:pause", "inputs": {}}


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
        self.ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[SSH])
        return made

    def is_open(self, group: str) -> bool:
        (found,) = self.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
        return bool(found["IpPermissions"])

    def document(self, *steps: dict[str, Any], **more: Any) -> str:
        name = f"Document-{uuid.uuid4()}"
        self.ssm.create_document(
            Name=name,
            Content=document_text(*steps, **more),
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
        for _ in range(POLLS):
            told = self.told(execution)
            if told["AutomationExecutionStatus"] in statuses:
                return told
        raise AssertionError(f"still {told['AutomationExecutionStatus']}")

    def ended(self, execution: str) -> dict[str, Any]:
        return self.until(execution, FINAL)
