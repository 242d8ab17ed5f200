"""AWS Security Finding Format to OCSF 1.6.0, decoding only what has to be looked at.

Facts: the ASFF syntax page of the AWS Security Hub user guide; the direction of the mapping follows
the OCSF project's AWS mapping and Security Hub's own OCSF findings. What is handed through
(details, product fields, provider fields) is copied as bytes and never parsed.
"""

import re
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw, Struct

from integrations.errors import RejectedRecordError
from integrations.findings import event as ocsf
from integrations.findings.actions import evidences_of
from integrations.findings.arns import (
    NAMED_BY_BARE_ID,
    principal_uid,
    region_of,
    resource_uid,
    unqualified,
)
from integrations.findings.asff_frame import cloud_of, frame_of
from integrations.findings.asff_shape import Finding, MaybeRaw, Reader, Resource, Unmapped, bytes_of
from integrations.findings.asff_vulnerabilities import Vulnerabilities, named_in, vulnerabilities_of
from integrations.findings.timestamps import EARLIEST, since_epoch

_ROLE_ID: Final = {"Target": 1, "Actor": 2}
_CVE_TYPE: Final = "Software and Configuration Checks/Vulnerabilities/CVE"
_THREAT_TYPE: Final = re.compile(r"^.*/([A-Za-z]+:[A-Za-z0-9]+)-([^/]+)$")
_MILLISECOND: Final = 1000


class _Note(Struct, rename="pascal"):
    text: str = ""


class _AccessKey(Struct, rename="pascal"):
    user_name: str = ""
    principal_name: str = ""
    principal_type: str = ""


class _AccessKeyDetails(Struct):
    key: _AccessKey = msgspec.field(default_factory=_AccessKey, name="AwsIamAccessKey")


_reader = Reader()
_decode_note = msgspec.json.Decoder(_Note).decode
_decode_access_key = msgspec.json.Decoder(_AccessKeyDetails).decode


def convert(raw: bytes) -> bytes:
    """One ASFF finding (a JSON object) as an OCSF 1.6.0 event of class 2002, 2003 or 2004.

    Raises:
        RejectedRecordError: it has no id, no account or no time; or is no JSON object.
    """
    finding, left, shape, beside = _reader.read(raw)
    if not finding.id or not finding.aws_account_id:
        raise RejectedRecordError(f"{'AwsAccountId' if finding.id else 'Id'} is missing")
    vulnerabilities = None
    if finding.vulnerabilities or (finding.types and _CVE_TYPE in finding.types):
        vulnerabilities = _vulnerabilities(finding)
        if vulnerabilities is not None:
            left = {**vulnerabilities.left, **left}
    written = vulnerabilities.written if vulnerabilities else None
    frame = frame_of(finding, written is not None)
    time, info = _info(finding)
    region = finding.region or region_of(finding.product_arn)
    resources = _resources(finding, region)
    if not region and resources:
        region = resources[0].region or ""
    if frame.left:
        left = {**frame.left, **left}
    event = ocsf.Event(
        frame.written,
        time,
        info,
        cloud_of(finding.aws_account_id, finding.aws_account_name, region),
        resources,
        _unmapped(finding, left, shape, beside),
    )
    if written:
        event.vulnerabilities = written
    if finding.confidence is not UNSET:
        event.confidence_score = finding.confidence
    if finding.note:
        event.comment = _comment(finding.note)
    if finding.action and not written:
        event.evidences = evidences_of(msgspec.json.decode(finding.action))
    return ocsf.encode(event)


