"""Types and ids: Config's words in Security Hub's, short ids as ARNs, ARNs as types."""

import pytest

from integrations.resources.arns import (
    account_id_of,
    account_vertex,
    label_of,
    partition_of,
    resource_id_of,
    type_of_id,
)
from tests.builders import ACCOUNT, REGION
from tests.graph_builders import arn, ec2, iam


@pytest.mark.parametrize(
    ("config_type", "label"),
    [
        ("AWS::EC2::Instance", "AwsEc2Instance"),
        ("AWS::EC2::SecurityGroup", "AwsEc2SecurityGroup"),
        ("AWS::EC2::VPC", "AwsEc2Vpc"),
        ("AWS::EC2::EIP", "AwsEc2Eip"),
        ("AWS::EC2::NetworkAcl", "AwsEc2NetworkAcl"),
        ("AWS::S3::Bucket", "AwsS3Bucket"),
        ("AWS::IAM::Role", "AwsIamRole"),
        ("AWS::RDS::DBInstance", "AwsRdsDbInstance"),
        ("AWS::RDS::DBClusterSnapshot", "AwsRdsDbClusterSnapshot"),
        ("AWS::DynamoDB::Table", "AwsDynamoDbTable"),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", "AwsElbv2LoadBalancer"),
        ("AWS::ElasticLoadBalancing::LoadBalancer", "AwsElbLoadBalancer"),
        ("AWS::Lambda::Function", "AwsLambdaFunction"),
        ("AWS::KMS::Key", "AwsKmsKey"),
        ("AWS::WAFv2::WebACL", "AwsWafv2WebAcl"),
        ("AWS::New::Thing::Part", "AwsNewThingPart"),
        ("Custom", "Custom"),
        ("::", "Unknown"),
    ],
)
def test_a_label_is_security_hubs_name_of_the_type(config_type: str, label: str) -> None:
    assert label_of(config_type) == label


@pytest.mark.parametrize("config_type", ["AWS::A::B::C", "AWS::x:y::z", "a::b", "AWS::\n::;"])
def test_no_label_holds_what_would_make_it_several(config_type: str) -> None:
    assert label_of(config_type).isidentifier()


@pytest.mark.parametrize(
    ("config_type", "short_id", "resource_id"),
    [
        ("AWS::EC2::Instance", "i-1", ec2("instance/i-1")),
        ("AWS::EC2::Snapshot", "snap-1", f"arn:aws:ec2:{REGION}::snapshot/snap-1"),
        ("AWS::S3::Bucket", "data", "arn:aws:s3:::data"),
        ("AWS::IAM::Role", "web", iam("role/web")),
        (
            "AWS::IAM::Role",
            "AROAEXAMPLEID12345678",
            f"AwsIamRole/{ACCOUNT}/{REGION}/AROAEXAMPLEID12345678",
        ),
        ("AWS::Lambda::Function", "f", arn("lambda", "function:f")),
        ("AWS::New::Thing", "x", f"AwsNewThing/{ACCOUNT}/{REGION}/x"),
        ("AWS::EC2::Instance", ec2("instance/i-2"), ec2("instance/i-2")),
    ],
)
def test_an_id_is_an_arn_where_type_account_and_region_make_it_certain(
    config_type: str, short_id: str, resource_id: str
) -> None:
    assert resource_id_of(config_type, short_id, ACCOUNT, REGION) == resource_id


def test_without_a_proper_account_or_region_no_arn_is_made_up() -> None:
    assert resource_id_of("AWS::EC2::Instance", "i-1", "x", REGION).startswith("AwsEc2Instance/")
    assert resource_id_of("AWS::EC2::Instance", "i-1", ACCOUNT, "").startswith("AwsEc2Instance/")
    assert resource_id_of("AWS::S3::Bucket", "b", "", "") == "arn:aws:s3:::b"


@pytest.mark.parametrize(
    ("resource_id", "kind", "name"),
    [
        (ec2("instance/i-1"), "AwsEc2Instance", "i-1"),
        ("arn:aws:s3:::data", "AwsS3Bucket", "data"),
        (iam("role/service-role/web"), "AwsIamRole", "web"),
        (iam("root"), "AwsAccount", ACCOUNT),
        (arn("rds", "cluster-snapshot:x"), "AwsRdsDbClusterSnapshot", "x"),
        (arn("elasticloadbalancing", "loadbalancer/app/web/1"), "AwsElbv2LoadBalancer", "1"),
        (arn("elasticloadbalancing", "loadbalancer/web"), "AwsElbLoadBalancer", "web"),
        (arn("novelty", "thing/x"), "Unknown", "x"),
        (f"AwsNewThing/{ACCOUNT}/{REGION}/x", "AwsNewThing", "x"),
        ("i-1", "Unknown", "i-1"),
        ("", "Unknown", ""),
        ("a b/c", "Unknown", "c"),
        ("/", "Unknown", "/"),
    ],
)
def test_an_id_says_what_it_is_the_id_of(resource_id: str, kind: str, name: str) -> None:
    assert type_of_id(resource_id) == (kind, name)


def test_accounts_and_partitions() -> None:
    assert account_id_of(iam("role/web")) == ACCOUNT
    assert account_id_of("arn:aws:s3:::data") == account_id_of("i-1") == ""
    assert account_vertex(ACCOUNT) == iam("root")
    assert [partition_of(r) for r in ("eu-west-1", "cn-north-1", "us-gov-west-1", "")] == [
        "aws",
        "aws-cn",
        "aws-us-gov",
        "aws",
    ]


def test_a_policy_of_aws_itself_is_a_policy_of_no_account() -> None:
    managed = "arn:aws:iam::aws:policy/AdministratorAccess"
    assert type_of_id(managed) == ("AwsIamPolicy", "AdministratorAccess")
    assert account_id_of(managed) == ""
