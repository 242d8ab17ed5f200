"""The few words of the picture: what kind of thing a box is, what a line means."""

from bot.picture.fonts import drawable
from integrations.resources.port import INTERNET_TYPE, Link, LinkKind

_LABELS = {
    LinkKind.RUNS_AS: "runs as",
    LinkKind.HAS_POLICY: "has",
    LinkKind.MEMBER_OF: "in",
    LinkKind.CAN_ASSUME: "can assume",
    LinkKind.ENCRYPTED_BY: "encrypted by",
    LinkKind.LOGS_TO: "logs to",
    LinkKind.FORWARDS_TO: "forwards to",
    LinkKind.ROUTES_TO: "routes to",
}
_VERBS = {"read": "can read", "write": "can change", "admin": "can do all"}
_MOST_PORTS = 2
_LONGEST_PORT = 11
"""`30000-32767`"""

NO_KIND = "resource"
"""Of what nothing more is known."""
_KINDS = {
    INTERNET_TYPE: "anyone",
    "Unknown": NO_KIND,
    "AwsAccount": "AWS account",
    "AwsEc2Eip": "Elastic IP",
    "AwsEc2InternetGateway": "internet gateway",
    "AwsEc2NatGateway": "NAT gateway",
    "AwsEc2NetworkAcl": "network ACL",
    "AwsEc2NetworkInterface": "network interface",
    "AwsEc2RouteTable": "route table",
    "AwsEc2SecurityGroup": "security group",
    "AwsEc2Snapshot": "EBS snapshot",
    "AwsEc2Subnet": "subnet",
    "AwsEc2Volume": "EBS volume",
    "AwsEc2Vpc": "VPC",
    "AwsEc2VpcEndpoint": "VPC endpoint",
    "AwsEksNodegroup": "EKS node group",
    "AwsElbLoadBalancer": "load balancer",
    "AwsElbv2Listener": "listener",
    "AwsElbv2LoadBalancer": "load balancer",
    "AwsElbv2TargetGroup": "target group",
    "AwsIamInstanceProfile": "instance profile",
    "AwsWafv2WebAcl": "web ACL",
}
"""Types that people call something else than service and thing."""

_SERVICES = (
    ("DynamoDb", "DynamoDB"),
    ("CloudFront", "CloudFront"),
    ("CloudTrail", "CloudTrail"),
    ("CloudWatch", "CloudWatch"),
    ("ApiGatewayV2", "API Gateway v2"),
    ("ApiGateway", "API Gateway"),
    ("AutoScalingAutoScaling", "Auto Scaling"),
    ("AutoScaling", "Auto Scaling"),
    ("SecretsManager", "Secrets Manager"),
    ("StepFunctions", "Step Functions"),
    ("StepFunction", "Step Functions"),
    ("OpenSearchService", "OpenSearch"),
    ("Elbv2", "load balancer"),
    ("Elb", "load balancer"),
    ("Wafv2", "WAF"),
    ("WafRegional", "WAF"),
    ("RdsDb", "RDS"),
    ("GuardDuty", "GuardDuty"),
)
"""Services whose name is not the first word of the type, longest beginning first."""
_SHORT = {"acl": "ACL", "api": "API", "db": "DB", "vpc": "VPC"}


def label_of(link: Link) -> str:
    """A few words on a line; nothing where the ends say it all."""
    if link.kind is LinkKind.CAN_ACCESS:
        return _VERBS.get(str(link.properties.get("access")), "can use")
    if link.kind in {LinkKind.REACHES, LinkKind.ADMITS}:
        told = str(link.properties.get("ports", "")).split(",")
        ports = [drawable(p.split("/")[0])[:_LONGEST_PORT] for p in told]
        ports = [port for port in ports if port]
        if not ports:
            return "public"
        more = f" +{len(ports) - _MOST_PORTS}" if len(ports) > _MOST_PORTS else ""
        word = "port" if len(ports) == 1 else "ports"
        return f"{word} {', '.join(ports[:_MOST_PORTS])}{more}"
    return _LABELS.get(link.kind, "")


def verb_of(link: Link) -> str:
    """A link in a sentence, between its source and its target."""
    if link.kind is LinkKind.CAN_ACCESS:
        access = str(link.properties.get("access"))
        return "can do everything with" if access == "admin" else _VERBS.get(access, "can use")
    return _LABELS.get(link.kind, link.kind.replace("_", " "))


def kind_of(resource_type: str) -> str:
    """`AwsS3Bucket` -> `S3 bucket`, `AwsEc2SecurityGroup` -> `security group`."""
    if resource_type in _KINDS:
        return _KINDS[resource_type]
    rest = resource_type.removeprefix("Aws")
    service, rest = next(
        ((name, rest[len(start) :]) for start, name in _SERVICES if rest.startswith(start)),
        ("", rest),
    )
    words: list[str] = []
    for character in rest:
        if character.isupper() or not words:
            words.append(character)
        else:
            words[-1] += character
    if not service and words:
        service = _service(words.pop(0))
    said = [_SHORT.get(word.lower(), word.lower()) for word in words]
    return drawable(" ".join([service, *said])) or NO_KIND


def many(kind: str) -> str:
    """`IAM policy` -> `IAM policies`."""
    if kind.endswith("y") and kind[-2:-1] not in {"a", "e", "o", "u"}:
        return f"{kind[:-1]}ies"
    return f"{kind}es" if kind.endswith(("s", "ch", "x")) else f"{kind}s"


def _service(word: str) -> str:
    return word.upper() if len(word) <= 3 or any(c.isdigit() for c in word) else word  # noqa: PLR2004 - EC2, S3, IAM
