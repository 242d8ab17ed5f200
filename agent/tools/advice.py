"""What would fix a finding, a control or an exposure; is there a runbook; can it be undone."""

from agent.tools.reader import TenantReader
from agent.views import Advice
from integrations.errors import NotFoundError
from integrations.findings.controls import canonical_control
from integrations.findings.facts import facts_of
from integrations.findings.port import Filter, Finding, FindingClass, Order
from integrations.runbooks.port import RemedyCatalogue


def remediation_advice(reader: TenantReader, catalogue: RemedyCatalogue, about: str) -> Advice:
    """How a finding (F-...), an exposure (X-...) or a failed control (EC2.13) would be fixed.

    Raises:
        NotFoundError: the tenant has nothing open that `about` names.
    """
    return _advice(reader, catalogue, finding_about(reader, about))


def finding_about(reader: TenantReader, about: str) -> Finding:
    """The finding to fix when a finding (F-...), an exposure (X-...) or a control is named.

    Raises:
        NotFoundError: the tenant has nothing open that `about` names.
    """
    wanted = about.strip()
    if wanted.upper().startswith("X-"):
        return _finding_to_cut(reader, wanted)
    if wanted.upper().startswith("F-"):
        return reader.systems.findings.get(wanted).finding
    return _worst_of_control(reader, wanted)


def _finding_to_cut(reader: TenantReader, ref: str) -> Finding:
    """The finding of the exposure whose fix is the smallest change that breaks it."""
    exposure = reader.exposure(ref)
    found = [reader.systems.findings.get(f).finding for f in exposure.findings]
    for finding in found:
        if exposure.cut.control and finding.control == exposure.cut.control:
            return finding
    for finding in found:
        if exposure.cut.resource in finding.resources:
            return finding
    if not found:
        raise NotFoundError(f"{ref} rests on no finding that could be fixed")
    return found[0]


def _worst_of_control(reader: TenantReader, control: str) -> Finding:
    control = canonical_control(control) or control
    where = Filter(controls=frozenset({control}))
    found = reader.systems.findings.search(where, Order.WORST, limit=1)
    if found:
        return found[0]
    raise NotFoundError(f"no open finding of {reader.tenant.id} is of control {control}")


def _advice(reader: TenantReader, catalogue: RemedyCatalogue, finding: Finding) -> Advice:
    remedy = catalogue.remedy(finding.control) if finding.control else None
    facts = dict(facts_of(reader.systems.findings.get(finding.uid).event))
    if remedy:
        title, steps = remedy.title, remedy.steps
    elif finding.cls is FindingClass.VULNERABILITY:
        title, steps = _patch(facts)
    elif finding.cls is FindingClass.DETECTION:
        title, steps = _contain()
    else:
        title = "Follow the control's own guidance"
        steps = (facts["How to fix"],) if facts.get("How to fix") else ()
    return Advice(
        tenant=reader.tenant.id,
        finding=finding,
        title=title,
        steps=steps,
        runbook=remedy.runbook if remedy else None,
        reversible=remedy.reversible if remedy else None,
        known=remedy is not None,
        name=reader.names([finding.resource]).get(finding.resource, ""),
        care=remedy.care if remedy else "",
        exposures=reader.exposures_of(finding_ref=finding.ref),
        freshness=reader.freshness,
    )


def _patch(facts: dict[str, str]) -> tuple[str, tuple[str, ...]]:
    package = facts.get("Package", "")
    # "openssh 8.7p1, fixed in 9.8p1" becomes "openssh 8.7p1 to 9.8p1 or later".
    newer = " or later" if ", fixed in " in package else ""
    named = package.replace(", fixed in ", " to ") or "the affected package"
    return "Update the vulnerable package", (
        f"Update {named}{newer}",
        "Let Inspector scan again: it closes the finding by itself",
    )


def _contain() -> tuple[str, tuple[str, ...]]:
    return "Contain first, then find out", (
        "Keep the evidence: snapshot the volumes, save the logs",
        "Isolate the resource, or take the credentials away",
        "Look for what else the same actor touched",
    )
