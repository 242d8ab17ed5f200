"""The vulnerabilities of an ASFF finding.

Facts: the `Vulnerabilities` object of the ASFF syntax.
"""

import re
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from integrations.findings import event as ocsf
from integrations.findings.asff_remediation import remediation_of
from integrations.findings.fitting import fit
from integrations.findings.timestamps import read_time

_CVE: Final = re.compile(r"\bCVE-\d{4}-\d{4,}\b")
_EPOCH: Final = re.compile(r"[0-9]{1,9}")
FIX_COVERAGE: Final = {"YES": (1, "Complete"), "PARTIAL": (2, "Partial"), "NO": (3, "None")}
"""OCSF `fix_coverage_id` and `fix_coverage` of AWS's `FixAvailable`."""
YES: Final = {"YES": True, "NO": False}


class _Adjustment(Struct, rename="pascal", forbid_unknown_fields=True, gc=False):
    metric: str
    reason: str


class _Cvss(Struct, rename="pascal", forbid_unknown_fields=True, gc=False):
    version: str
    base_score: float
    base_vector: str = ""
    source: str = ""
    adjustments: list[_Adjustment] = msgspec.field(default_factory=list)


class _Package(Struct, rename="pascal", forbid_unknown_fields=True, gc=False):
    name: str
    version: str
    epoch: str = ""
    release: str = ""
    architecture: str = ""
    package_manager: str = ""
    file_path: str = ""
    fixed_in_version: str = ""
    remediation: str = ""


class _Vendor(Struct, rename="pascal", forbid_unknown_fields=True, gc=False):
    name: str = ""
    url: str = ""
    vendor_severity: str = ""
    vendor_created_at: str = ""
    vendor_updated_at: str = ""


class _Vulnerability(Struct, rename="pascal", forbid_unknown_fields=True, gc=False):
    id: str
    vulnerable_packages: list[_Package] = msgspec.field(default_factory=list)
    cvss: list[_Cvss] = msgspec.field(default_factory=list)
    related_vulnerabilities: list[str] = msgspec.field(default_factory=list)
    reference_urls: list[str] = msgspec.field(default_factory=list)
    vendor: _Vendor = msgspec.field(default_factory=_Vendor)
    fix_available: str = ""
    exploit_available: str = ""
    epss_score: float | None = None
    last_known_exploit_at: str = ""


class Vulnerabilities(Struct, frozen=True, gc=False):
    """OCSF `vulnerabilities`, written, and what they have no place for."""

    written: Raw | None
    """None when none of them has an id."""
    left: dict[str, Any]


class _Listed(Struct, rename="pascal"):
    vulnerabilities: list[_Vulnerability] = msgspec.field(default_factory=list)


_decode = msgspec.json.Decoder(list[_Vulnerability]).decode


@lru_cache(maxsize=1024)
def vulnerabilities_of(raw: bytes, remediation: bytes) -> Vulnerabilities:
    """The `Vulnerabilities` of a finding; remembered, for they come once per affected resource."""
    left: dict[str, Any] = {}
    try:
        listed = _decode(raw)
    except msgspec.ValidationError:
        fitted, left = fit({"Vulnerabilities": msgspec.json.decode(raw)}, _Listed)
        listed = fitted.vulnerabilities
    if not listed:
        return Vulnerabilities(None, left)
    if not all(map(_is_placed, listed)):
        left["Vulnerabilities"] = Raw(raw)
    advice = remediation_of(remediation, left)
    written = [_vulnerability(said, advice) for said in listed]
    return Vulnerabilities(Raw(ocsf.encode(written)), left)


def named_in(title: str, remediation: bytes) -> Vulnerabilities | None:
    """The CVEs that a title names, for findings that tell of them nowhere else."""
    names = dict.fromkeys(_CVE.findall(title))
    left: dict[str, Any] = {}
    advice = remediation_of(remediation, left)
    found = [ocsf.Vulnerability(cve=ocsf.Cve(uid=name), remediation=advice) for name in names]
    return Vulnerabilities(Raw(ocsf.encode(found)), left) if found else None


def identity_of(name: str) -> tuple[ocsf.Cve | None, ocsf.Advisory | None]:
    """A CVE, or else an advisory (GHSA, ALAS, ...): OCSF wants exactly one of them."""
    if _CVE.fullmatch(name):
        return ocsf.Cve(uid=name), None
    return None, ocsf.Advisory(uid=name)


def _is_placed(said: _Vulnerability) -> bool:
    """Whether OCSF has a place for all that is told; an advisory has none for scores and times."""
    times = (said.vendor.vendor_created_at, said.vendor.vendor_updated_at)
    if not _CVE.fullmatch(said.id) and (said.cvss or said.epss_score is not None or any(times)):
        return False
    return (
        said.fix_available in {"", *FIX_COVERAGE}
        and said.exploit_available in {"", *YES}
        and all(read_time(t) is not None for t in (*times, said.last_known_exploit_at) if t)
        and all(not p.epoch or _EPOCH.fullmatch(p.epoch) for p in said.vulnerable_packages)
    )


def _vulnerability(
    said: _Vulnerability, remediation: ocsf.Remediation | None
) -> ocsf.Vulnerability:
    coverage_id, coverage = FIX_COVERAGE.get(said.fix_available, (None, None))
    cve, advisory = identity_of(said.id)
    if cve is not None:
        cve.cvss = [_cvss(c) for c in said.cvss] or None
        cve.created_time = read_time(said.vendor.vendor_created_at)
        cve.modified_time = read_time(said.vendor.vendor_updated_at)
        if said.epss_score is not None:
            cve.epss = ocsf.Epss(str(said.epss_score))
    urls = [*said.reference_urls, *([said.vendor.url] if said.vendor.url else [])]
    return ocsf.Vulnerability(
        cve=cve,
        advisory=advisory,
        severity=said.vendor.vendor_severity or None,
        vendor_name=said.vendor.name or None,
        affected_packages=[_package(p) for p in said.vulnerable_packages] or None,
        references=urls or None,
        related_vulnerabilities=said.related_vulnerabilities or None,
        is_exploit_available=YES.get(said.exploit_available),
        exploit_last_seen_time=read_time(said.last_known_exploit_at),
        is_fix_available=coverage_id in {1, 2} if coverage_id else None,
        fix_coverage=coverage,
        fix_coverage_id=coverage_id,
        # Class 2002 has no remediation of its own: each vulnerability carries it.
        remediation=remediation,
    )


def _cvss(said: _Cvss) -> ocsf.Cvss:
    adjusted = [ocsf.Metric(a.metric, a.reason) for a in said.adjustments]
    return ocsf.Cvss(
        said.base_score,
        said.version,
        said.base_vector or None,
        said.source or None,
        adjusted or None,
    )


def _package(said: _Package) -> ocsf.AffectedPackage:
    return ocsf.AffectedPackage(
        name=said.name,
        version=said.version,
        architecture=said.architecture or None,
        epoch=int(said.epoch) if _EPOCH.fullmatch(said.epoch) else None,
        fixed_in_version=said.fixed_in_version or None,
        package_manager=said.package_manager or None,
        path=said.file_path or None,
        release=said.release or None,
        remediation=ocsf.Remediation(said.remediation) if said.remediation else None,
    )
