"""Which users, roles, groups and policies are risky, and everything that makes them so."""

from collections import defaultdict

from agent.exposures.wording import ago
from agent.identities import RiskyIdentity
from agent.tools.naming import short_name
from agent.tools.reader import TenantReader
from agent.views import Exposure, IdentityList
from integrations.findings.port import Filter, Finding, FindingClass, Order
from integrations.resources.port import LinkKind, Resource

_FAULTS = {
    "IAM.1": "allows everything on everything",
    "IAM.4": "the root user has an access key",
    "IAM.9": "the root user has no second factor",
    "IAM.6": "the root user has no hardware second factor",
    "IAM.3": "access keys not rotated",
    "IAM.5": "signs in without a second factor",
    "IAM.19": "no second factor",
    "IAM.8": "unused credentials",
    "IAM.22": "unused credentials",
    "IAM.21": "allows all of a service",
    "IAM.2": "has policies of its own",
}
"""Security Hub's controls about identities in few words, the gravest first."""
_TYPES = frozenset({"AwsIamUser", "AwsIamRole", "AwsIamGroup", "AwsIamPolicy"})
_PRINCIPALS = ("AwsIamUser", "AwsIamRole", "AwsIamGroup")
_OF_AWS = ("AWSServiceRoleFor", "AWSReservedSSO_")
"""How the names of roles begin that AWS made and keeps."""
_MOST = 5_000
_LISTED = 20


def risky_identities(reader: TenantReader) -> IdentityList:
    """Administrators, old or unused credentials, missing second factors, strangers let in.

    From Security Hub's controls about identities, detections, exposures and the graph: its policies
    tell who administers the account, its trust documents who may assume a role.
    """
    faults: dict[str, list[str]] = defaultdict(list)
    told: dict[str, Finding] = {}
    for finding in _findings(reader):
        faults[finding.resource].append(_fault(reader, finding))
        told.setdefault(finding.resource, finding)
    resources = _from_graph(reader, faults)
    exposed = {e.resource: e for e in reversed(reader.exposures) if e.resource in resources}
    for uid, exposure in exposed.items():
        if not faults[uid]:
            faults[uid] += exposure.why
    rows = [
        _row(resource, faults[uid], told.get(uid), exposed.get(uid))
        for uid, resource in resources.items()
        if faults[uid]
    ]
    rows.sort(key=lambda r: (-r.score, -(r.worst or 0), -len(r.faults), r.resource.name))
    return IdentityList(
        tenant=reader.tenant.id,
        rows=tuple(rows[:_LISTED]),
        total=len(rows),
        whole=len(resources),
        freshness=reader.freshness,
    )


def _row(
    resource: Resource, faults: list[str], finding: Finding | None, exposure: Exposure | None
) -> RiskyIdentity:
    return RiskyIdentity(
        resource=resource,
        faults=tuple(dict.fromkeys(faults)),
        ref=exposure.ref if exposure else finding.ref if finding else "",
        score=exposure.score if exposure else 0,
        worst=finding.severity if finding else None,
    )


def _findings(reader: TenantReader) -> list[Finding]:
    """Failures of the controls and detections about identities, the worst first."""
    store = reader.systems.findings
    failed = store.search(Filter(controls=frozenset(_FAULTS)), Order.WORST, limit=_MOST)
    attacks = Filter(classes=frozenset({FindingClass.DETECTION}))
    threats = store.search(attacks, Order.WORST, limit=_MOST)
    about = [f for f in threats if f.resource_type in _TYPES]
    order = list(_FAULTS)
    return [*about, *sorted(failed, key=lambda f: (-f.severity, order.index(f.control or "")))]


def _fault(reader: TenantReader, finding: Finding) -> str:
    words = _FAULTS.get(finding.control or "", finding.title)
    return f"{words}, for {ago(finding.reopened_at or finding.first_seen, reader.now, bare=True)}"


def _from_graph(reader: TenantReader, faults: dict[str, list[str]]) -> dict[str, Resource]:
    """The identities by id, with what the graph tells of them put before what findings do."""
    graph = reader.systems.resources
    known = {r.id: r for r in graph.find(types=sorted(_TYPES), limit=_MOST)}
    for uid in set(faults) - known.keys():
        known[uid] = graph.get([uid]).get(uid) or Resource(
            id=uid, type="", name=short_name(uid), short_id="", known=False
        )
    policies = [r for r in known.values() if _is_admin(r) and r.type == "AwsIamPolicy"]
    held = {
        link.source
        for policy in policies
        for link in graph.neighbourhood([policy.id], hops=1, limit=_MOST).links
        if link.kind is LinkKind.HAS_POLICY
    }
    for uid, resource in known.items():
        if resource.name.startswith(_OF_AWS):
            continue
        strangers = _strangers(reader, resource)
        if strangers:
            faults[uid].insert(0, strangers)
        if resource.type in _PRINCIPALS and (uid in held or _is_admin(resource)):
            faults[uid].insert(0, "administrator")
    return known


def _is_admin(resource: Resource) -> bool:
    return resource.properties.get("admin") is True or resource.name == "AdministratorAccess"


def _strangers(reader: TenantReader, role: Resource) -> str:
    """Who from outside may assume a role without an ExternalId."""
    if role.properties.get("external_id_required") is True:
        return ""
    if role.properties.get("trusts_everyone") is True:
        return "everybody may assume it"
    accounts = str(role.properties.get("trusts_accounts", "")).split(",")
    foreign = [a for a in accounts if a and a not in reader.tenant.accounts]
    return f"account {', '.join(foreign)} may assume it without an ExternalId" if foreign else ""
