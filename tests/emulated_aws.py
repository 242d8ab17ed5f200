"""The emulated AWS as tests reach it: real boto3 clients for everybody who may come to its door."""

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from infra.local import story
from infra.local.aws.server import Credentials, EmulatedAws
from integrations.aws import AwsSession
from integrations.connect import Connections
from integrations.settings import EMULATED, AwsAccess, Settings
from integrations.tenants.port import Tenant

READ, REMEDIATION = "SecurityAssistRead", "SecurityAssistRemediation"
REGIONS = {"222222222221": "eu-west-1", "222222222222": "eu-west-1", "333333333333": "us-west-2"}


class Emulated:
    """A running emulated AWS, with clients for its owners, the hub and the tenants' roles."""

    def __init__(
        self, aws: EmulatedAws, tenants: Sequence[Tenant], now: datetime, *, empty: bool = False
    ) -> None:
        self.aws = aws
        self._regions = {} if empty else REGIONS
        self.now = now
        self.tenants = {tenant.id: tenant for tenant in tenants}
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._sessions: dict[str, AwsSession] = {}

    def region_of(self, account: str) -> str:
        return self._regions.get(account, "us-east-1")

    def client(
        self, key: Credentials, service: str, region: str = "us-east-1", token: str | None = None
    ) -> Any:
        """A client with some credentials, kept for the next who asks."""
        name = (key.access_key_id + key.secret_access_key + (token or ""), service, region)
        if name not in self._clients:
            session = AwsSession(
                access_key=key.access_key_id,
                secret_key=key.secret_access_key,
                token=token,
                region=region,
                endpoint_url=self.aws.url,
            )
            self._clients[name] = session.client(service)
        return self._clients[name]

    def owner(self, account: str, service: str) -> Any:
        """A client of the account's root user."""
        key = self.aws.owner_credentials(account)
        return self.client(key, service, self.region_of(account))

    def hub(self, service: str, *, checks: bool = True) -> Any:
        """A client of the bot itself; without `checks` it sends whatever it is given."""
        if checks:
            return self.client(self.aws.hub_credentials, service)
        key = self.aws.hub_credentials
        session = AwsSession(
            access_key=key.access_key_id,
            secret_key=key.secret_access_key,
            token=None,
            region="us-east-1",
            endpoint_url=self.aws.url,
        )
        return session.client(service, config=Config(parameter_validation=False))

    def owner_of(self, account: str) -> Tenant:
        return next(t for t in self.tenants.values() if account in t.accounts)

    def assume(self, account: str, role: str = REMEDIATION, **options: Any) -> dict[str, Any]:
        """Credentials of a tenant's role, as STS answers them."""
        asked = {
            "RoleArn": f"arn:aws:iam::{account}:role/{role}",
            "RoleSessionName": "test",
            "ExternalId": self.owner_of(account).external_id,
            **options,
        }
        given = {name: value for name, value in asked.items() if value is not None}
        answer: dict[str, Any] = self.hub("sts").assume_role(**given)["Credentials"]
        return answer

    def of(self, session: dict[str, Any], account: str, service: str) -> Any:
        """A client of an assumed role."""
        key = Credentials(session["AccessKeyId"], session["SecretAccessKey"])
        return self.client(key, service, self.region_of(account), session["SessionToken"])

    def role(self, account: str, service: str, role: str = REMEDIATION) -> Any:
        """A client of a fresh session of a tenant's role."""
        return self.of(self.assume(account, role), account, service)

    def changes(self, before: Mapping[str, Any], account: str) -> set[str]:
        """The paths of an account's state that are not as before."""
        after = self.aws.state(account)
        return {
            path for path in before.keys() | after.keys() if before.get(path) != after.get(path)
        }


@contextmanager
def emulated(
    *, empty: bool = False, actions: Sequence[str] = (), tenants: Sequence[Tenant] = story.TENANTS
) -> Iterator[Emulated]:
    """The demo's tenants, or some others, in a process that ends with this."""
    known = [
        replace(tenant, external_id=f"external-{tenant.id}-{secrets.token_hex(8)}")
        for tenant in tenants
    ]
    now = datetime.now(UTC)
    with EmulatedAws(known, now, remediation_actions=actions, empty=empty) as aws:
        yield Emulated(aws, known, now, empty=empty)


def refusal(error: ClientError) -> str:
    """AWS's code of a refusal."""
    return str(error.response["Error"]["Code"])


def state_in(folder: Path, aws: Emulated) -> Path:
    """A state whose tenants are the emulated accounts', with nothing taken in."""
    with Connections(Settings(state=folder)) as connections:
        for tenant in aws.tenants.values():
            connections.directory.put(tenant)
    key = aws.aws.hub_credentials
    access = AwsAccess(
        endpoint_url=aws.aws.url, access_key=key.access_key_id, secret_key=key.secret_access_key
    )
    (folder / EMULATED).write_text(json.dumps(asdict(access)), encoding="utf-8")
    return folder
