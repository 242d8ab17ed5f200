"""What a session may do of what its role may: no more than the bot itself calls with it.

A role of a tenant's account may do whatever its runbooks do, because Systems Manager takes it on
to run them (`AutomationAssumeRole`). The bot's own session of it only puts documents there, starts
them and looks on, or tells Security Hub: the session policy takes all else away, so that what leaks
from here changes no resource. Session policies: "AssumeRole" in the STS API reference (`Policy`, at
most 2,048 characters); resources and condition keys: "Actions, resources, and condition keys for
AWS Systems Manager" in the Service Authorization Reference.
"""

import json
from collections.abc import Sequence
from typing import Any

from integrations.accounts.port import Purpose

MOST_CHARACTERS = 2_048
"""Of a session policy, as plain text."""


def session_policy(purpose: Purpose, role: str) -> str | None:
    """The policy of a session of a role (an ARN), as JSON; None where the role itself is narrow."""
    if purpose is Purpose.READ:
        return None
    _, partition, _, _, account, _ = role.split(":", 5)
    granted = _telling() if purpose is Purpose.TELL else _starting(partition, account, role)
    document = {"Version": "2012-10-17", "Statement": granted}
    return json.dumps(document, separators=(",", ":"))


def _telling() -> list[dict[str, Any]]:
    return [_allow(["securityhub:BatchUpdateFindings"], ["*"])]


def _starting(partition: str, account: str, role: str) -> list[dict[str, Any]]:
    """Documents of the account itself only, and none but this role for what is started."""
    own = f"arn:{partition}:ssm:*:{account}:"
    documents, executions = f"{own}document/*", f"{own}automation-execution/*"
    passing = _allow(["iam:PassRole"], [role])
    passing["Condition"] = {"StringEquals": {"iam:PassedToService": "ssm.amazonaws.com"}}
    return [
        _allow(["ssm:CreateDocument", "ssm:GetDocument", "ssm:UpdateDocument"], [documents]),
        # Only an undo's document, which carries the state before, is taken away again.
        _allow(["ssm:DeleteDocument"], [f"{own}document/*-Undo-*"]),
        _allow(
            ["ssm:StartAutomationExecution"],
            [f"{own}automation-definition/*", documents, executions],
        ),
        # The key of a tag is how an execution is found again.
        _allow(["ssm:AddTagsToResource", "ssm:StopAutomationExecution"], [executions]),
        _allow(
            [
                "ssm:DescribeAutomationExecutions",
                "ssm:DescribeAutomationStepExecutions",
                "ssm:GetAutomationExecution",
            ],
            ["*"],
        ),
        passing,
    ]


def _allow(actions: Sequence[str], resources: Sequence[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
