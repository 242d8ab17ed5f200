"""Plans and requests to begin with: valid, plain, and changed by what a test is about."""

from datetime import datetime, timedelta
from typing import Any

from integrations.remediations.audit import AuditEntry, AuditKind
from integrations.remediations.plan import Call, Plan
from integrations.remediations.port import Remediation
from tests.builders import ACCOUNT, NOON, REGION
from tests.graph_builders import ec2

LEASE = timedelta(seconds=60)


def plan(**changes: Any) -> Plan:
    """Close SSH on one group."""
    fields: dict[str, Any] = {
        "title": "Close SSH to the internet on sg-web-admin",
        "why": "SSH is open to the internet",
        "finding": "f-ssh",
        "finding_ref": "F-0000",
        "control": "EC2.13",
        "severity": "high",
        "resource": ec2("security-group/sg-0a1"),
        "resource_name": "sg-web-admin",
        "account": ACCOUNT,
        "region": REGION,
        "runbook": "SecurityAssist-CloseSshToTheInternet",
        "runbook_version": "0123456789ab",
        "parameters": {"GroupId": "sg-0a1"},
        "calls": (
            Call(
                action="ec2:RevokeSecurityGroupIngress",
                resource="sg-0a1",
                parameters={"GroupId": "sg-0a1", "IpPermissions": [{"FromPort": 22}]},
            ),
        ),
        "state": {"Inbound": ["tcp 22 from 0.0.0.0/0", "tcp 443 from 0.0.0.0/0"]},
        "target": {"Inbound": ["tcp 443 from 0.0.0.0/0"]},
        "saved": {"Rules": ["tcp 22 from 0.0.0.0/0", "tcp 443 from 0.0.0.0/0"]},
        "planned_at": NOON,
    }
    return Plan(**fields | changes)


def remediation(request_id: str = "R-aaaaaaaaaaaaaaaa", **changes: Any) -> Remediation:
    """A request of the analyst, made at noon, open for an hour."""
    at: datetime = changes.get("requested_at", NOON)
    fields: dict[str, Any] = {
        "plan": plan(),
        "requested_by": "slack/T0001/UANALYST",
        "requested_at": at,
        "expires_at": at + timedelta(minutes=60),
    }
    return Remediation(id=request_id, **fields | changes)


def approved(request_id: str = "R-aaaaaaaaaaaaaaaa", **changes: Any) -> Remediation:
    """The same, approved by one person: version 2."""
    request = remediation(request_id, **changes)
    return request.approved("slack/T0001/UONCALL1", request.requested_at, "seen")


def entry(number: int = 1, **changes: Any) -> AuditEntry:
    """Something that happened."""
    fields: dict[str, Any] = {
        "at": NOON + timedelta(seconds=number),
        "kind": AuditKind.REFUSED,
        "remediation": "R-aaaaaaaaaaaaaaaa",
        "by": "slack/T0001/UONCALL1",
        "detail": {"rule": "four-eyes", "number": number},
    }
    return AuditEntry(**fields | changes)
