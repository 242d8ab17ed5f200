"""Questions about exposures: the ranked list, and why one ranks where it does."""

from agent.tools.findings import UnusableArgumentError
from agent.tools.reader import TenantReader
from agent.views import Exposure, ExposureDetail, ExposureList

ABOUT: dict[str, frozenset[str]] = {
    "all": frozenset(),
    "internet": frozenset({"R1", "R2", "R3", "R4", "R5", "R8"}),
    "identity": frozenset({"R6", "R10"}),
    "data": frozenset({"R4", "R5", "R12"}),
    "threat": frozenset({"R6", "R7"}),
    "vulnerability": frozenset({"R1", "R2", "R8"}),
    "blind_spot": frozenset({"R9"}),
}
"""The rules (R1 to R12) behind each word; none means all."""

_THREAT = "Threat"
"""The term of an exposure that somebody attacks."""


def ranked(reader: TenantReader, about: str, limit: int) -> ExposureList:
    """The worst exposures of a tenant.

    Raises:
        UnusableArgumentError: `about` is not one of `ABOUT`.
    """
    if about not in ABOUT:
        raise UnusableArgumentError(f"about is one of {', '.join(ABOUT)}, not {about}")
    found = [e for e in reader.exposures if _is_about(e, ABOUT[about])]
    if about == "threat":
        # R6 is also an old key of an administrator, which nobody has attacked yet.
        found = [e for e in found if any(term.name == _THREAT for term in e.terms)]
    return ExposureList(
        tenant=reader.tenant.id,
        exposures=tuple(found[:limit]),
        total=len(found),
        open_findings=reader.open_findings,
        open_by_severity=reader.open_by_severity,
        freshness=reader.freshness,
        about=about,
    )


def _is_about(exposure: Exposure, rules: frozenset[str]) -> bool:
    """An exposure that merges several rules names them all: `R1+R4+R7`."""
    return not rules or not rules.isdisjoint(exposure.rule.split("+"))


def explained(reader: TenantReader, ref: str) -> ExposureDetail:
    """One exposure with its findings and its rank.

    Raises:
        NotFoundError: it is not among the tenant's exposures any more.
    """
    exposure = reader.exposure(ref)
    store = reader.systems.findings
    return ExposureDetail(
        tenant=reader.tenant.id,
        exposure=exposure,
        findings=tuple(store.get(f).finding for f in exposure.findings[:8]),
        rank=reader.exposures.index(exposure) + 1,
        freshness=reader.freshness,
    )
