"""AWS Security Finding Format to OCSF 1.6.0, decoding only what has to be looked at.

Facts: the ASFF syntax page of the AWS Security Hub user guide; the direction of the mapping follows
the OCSF project's AWS mapping and Security Hub's own OCSF findings. What is handed through
(details, product fields, provider fields) is copied as bytes and never parsed.
"""

import re
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from integrations.errors import RejectedRecordError
from integrations.findings import event as ocsf
from integrations.findings.actions import evidences_of
from integrations.findings.arns import principal_uid, region_of, resource_uid, unqualified
from integrations.findings.asff_frame import (
    Kind,
    cloud_of,
    control_in,
    frame_of,
    product_fields_of,
    tells_control,
    tells_product,
)
from integrations.findings.asff_vulnerabilities import Vulnerabilities, named_in, vulnerabilities_of
from integrations.findings.fitting import fit
from integrations.findings.timestamps import EARLIEST, since_epoch

MaybeRaw = Raw | UnsetType

_ROLE_ID: Final = {"Target": 1, "Actor": 2}
_CVE_TYPE: Final = "Software and Configuration Checks/Vulnerabilities/CVE"
_THREAT_TYPE: Final = re.compile(r"^.*/([A-Za-z]+:[A-Za-z0-9]+)-([^/]+)$")
_MILLISECOND: Final = 1000


# The fields stand in the order in which Security Hub writes them, because the decoder looks for the
# next field first: in another order it takes half as long again.
class _Severity(Struct, rename="pascal", forbid_unknown_fields=True, omit_defaults=True, gc=False):
    product: MaybeRaw = UNSET
    label: str = ""
    normalized: float | None = None
    original: MaybeRaw = UNSET


class _Workflow(Struct, rename="pascal", forbid_unknown_fields=True, gc=False):
    status: str = ""


class _Resource(Struct, rename="pascal", forbid_unknown_fields=True, gc=False):
    type: str = ""
    id: str = ""
    partition: str = ""
    region: str = ""
    resource_role: str = ""
    tags: dict[str, str] | UnsetType = UNSET
    details: MaybeRaw = UNSET


class _Finding(Struct, rename="pascal", forbid_unknown_fields=True, gc=False):
    schema_version: MaybeRaw = UNSET
    id: str = ""
    product_arn: str = ""
    product_name: str = ""
    company_name: str = ""
    region: str = ""
    generator_id: str = ""
    aws_account_id: str = ""
    types: list[str] | UnsetType = UNSET
    first_observed_at: datetime | None = None
    last_observed_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    severity: _Severity | UnsetType = UNSET
    title: str = ""
    description: str = ""
    remediation: MaybeRaw = UNSET
    source_url: str = ""
    product_fields: MaybeRaw = UNSET
    resources: list[_Resource] | UnsetType = UNSET
    compliance: MaybeRaw = UNSET
    workflow_state: str = ""
    workflow: _Workflow | UnsetType = UNSET
    record_state: str = ""
    note: MaybeRaw = UNSET
    vulnerabilities: MaybeRaw = UNSET
    action: MaybeRaw = UNSET
    finding_provider_fields: MaybeRaw = UNSET
    processed_at: MaybeRaw = UNSET


class _Lenient(_Finding, rename="pascal", forbid_unknown_fields=False, gc=False):
    """The same, for records with unknown fields beside those."""


class _Unmapped(Struct, rename="pascal", gc=False):
    """What OCSF has no place for; of the severity, because its own scale says more."""

    schema_version: MaybeRaw
    severity: _Severity | UnsetType
    product_fields: MaybeRaw
    workflow_state: str | UnsetType
    note: MaybeRaw
    action: MaybeRaw
    finding_provider_fields: MaybeRaw
    processed_at: MaybeRaw
    created_at: datetime | UnsetType | None = UNSET
    updated_at: datetime | UnsetType = UNSET


