"""What ASFF findings of one check in one state have in common, converted once and remembered.

A tenant's thousands of findings share a few hundred combinations of product, severity, workflow,
compliance and remediation: each is converted the first time it is met.
"""

import re
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import UNSET, Raw, Struct

from integrations.findings import event as ocsf
from integrations.findings.asff_remediation import remediation_of
from integrations.findings.asff_shape import Finding, MaybeRaw, bytes_of
from integrations.findings.controls import canonical_control, control_of
from integrations.findings.fitting import fitted
from integrations.findings.port import FindingClass

_REMEMBERED: Final = 8192
_ARCHIVED: Final = "ARCHIVED"
_RECORD_STATES: Final = frozenset({"", "ACTIVE", _ARCHIVED})
_STATUS_OF_WORKFLOW: Final = {
    "NEW": ocsf.NEW,
    "NOTIFIED": ocsf.IN_PROGRESS,
    "SUPPRESSED": ocsf.SUPPRESSED,
    "RESOLVED": ocsf.RESOLVED,
    # Of the older WorkflowState, for findings without a Workflow.
    "ASSIGNED": ocsf.IN_PROGRESS,
    "IN_PROGRESS": ocsf.IN_PROGRESS,
    "DEFERRED": ocsf.SUPPRESSED,
}
_STATUSES: Final = frozenset({"", *_STATUS_OF_WORKFLOW})
_SEVERITY_OF_LABEL: Final = {"INFORMATIONAL": 1, "LOW": 2, "MEDIUM": 3, "HIGH": 4, "CRITICAL": 5}
_NORMALIZED_FROM: Final = ((90, 5), (70, 4), (40, 3), (1, 2), (0, 1))
_COMPLIANCE: Final = {
    "PASSED": (ocsf.PASS, "Pass"),
    "WARNING": (ocsf.WARNING, "Warning"),
    "FAILED": (ocsf.FAIL, "Fail"),
    "NOT_AVAILABLE": (0, "Not Available"),
}
_OTHER = 99
_PRODUCTS: Final = {
    "access-analyzer": "IAM Access Analyzer",
    "config": "Config",
    "firewall-manager": "Firewall Manager",
    "guardduty": "GuardDuty",
    "health": "Health",
    "inspector": "Inspector",
    "macie": "Macie",
    "securityhub": "Security Hub",
    "ssm-patch-manager": "Systems Manager Patch Manager",
}
_STANDARD: Final = re.compile(r"((?:ruleset/)?[\w-]+/v/[\d.]+)/")


class _Kind(NamedTuple):
    """Who reported a finding and where it stands."""

    product_arn: str
    product_name: str
    company: str
    generator: str
    label: str
    """Severity's."""
    normalized: float | None
    """Severity's, 0 to 100."""
    workflow: str
    workflow_state: str
    """What went before `workflow`."""
    record_state: str
    fresh: bool
    """Not changed since it was made."""
    vulnerable: bool
    """It names vulnerabilities."""
    control: str | None = None
    """From the product fields, where neither the generator nor the compliance tells it."""


class Frame(Struct, frozen=True, gc=False):
    """The first half of an event, and what of the converted parts it has no place for."""

    written: Raw
    left: dict[str, Any]
    compliance: MaybeRaw
    remediation: MaybeRaw
    """What it was made from, beside the kind."""


class _StatusReason(Struct, rename="pascal", forbid_unknown_fields=True):
    reason_code: str = ""
    description: str = ""


class _Standard(Struct, rename="pascal", forbid_unknown_fields=True):
    standards_id: str


class _Parameter(Struct, rename="pascal", forbid_unknown_fields=True):
    name: str
    value: list[str]


class _Compliance(Struct, rename="pascal", forbid_unknown_fields=True):
    status: str = ""
    security_control_id: str = ""
    status_reasons: list[_StatusReason] = msgspec.field(default_factory=list)
    related_requirements: list[str] = msgspec.field(default_factory=list)
    associated_standards: list[_Standard] = msgspec.field(default_factory=list)
    security_control_parameters: list[_Parameter] = msgspec.field(default_factory=list)


class _ProductFields(Struct):
    control_id: str = msgspec.field(default="", name="ControlId")
    control_arn: str = msgspec.field(default="", name="StandardsControlArn")
    product_name: str = msgspec.field(default="", name="aws/securityhub/ProductName")


_decode_product_fields = msgspec.json.Decoder(_ProductFields).decode


_last_of: Final[dict[tuple[Any, ...], Frame]] = {}
"""Of each kind the frame of the last finding."""


def frame_of(finding: Finding, vulnerable: bool) -> Frame:  # noqa: FBT001 - asked for every finding
    """The first half of a finding's event.

    To compare compliance and remediation with those of the last finding of the kind takes a third
    of the time of looking them up, as that copies them and hashes every byte (0.4 us of 1.2).
    """
    severity, workflow = finding.severity, finding.workflow
    key = (
        finding.product_arn,
        finding.product_name,
        finding.company_name,
        finding.generator_id,
        severity.label if severity else "",
        severity.normalized if severity else None,
        workflow.status if workflow else "",
        finding.workflow_state,
        finding.record_state,
        finding.created_at == finding.updated_at,
        vulnerable,
    )
    compliance = finding.compliance
    remediation = UNSET if vulnerable else finding.remediation
    last = _last_of.get(key)
    if last is not None and last.compliance == compliance and last.remediation == remediation:
        return last
    parts = bytes_of(compliance), bytes_of(remediation)
    if _is_told_elsewhere(finding):
        fields = _product_fields_of(finding.product_fields)
        name = finding.product_name or fields.product_name
        return _frame((key[0], name, *key[2:], _control_in(fields)), *parts)
    if len(_last_of) >= _REMEMBERED:
        _last_of.clear()
    frame = _last_of[key] = _frame(key, *parts)
    return frame


