"""A tenant's accounts as its systems reach them: automations, workflow, live resources."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from integrations.accounts.port import Purpose
from integrations.accounts.stack_sets import StackSet
from integrations.accounts.sts import StsAccounts, assume, caller
from integrations.accounts.trust import NOTHING, SHORTEST_S, RoleTrust, examined
from integrations.aws import ONE_TRY, UNCHECKED, AmbientSession, AwsSession
from integrations.errors import UnavailableError
from integrations.findings.polling import FindingPoll
from integrations.findings.security_hub import SecurityHubWorkflow
from integrations.findings.security_hub_poll import SecurityHubPoll
from integrations.resources.aggregator import ConfigAggregator
from integrations.resources.aws_config import ConfigResources
from integrations.runbooks.port import Location
from integrations.runbooks.ssm import SsmAutomations
from integrations.settings import AwsAccess, Settings
from integrations.tenants.port import Tenant


@dataclass(frozen=True, slots=True)
class Access:
    """What is reached in one tenant's accounts."""

    automations: SsmAutomations
    workflow: SecurityHubWorkflow
    live: ConfigResources
    poll: Callable[[str, str], FindingPoll]
    """The findings of an account and Region, page by page."""


def access_to(tenant: Tenant, aws: AwsAccess, clock: Callable[[], float]) -> Access:
    """Nothing is called yet; every session is one of the tenant's own roles."""
    accounts = StsAccounts(
        hub=_hub(aws),
        accounts=tenant.accounts,
        external_id=tenant.external_id,
        clock=clock,
    )

    def session(purpose: Purpose) -> Callable[[Location], AwsSession]:
        return lambda location: accounts.session(purpose, location.account, location.region)

    def client(service: str, purpose: Purpose) -> Callable[[str, str], Any]:
        return lambda account, region: accounts.session(purpose, account, region).client(service)

    def role(account: str) -> str:
        return accounts.role(Purpose.REMEDIATE, account)

    def poll(account: str, region: str) -> FindingPoll:
        # Tries again are paced too: the quota counts them all.
        return SecurityHubPoll(
            lambda: accounts.session(Purpose.READ, account, region).client(
                "securityhub", config=ONE_TRY
            ),
            account,
            accounts.role(Purpose.READ, account),
            clock=time.monotonic,
            pause=time.sleep,
        )

    return Access(
        automations=SsmAutomations(
            read=session(Purpose.READ),
            remediate=session(Purpose.REMEDIATE),
            role=lambda location: role(location.account),
            clock=clock,
            pause=time.sleep,
        ),
        workflow=SecurityHubWorkflow(client("securityhub", Purpose.TELL), role),
        live=ConfigResources(client("config", Purpose.READ)),
        poll=poll,
    )


def trust_of(tenant: Tenant, aws: AwsAccess, others: Sequence[str]) -> list[RoleTrust]:
    """Every role of a tenant, tried with its ExternalId and with what must not open it.

    `others` are ExternalIds of other tenants.
    """
    accounts = StsAccounts(
        hub=_hub(aws),
        accounts=tenant.accounts,
        external_id=tenant.external_id,
        clock=time.time,
    )
    # Unchecked, so that an empty ExternalId is sent and refused by STS, not by us.
    sts = _hub(aws).client("sts", config=UNCHECKED)

    def tried(role: str, external_id: str | None) -> Mapping[str, Any]:
        own = {} if external_id is None else {"ExternalId": external_id}
        return assume(
            sts,
            role,
            RoleSessionName="security-assist-check",
            SourceIdentity="security-assist",
            DurationSeconds=SHORTEST_S,
            Policy=NOTHING,
            **own,
        )

    roles = [
        (account, purpose, accounts.role(purpose, account))
        for account in tenant.accounts
        for purpose in (Purpose.READ, Purpose.REMEDIATE)
    ]
    return examined(roles, tried, tenant.external_id, others)


def hub_identity(aws: AwsAccess) -> tuple[str, str]:
    """Whose credentials the hub's are: (account, ARN of the user or the role)."""
    return caller(_hub(aws).client("sts"))


def hub_keys(settings: Settings) -> tuple[str, str, str]:
    """(access key, secret key, session token) of the hub, wherever boto3 finds them.

    Raises:
        UnavailableError: there are none.
    """
    found = _hub(settings.aws or AwsAccess(settings.region or "us-east-1")).get_credentials()
    if found is None:
        raise UnavailableError("no AWS credentials were found")
    frozen = found.get_frozen_credentials()
    return frozen.access_key or "", frozen.secret_key or "", frozen.token or ""


def stack_set(name: str, aws: AwsAccess) -> StackSet:
    """A StackSet of the hub's own account."""
    return StackSet(_hub(aws).client("cloudformation"), name, time.monotonic, time.sleep)


def hub_client(service: str, aws: AwsAccess) -> Any:
    """A client of the hub's own account."""
    return _hub(aws).client(service)


def aggregator(tenant: Tenant, aws: AwsAccess) -> ConfigAggregator:
    """A tenant's resources as the hub's aggregator has them, in all accounts and Regions."""
    client = _hub(aws).client("config", config=ONE_TRY)
    return ConfigAggregator(
        lambda: client, aws.aggregator, tenant.accounts, clock=time.monotonic, pause=time.sleep
    )


def _hub(aws: AwsAccess) -> AwsSession:
    if not aws.access_key:
        return AmbientSession(region=aws.region)
    return AwsSession(
        access_key=aws.access_key,
        secret_key=aws.secret_key,
        token=None,
        region=aws.region,
        endpoint_url=aws.endpoint_url,
    )
