"""Ages, counts, severities and names, as a person on call would say them."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from agent.guard.untrusted import clean
from agent.views import Freshness
from integrations.findings.port import Finding, FindingState, Severity
from integrations.resources.port import Resource

STALE_AFTER = timedelta(hours=24)
"""Security Hub's checks run at least once in 12 to 24 hours: what is older has a silent source."""

URGENT = (Severity.FATAL, Severity.CRITICAL, Severity.HIGH)
"""What is counted out in an answer's small print."""

_SPOKEN_ID = re.compile(r"[a-z]{1,12}-[0-9a-z]{4,20}")
"""`i-0abc`, `sg-0abc`, `vol-0abc`: not `AROA...`, not a load balancer's hash."""

_SENTENCE = re.compile(r".+?\.(?= |$)", re.DOTALL)

_MINUTES_UP_TO = 90
_HOURS_UP_TO = 48

_ACRONYMS = {
    "Api": "API", "Db": "DB", "Dns": "DNS", "Ebs": "EBS", "Ec2": "EC2", "Ecr": "ECR", "Ecs": "ECS",
    "Efs": "EFS", "Eks": "EKS", "Elb": "", "Elbv2": "", "Iam": "IAM", "Ip": "IP",
    "Kms": "KMS", "Rds": "RDS", "S3": "S3", "Sns": "SNS", "Sqs": "SQS", "Ssm": "SSM", "V2": "",
    "Vpc": "VPC", "Waf": "WAF", "Wafv2": "WAF",
}  # fmt: skip
_SHORTER = {
    "AwsEc2Instance": "instance",
    "AwsEc2SecurityGroup": "security group",
    "AwsEc2Subnet": "subnet",
    "AwsEc2Vpc": "VPC",
    "AwsEc2Volume": "volume",
    "AwsEc2NetworkInterface": "network interface",
    "AwsEc2Snapshot": "snapshot",
    "AwsS3Bucket": "bucket",
    "AwsIamRole": "role",
    "AwsIamUser": "user",
    "AwsIamGroup": "group",
    "AwsIamPolicy": "policy",
    "AwsIamAccessKey": "access key",
    "AwsLambdaFunction": "function",
    "AwsKmsKey": "KMS key",
    "AwsDynamoDbTable": "DynamoDB table",
    "AwsCloudFrontDistribution": "CloudFront distribution",
    "AwsCloudTrailTrail": "trail",
    "AwsAccount": "account",
    "Internet": "internet",
}


