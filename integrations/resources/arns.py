"""Resource types and ARNs: AWS Config's words as Security Hub's, short ids as ARNs.

Facts: the ARN formats of the AWS Service Authorization Reference; the type names of AWS Config and
of the AWS Security Finding Format. A label must not hold `::`: Neptune reads it as several labels.
"""

import re
from functools import lru_cache

_SERVICES = {
    "EC2": "Ec2", "S3": "S3", "IAM": "Iam", "RDS": "Rds", "KMS": "Kms", "SNS": "Sns", "SQS": "Sqs",
    "ECS": "Ecs", "EKS": "Eks", "ECR": "Ecr", "EFS": "Efs", "EMR": "Emr", "SSM": "Ssm",
    "DMS": "Dms", "DynamoDB": "DynamoDb", "ElasticLoadBalancing": "Elb",
    "ElasticLoadBalancingV2": "Elbv2", "WAFv2": "Wafv2", "WAF": "Waf", "ACM": "CertificateManager",
    "MSK": "Msk",
}  # fmt: skip
_ACRONYM = re.compile(r"[A-Z]{2,}(?=[A-Z][a-z]|\d|$)")
_ARN = re.compile(
    r"arn:(?P<partition>[\w-]+):(?P<service>[\w-]+):[\w-]*:(?P<account>\d*|aws):(?P<rest>.*)"
)
_ACCOUNT = re.compile(r"\d{12}")

# AWS Config's type -> the ARN's part after the partition.
_FORMS = {
    "AWS::EC2::Instance": "ec2:{region}:{account}:instance/{id}",
    "AWS::EC2::SecurityGroup": "ec2:{region}:{account}:security-group/{id}",
    "AWS::EC2::VPC": "ec2:{region}:{account}:vpc/{id}",
    "AWS::EC2::Subnet": "ec2:{region}:{account}:subnet/{id}",
    "AWS::EC2::RouteTable": "ec2:{region}:{account}:route-table/{id}",
    "AWS::EC2::InternetGateway": "ec2:{region}:{account}:internet-gateway/{id}",
    "AWS::EC2::NatGateway": "ec2:{region}:{account}:natgateway/{id}",
    "AWS::EC2::NetworkInterface": "ec2:{region}:{account}:network-interface/{id}",
    "AWS::EC2::NetworkAcl": "ec2:{region}:{account}:network-acl/{id}",
    "AWS::EC2::Volume": "ec2:{region}:{account}:volume/{id}",
    "AWS::EC2::EIP": "ec2:{region}:{account}:eip-allocation/{id}",
    "AWS::EC2::Snapshot": "ec2:{region}::snapshot/{id}",
    "AWS::S3::Bucket": "s3:::{id}",
    "AWS::IAM::Role": "iam::{account}:role/{id}",
    "AWS::IAM::User": "iam::{account}:user/{id}",
    "AWS::IAM::Group": "iam::{account}:group/{id}",
    "AWS::IAM::Policy": "iam::{account}:policy/{id}",
    "AWS::IAM::InstanceProfile": "iam::{account}:instance-profile/{id}",
    "AWS::Lambda::Function": "lambda:{region}:{account}:function:{id}",
    "AWS::RDS::DBInstance": "rds:{region}:{account}:db:{id}",
    "AWS::RDS::DBCluster": "rds:{region}:{account}:cluster:{id}",
    "AWS::RDS::DBSnapshot": "rds:{region}:{account}:snapshot:{id}",
    "AWS::DynamoDB::Table": "dynamodb:{region}:{account}:table/{id}",
    "AWS::SQS::Queue": "sqs:{region}:{account}:{id}",
    "AWS::SNS::Topic": "sns:{region}:{account}:{id}",
    "AWS::KMS::Key": "kms:{region}:{account}:key/{id}",
    "AWS::EKS::Cluster": "eks:{region}:{account}:cluster/{id}",
    "AWS::ECS::Cluster": "ecs:{region}:{account}:cluster/{id}",
    "AWS::CloudTrail::Trail": "cloudtrail:{region}:{account}:trail/{id}",
}
_IAM_ID = re.compile(r"(?:AIDA|AROA|ANPA|AGPA|AIPA)[A-Z0-9]{12,}")

