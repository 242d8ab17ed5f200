"""R5, R6, R9, R10 and R12: exposures that need no host to be reached first.

R5   a data store that is public by its own setting
R6   an identity that is attacked, or whose old key is an administrator's
R9   a blind spot: nothing records what happens where something grave is open
R10  a role that another account may assume without an ExternalId, with more than reading rights
R12  a key about to be deleted that encrypts living data
"""

from collections.abc import Iterator
from datetime import datetime

from agent.exposures import score
from agent.exposures.ages import aged
from agent.exposures.draft import Draft
from agent.exposures.evidence import Evidence, opened_at
from agent.exposures.wording import called, ports_in_words
from agent.views import Cut
from integrations.findings.port import Finding, FindingClass, Severity
from integrations.resources.port import INTERNET, Link, LinkKind, Resource

_STORES = frozenset(
    {"AwsS3Bucket", "AwsRdsDbInstance", "AwsRdsDbCluster", "AwsRdsDbSnapshot", "AwsEc2Snapshot",
     "AwsRdsDbClusterSnapshot", "AwsRedshiftCluster", "AwsSqsQueue", "AwsSnsTopic"}
)  # fmt: skip
_PUBLIC = ("S3.1", "S3.2", "S3.3", "S3.8", "RDS.1", "RDS.2", "EC2.1", "Redshift.1", "SSM.4")
_IDENTITIES = frozenset({"AwsIamUser", "AwsIamRole"})
_KEYS = ("IAM.3", "IAM.8", "IAM.22")
_UNSEEN = ("CloudTrail.1", "GuardDuty.1", "Config.1", "EC2.6")
_LIVING = frozenset(
    {"AwsRdsDbInstance", "AwsRdsDbCluster", "AwsS3Bucket", "AwsEc2Volume", "AwsDynamoDbTable",
     "AwsSecretsManagerSecret", "AwsSqsQueue"}
)  # fmt: skip


def public_stores(evidence: Evidence) -> Iterator[Draft]:
    """R5."""
    reached = {resource.id: link for resource, link in evidence.reached_directly()}
    for resource, link in evidence.reached_directly():
        failed = [f for f in evidence.on.get(resource.id, ()) if f.control in _PUBLIC]
        if resource.type in _STORES and failed:
            yield _public_store(evidence, resource, link, failed)
    undescribed: dict[str, list[Finding]] = {}
    for finding in evidence.failures("RDS.1", "EC2.1", "S3.2", "S3.3"):
        uid = finding.resource
        known = evidence.resources.get(uid)
        if uid not in reached and (known is None or not known.known):
            undescribed.setdefault(uid, []).append(finding)
    for uid, failed in undescribed.items():
        yield _public_by_finding(evidence, uid, failed)


def _public_store(
    evidence: Evidence, resource: Resource, link: Link, failed: list[Finding]
) -> Draft:
    name = called(resource)
    ports = ports_in_words(str(link.properties.get("ports", "")))
    draft = Draft(
        group="public-data",
        resource=resource.id,
        resource_name=resource.name,
        headline=f"{name[:1].upper()}{name[1:]} is public",
        verdict=f"Make {name} private: everybody on the internet can get at it.",
        cut=Cut(
            text=f"Make {name} private",
            control=failed[0].control,
            resource=resource.id,
            link=(INTERNET, resource.id),
            reversible=True,
        ),
        path=evidence.paths.get(resource.id),
    )
    because = f"{ports} open to the internet" if ports else "public by its own setting"
    draft.add("R5", "Public data", score.PUBLIC_DATA, because, resource.id)
    worst = failed[0]
    draft.add("R5", "Misconfiguration", _misconfigured(worst), worst.title, worst.ref)
    if resource.properties.get("sensitive") is True:
        draft.add(
            "R5", "Sensitive data", score.SENSITIVE, f"{resource.name} is sensitive", resource.id
        )
    if resource.properties.get("encrypted") is False:
        draft.add("R5", "Unencrypted", 0.1, "it is not encrypted", resource.id)
    _threatened(evidence, draft, resource.id)
    draft.rests_on(failed)
    draft.why = [f"{because}{_since(failed)}"]
    told = {"Threat", "Sensitive data", "Unencrypted"}
    draft.why += [t.because for n, t in draft.terms.items() if n in told]
    return draft


