"""What a session in a tenant's account may do, and that one account waits for no other."""

import threading
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from integrations.accounts.narrowing import MOST_CHARACTERS, session_policy
from integrations.accounts.port import Purpose
from integrations.accounts.sts import StsAccounts
from integrations.errors import UnavailableError
from tests.contract.test_automations import HERE, SHUT, TENANTS, Clock, accounts_of
from tests.emulated_aws import Emulated, emulated
from tests.loopback_aws import loopback_aws


@pytest.fixture(scope="module")
def aws() -> Iterator[Emulated]:
    # The role itself may do what the runbook does.
    with emulated(empty=True, actions=SHUT.permissions, tenants=TENANTS) as running:
        running.aws.wait()
        yield running


def open_group(aws: Emulated) -> str:
    """A group of the owner's that lets everybody in."""
    ec2 = aws.owner(HERE.account, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made: str = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    everybody = {**rule, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[everybody])
    return made


def test_a_remediating_session_starts_runbooks_and_changes_nothing_itself(
    aws: Emulated,
) -> None:
    group = open_group(aws)
    remediating = accounts_of(aws, Clock()).session(Purpose.REMEDIATE, *HERE)
    ssh = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        remediating.client("ec2").revoke_security_group_ingress(
            GroupId=group, IpPermissions=[{**ssh, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        )
    with pytest.raises(ClientError, match="AccessDenied"):
        remediating.client("securityhub").get_findings()
    with pytest.raises(ClientError, match="AccessDenied"):
        remediating.client("ssm").delete_document(Name="AnyDocument")


def test_a_telling_session_starts_nothing(aws: Emulated) -> None:
    telling = accounts_of(aws, Clock()).session(Purpose.TELL, *HERE)
    with pytest.raises(ClientError, match="AccessDenied"):
        telling.client("ssm").describe_automation_executions()
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        telling.client("ec2").describe_instances()


def test_a_session_policy_is_as_short_as_sts_takes_it() -> None:
    role = f"arn:aws-us-gov:iam::{'4' * 12}:role/{'r' * 64}"
    policies = [session_policy(purpose, role) for purpose in Purpose]
    assert [policy is None for policy in policies] == [True, False, False]
    assert all(len(policy) <= MOST_CHARACTERS for policy in policies if policy)


def test_one_account_that_is_slow_to_enter_keeps_nobody_out_of_another() -> None:
    asked, answered = threading.Event(), threading.Event()

    def sts(*_: object) -> str:
        if not asked.is_set():
            asked.set()
            assert answered.wait(20)
        return "<html>Bad Gateway</html>"

    with loopback_aws(sts) as slow:
        accounts = StsAccounts(
            hub=slow.session(),
            accounts=("444444444441", "444444444442"),
            external_id="issued-by-us",
            clock=Clock(),
        )

        def enter() -> None:
            with pytest.raises(UnavailableError):
                accounts.session(Purpose.READ, *HERE)

        entering = threading.Thread(target=enter)
        entering.start()
        assert asked.wait(20)
        with pytest.raises(UnavailableError):
            accounts.session(Purpose.READ, "444444444442", "us-east-1")
        answered.set()
        entering.join(20)
