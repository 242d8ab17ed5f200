"""What is indexed of a finding, as engines write it: numbers for moments and for severities."""

from datetime import datetime
from functools import lru_cache

from msgspec import Struct

from integrations.findings.port import Finding, FindingClass, FindingState
from integrations.findings.standing import severity_of
from integrations.findings.timestamps import moment_of


class Indexed(Struct, frozen=True, gc=False):
    """What is indexed of an event, in numbers: what `Finding` says, as an engine writes it on.

    Moments are milliseconds since 1970. It takes a third of the time of a `Finding` (4 of 12 us),
    and most of a batch becomes documents without anybody having to ask for one.
    """

    uid: str
    ref: str
    time: int
    """When it was last changed."""
    cls: int
    title: str
    description: str
    severity: int
    """As a rank."""
    state: FindingState
    status: str
    control: str | None
    kind: str
    source: str
    service: str
    account: str
    region: str
    resource: str
    resource_type: str
    resources: tuple[str, ...]
    first_seen: int
    last_seen: int
    resolved_at: int | None
    reopened_at: int | None
    epss: float | None
    exploitable: bool
    fixable: bool

    def finding(self) -> Finding:
        """The same in the field's words."""
        return Finding(
            uid=self.uid,
            ref=self.ref,
            cls=FindingClass(self.cls),
            title=self.title,
            description=self.description,
            severity=severity_of(self.severity),
            state=self.state,
            status=self.status,
            control=self.control,
            kind=self.kind,
            source=self.source,
            service=self.service,
            account=self.account,
            region=self.region,
            resource=self.resource,
            resource_type=self.resource_type,
            resources=self.resources,
            first_seen=_moment(self.first_seen),
            last_seen=_moment(self.last_seen),
            updated_at=_moment(self.time),
            resolved_at=None if self.resolved_at is None else _moment(self.resolved_at),
            reopened_at=None if self.reopened_at is None else _moment(self.reopened_at),
            epss=self.epss,
            exploitable=self.exploitable,
            fixable=self.fixable,
        )


@lru_cache(maxsize=4096)
def _moment(milliseconds: int) -> datetime:
    return moment_of(milliseconds)
