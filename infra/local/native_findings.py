"""Findings of the demo in the forms that Security Hub, GuardDuty and Inspector write."""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from infra.local.account import Account, stamp
from infra.local.controls import CONTROLS

Record = dict[str, Any]

LABELS = {"CRITICAL": 90, "HIGH": 70, "MEDIUM": 40, "LOW": 1, "INFORMATIONAL": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """When a finding was first seen, and when it was last looked at, as ages."""

    first: timedelta
    last: timedelta = timedelta(hours=3)


def _id(*parts: str) -> str:
    """A UUID that follows from what the finding is about."""
    return str(uuid.UUID(hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]))


def resource_of(account: Account, arn: str, kind: str, name: str = "") -> Record:
    """A finding's resource, as Security Hub names it."""
    row: Record = {
        "Type": kind,
        "Id": arn,
        "Partition": "aws",
        "Region": account.region,
    }
    if name:
        row["Tags"] = {"Name": name}
    return row


def control(
    account: Account,
    control_id: str,
    resource: Record,
    seen: Seen,
    *,
    status: str = "FAILED",
    workflow: str = "NEW",
    record: str = "ACTIVE",
    legacy: str = "",
    title: str = "",
    note: str = "",
    severity: str = "",
) -> Record:
    """A Security Hub control finding in ASFF.

    Args:
        account: Whose.
        control_id: Consolidated id, `EC2.13`.
        resource: From `resource_of`.
        seen: When.
        status: Compliance status.
        workflow: Workflow status: NEW, NOTIFIED, SUPPRESSED, RESOLVED.
        record: ACTIVE or ARCHIVED.
        legacy: A generator id of a standard, for findings from before consolidation.
        title: Instead of the control's own.
        note: Text of an analyst's note.
        severity: Instead of the control's own.
    """
    own_severity, own_title = CONTROLS[control_id]
    label = "INFORMATIONAL" if status == "PASSED" else severity or own_severity
    now = account.now
    product = f"arn:aws:securityhub:{account.region}::product/aws/securityhub"
    finding = _id(account.id, control_id, resource["Id"], legacy)
    row: Record = {
        "SchemaVersion": "2018-10-08",
        "Id": f"arn:aws:securityhub:{account.region}:{account.id}:security-control/{control_id}"
        f"/finding/{finding}",
        "ProductArn": product,
        "ProductName": "Security Hub",
        "CompanyName": "AWS",
        "Region": account.region,
        "GeneratorId": legacy or f"security-control/{control_id}",
        "AwsAccountId": account.id,
        "Types": ["Software and Configuration Checks/Industry and Regulatory Standards"],
        "FirstObservedAt": stamp(now - seen.first),
        "LastObservedAt": stamp(now - seen.last),
        "CreatedAt": stamp(now - seen.first),
        "UpdatedAt": stamp(now - seen.last),
        "Severity": {"Label": label, "Normalized": LABELS[label], "Original": label},
        "Title": title or own_title,
        "Description": f"This control checks a setting of the resource: {own_title[:1].lower()}"
        f"{own_title[1:]}.",
        "Remediation": {
            "Recommendation": {
                "Text": "For how to correct this, see the Security Hub controls documentation.",
                "Url": f"https://docs.aws.amazon.com/console/securityhub/{control_id}/remediation",
            }
        },
        "ProductFields": {"aws/securityhub/ProductName": "Security Hub"},
        "Resources": [resource],
        "Compliance": {"Status": status},
        "WorkflowState": "NEW",
        "Workflow": {"Status": workflow},
        "RecordState": record,
    }
    if not legacy:
        row["Compliance"] |= {
            "SecurityControlId": control_id,
            "AssociatedStandards": [
                {"StandardsId": "standards/aws-foundational-security-best-practices/v/1.0.0"}
            ],
        }
    if note:
        row["Note"] = {
            "Text": note,
            "UpdatedBy": "analyst",
            "UpdatedAt": stamp(now - seen.last),
        }
    return row