class _Note(Struct, rename="pascal"):
    text: str = ""


class _AccessKey(Struct, rename="pascal"):
    user_name: str = ""
    principal_name: str = ""
    principal_type: str = ""


class _AccessKeyDetails(Struct):
    key: _AccessKey = msgspec.field(default_factory=_AccessKey, name="AwsIamAccessKey")


_KNOWN: Final = frozenset(_Finding.__struct_encode_fields__)
_NOTHING_LEFT: Final[dict[str, Any]] = {}

_decode = msgspec.json.Decoder(_Finding).decode
_decode_lenient = msgspec.json.Decoder(_Lenient).decode
_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_note = msgspec.json.Decoder(_Note).decode
_decode_access_key = msgspec.json.Decoder(_AccessKeyDetails).decode


def convert(raw: bytes) -> bytes:
    """One ASFF finding (a JSON object) as an OCSF 1.6.0 event of class 2002, 2003 or 2004.

    Raises:
        RejectedRecordError: it has no id, no account or no time; or is no JSON object.
    """
    left = _NOTHING_LEFT
    try:
        finding = _decode(raw)
    except msgspec.ValidationError:
        finding, left = _sort_out(raw)
    if not finding.id or not finding.aws_account_id:
        raise RejectedRecordError(f"{'AwsAccountId' if finding.id else 'Id'} is missing")
    return _written(finding, left)


def _sort_out(raw: bytes) -> tuple[_Finding, dict[str, Any]]:
    """The finding and what of it is unknown or of an unexpected shape."""
    try:
        finding = _decode_lenient(raw)
    except msgspec.ValidationError:
        record = msgspec.json.decode(raw)
    else:
        return finding, {k: v for k, v in _decode_fields(raw).items() if k not in _KNOWN}
    if not isinstance(record, dict):
        raise RejectedRecordError(f"not a JSON object but {type(record).__name__}")
    return fit(record, _Finding)


def _written(finding: _Finding, left: dict[str, Any]) -> bytes:
    remediation = bytes(finding.remediation) if finding.remediation else b""
    vulnerabilities = _vulnerabilities(finding, remediation)
    frame = frame_of(
        _kind(finding, vulnerable=vulnerabilities is not None),
        bytes(finding.compliance) if finding.compliance else b"",
        b"" if vulnerabilities else remediation,
    )
    info, time = _info(finding)
    region = finding.region or region_of(finding.product_arn)
    resources = _resources(finding, region)
    if not region and resources:
        region = resources[0].region or ""
    body = ocsf.Body(time, info, cloud_of(finding.aws_account_id, region), resources)
    if vulnerabilities:
        body.vulnerabilities = vulnerabilities.written
        left = {**vulnerabilities.left, **left}
    if finding.note or finding.action:
        _add_rare(body, finding)
    body.unmapped = _unmapped(finding, frame.left, left)
    return ocsf.finished(frame.written, body)


def _kind(finding: _Finding, *, vulnerable: bool) -> Kind:
    name, control = finding.product_name, None
    if (not name and not tells_product(finding.product_arn)) or (
        finding.compliance and not tells_control(finding.generator_id)
    ):
        fields = product_fields_of(_bytes(finding.product_fields))
        name = name or fields.product_name
        control = control_in(fields)
    severity, workflow = finding.severity, finding.workflow
    return (
        finding.product_arn,
        name,
        finding.company_name,
        finding.generator_id,
        severity.label if severity else "",
        severity.normalized if severity else None,
        (workflow.status if workflow else "") or finding.workflow_state,
        finding.record_state,
        finding.created_at == finding.updated_at,
        vulnerable,
        control,
    )


