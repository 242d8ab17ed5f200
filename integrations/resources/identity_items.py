"""What identity items tell: roles, users, groups, policies; whom they trust, what they may do."""

import json
from collections.abc import Callable, Sequence

from integrations.resources.policies import (
    Grant,
    document_of,
    grants_of,
    is_admin,
    managed_grants,
    trust_of,
)
from integrations.resources.port import INTERNET, LinkKind
from integrations.resources.telling import Telling, rows, texts, value

_MOST_GRANTS = 200


def _role(told: Telling) -> None:
    trust = trust_of(document_of(told.get("assumeRolePolicyDocument")), told.account)
    for principal in trust.principals:
        told.by(LinkKind.CAN_ASSUME, principal, external_id=trust.external_id)
    told.fact("trusts_everyone", INTERNET in trust.principals)
    others = [account for account in trust.accounts if account != told.account]
    told.fact("trusts_accounts", ",".join(others))
    if others or INTERNET in trust.principals:
        told.fact("external_id_required", trust.external_id)
    told.fact("trusts_services", ",".join(trust.services))
    for profile in rows(told.get("instanceProfileList")):
        arn = value(profile, "arn")
        told.by(LinkKind.USES, arn if isinstance(arn, str) else "")
    _policies(told, "rolePolicyList")


def _user(told: Telling) -> None:
    for name in texts(told.get("groupList")):
        told.to(LinkKind.MEMBER_OF, told.other("AWS::IAM::Group", name))
    _policies(told, "userPolicyList")


def _group(told: Telling) -> None:
    _policies(told, "groupPolicyList")


def _policies(told: Telling, inline: str) -> None:
    """Inline policies as grants of the identity itself, attached ones as links."""
    grants: list[Grant] = []
    for policy in rows(told.get(inline)):
        grants += grants_of(document_of(value(policy, "policyDocument")))
    for policy in rows(told.get("attachedManagedPolicies")):
        arn = value(policy, "policyArn")
        if isinstance(arn, str):
            told.to(LinkKind.HAS_POLICY, arn)
            grants += managed_grants(arn)
    _keep(told, grants)


def _policy(told: Telling) -> None:
    versions = list(rows(told.get("policyVersionList")))
    default = next((v for v in versions if value(v, "isDefaultVersion") is True), None)
    chosen = default or (versions[0] if versions else {})
    _keep(told, grants_of(document_of(value(chosen, "document"))))


def _keep(told: Telling, grants: Sequence[Grant]) -> None:
    kept = [[g.effect, list(g.actions), list(g.resources)] for g in grants][:_MOST_GRANTS]
    if kept:
        told.fact("grants", json.dumps(kept, separators=(",", ":")))
    told.fact("admin", is_admin(grants))


def grants_in(text: object) -> list[Grant]:
    """The grants of the property `grants`."""
    if not isinstance(text, str) or not text:
        return []
    return [Grant(effect, tuple(a), tuple(r)) for effect, a, r in json.loads(text)]


TELLERS: dict[str, Callable[[Telling], None]] = {
    "AWS::IAM::Role": _role,
    "AWS::IAM::User": _user,
    "AWS::IAM::Group": _group,
    "AWS::IAM::Policy": _policy,
}
