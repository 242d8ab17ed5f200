"""What else an OCSF event tells a person: labelled values beside the indexed ones."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_PACKAGES = 4
_STANDARD = re.compile(r"(?:standards|ruleset)/(?P<name>[a-z0-9-]+)/v/(?P<version>[\w.]+)$")
_AS_SAID = {"aws": "AWS", "cis": "CIS", "pci": "PCI", "dss": "DSS", "nist": "NIST"}


def facts_of(event: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """(label, value) pairs of an OCSF event, the most telling first; values are untrusted text."""
    return tuple(_facts(event))


def _facts(event: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for vulnerability in _dicts(event.get("vulnerabilities"))[:1]:
        yield from _vulnerability(vulnerability)
    yield from _threat(event)
    yield from _compliance(event)
    remediation = event.get("remediation") or _remediation_of_a_vulnerability(event)
    if isinstance(remediation, dict):
        if remediation.get("desc"):
            yield "How to fix", str(remediation["desc"])
        references = remediation.get("references")
        if isinstance(references, list) and references:
            yield "Guide", str(references[0])
    comment = event.get("comment")
    if comment:
        yield "Note", str(comment)


def _vulnerability(vulnerability: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    cve = vulnerability.get("cve")
    if isinstance(cve, dict):
        yield "CVE", str(cve.get("uid", ""))
        for score in _dicts(cve.get("cvss"))[:1]:
            yield "CVSS", f"{score.get('base_score')} ({score.get('vector_string', 'no vector')})"
        epss = cve.get("epss")
        if isinstance(epss, dict):
            yield "EPSS", str(epss.get("score"))
    if "is_exploit_available" in vulnerability:
        yield "Exploit", "available" if vulnerability["is_exploit_available"] else "none known"
    for package in _dicts(vulnerability.get("affected_packages"))[:_PACKAGES]:
        fixed = package.get("fixed_in_version")
        value = f"{package.get('name')} {package.get('version')}"
        yield "Package", f"{value}, fixed in {fixed}" if fixed else value


def _threat(event: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    info = event.get("finding_info")
    if event.get("class_uid") == 2004 and isinstance(info, dict):  # noqa: PLR2004 - OCSF class_uid
        types = info.get("types")
        if isinstance(types, list) and types:
            yield "Type", str(types[0])
    for evidence in _dicts(event.get("evidences"))[:1]:
        source = evidence.get("src_endpoint")
        if isinstance(source, dict) and source.get("ip"):
            country = (source.get("location") or {}).get("country")
            yield "From", f"{source['ip']} ({country})" if country else str(source["ip"])
        target = evidence.get("dst_endpoint")
        if isinstance(target, dict) and target.get("port"):
            yield "Port", str(target["port"])
        api = evidence.get("api")
        if isinstance(api, dict) and api.get("operation"):
            yield "API", str(api["operation"])
    if isinstance(event.get("count"), int):
        yield "Seen", f"{event['count']} times"


def _compliance(event: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    compliance = event.get("compliance")
    if not isinstance(compliance, dict):
        return
    standards = compliance.get("standards")
    if isinstance(standards, list) and standards:
        yield "Standards", ", ".join(standard_name(str(s)) for s in standards[:3])
    details = compliance.get("status_details")
    reason = details[0] if isinstance(details, list) and details else None
    # OCSF 1.4 made a list of it.
    reason = reason or compliance.get("status_detail")
    if reason:
        yield "Reason", str(reason)


def standard_name(uid: str) -> str:
    """`standards/pci-dss/v/4.0.1` as people say it: `PCI DSS 4.0.1`; what is no id as it is.

    The ids are those of Security Hub's standards ("AssociatedStandards" of the ASFF).
    """
    found = _STANDARD.search(uid)
    if found is None:
        return uid
    words = [_AS_SAID.get(word, word.capitalize()) for word in found["name"].split("-")]
    name = " ".join(words).replace("800 53", "SP 800-53").replace("800 171", "SP 800-171")
    return f"{name} {found['version']}"


def _remediation_of_a_vulnerability(event: Mapping[str, Any]) -> Any:
    """Class 2002 has no remediation of its own: its vulnerabilities and their packages do."""
    for vulnerability in _dicts(event.get("vulnerabilities")):
        if vulnerability.get("remediation"):
            return vulnerability["remediation"]
        for package in _dicts(vulnerability.get("affected_packages")):
            if package.get("remediation"):
                return package["remediation"]
    return None


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []
