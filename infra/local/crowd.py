"""The ordinary rest of an account: healthy resources, small failures, checks that passed.

Enough of it that finding the few things that matter is work.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from infra.local.account import Account, allow, trusting
from infra.local.native_findings import Record, Seen, control, inspector, resource_of

_SERVICES = (
    "orders", "cart", "search", "stock", "prices", "mail", "login", "ledger", "payout", "risk",
    "fraud", "report", "export", "import", "media", "thumbs", "audit", "batch", "notify", "sync",
)  # fmt: skip


_PACKAGES = (
    ("kernel", "6.1.90", "6.1.112"),
    ("glibc", "2.34-52", "2.34-117"),
    ("curl", "8.5.0", "8.5.0-1.r3"),
    ("python3-requests", "2.25.1", "2.32.2"),
    ("openssl", "3.0.8", "3.0.8-1.r12"),
    ("libxml2", "2.10.4", "2.10.4-1.r6"),
)


@dataclass(frozen=True, slots=True)
class Named:
    """A resource that a finding can be about."""

    arn: str
    kind: str
    name: str


def crowd(account: Account, stem: str, vpc: str, subnets: Sequence[str], size: int) -> list[Named]:
    """Some `size` times six ordinary resources."""
    made: list[Named] = []
    group = account.group(
        f"sg-{stem}0app", f"{stem}-app", vpc, [(8080, "10.0.0.0/8")], tagged=False
    )
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
            f"i-{stem}{n:04d}",
            name,
            subnets[n % len(subnets)],
            [group],
            profile=f"{name}-task",
            imds="optional",
        )
        made.append(Named(instance, "AwsEc2Instance", name))
        queue = account.queue(name)
        made.append(Named(queue, "AwsSqsQueue", name))
        bucket = account.bucket(f"{name}-data", versioned=False)
        made.append(Named(bucket, "AwsS3Bucket", f"{name}-data"))
        table = account.table(name)
        made.append(Named(table, "AwsDynamoDbTable", name))
        arn = account.arn("lambda", f"function:{name}")
        account.function(name, role, "python3.13")
        made.append(Named(arn, "AwsLambdaFunction", name))
    return made


_FAILS: dict[str, dict[str, tuple[str, ...]]] = {
    "AwsEc2Instance": {"HIGH": ("EC2.8", "SSM.2")},
    "AwsEc2SecurityGroup": {"LOW": ("EC2.43",)},
    "AwsIamRole": {"LOW": ("IAM.24",)},
    "AwsSqsQueue": {"MEDIUM": ("SQS.1",), "LOW": ("SQS.2",)},
    "AwsS3Bucket": {"MEDIUM": ("S3.5", "S3.9", "S3.11"), "LOW": ("S3.13", "S3.14")},
    "AwsDynamoDbTable": {"MEDIUM": ("DynamoDB.2", "DynamoDB.6"), "LOW": ("DynamoDB.5",)},
    "AwsLambdaFunction": {"LOW": ("Lambda.3", "Lambda.6")},
}
"""What can fail on the crowd's resources; their Config items show each failure to be true."""

_PASSES: dict[str, tuple[str, ...]] = {
    "AwsEc2Instance": ("EC2.9", "EC2.17", "EC2.24"),
    "AwsEc2SecurityGroup": ("EC2.22",),
    "AwsS3Bucket": ("S3.8", "S3.12"),
    "AwsDynamoDbTable": ("DynamoDB.1",),
    "AwsLambdaFunction": ("Lambda.2",),
}
"""What the crowd's resources pass; their Config items show that too."""

_LEGACY = {
    "S3.5": "cis-aws-foundations-benchmark/v/1.4.0/2.1.2",
    "S3.9": "arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0/rule/2.6",
}
"""Findings of the CIS benchmark from before controls were consolidated."""


def failures(
    account: Account, among: Sequence[Named], severity: str, count: int, random: Random,
    *, days: int = 90, cis: bool = False,
) -> list[Record]:  # fmt: skip
    """Failed checks of one severity, each another control and resource; 2 to `days` days old."""
    pairs = [
        (named, control_id)
        for named in among
        for control_id in _FAILS.get(named.kind, {}).get(severity, ())
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


def flaws(
    account: Account, among: Sequence[Named], severity: str, count: int, random: Random
) -> list[Record]:
    """Package vulnerabilities of instances that are known, and that nobody exploits."""
    hosts = [named for named in among if named.kind == "AwsEc2Instance"]
    rows = []
    for n in range(count):
        host = hosts[n % len(hosts)]
        package, version, fixed = _PACKAGES[n % len(_PACKAGES)]
        cve = f"CVE-{2023 + n % 4}-{(20_000 if severity == 'HIGH' else 30_000) + n * 37}"
        where = {
            "id": host.arn.rsplit("/", 1)[-1], "partition": "aws", "region": account.region,
            "tags": {"Name": host.name}, "type": "AWS_EC2_INSTANCE",
            "details": {"awsEc2Instance": {"platform": "AMAZON_LINUX_2023"}},
        }  # fmt: skip
        seen = Seen(
            first=timedelta(days=random.uniform(2, 80)),
            last=timedelta(minutes=random.randint(50, 300)),
        )
        score = 9.1 if severity == "CRITICAL" else 7.4
        epss = round(random.uniform(0.0003, 0.02), 4)
        rows.append(
            inspector(
                account, cve, (package, version, fixed), where, seen,
                severity=severity, score=score, epss=epss,
            )
        )  # fmt: skip
    return rows


def _passed(among: Sequence[Named], random: Random) -> tuple[Named, str]:
    """A resource, and a control that it passes now."""
    named = random.choice([row for row in among if row.kind in _PASSES])
    return named, random.choice(_PASSES[named.kind])


def settled(account: Account, among: Sequence[Named], count: int, random: Random) -> list[Record]:
    """Checks that passed, findings that were resolved or archived in the last 30 days."""
    rows = []
    for n in range(count):
        named, control_id = _passed(among, random)
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
        named, control_id = _passed(among, random)
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
