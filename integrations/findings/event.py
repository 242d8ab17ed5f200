"""OCSF 1.6.0 events out: the parts of a finding that our sources can fill in.

Facts: the OCSF schema (schema.ocsf.io), version 1.6.0, classes vulnerability_finding,
compliance_finding and detection_finding with the cloud profile. What is left at its default is not
written, because OCSF knows no null.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from integrations.findings.port import FindingClass, Severity

VERSION: Final = "1.6.0"
PROFILES: Final = ("cloud",)
CREATE, UPDATE, CLOSE = 1, 2, 3
NEW, IN_PROGRESS, SUPPRESSED, RESOLVED, ARCHIVED = 1, 2, 3, 4, 5
PASS, WARNING, FAIL = 1, 2, 3
STATUS: Final = {
    0: "Unknown",
    NEW: "New",
    IN_PROGRESS: "In Progress",
    SUPPRESSED: "Suppressed",
    RESOLVED: "Resolved",
    ARCHIVED: "Archived",
}
ACTIVITY: Final = {CREATE: "Create", UPDATE: "Update", CLOSE: "Close"}
CLASS_NAME: Final = {
    FindingClass.VULNERABILITY.value: "Vulnerability Finding",
    FindingClass.COMPLIANCE.value: "Compliance Finding",
    FindingClass.DETECTION.value: "Detection Finding",
}
SEVERITY: Final = {severity.value: severity.label for severity in Severity}
TYPE_NAME: Final = {
    class_uid * 100 + activity_id: f"{class_name}: {activity_name}"
    for class_uid, class_name in CLASS_NAME.items()
    for activity_id, activity_name in ACTIVITY.items()
}


class _Part(Struct, omit_defaults=True, gc=False):
    """A part of an event."""


class KeyValue(_Part):
    """`key_value_object`."""

    name: str
    value: str | None = None
    values: list[str] | None = None


class Entity(_Part):
    """Whatever OCSF names by name or uid: account, feature, organization, service, group."""

    name: str | None = None
    uid: str | None = None


class Product(_Part):
    """`product`."""

    name: str
    uid: str | None = None
    vendor_name: str | None = None
    feature: Entity | None = None


class Metadata(_Part):
    """`metadata`."""

    product: Product
    version: str
    profiles: tuple[str, ...]


def metadata(product: Product) -> Metadata:
    """The `metadata` of every event that we write."""
    return Metadata(product, VERSION, PROFILES)


class Cloud(_Part):
    """`cloud`."""

    provider: str
    account: Entity
    region: str | None = None


class Analytic(_Part):
    """`analytic`; `type_id` 1 is a rule, 2 behavioural."""

    name: str
    type_id: int
    uid: str | None = None


class FindingInfo(_Part):
    """`finding_info`; times in milliseconds since 1970."""

    uid: str
    title: str | None = None
    desc: str | None = None
    types: list[str] | None = None
    created_time: int | None = None
    modified_time: int | None = None
    first_seen_time: int | None = None
    last_seen_time: int | None = None
    src_url: str | None = None
    analytic: Analytic | None = None


class Resource(_Part):
    """`resource_details`."""

    uid: str
    type: str | None = None
    cloud_partition: str | None = None
    region: str | None = None
    data: Any = None
    name: str | None = None
    version: str | None = None
    role: str | None = None
    role_id: int | None = None
    tags: list[KeyValue] | None = None


class Compliance(_Part):
    """`compliance`."""

    control: str | None = None
    status: str | None = None
    status_id: int | None = None
    status_code: str | None = None
    status_details: list[str] | None = None
    requirements: list[str] | None = None
    standards: list[str] | None = None
    control_parameters: list[KeyValue] | None = None


class Remediation(_Part):
    """`remediation`."""

    desc: str
    references: list[str] | None = None


class Metric(_Part):
    """`metric`."""

    name: str
    value: str


class Cvss(_Part):
    """`cvss`."""

    base_score: float
    version: str
    vector_string: str | None = None
    vendor_name: str | None = None
    metrics: list[Metric] | None = None


class Epss(_Part):
    """`epss`; OCSF writes the score as a text."""

    score: str


class Cve(_Part):
    """`cve`."""

    uid: str
    desc: str | None = None
    created_time: int | None = None
    modified_time: int | None = None
    cvss: list[Cvss] | None = None
    epss: Epss | None = None
    references: list[str] | None = None


class Advisory(_Part):
    """`advisory`: what has an id but no CVE."""

    uid: str
    references: list[str] | None = None


class AffectedPackage(_Part):
    """`affected_package`."""

    name: str
    version: str
    architecture: str | None = None
    epoch: int | None = None
    fixed_in_version: str | None = None
    package_manager: str | None = None
    path: str | None = None
    release: str | None = None
    remediation: Remediation | None = None


class Vulnerability(_Part):
    """`vulnerability`: exactly one of cve, advisory and cwe."""

    cve: Cve | None = None
    advisory: Advisory | None = None
    cwe: Entity | None = None
    title: str | None = None
    severity: str | None = None
    vendor_name: str | None = None
    affected_packages: list[AffectedPackage] | None = None
    references: list[str] | None = None
    related_vulnerabilities: list[str] | None = None
    is_exploit_available: bool | None = None
    exploit_last_seen_time: int | None = None
    is_fix_available: bool | None = None
    fix_coverage: str | None = None
    fix_coverage_id: int | None = None
    first_seen_time: int | None = None
    last_seen_time: int | None = None
    remediation: Remediation | None = None


class Location(_Part):
    """`location`."""

    city: str | None = None
    country: str | None = None
    lat: float | None = None
    long: float | None = None


class AutonomousSystem(_Part):
    """`autonomous_system`."""

    number: int | None = None
    name: str | None = None


class Endpoint(_Part):
    """`network_endpoint`."""

    ip: str | None = None
    port: int | None = None
    name: str | None = None
    svc_name: str | None = None
    instance_uid: str | None = None
    location: Location | None = None
    autonomous_system: AutonomousSystem | None = None
    isp: str | None = None
    isp_org: str | None = None


class Api(_Part):
    """`api`."""

    operation: str
    service: Entity | None = None


class Query(_Part):
    """`dns_query`."""

    hostname: str


class Connection(_Part):
    """`network_connection_info`; direction 1 is inbound, 2 outbound."""

    direction_id: int
    direction: str | None = None
    protocol_name: str | None = None


class Evidence(_Part):
    """`evidences`: what was seen."""

    name: str | None = None
    api: Api | None = None
    src_endpoint: Endpoint | None = None
    dst_endpoint: Endpoint | None = None
    connection_info: Connection | None = None
    query: Query | None = None


class Frame(_Part):
    """What the findings of one product, check and state have in common: half of an event."""

    activity_id: int
    activity_name: str
    category_name: str
    category_uid: int
    class_name: str
    class_uid: int
    type_uid: int
    type_name: str
    severity: str
    severity_id: int
    status: str
    status_id: int
    metadata: Metadata
    compliance: Compliance | None = None
    remediation: Remediation | None = None


class Event(_Part):
    """One finding's event; times in milliseconds since 1970.

    A part that repeats from event to event may be given encoded, as `msgspec.Raw`.
    """

    frame: msgspec.Raw = msgspec.field(name="activity_id")
    """The first half, as `framed` writes it: it begins with the value of `activity_id`."""
    time: int
    finding_info: FindingInfo
    cloud: Cloud | msgspec.Raw
    resources: list[Resource] | None = None
    unmapped: Any = None
    vulnerabilities: list[Vulnerability] | msgspec.Raw | None = None
    evidences: list[Evidence] | None = None
    confidence_score: int | None = None
    count: int | None = None
    message: str | None = None
    comment: str | None = None


encode: Final = msgspec.json.Encoder().encode
"""Any part as JSON."""


def joined(part: Struct, more: Mapping[str, Any]) -> msgspec.Raw:
    """A part with more attributes, at least one and none that it has itself; written as one."""
    written, added = encode(part), encode(more)
    # An empty part has two bytes, its braces.
    return msgspec.Raw(b"%b,%b" % (written[:-1], added[1:]) if written[2:] else added)


def framed(
    class_uid: int,
    activity_id: int,
    severity_id: int,
    status_id: int,
    metadata: Metadata,
    compliance: Compliance | None = None,
    remediation: Remediation | None = None,
) -> msgspec.Raw:
    """The first half of an event, for `Event`.

    It is written where the value of the first attribute stands and brings the attributes that
    follow along: so a remembered half becomes part of an event by one copy. To join two halves
    that are both written takes two copies more of the whole event, an eighth of a conversion.
    """
    type_uid = class_uid * 100 + activity_id
    frame = Frame(
        activity_id=activity_id,
        activity_name=ACTIVITY[activity_id],
        category_name="Findings",
        category_uid=2,
        class_name=CLASS_NAME[class_uid],
        class_uid=class_uid,
        type_uid=type_uid,
        type_name=TYPE_NAME[type_uid],
        severity=SEVERITY[severity_id],
        severity_id=severity_id,
        status=STATUS[status_id],
        status_id=status_id,
        metadata=metadata,
        compliance=compliance,
        remediation=remediation,
    )
    return msgspec.Raw(encode(frame).removeprefix(b'{"activity_id":')[:-1])