def envelope(account: Account, records: list[Record]) -> Record:
    """Findings as EventBridge delivers them."""
    return {
        "version": "0",
        "id": _id(account.id, records[0]["Id"], "event"),
        "detail-type": "Security Hub Findings - Imported",
        "source": "aws.securityhub",
        "account": account.id,
        "time": stamp(account.now),
        "region": account.region,
        "resources": [row["Id"] for row in records],
        "detail": {"findings": records},
    }


def detector_of(account: str) -> str:
    """The id of the GuardDuty detector of an account."""
    return hashlib.sha256(account.encode()).hexdigest()[:32]


def guardduty(
    account: Account,
    kind: str,
    title: str,
    severity: float,
    resource: Mapping[str, Any],
    action: Mapping[str, Any],
    seen: Seen,
    *,
    count: int = 1,
    archived: bool = False,
) -> Record:
    """A GuardDuty finding in the API's form (PascalCase)."""
    now, finding = account.now, _id(account.id, kind, title).replace("-", "")
    detector = detector_of(account.id)
    return {
        "AccountId": account.id,
        "Arn": account.arn("guardduty", f"detector/{detector}/finding/{finding}"),
        "CreatedAt": stamp(now - seen.first),
        "Description": f"{title}.",
        "Id": finding,
        "Partition": "aws",
        "Region": account.region,
        "Resource": dict(resource),
        "SchemaVersion": "2.0",
        "Service": {
            "Action": dict(action),
            "Archived": archived,
            "Count": count,
            "DetectorId": detector,
            "EventFirstSeen": stamp(now - seen.first),
            "EventLastSeen": stamp(now - seen.last),
            "ResourceRole": "TARGET",
            "ServiceName": "guardduty",
        },
        "Severity": severity,
        "Title": title,
        "Type": kind,
        "UpdatedAt": stamp(now - seen.last),
    }


def camel(value: Any) -> Any:
    """The same record as EventBridge spells it."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: camel(item) for key, item in value.items()}
    return [camel(item) for item in value] if isinstance(value, list) else value


def inspector(
    account: Account,
    cve: str,
    package: tuple[str, str, str],
    resource: Mapping[str, Any],
    seen: Seen,
    *,
    severity: str,
    score: float,
    epss: float,
    exploit: bool = False,
) -> Record:
    """An Inspector2 package vulnerability; package is (name, version, fixed in)."""
    now = account.now
    name, version, fixed = package
    finding = _id(account.id, cve, str(resource["id"])).replace("-", "")
    return {
        "awsAccountId": account.id,
        "description": f"{name} {version} is affected by {cve}.",
        "epss": {"score": epss},
        "exploitAvailable": "YES" if exploit else "NO",
        "findingArn": account.arn("inspector2", f"finding/{finding}"),
        "firstObservedAt": stamp(now - seen.first),
        "fixAvailable": "YES",
        "inspectorScore": score,
        "lastObservedAt": stamp(now - seen.last),
        "packageVulnerabilityDetails": {
            "cvss": [
                {
                    "baseScore": score,
                    "scoringVector": "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H",
                    "source": "NVD",
                    "version": "3.1",
                }
            ],
            "referenceUrls": [],
            "relatedVulnerabilities": [],
            "source": "NVD",
            "sourceUrl": f"https://nvd.nist.gov/vuln/detail/{cve}",
            "vendorSeverity": severity.title(),
            "vulnerabilityId": cve,
            "vulnerablePackages": [
                {
                    "name": name,
                    "version": version,
                    "fixedInVersion": fixed,
                    "packageManager": "OS",
                    "arch": "AARCH64",
                    "epoch": 0,
                }
            ],
        },
        "remediation": {"recommendation": {"text": f"Update {name} to {fixed}."}},
        "resources": [dict(resource)],
        "severity": severity,
        "status": "ACTIVE",
        "title": f"{cve} - {name}",
        "type": "PACKAGE_VULNERABILITY",
        "updatedAt": stamp(now - seen.last),
    }
