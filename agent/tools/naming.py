"""What resources are called where their own words do not say it."""

from integrations.resources.port import Resource

_ACCOUNT = "AWS::::Account:"
_KINDS = {
    "AwsDynamoDbTable": "table",
    "AwsElbv2LoadBalancer": "load balancer",
    "AwsElbv2TargetGroup": "target group",
    "AwsRdsDbCluster": "database cluster",
    "AwsRdsDbInstance": "database",
    "AwsRdsDbSnapshot": "snapshot",
    "AwsRdsDbClusterSnapshot": "cluster snapshot",
    "AwsWafv2WebAcl": "web ACL",
}


def short_name(uid: str) -> str:
    """The last part of an ARN or path: what people would call it if it had no name.

    Security Hub names an account as a resource `AWS::::Account:111111111111` (ASFF, Resources).
    """
    if uid.startswith(_ACCOUNT):
        return uid.removeprefix(_ACCOUNT)
    tail = uid.rsplit(":", 1)[-1] if uid.startswith("arn:") else uid
    return tail.rsplit("/", 1)[-1] or uid


def kind(resource: Resource) -> str:
    """`AwsEc2SecurityGroup` -> `security group`."""
    if resource.type in _KINDS:
        return _KINDS[resource.type]
    words = "".join(
        f" {c.lower()}" if c.isupper() else c for c in resource.type.removeprefix("Aws")
    )
    service, _, rest = words.strip().partition(" ")
    return rest or service or "resource"