# What an ARN's service and resource part say of its type; the longest beginning wins.
_TYPES = (
    ("ec2", "instance/", "AwsEc2Instance"),
    ("ec2", "security-group/", "AwsEc2SecurityGroup"),
    ("ec2", "vpc/", "AwsEc2Vpc"),
    ("ec2", "subnet/", "AwsEc2Subnet"),
    ("ec2", "route-table/", "AwsEc2RouteTable"),
    ("ec2", "internet-gateway/", "AwsEc2InternetGateway"),
    ("ec2", "natgateway/", "AwsEc2NatGateway"),
    ("ec2", "network-interface/", "AwsEc2NetworkInterface"),
    ("ec2", "network-acl/", "AwsEc2NetworkAcl"),
    ("ec2", "volume/", "AwsEc2Volume"),
    ("ec2", "eip-allocation/", "AwsEc2Eip"),
    ("ec2", "snapshot/", "AwsEc2Snapshot"),
    ("s3", "", "AwsS3Bucket"),
    ("iam", "role/", "AwsIamRole"),
    ("iam", "user/", "AwsIamUser"),
    ("iam", "group/", "AwsIamGroup"),
    ("iam", "policy/", "AwsIamPolicy"),
    ("iam", "instance-profile/", "AwsIamInstanceProfile"),
    ("iam", "root", "AwsAccount"),
    ("lambda", "function:", "AwsLambdaFunction"),
    ("rds", "db:", "AwsRdsDbInstance"),
    ("rds", "cluster:", "AwsRdsDbCluster"),
    ("rds", "snapshot:", "AwsRdsDbSnapshot"),
    ("rds", "cluster-snapshot:", "AwsRdsDbClusterSnapshot"),
    ("dynamodb", "table/", "AwsDynamoDbTable"),
    ("sqs", "", "AwsSqsQueue"),
    ("sns", "", "AwsSnsTopic"),
    ("kms", "key/", "AwsKmsKey"),
    ("secretsmanager", "secret:", "AwsSecretsManagerSecret"),
    ("elasticloadbalancing", "loadbalancer/app/", "AwsElbv2LoadBalancer"),
    ("elasticloadbalancing", "loadbalancer/net/", "AwsElbv2LoadBalancer"),
    ("elasticloadbalancing", "loadbalancer/", "AwsElbLoadBalancer"),
    ("elasticloadbalancing", "targetgroup/", "AwsElbv2TargetGroup"),
    ("elasticloadbalancing", "listener/", "AwsElbv2Listener"),
    ("eks", "cluster/", "AwsEksCluster"),
    ("eks", "nodegroup/", "AwsEksNodegroup"),
    ("ecs", "cluster/", "AwsEcsCluster"),
    ("ecs", "service/", "AwsEcsService"),
    ("ecs", "task-definition/", "AwsEcsTaskDefinition"),
    ("wafv2", "", "AwsWafv2WebAcl"),
    ("cloudtrail", "trail/", "AwsCloudTrailTrail"),
    ("cloudfront", "distribution/", "AwsCloudFrontDistribution"),
    ("apigateway", "", "AwsApiGatewayRestApi"),
)


@lru_cache(maxsize=4_096)
def label_of(config_type: str) -> str:
    """`AWS::EC2::SecurityGroup` -> `AwsEc2SecurityGroup`; never with what no label may hold."""
    parts = config_type.split("::")
    if len(parts) < 3 or parts[0] != "AWS":  # noqa: PLR2004 - AWS::Service::Thing
        return re.sub(r"\W", "", config_type) or "Unknown"
    thing = _ACRONYM.sub(lambda found: found.group().capitalize(), "".join(parts[2:]))
    return re.sub(r"\W", "", f"Aws{_SERVICES.get(parts[1], parts[1])}{thing}")


def resource_id_of(config_type: str, short_id: str, account: str, region: str) -> str:
    """The ARN where type, account and region make it certain; else `type/account/region/id`."""
    if short_id.startswith("arn:"):
        return short_id
    form = _FORMS.get(config_type)
    known = _ACCOUNT.fullmatch(account) or "{account}" not in (form or "")
    if form is None or not known or ("{region}" in form and not region) or _IAM_ID.match(short_id):
        return f"{label_of(config_type)}/{account}/{region}/{short_id}"
    return f"arn:{partition_of(region)}:" + form.format(region=region, account=account, id=short_id)


def type_of_id(resource_id: str) -> tuple[str, str]:
    """(type, name) of a resource of which only the id is known."""
    found = _ARN.fullmatch(resource_id)
    if found is None:
        kind, _, rest = resource_id.partition("/")
        name = rest.rsplit("/", 1)[-1] or resource_id
        return (kind if re.fullmatch(r"\w+", kind) and rest else "Unknown"), name
    rest = found["rest"]
    for service, begins, kind in _TYPES:
        if service == found["service"] and rest.startswith(begins):
            if kind == "AwsAccount":
                return kind, found["account"]
            return kind, re.split(r"[/:]", rest)[-1]
    return "Unknown", re.split(r"[/:]", rest)[-1]


def account_id_of(arn: str) -> str:
    """The account of an ARN; empty when it names none, as those of AWS's own policies do."""
    found = _ARN.fullmatch(arn)
    return found["account"] if found and found["account"].isdigit() else ""


def account_vertex(account: str) -> str:
    """The id of the vertex that stands for a whole account: its root's ARN."""
    return f"arn:aws:iam::{account}:root"


def partition_of(region: str) -> str:
    """The partition of a region."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"
