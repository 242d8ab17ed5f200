"""What the demo's tenants say about themselves is there in their accounts: fixes that need it work.

The fixes go the product's own way: planned, approved by two where it takes two, run, proven.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.approval import Actor
from agent.execution import Executor
from agent.remediation import Remediations
from infra.local import story
from infra.local.aws.server import EmulatedAws
from infra.local.fill import register
from integrations.connect import Connections
from integrations.remediations.port import Remediation
from integrations.settings import AwsAccess, Settings
from tests.builders import ocsf_event

ABOUT = {
    "CloudTrail.1": ("111111111112", "AWS::::Account:111111111112", "AwsAccount"),
    "S3.9": ("222222222221", "arn:aws:s3:::pay-orders-1-data", "AwsS3Bucket"),
}


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connections]:
    """The demo's tenants and accounts; of their findings only those that are fixed here."""
    folder: Path = tmp_path_factory.mktemp("state")
    with Connections(Settings(state=folder)) as connections:
        actions = {a for r in connections.runbooks().runbooks() for a in r.permissions}
        with EmulatedAws(
            register(connections), datetime.now(UTC), remediation_actions=sorted(actions)
        ) as running:
            running.wait()
            hub = running.hub_credentials
            aws = AwsAccess(
                endpoint_url=running.url,
                access_key=hub.access_key_id,
                secret_key=hub.secret_access_key,
            )
            with Connections(Settings(state=folder, aws=aws)) as reaching:
                yield reaching


def regions() -> dict[str, str]:
    """Where each account of the story is."""
    told = story.estates(datetime.now(UTC))
    return {account.id: account.region for estate in told for account in estate.accounts}


@pytest.mark.parametrize("control", ABOUT)
def test_a_fix_that_needs_a_setting_is_carried_out_in_the_demo(
    estate: Connections, control: str
) -> None:
    account, about, kind = ABOUT[control]
    (owner,) = [tenant for tenant in estate.tenants() if account in tenant.accounts]
    systems = estate.systems(owner.id)
    event = ocsf_event(
        control,
        control=control,
        account=account,
        region=regions()[account],
        resources=(about,),
        resource_type=kind,
        at=datetime.now(UTC),
    )
    systems.findings.upsert([event])
    requests = Remediations(systems, estate.runbooks(), time.time)
    request = requests.propose(systems.findings.get(control).finding, "cli/local/ana")
    assert f"security-logs-{account}" in repr(request.plan.calls)
    for person in owner.may_approve(request.plan.severity)[: request.approvals_needed]:
        decided = requests.approve(request.id, request.plan.hash, Actor(person), "seen")
        assert isinstance(decided, Remediation), decided
    executor = Executor(systems, estate.runbooks(), time.time)
    until = time.monotonic() + 30
    while (request := executor.advance(request.id, "w")).stage.open:
        assert time.monotonic() < until, request
    assert request.stage == "verified", request.outcome


def test_every_account_of_the_demo_has_what_its_tenants_settings_name() -> None:
    for estate in story.estates(datetime.now(UTC)):
        for account in estate.accounts:
            named = {
                value.replace("{account}", account.id).replace("{region}", account.region)
                for value in story.SETTINGS.values()
            }
            there = {item["ARN"] for item in account.items}
            there |= {item["resourceName"] for item in account.items}
            assert named <= there
