"""What a proof starts from: how somebody gets a resource wrong, and what may change to right it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.aws import AwsSession

REGION = "us-east-1"
Client = Any
"""A boto3 client: its methods are made at run time."""


class Owner:
    """An account in the hands of those whom it belongs to."""

    def __init__(self, account: str, session: AwsSession) -> None:
        self.account = account
        self._session = session
        self._clients: dict[str, Client] = {}

    def client(self, service: str) -> Client:
        if service not in self._clients:
            self._clients[service] = self._session.client(service)
        return self._clients[service]

    def arn(self, service: str, rest: str) -> str:
        return f"arn:aws:{service}:{REGION}:{self.account}:{rest}"

    def role(self, name: str, service: str) -> str:
        """The ARN of a new role that a service may take on."""
        trust = (
            '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": '
            f'"sts:AssumeRole", "Principal": {{"Service": "{service}.amazonaws.com"}}}}]}}'
        )
        made = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)
        return str(made["Role"]["Arn"])

    def key(self) -> str:
        """The ARN of a new key."""
        return str(self.client("kms").create_key()["KeyMetadata"]["Arn"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The resource that is wrong, as the graph would have it."""

    id: str
    short_id: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    """The tenant's."""
    instead: Mapping[str, str] = field(default_factory=dict)
    """Parameters whose value is not the one that the runbook binds: an age of 0 days, because no
    emulated key is old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way to be wrong."""

    control: str
    story: str
    make: Callable[[Owner], Subject]
    touches: tuple[str, ...]
    """Parts of the paths of the account's state that the fix may change; `{short_id}` and `{id}`
    stand for the subject's."""
    remains: tuple[str, ...] = ()
    """What the state after the fix says still, in the check's words."""
    unlike: tuple[str, ...] = ()
    """Parts of the paths that differ after the undo, each for a reason told beside it."""
    unordered: tuple[str, ...] = ()
    """Ends of the paths of lists whose order says nothing."""

    def __str__(self) -> str:
        return f"{self.control} {self.story}"
