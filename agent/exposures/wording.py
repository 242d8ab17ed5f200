"""How paths, ports and ages are said in exposures."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from integrations.resources.port import INTERNET, Path, Resource

_PORTS = {
    "22/tcp": "SSH",
    "3389/tcp": "RDP",
    "80/tcp": "HTTP",
    "443/tcp": "HTTPS",
    "3306/tcp": "MySQL",
    "5432/tcp": "PostgreSQL",
    "6379/tcp": "Redis",
    "all": "every port",
}
_KINDS = {
    "AwsIamRole": "role",
    "AwsIamUser": "user",
    "AwsS3Bucket": "bucket",
    "AwsDynamoDbTable": "table",
    "AwsRdsDbInstance": "database",
    "AwsRdsDbSnapshot": "snapshot",
    "AwsLambdaFunction": "function",
    "AwsSecretsManagerSecret": "secret",
    "AwsSqsQueue": "queue",
    "AwsElbv2LoadBalancer": "balancer",
    "AwsKmsKey": "key",
}
_MOST_PORTS = 3


def chain(path: Path) -> str:
    """`Internet → web-7 → role web-app → bucket acme-customer-exports`."""
    return " → ".join(called(resource) for resource in path.resources)


def called(resource: Resource) -> str:
    """A resource as it is called in a chain."""
    if resource.id == INTERNET:
        return "Internet"
    kind = _KINDS.get(resource.type)
    return f"{kind} {resource.name}" if kind else resource.name


def ports_in_words(ports: str) -> str:
    """`22/tcp,443/tcp` becomes `SSH and HTTPS`."""
    names = [_PORTS.get(p, f"port {p.split('/')[0]}") for p in ports.split(",") if p]
    if len(names) > _MOST_PORTS:
        return f"{', '.join(names[:_MOST_PORTS])} and {len(names) - _MOST_PORTS} more"
    return listed(names)


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def ago(since: datetime, now: datetime, *, bare: bool = False) -> str:
    """`41 days ago`, or without the last word."""
    passed = max(timedelta(0), now - since)
    hours = int(passed.total_seconds() // 3600)
    if hours < 1:
        words = f"{int(passed.total_seconds() // 60)} minutes"
    elif hours < 48:  # noqa: PLR2004 - two days
        words = f"{hours} hour{'' if hours == 1 else 's'}"
    else:
        words = f"{passed.days} days"
    return words if bare else f"{words} ago"
