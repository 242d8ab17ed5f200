"""Resource types as Security Hub names them, and the service each belongs to."""

import re
from functools import lru_cache
from typing import Final

# (CloudFormation's service, as Security Hub names it, as control ids spell it). Where the middle
# is empty, Security Hub capitalises the name as one word: S3, Iam, Rds.
_SERVICES: Final = (
    ("AccessAnalyzer", "", "IAM"),
    ("ACM", "CertificateManager", "ACM"),
    ("AmazonMQ", "AmazonMq", "MQ"),
    ("ApiGateway", "ApiGateway", "APIGateway"),
    ("ApiGatewayV2", "ApiGatewayV2", "APIGateway"),
    ("AppSync", "AppSync", "AppSync"),
    ("Athena", "", "Athena"),
    ("AutoScaling", "AutoScaling", "AutoScaling"),
    ("Backup", "", "Backup"),
    ("CertificateManager", "CertificateManager", "ACM"),
    ("CloudFormation", "CloudFormation", "CloudFormation"),
    ("CloudFront", "CloudFront", "CloudFront"),
    ("CloudTrail", "CloudTrail", "CloudTrail"),
    ("CloudWatch", "CloudWatch", "CloudWatch"),
    ("CodeBuild", "CodeBuild", "CodeBuild"),
    ("Cognito", "", "Cognito"),
    ("Config", "", "Config"),
    ("DMS", "", "DMS"),
    ("DocDB", "DocDb", "DocumentDB"),
    ("DynamoDB", "DynamoDb", "DynamoDB"),
    ("EC2", "", "EC2"),
    ("ECR", "", "ECR"),
    ("ECS", "", "ECS"),
    ("EFS", "", "EFS"),
    ("EKS", "", "EKS"),
    ("ElastiCache", "ElastiCache", "ElastiCache"),
    ("ElasticBeanstalk", "ElasticBeanstalk", "ElasticBeanstalk"),
    ("ElasticLoadBalancing", "Elb", "ELB"),
    ("ElasticLoadBalancingV2", "Elbv2", "ELB"),
    ("Elasticsearch", "", "ES"),
    ("EMR", "", "EMR"),
    ("Events", "EventSchemas", "EventBridge"),
    ("Glue", "", "Glue"),
    ("GuardDuty", "GuardDuty", "GuardDuty"),
    ("IAM", "", "IAM"),
    ("InspectorV2", "Inspector", "Inspector"),
    ("Kinesis", "", "Kinesis"),
    ("KMS", "", "KMS"),
    ("Lambda", "", "Lambda"),
    ("Macie", "", "Macie"),
    ("MSK", "", "MSK"),
    ("Neptune", "", "Neptune"),
    ("NetworkFirewall", "NetworkFirewall", "NetworkFirewall"),
    ("OpenSearchService", "OpenSearchService", "Opensearch"),
    ("RDS", "", "RDS"),
    ("Redshift", "", "Redshift"),
    ("RedshiftServerless", "RedshiftServerless", "RedshiftServerless"),
    ("Route53", "", "Route53"),
    ("S3", "", "S3"),
    ("SageMaker", "SageMaker", "SageMaker"),
    ("SecretsManager", "SecretsManager", "SecretsManager"),
    ("SNS", "", "SNS"),
    ("SQS", "", "SQS"),
    ("SSM", "", "SSM"),
    ("StepFunctions", "StepFunction", "StepFunctions"),
    ("Transfer", "", "Transfer"),
    ("WAF", "", "WAF"),
    ("WAFRegional", "WafRegional", "WAF"),
    ("WAFv2", "Wafv2", "WAF"),
    ("WorkSpaces", "WorkSpaces", "WorkSpaces"),
)
_HUB_OF: Final = {cfn.casefold(): hub or cfn.capitalize() for cfn, hub, _ in _SERVICES}
_CONTROL_SERVICE: Final = sorted(
    {(hub or cfn.capitalize(), control) for cfn, hub, control in _SERVICES},
    key=lambda pair: -len(pair[0]),
)
# What splitting at capitals gets wrong or leaves out.
_IRREGULAR: Final = {
    "aws::account": "AwsAccount",
    "aws::::account": "AwsAccount",
    "aws::opensearch::domain": "AwsOpenSearchServiceDomain",
    "aws::opensearchservice::domain": "AwsOpenSearchServiceDomain",
    "aws::ec2::vpc": "AwsEc2Vpc",
    "aws::ec2::eip": "AwsEc2Eip",
    "aws::kms::key": "AwsKmsKey",
    "aws::stepfunctions::statemachine": "AwsStepFunctionStateMachine",
    "aws::ecr::containerimage": "AwsEcrContainerImage",
    "aws_ec2_instance": "AwsEc2Instance",
    "aws_ecr_container_image": "AwsEcrContainerImage",
    "aws_ecr_repository": "AwsEcrRepository",
    "aws_lambda_function": "AwsLambdaFunction",
    "code_repository": "CodeRepository",
}
_ACRONYM: Final = re.compile(r"[A-Z]{2,}(?=[A-Z][a-z]|\d|$)")
_ARN_SERVICE: Final = {
    "elasticloadbalancing": "ELB",
    "logs": "CloudWatch",
    "monitoring": "CloudWatch",
    "execute-api": "APIGateway",
    "apigateway": "APIGateway",
    "events": "EventBridge",
    "states": "StepFunctions",
    "sts": "IAM",
    "es": "Opensearch",
    "acm": "ACM",
    "access-analyzer": "IAM",
    "accessanalyzer": "IAM",
}
_ARN_PARTS = 6
_THREAT: Final = re.compile(r"^[A-Za-z]+:([A-Za-z0-9]+)/")
_THREAT_SERVICE: Final = {"iamuser": "IAM", "kubernetes": "EKS", "runtime": "EC2", "iam": "IAM"}
_BY_NAME: Final = {control.casefold(): control for _, control in _CONTROL_SERVICE}


