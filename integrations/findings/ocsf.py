"""OCSF events in: what is indexed of one, read with as little parsing as that takes.

Facts: the OCSF schema (schema.ocsf.io) 1.1 to 1.8, finding classes 2002, 2003, 2004 and 2006.
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from integrations.errors import RejectedRecordError
from integrations.findings.indexed import Indexed
from integrations.findings.judged import Judged, judged_of
from integrations.findings.port import Finding, FindingClass, FindingState
from integrations.findings.resource_types import security_hub_type, service_named, service_of_type
from integrations.findings.timestamps import EARLIEST, in_milliseconds, since_epoch

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = [high + low for high in _CROCKFORD for low in _CROCKFORD]
"""Two letters for each ten bits."""
_YEAR_2000, _YEAR_5000 = EARLIEST, 10**14
"""Between these a time is in milliseconds already."""
_FIRST_MOMENT: Final = since_epoch(datetime.min.replace(tzinfo=UTC))
_LAST_MOMENT: Final = since_epoch(datetime.max.replace(tzinfo=UTC))
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
    security_assist: Raw | UnsetType = UNSET


_NO_RESOURCE: Final = _Resource()
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
    return read_indexed(event)[0].finding()


def read_indexed(event: bytes) -> tuple[Indexed, bool]:
    """What is indexed of one OCSF event (JSON), and whether it has a `security_assist` attribute.

    No source has one: it is what engines keep beside an event. Errors as of `read_finding`.
    """
    try:
        read = _decode(event)
    except msgspec.ValidationError as error:
        raise RejectedRecordError(f"not a usable OCSF finding: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RejectedRecordError(f"broken JSON: {error}") from error
    try:
        return _indexed(read), read.security_assist is not UNSET
    except (ValueError, OverflowError) as error:
        raise RejectedRecordError(f"not a usable OCSF finding: {error}") from error


def _indexed(event: _Event) -> Indexed:
    info = event.finding_info
    uid = info.uid
    if not uid:
        raise RejectedRecordError("not a usable OCSF finding: finding_info.uid is empty")
    resources = event.resources or ((event.resource,) if event.resource else ())
    first = resources[0] if resources else _NO_RESOURCE
    account = event.cloud.account.uid or first.owner.account.uid
    if not account:
        raise RejectedRecordError("not a usable OCSF finding: cloud.account.uid is missing")
    checked = event.compliance
    judged = judged_of(
        (
            event.class_uid,
            event.activity_id,
            event.severity_id,
            event.vendor_attributes.severity_id,
            event.status,
            event.status_id,
            event.status_code,
            event.metadata.event_code,
            checked.control,
            checked.status,
            checked.status_id,
        )
    )
    time = _milliseconds(event.time)
    resource_type = security_hub_type(first.type)
    kind = _kind(event, judged)
    uids = tuple([u for u in map(_resource_uid, resources) if u])
    known = event.vulnerabilities
    product = event.metadata.product
    return Indexed(
        uid,
        ref_of(uid),
        time,
        judged.cls,
        info.title or event.message or kind or uid,
        info.desc or event.message,
        judged.severity,
        judged.state,
        judged.status,
        judged.control,
        kind,
        _source(product.name, product.uid),
        judged.service or _service(resource_type, kind, first),
        account,
        event.cloud.region or first.region,
        uids[0] if uids else "",
        resource_type,
        uids,
        _milliseconds(info.first_seen_time or info.created_time or event.time),
        _milliseconds(info.last_seen_time or event.time),
        None if judged.state is FindingState.OPEN else time,
        None,
        _epss(known) if known else None,
        bool(known) and any(v.is_exploit_available for v in known),
        bool(known) and any(v.is_fix_available or v.fix_available for v in known),
    )


def _milliseconds(time: int) -> int:
    if _YEAR_2000 <= time < _YEAR_5000:
        return time
    milliseconds = in_milliseconds(time)
    if not _FIRST_MOMENT <= milliseconds <= _LAST_MOMENT:
        raise OverflowError(f"{time} is no time")
    return milliseconds


@lru_cache(maxsize=512)
def _source(name: str, uid: str) -> str:
    short = _VENDOR_PREFIX.sub("", name)
    return (
        _PRODUCTS.get(short.replace(" ", "").casefold(), short)
        or _PRODUCTS.get(uid.rsplit("/", 1)[-1], uid.rsplit("/", 1)[-1])
        or "unknown"
    )


def _kind(event: _Event, judged: Judged) -> str:
    if judged.cls == FindingClass.VULNERABILITY:
        for vulnerability in event.vulnerabilities:
            named = vulnerability.cve or vulnerability.advisory or vulnerability.cwe
            if named and named.uid:
                return named.uid
    if judged.is_check:
        return event.metadata.event_code
    types = event.finding_info.types
    if judged.cls == FindingClass.DETECTION:
        # Security Hub v2 puts the word "Threats" beside the GuardDuty finding type.
        return next((t for t in types if ":" in t), types[0] if types else "")
    return types[0] if types else ""


def _service(resource_type: str, kind: str, first: _Resource) -> str:
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
