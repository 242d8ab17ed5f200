"""`assist pull resources`: what changes or goes in an account is pulled, asked for and answered."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.connect import Connections
from integrations.handlers.resources import synced
from integrations.settings import EMULATED, Settings
from tests.emulated_aws import Emulated, emulated, state_in
from tests.ingesting import assist

SHOP = "111111111111"
_WAY_IN = "how does the internet reach web-7"
SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


@pytest.fixture(scope="module")
def aws() -> Iterator[Emulated]:
    with emulated() as running:
        yield running


@pytest.fixture
def state(aws: Emulated, tmp_path: Path) -> Path:
    """The tenants of the emulated accounts, with nothing taken in."""
    return state_in(tmp_path / "state", aws)


def _pulled(state: Path, tenant: str) -> dict[str, object]:
    ran = assist(state, "pull", "resources", "--tenant", tenant, "--json")
    assert (ran.code, ran.err) == (0, "")
    return ran.summary


def test_what_changes_and_what_goes_in_an_account_is_pulled_and_answered(
    aws: Emulated, state: Path
) -> None:
    tenant = aws.owner_of(SHOP).id
    first = _pulled(state, tenant)
    assert first["changed"] == first["listed"]
    assert (first["deleted"], first["rejected"], first["untold"]) == (0, 0, [])
    assert _pulled(state, tenant)["changed"] == 0
    asked = assist(state, "ask", _WAY_IN, "--tenant", tenant)
    assert "1 hop from the internet to web-7" in asked.out, asked.out

    ec2 = aws.owner(SHOP, "ec2")
    ec2.revoke_security_group_ingress(GroupId="sg-0a1webadmin", IpPermissions=[SSH])
    made = ec2.create_security_group(GroupName="kiosk", Description="kiosk", VpcId=_vpc(aws))
    changed = _pulled(state, tenant)
    assert (changed["changed"], changed["deleted"]) == (2, 0)
    found = assist(state, "ask", f"what is {made['GroupId']} connected to", "--tenant", tenant)
    assert "kiosk" in found.out
    asked = assist(state, "ask", _WAY_IN, "--tenant", tenant)
    assert "1 hop from the internet" not in asked.out, asked.out

    ec2.delete_security_group(GroupId=made["GroupId"])
    gone = _pulled(state, tenant)
    assert (gone["changed"], gone["deleted"]) == (0, 1)
    found = assist(state, "ask", f"what is {made['GroupId']} connected to", "--tenant", tenant)
    assert "kiosk" not in found.out


def test_the_schedule_syncs_every_tenant(aws: Emulated, state: Path) -> None:
    with Connections(Settings.from_env(state)) as connections:
        answer = synced(connections)
        assert set(answer["synced"]) == set(aws.tenants)
        assert all(one["changed"] == one["listed"] > 0 for one in answer["synced"].values())
        assert answer["failed"] == {}
        again = synced(connections, ["acme"])
    assert [one["changed"] for one in again["synced"].values()] == [0]


def test_an_aggregator_that_is_not_there_is_named(aws: Emulated, state: Path) -> None:
    told = json.loads((state / EMULATED).read_text("utf-8"))
    (state / EMULATED).write_text(json.dumps(told | {"aggregator": "Nobodys"}), encoding="utf-8")
    ran = assist(state, "pull", "resources", "--tenant", aws.owner_of(SHOP).id)
    assert (ran.code, "no Config aggregator 'Nobodys'" in ran.err) == (2, True)


def _vpc(aws: Emulated) -> str:
    groups = aws.owner(SHOP, "ec2").describe_security_groups(GroupIds=["sg-0a1webadmin"])
    return str(groups["SecurityGroups"][0]["VpcId"])
