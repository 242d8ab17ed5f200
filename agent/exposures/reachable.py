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

from agent.exposures import score
from agent.exposures.draft import Draft
from agent.exposures.evidence import Evidence, oldest
from agent.exposures.wording import ago, chain, ports_in_words
from agent.views import Cut
from integrations.findings.port import Finding, FindingClass
from integrations.resources.port import INTERNET, Link, LinkKind, Path, Resource

_COMPUTE = frozenset(
    {"AwsEc2Instance", "AwsLambdaFunction", "AwsElbv2LoadBalancer", "AwsElbLoadBalancer",
     "AwsEksCluster", "AwsEcsService"}
)  # fmt: skip
_BALANCERS = frozenset({"AwsElbv2LoadBalancer", "AwsElbLoadBalancer"})
_DOORS = ("EC2.13", "EC2.14", "EC2.19", "EC2.18", "EC2.53")
_RISKY_PORTS = frozenset({"22/tcp", "3389/tcp", "all", "3306/tcp", "5432/tcp", "6379/tcp",
                          "27017/tcp", "9200/tcp", "23/tcp", "445/tcp", "1433/tcp"})  # fmt: skip
_OPENS = frozenset({"Lambda.1", "EKS.1", "RDS.2", "Redshift.1"})
"""Controls whose failure is the opening itself; others say only that the host could be better."""
_RANK = {"admin": 3, "write": 2, "read": 1}


def reachable(evidence: Evidence) -> Iterator[Draft]:
    """An exposure for each reachable resource about which something is wrong."""
    entries = [(r, li) for r, li in evidence.reached_directly() if r.type in _COMPUTE]
    for entry, link in sorted(entries, key=lambda pair: pair[0].id):
        if entry.id in evidence.accepted and not evidence.on.get(entry.id):
            continue
        draft = _of_entry(evidence, entry, link)
        if draft is not None:
            yield draft


def _of_entry(evidence: Evidence, entry: Resource, link: Link) -> Draft | None:
    """The entry with all that lies behind it; nothing where only harmless ports are open."""
    group = str(link.properties.get("via", ""))
    ports = str(link.properties.get("ports", ""))
    behind = evidence.beyond(entry, link)
    doors = [f for f in evidence.on.get(group, ()) if f.control in _DOORS]
    on_entry = list(evidence.on.get(entry.id, ()))
    goal = _goal(behind)
    grave = [f for f in on_entry if f.cls is not FindingClass.COMPLIANCE or f.control in _OPENS]
    risky = bool(_RISKY_PORTS.intersection(ports.split(",")))
    if not (doors or grave or (risky and goal)):
        return None
    target = goal or _entry_path(evidence, entry)
    draft = Draft(
        group="reachable",
        resource=entry.id,
        resource_name=entry.name,
        headline=chain(target),
        verdict="",
        cut=_cut(evidence, entry, link, doors, on_entry),
        path=target,
        resources=[r.id for r in target.resources if r.id != INTERNET] + ([group] if group else []),
    )
    _reach(draft, entry, link, doors)
    _vulnerable(draft, on_entry)
    _threatened(evidence, draft, on_entry)
    _metadata(draft, on_entry, behind)
    _data(draft, entry, behind)
    draft.rests_on([*doors, *on_entry])
    draft.verdict = _verdict(draft, entry, goal, ports, group)
    draft.why = _why(evidence, draft, doors)
    return draft


def _entry_path(evidence: Evidence, entry: Resource) -> Path:
    return evidence.paths[entry.id]


def _goal(behind: list[Path]) -> Path | None:
    """The path to what an attacker would want most: sensitive data, then writable, then any."""
    data = [p for p in behind if p.links[-1].kind is LinkKind.CAN_ACCESS]

    def worth(path: Path) -> tuple[bool, int, int, str]:
        end = path.resources[-1]
        access = _RANK.get(str(path.links[-1].properties.get("access", "")), 0)
        return end.properties.get("sensitive") is True, access, -len(path.links), end.id

    return max(data, key=worth, default=None)


