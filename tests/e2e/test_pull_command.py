"""`assist pull findings`: what changes in an account is pulled, asked for and answered."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from integrations.connect import Connections
from integrations.handlers.findings import pulled
from integrations.settings import Settings
from tests.emulated_aws import Emulated, emulated, state_in
from tests.ingesting import assist

SHOP, DATA = "111111111111", "111111111112"
GROUP = f"arn:aws:ec2:us-east-1:{SHOP}:security-group/sg-0a1webadmin"
SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


@pytest.fixture(scope="module")
def aws() -> Iterator[Emulated]:
    with emulated() as running:
        yield running


@pytest.fixture
def state(aws: Emulated, tmp_path: Path) -> Path:
    """The tenants of the emulated accounts, with nothing taken in."""
    return state_in(tmp_path / "state", aws)


def _tenant(aws: Emulated) -> str:
    return aws.owner_of(SHOP).id


def _own(aws: Emulated, **changes: Any) -> dict[str, Any]:
    """A finding of a product of the account's own, as its owner imports it."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    region = aws.region_of(SHOP)
    return {
        "SchemaVersion": "2018-10-08",
        "Id": "own-scanner/1",
        "ProductArn": f"arn:aws:securityhub:{region}:{SHOP}:product/{SHOP}/default",
        "GeneratorId": "own-scanner",
        "AwsAccountId": SHOP,
        "CreatedAt": now,
        "UpdatedAt": now,
        "Severity": {"Label": "CRITICAL"},
        "Title": "Turnstile credentials are published",
        "Description": "Found by a scanner of our own.",
        "Resources": [{"Type": "AwsEc2SecurityGroup", "Id": GROUP, "Region": region}],
        **changes,
    }


def test_what_changes_in_the_account_is_pulled_and_answered(aws: Emulated, state: Path) -> None:
    tenant = _tenant(aws)
    first = assist(state, "pull", "findings", "--tenant", tenant, "--json")
    assert (first.code, first.err) == (0, "")
    told = first.summary
    assert {one["account"] for one in told["pulled"]} == set(aws.tenants[tenant].accounts)
    assert all(one["added"] > 10 and not one["rejected"] for one in told["pulled"])
    asked = assist(state, "ask", "turnstile credentials", "--tenant", tenant)
    assert "Turnstile credentials are published" not in asked.out

    done = aws.owner(SHOP, "securityhub").batch_import_findings(Findings=[_own(aws)])
    assert done["SuccessCount"] == 1, done
    aws.owner(SHOP, "ec2").revoke_security_group_ingress(
        GroupId="sg-0a1webadmin", IpPermissions=[SSH]
    )
    again = assist(state, "pull", "findings", "--tenant", tenant, "--account", SHOP, "--json")
    (shop,) = again.summary["pulled"]
    assert shop["added"] == 1
    assert shop["updated"] >= 1, "the control that the owner has mended"
    asked = assist(state, "ask", "critical findings about turnstile", "--tenant", tenant)
    assert "Turnstile credentials are published" in asked.out
    with Connections(Settings(state=state)) as connections:
        found = connections.systems(tenant).findings.get("own-scanner/1").finding
    assert found.account == SHOP

    rest = assist(state, "pull", "findings", "--tenant", tenant)
    assert rest.code == 0
    assert "0 added" in rest.out


def test_since_when_and_whose_are_checked_before_anything_is_called(
    aws: Emulated, state: Path
) -> None:
    tenant = _tenant(aws)
    wrong = assist(state, "pull", "findings", "--tenant", tenant, "--since", "yesterday")
    assert (wrong.code, "no date or time like 2026-11-01" in wrong.err) == (2, True)
    foreign = assist(state, "pull", "findings", "--tenant", tenant, "--account", "333333333333")
    assert (foreign.code, "is not one of" in foreign.err) == (2, True)
    nobody = assist(state, "pull", "findings", "--tenant", "nobody")
    assert (nobody.code, "no tenant is called nobody" in nobody.err) == (1, True)


def test_an_account_that_does_not_let_us_in_is_told_and_the_others_are_pulled(
    aws: Emulated, state: Path, tmp_path: Path
) -> None:
    tenant = _tenant(aws)
    with Connections(Settings(state=state)) as connections:
        known = connections.directory.get(tenant)
        connections.directory.put(replace(known, accounts=(*known.accounts, "777777777777")))
    ran = assist(state, "pull", "findings", "--tenant", tenant, "--json")
    assert ran.code == 0
    (failed,) = ran.summary["failed"]
    assert failed["account"] == "777777777777"
    assert "sts:AssumeRole" in failed["error"]
    alone = assist(state, "pull", "findings", "--tenant", tenant, "--account", "777777777777")
    assert alone.code == 2
    assert "not read:" in alone.out


def test_without_access_to_accounts_the_setting_is_named(tmp_path: Path) -> None:
    assert assist(tmp_path, "tenants", "add", "acme", "--account", SHOP).code == 0
    ran = assist(tmp_path, "pull", "findings", "--tenant", "acme")
    assert (ran.code, "SECURITY_ASSIST_AWS=on" in ran.err) == (1, True)


def test_the_schedule_pulls_every_account_and_a_failure_stops_no_other(
    aws: Emulated, state: Path
) -> None:
    tenant = _tenant(aws)
    with Connections(Settings.from_env(state)) as connections:
        answer = pulled(connections, ["nobody", tenant])
        assert set(answer["pulled"]) == {f"{tenant} {a}" for a in aws.tenants[tenant].accounts}
        assert all(one["added"] > 10 for one in answer["pulled"].values())
        assert "no tenant" in answer["failed"]["nobody"]
        again = pulled(connections, [tenant])
    assert all(one["added"] == 0 for one in again["pulled"].values())