def _is_told_elsewhere(finding: Finding) -> bool:
    """Whether the product fields have to tell the product or the control."""
    if not finding.product_name and finding.product_arn.rsplit("/", 1)[-1] not in _PRODUCTS:
        return True
    return bool(finding.compliance) and control_of(finding.generator_id) is None


@lru_cache(maxsize=_REMEMBERED)
def _frame(key: tuple[Any, ...], compliance: bytes, remediation: bytes) -> Frame:
    kind = _Kind(*key)
    left: dict[str, Any] = {}
    status_id = _status(kind)
    if kind.workflow.upper() not in _STATUSES:
        left["Workflow"] = {"Status": kind.workflow}
    if kind.record_state not in _RECORD_STATES:
        left["RecordState"] = kind.record_state
    if status_id == ocsf.ARCHIVED:
        activity_id = ocsf.CLOSE
    else:
        activity_id = ocsf.CREATE if kind.fresh else ocsf.UPDATE
    control = control_of(kind.generator) or kind.control
    checked = None
    if kind.vulnerable:
        class_uid = FindingClass.VULNERABILITY.value
        if compliance:
            left["Compliance"] = Raw(compliance)
    elif compliance or control:
        class_uid = FindingClass.COMPLIANCE.value
        checked = _compliance(compliance, kind.generator, control, left)
    else:
        class_uid = FindingClass.DETECTION.value
    written = ocsf.framed(
        class_uid,
        activity_id,
        _severity(kind),
        status_id,
        ocsf.metadata(_product(kind)),
        checked,
        remediation_of(remediation, left),
    )
    return Frame(
        written,
        left,
        Raw(compliance) if compliance else UNSET,
        Raw(remediation) if remediation else UNSET,
    )


@lru_cache(maxsize=_REMEMBERED)
def cloud_of(account: str, name: str, region: str) -> Raw:
    """OCSF `cloud`."""
    return Raw(ocsf.encode(ocsf.Cloud("AWS", ocsf.Entity(name or None, account), region or None)))


def _product_fields_of(product_fields: MaybeRaw) -> _ProductFields:
    """What product fields say of control and product, for findings that say it nowhere else."""
    try:
        return _decode_product_fields(product_fields) if product_fields else _ProductFields()
    except msgspec.ValidationError:
        return _ProductFields()


def _control_in(fields: _ProductFields) -> str | None:
    """The control that product fields from before consolidated controls name."""
    return control_of(fields.control_arn) or canonical_control(fields.control_id)


def _status(kind: _Kind) -> int:
    """An archived record is archived, whatever its workflow says: the two are independent."""
    if kind.record_state == _ARCHIVED:
        return ocsf.ARCHIVED
    said = kind.workflow or kind.workflow_state
    return _STATUS_OF_WORKFLOW.get(said.upper(), ocsf.NEW)


def _severity(kind: _Kind) -> int:
    """The label's, else the normalized value's by the bands of the Security Hub API reference."""
    severity_id = _SEVERITY_OF_LABEL.get(kind.label.upper())
    if severity_id is not None:
        return severity_id
    normalized = kind.normalized
    if normalized is None:
        return 0
    return next((id_ for low, id_ in _NORMALIZED_FROM if normalized >= low), 0)


def _product(kind: _Kind) -> ocsf.Product:
    slug = kind.product_arn.rsplit("/", 1)[-1]
    return ocsf.Product(
        name=kind.product_name or _PRODUCTS.get(slug, slug) or "unknown",
        uid=kind.product_arn or None,
        vendor_name=kind.company or ("AWS" if "::product/aws/" in kind.product_arn else None),
        feature=ocsf.Entity(uid=kind.generator) if kind.generator else None,
    )


def _compliance(
    raw: bytes, generator: str, control: str | None, left: dict[str, Any]
) -> ocsf.Compliance:
    said, rest = fitted(raw, _Compliance)
    if rest is not None:
        left["Compliance"] = rest
    control = canonical_control(said.security_control_id) or control
    status_id, status = _COMPLIANCE.get(said.status, (_OTHER, said.status))
    standard = _STANDARD.search(generator) if control else None
    reasons = [r for r in said.status_reasons if r.reason_code or r.description]
    return ocsf.Compliance(
        control=control,
        status=status or None,
        status_id=status_id if status else None,
        status_code=next((r.reason_code for r in reasons if r.reason_code), None),
        status_details=[r.description or r.reason_code for r in reasons] or None,
        requirements=said.related_requirements or None,
        standards=[s.standards_id for s in said.associated_standards]
        or ([standard.group(1)] if standard else None),
        control_parameters=[
            ocsf.KeyValue(p.name, values=p.value) for p in said.security_control_parameters
        ]
        or None,
    )
