"""STS: AssumeRole that reads the trust policy, and GetCallerIdentity.

Facts: the STS API reference; "How to use an external ID"; "Monitor and control actions taken with
assumed roles" (SourceIdentity needs sts:SetSourceIdentity, tags need sts:TagSession).
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

from moto.iam.models import iam_backends

from infra.local.aws import policies
from infra.local.aws.actions import Need
from infra.local.aws.authority import allows
from infra.local.aws.calls import Call
from infra.local.aws.policies import Asked
from infra.local.aws.principals import Key, Keys, Principal
from infra.local.aws.refusals import Answer, AwsError

_ROLE = re.compile(r"arn:aws:iam::(\d{12}):role/(?:.*/)?([\w+=,.@-]{1,64})")
_SESSION = re.compile(r"[\w+=,.@-]{2,64}")
_SHORTEST_S, _DEFAULT_S = 900, 3_600
_XMLNS = "https://sts.amazonaws.com/doc/2011-06-15/"
_LONGEST_POLICY = 2_048
SSM = "ssm.amazonaws.com"


class SecurityTokens:
    """Issues sessions of roles to those whom the role trusts."""

    def __init__(self, keys: Keys, clock: Callable[[], datetime]) -> None:
        """`clock` tells the time (aware UTC)."""
        self._keys = keys
        self._clock = clock

    def plugins(self) -> dict[tuple[str, str], Callable[[Call], Answer]]:
        """What this answers."""
        return {
            ("sts", "AssumeRole"): self.assume_role,
            ("sts", "GetCallerIdentity"): self.get_caller_identity,
        }

    def get_caller_identity(self, call: Call) -> Answer:
        """Who the caller is."""
        who = call.principal
        return _xml("GetCallerIdentity", {
            "Arn": who.arn, "UserId": f"FAKE:{who.arn.rpartition('/')[2]}", "Account": who.account,
        })  # fmt: skip

    def assume_role(self, call: Call) -> Answer:
        """Credentials of a role, when its trust policy and the caller's own policies allow it.

        The door has checked the caller's own permission for sts:AssumeRole on the role.

        Raises:
            AwsError: AccessDenied or ValidationError, as the API reference lists them.
        """
        arn, name = call.text("RoleArn"), call.text("RoleSessionName")
        if not _SESSION.fullmatch(name):
            raise AwsError("ValidationError", "RoleSessionName is missing or malformed")
        if call.text("PolicyArns.member.1.arn"):
            said = "the emulated AWS takes a session policy as a document, not by its ARN"
            raise AwsError("ValidationError", said)
        duration = _seconds(call.text("DurationSeconds"))
        session_policy = _session_policy(call.text("Policy"))
        self._trusts(call, arn)
        role = find_role(arn)
        longest = int(role.max_session_duration or _DEFAULT_S) if role else _DEFAULT_S
        if duration > longest:
            said = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
            raise AwsError("ValidationError", said)
        key = self.session(
            arn,
            name,
            duration,
            session_policy=session_policy,
            source_identity=call.text("SourceIdentity") or call.principal.source_identity,
        )
        return _xml("AssumeRole", {
            "AssumedRoleUser": {"AssumedRoleId": f"FAKEROLEID:{name}", "Arn": key.principal.arn},
            "Credentials": {
                "AccessKeyId": key.id, "SecretAccessKey": key.secret, "SessionToken": key.token,
                "Expiration": f"{key.expires_at:%Y-%m-%dT%H:%M:%SZ}",
            },
            "PackedPolicySize": "0",
            "SourceIdentity": key.principal.source_identity,
        })  # fmt: skip

    def session(
        self,
        arn: str,
        name: str,
        duration_s: int = _DEFAULT_S,
        *,
        session_policy: Mapping[str, Any] | None = None,
        source_identity: str = "",
    ) -> Key:
        """Issue credentials of a role; who may have them was decided before."""
        account, role = arn.split(":")[4], arn.rpartition("/")[2]
        principal = Principal(
            account=account,
            arn=f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
            role=arn,
            session_policy=session_policy,
            source_identity=source_identity,
        )
        return self._keys.issue(principal, self._clock() + timedelta(seconds=duration_s))

    def service_session(self, service: str, arn: str, account: str, name: str) -> Key:
        """A session of a role for a service of AWS, such as Automation's for its assume role.

        Raises:
            AwsError: the role is not there, is another account's, or does not trust the service.
        """
        role = find_role(arn)
        context = {"aws:SourceAccount": account}
        asked = Asked(action="sts:AssumeRole", resource=arn, context=context)
        trust = policies.document(role.assume_role_policy_document) if role else {}
        verdict = policies.judge_resource(trust, asked, frozenset(), account, service)
        if role is None or role.account_id != account or not verdict.allowed:
            raise AwsError("AccessDenied", f"{service} may not assume {arn}", 403)
        return self.session(arn, name)

    def _trusts(self, call: Call, arn: str) -> None:
        """Every action that the request implies must be allowed on both sides."""
        wanted = ["sts:AssumeRole"]
        if source := call.text("SourceIdentity"):
            wanted.append("sts:SetSourceIdentity")
        if call.text("Tags.member.1.Key"):
            wanted.append("sts:TagSession")
        context = {"sts:RoleSessionName": call.text("RoleSessionName")}
        if call.text("ExternalId"):
            context["sts:ExternalId"] = call.text("ExternalId")
        if source:
            context["sts:SourceIdentity"] = source
        role = find_role(arn)
        for action in wanted:
            if role is None or not _trusted(call.principal, role, Need(action, arn), context):
                said = (
                    f"User: {call.principal.arn} is not authorized to perform: {action} "
                    f"on resource: {arn}"
                )
                raise AwsError("AccessDenied", said, 403)


def find_role(arn: str) -> Any:
    """The role of an ARN, as moto has it; None when there is none."""
    found = _ROLE.fullmatch(arn)
    if found is None:
        return None
    roles = iam_backends[found[1]]["aws"].roles.values()
    return next((role for role in roles if role.arn == arn), None)


def _trusted(who: Principal, role: Any, need: Need, context: Mapping[str, str]) -> bool:
    trust = policies.document(role.assume_role_policy_document)
    facts = {
        "aws:PrincipalArn": who.role or who.arn,
        "aws:PrincipalAccount": who.account,
        **context,
    }
    asked = Asked(action=need.action, resource=need.resource, context=facts)
    trusted = policies.judge_resource(trust, asked, who.names, who.account)
    return trusted.allowed and allows(who, need, context).allowed


def _seconds(text: str) -> int:
    seconds = int(text) if text.isdecimal() else 0 if text else _DEFAULT_S
    if seconds < _SHORTEST_S:
        raise AwsError("ValidationError", "DurationSeconds must be 900 or more")
    return seconds


def _session_policy(text: str) -> Mapping[str, Any] | None:
    if not text:
        return None
    if len(text) > _LONGEST_POLICY:
        said = f"policy: Member must have length less than or equal to {_LONGEST_POLICY}"
        raise AwsError("ValidationError", said)
    try:
        return policies.document(text)
    except json.JSONDecodeError as error:
        raise AwsError("MalformedPolicyDocument", "the session policy is not JSON") from error


def _xml(operation: str, result: Mapping[str, Any]) -> Answer:
    body = (
        f'<{operation}Response xmlns="{_XMLNS}"><{operation}Result>{_elements(result)}'
        f"</{operation}Result><ResponseMetadata><RequestId>{uuid4()}</RequestId>"
        f"</ResponseMetadata></{operation}Response>"
    )
    return 200, {"content-type": "text/xml"}, body.encode()


def _elements(values: Mapping[str, Any]) -> str:
    return "".join(
        f"<{name}>{_elements(v) if isinstance(v, Mapping) else escape(str(v))}</{name}>"
        for name, v in values.items()
        if v != ""
    )
