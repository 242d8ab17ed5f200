"""OCSF events in: what is indexed of one, read with as little parsing as that takes.

Facts: the OCSF schema (schema.ocsf.io) 1.1 to 1.8, finding classes 2002, 2003, 2004 and 2006.
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

import msgspec
from msgspec import Struct

from integrations.errors import RejectedRecordError
from integrations.findings.controls import canonical_control, service_of
from integrations.findings.port import Finding, FindingClass, FindingState, Severity
from integrations.findings.resource_types import security_hub_type, service_named, service_of_type
from integrations.findings.timestamps import in_milliseconds, moment_of

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = [high + low for high in _CROCKFORD for low in _CROCKFORD]
"""Two letters for each ten bits."""
_STATUS: Final = {
    1: "New",
    2: "In Progress",
    3: "Suppressed",
    4: "Resolved",
    5: "Archived",
    6: "Deleted",
}
_SUPPRESSED, _RESOLVED, _ARCHIVED, _DELETED = 3, 4, 5, 6
_CLOSE = 3
_PASS = 1
_PASSED_TEXTS: Final = frozenset({"pass", "passed"})
_DID_NOT_APPLY: Final = frozenset({"not_available", "not available", "manual", "not_applicable"})
_VERDICTS: Final = frozenset({"pass", "fail", "manual"})
_PRODUCTS: Final = {
    "securityhub": "Security Hub",
    "guardduty": "GuardDuty",
    "inspector": "Inspector",
    "inspector2": "Inspector",
    "macie": "Macie",
    "access-analyzer": "IAM Access Analyzer",
    "config": "Config",
}
_VENDOR_PREFIX: Final = re.compile(r"^(?:Amazon|AWS) (?=\S)")


class _Named(Struct, frozen=True, gc=False):
    name: str = ""
    uid: str = ""


class _Metadata(Struct, frozen=True, gc=False):
    product: _Named = _Named()
    event_code: str = ""


class _FindingInfo(Struct, frozen=True, gc=False):
    uid: str
    title: str = ""
    desc: str = ""
    types: tuple[str, ...] = ()
    created_time: int = 0
    first_seen_time: int = 0
    last_seen_time: int = 0


class _Cloud(Struct, frozen=True, gc=False):
    account: _Named = _Named()
    region: str = ""


class _Owner(Struct, frozen=True, gc=False):
    account: _Named = _Named()


class _Group(Struct, frozen=True, gc=False):
    name: str = ""


class _Resource(Struct, frozen=True, gc=False):
    uid: str = ""
    uid_alt: str = ""
    name: str = ""
    type: str = ""
    region: str = ""
    owner: _Owner = _Owner()
    group: _Group = _Group()


class _Compliance(Struct, frozen=True, gc=False):
    control: str = ""
    status: str = ""
    status_id: int = 0


class _Epss(Struct, frozen=True, gc=False):
    score: str | float = ""


class _Cve(Struct, frozen=True, gc=False):
    uid: str = ""
    epss: _Epss = _Epss()


class _Vulnerability(Struct, frozen=True, gc=False):
    cve: _Cve | None = None
    advisory: _Named | None = None
    cwe: _Named | None = None
    is_exploit_available: bool = False
    is_fix_available: bool = False
    fix_available: bool = False


class _VendorAttributes(Struct, frozen=True, gc=False):
    severity_id: int = 0


class _Event(Struct, frozen=True, gc=False):
    class_uid: int
    time: int
    severity_id: int
    finding_info: _FindingInfo
    metadata: _Metadata
    activity_id: int = 0
    status: str = ""
    status_id: int = 0
    status_code: str = ""
    message: str = ""
    cloud: _Cloud = _Cloud()
    resources: tuple[_Resource, ...] = ()
    resource: _Resource | None = None
    compliance: _Compliance = _Compliance()
    vulnerabilities: tuple[_Vulnerability, ...] = ()
    vendor_attributes: _VendorAttributes = _VendorAttributes()


_decode = msgspec.json.Decoder(_Event).decode


def ref_of(uid: str) -> str:
    """The `F-` reference of a finding: 40 bits of the SHA-256 of its uid, without I, L, O and U."""
    digest = hashlib.sha256(uid.encode("utf-8", "surrogatepass")).digest()
    bits = int.from_bytes(digest[:5], "big")
    pairs = _PAIRS
    return (
        f"F-{pairs[bits >> 30]}{pairs[bits >> 20 & 1023]}"
        f"{pairs[bits >> 10 & 1023]}{pairs[bits & 1023]}"
    )


def read_finding(event: bytes) -> Finding:
    """What is indexed of one OCSF event (JSON).

    Raises:
        RejectedRecordError: the event lacks what is indexed, or has it in another shape; says what.
    """
    try:
        read = _decode(event)
    except msgspec.ValidationError as error:
        raise RejectedRecordError(f"not a usable OCSF finding: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RejectedRecordError(f"broken JSON: {error}") from error
    try:
        return _finding(read)
    except (ValueError, OverflowError) as error:
        raise RejectedRecordError(f"not a usable OCSF finding: {error}") from error


def _finding(event: _Event) -> Finding:
    info = event.finding_info
    if not info.uid:
        raise RejectedRecordError("not a usable OCSF finding: finding_info.uid is empty")
    resources = event.resources or ((event.resource,) if event.resource else ())
    first = resources[0] if resources else _Resource()
    account = event.cloud.account.uid or first.owner.account.uid
    if not account:
        raise RejectedRecordError("not a usable OCSF finding: cloud.account.uid is missing")
    cls = _class(event)
    state = _state(event)
    updated = _moment(event.time)
    resource_type = security_hub_type(first.type)
    control = canonical_control(event.compliance.control)
    source = _source(event.metadata.product)
    kind = _kind(event, cls)
    uids = tuple([u for u in map(_resource_uid, resources) if u])
    known = event.vulnerabilities
    return Finding(
        uid=info.uid,
        ref=ref_of(info.uid),
        cls=cls,
        title=info.title or event.message or kind or info.uid,
        description=info.desc or event.message,
        severity=_severity(event, state),
        state=state,
        status=event.status or _STATUS.get(event.status_id, "Unknown"),
        control=control,
        kind=kind,
        source=source,
        service=_service(control, resource_type, kind, first),
        account=account,
        region=event.cloud.region or first.region,
        resource=uids[0] if uids else "",
        resource_type=resource_type,
        resources=uids,
        first_seen=_moment(info.first_seen_time or info.created_time or event.time),
        last_seen=_moment(info.last_seen_time or event.time),
        updated_at=updated,
        resolved_at=None if state is FindingState.OPEN else updated,
        epss=_epss(known) if known else None,
        exploitable=bool(known) and any(v.is_exploit_available for v in known),
        fixable=bool(known) and any(v.is_fix_available or v.fix_available for v in known),
    )


def class_of(class_uid: int, event_code: str, status_code: str) -> FindingClass:
    """What an event is a finding of: Prowler writes compliance checks as class 2004.

    Their verdict is the `status_code`, and `metadata.event_code` names the check.

    Raises:
        ValueError: a class that is not kept.
    """
    if class_uid == FindingClass.DETECTION and event_code and status_code.casefold() in _VERDICTS:
        return FindingClass.COMPLIANCE
    return FindingClass(class_uid)


def _class(event: _Event) -> FindingClass:
    try:
        return class_of(event.class_uid, event.metadata.event_code, event.status_code)
    except ValueError as error:
        raise RejectedRecordError(
            f"OCSF class {event.class_uid} is not kept (2002, 2003, 2004 and 2006 are)"
        ) from error


def _is_check(event: _Event) -> bool:
    """Prowler writes compliance checks as class 2004 and their verdict as the status code."""
    return bool(event.metadata.event_code) and event.status_code.casefold() in _VERDICTS


def _state(event: _Event) -> FindingState:
    status = event.status_id
    if status in {_ARCHIVED, _DELETED}:
        return FindingState.ARCHIVED
    if status == _SUPPRESSED:
        return FindingState.MUTED
    if _passed(event):
        return FindingState.PASSED
    if status == _RESOLVED or event.activity_id == _CLOSE:
        return FindingState.RESOLVED
    return FindingState.OPEN


def _passed(event: _Event) -> bool:
    verdict = event.compliance.status.casefold()
    if event.compliance.status_id == _PASS or verdict in _PASSED_TEXTS:
        return True
    if verdict in _DID_NOT_APPLY:
        return True
    code = event.status_code.casefold()
    return code in _PASSED_TEXTS or (code in _DID_NOT_APPLY and _is_check(event))


def _severity(event: _Event, state: FindingState) -> Severity:
    """Security Hub calls what passed informational; the vendor's own word is kept beside it."""
    said = event.vendor_attributes.severity_id
    if (
        state in {FindingState.PASSED, FindingState.RESOLVED}
        and event.severity_id == Severity.INFORMATIONAL
        and said
    ):
        return Severity(said)
    return Severity(event.severity_id)