@lru_cache(maxsize=4096)
def security_hub_type(name: str) -> str:
    """`AWS::EC2::Instance` or `AWS_EC2_INSTANCE` as Security Hub says it: `AwsEc2Instance`.

    Names that already are Security Hub's, and names of other clouds, are kept.
    """
    known = _IRREGULAR.get(name.casefold())
    if known:
        return known
    parts = name.split("::")
    if len(parts) != 3 or parts[0].casefold() != "aws":  # noqa: PLR2004 - AWS::Service::Thing
        return name
    service = _HUB_OF.get(parts[1].casefold(), parts[1])
    thing = _ACRONYM.sub(lambda found: found.group().capitalize(), parts[2])
    return f"Aws{service}{thing}"


@lru_cache(maxsize=8192)
def service_of_type(resource_type: str, *, uid: str = "", kind: str = "") -> str:
    """The service, spelled as control ids spell it: from the type, else the ARN, else the threat.

    Empty when none of them tells.
    """
    threat = _THREAT.match(kind)
    if threat:
        named = threat.group(1).casefold()
        found = _THREAT_SERVICE.get(named) or _BY_NAME.get(named)
        if found:
            return found
    if resource_type.startswith("Aws"):
        rest = resource_type[3:]
        if rest == "Account":
            return "Account"
        for prefix, control in _CONTROL_SERVICE:
            if rest.startswith(prefix):
                return control
    parts = uid.split(":", _ARN_PARTS)
    if parts[0] == "arn" and len(parts) >= _ARN_PARTS:
        return _ARN_SERVICE.get(parts[2]) or _BY_NAME.get(parts[2], parts[2].upper())
    return ""


def service_named(name: str) -> str:
    """A service by any name, spelled as control ids spell it: `EC2` of `ec2`; else the name."""
    found = name.casefold().removeprefix("aws")
    return _BY_NAME.get(found) or _ARN_SERVICE.get(found, name)
