"""The IAM action that a call needs, where it is not `service:Operation`.

From the Service Authorization Reference of each service.
"""

_PREFIXES = {"elb": "elasticloadbalancing", "elbv2": "elasticloadbalancing", "s3control": "s3"}


def iam_action(service: str, operation: str) -> str:
    """`ec2:RevokeSecurityGroupIngress`; `service` as boto3 names the client."""
    return f"{_PREFIXES.get(service, service)}:{operation}"