@lru_cache(maxsize=512)
def _source_named(name: str, uid: str) -> str:
    short = _VENDOR_PREFIX.sub("", name)
    return (
        _PRODUCTS.get(short.replace(" ", "").casefold(), short)
        or _PRODUCTS.get(uid.rsplit("/", 1)[-1], uid.rsplit("/", 1)[-1])
        or "unknown"
    )


def _source(product: _Named) -> str:
    return _source_named(product.name, product.uid)


def _kind(event: _Event, cls: FindingClass) -> str:
    if cls is FindingClass.VULNERABILITY:
        for vulnerability in event.vulnerabilities:
            named = vulnerability.cve or vulnerability.advisory or vulnerability.cwe
            if named and named.uid:
                return named.uid
    if _is_check(event):
        return event.metadata.event_code
    types = event.finding_info.types
    if cls is FindingClass.DETECTION:
        # Security Hub v2 puts the word "Threats" beside the GuardDuty finding type.
        return next((t for t in types if ":" in t), types[0] if types else "")
    return types[0] if types else ""


def _service(control: str | None, resource_type: str, kind: str, first: _Resource) -> str:
    if control:
        return service_of(control)
    return service_of_type(resource_type, uid=_resource_uid(first), kind=kind) or service_named(
        first.group.name
    )


def _resource_uid(resource: _Resource) -> str:
    """The ARN, where the resource has one: the graph's ids are ARNs."""
    if resource.uid_alt.startswith("arn:"):
        return resource.uid_alt
    return resource.uid or resource.name


def _epss(vulnerabilities: Sequence[_Vulnerability]) -> float | None:
    scores = [_probability(v.cve.epss.score) for v in vulnerabilities if v.cve]
    return max((s for s in scores if s is not None), default=None)


def _probability(score: str | float) -> float | None:
    try:
        value = float(score)
    except ValueError:
        return None
    return value if 0.0 <= value <= 1.0 else None


@lru_cache(maxsize=4096)
def _moment(time: int) -> datetime:
    return moment_of(in_milliseconds(time))
