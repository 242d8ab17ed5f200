"""Inspector findings to OCSF 1.6.0: packages and code to class 2002, reachability to class 2004.

Facts: the Finding object of the Amazon Inspector 2 API reference, the same in EventBridge.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from integrations.errors import RejectedRecordError
from integrations.findings import event as ocsf
from integrations.findings.arns import partition_of, region_of, resource_uid, unqualified
from integrations.findings.asff_vulnerabilities import FIX_COVERAGE, YES, identity_of
from integrations.findings.fitting import fit
from integrations.findings.port import FindingClass
from integrations.findings.resource_types import security_hub_type
from integrations.findings.timestamps import read_finding_time, read_time

_SEVERITY: Final = {"INFORMATIONAL": 1, "LOW": 2, "MEDIUM": 3, "HIGH": 4, "CRITICAL": 5}
_STATUS: Final = {"ACTIVE": ocsf.NEW, "SUPPRESSED": ocsf.SUPPRESSED, "CLOSED": ocsf.RESOLVED}
_TYPES: Final = {
    "PACKAGE_VULNERABILITY": "Package Vulnerability",
    "CODE_VULNERABILITY": "Code Vulnerability",
    "NETWORK_REACHABILITY": "Network Reachability",
}
_NO_ADVICE: Final = "None Provided"
_MAX_PORT = 65535


class _Part(Struct, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """A part of a finding; what it does not name is left over."""


class _Cvss(_Part):
    base_score: float
    version: str
    scoring_vector: str = ""
    source: str = ""


class _Package(_Part):
    name: str
    version: str
    arch: str = ""
    epoch: int | None = None
    file_path: str = ""
    fixed_in_version: str = ""
    package_manager: str = ""
    release: str = ""
    remediation: str = ""


class _PackageDetails(_Part):
    vulnerability_id: str
    cvss: list[_Cvss] = msgspec.field(default_factory=list)
    reference_urls: list[str] = msgspec.field(default_factory=list)
    related_vulnerabilities: list[str] = msgspec.field(default_factory=list)
    source: str = ""
    source_url: str = ""
    vendor_created_at: Any = None
    vendor_updated_at: Any = None
    vendor_severity: str = ""
    vulnerable_packages: list[_Package] = msgspec.field(default_factory=list)


class _CodeDetails(_Part):
    cwes: list[str] = msgspec.field(default_factory=list)


class _Ports(_Part):
    begin: int
    end: int


class _NetworkDetails(_Part):
    open_port_range: _Ports | None = None
    protocol: str = ""


class _Recommendation(_Part):
    text: str = ""
    url: str = msgspec.field(default="", name="Url")


class _Remediation(_Part):
    recommendation: _Recommendation = msgspec.field(default_factory=_Recommendation)


class _Epss(_Part):
    score: float


class _Exploitability(_Part):
    last_known_exploit_at: Any = None


class _Resource(_Part):
    id: str
    type: str
    partition: str = ""
    region: str = ""
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    details: Any = None


class _Finding(_Part):
    finding_arn: str
    aws_account_id: str
    type: str
    severity: str = ""
    status: str = ""
    title: str = ""
    description: str = ""
    first_observed_at: Any = None
    last_observed_at: Any = None
    updated_at: Any = None
    exploit_available: str = ""
    fix_available: str = ""
    epss: _Epss | None = None
    exploitability_details: _Exploitability | None = None
    package_vulnerability_details: _PackageDetails | None = None
    code_vulnerability_details: _CodeDetails | None = None
    network_reachability_details: _NetworkDetails | None = None
    remediation: _Remediation | None = None
    resources: list[_Resource] = msgspec.field(default_factory=list)


def convert(record: Mapping[str, Any]) -> bytes:
    """One Inspector finding as an OCSF 1.6.0 event.

    Raises:
        RejectedRecordError: it has no ARN, account, type or time.
    """
    finding, left = fit(record, _Finding)
    if not finding.finding_arn or not finding.aws_account_id:
        missing = "awsAccountId" if finding.finding_arn else "findingArn"
        raise RejectedRecordError(f"{missing} is missing")
    info, time = _info(finding)
    remediation = _remediation(finding, left)
    vulnerabilities = _vulnerabilities(finding, remediation, left)
    region = region_of(finding.finding_arn) or next((r.region for r in finding.resources), "")
    status_id = _STATUS.get(finding.status, ocsf.NEW)
    activity_id = ocsf.CREATE if info.first_seen_time == time else ocsf.UPDATE
    frame = ocsf.framed(
        (FindingClass.VULNERABILITY if vulnerabilities else FindingClass.DETECTION).value,
        ocsf.CLOSE if status_id == ocsf.RESOLVED else activity_id,
        _SEVERITY.get(finding.severity, 0),
        status_id,
        ocsf.metadata(_product(region)),
        remediation=None if vulnerabilities else remediation,
    )
    event = ocsf.Event(
        frame,
        time,
        info,
        ocsf.Cloud("AWS", ocsf.Entity(uid=finding.aws_account_id), region or None),
        [_resource(r, finding.aws_account_id, region) for r in finding.resources] or None,
        vulnerabilities=vulnerabilities,
        evidences=None if vulnerabilities else _evidences(finding),
        unmapped=left or None,
    )
    return ocsf.encode(event)


def _info(finding: _Finding) -> tuple[ocsf.FindingInfo, int]:
    first = read_finding_time(finding.first_observed_at)
    last = read_finding_time(finding.last_observed_at)
    updated = read_finding_time(finding.updated_at)
    time = next((t for t in (updated, last, first) if t is not None), None)
    if time is None:
        raise RejectedRecordError("updatedAt is missing or is no time")
    info = ocsf.FindingInfo(
        uid=finding.finding_arn,
        title=finding.title or None,
        desc=finding.description or None,
        types=[_TYPES.get(finding.type, finding.type)],
        created_time=first,
        modified_time=time,
        first_seen_time=first,
        last_seen_time=last,
    )
    return info, time


def _product(region: str) -> ocsf.Product:
    return ocsf.Product(
        name="Inspector",
        uid=f"arn:{partition_of(region)}:securityhub:{region}::product/aws/inspector",
        vendor_name="AWS",
    )


def _remediation(finding: _Finding, left: dict[str, Any]) -> ocsf.Remediation | None:
    if finding.remediation is None:
        return None
    advice = finding.remediation.recommendation
    said = "" if advice.text == _NO_ADVICE else advice.text
    if not said and not advice.url:
        if advice.text:
            left["remediation"] = finding.remediation
        return None
    return ocsf.Remediation(said or advice.url, [advice.url] if advice.url else None)


def _vulnerabilities(
    finding: _Finding, remediation: ocsf.Remediation | None, left: dict[str, Any]
) -> list[ocsf.Vulnerability] | None:
    package, code = finding.package_vulnerability_details, finding.code_vulnerability_details
    if package is not None:
        found = [_package_vulnerability(finding, package)]
    elif code is not None and code.cwes:
        found = [ocsf.Vulnerability(cwe=ocsf.Entity(uid=cwe)) for cwe in code.cwes]
    else:
        if finding.epss is not None:
            left["epss"] = finding.epss
        return None
    coverage_id, coverage = FIX_COVERAGE.get(finding.fix_available, (None, None))
    for one in found:
        one.title, one.remediation = finding.title or None, remediation
        one.is_exploit_available = YES.get(finding.exploit_available)
        one.is_fix_available = coverage_id in {1, 2} if coverage_id else None
        one.fix_coverage, one.fix_coverage_id = coverage, coverage_id
        if finding.exploitability_details:
            seen = finding.exploitability_details.last_known_exploit_at
            one.exploit_last_seen_time = read_time(seen)
        if finding.epss is not None:
            _add_epss(one, finding.epss, left)
    return found


def _add_epss(one: ocsf.Vulnerability, epss: _Epss, left: dict[str, Any]) -> None:
    """A probability is between 0 and 1; anything else is kept, but not as one."""
    if one.cve is not None and 0.0 <= epss.score <= 1.0:
        one.cve.epss = ocsf.Epss(str(epss.score))
    else:
        left["epss"] = epss


def _package_vulnerability(finding: _Finding, said: _PackageDetails) -> ocsf.Vulnerability:
    cve, advisory = identity_of(said.vulnerability_id)
    if cve is not None:
        cve.cvss = [
            ocsf.Cvss(c.base_score, c.version, c.scoring_vector or None, c.source or None)
            for c in said.cvss
        ] or None
        cve.created_time = read_time(said.vendor_created_at)
        cve.modified_time = read_time(said.vendor_updated_at)
        cve.references = [said.source_url] if said.source_url else None
    return ocsf.Vulnerability(
        cve=cve,
        advisory=advisory,
        severity=said.vendor_severity or None,
        vendor_name=said.source or None,
        affected_packages=[_package(p) for p in said.vulnerable_packages] or None,
        references=said.reference_urls or None,
        related_vulnerabilities=said.related_vulnerabilities or None,
        first_seen_time=read_finding_time(finding.first_observed_at),
        last_seen_time=read_finding_time(finding.last_observed_at),
    )


def _package(said: _Package) -> ocsf.AffectedPackage:
    return ocsf.AffectedPackage(
        name=said.name,
        version=said.version,
        architecture=said.arch or None,
        epoch=said.epoch,
        fixed_in_version=said.fixed_in_version or None,
        package_manager=said.package_manager or None,
        path=said.file_path or None,
        release=said.release or None,
        remediation=ocsf.Remediation(said.remediation) if said.remediation else None,
    )


def _resource(said: _Resource, account: str, region: str) -> ocsf.Resource:
    kind = security_hub_type(said.type)
    where = said.region or region
    uid, version = unqualified(resource_uid(kind, said.id, account, where))
    return ocsf.Resource(
        uid=uid,
        type=kind or None,
        cloud_partition=said.partition or None,
        region=where or None,
        data=said.details,
        name=said.tags.get("Name"),
        version=version,
        tags=[ocsf.KeyValue(name, value) for name, value in said.tags.items()] or None,
    )


def _evidences(finding: _Finding) -> list[ocsf.Evidence] | None:
    """The open ports of a reachable instance, the first of each range."""
    details = finding.network_reachability_details
    if details is None or details.open_port_range is None or not finding.resources:
        return None
    port = details.open_port_range.begin
    target = ocsf.Endpoint(
        instance_uid=finding.resources[0].id,
        port=port if 0 <= port <= _MAX_PORT else None,
    )
    protocol = details.protocol.lower() or None
    return [
        ocsf.Evidence(
            name="NetworkReachability",
            dst_endpoint=target,
            connection_info=ocsf.Connection(1, "Inbound", protocol),
        )
    ]
