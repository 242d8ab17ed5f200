"""Views as tools answer them, from one small story: acme's open SSH path."""

from datetime import UTC, datetime, timedelta

from agent.views import Cut, Exposure, ExposureList, Freshness, Posture, Term
from integrations.findings.port import Finding, FindingClass, FindingState, Severity
from integrations.resources.port import INTERNET, Link, LinkKind, Path, Resource

NOW = datetime(2026, 11, 24, 9, 12, tzinfo=UTC)
FRESH = Freshness(
    now=NOW,
    findings_at=NOW - timedelta(minutes=3),
    resources_at=NOW - timedelta(minutes=6),
)
COUNTS = {
    Severity.CRITICAL: 29,
    Severity.HIGH: 233,
    Severity.MEDIUM: 400,
    Severity.LOW: 250,
}
WEB_ARN = "arn:aws:ec2:us-east-1:111122223333:instance/i-0abc"


def a_resource(name: str = "web-7", **given: object) -> Resource:
    fields: dict[str, object] = {
        "id": WEB_ARN if name == "web-7" else f"arn:aws:s3:::{name}",
        "type": "AwsEc2Instance" if name == "web-7" else "AwsS3Bucket",
        "name": name,
        "short_id": "i-0abc" if name == "web-7" else name,
        "account": "111122223333",
        "region": "us-east-1",
        "captured_at": NOW - timedelta(minutes=6),
    }
    return Resource(**{**fields, **given})  # type: ignore[arg-type]  # a builder of test data


def a_finding(number: int = 1, **given: object) -> Finding:
    fields: dict[str, object] = {
        "uid": f"finding-{number}",
        "ref": f"F-ABCDEFG{number}",
        "cls": FindingClass.COMPLIANCE,
        "title": f"Security groups should not allow ingress to port 22 ({number})",
        "description": "Port 22 is open.",
        "severity": Severity.CRITICAL,
        "state": FindingState.OPEN,
        "status": "New",
        "control": "EC2.13",
        "kind": "Software and Configuration Checks",
        "source": "Security Hub",
        "service": "EC2",
        "account": "111122223333",
        "region": "us-east-1",
        "resource": WEB_ARN,
        "resource_type": "AwsEc2Instance",
        "resources": (WEB_ARN,),
        "first_seen": NOW - timedelta(days=41),
        "last_seen": NOW - timedelta(minutes=3),
        "updated_at": NOW - timedelta(minutes=3),
    }
    return Finding(**{**fields, **given})  # type: ignore[arg-type]  # a builder of test data


def a_path() -> Path:
    internet = Resource(id=INTERNET, type="Internet", name="internet", short_id="internet")
    web, bucket = a_resource(), a_resource("acme-customer-exports")
    return Path(
        (internet, web, bucket),
        (
            Link(source=INTERNET, kind=LinkKind.REACHES, target=web.id),
            Link(source=web.id, kind=LinkKind.CAN_ACCESS, target=bucket.id),
        ),
    )


def an_exposure(number: int = 1, **given: object) -> Exposure:
    fields: dict[str, object] = {
        "ref": f"X-AB12C{number}",
        "tenant": "acme",
        "rule": "R1",
        "headline": "Internet → web-7 → role web-app → bucket acme-customer-exports",
        "verdict": "Fix the open SSH on web-7 first: it completes a path from the internet.",
        "why": (
            "SSH open to 0.0.0.0/0 for 41 days",
            "CVE-2024-6387 (EPSS 0.71, exploited)",
            "12 failed-then-successful logins at 02:10 UTC",
        ),
        "score": 95 - number,
        "severity": Severity.CRITICAL,
        "terms": (
            Term(name="Reach", weight=0.45, because="SSH is open", evidence="F-ABCDEFG1"),
            Term(name="Sensitive data", weight=0.3, because="reads exports", evidence=WEB_ARN),
        ),
        "resource": WEB_ARN,
        "resource_name": "web-7",
        "resources": (WEB_ARN,),
        "findings": ("F-ABCDEFG1",),
        "path": a_path(),
        "cut": Cut(
            text="Remove port 22 from sg-web-admin",
            control="EC2.13",
            resource="sg",
            reversible=True,
        ),
        "since": NOW - timedelta(days=41),
    }
    return Exposure(**{**fields, **given})  # type: ignore[arg-type]  # a builder of test data


def exposures(*listed: Exposure, tenant: str = "acme", total: int | None = None) -> ExposureList:
    return ExposureList(
        tenant=tenant,
        exposures=listed,
        total=len(listed) if total is None else total,
        open_findings=912,
        open_by_severity=COUNTS,
        freshness=FRESH,
    )


def a_posture(tenant: str, criticals: int, before: int) -> Posture:
    return Posture(
        tenant=tenant,
        name=tenant.capitalize(),
        environment="production",
        open_findings=100 + criticals,
        open_by_severity={Severity.CRITICAL: criticals, Severity.HIGH: 10},
        yesterday={Severity.CRITICAL: before, Severity.HIGH: 10},
        worst=an_exposure(1, tenant=tenant, score=min(criticals, 100)) if criticals else None,
        oldest=a_finding(),
        freshness=FRESH,
    )
