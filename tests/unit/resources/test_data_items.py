"""What data and identity items tell, type by type."""

from typing import Any

import pytest

from integrations.resources.port import LinkKind
from tests.builders import ACCOUNT
from tests.graph_builders import (
    arn,
    config_item,
    facts_of,
    iam,
    links_of,
    policy,
    statement,
    told,
)

KEY = arn("kms", "key/k-1")

# -- data


EVERYBODY: dict[str, Any] = {"policyText": policy(statement("s3:GetObject", Principal="*"))}
ALL_USERS: dict[str, Any] = {
    "grantSet": None,
    "grantList": [{"grantee": "AllUsers", "permission": "Read"}],
}


def _block(**on: bool) -> dict[str, Any]:
    names = ("blockPublicAcls", "ignorePublicAcls", "blockPublicPolicy", "restrictPublicBuckets")
    return {"PublicAccessBlockConfiguration": dict.fromkeys(names, False) | on}


@pytest.mark.parametrize(
    ("extra", "public"),
    [
        ({}, False),
        ({"BucketPolicy": EVERYBODY}, True),
        ({"BucketPolicy": {"policyText": None}}, False),
        ({"AccessControlList": ALL_USERS}, True),
        ({"BucketPolicy": EVERYBODY, **_block(restrictPublicBuckets=True)}, False),
        ({"BucketPolicy": EVERYBODY, **_block(ignorePublicAcls=True)}, True),
        ({"AccessControlList": ALL_USERS, **_block(ignorePublicAcls=True)}, False),
        ({"AccessControlList": ALL_USERS, **_block(restrictPublicBuckets=True)}, True),
        ({"BucketPolicy": EVERYBODY, **_block(blockPublicPolicy=True)}, True),
    ],
)
def test_a_bucket_is_public_by_policy_or_list_unless_that_is_blocked(
    extra: dict[str, Any],
    public: bool,  # noqa: FBT001 - the expectation
) -> None:
    assert facts_of("AWS::S3::Bucket", {}, supplementary=extra)["public"] is public


def test_a_bucket_tells_of_its_key_and_logs() -> None:
    rule = {"applyServerSideEncryptionByDefault": {"kmsMasterKeyID": KEY}}
    extra = {
        "ServerSideEncryptionConfiguration": {"rules": [rule]},
        "BucketLoggingConfiguration": {"destinationBucketName": "logs"},
        "BucketVersioningConfiguration": {"status": "Enabled"},
        **_block(),
    }
    bucket = "arn:aws:s3:::data"
    assert links_of("AWS::S3::Bucket", "data", {}, supplementary=extra) == {
        (bucket, LinkKind.ENCRYPTED_BY, KEY),
        (bucket, LinkKind.LOGS_TO, "arn:aws:s3:::logs"),
    }
    facts = facts_of("AWS::S3::Bucket", {}, supplementary=extra)
    assert (facts["encrypted"], facts["versioned"], facts["logging"]) == (True, True, "logs")
    assert facts["public_access_block"] is False


@pytest.mark.parametrize("key", [KEY, "k-1"])
@pytest.mark.parametrize(
    ("config_type", "name"),
    [
        ("AWS::EC2::Volume", "kmsKeyId"),
        ("AWS::RDS::DBInstance", "kmsKeyId"),
        ("AWS::RDS::DBSnapshot", "kmsKeyId"),
        ("AWS::SecretsManager::Secret", "KmsKeyId"),
        ("AWS::SQS::Queue", "KmsMasterKeyId"),
        ("AWS::CloudTrail::Trail", "kmsKeyId"),
    ],
)
def test_data_at_rest_are_encrypted_by_their_key(config_type: str, name: str, key: str) -> None:
    links = links_of(config_type, "x", {name: key})
    assert {(kind, target) for _, kind, target in links} == {(LinkKind.ENCRYPTED_BY, KEY)}


@pytest.mark.parametrize("alias", ["alias/aws/s3", arn("kms", "alias/mine"), "", None, 3])
def test_an_alias_does_not_say_which_key_that_is(alias: Any) -> None:
    assert links_of("AWS::EC2::Volume", "x", {"kmsKeyId": alias}) == set()


def test_a_key_tells_when_it_is_to_be_deleted() -> None:
    dying = {"keyState": "PendingDeletion", "deletionDate": "2026-12-01T00:00:00Z"}
    facts = facts_of("AWS::KMS::Key", dying)
    assert facts["state"] == "PendingDeletion"
    assert facts["deletion_date"] == "2026-12-01T00:00:00Z"