def _public_by_finding(evidence: Evidence, uid: str, failed: list[Finding]) -> Draft:
    """What only the findings know: Config has not described the resource."""
    name, worst = evidence.name(uid), failed[0]
    draft = Draft(
        group="public-data",
        resource=uid,
        resource_name=name,
        headline=f"{name} is public",
        verdict=f"Make {name} private: everybody on the internet can get at it.",
        cut=Cut(text=f"Make {name} private", control=worst.control, resource=uid, reversible=True),
    )
    draft.add("R5", "Public data", score.PUBLIC_DATA, "public by its own setting", worst.ref)
    draft.add("R5", "Misconfiguration", _misconfigured(worst), worst.title, worst.ref)
    _threatened(evidence, draft, uid)
    draft.rests_on(failed)
    draft.why = [f"public{_since(failed)}"]
    return draft


def _threatened(evidence: Evidence, draft: Draft, uid: str) -> None:
    """An attack on what the exposure is about belongs to it."""
    for threat in (f for f in evidence.on.get(uid, ()) if f.cls is FindingClass.DETECTION):
        when = aged(threat.last_seen)
        draft.add("R7", "Threat", score.THREAT, f"{threat.title}, {when}", threat.ref)
        draft.rests_on([threat])


def identities(evidence: Evidence) -> Iterator[Draft]:
    """R6: an attack on an identity, or an old key of an administrator."""
    for uid, found in evidence.on.items():
        resource = evidence.resources.get(uid)
        if resource is None or resource.type not in _IDENTITIES:
            continue
        threats = [f for f in found if f.cls is FindingClass.DETECTION]
        keys = [f for f in found if f.control in _KEYS]
        admin = _is_admin(evidence, resource)
        if threats or (keys and admin):
            yield _identity(resource, found, threats, keys, admin=admin)


def _is_admin(evidence: Evidence, resource: Resource) -> bool:
    if resource.properties.get("admin") is True:
        return True
    links = evidence.around([resource.id], LinkKind.HAS_POLICY, LinkKind.MEMBER_OF)
    held = [link.target for link in links if link.source == resource.id]
    known = evidence.graph.get(held)
    return any(
        held_one.properties.get("admin") is True or held_one.name == "AdministratorAccess"
        for held_one in known.values()
    )


def _identity(
    resource: Resource,
    found: list[Finding],
    threats: list[Finding],
    keys: list[Finding],
    *,
    admin: bool,
) -> Draft:
    name = resource.name
    key_age = aged(_oldest(keys), bare=True) if keys else ""
    if threats:
        headline = f"{threats[0].title}"
        verdict = f"Look at {name} now: {threats[0].title}."
    else:
        headline = f"Old access key of {name} has AdministratorAccess"
        verdict = f"Rotate the access key of {name}: it is an administrator's."
    draft = Draft(
        group="identity",
        resource=resource.id,
        resource_name=name,
        headline=headline,
        verdict=verdict,
        cut=Cut(
            text=f"Rotate the access key of {name}"
            if keys
            else f"Take the credentials of {name} away",
            control=keys[0].control if keys else None,
            resource=resource.id,
        ),
    )
    if threats:
        when = aged(threats[0].last_seen)
        draft.add("R6", "Threat", score.THREAT, f"{threats[0].title}, {when}", threats[0].ref)
    if admin:
        draft.add(
            "R6", "Assume and impact", score.ADMIN, f"{name} is an administrator", resource.id
        )
    for key in keys:
        draft.add("R6", "Old credentials", 0.3, f"{key.title}, open for {key_age}", key.ref)
    others = [f for f in found if f.control in {"IAM.5", "IAM.19"}]
    for other in others:
        draft.add("R6", "No second factor", 0.2, other.title, other.ref)
    draft.rests_on(found)
    draft.why = [t.because for t in sorted(draft.terms.values(), key=lambda t: -t.weight)]
    return draft