def _info(finding: Finding) -> tuple[int, ocsf.FindingInfo]:
    """The event's time, when the finding was last changed, and `finding_info`."""
    created_at, updated_at = finding.created_at, finding.updated_at
    first_at, last_at = finding.first_observed_at, finding.last_observed_at
    created = since_epoch(created_at) if created_at else 0
    updated = since_epoch(updated_at) if updated_at else 0
    first = since_epoch(first_at) if first_at and first_at != created_at else created
    last = since_epoch(last_at) if last_at else updated
    if created < EARLIEST or updated < EARLIEST or first < EARLIEST or last < EARLIEST:
        updated, last, created, first = (
            time if time >= EARLIEST else 0 for time in (updated, last, created, first)
        )
    time = updated or last or created or first
    if not time:
        raise RejectedRecordError("UpdatedAt is missing or is no time")
    types = finding.types or None
    if types and finding.product_arn.endswith("/guardduty"):
        threat = _THREAT_TYPE.match(types[0])
        if threat:
            types = [f"{threat[1]}/{threat[2]}", *types]
    info = ocsf.FindingInfo(
        finding.id,
        finding.title or None,
        finding.description or None,
        types,
        created or None,
        time,
        first or None,
        last or None,
    )
    if finding.source_url:
        info.src_url = finding.source_url
    return time, info


def _vulnerabilities(finding: Finding) -> Vulnerabilities | None:
    remediation = bytes_of(finding.remediation)
    if finding.vulnerabilities:
        return vulnerabilities_of(bytes(finding.vulnerabilities), remediation)
    return named_in(finding.title, remediation)


def _resources(finding: Finding, region: str) -> list[ocsf.Resource] | None:
    if not finding.resources:
        return None
    written = []
    for said in finding.resources:
        uid, kind, where = said.id, said.type, said.region or region
        if kind in NAMED_BY_BARE_ID and uid[:4] != "arn:":
            uid = resource_uid(kind, uid, finding.aws_account_id, where)
        resource = ocsf.Resource(
            uid, kind or None, said.partition or None, where or None, said.details
        )
        if uid != said.id:
            resource.name = said.id
        if said.tags or said.resource_role:
            _label(resource, said)
        if kind == "AwsIamAccessKey":
            written.extend(_principal(said, finding.aws_account_id, region))
        elif kind == "AwsLambdaFunction":
            resource.uid, resource.version = unqualified(uid)
        written.append(resource)
    return written


def _label(resource: ocsf.Resource, said: Resource) -> None:
    if said.resource_role:
        resource.role = said.resource_role
        resource.role_id = _ROLE_ID.get(said.resource_role, 99)
    if said.tags:
        resource.tags = [ocsf.KeyValue(name, value) for name, value in said.tags.items()]


def _principal(said: Resource, account: str, region: str) -> list[ocsf.Resource]:
    """The user or role of an access key: the graph knows principals, not their keys."""
    if not said.details:
        return []
    try:
        key = _decode_access_key(said.details).key
    except msgspec.ValidationError:
        return []
    name = key.user_name or key.principal_name
    uid = principal_uid(key.principal_type, name, account, region)
    if not uid:
        return []
    kind = "AwsIamUser" if ":user/" in uid else "AwsIamRole"
    return [ocsf.Resource(uid=uid, type=kind, name=name)]


def _comment(note: Raw) -> str | None:
    try:
        return _decode_note(note).text or None
    except msgspec.ValidationError:
        return None


def _unmapped(
    finding: Finding, left: dict[str, Any], shape: type[Unmapped], beside: tuple[MaybeRaw, ...]
) -> Any:
    updated_at = finding.updated_at
    created_at = None
    if updated_at is not None:
        if updated_at.microsecond % _MILLISECOND:
            # A source that writes microseconds keeps its times beside OCSF's milliseconds.
            created_at = finding.created_at
        else:
            updated_at = None
    unmapped = shape(
        finding.schema_version,
        finding.severity,
        finding.product_fields,
        finding.workflow_state,
        finding.note,
        finding.action,
        finding.finding_provider_fields,
        finding.processed_at,
        created_at,
        updated_at,
        *beside,
    )
    if not left:
        return unmapped
    if finding.severity and "Severity" in left:
        # Some of it has an unexpected shape.
        left["Severity"] = ocsf.joined(finding.severity, left["Severity"])
        unmapped.severity = UNSET
    return ocsf.joined(unmapped, left)
