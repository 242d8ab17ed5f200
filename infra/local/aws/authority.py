"""Whether a caller may: identity policies as the role has them now, and the session's own."""

from collections.abc import Mapping, Sequence
from typing import Any

from moto.iam.models import iam_backends
from moto.s3.models import s3_backends

from infra.local.aws import policies, refusals
from infra.local.aws.actions import Need, needs
from infra.local.aws.calls import Call
from infra.local.aws.policies import NEUTRAL, Asked, Verdict
from infra.local.aws.principals import HUB_ACCOUNT, Principal

_FREE = frozenset({("sts", "GetCallerIdentity")})
"""Needs no permission."""
_HUB_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"],
            "Resource": ["arn:aws:iam::*:role/SecurityAssistRead",
                         "arn:aws:iam::*:role/SecurityAssistRemediation"],
        },
        {
            "Effect": "Allow",
            "Action": ["config:SelectAggregateResourceConfig",
                       "config:BatchGetAggregateResourceConfig",
                       "config:GetAggregateResourceConfig",
                       "config:ListAggregateDiscoveredResources",
                       "config:DescribeConfigurationAggregators"],
            "Resource": "*",
        },
    ],
}  # fmt: skip
"""What the bot may do by itself: become one of its roles, and ask the aggregator."""


def authorise(call: Call) -> None:
    """Let a call pass, or refuse it in the service's words.

    Raises:
        AwsError: the caller may not do this.
    """
    if (call.service, call.operation) in _FREE:
        return
    for need in needs(call):
        if _is_foreign(call, need):
            raise refusals.denied(call.service, call.protocol, _said(call, need, NEUTRAL))
        verdict = allows(call.principal, need, {"aws:RequestedRegion": call.region})
        if not verdict.allowed:
            raise refusals.denied(call.service, call.protocol, _said(call, need, verdict))


def _is_foreign(call: Call, need: Need) -> bool:
    """Whether a call reaches into another account; only AssumeRole may."""
    if call.service == "sts":
        return False
    if call.service == "s3" and need.resource.startswith("arn:aws:s3:::"):
        bucket = need.resource.removeprefix("arn:aws:s3:::").partition("/")[0]
        _, account = s3_backends.bucket_accounts.get(bucket, ("aws", call.account))
    else:
        account = need.resource.split(":")[4] if need.resource.startswith("arn:") else ""
    return account not in {"", "aws", call.account}


def allows(principal: Principal, need: Need, context: Mapping[str, str]) -> Verdict:
    """What the identity policies of a principal say to one need."""
    if principal.owner:
        return Verdict(allowed=True)
    asked = Asked(
        action=need.action,
        resource=need.resource,
        context={
            "aws:PrincipalArn": principal.role or principal.arn,
            "aws:PrincipalAccount": principal.account,
            "aws:SourceIdentity": principal.source_identity,
            **context,
        },
    )
    verdict = policies.judge(identity_policies(principal), asked)
    limits = _boundary(principal)
    if principal.session_policy is not None:
        limits.append(principal.session_policy)
    for limit in limits:
        if verdict.allowed:
            verdict = policies.judge([limit], asked)
    return verdict


def identity_policies(principal: Principal) -> Sequence[Mapping[str, Any]]:
    """The policies of the role behind a session, as they are at this moment."""
    if principal.account == HUB_ACCOUNT:
        return [_HUB_POLICY]
    role = _role(principal)
    if role is None:
        return []
    attached = [_default_text(policy) for policy in role.managed_policies.values()]
    return [policies.document(text) for text in (*role.policies.values(), *attached)]


def _role(principal: Principal) -> Any:
    roles = iam_backends[principal.account]["aws"].roles.values()
    return next((role for role in roles if role.arn == principal.role), None)


def _default_text(policy: Any) -> str:
    """The document of a managed policy's default version."""
    versions = {version.version_id: version.document for version in policy.versions}
    return str(versions[policy.default_version_id])


def _boundary(principal: Principal) -> list[Mapping[str, Any]]:
    """What bounds the role behind a session, whatever its policies allow."""
    role = _role(principal) if principal.role and principal.account != HUB_ACCOUNT else None
    arn = role.permissions_boundary_arn if role else None
    if not arn:
        return []
    policy = iam_backends[principal.account]["aws"].managed_policies.get(arn)
    return [policies.document(_default_text(policy)) if policy else {}]


def _said(call: Call, need: Need, verdict: Verdict) -> str:
    why = (
        "with an explicit deny in an identity-based policy"
        if verdict.explicit
        else f"because no identity-based policy allows the {need.action} action"
    )
    lead = "You are not authorized to perform this operation. " if call.service == "ec2" else ""
    return (
        f"{lead}User: {call.principal.arn} is not authorized to perform: {need.action} "
        f"on resource: {need.resource} {why}"
    )
