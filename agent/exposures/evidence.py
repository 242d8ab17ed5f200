"""What the rules read: asked for once per tenant, only what some rule needs."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from functools import cached_property

from integrations.findings.port import (
    Filter,
    Finding,
    FindingClass,
    FindingState,
    Order,
    Severity,
)
from integrations.resources.port import INTERNET, Direction, Link, LinkKind, Path, Resource
from integrations.resources.walks import nearest_first, path_of
from integrations.systems import Systems

CONTROLS = frozenset(
    {
        "EC2.1", "EC2.2", "EC2.8", "EC2.9", "EC2.13", "EC2.14", "EC2.18", "EC2.19", "EC2.53",
        "S3.1", "S3.2", "S3.3", "S3.8", "RDS.1", "RDS.2", "Redshift.1", "IAM.1", "IAM.3", "IAM.4",
        "IAM.5", "IAM.8", "IAM.19", "IAM.21", "IAM.22", "Lambda.1", "KMS.3", "CloudTrail.1",
        "GuardDuty.1", "Config.1", "EC2.6", "ELB.16", "EKS.1", "SSM.4", "DMS.1",
    }
)  # fmt: skip
"""Controls whose failures some rule looks at."""

_LIKELY_EXPLOITED = 0.1
"""EPSS from which a vulnerability counts: rule R1's bound."""
_MOST = 3_000
_HOPS, _BEYOND = 4, 200


class Evidence:
    """One tenant's open findings and graph as the rules see them."""

    def __init__(self, systems: Systems) -> None:
        """Read `systems`; nothing before it is needed."""
        self.tenant = systems.tenant
        self._findings = systems.findings
        self.graph = systems.resources

    @cached_property
    def failed(self) -> list[Finding]:
        """Open failures of the controls that rules look at, the worst first."""
        where = Filter(controls=CONTROLS)
        return self._findings.search(where, Order.WORST, limit=_MOST)

    @cached_property
    def threats(self) -> list[Finding]:
        """Open detections."""
        where = Filter(classes=frozenset({FindingClass.DETECTION}))
        return self._findings.search(where, Order.WORST, limit=_MOST)

    @cached_property
    def vulnerabilities(self) -> list[Finding]:
        """Open vulnerabilities that are exploitable, or likely to be."""
        where = Filter(
            classes=frozenset({FindingClass.VULNERABILITY}), exploit_chance=_LIKELY_EXPLOITED
        )
        return self._findings.search(where, Order.WORST, limit=_MOST)

    @cached_property
    def accepted(self) -> frozenset[str]:
        """Resources that somebody decided to leave public: their finding is muted, not open."""
        where = Filter(states=frozenset({FindingState.MUTED}), controls=CONTROLS)
        muted = self._findings.search(where, Order.WORST, limit=_MOST)
        return frozenset(uid for finding in muted for uid in finding.resources)

    @cached_property
    def on(self) -> dict[str, list[Finding]]:
        """Everything of the above by the resources that it names."""
        by_resource: dict[str, list[Finding]] = defaultdict(list)
        for finding in (*self.failed, *self.threats, *self.vulnerabilities):
            for uid in finding.resources:
                by_resource[uid].append(finding)
        return by_resource

    def failures(self, *controls: str) -> list[Finding]:
        """Open failures of some controls, the worst first."""
        return [f for f in self.failed if f.control in controls]

    @cached_property
    def paths(self) -> dict[str, Path]:
        """The shortest path from the internet to each resource that it gets at."""
        found = self.graph.paths_from_internet(limit=2_000)
        return {path.resources[-1].id: path for path in found if path.links}

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """The resources that findings name and paths lead through."""
        ids = set(self.on)
        for path in self.paths.values():
            ids.update(r.id for r in path.resources)
        return self.graph.get(sorted(ids))

    def entries(self) -> list[tuple[Resource, Path]]:
        """What the internet reaches, directly or through balancers, with the way there, by id."""
        found = [
            (path.resources[-1], path)
            for path in self.paths.values()
            if path.resources[0].id == INTERNET
            and path.links[0].kind is LinkKind.REACHES
            and all(link.kind is LinkKind.FORWARDS_TO for link in path.links[1:])
        ]
        return sorted(found, key=lambda pair: pair[0].id)

    def beyond(self, way: Path) -> list[Path]:
        """Paths from the internet along a way in and on to all that it gets at, shortest first."""
        entry = way.resources[-1]
        part = self.graph.blast_radius(entry.id, Direction.OUT, hops=_HOPS, limit=_BEYOND)
        by_id = {r.id: r for r in part.resources}
        found = nearest_first(
            [entry.id],
            lambda frontier: [li for li in part.links if li.source in frontier],
            hops=_HOPS,
            limit=_BEYOND,
        )
        paths = []
        for end in found.ids[1:]:
            ids, links = path_of(found, end)
            steps = (*way.resources, *(by_id[i] for i in ids[1:]))
            paths.append(Path(steps, (*way.links, *links)))
        return paths

    def around(self, resource_ids: Iterable[str], *kinds: LinkKind) -> list[Link]:
        """Links of some kinds at some resources."""
        ids = list(resource_ids)
        if not ids:
            return []
        part = self.graph.neighbourhood(ids, hops=1, limit=400)
        return [link for link in part.links if link.kind in kinds]

    def name(self, resource_id: str) -> str:
        """What people call a resource."""
        known = self.resources.get(resource_id)
        if known is not None:
            return known.name
        tail = resource_id.rsplit(":", 1)[-1]
        return tail.rsplit("/", 1)[-1]

    def reached_directly(self) -> list[tuple[Resource, Link]]:
        """What the internet reaches in one step, with the link that says how."""
        return [
            (path.resources[-1], path.links[0])
            for path in self.paths.values()
            if len(path.links) == 1 and path.resources[0].id == INTERNET
        ]


def worst(findings: Iterable[Finding]) -> Finding | None:
    """The one that weighs most."""
    return max(findings, key=lambda f: (f.severity, f.epss or 0.0), default=None)


def opened_at(finding: Finding) -> datetime:
    """Since when it has been open: since it came back, if it had been gone."""
    return finding.reopened_at or finding.first_seen


def oldest(findings: Iterable[Finding]) -> datetime | None:
    """When the first of them was first seen."""
    return min((opened_at(f) for f in findings), default=None)


def severity_of(findings: Iterable[Finding]) -> Severity:
    """The highest severity among them."""
    return max((f.severity for f in findings), default=Severity.UNKNOWN)
