"""Questions about what everybody can reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.exposures.doors import risky_in
from agent.tools.findings import UnusableArgumentError
from agent.tools.reader import TenantReader
from agent.views import PublicList, PublicResource
from integrations.findings.port import Filter, Finding, FindingClass, FindingState
from integrations.resources.port import Link, LinkKind, Resource

_PUBLIC = 10_000
"""Public resources that are counted; the worst of them are shown."""

_FINDINGS = 2_000
"""Findings on public resources that are looked at."""

PUBLIC_KINDS: dict[str, tuple[str, ...]] = {
    "all": (),
    "storage": ("AwsS3Bucket", "AwsEc2Snapshot", "AwsRdsDbSnapshot", "AwsRdsDbClusterSnapshot"),
    "security_groups": ("AwsEc2SecurityGroup",),
    "compute": ("AwsEc2Instance", "AwsLambdaFunction", "AwsEcsService", "AwsEksCluster"),
    "databases": ("AwsRdsDbInstance", "AwsRdsDbCluster", "AwsRedshiftCluster", "AwsRdsDbSnapshot"),
    "ddos": (
        "AwsCloudFrontDistribution",
        "AwsElbv2LoadBalancer",
        "AwsElbLoadBalancer",
        "AwsApiGatewayRestApi",
        "AwsApiGatewayV2Api",
        "AwsLambdaFunction",
        "AwsEc2Instance",
    ),
}
"""What `public_resources` can be asked for, as resource types; DDoS (the question of the talk this
product began with) means what takes traffic from the internet with nothing in front of it."""

_FRONTS = {kind: place for place, kind in enumerate(PUBLIC_KINDS["ddos"])}
"""What a flood takes down, in the order of how much hangs on it."""

_PUBLIC_ACCESS = frozenset(
    {
        "DMS.1", "EC2.1", "EC2.9", "EC2.13", "EC2.14", "EC2.18", "EC2.19", "EC2.53", "EKS.1",
        "Lambda.1", "RDS.1", "RDS.2", "Redshift.1", "S3.1", "S3.2", "S3.3", "S3.8", "SSM.4",
    }
)  # fmt: skip
"""Security Hub controls that fail because everybody can get at a resource: muting one of them is a
decision to leave it so."""


def public_resources(
    reader: TenantReader, kind: str, port: int | None = None, *, unpatched: bool = False
) -> PublicList:
    """Everything of a kind that the internet reaches, what is most exposed first.

    Args:
        reader: The tenant.
        kind: One of `PUBLIC_KINDS`.
        port: Only what lets the internet in at this port.
        unpatched: Only what has open vulnerabilities.

    Raises:
        UnusableArgumentError: `kind` is not one of `PUBLIC_KINDS`.
    """
    if kind not in PUBLIC_KINDS:
        raise UnusableArgumentError(f"kind is one of {', '.join(PUBLIC_KINDS)}, not {kind}")
    found = {
        target.id: _Door(target, ports, _through(reader, link))
        for link, target in reader.doors
        for ports in [str(link.properties.get("ports", ""))]
        if _is_asked(kind, port, link, target)
    }
    rows = [row for row in _rows(reader, kind, found) if row.vulnerabilities or not unpatched]
    rows.sort(key=lambda row: _place(kind, row))
    asked = _ASKED[kind] if port is None else f"{_ASKED[kind]} on port {port}"
    return PublicList(
        tenant=reader.tenant.id,
        asked=f"{asked} with open vulnerabilities" if unpatched else asked,
        rows=tuple(rows[:20]),
        total=len(rows),
        freshness=reader.freshness,
        accepted=sum(row.accepted for row in rows),
        kind=kind,
    )


@dataclass(frozen=True, slots=True)
class _Door:
    """What the internet reaches, at which ports, through which groups."""

    target: Resource
    ports: str
    via: str


def _through(reader: TenantReader, link: Link) -> str:
    by_id = {target.id: target for _, target in reader.doors}
    groups = str(link.properties.get("via", "")).split(",")
    return " and ".join(by_id[group].name for group in groups if group in by_id)


def _is_asked(kind: str, port: int | None, link: Link, target: Resource) -> bool:
    ports = str(link.properties.get("ports", ""))
    admits = LinkKind.ADMITS if kind == "security_groups" else LinkKind.REACHES
    if link.kind is not admits or (port is not None and not opens(ports, port)):
        return False
    if PUBLIC_KINDS[kind] and target.type not in PUBLIC_KINDS[kind]:
        return False
    return kind != "ddos" or (link.properties.get("waf") is not True and _serves(ports))


def _serves(ports: str) -> bool:
    """Whether something is served to everybody: a door for administrators alone is no service."""
    risky = risky_in(ports)
    return not ports or "all" in risky or len(risky) < len(ports.split(","))


def opens(ports: str, port: int) -> bool:
    """Whether a port is among those of an edge: `22/tcp,8000-8080/tcp`, `all`."""
    for part in filter(None, ports.split(",")):
        first, _, last = part.split("/")[0].partition("-")
        if not first.isdecimal() or int(first) <= port <= int(last or first):
            return True
    return False


def _rows(reader: TenantReader, kind: str, found: Mapping[str, _Door]) -> list[PublicResource]:
    ids = frozenset(found)
    worst, left = reader.worst_by_resource(ids), accepted(reader, ids)
    on: dict[str, list[Finding]] = {uid: [] for uid in ids}
    if ids:
        for finding in reader.systems.findings.search(Filter(resources=ids), limit=_FINDINGS):
            for uid in ids.intersection(finding.resources):
                on[uid].append(finding)
    rows = []
    for uid, door in found.items():
        exposed = reader.exposures_of(resource=uid)
        flaws = [f for f in on[uid] if f.cls is FindingClass.VULNERABILITY]
        rows.append(
            PublicResource(
                resource=door.target,
                how=_flood(door) if kind == "ddos" else _how(door),
                ports=door.ports,
                findings=len(on[uid]),
                worst=worst.get(uid),
                accepted=uid in left,
                vulnerabilities=len(flaws),
                flaw="" if kind == "ddos" else _flaw(flaws),
                score=exposed[0].score if exposed else 0,
                graded=exposed[0].severity if exposed else None,
            )
        )
    return rows


def _flaw(flaws: Sequence[Finding]) -> str:
    """`CVE-2024-6387, exploit known`: the likeliest to be exploited."""
    worst = max(flaws, key=lambda f: (f.exploitable, f.epss or 0.0, f.severity), default=None)
    if worst is None:
        return ""
    return f"{worst.kind}, exploit known" if worst.exploitable else worst.kind


def _place(kind: str, row: PublicResource) -> tuple[float | str, ...]:
    """Where a row stands: what was accepted last, what serves the most people first for a flood."""
    front = _FRONTS.get(row.resource.type, len(_FRONTS)) if kind == "ddos" else 0
    return (row.accepted, front, -row.score, -(row.worst or 0), -row.findings, row.resource.name)


def accepted(reader: TenantReader, ids: frozenset[str]) -> frozenset[str]:
    """Those that somebody decided to leave public: a muted finding says so, and no open one."""
    if not ids:
        return frozenset()
    states = frozenset({FindingState.OPEN, FindingState.MUTED})
    where = Filter(resources=ids, states=states, controls=_PUBLIC_ACCESS)
    told: dict[FindingState, set[str]] = {state: set() for state in states}
    for finding in reader.systems.findings.search(where, limit=_PUBLIC):
        told[finding.state].update(ids.intersection(finding.resources))
    return frozenset(told[FindingState.MUTED] - told[FindingState.OPEN])


_ASKED = {
    "all": "resources reachable from the internet",
    "storage": "public buckets and snapshots",
    "security_groups": "security groups open to the internet",
    "compute": "hosts and functions reachable from the internet",
    "databases": "databases reachable from the internet",
    "ddos": "resources that take internet traffic with no web ACL in front",
}
_PORTS = {"22/tcp": "SSH", "3389/tcp": "RDP", "443/tcp": "HTTPS", "80/tcp": "HTTP"}


def _how(door: _Door) -> str:
    if not door.ports:
        return "public by its own policy or setting"
    through = f" through {door.via}" if door.via and door.via != door.target.name else ""
    return f"{_in_words(door.ports)} open to the internet{through}"


def _flood(door: _Door) -> str:
    """What a flood would meet."""
    if door.target.type == "AwsLambdaFunction":
        return "everybody can call it; each call is billed"
    if door.target.type == "AwsEc2Instance":
        return f"a host at its own address, {_in_words(door.ports)}, no balancer in front"
    served = f"{_in_words(door.ports)} for everybody" if door.ports else "open to everybody"
    return f"{served}, no web ACL"


def _in_words(ports: str) -> str:
    named = (f"{_PORTS[p]} ({p.split('/')[0]})" if p in _PORTS else p for p in ports.split(","))
    return ", ".join(name for name in named if name)