@pytest.mark.parametrize(
    ("config_type", "configuration", "extra", "public"),
    [
        ("AWS::RDS::DBSnapshot", {},
         {"DBSnapshotAttributes": [{"attributeName": "restore", "attributeValues": ["all"]}]},
         True),
        ("AWS::RDS::DBSnapshot", {},
         {"DBSnapshotAttributes": [{"attributeName": "restore", "attributeValues": [ACCOUNT]}]},
         False),
        ("AWS::EC2::Snapshot", {"createVolumePermissions": [{"group": "all"}]}, {}, True),
        ("AWS::EC2::Snapshot", {"createVolumePermissions": [{"userId": ACCOUNT}]}, {}, False),
        ("AWS::SQS::Queue", {"Policy": policy(statement("sqs:*", Principal="*"))}, {}, True),
        ("AWS::SNS::Topic", {"Policy": policy(statement("sns:*", Principal={"AWS": ACCOUNT}))}, {},
         False),
    ],
)  # fmt: skip
def test_data_are_public_by_their_own_setting(
    config_type: str,
    configuration: dict[str, Any],
    extra: dict[str, Any],
    public: bool,  # noqa: FBT001 - the expectation
) -> None:
    assert facts_of(config_type, configuration, supplementary=extra)["public"] is public


# -- identities


def test_a_role_tells_whom_it_trusts_and_what_it_may_do() -> None:
    role = iam("role/web")
    attached = iam("policy/data")
    configuration = {
        "assumeRolePolicyDocument": policy(
            {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "sts:AssumeRole"}
        ),
        "instanceProfileList": [{"arn": iam("instance-profile/web")}],
        "rolePolicyList": [{"policyDocument": policy(statement("s3:GetObject"))}],
        "attachedManagedPolicies": [{"policyArn": attached}],
    }
    partner = iam("root", "444455556666")
    assert links_of("AWS::IAM::Role", "AROA1", configuration, ARN=role) == {
        (partner, LinkKind.CAN_ASSUME, role),
        (iam("instance-profile/web"), LinkKind.USES, role),
        (role, LinkKind.HAS_POLICY, attached),
    }
    facts = facts_of("AWS::IAM::Role", configuration)
    assert facts["trusts_accounts"] == "444455556666"
    assert (facts["external_id_required"], facts["trusts_everyone"]) == (False, False)
    assert facts["grants"] == '[["Allow",["s3:GetObject"],["*"]]]'
    assert facts["admin"] is False


def test_only_a_policys_default_version_counts() -> None:
    versions = [
        {"isDefaultVersion": False, "document": policy(statement("*"))},
        {"isDefaultVersion": True, "document": policy(statement("s3:GetObject"))},
    ]
    assert facts_of("AWS::IAM::Policy", {"policyVersionList": versions})["admin"] is False


def test_a_user_is_a_member_of_groups_and_administrates_by_an_attached_policy() -> None:
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    user = iam("user/ana")
    configuration = {
        "groupList": ["admins"],
        "attachedManagedPolicies": [{"policyArn": admin}],
    }
    assert links_of("AWS::IAM::User", "AIDA1", configuration, ARN=user) == {
        (user, LinkKind.MEMBER_OF, iam("group/admins")),
        (user, LinkKind.HAS_POLICY, admin),
    }
    assert facts_of("AWS::IAM::User", configuration)["admin"] is True


@pytest.mark.parametrize(
    "config_type",
    [
        "AWS::EC2::Instance", "AWS::EC2::SecurityGroup", "AWS::EC2::RouteTable", "AWS::S3::Bucket",
        "AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Policy", "AWS::Lambda::Function",
        "AWS::ECS::Service", "AWS::EKS::Cluster", "AWS::RDS::DBInstance", "AWS::KMS::Key",
        "AWS::ElasticLoadBalancingV2::TargetGroup", "AWS::CloudFront::Distribution",
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", [None, 3, "text", [], [None], [[]], {}, {"x": None}])
def test_a_value_of_another_shape_tells_nothing(config_type: str, value: Any) -> None:
    """Whatever a configuration holds in place of what is expected there."""
    names = (
        "ipPermissions", "routes", "associations", "securityGroups", "networkInterfaces", "state",
        "iamInstanceProfile", "blockDeviceMappings", "assumeRolePolicyDocument", "groupList",
        "rolePolicyList", "attachedManagedPolicies", "policyVersionList", "role", "vpcConfig",
        "cluster", "networkConfiguration", "loadBalancers", "resourcesVpcConfig", "dBSubnetGroup",
        "encryptionConfig", "vpcSecurityGroups", "kmsKeyId", "targets", "origins",
        "loadBalancerArns",
    )  # fmt: skip
    extra = dict.fromkeys(("BucketPolicy", "AccessControlList", "Policy", "Tags"), value)
    item = config_item(config_type, "x", dict.fromkeys(names, value), supplementary=extra)
    assert len(told(item).resources) == 1
