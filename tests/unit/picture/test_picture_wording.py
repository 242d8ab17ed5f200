"""Kinds and lines are called what people call them."""

import pytest

from bot.picture.wording import kind_of, label_of, many, verb_of
from integrations.resources.port import Link, LinkKind, Scalar


def _link(kind: LinkKind, **facts: Scalar) -> Link:
    return Link(source="a", kind=kind, target="b", properties=facts)


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("AwsS3Bucket", "S3 bucket"),
        ("AwsEc2Instance", "EC2 instance"),
        ("AwsEc2SecurityGroup", "security group"),
        ("AwsEc2Vpc", "VPC"),
        ("AwsIamRole", "IAM role"),
        ("AwsLambdaFunction", "Lambda function"),
        ("AwsDynamoDbTable", "DynamoDB table"),
        ("AwsRdsDbClusterSnapshot", "RDS cluster snapshot"),
        ("AwsElbv2TargetGroup", "target group"),
        ("AwsApiGatewayRestApi", "API Gateway rest API"),
        ("AwsKmsKey", "KMS key"),
        ("Internet", "anyone"),
        ("Unknown", "resource"),
        ("", "resource"),
        ("日本", "…"),
    ],
)
def test_a_type_is_told_as_service_and_thing(type_: str, kind: str) -> None:
    assert kind_of(type_) == kind


def test_several_of_a_kind_are_told_in_the_plural() -> None:
    told = [many(kind) for kind in ("IAM policy", "gateway", "Lambda alias", "S3 bucket")]
    assert told == ["IAM policies", "gateways", "Lambda aliases", "S3 buckets"]


@pytest.mark.parametrize(
    ("ports", "label"),
    [
        ("22/tcp", "port 22"),
        ("22/tcp,443/tcp", "ports 22, 443"),
        ("22/tcp,80/tcp,443/tcp,8080-9090/tcp", "ports 22, 80 +2"),
        ("", "public"),
        ("\u202e\x00", "port …"),
    ],
)
def test_a_line_from_the_internet_tells_its_ports(ports: str, label: str) -> None:
    assert label_of(_link(LinkKind.REACHES, ports=ports)) == label


def test_access_is_told_as_what_can_be_done() -> None:
    told = {a: label_of(_link(LinkKind.CAN_ACCESS, access=a)) for a in ("read", "write", "admin")}
    assert told == {"read": "can read", "write": "can change", "admin": "can do all"}
    assert label_of(_link(LinkKind.CAN_ACCESS)) == "can use"


def test_every_link_can_be_told_in_a_sentence() -> None:
    assert all(verb_of(_link(kind)) for kind in LinkKind)
    assert verb_of(_link(LinkKind.CAN_ACCESS, access="admin")) == "can do everything with"
    assert verb_of(_link(LinkKind.REACHES, ports="22/tcp")) == "reaches"
