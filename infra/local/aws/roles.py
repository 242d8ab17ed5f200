"""The two roles that every tenant's account has for the bot, and nothing more than they need."""

import json
from collections.abc import Sequence
from typing import Any

from moto.iam import models as iam_models

from infra.local.aws.holdings import Holdings, drawing
from infra.local.aws.principals import HUB_ROLE

READ_ROLE, REMEDIATION_ROLE = "SecurityAssistRead", "SecurityAssistRemediation"
_READS = (
    "access-analyzer:List*", "cloudtrail:Describe*", "cloudtrail:Get*", "cloudtrail:List*",
    "config:BatchGetResourceConfig", "config:DescribeC*", "config:GetCompliance*",
    "config:GetResourceConfigHistory", "config:ListDiscoveredResources",
    "config:SelectResourceConfig",
    "dms:Describe*", "dms:ListTagsForResource", "dynamodb:Describe*", "dynamodb:List*",
    "ec2:Describe*", "ec2:GetEbs*", "ec2:GetSnapshotBlockPublicAccessState", "ecr:Describe*",
    "ecr:GetRegistryScanningConfiguration", "ecr:GetRepositoryPolicy", "ecr:List*",
    "eks:Describe*", "eks:List*", "elasticloadbalancing:Describe*", "guardduty:Get*",
    "guardduty:List*", "iam:GenerateCredentialReport", "iam:Get*", "iam:List*", "kms:Describe*",
    "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:List*", "lambda:GetFunction",
    "lambda:GetFunctionConfiguration", "lambda:GetFunctionUrlConfig", "lambda:GetPolicy",
    "lambda:List*", "logs:Describe*", "rds:Describe*", "rds:ListTagsForResource",
    "redshift:Describe*", "s3:GetAccountPublicAccessBlock", "s3:GetBucket*",
    "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration", "s3:ListAllMyBuckets", "s3:ListBucket",
    "secretsmanager:DescribeSecret", "secretsmanager:ListSecrets", "securityhub:Describe*",
    "securityhub:Get*", "sns:Get*", "sns:List*", "sqs:GetQueueAttributes", "sqs:List*",
    "sqs:GetQueueUrl", "ssm:Describe*", "ssm:GetAutomationExecution", "ssm:GetDocument",
    "ssm:GetServiceSetting", "ssm:List*", "wafv2:Get*", "wafv2:List*",
)  # fmt: skip
"""Settings of resources, and no object, message, item or secret in them."""
_AUTOMATION = (
    "ssm:AddTagsToResource", "ssm:CreateDocument", "ssm:DescribeAutomationExecutions",
    "ssm:DescribeAutomationStepExecutions", "ssm:DescribeDocument", "ssm:GetAutomationExecution",
    "ssm:GetDocument", "ssm:SendAutomationSignal", "ssm:StartAutomationExecution",
    "ssm:StopAutomationExecution", "ssm:UpdateDocument", "ssm:UpdateDocumentDefaultVersion",
    "config:StartConfigRulesEvaluation", "securityhub:BatchUpdateFindings",
    "securityhub:GetFindings",
)  # fmt: skip
"""What it takes to run a runbook and to tell Security Hub of it, whatever the runbook does.

AWS asks for `ssm:AddTagsToResource` where an execution is started with tags ("Actions, resources,
and condition keys for AWS Systems Manager", Service Authorization Reference)."""
_OWN_DOCUMENTS = "arn:aws:ssm:*:{account}:document/SecurityAssist-*-Undo-*"
"""What may be deleted: undo documents, once they have run."""


def create(holdings: Holdings, external_id: str, remediation_actions: Sequence[str]) -> None:
    """Make both roles in an account.

    Args:
        holdings: The account's.
        external_id: What a caller from the hub has to give.
        remediation_actions: What the runbooks call.
    """
    hub = {
        "Effect": "Allow",
        "Principal": {"AWS": HUB_ROLE},
        "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
        "Condition": {"StringEquals": {"sts:ExternalId": external_id}},
    }
    automation = {
        "Effect": "Allow",
        "Principal": {"Service": "ssm.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": holdings.account}},
    }
    own = f"arn:aws:iam::{holdings.account}:role/{REMEDIATION_ROLE}"
    passing = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": own}
    _role(holdings, READ_ROLE, [hub], [_allow(_READS)])
    actions = sorted({*remediation_actions, *_AUTOMATION})
    own_documents = _OWN_DOCUMENTS.format(account=holdings.account)
    sweeping = {"Effect": "Allow", "Action": "ssm:DeleteDocument", "Resource": own_documents}
    _role(holdings, REMEDIATION_ROLE, [hub, automation], [_allow(actions), passing, sweeping])


def _allow(actions: Sequence[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*"}


def _role(
    holdings: Holdings,
    name: str,
    trust: Sequence[dict[str, Any]],
    permissions: Sequence[dict[str, Any]],
) -> None:
    ids = f"AROA{holdings.account}{name.upper()[-5:]}"
    with drawing(iam_models, random_role_id=ids):
        role = holdings.iam.create_role(name, _document(trust), "/", None, "", [], "3600")
    role.policies[name] = _document(permissions)


def _document(statements: Sequence[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
