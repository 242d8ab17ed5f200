"""The ordinary rest of an account: healthy resources, small failures, checks that passed.

Enough of it that finding the few things that matter is work.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from infra.local.account import Account, allow, trusting
from infra.local.native_findings import Record, Seen, control, resource_of

_SERVICES = (
    "orders", "cart", "search", "stock", "prices", "mail", "login", "ledger", "payout", "risk",
    "fraud", "report", "export", "import", "media", "thumbs", "audit", "batch", "notify", "sync",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Named:
    """A resource that a finding can be about."""

    arn: str
    kind: str
    name: str


def crowd(account: Account, stem: str, vpc: str, subnets: Sequence[str], size: int) -> list[Named]:
    """Some `size` times six ordinary resources."""
    made: list[Named] = []
    group = account.group(f"sg-{stem}0app", f"{stem}-app", vpc, [(8080, "10.0.0.0/8")])
    made.append(Named(account.arn("ec2", f"security-group/{group}"), "AwsEc2SecurityGroup", group))
    for n in range(size):
        name = f"{stem}-{_SERVICES[n % len(_SERVICES)]}-{n + 1}"
        role = account.role(
            f"{name}-task",
            trusting(Service="ec2.amazonaws.com"),
            inline=allow(["sqs:SendMessage"], [account.arn("sqs", name)]),
            profile=True,
        )
        made.append(Named(role, "AwsIamRole", f"{name}-task"))
        instance = account.instance(
            f"i-{stem}{n:04d}", name, subnets[n % len(subnets)], [group], profile=f"{name}-task"
        )
        made.append(Named(instance, "AwsEc2Instance", name))
        queue = account.plain("AWS::SQS::Queue", name, account.arn("sqs", name))
        made.append(Named(queue, "AwsSqsQueue", name))
        bucket = account.bucket(f"{name}-data", logs_to="")
        made.append(Named(bucket, "AwsS3Bucket", f"{name}-data"))
        table = account.plain(
            "AWS::DynamoDB::Table", name, account.arn("dynamodb", f"table/{name}")
        )
        made.append(Named(table, "AwsDynamoDbTable", name))
        arn = account.arn("lambda", f"function:{name}")
        account.function(name, role, "python3.13")
        made.append(Named(arn, "AwsLambdaFunction", name))
    return made


_FAILS: dict[str, tuple[str, ...]] = {
    "AwsEc2Instance": ("EC2.38", "EC2.8", "EC2.9"),
    "AwsEc2SecurityGroup": ("EC2.43", "EC2.2", "EC2.18"),
    "AwsIamRole": ("IAM.22", "IAM.1"),
    "AwsSqsQueue": ("SQS.1", "SQS.2"),
    "AwsS3Bucket": ("S3.5", "S3.9", "S3.14", "S3.8"),
    "AwsDynamoDbTable": ("DynamoDB.2", "DynamoDB.5"),
    "AwsLambdaFunction": ("Lambda.3", "Lambda.2"),
    "AwsRdsDbInstance": ("RDS.5", "RDS.6", "RDS.8", "RDS.13"),
}
_BY_SEVERITY: dict[str, dict[str, tuple[str, ...]]] = {
    "CRITICAL": {"AwsEc2SecurityGroup": ("EC2.13", "EC2.19"), "AwsS3Bucket": ("S3.2",)},
    "HIGH": {
        "AwsEc2Instance": ("EC2.8",), "AwsS3Bucket": ("S3.8",), "AwsIamRole": ("IAM.1",),
        "AwsEc2SecurityGroup": ("EC2.2", "EC2.18"),
    },
    "MEDIUM": {
        "AwsS3Bucket": ("S3.5", "S3.9"), "AwsSqsQueue": ("SQS.1",), "AwsIamRole": ("IAM.22",),
        "AwsDynamoDbTable": ("DynamoDB.2",), "AwsLambdaFunction": ("Lambda.2",),
    },
    "LOW": {
        "AwsEc2Instance": ("EC2.38", "EC2.35", "EC2.44"), "AwsSqsQueue": ("SQS.2",),
        "AwsS3Bucket": ("S3.14",), "AwsDynamoDbTable": ("DynamoDB.5",),
        "AwsLambdaFunction": ("Lambda.3",), "AwsEc2SecurityGroup": ("EC2.43",),
        "AwsIamRole": ("CloudWatch.4",),
    },
}  # fmt: skip
_LEGACY = {
    "IAM.22": "cis-aws-foundations-benchmark/v/1.4.0/1.12",
    "S3.5": "cis-aws-foundations-benchmark/v/1.4.0/2.1.2",
    "CloudWatch.4": "arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0/rule/3.4",
    "EC2.2": "arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0/rule/4.3",
}
"""Findings of the CIS benchmark from before controls were consolidated."""


def failures(
    account: Account, among: Sequence[Named], severity: str, count: int, random: Random,
    *, days: int = 90, cis: bool = False,
) -> list[Record]:  # fmt: skip
    """Failed checks of one severity, each of another control and resource; aged 2 to `days` days."""
    pairs = [
        (named, control_id)
        for named in among
        for control_id in _BY_SEVERITY[severity].get(named.kind, ())
    ]
    random.shuffle(pairs)
    rows = []
    for named, control_id in pairs[:count]:
        first = timedelta(days=random.uniform(2.0, days))
        seen = Seen(first=first, last=timedelta(minutes=random.randint(3, 700)))
        legacy = _LEGACY.get(control_id, "") if cis else ""
        resource = resource_of(account, named.arn, named.kind, named.name)
        rows.append(control(account, control_id, resource, seen, legacy=legacy))
    return rows


def settled(account: Account, among: Sequence[Named], count: int, random: Random) -> list[Record]:
    """Checks that passed, findings that were resolved or archived in the last 30 days."""
    rows = []
    for n in range(count):
        named = among[random.randrange(len(among))]
        control_id = random.choice(_FAILS.get(named.kind, ("EC2.38",)))
        resource = resource_of(account, named.arn, named.kind, named.name)
        first = timedelta(days=random.uniform(31, 120))
        last = timedelta(days=random.uniform(0.2, 29))
        seen = Seen(first=first, last=last)
        row = control(account, control_id, resource, seen, status="PASSED", workflow="RESOLVED")
        if n % 7 == 0:
            row = control(account, control_id, resource, seen, record="ARCHIVED")
        row["Id"] = f"{row['Id'][:-6]}{n:06d}"
        rows.append(row)
    return rows


def came_and_went(
    account: Account, among: Sequence[Named], count: int, random: Random
) -> list[Record]:
    """Findings that were open and are resolved now: both states, so that the trend has a shape."""
    rows = []
    for n in range(count):
        named = among[random.randrange(len(among))]
        control_id = random.choice(_FAILS.get(named.kind, ("EC2.38",)))
        resource = resource_of(account, named.arn, named.kind, named.name)
        first = timedelta(days=random.uniform(3, 40))
        gone = timedelta(days=random.uniform(0.1, min(28.0, first.days - 0.5)))
        opened = control(account, control_id, resource, Seen(first=first, last=first))
        closed = control(
            account, control_id, resource, Seen(first=first, last=gone), status="PASSED",
            workflow="RESOLVED",
        )  # fmt: skip
        for row in (opened, closed):
            row["Id"] = f"{row['Id'][:-6]}f{n:05d}"
            rows.append(row)
    return rows
