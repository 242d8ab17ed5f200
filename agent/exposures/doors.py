"""Open ports as doors: which ones nobody should find open, and what shuts them."""

from collections.abc import Sequence

from agent.exposures.evidence import Evidence
from agent.exposures.wording import listed
from agent.views import Cut
from integrations.findings.port import Finding, FindingClass
from integrations.resources.port import INTERNET, Link, Resource

CONTROLS = ("EC2.13", "EC2.14", "EC2.19", "EC2.18", "EC2.53")
"""Controls about a security group that is open to everybody."""
_RISKY = (22, 23, 445, 1433, 3306, 3389, 5432, 6379, 9200, 27017)
"""Ways in for administrators, and databases: whatever is behind them, everybody is no guest."""
_WEB = frozenset({"80/tcp", "443/tcp"})


def risky_in(ports: str) -> list[str]:
    """Those of the ports (`22/tcp,8000-8100/tcp`, `all`) that should not be open to everybody."""
    return [port for port in ports.split(",") if port and _is_risky(port)]


def _is_risky(port: str) -> bool:
    if port == "all":
        return True
    span, _, protocol = port.partition("/")
    first, _, last = span.partition("-")
    if protocol != "tcp" or not first.isdigit():
        return False
    return any(int(first) <= risky <= int(last or first) for risky in _RISKY)


def only_web(ports: str) -> bool:
    """Whether nothing but a web server's ports is open."""
    return bool(ports) and _WEB.issuperset(ports.split(","))


def groups_of(link: Link) -> list[str]:
    """The security groups through which the internet is admitted; none for other ways in."""
    return [group for group in str(link.properties.get("via", "")).split(",") if group]


def cut(
    evidence: Evidence,
    entry: Resource,
    link: Link,
    doors: Sequence[Finding],
    on_entry: Sequence[Finding],
) -> Cut:
    """The smallest change: shut the doors; mend what is behind a web server's; else what opened it.

    Args:
        evidence: The tenant's.
        entry: What the internet reaches.
        link: By which link, directly or through a balancer.
        doors: Failures about the groups.
        on_entry: What is wrong with the entry itself.
    """
    ports = str(link.properties.get("ports", ""))
    groups = groups_of(link)
    if groups and (risky_in(ports) or not only_web(ports)):
        return _shut(evidence, entry, groups, doors)
    if groups or link.target != entry.id:
        return _mended(entry, on_entry) or _shut(evidence, entry, groups, doors)
    return Cut(
        text=f"Stop everybody from calling {entry.name}",
        control=next((f.control for f in on_entry if f.control), None),
        resource=entry.id,
        link=(INTERNET, entry.id),
        reversible=True,
    )


def _shut(
    evidence: Evidence, entry: Resource, groups: Sequence[str], doors: Sequence[Finding]
) -> Cut:
    """Take the worst ports away from every group that opens them."""
    known = evidence.graph.get(groups)
    opened = {
        group: str(known[group].properties.get("open_ports", ""))
        for group in groups
        if group in known
    }
    worst = {group: risky_in(ports) for group, ports in opened.items() if risky_in(ports)}
    if not worst:
        others = {g: [p for p in ports.split(",") if p not in _WEB] for g, ports in opened.items()}
        worst = {g: p for g, p in others.items() if p} or {
            g: p.split(",") for g, p in opened.items()
        }
    ports = list(dict.fromkeys(p.split("/")[0] for some in worst.values() for p in some))
    names = listed([known[group].name for group in worst])
    if "all" in ports:
        what = "all ports"
    else:
        what = f"port{'' if len(ports) == 1 else 's'} {listed(ports)}"
    door = next((f for f in doors if not worst or worst.keys() & set(f.resources)), None)
    return Cut(
        text=f"Remove {what} from {names}",
        control=door.control if door else None,
        resource=next(iter(worst), entry.id),
        link=(INTERNET, entry.id),
        calls=max(1, len(worst)),
        reversible=True,
    )


def _mended(entry: Resource, on_entry: Sequence[Finding]) -> Cut | None:
    """Of a web server that is meant to be open: what is wrong behind its door."""
    vulnerable = next((f for f in on_entry if f.cls is FindingClass.VULNERABILITY), None)
    if vulnerable is not None:
        return Cut(text=f"Patch {vulnerable.kind} on {entry.name}", control=None, resource=entry.id)
    attacked = next((f for f in on_entry if f.cls is FindingClass.DETECTION), None)
    if attacked is not None:
        return Cut(text=f"Isolate {entry.name}", control=None, resource=entry.id, reversible=True)
    forged = next((f for f in on_entry if f.control == "EC2.8"), None)
    if forged is not None:
        return Cut(
            text=f"Require IMDSv2 on {entry.name}",
            control=forged.control,
            resource=entry.id,
            reversible=True,
        )
    return None
