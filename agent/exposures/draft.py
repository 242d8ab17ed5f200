"""An exposure while rules add to it."""

import hashlib
from base64 import b32encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from agent.exposures import score
from agent.exposures.evidence import opened_at
from agent.views import Cut, Exposure, Term
from integrations.findings.port import Finding
from integrations.resources.port import Path
from integrations.tenants.port import Tenant

_CROCKFORD = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)


@dataclass(slots=True, kw_only=True)
class Draft:
    """What rules found of one main resource."""

    group: str
    """What the exposure is about, whichever rules told of it: part of its identity."""
    resource: str
    resource_name: str
    headline: str
    verdict: str
    cut: Cut
    default_rule: str = "R1"
    """What it is where no rule has more to say: something that the internet reaches."""
    rules: list[str] = field(default_factory=list)
    terms: dict[str, Term] = field(default_factory=dict)
    why: list[str] = field(default_factory=list)
    findings: dict[str, Finding] = field(default_factory=dict)
    resources: list[str] = field(default_factory=list)
    path: Path | None = None

    def add(self, rule: str, name: str, weight: float, because: str, evidence: str) -> None:
        """One more term; of two of one name the heavier counts. A term may be of no rule ("")."""
        if rule and rule not in self.rules:
            self.rules.append(rule)
        before = self.terms.get(name)
        if before is None or weight > before.weight:
            self.terms[name] = Term(name=name, weight=weight, because=because, evidence=evidence)

    def rests_on(self, findings: Iterable[Finding]) -> None:
        """Findings that it names."""
        for finding in findings:
            self.findings[finding.ref] = finding

    def finished(self, tenant: Tenant) -> Exposure:
        """The exposure, scored."""
        terms = (*sorted(self.terms.values(), key=lambda t: -t.weight), score.criticality(tenant))
        points = score.total(terms)
        return Exposure(
            ref=ref_of(self.group, self.resource),
            tenant=tenant.id,
            rule="+".join(self.rules or [self.default_rule]),
            headline=self.headline,
            verdict=self.verdict,
            why=tuple(self.why[:3]),
            score=points,
            severity=score.level(points),
            terms=terms,
            resource=self.resource,
            resource_name=self.resource_name,
            resources=tuple(dict.fromkeys([self.resource, *self.resources])),
            findings=tuple(self.findings),
            path=self.path,
            cut=self.cut,
            since=self._since(),
        )

    def _since(self) -> datetime | None:
        return min((opened_at(f) for f in self.findings.values()), default=None)


def ref_of(group: str, resource: str) -> str:
    """`X-` and six characters: the same as long as what it is about and its main resource stay."""
    digest = hashlib.sha256(f"{group}\x1f{resource}".encode("utf-8", "surrogatepass")).digest()
    return "X-" + b32encode(digest)[:6].translate(_CROCKFORD).decode()