def attacked_hosts(evidence: Evidence, known: frozenset[str]) -> Iterator[Draft]:
    """R7 where the internet does not reach the host: an attack is one wherever it came from."""
    for uid, found in evidence.on.items():
        threats = [f for f in found if f.cls is FindingClass.DETECTION]
        grave = [f for f in threats if f.severity >= Severity.HIGH]
        resource = evidence.resources.get(uid)
        if not grave or uid in known or (resource is not None and resource.type in _IDENTITIES):
            continue
        name = evidence.name(uid)
        worst = grave[0]
        draft = Draft(
            group="attack",
            resource=uid,
            resource_name=name,
            headline=f"Active threat on {name}",
            verdict=f"Look at {name} now: {worst.title}.",
            cut=Cut(text=f"Isolate {name}", control=None, resource=uid, reversible=True),
        )
        when = aged(worst.last_seen)
        draft.add("R7", "Threat", score.THREAT, f"{worst.title}, last seen {when}", worst.ref)
        for failure in found:
            if failure.cls is FindingClass.COMPLIANCE:
                weight = _misconfigured(failure)
                draft.add("R7", "Misconfiguration", weight, failure.title, failure.ref)
        roles = [li for li in evidence.around([uid], LinkKind.RUNS_AS) if li.source == uid]
        if roles:
            role = evidence.name(roles[0].target)
            weight = score.DATA_READ
            draft.add("R7", "Assume and impact", weight, f"it runs as role {role}", roles[0].target)
            draft.resources.append(roles[0].target)
        draft.rests_on(found)
        draft.why = [t.because for t in sorted(draft.terms.values(), key=lambda t: -t.weight)]
        yield draft


def blind_spots(evidence: Evidence, grave: list[Draft]) -> Iterator[Draft]:
    """R9: an account where nothing is recorded, and something grave is open."""
    accounts = {f.account for d in grave for f in d.findings.values()}
    by_account: dict[str, list[Finding]] = {}
    for finding in evidence.failures(*_UNSEEN):
        if finding.control != "EC2.6":
            by_account.setdefault(finding.account, []).append(finding)
    for account, failed in sorted(by_account.items()):
        if max(f.severity for f in failed) < Severity.HIGH and account not in accounts:
            continue
        names = sorted({(f.control or "").split(".")[0] for f in failed})
        what = " and ".join(names)
        draft = Draft(
            group="blind-spot",
            resource=f"arn:aws:iam::{account}:root",
            resource_name=f"account {account}",
            headline=f"Account {account} is a blind spot: {what} is off",
            verdict=f"Turn {what} on in account {account}: what happens there is not recorded.",
            cut=Cut(
                text=f"Turn {what} on",
                control=failed[0].control,
                resource=f"arn:aws:iam::{account}:root",
                calls=len(names),
                reversible=True,
            ),
        )
        for finding in failed:
            weight = _misconfigured(finding)
            draft.add("R9", f"Blind: {finding.control}", weight, finding.title, finding.ref)
        if account in accounts:
            because = "something grave is open in the same account"
            draft.add("R9", "Blind spot", score.BLIND, because, failed[0].ref)
        draft.rests_on(failed)
        draft.why = [f"{f.title}, for {aged(f.first_seen, bare=True)}" for f in failed]
        yield draft


