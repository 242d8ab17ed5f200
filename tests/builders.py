"""Findings and tenants to begin with: valid, plain, and changed by what a test is about."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.findings.port import FindingClass, FindingState, Severity
from integrations.tenants.port import Tenant

ACCOUNT = "111122223333"
REGION = "eu-west-1"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""The moment of everything that is not about time."""

_STATUS = {
    FindingState.OPEN: (1, "New"),
    FindingState.MUTED: (3, "Suppressed"),
    FindingState.RESOLVED: (4, "Resolved"),
    FindingState.ARCHIVED: (5, "Archived"),
    FindingState.PASSED: (1, "New"),
}


def bucket(name: str) -> str:
    """The ARN of a bucket."""
    return f"arn:aws:s3:::{name}"


def day(number: int, hour: int = 12) -> datetime:
    """An hour of a day of November 2026, UTC."""
    return datetime(2026, 11, number, hour, tzinfo=UTC)


def ocsf_event(
    uid: str = "f-1",
    *,
    at: datetime = NOON,
    state: FindingState = FindingState.OPEN,
    severity: Severity = Severity.HIGH,
    cls: FindingClass = FindingClass.COMPLIANCE,
    control: str = "S3.2",
    kind: str = "",
    title: str = "Buckets should block public reads",
    description: str = "",
    source: str = "Security Hub",
    account: str = ACCOUNT,
    region: str = REGION,
    resources: tuple[str, ...] = ("arn:aws:s3:::exports",),
    resource_type: str = "AwsS3Bucket",
    first_seen: datetime | None = None,
    last_seen: datetime | None = None,
    epss: float | None = None,
    exploitable: bool = False,
    fixable: bool = False,
) -> bytes:
    """One OCSF 1.6.0 event, JSON, as the sources write them; `kind` is a CVE or a finding type."""
    status_id, status = _STATUS[state]
    info: dict[str, Any] = {"uid": uid, "title": title, "desc": description, "types": []}
    info["first_seen_time"] = in_ms(first_seen or at - timedelta(days=1))
    info["last_seen_time"] = in_ms(last_seen or at)
    event: dict[str, Any] = {
        "activity_id": 2,
        "category_uid": 2,
        "class_uid": int(cls),
        "type_uid": int(cls) * 100 + 2,
        "time": in_ms(at),
        "severity_id": int(severity),
        "status_id": status_id,
        "status": status,
        "metadata": {
            "version": "1.6.0",
            "profiles": ["cloud"],
            "product": {"name": source, "vendor_name": "AWS"},
        },
        "cloud": {"provider": "AWS", "account": {"uid": account}, "region": region},
        "finding_info": info,
        "resources": [{"uid": uid, "type": resource_type} for uid in resources],
    }
    if cls is FindingClass.COMPLIANCE:
        passed = state is FindingState.PASSED
        event["compliance"] = {"control": control, "status_id": 1 if passed else 3}
    elif cls is FindingClass.VULNERABILITY:
        cve: dict[str, Any] = {"uid": kind or "CVE-2024-6387"}
        if epss is not None:
            cve["epss"] = {"score": str(epss)}
        event["vulnerabilities"] = [
            {"cve": cve, "is_exploit_available": exploitable, "is_fix_available": fixable}
        ]
    else:
        info["types"] = [kind or "UnauthorizedAccess:EC2/SSHBruteForce"]
    return json.dumps(event).encode()


def in_ms(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return round(moment.timestamp() * 1000)


def tenant(tenant_id: str = "acme", *accounts: str, **changes: Any) -> Tenant:
    """A tenant with one account, unless others are given."""
    return Tenant(
        **{"id": tenant_id, "name": tenant_id.title(), "accounts": accounts or (ACCOUNT,)} | changes
    )