def _cut(
    evidence: Evidence, entry: Resource, link: Link, doors: list[Finding], on_entry: list[Finding]
) -> Cut:
    """The smallest change: close the door; where there is none, what opened the resource."""
    group = str(link.properties.get("via", ""))
    if group:
        door = doors[0] if doors else None
        risky = [p for p in str(link.properties.get("ports", "")).split(",") if p in _RISKY_PORTS]
        port = (risky or str(link.properties.get("ports", "")).split(","))[0].split("/")[0]
        what = "all ports" if port == "all" else f"port {port}"
        return Cut(
            text=f"Remove {what} from {evidence.name(group)}",
            control=door.control if door else None,
            resource=group,
            link=(INTERNET, entry.id),
            reversible=True,
        )
    control = next((f.control for f in on_entry if f.control), None)
    return Cut(
        text=f"Stop everybody from calling {entry.name}",
        control=control,
        resource=entry.id,
        link=(INTERNET, entry.id),
        reversible=True,
    )


def _reach(draft: Draft, entry: Resource, link: Link, doors: list[Finding]) -> None:
    ports = ports_in_words(str(link.properties.get("ports", "")))
    weight = score.REACH_BALANCED if entry.type in _BALANCERS else score.REACH_PUBLIC
    rule = "R8" if entry.type == "AwsLambdaFunction" else "R1"
    because = f"{ports} open to the internet" if ports else "everybody can call it"
    draft.add(rule, "Reach", weight, because, str(link.properties.get("via") or entry.id))
    for door in doors:
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
            rule = draft.rules[0] if draft.rules else "R1"
            draft.add(rule, "Misconfiguration", weight, finding.title, finding.ref)


def _threatened(evidence: Evidence, draft: Draft, on_entry: list[Finding]) -> None:
    for finding in on_entry:
        if finding.cls is FindingClass.DETECTION:
            when = ago(finding.last_seen, evidence.now)
            draft.add("R7", "Threat", score.THREAT, f"{finding.title}, {when}", finding.ref)


def _metadata(draft: Draft, on_entry: list[Finding], behind: list[Path]) -> None:
    metadata = next((f for f in on_entry if f.control == "EC2.8"), None)
    if metadata is not None and behind:
        draft.add("R3", "Credential theft", 0.2, "IMDSv1 answers forged requests", metadata.ref)


def _data(draft: Draft, entry: Resource, behind: list[Path]) -> None:
    for path in behind:
        end = path.resources[-1]
        if end.type == "AwsIamRole" and end.properties.get("admin") is True:
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


def _verdict(draft: Draft, entry: Resource, goal: Path | None, ports: str, group: str) -> str:
    if entry.type == "AwsLambdaFunction":
        end = ""
        if goal:
            verb = _verb(str(goal.links[-1].properties.get("access")))
            end = f" and its role can {verb} {goal.resources[-1].name}"
        return f"Close the public URL of {entry.name}: everybody can call it{end}."
    opened = ports_in_words(",".join(p for p in ports.split(",") if p in _RISKY_PORTS) or ports)
    door = f"the open {opened} on {entry.name}" if group else f"the public access to {entry.name}"
    if goal is not None:
        return (
            f"Fix {door} first: it completes a path from the internet to {goal.resources[-1].name}."
        )
    if "Threat" in draft.terms:
        return f"Close {door}: {entry.name} is being attacked."
    return f"Close {door}: the internet reaches a host with {_worst_of(draft)}."


def _worst_of(draft: Draft) -> str:
    if "Vulnerability" in draft.terms:
        return draft.terms["Vulnerability"].because
    return "failed checks"


def _why(evidence: Evidence, draft: Draft, doors: list[Finding]) -> list[str]:
    """The strongest facts first: the door and its age, the exploit, the attack."""
    facts: list[str] = []
    reach = draft.terms.get("Reach")
    if reach is not None:
        opened = oldest(doors)
        since = f" for {ago(opened, evidence.now, bare=True)}" if opened else ""
        facts.append(f"{reach.because}{since}")
    told = ("Vulnerability", "Threat", "Sensitive data", "Assume and impact")
    facts += [draft.terms[name].because for name in told if name in draft.terms]
    return facts
