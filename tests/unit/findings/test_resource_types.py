"""Resource types as Security Hub names them, and their services."""

import pytest

from integrations.findings.resource_types import security_hub_type, service_of_type


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("AWS::EC2::Instance", "AwsEc2Instance"),
        ("AWS::EC2::VPC", "AwsEc2Vpc"),
        ("AWS::RDS::DBInstance", "AwsRdsDbInstance"),
        ("AWS::DynamoDB::Table", "AwsDynamoDbTable"),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", "AwsElbv2LoadBalancer"),
        ("AWS::WAFv2::WebACL", "AwsWafv2WebAcl"),
        ("AWS_EC2_INSTANCE", "AwsEc2Instance"),
        ("AwsS3Bucket", "AwsS3Bucket"),
        ("KubernetesPod", "KubernetesPod"),
        ("", ""),
    ],
)
def test_types_are_spelled_one_way(name: str, said: str) -> None:
    assert security_hub_type(name) == said


@pytest.mark.parametrize(
    ("kind", "uid", "threat", "service"),
    [
        ("AwsEc2SecurityGroup", "", "", "EC2"),
        ("AwsElbv2LoadBalancer", "", "", "ELB"),
        ("AwsRedshiftServerlessNamespace", "", "", "RedshiftServerless"),
        ("AwsAccount", "", "", "Account"),
        ("Other", "arn:aws:elasticloadbalancing:x:1:loadbalancer/a", "", "ELB"),
        ("Other", "arn:aws:s3:::b", "", "S3"),
        ("AwsEc2Instance", "", "Execution:Kubernetes/X", "EKS"),
        ("AwsIamAccessKey", "", "Recon:IAMUser/X", "IAM"),
        ("", "", "", ""),
    ],
)
def test_the_service_is_told_by_threat_type_or_arn(
    kind: str, uid: str, threat: str, service: str
) -> None:
    assert service_of_type(kind, uid=uid, kind=threat) == service
