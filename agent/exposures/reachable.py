"""R1 to R4, R7 and R8: what the internet reaches, and what lies behind it.

R1  reachable host with an exploitable vulnerability
R2  its role administers the account
R3  its metadata service hands out the role's credentials to a forged request (EC2.8)
R4  its role reads or writes data; more so when a tag says that the data is sensitive
R7  an active threat on it
R8  a function that everybody can call, with a wide role or a vulnerable package

They tell of one path, so they add to one exposure per reachable resource.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from agent.exposures import score
from agent.exposures.ages import aged
from agent.exposures.doors import CONTROLS, cut, groups_of, only_web, risky_in
from agent.exposures.draft import Draft
from agent.exposures.evidence import Evidence, oldest
from agent.exposures.wording import chain, ports_in_words
from integrations.findings.port import Finding, FindingClass
from integrations.resources.port import INTERNET, Link, LinkKind, Path, Resource

_COMPUTE = frozenset(
    {"AwsEc2Instance", "AwsLambdaFunction", "AwsElbv2LoadBalancer", "AwsElbLoadBalancer",
     "AwsEksCluster", "AwsEcsService"}
)  # fmt: skip
_BALANCERS = frozenset({"AwsElbv2LoadBalancer", "AwsElbLoadBalancer"})
_OPENS = frozenset({"Lambda.1", "EKS.1", "RDS.2", "Redshift.1"})
"""Controls whose failure is the opening itself; others say only that the host could be better."""
_RANK = {"admin": 3, "write": 2, "read": 1}


@dataclass(frozen=True, slots=True)
class _Entry:
    """Something that the internet reaches, with what is wrong with it and with the way to it."""

    resource: Resource
    way: Path
    link: Link
    """The first link: it tells the ports, and the groups that admit everybody."""
    on_it: list[Finding]
    doors: list[Finding]
    """Failures of the groups; none where a balancer stands in between."""

    @property
    def direct(self) -> bool:
        return len(self.way.links) == 1

    @property
    def ports(self) -> str:
        return str(self.link.properties.get("ports", ""))


def reachable(evidence: Evidence) -> Iterator[Draft]:
    """An exposure for each reachable resource about which something is wrong."""
    for resource, way in evidence.entries():
        on_it = list(evidence.on.get(resource.id, ()))
        if resource.type not in _COMPUTE or (resource.id in evidence.accepted and not on_it):
            continue
        link = way.links[0]
        groups = groups_of(link) if len(way.links) == 1 else []
        doors = [f for group in groups for f in evidence.on.get(group, ()) if f.control in CONTROLS]
        draft = _of_entry(evidence, _Entry(resource, way, link, on_it, doors))
        if draft is not None:
            yield draft


def _of_entry(evidence: Evidence, entry: _Entry) -> Draft | None:
    """The entry with all that lies behind it; nothing where all is as a web server should be."""
    behind = evidence.beyond(entry.way)
    goal = _goal(behind)
    prize = goal or next((path for path in behind if _is_admin(path.resources[-1])), None)
    if not _matters(entry, prize):
        return None
    target = prize or entry.way
    resource = entry.resource
    groups = groups_of(entry.link)
    draft = Draft(
        group="reachable",
        resource=resource.id,
        resource_name=resource.name,
        headline=chain(target),
        verdict="",
        cut=cut(evidence, resource, entry.link, entry.doors, entry.on_it),
        path=target,
        resources=[*(r.id for r in target.resources if r.id != INTERNET), *groups],
    )
    _reach(draft, entry)
    _vulnerable(draft, entry.on_it)
    _threatened(draft, entry.on_it)
    _metadata(draft, entry.on_it, prize)
    _data(draft, resource, behind)
    draft.rests_on([*entry.doors, *entry.on_it])
    draft.verdict = _verdict(draft, entry, goal)
    draft.why = _why(draft, entry.doors)
    return draft


def _is_admin(resource: Resource) -> bool:
    return resource.type == "AwsIamRole" and resource.properties.get("admin") is True


def _matters(entry: _Entry, prize: Path | None) -> bool:
    """Whether something is wrong: an attack, a way in, or a door that leads to a prize."""
    grave = any(f.cls is not FindingClass.COMPLIANCE or f.control in _OPENS for f in entry.on_it)
    forged = any(f.control == "EC2.8" for f in entry.on_it)
    risky = entry.direct and bool(risky_in(entry.ports))
    if grave or entry.doors:
        return True
    if prize is None:
        return False
    writes = prize.links[-1].properties.get("access") != "read"
    return risky or forged or (entry.resource.type == "AwsLambdaFunction" and writes)


def _goal(behind: list[Path]) -> Path | None:
    """The path to what an attacker would want most: sensitive data, then writable, then any."""
    data = [p for p in behind if p.links[-1].kind is LinkKind.CAN_ACCESS]

    def worth(path: Path) -> tuple[bool, int, int, str]:
        end = path.resources[-1]
        access = _RANK.get(str(path.links[-1].properties.get("access", "")), 0)
        return end.properties.get("sensitive") is True, access, -len(path.links), end.id

    return max(data, key=worth, default=None)


def _reach(draft: Draft, entry: _Entry) -> None:
    said = ports_in_words(entry.ports)
    if not entry.direct or entry.resource.type in _BALANCERS:
        weight = score.REACH_BALANCED
    else:
        web = bool(groups_of(entry.link)) and only_web(entry.ports)
        weight = score.REACH_WEB if web else score.REACH_PUBLIC
    rule = "R8" if entry.resource.type == "AwsLambdaFunction" else ""
    because = f"{said} open to the internet" if said else "everybody can call it"
    if not entry.direct:
        because = f"the internet reaches it through {entry.way.resources[1].name}"
    evidence = next(iter(groups_of(entry.link)), entry.resource.id)
    draft.add(rule, "Reach", weight, because, evidence)
    for door in entry.doors:
        misconfigured = score.MISCONFIGURATION.get(door.severity, 0.0)
        draft.add(rule, "Misconfiguration", misconfigured, door.title, door.ref)


def _vulnerable(draft: Draft, on_entry: list[Finding]) -> None:
    for finding in on_entry:
        if finding.cls is FindingClass.VULNERABILITY:
            weight = score.vulnerability(finding.epss, exploitable=finding.exploitable)
            exploited = ", exploit available" if finding.exploitable else ""
            likely = f" (EPSS {finding.epss:.2f}{exploited})" if finding.epss is not None else ""
            rule = "R8" if "R8" in draft.rules else "R1"
            draft.add(rule, "Vulnerability", weight, f"{finding.kind}{likely}", finding.ref)
        elif finding.cls is FindingClass.COMPLIANCE and finding.control != "EC2.8":
            weight = score.MISCONFIGURATION.get(finding.severity, 0.0)
            draft.add("", "Misconfiguration", weight, finding.title, finding.ref)


def _threatened(draft: Draft, on_entry: list[Finding]) -> None:
    for finding in on_entry:
        if finding.cls is FindingClass.DETECTION:
            when = aged(finding.last_seen)
            draft.add("R7", "Threat", score.THREAT, f"{finding.title}, {when}", finding.ref)


def _metadata(draft: Draft, on_entry: list[Finding], prize: Path | None) -> None:
    metadata = next((f for f in on_entry if f.control == "EC2.8"), None)
    if metadata is not None and prize is not None:
        draft.add("R3", "Credential theft", 0.2, "IMDSv1 answers forged requests", metadata.ref)


def _data(draft: Draft, entry: Resource, behind: list[Path]) -> None:
    for path in behind:
        end = path.resources[-1]
        if _is_admin(end):
            draft.add(
                "R2", "Assume and impact", score.ADMIN, f"{end.name} is an administrator", end.id
            )
        if path.links[-1].kind is not LinkKind.CAN_ACCESS:
            continue
        access = str(path.links[-1].properties.get("access", ""))
        weight = score.DATA_READ if access == "read" else score.DATA_WRITE
        rule = "R8" if entry.type == "AwsLambdaFunction" else "R4"
        draft.add(
            rule, "Assume and impact", weight, f"its role can {_verb(access)} {end.name}", end.id
        )
        if end.properties.get("sensitive") is True:
            label = next((v for k, v in end.tags.items() if "class" in k.casefold()), "sensitive")
            draft.add(
                "R4", "Sensitive data", score.SENSITIVE, f"{end.name} holds {label} data", end.id
            )


def _verb(access: str) -> str:
    return {"admin": "administer", "write": "change", "read": "read"}.get(access, "use")


def _verdict(draft: Draft, entry: _Entry, goal: Path | None) -> str:
    name, data = entry.resource.name, ""
    if goal is not None:
        verb = _verb(str(goal.links[-1].properties.get("access")))
        data = f" and its role can {verb} {goal.resources[-1].name}"
    if entry.resource.type == "AwsLambdaFunction":
        return f"Close the public URL of {name}: everybody can call it{data}."
    if draft.cut.link is None:
        return f"{draft.cut.text}: the internet reaches it{data}."
    opened = ports_in_words(",".join(risky_in(entry.ports)) or entry.ports)
    door = f"the open {opened} on {name}" if opened else f"the public access to {name}"
    if goal is not None:
        return (
            f"Fix {door} first: it completes a path from the internet to {goal.resources[-1].name}."
        )
    if "Threat" in draft.terms:
        return f"Close {door}: {name} is being attacked."
    return f"Close {door}: the internet reaches a host with {_worst_of(draft)}."


def _worst_of(draft: Draft) -> str:
    if "Vulnerability" in draft.terms:
        return draft.terms["Vulnerability"].because
    return "failed checks"


def _why(draft: Draft, doors: list[Finding]) -> list[str]:
    """The strongest facts first: the door and its age, the exploit, the attack."""
    facts: list[str] = []
    reach = draft.terms.get("Reach")
    if reach is not None:
        opened = oldest(doors)
        since = f" for {aged(opened, bare=True)}" if opened else ""
        facts.append(f"{reach.because}{since}")
    told = ("Vulnerability", "Threat", "Sensitive data", "Assume and impact")
    facts += [draft.terms[name].because for name in told if name in draft.terms]
    return facts
