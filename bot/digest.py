"""A tenant's morning: how it stands, what changed, what was done, what waits; without a model."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.tools.changes import changes
from agent.tools.posture import posture_summary
from agent.tools.reader import TenantReader
from agent.views import Changes, Exposure, Posture
from bot.phrases import STALE_AFTER
from integrations.findings.port import Severity, SourceAge
from integrations.remediations.port import Remediation, Stage
from integrations.systems import Systems

SHOWN = 3
"""Exposures of a digest; the rest is one press away."""
DAY = timedelta(days=1)
URGENT = (Severity.FATAL, Severity.CRITICAL, Severity.HIGH)

_ENDED = frozenset({Stage.VERIFIED, Stage.NOT_FIXED, Stage.FAILED, Stage.UNDONE})
_LOOKED_AT = 500
"""Requests of a tenant: more than are decided in a day."""
_OWNER = ("owner", "team", "service-owner", "owned-by", "contact")


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """What became of fixes since the last digest, and what waits now."""

    fixed: tuple[Remediation, ...] = ()
    """Carried out, and proven by a fresh read."""
    undone: tuple[Remediation, ...] = ()
    failed: tuple[Remediation, ...] = ()
    """The runbook failed, or its control still does."""
    waiting: tuple[Remediation, ...] = ()
    """Somebody has to approve them; the first to close first."""

    def __bool__(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.fixed or self.undone or self.failed or self.waiting)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One tenant."""

    tenant: str
    posture: Posture
    changes: Changes
    """In the last 24 hours."""
    exposures: tuple[Exposure, ...]
    """The worst; at most `SHOWN`."""
    exposures_total: int
    requests: Requests
    silent: tuple[SourceAge, ...]
    """Sources that were heard of once, and not for a day."""
    told: bool
    """Whether any source has told anything yet."""
    owner: str = ""
    """Whose the oldest urgent finding's resource is, as its tags say."""

    @property
    def quiet(self) -> bool:
        """Nothing is urgent, waiting or silent, nor was any fix carried out: one line says it."""
        came = self.changes.opened_by_severity
        urgent = any(self.posture.open_by_severity.get(s) or came.get(s) for s in URGENT)
        urgent = urgent or any(f.severity in URGENT for f in self.changes.reopened)
        urgent = urgent or any(exposure.severity in URGENT for exposure in self.exposures)
        return self.told and not (urgent or self.requests or self.silent)


def digest_of(systems: Systems, now: datetime, since: datetime) -> Digest:
    """A tenant's digest as of `now` (aware UTC); requests since the last one, at `since`."""
    reader = TenantReader(systems, now)
    posture = posture_summary(reader)
    sources = systems.findings.sources()
    return Digest(
        tenant=systems.tenant.id,
        posture=posture,
        changes=changes(reader, "yesterday"),
        exposures=reader.exposures[:SHOWN],
        exposures_total=len(reader.exposures),
        requests=_requests(systems, since),
        silent=tuple(s for s in sources if now - s.last_seen > STALE_AFTER),
        told=bool(sources),
        owner=_owner(systems, posture),
    )


def _requests(systems: Systems, since: datetime) -> Requests:
    ended = systems.remediations.search(_ENDED, limit=_LOOKED_AT)
    new = [request for request in ended if _ended_at(request) >= since]
    waiting = systems.remediations.search(frozenset({Stage.PROPOSED}), limit=_LOOKED_AT)
    return Requests(
        fixed=_in(new, Stage.VERIFIED),
        undone=_in(new, Stage.UNDONE),
        failed=_in(new, Stage.FAILED, Stage.NOT_FIXED),
        waiting=tuple(sorted(waiting, key=lambda r: (r.expires_at, r.id))),
    )


def _in(requests: Sequence[Remediation], *stages: Stage) -> tuple[Remediation, ...]:
    return tuple(request for request in requests if request.stage in stages)


def _ended_at(request: Remediation) -> datetime:
    """When its last run ended; a request that never ran has no later moment than its asking."""
    moments = [run.ended_at for run in (request.fix, request.undo) if run and run.ended_at]
    return max([*moments, request.verified_at or request.requested_at])


def _owner(systems: Systems, posture: Posture) -> str:
    if posture.oldest is None:
        return ""
    found = systems.resources.get([posture.oldest.resource]).get(posture.oldest.resource)
    if found is None:
        return ""
    tags = {key.casefold(): value for key, value in found.tags.items()}
    return next((tags[key] for key in _OWNER if tags.get(key)), "")
