"""ARNs built from what a finding says of a resource, where that makes them certain.

Facts: the resource ARN formats of the AWS Service Authorization Reference.
"""

import re
from functools import lru_cache
from typing import Final

# Security Hub's type -> (what the bare id looks like, the ARN's part after the partition).
_FORMS: Final = {
    "AwsEc2Instance": (r"i-[0-9a-z]+", "ec2:{region}:{account}:instance/{id}"),
    "AwsEc2SecurityGroup": (r"sg-[0-9a-z]+", "ec2:{region}:{account}:security-group/{id}"),
    "AwsEc2Vpc": (r"vpc-[0-9a-z]+", "ec2:{region}:{account}:vpc/{id}"),
    "AwsEc2Subnet": (r"subnet-[0-9a-z]+", "ec2:{region}:{account}:subnet/{id}"),
    "AwsEc2Volume": (r"vol-[0-9a-z]+", "ec2:{region}:{account}:volume/{id}"),
    "AwsEc2NetworkInterface": (r"eni-[0-9a-z]+", "ec2:{region}:{account}:network-interface/{id}"),
    "AwsEc2NetworkAcl": (r"acl-[0-9a-z]+", "ec2:{region}:{account}:network-acl/{id}"),
    "AwsEc2RouteTable": (r"rtb-[0-9a-z]+", "ec2:{region}:{account}:route-table/{id}"),
    "AwsS3Bucket": (r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "s3:::{id}"),
    "AwsLambdaFunction": (r"[\w-]{1,64}", "lambda:{region}:{account}:function:{id}"),
    "AwsDynamoDbTable": (r"[\w.-]{3,255}", "dynamodb:{region}:{account}:table/{id}"),
    "AwsRdsDbInstance": (r"[A-Za-z][\w-]{0,62}", "rds:{region}:{account}:db:{id}"),
    "AwsRdsDbCluster": (r"[A-Za-z][\w-]{0,62}", "rds:{region}:{account}:cluster:{id}"),
    "AwsKmsKey": (r"(?:mrk-)?[0-9a-f-]{32,36}", "kms:{region}:{account}:key/{id}"),
    "AwsSqsQueue": (r"[\w-]{1,80}(?:\.fifo)?", "sqs:{region}:{account}:{id}"),
    "AwsSnsTopic": (r"[\w-]{1,256}(?:\.fifo)?", "sns:{region}:{account}:{id}"),
    "AwsEksCluster": (r"[\w-]{1,100}", "eks:{region}:{account}:cluster/{id}"),
    "AwsEcrRepository": (r"[a-z0-9._/-]{2,256}", "ecr:{region}:{account}:repository/{id}"),
}
_COMPILED: Final = {name: (re.compile(p, re.ASCII), arn) for name, (p, arn) in _FORMS.items()}
NAMED_BY_BARE_ID: Final = frozenset(_FORMS)
"""Security Hub's types whose ARNs can be built."""
_ACCOUNT: Final = re.compile(r"^\d{12}$")
_PRINCIPAL_NAME: Final = re.compile(r"^[\w+=,.@-]{1,64}$", re.ASCII)
_QUALIFIED: Final = re.compile(r"^(arn:[\w-]+:lambda:[\w-]*:\d*:function:[\w-]+):(\$?[\w-]+)$")


@lru_cache(maxsize=16384)
def resource_uid(resource_type: str, resource_id: str, account: str, region: str) -> str:
    """The ARN of a resource that is named by its bare id; the id itself where that is uncertain.

    The type is Security Hub's name.
    """
    if resource_id.startswith("arn:"):
        return resource_id
    form = _COMPILED.get(resource_type)
    if form is None or not form[0].fullmatch(resource_id) or not _ACCOUNT.match(account):
        return resource_id
    if "{region}" in form[1] and not region:
        return resource_id
    rest = form[1].format(region=region, account=account, id=resource_id)
    return f"arn:{partition_of(region)}:{rest}"


@lru_cache(maxsize=4096)
def principal_uid(user_type: str, name: str, account: str, region: str) -> str:
    """The ARN of an IAM user or role that is known by name; empty when it is neither.

    IAM paths are not known here: a principal with a path gets the ARN it would have without one.
    """
    kind = {"IAMUser": "user", "Role": "role", "AssumedRole": "role"}.get(user_type)
    if kind is None or not _PRINCIPAL_NAME.match(name) or not _ACCOUNT.match(account):
        return ""
    return f"arn:{partition_of(region)}:iam::{account}:{kind}/{name}"


def partition_of(region: str) -> str:
    """The partition of a region."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


@lru_cache(maxsize=4096)
def region_of(arn: str) -> str:
    """The region that an ARN names; empty for global resources and for what is no ARN."""
    parts = arn.split(":", 4)
    return parts[3] if parts[0] == "arn" and len(parts) > 4 else ""  # noqa: PLR2004 - arn:partition:service:region:


def unqualified(arn: str) -> tuple[str, str | None]:
    """A Lambda function's ARN without its version or alias, and that; Config knows none."""
    found = _QUALIFIED.match(arn)
    return (found.group(1), found.group(2)) if found else (arn, None)
