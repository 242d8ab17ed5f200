"""A tenant's accounts as its systems reach them: automations, workflow, live resources."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from integrations.accounts.port import Purpose
from integrations.accounts.sts import StsAccounts
from integrations.aws import ONE_TRY, AmbientSession, AwsSession
from integrations.findings.polling import FindingPoll
from integrations.findings.security_hub import SecurityHubWorkflow
from integrations.findings.security_hub_poll import SecurityHubPoll
from integrations.resources.aggregator import ConfigAggregator
from integrations.resources.aws_config import ConfigResources
from integrations.runbooks.port import Location
from integrations.runbooks.ssm import SsmAutomations
from integrations.settings import AwsAccess
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
