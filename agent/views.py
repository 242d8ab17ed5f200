"""What tools answer: one typed result per kind, read by the model as JSON, by people as cards.

Every view names the tenant it speaks of; a list of views is how an operator's answer spans tenants.
Numbers carry their whole and their age (`Freshness`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from agent.approvers import Approvers
from agent.identities import RiskyIdentity
from integrations.findings.port import Breakdown, DayCount, Finding, Severity
from integrations.resources.port import Path, Resource, Subgraph


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How old what was read is; None where a source was never heard of."""

    now: datetime
    findings_at: datetime | None = None
    resources_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantRow:
    """A tenant as an operator sees it in the list."""

    tenant: str
    name: str
    environment: str
    priority: int
    accounts: tuple[str, ...]
    open_findings: int
    channels: tuple[str, ...] = ()
    contact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantList:
    """Every tenant."""

    rows: tuple[TenantRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One term of an exposure's score."""

    name: str
    """Threat, Vulnerability, Reach, Assume and impact, Sensitive data, Misconfiguration, ..."""
    weight: float
    """0 to 1: the share `t` of `100 * (1 - prod(1 - t))`; for criticality the factor itself."""
    because: str
    """In words: "SSH is open to 0.0.0.0/0"."""
    evidence: str
    """A finding's ref or a resource's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The smallest change that breaks an exposure."""

    text: str
    """"Remove port 22 from sg-web-admin"."""
    control: str | None
    """The control whose fix this is."""
    resource: str
    """Id of the resource to change."""
    link: tuple[str, str] | None = None
    """(source, target) of the edge that goes away, for the picture."""
    calls: int = 1
    reversible: bool | None = None
    """None: not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Findings and graph joined into one thing to do."""

    ref: str
    """`X-` and 6 characters, stable while rule and main resource stay the same."""
    tenant: str
    rule: str
    """R1 to R12."""
    headline: str
    """"Internet → web-7 → role web-app → bucket acme-customer-exports"."""
    verdict: str
    """One sentence to act on: "Fix the open SSH on web-7 first: it completes a path ..."."""
    why: tuple[str, ...]
    """At most three short facts, the strongest first."""
    score: int
    """0 to 100."""
    severity: Severity
    terms: tuple[Term, ...]
    resource: str
    """Id of the main resource."""
    resource_name: str
    resources: tuple[str, ...]
    findings: tuple[str, ...]
    """Refs of the findings it rests on."""
    path: Path | None
    cut: Cut
    since: datetime | None
    """Since when the oldest of its findings has been open: since it came back, if it was gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureList:
    """The ranked exposures."""

    tenant: str
    exposures: tuple[Exposure, ...]
    total: int
    open_findings: int
    open_by_severity: Mapping[Severity, int]
    freshness: Freshness
    about: str = "all"
    """Which exposures were asked for, as the tool's argument says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureDetail:
    """One exposure with its findings: the answer to "why?"."""

    tenant: str
    exposure: Exposure
    findings: tuple[Finding, ...]
    rank: int
    freshness: Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class Posture:
    """A tenant in one line."""

    tenant: str
    name: str
    environment: str
    open_findings: int
    open_by_severity: Mapping[Severity, int]
    yesterday: Mapping[Severity, int]
    """Open a day ago, by severity."""
    worst: Exposure | None
    oldest: Finding | None
    """The oldest open finding of the highest severity present."""
    freshness: Freshness
    names: Mapping[str, str] = field(default_factory=dict)
    """What people call the resource of the oldest, by uid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingList:
    """Findings that were asked for."""

    tenant: str
    asked: str
    """In words: "open critical findings of S3"."""
    total: int
    whole: int
    """Out of how many open findings."""
    findings: tuple[Finding, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    freshness: Freshness
    filtered: Mapping[str, str] = field(default_factory=dict)
    """The tool's own arguments: a follow-up changes one of them."""
    exposed: int = 0
    """How many of the total some exposure rests on; they are listed before others as severe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingDetail:
    """One finding, with what can be said of it."""

    tenant: str
    finding: Finding
    resource: Resource | None
    facts: tuple[tuple[str, str], ...]
    """(label, value) from the OCSF event: CVE, CVSS, port, actor, remediation text, ..."""
    exposures: tuple[Exposure, ...]
    """Those it is part of."""
    freshness: Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class TopResources:
    """The resources with the most findings."""

    tenant: str
    asked: str
    rows: tuple[Breakdown, ...]
    names: Mapping[str, str]
    whole: int
    freshness: Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceDetail:
    """One resource: what it is, what is wrong with it, who gets at it."""

    tenant: str
    resource: Resource
    findings: tuple[Finding, ...]
    total_findings: int
    exposures: tuple[Exposure, ...]
    public: bool | None
    """Whether everybody is let in at it; None when the graph does not know the resource."""
    freshness: Freshness
    path: Path | None = None
    """The shortest way from the internet to what is not public itself."""
    accepted: bool = False
    """Its public access is a muted finding: somebody decided so."""
    contact: str = ""
    """Whom to ask about the tenant, where no tag names an owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """What is connected to a resource, or what somebody who holds it could get at."""

    tenant: str
    about: Resource
    asked: str
    """"neighbourhood", "blast radius", "who can reach", "path"."""
    graph: Subgraph
    path: Path | None = None
    cut: Cut | None = None
    severities: Mapping[str, Severity] = field(default_factory=dict)
    """Worst open finding by resource id."""
    draw: bool = False
    """Whether a picture was asked for."""
    caption: str = ""
    """What the picture says, in one sentence."""
    freshness: Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicResource:
    """Something that everybody can get at."""

    resource: Resource
    how: str
    """"SSH (22) open to 0.0.0.0/0 through sg-web-admin"."""
    ports: str
    findings: int
    worst: Severity | None
    accepted: bool
    """Its public access is a muted finding: somebody decided so."""
    vulnerabilities: int = 0
    """Open ones on it."""
    flaw: str = ""
    """The likeliest of them to be exploited: "CVE-2024-6387, exploit known"."""
    score: int = 0
    """Of the worst exposure that it is part of; 0 when it is part of none."""
    graded: Severity | None = None
    """That exposure's severity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicList:
    """Everything that the internet reaches."""

    tenant: str
    asked: str
    rows: tuple[PublicResource, ...]
    total: int
    freshness: Freshness
    accepted: int = 0
    """How many of the total somebody decided to leave public."""
    kind: str = "all"
    """Of what kind, as the tool's argument says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityList:
    """Every identity about which something is wrong, the riskiest first."""

    tenant: str
    rows: tuple[RiskyIdentity, ...]
    total: int
    whole: int
    """How many identities were looked at."""
    freshness: Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What came and went since a moment."""

    tenant: str
    since: datetime
    since_words: str
    opened: tuple[Finding, ...]
    opened_total: int
    closed: tuple[Finding, ...]
    closed_total: int
    reopened: tuple[Finding, ...]
    names: Mapping[str, str]
    trend: tuple[DayCount, ...]
    freshness: Freshness
    exposures: tuple[Exposure, ...] = ()
    """Those that are there only since then, the worst first."""
    exposures_total: int = 0
    opened_by_severity: Mapping[Severity, int] = field(default_factory=dict)
    closed_by_severity: Mapping[Severity, int] = field(default_factory=dict)
    about: str = "all"
    """`fixed`: only what left the open state is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """How a finding would be fixed."""

    tenant: str
    finding: Finding
    title: str
    """The control, in words."""
    steps: tuple[str, ...]
    runbook: str | None
    """The Automation runbook that would do it, ours before AWS's (`AWS...`); None: none known."""
    reversible: bool | None
    care: str
    """What to mind; empty when nothing."""
    by_hand_because: str = ""
    """Why no button can do it; empty where one can, or where nobody asked for one."""
    exposures: tuple[Exposure, ...]
    """Those that it would break or lower."""
    freshness: Freshness
    name: str = ""
    """What people call the resource that is fixed."""
    known: bool = True
    """A remedy for exactly this is known; else the steps are general, and nothing is known of
    undoing them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A fix that was planned and now waits for people's approval; nothing has been changed."""

    tenant: str
    request: str
    """Its opaque id, `R-...`."""
    stage: str
    title: str
    finding: Finding
    why: str
    calls: tuple[str, ...]
    """`ec2:RevokeSecurityGroupIngress sg-0a1`: each call that would be made, in order."""
    changes: tuple[tuple[str, str, str], ...]
    """(property, before, after)."""
    unpredicted: tuple[str, ...]
    touches: tuple[str, ...]
    """Names of other resources that feel it."""
    care: str
    reversible: bool
    approvers: tuple[str, ...]
    approvals_needed: int
    why_two: str
    expires_at: datetime
    around: Subgraph
    """What is changed and what feels it."""
    freshness: Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One answer to a question asked back."""

    label: str
    ask: str
    """The question that choosing it asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """A question asked back, or what to try next."""

    question: str
    choices: tuple[Choice, ...]


View = (
    TenantList
    | Posture
    | ExposureList
    | ExposureDetail
    | FindingList
    | FindingDetail
    | TopResources
    | ResourceDetail
    | Connections
    | PublicList
    | IdentityList
    | Approvers
    | Changes
    | Advice
    | Proposal
    | Choices
)
