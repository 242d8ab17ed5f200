"""Whether a caller may: identity policies as the role has them now, and the session's own."""

from collections.abc import Mapping, Sequence
from typing import Any

from moto.iam.models import iam_backends

from infra.local.aws import policies, refusals
from infra.local.aws.actions import Need, needs
from infra.local.aws.calls import Call
from infra.local.aws.policies import Asked, Verdict
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
        verdict = allows(call.principal, need, {"aws:RequestedRegion": call.region})
        if not verdict.allowed:
            raise refusals.denied(call.service, call.protocol, _said(call, need, verdict))


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
    if verdict.allowed and principal.session_policy is not None:
        return policies.judge([principal.session_policy], asked)
    return verdict


def identity_policies(principal: Principal) -> Sequence[Mapping[str, Any]]:
    """The policies of the role behind a session, as they are at this moment."""
    if principal.account == HUB_ACCOUNT:
        return [_HUB_POLICY]
    iam = iam_backends[principal.account]["aws"]
    role = next((r for r in iam.roles.values() if r.arn == principal.role), None)
    if role is None:
        return []
    attached = [policy.document for policy in role.managed_policies.values()]
    return [policies.document(text) for text in (*role.policies.values(), *attached)]


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