def _info(finding: _Finding) -> tuple[ocsf.FindingInfo, int]:
    """`finding_info`, and the event's time: when the finding was last changed."""
    created_at, updated_at = finding.created_at, finding.updated_at
    first_at, last_at = finding.first_observed_at, finding.last_observed_at
    created = since_epoch(created_at) if created_at else None
    updated = since_epoch(updated_at) if updated_at else None
    first = since_epoch(first_at) if first_at and first_at != created_at else created
    last = since_epoch(last_at) if last_at and last_at != updated_at else updated
    if not (first and last and created and updated and first >= EARLIEST <= created):
        updated, last, created, first = (
            time if time and time >= EARLIEST else None for time in (updated, last, created, first)
        )
    time = updated or last or created or first
    if time is None:
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
        created,
        time,
        first,
        last,
    )
    if finding.source_url:
        info.src_url = finding.source_url
    return info, time


def _vulnerabilities(finding: _Finding, remediation: bytes) -> Vulnerabilities | None:
    if finding.vulnerabilities:
        return vulnerabilities_of(bytes(finding.vulnerabilities), remediation)
    if finding.types and _CVE_TYPE in finding.types:
        return named_in(finding.title, remediation)
    return None


def _resources(finding: _Finding, region: str) -> list[ocsf.Resource] | None:
    if not finding.resources:
        return None
    written = []
    for said in finding.resources:
        uid, kind, where = said.id, said.type, said.region or region
        if uid[:4] != "arn:":
            uid = resource_uid(kind, uid, finding.aws_account_id, where)
        resource = ocsf.Resource(
            uid, kind or None, said.partition or None, where or None, said.details or None
        )
        if uid is not said.id:
            resource.name = said.id
        if said.tags or said.resource_role:
            _label(resource, said)
        if kind == "AwsIamAccessKey":
            written.extend(_principal(said, finding.aws_account_id, region))
        elif kind == "AwsLambdaFunction":
            resource.uid, resource.version = unqualified(uid)
        written.append(resource)
    return written


def _label(resource: ocsf.Resource, said: _Resource) -> None:
    if said.resource_role:
        resource.role = said.resource_role
        resource.role_id = _ROLE_ID.get(said.resource_role, 99)
    if said.tags:
        resource.tags = [ocsf.KeyValue(name, value) for name, value in said.tags.items()]


def _principal(said: _Resource, account: str, region: str) -> list[ocsf.Resource]:
    """The user or role of an access key: the graph knows principals, not their keys."""
    if not said.details:
        return []
    try:
        key = _decode_access_key(_bytes(said.details)).key
    except msgspec.ValidationError:
        return []
    name = key.user_name or key.principal_name
    uid = principal_uid(key.principal_type, name, account, region)
    if not uid:
        return []
    kind = "AwsIamUser" if ":user/" in uid else "AwsIamRole"
    return [ocsf.Resource(uid=uid, type=kind, name=name)]


def _add_rare(body: ocsf.Body, finding: _Finding) -> None:
    if finding.note:
        try:
            body.comment = _decode_note(_bytes(finding.note)).text or None
        except msgspec.ValidationError:
            body.comment = None
    if finding.action and not body.vulnerabilities:
        body.evidences = evidences_of(msgspec.json.decode(_bytes(finding.action)))


def _unmapped(finding: _Finding, of_parts: dict[str, Any], left: dict[str, Any]) -> Any:
    unmapped = _Unmapped(
        finding.schema_version,
        finding.severity,
        finding.product_fields,
        finding.workflow_state or UNSET,
        finding.note,
        finding.action,
        finding.finding_provider_fields,
        finding.processed_at,
    )
    updated_at = finding.updated_at
    if updated_at is not None and updated_at.microsecond % _MILLISECOND:
        # A source that writes microseconds keeps its times beside OCSF's milliseconds.
        unmapped.created_at, unmapped.updated_at = finding.created_at, updated_at
    if of_parts or left:
        return {**_decode_fields(ocsf.encode(unmapped)), **of_parts, **left}
    return unmapped


def _bytes(raw: MaybeRaw) -> bytes:
    return bytes(raw) if raw else b""
