"""The same conversion with py-ocsf-models (Prowler's): a transform into its pydantic models."""

from datetime import UTC, datetime
from typing import Any

import orjson
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding
from py_ocsf_models.events.findings.detection_finding import DetectionFinding
from py_ocsf_models.objects.account import Account
from py_ocsf_models.objects.cloud import Cloud
from py_ocsf_models.objects.compliance import Compliance
from py_ocsf_models.objects.finding_info import FindingInformation
from py_ocsf_models.objects.metadata import Metadata
from py_ocsf_models.objects.product import Feature, Product
from py_ocsf_models.objects.remediation import Remediation
from py_ocsf_models.objects.resource_details import ResourceDetails

_SEVERITY = {"INFORMATIONAL": 1, "LOW": 2, "MEDIUM": 3, "HIGH": 4, "CRITICAL": 5}
_STATUS = {"NEW": 1, "NOTIFIED": 2, "SUPPRESSED": 3, "RESOLVED": 4}
_COMPLIANCE = {"PASSED": 1, "WARNING": 2, "FAILED": 3}
_MAPPED = """
    Id AwsAccountId ProductArn ProductName CompanyName Region GeneratorId Title Description
    CreatedAt UpdatedAt FirstObservedAt LastObservedAt Types Resources Compliance Remediation
    Workflow RecordState
"""
_TAKEN = frozenset(_MAPPED.split())


def convert(raw: bytes) -> bytes:
    """One ASFF finding; vulnerabilities too become detections, for it has no class 2002."""
    said = orjson.loads(raw)
    updated = _ms(said["UpdatedAt"])
    compliance = said.get("Compliance")
    activity = 1 if said.get("CreatedAt") == said["UpdatedAt"] else 2
    severity = _SEVERITY.get(said.get("Severity", {}).get("Label", ""), 0)
    shared: dict[str, Any] = {
        "activity_id": activity,
        "severity_id": severity,
        "severity": str(severity),
        "status_id": 5
        if said.get("RecordState") == "ARCHIVED"
        else _STATUS.get(said.get("Workflow", {}).get("Status", "NEW"), 1),
        "time": updated,
        "message": said.get("Description", ""),
        "metadata": Metadata(
            version="1.6.0",
            profiles=["cloud"],
            product=Product(
                name=said.get("ProductName", "unknown"),
                uid=said.get("ProductArn"),
                vendor_name=said.get("CompanyName", "AWS"),
                feature=Feature(uid=said.get("GeneratorId")),
            ),
        ),
        "finding_info": FindingInformation(
            uid=said["Id"],
            title=said.get("Title", ""),
            desc=said.get("Description"),
            types=said.get("Types"),
            created_time=_ms(said.get("CreatedAt")),
            modified_time=updated,
            first_seen_time=_ms(said.get("FirstObservedAt")),
            last_seen_time=_ms(said.get("LastObservedAt")),
        ),
        "resources": [_resource(resource) for resource in said.get("Resources", ())],
        "remediation": _remediation(said.get("Remediation")),
        "unmapped": {key: value for key, value in said.items() if key not in _TAKEN},
    }
    event: ComplianceFinding | DetectionFinding
    if compliance is not None:
        event = ComplianceFinding(
            type_uid=200300 + activity,
            compliance=Compliance(
                control=said.get("GeneratorId"),
                status_id=_COMPLIANCE.get(compliance.get("Status"), 0),
                requirements=compliance.get("RelatedRequirements"),
            ),
            **shared,
        )
    else:
        account = Account(uid=said["AwsAccountId"], name=said["AwsAccountId"], type_id=10)
        cloud = Cloud(provider="AWS", region=said.get("Region"), account=account)
        event = DetectionFinding(type_uid=200400 + activity, cloud=cloud, **shared)
    written: str = event.model_dump_json(exclude_none=True)
    return written.encode()


def _resource(said: dict[str, Any]) -> ResourceDetails:
    return ResourceDetails(
        uid=said["Id"],
        type=said.get("Type"),
        region=said.get("Region"),
        cloud_partition=said.get("Partition"),
        data=said.get("Details"),
        labels=[f"{key}:{value}" for key, value in said.get("Tags", {}).items()],
    )


def _remediation(said: dict[str, Any] | None) -> Remediation | None:
    advice = (said or {}).get("Recommendation")
    if not advice:
        return None
    return Remediation(desc=advice.get("Text", ""), references=[advice.get("Url", "")])


def _ms(text: str | None) -> int | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)
