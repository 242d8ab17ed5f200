"""Security findings: the nouns, the questions asked of them, and what every engine promises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import Any, Protocol


class Severity(IntEnum):
    """OCSF `severity_id`."""

    UNKNOWN = 0
    INFORMATIONAL = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5
    FATAL = 6
    OTHER = 99

    @property
    def label(self) -> str:
        """`Critical`, `High`, ... as OCSF's `severity`."""
        return self.name.capitalize()


class FindingClass(IntEnum):
    """OCSF `class_uid` of the finding classes that are kept."""

    VULNERABILITY = 2002
    COMPLIANCE = 2003
    DETECTION = 2004
    DATA_SECURITY = 2006


class FindingState(StrEnum):
    """Where a finding stands, from its OCSF status and compliance status together."""

    OPEN = "open"
    """New, notified or in progress, and not passed: what counts."""
    MUTED = "muted"
    """Suppressed by a person or a rule."""
    RESOLVED = "resolved"
    ARCHIVED = "archived"
    PASSED = "passed"
    """A compliance check that passed, or did not apply."""


class Dimension(StrEnum):
    """What findings can be counted by."""

    SEVERITY = "severity"
    CLASS = "class"
    STATE = "state"
    CONTROL = "control"
    SERVICE = "service"
    ACCOUNT = "account"
    REGION = "region"
    SOURCE = "source"


class Order(StrEnum):
    """How found findings are sorted; ties are broken by uid."""

    WORST = "worst"
    """Severity first, then exploitability (EPSS), then the longest open."""
    NEWEST = "newest"
    """First seen latest."""
    OLDEST = "oldest"
    """First seen earliest."""
    UPDATED = "updated"
    """Changed latest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding as it stands: what is indexed of an OCSF event, in the field's words.

    Times are aware UTC datetimes.
    """

    uid: str
    """OCSF `finding_info.uid`: the finding's identity within its tenant."""
    ref: str
    """`F-` and 8 characters: what a person types; unique within the tenant in practice."""
    cls: FindingClass
    title: str
    description: str
    severity: Severity
    state: FindingState
    status: str
    """OCSF `status`: New, In Progress, Suppressed, Resolved, Archived, ..."""
    control: str | None
    """Consolidated Security Hub control id, `EC2.13`; None for what is not a control."""
    kind: str
    """`finding_info.types[0]`, for GuardDuty the finding type; for a vulnerability the CVE."""
    source: str
    """Product name: `Security Hub`, `GuardDuty`, `Inspector`, `Prowler`, ..."""
    service: str
    """The AWS service concerned, as control ids spell it: `EC2`, `S3`, `IAM`, ..."""
    account: str
    region: str
    resource: str
    """Uid of the first resource (its ARN where it has one)."""
    resource_type: str
    """As Security Hub names it, `AwsEc2Instance`; empty when unknown."""
    resources: tuple[str, ...]
    """Uids of every resource, the first first."""
    first_seen: datetime
    last_seen: datetime
    updated_at: datetime
    resolved_at: datetime | None = None
    """When it left the open state; None while it is open, and for what was never seen open: a check
    that always passed, a finding that was muted before anybody saw it."""
    reopened_at: datetime | None = None
    """When it last came back after having been resolved; None when it never did."""
    epss: float | None = None
    """Exploit prediction, 0 to 1; the highest of the finding's vulnerabilities."""
    exploitable: bool = False
    """An exploit is known to be available."""
    fixable: bool = False
    """A fix is known to be available (OCSF `is_fix_available`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which findings; every given field must hold. The default is every open finding."""

    states: frozenset[FindingState] = frozenset({FindingState.OPEN})
    """Empty means any."""
    severities: frozenset[Severity] = frozenset()
    classes: frozenset[FindingClass] = frozenset()
    controls: frozenset[str] = frozenset()
    service: str | None = None
    source: str | None = None
    account: str | None = None
    region: str | None = None
    resources: frozenset[str] = frozenset()
    """Findings that name any of these resource uids."""
    kind_prefix: str | None = None
    exploit_chance: float | None = None
    """At least so likely to be exploited, 0 to 1: its EPSS, or 1 where an exploit is known."""
    text: str | None = None
    """Words that must all occur (title, description, control, resource, kind), in any order."""
    first_seen_since: datetime | None = None
    first_seen_before: datetime | None = None
    """Earlier than this: what was first seen at the moment itself is not meant."""
    resolved_since: datetime | None = None
    """With this, resolved, archived and passed findings are meant: give `states` accordingly."""
    reopened_since: datetime | None = None


