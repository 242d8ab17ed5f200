"""One tenant's systems, read once per turn: what several tools need is asked for only once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property

from agent.kept_exposures import exposures_of
from agent.tools.naming import kind, short_name
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
from integrations.resources.port import INTERNET, Link, Resource
from integrations.systems import Systems

_MANY = 500
_CHOICES = 5
_ASIDE = frozenset({"AwsIamInstanceProfile", "AwsElbv2TargetGroup"})
"""Types that share their name with what people mean by it."""
_DOORS = 10_000
"""Public resources that are looked at: far more than an estate should have."""


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
        return exposures_of(self.systems, self.now)

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

    @cached_property
    def doors(self) -> Sequence[tuple[Link, Resource]]:
        """What the internet reaches or is admitted by at once, with the link that says how."""
        part = self.systems.resources.neighbourhood([INTERNET], hops=1, limit=_DOORS)
        by_id = {resource.id: resource for resource in part.resources}
        return [(link, by_id[link.target]) for link in part.links if link.source == INTERNET]

    @property
    def open_findings(self) -> int:
        """How many findings are open."""
        return sum(self.open_by_severity.values())

    def names(self, uids: Iterable[str]) -> dict[str, str]:
        """What people call these resources, for every uid."""
        wanted = list(dict.fromkeys(uid for uid in uids if uid))
        known = self.systems.resources.get(wanted)
        named = {uid: known[uid].name for uid in wanted if uid in known}
        return {
            uid: named[uid] if named.get(uid, uid) != uid else short_name(uid) for uid in wanted
        }

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

    def resource(self, text: str, ask: Callable[[str], str]) -> Resource | Choices:
        """The resource that a name, short id or ARN means; a question back when several do.

        Args:
            text: The name, short id or ARN.
            ask: The question of a choice, from the id of the resource that it stands for.

        Raises:
            NotFoundError: nothing in the tenant answers to that.
        """
        wanted = text.strip().strip("`\"'")
        same, near = self.called(wanted)
        found = same or near
        if not found:
            name = short_name(wanted)
            raise NotFoundError(f"nothing called {name} is known in {self.tenant.id}")
        return found[0] if len(found) == 1 else self.which(wanted, found, ask)

    def called(self, wanted: str) -> tuple[Sequence[Resource], Sequence[Resource]]:
        """The resources that are called so, and those whose names are only like it."""
        exact = self.systems.resources.get([wanted]).get(wanted)
        if exact:
            return [exact], []
        found = self.systems.resources.find(wanted, limit=12)
        if not found and " " in wanted:
            return self._of_kind(wanted), []
        folded = wanted.casefold()
        same = [r for r in found if folded in (r.name.casefold(), r.short_id.casefold())]
        return same, [r for r in found if r not in same]

    def _of_kind(self, wanted: str) -> Sequence[Resource]:
        """`load balancer shop-front`: those of that name that are such a thing."""
        what, _, name = wanted.casefold().rpartition(" ")
        found = self.systems.resources.find(name, limit=12)
        same = [r for r in found if r.name.casefold() == name]
        exact = [r for r in same if kind(r) == what]
        # Cards say `KMS key` of what is a `key` here.
        return exact or [r for r in same if kind(r).split()[-1] == what.split()[-1]]

    def which(self, wanted: str, same: Sequence[Resource], ask: Callable[[str], str]) -> Choices:
        """Asks which; the worst first, because it is the likeliest to be meant."""
        worst = self.worst_by_resource(r.id for r in same)
        ranked = sorted(
            same,
            key=lambda r: (-worst.get(r.id, Severity.UNKNOWN), r.type in _ASIDE, r.type, r.id),
        )
        labels = [f"{kind(r)} {r.name}" for r in ranked[:_CHOICES]]
        listed = ", ".join(labels[:-1]) + f" and {labels[-1]}"
        more = f" and {len(same) - len(labels)} more" if len(same) > len(labels) else ""
        return Choices(
            question=f"{len(same)} things in {self.tenant.id} answer to {wanted}: {listed}{more}. "
            "Which one?",
            choices=tuple(
                Choice(label=label, ask=ask(label if labels.count(label) == 1 else r.id))
                for label, r in zip(labels, ranked, strict=False)
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