def age(then: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that says enough: `3 min`, `5 h`, `41 days`.

    A moment that is still to come (a clock that runs fast) counts as now.
    """
    minutes = int((now - then).total_seconds() // 60)
    if minutes < 1:
        return "under a minute"
    if minutes < _MINUTES_UP_TO:
        return f"{minutes} min"
    hours = minutes // 60
    if hours < _HOURS_UP_TO:
        return f"{hours} h"
    return f"{hours // 24} days"


def ago(then: datetime, now: datetime) -> str:
    """`3 min ago`."""
    return f"{age(then, now)} ago"


def number(count: int) -> str:
    """`4,112`."""
    return f"{count:,}"


def counted(count: int, one: str, many: str = "") -> str:
    """`1 finding`, `1,204 findings`."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def mark(severity: Severity) -> str:
    """`CRITICAL`: severity as a word, as cards begin with it."""
    return severity.name


def open_by_severity(counts: Mapping[Severity, int]) -> str:
    """`29 critical, 233 high`: the urgent ones only; empty when there are none."""
    said = [f"{number(counts[s])} {s.label.lower()}" for s in URGENT if counts.get(s)]
    return ", ".join(said)


def whole(open_findings: int, counts: Mapping[Severity, int], where: str) -> str:
    """`From 912 open findings (29 critical, 233 high) in acme`."""
    urgent = open_by_severity(counts)
    spelt = f" ({urgent})" if urgent else ""
    return f"From {counted(open_findings, 'open finding')}{spelt} in {where}"


def freshness(of: Sequence[Freshness], now: datetime) -> str:
    """`newest 3 min ago, graph 6 min ago`; of several sources the oldest of each is said."""
    if not of:
        return ""
    findings = [f.findings_at for f in of]
    resources = [f.resources_at for f in of]
    said = [_newest(findings, "newest", "no finding has come in yet", now)]
    said.append(_newest(resources, "graph", "no resource graph yet", now))
    return ", ".join(said)


def _newest(moments: list[datetime | None], what: str, missing: str, now: datetime) -> str:
    known = [moment for moment in moments if moment is not None]
    if not known:
        return missing
    oldest = min(known)
    stale = ", which is stale" if now - oldest > STALE_AFTER else ""
    some = f" ({missing} for {len(moments) - len(known)})" if len(known) < len(moments) else ""
    return f"{what} {ago(oldest, now)}{stale}{some}"


def short_name(uid: str) -> str:
    """The last part of an ARN or path, for what has no better name."""
    tail = uid.rsplit(":", 1)[-1] if uid.startswith("arn:") else uid
    return tail.rstrip("/").rsplit("/", 1)[-1] or uid


def kind(resource_type: str) -> str:
    """`AwsRdsDbSnapshot` -> `RDS DB snapshot`; the commonest have a shorter word."""
    if resource_type in _SHORTER:
        return _SHORTER[resource_type]
    spaced = "".join(f" {c}" if c.isupper() else c for c in resource_type.removeprefix("Aws"))
    words = [_ACRONYMS.get(word, word.lower()) for word in spaced.split()]
    return " ".join(dict.fromkeys(word for word in words if word)) or "resource"


def resource_name(resource: Resource) -> str:
    """`web-7 (i-0abc)`: what people call it, its id beside it where people use that too."""
    name = clean(resource.name, 120) or short_name(resource.id)
    beside = resource.short_id != resource.name and _SPOKEN_ID.fullmatch(resource.short_id)
    return f"{name} ({resource.short_id})" if beside else name


def spoken(resource: Resource) -> str:
    """What a question calls a resource: `i-0abc`, `acme-logs`, `load balancer shop-front`.

    An id that nobody says (a balancer's hash, a role's AROA...) gives way to the name, with what it
    is, because a target group or security group is often called the same.
    """
    if resource.short_id in ("", resource.name) or _SPOKEN_ID.fullmatch(resource.short_id):
        return resource.short_id or resource.id
    return f"{kind(resource.type)} {resource.name}" if resource.name else resource.id


def spoken_key(arn: str) -> str:
    """What a question calls a resource of which only the ARN is at hand: `i-0abc`, or the ARN."""
    name = short_name(arn)
    return name if _SPOKEN_ID.fullmatch(name) else arn


def finding_where(finding: Finding, names: Mapping[str, str]) -> str:
    """`bucket acme-logs in us-east-1`; several resources are counted."""
    name = names.get(finding.resource) or short_name(finding.resource)
    said = f"{kind(finding.resource_type)} {clean(name, 120)}" if name else "no resource named"
    others = len(finding.resources) - 1
    more = f" and {number(others)} more" if others > 0 else ""
    region = f" in {finding.region}" if finding.region else ""
    return f"{said}{more}{region}"


def finding_since(finding: Finding, now: datetime) -> str:
    """`open for 41 days`, `resolved 3 h ago`, `muted`."""
    if finding.state is FindingState.OPEN:
        if finding.reopened_at:
            first = ago(finding.first_seen, now)
            return f"open again for {age(finding.reopened_at, now)}, first seen {first}"
        return f"open for {age(finding.first_seen, now)}"
    if finding.resolved_at and finding.state is not FindingState.MUTED:
        return f"{finding.state} {ago(finding.resolved_at, now)}"
    return str(finding.state)


def change(before: int, after: int) -> str:
    """`58 (-3)`, `61 (+2)`, `58` when nothing changed."""
    return f"{number(after)} ({after - before:+,})" if after != before else number(after)


def first_sentence(text: str) -> str:
    """`Cuts SSH sessions.` of a text that goes on; all of it where no sentence ends."""
    found = _SENTENCE.match(text)
    return found[0] if found else text