def foreign_trust(evidence: Evidence) -> Iterator[Draft]:
    """R10: another account may assume a role without an ExternalId, and the role is powerful."""
    for role in evidence.graph.find(types=["AwsIamRole"], limit=2_000):
        accounts = str(role.properties.get("trusts_accounts", ""))
        everyone = role.properties.get("trusts_everyone") is True
        foreign = [a for a in accounts.split(",") if a and a not in evidence.tenant.accounts]
        if not (foreign or everyone) or role.properties.get("external_id_required") is True:
            continue
        links = evidence.around([role.id], LinkKind.CAN_ACCESS)
        access = [li for li in links if li.source == role.id]
        access = [li for li in access if li.properties.get("access") != "read"]
        if everyone or access or _is_admin(evidence, role):
            yield _trust(evidence, role, foreign, access, everyone=everyone)


def _trust(
    evidence: Evidence, role: Resource, foreign: list[str], access: list[Link], *, everyone: bool
) -> Draft:
    whom = "everybody" if everyone else f"account {', '.join(foreign)}"
    draft = Draft(
        group="trust",
        resource=role.id,
        resource_name=role.name,
        headline=f"Role {role.name} can be assumed by {whom} without an ExternalId",
        verdict=f"Ask for an ExternalId on role {role.name}: {whom} can assume it.",
        cut=Cut(
            text=f"Require sts:ExternalId in the trust policy of {role.name}",
            control=None,
            resource=role.id,
            reversible=True,
        ),
        resources=[li.target for li in access[:5]],
    )
    weight = score.REACH_PUBLIC if everyone else score.TRUST
    draft.add("R10", "Trust", weight, f"{whom} can assume it, no ExternalId", role.id)
    if _is_admin(evidence, role):
        draft.add("R10", "Assume and impact", score.ADMIN, "it is an administrator", role.id)
    elif access:
        draft.add("R10", "Assume and impact", score.DATA_WRITE, "it can change data", role.id)
    draft.rests_on(evidence.on.get(role.id, ()))
    draft.why = [t.because for t in draft.terms.values()]
    return draft


def dying_keys(evidence: Evidence) -> Iterator[Draft]:
    """R12: a key pending deletion encrypts what lives."""
    keys = [
        key
        for key in evidence.graph.find(types=["AwsKmsKey"], limit=2_000)
        if key.properties.get("state") == "PendingDeletion"
    ]
    for key in keys:
        links = evidence.around([key.id], LinkKind.ENCRYPTED_BY)
        known = evidence.graph.get([li.source for li in links if li.target == key.id])
        living = [r for r in known.values() if r.type in _LIVING and r.known]
        if not living:
            continue
        living.sort(key=lambda r: r.name)
        failed = [f for f in evidence.on.get(key.id, ()) if f.control == "KMS.3"]
        name = called(living[0])
        draft = Draft(
            group="dying-key",
            resource=key.id,
            resource_name=key.name,
            headline=f"Key {key.name} is about to be deleted; {name} needs it",
            verdict=f"Cancel the deletion of key {key.name}: without it {name} is lost.",
            cut=Cut(
                text=f"Cancel the deletion of key {key.name}",
                control="KMS.3",
                resource=key.id,
                reversible=True,
            ),
            resources=[r.id for r in living],
        )
        draft.add("R12", "Data loss", score.KEY_DYING, f"{name} is encrypted by it", living[0].id)
        for finding in failed:
            draft.add(
                "R12", "Misconfiguration", _misconfigured(finding), finding.title, finding.ref
            )
        draft.rests_on(failed)
        draft.why = [t.because for t in draft.terms.values()]
        yield draft


def _misconfigured(finding: Finding) -> float:
    return score.MISCONFIGURATION.get(finding.severity, 0.0)


def _since(failed: list[Finding]) -> str:
    """` for 20 hours`; ` again for 7 hours` where it had been fixed before."""
    first = min(failed, key=opened_at)
    again = " again" if first.reopened_at else ""
    return f"{again} for {aged(opened_at(first), bare=True)}"


def _oldest(findings: list[Finding]) -> datetime:
    return min(opened_at(f) for f in findings)
