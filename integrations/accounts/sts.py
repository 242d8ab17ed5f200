"""Accounts through AWS STS: the tenant's roles, assumed with its ExternalId.

"AssumeRole" in the AWS STS API reference; ExternalId against the confused deputy, SourceIdentity so
that CloudTrail in the tenant's account tells who came.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError
from typing_extensions import override

from integrations.accounts.narrowing import session_policy
from integrations.accounts.port import Accounts, ForeignAccountError, Purpose
from integrations.aws import NO_ANSWER, AwsSession
from integrations.aws_errors import error_code, is_away
from integrations.errors import DeniedByAwsError, UnavailableError

ROLES: Mapping[Purpose, str] = {
    Purpose.READ: "SecurityAssistRead",
    Purpose.REMEDIATE: "SecurityAssistRemediation",
    Purpose.TELL: "SecurityAssistRemediation",
}
"""The roles that a tenant's account has for us, by name."""

SESSION_S = 3600
"""How long credentials are asked for; what a role grants unless it says otherwise."""

MARGIN_S = 300.0
"""Credentials with less left than this are not handed out again."""

SOURCE_IDENTITY = "security-assist"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Credentials:
    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False)
    until: float


@dataclass(slots=True)
class _Entry:
    """One account for one purpose."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    credentials: _Credentials | None = None


class StsAccounts(Accounts):
    """One tenant's accounts; serves all threads."""

    def __init__(
        self,
        *,
        hub: AwsSession,
        accounts: Iterable[str],
        external_id: str,
        clock: Callable[[], float],
        source_identity: str = SOURCE_IDENTITY,
        partition: str = "aws",
    ) -> None:
        """Open nothing yet.

        Args:
            hub: Our own session, which the tenants' roles trust.
            accounts: The tenant's accounts.
            external_id: What the tenant's roles ask for; may not be empty.
            clock: Seconds since 1970.
            source_identity: Who came, for the tenant's CloudTrail: 2 to 64 of `A-Za-z0-9_=,.@-`.
            partition: `aws`, `aws-cn` or `aws-us-gov`.
        """
        if not external_id:
            raise ValueError("a tenant's roles are entered with an ExternalId only")
        self._hub = hub
        self._accounts = frozenset(accounts)
        self._external_id = external_id
        self._clock = clock
        self._source_identity = source_identity
        self._partition = partition
        self._entries = {
            (purpose, account): _Entry() for purpose in Purpose for account in self._accounts
        }

    @override
    def session(self, purpose: Purpose, account: str, region: str) -> AwsSession:
        role = self.role(purpose, account)
        entry = self._entries[(purpose, account)]
        # Held while STS is asked: who wants the same waits for its answer, and nobody else.
        with entry.lock:
            found = entry.credentials
            if found is None or found.until - self._clock() < MARGIN_S:
                found = entry.credentials = self._assume(role, purpose)
        # A session of boto3 serves one thread; credentials serve all.
        return AwsSession(
            access_key=found.access_key,
            secret_key=found.secret_key,
            token=found.token,
            region=region,
            endpoint_url=self._hub.endpoint_url,
        )

    @override
    def role(self, purpose: Purpose, account: str) -> str:
        if account not in self._accounts:
            raise ForeignAccountError(f"account {account} is not one of this tenant's")
        return f"arn:{self._partition}:iam::{account}:role/{ROLES[purpose]}"

    def _assume(self, role: str, purpose: Purpose) -> _Credentials:
        policy = session_policy(purpose, role)
        narrowed = {} if policy is None else {"Policy": policy}
        answer = assume(
            self._hub.client("sts"),
            role,
            RoleSessionName=f"security-assist-{purpose}",
            ExternalId=self._external_id,
            SourceIdentity=self._source_identity,
            DurationSeconds=SESSION_S,
            **narrowed,
        )
        issued = answer["Credentials"]
        return _Credentials(
            access_key=issued["AccessKeyId"],
            secret_key=issued["SecretAccessKey"],
            token=issued["SessionToken"],
            until=issued["Expiration"].timestamp(),
        )


def assume(sts: Any, role: str, **options: Any) -> Mapping[str, Any]:
    """What STS answers to AssumeRole; `options` are its parameters, by their own names.

    Raises:
        DeniedByAwsError: STS refuses.
        UnavailableError: STS did not answer.
    """
    try:
        answer: Mapping[str, Any] = sts.assume_role(RoleArn=role, **options)
    except ClientError as error:
        if is_away(error_code(error.response)):
            raise UnavailableError(f"STS did not let us into {role}: {error}") from error
        raise DeniedByAwsError("sts:AssumeRole", role, str(error)) from error
    except NO_ANSWER as error:
        raise UnavailableError(f"STS did not answer: {error}") from error
    return answer


def caller(sts: Any) -> tuple[str, str]:
    """Whose credentials these are: (account, the ARN of the user, or of the role of a session).

    Raises:
        DeniedByAwsError: AWS does not take them.
        UnavailableError: STS did not answer, or there are none.
    """
    try:
        who = sts.get_caller_identity()
    except ClientError as error:
        raise DeniedByAwsError("sts:GetCallerIdentity", "", str(error)) from error
    except NO_ANSWER as error:
        raise UnavailableError(f"STS did not answer: {error}") from error
    account, arn = str(who["Account"]), str(who["Arn"])
    _, partition, _, _, _, name = arn.split(":", 5)
    if name.startswith("assumed-role/"):
        # The path of a role is not told; those that this project makes have none.
        arn = f"arn:{partition}:iam::{account}:role/{name.split('/')[1]}"
    return account, arn
