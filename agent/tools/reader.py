"""One tenant's systems, read once per turn: what several tools need is asked for only once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property

from agent.exposure import rank
from agent.views import Choice, Choices, Exposure, Freshness
from integrations.errors import NotFoundError
from integrations.findings.port import (
    OPEN,
    Dimension,
    Filter,
    Finding,
    Order,
    Severity,
)
from integrations.resources.port import Resource
from integrations.systems import Systems

_MANY = 500


def short_name(uid: str) -> str:
    """The last part of an ARN or path: what people would call it if it had no name."""
    tail = uid.rsplit(":", 1)[-1] if uid.startswith("arn:") else uid
    return tail.rsplit("/", 1)[-1] or uid


class TenantReader:
    """Reads one tenant for one turn; safe for the several threads of that turn's tools."""

    def __init__(self, systems: Systems, now: datetime) -> None:
        """Read `systems` as of `now` (aware UTC); nothing is read before it is asked for."""
        self.systems = systems
        self.tenant = systems.tenant
        self.now = now

    @cached_property
    def exposures(self) -> tuple[Exposure, ...]:
        """Every exposure, the worst first."""
        return tuple(rank(self.systems, self.now))

    @cached_property
    def freshness(self) -> Freshness:
        """How old the newest finding and the newest configuration item are."""
        sources = self.systems.findings.sources()
        return Freshness(
            now=self.now,
            findings_at=max((s.last_seen for s in sources), default=None),
            resources_at=self.systems.resources.summary().captured_at,
        )

    @cached_property
    def open_by_severity(self) -> Mapping[Severity, int]:
        """Open findings by severity."""
        tallies = self.systems.findings.count(OPEN, Dimension.SEVERITY)
        return {Severity[tally.value]: tally.count for tally in tallies}

    @property
    def open_findings(self) -> int:
        """How many findings are open."""
        return sum(self.open_by_severity.values())

    def names(self, uids: Iterable[str]) -> dict[str, str]:
        """What people call these resources, for every uid."""
        wanted = list(dict.fromkeys(uid for uid in uids if uid))
        known = self.systems.resources.get(wanted)
        return {uid: known[uid].name if uid in known else short_name(uid) for uid in wanted}

    def names_of(self, findings: Sequence[Finding]) -> dict[str, str]:
        """What people call the findings' first resources."""
        return self.names(finding.resource for finding in findings)

    def exposures_of(self, resource: str = "", finding_ref: str = "") -> tuple[Exposure, ...]:
        """The exposures that a resource or a finding is part of."""
        return tuple(
            exposure
            for exposure in self.exposures
            if (resource and resource in exposure.resources)
            or (finding_ref and finding_ref in exposure.findings)
        )

    def exposure(self, ref: str) -> Exposure:
        """One exposure by its ref.

        Raises:
            NotFoundError: no exposure of this tenant has that ref now.
        """
        for exposure in self.exposures:
            if exposure.ref.casefold() == ref.strip().casefold():
                return exposure
        raise NotFoundError(f"{ref} is not among the exposures of {self.tenant.id} any more")

    def resource(self, text: str) -> Resource | Choices:
        """The resource that a name, short id or ARN means; a question back when several do.

        Raises:
            NotFoundError: nothing in the tenant answers to that.
        """
        wanted = text.strip().strip("`\"'")
        exact = self.systems.resources.get([wanted]).get(wanted)
        if exact:
            return exact
        found = self.systems.resources.find(wanted, limit=12)
        folded = wanted.casefold()
        same = [r for r in found if folded in (r.name.casefold(), r.short_id.casefold())] or found
        if not same:
            raise NotFoundError(f"nothing called {wanted} is in {self.tenant.id}'s resource graph")
        if len(same) == 1:
            return same[0]
        return Choices(
            question=f"{len(same)} things answer to {wanted}. Which one?",
            choices=tuple(
                Choice(
                    label=f"{_kind(r)} {r.name}", ask=f"what is connected to {r.short_id or r.id}"
                )
                for r in same[:5]
            ),
        )

    def worst_by_resource(self, resource_ids: Iterable[str]) -> dict[str, Severity]:
        """The worst open finding's severity of each of these resources that has one."""
        ids = frozenset(resource_ids)
        if not ids:
            return {}
        worst: dict[str, Severity] = {}
        found = self.systems.findings.search(Filter(resources=ids), Order.WORST, limit=_MANY)
        for finding in found:
            for uid in finding.resources:
                if uid in ids:
                    worst[uid] = max(worst.get(uid, Severity.UNKNOWN), finding.severity)
        return worst


def _kind(resource: Resource) -> str:
    """`AwsEc2SecurityGroup` -> `Ec2 Security Group`."""
    words = "".join(f" {c}" if c.isupper() else c for c in resource.type.removeprefix("Aws"))
    return words.strip()