OPEN = Filter()


@dataclass(frozen=True, slots=True)
class Tally:
    """How many findings share one value of a dimension."""

    value: str
    """Severity and class by name (`CRITICAL`, `COMPLIANCE`), the rest as stored."""
    count: int


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Findings of one resource or one control, by severity."""

    key: str
    """Resource uid or control id."""
    title: str
    """The resource's type, or the control's title as one of its findings says it."""
    count: int
    by_severity: Mapping[Severity, int]
    """Adds up to `count`; the worst first."""


@dataclass(frozen=True, slots=True)
class DayCount:
    """One UTC day of a tenant's findings."""

    day: date
    opened: int
    """How often one became open, coming back included."""
    closed: int
    """How often one left the open state."""
    open_at_end: Mapping[Severity, int]
    """Open findings at the end of the day (now, for today), by severity: each at the severity that
    it was last seen open with."""


@dataclass(frozen=True, slots=True)
class SourceAge:
    """When a source was last heard of: how fresh the answer can be."""

    source: str
    last_seen: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Written:
    """What an upsert did."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    """Older than, or the same as, what is stored: nothing was written."""


@dataclass(frozen=True, slots=True)
class StoredFinding:
    """A finding with the whole OCSF event it came from."""

    finding: Finding
    event: Mapping[str, Any] = field(repr=False)


class FindingStore(Protocol):
    """One tenant's findings.

    Promises: one record per `finding_info.uid`, holding its latest state: an event that is older
    (by `time`) than the stored one changes nothing, so events may arrive in any order and more than
    once; of two events of one moment, one that closes or mutes stands before one that is open.
    `first_seen` never moves later. A resolved finding that is seen open again keeps its
    `first_seen` and gets `reopened_at`. No question ever answers another tenant's findings. A call
    whose events cannot all be read stores none of them; an embedded engine stores all or none
    whatever happens, an engine on the network may be cut off half-way, and then the same call made
    again stores the rest. Questions see at once what a small batch wrote, and what a large one
    wrote within seconds.
    """

    def upsert(self, events: Sequence[bytes]) -> Written:
        """Take in OCSF events (JSON, as `integrations.findings.ocsf` writes them).

        Raises:
            RejectedRecordError: an event lacks what is indexed; nothing was written.
            PartlyRejectedError: the engine refuses some of them; the others were written.
            UnavailableError: the engine does not answer; the same call may be made again.
        """
        ...

    def count(self, where: Filter, by: Dimension) -> list[Tally]:
        """How many findings by one dimension, the largest first; severities worst first."""
        ...

    def search(
        self, where: Filter, order: Order = Order.WORST, limit: int = 50, offset: int = 0
    ) -> list[Finding]:
        """The findings themselves."""
        ...

    def top_resources(self, where: Filter, limit: int = 10) -> list[Breakdown]:
        """The resources with the most findings, weighed by severity (worst first)."""
        ...

    def top_controls(self, where: Filter, limit: int = 10) -> list[Breakdown]:
        """The controls with the most findings, weighed by severity (worst first)."""
        ...

    def trend(self, days: int, until: datetime) -> list[DayCount]:
        """The last so many UTC days up to and including that of `until`, oldest first."""
        ...

    def get(self, uid_or_ref: str) -> StoredFinding:
        """One finding by uid or ref (refs without regard to case).

        Raises:
            NotFoundError: this tenant has no such finding.
        """
        ...

    def sources(self) -> list[SourceAge]:
        """Every source heard of, the freshest first."""
        ...
