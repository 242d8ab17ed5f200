"""A tenant's roles: what the runbooks need and no more, for the hub's roles, by ExternalId."""

import copy
import json
import secrets
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.deploy.template import all_templates, of_type, read
from infra.deploy.tenant_roles import (
    CONDITIONS,
    MOST_CHARACTERS,
    RUNBOOKS,
    TEMPLATE,
    laid_out,
    read_actions,
    remediation_actions,
    written,
)
from integrations.accounts.narrowing import session_policy
from integrations.accounts.port import Purpose
from integrations.accounts.sts import ROLES, SOURCE_IDENTITY
from integrations.aws import AwsSession
from integrations.runbooks.catalogue import ShippedRunbooks
from tests.infra.test_templates import listed, statements
from tests.real_engines import engine

TENANT = read(TEMPLATE)
# Nobody else's: the emulator keeps what it was given.
ACCOUNT, HUB = (f"{first}{secrets.randbelow(10**11):011d}" for first in (3, 4))
SHIPPED = ShippedRunbooks(RUNBOOKS).runbooks()


def actions_of(policy: str) -> set[str]:
    document = TENANT["Resources"][policy]["Properties"]["PolicyDocument"]
    return {action for one in document["Statement"] for action in listed(one["Action"])}


def policies_of(role: str) -> list[str]:
    attached = TENANT["Resources"][role]["Properties"]["ManagedPolicyArns"]
    return [one["Ref"] for one in attached]


def test_the_template_is_what_the_runbooks_say() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    assert written(text, SHIPPED) == text, "run `make runbooks`"


def test_the_roles_may_what_the_runbooks_call_and_read() -> None:
    runbooks = [one for one in policies_of("RemediationRole") if one.startswith("Runbooks")]
    found = set().union(*(actions_of(one) for one in runbooks))
    assert found == {action for one in SHIPPED for action in one.permissions}
    assert actions_of("ReadPolicy") == set(read_actions(SHIPPED))
    assert {action for one in SHIPPED for action in one.reads} <= actions_of("ReadPolicy")


def test_who_reads_can_change_nothing() -> None:
    words = ("Get", "List", "Describe", "BatchGet", "Select")
    for action in actions_of("ReadPolicy"):
        assert action.partition(":")[2].startswith(words), action


def test_the_remediation_role_may_what_the_bots_own_session_of_it_asks_for() -> None:
    role = "arn:aws:iam::123456789012:role/SecurityAssistRemediation"
    wanted = set()
    for purpose in (Purpose.REMEDIATE, Purpose.TELL):
        narrowed = json.loads(session_policy(purpose, role) or "{}")
        wanted |= {action for one in narrowed["Statement"] for action in one["Action"]}
    assert actions_of("AutomationPolicy") == wanted


def test_a_policy_stays_within_iams_limits() -> None:
    for name, policy in of_type(TENANT, "AWS::IAM::ManagedPolicy"):
        size = len(json.dumps(policy["PolicyDocument"], separators=(",", ":")))
        assert size <= MOST_CHARACTERS, name
    assert len(policies_of("RemediationRole")) <= 10
    # A StackSet takes a template's text of 51,200 bytes at most.
    assert TEMPLATE.stat().st_size <= 51_200


def test_more_actions_are_laid_into_more_policies() -> None:
    many = [f"service{n}:SomeRatherLongActionName{n}" for n in range(400)]
    parts = list(laid_out(many))
    assert [action for part in parts for action in part] == many
    assert len(parts) > 2
    assert all(sum(len(a) + 3 for a in part) < MOST_CHARACTERS for part in parts)


def test_dangerous_actions_are_for_one_end_only() -> None:
    assert set(CONDITIONS) <= set(remediation_actions(SHIPPED))
    for name in policies_of("RemediationRole"):
        document = TENANT["Resources"][name]["Properties"]["PolicyDocument"]
        for statement in document["Statement"]:
            if {"iam:PassRole", "iam:CreateServiceLinkedRole"} & set(listed(statement["Action"])):
                assert statement["Condition"]


def test_the_roles_have_the_names_that_the_code_assumes() -> None:
    roles = {role["RoleName"] for _, role in of_type(TENANT, "AWS::IAM::Role")}
    assert set(ROLES.values()) <= roles


@pytest.mark.parametrize("logical", ["ReadRole", "RemediationRole"])
def test_a_tenants_role_lets_in_just_those_of_the_hub_that_are_granted_to_enter(
    logical: str,
) -> None:
    told = TENANT["Resources"][logical]["Properties"]
    trust = told["AssumeRolePolicyDocument"]["Statement"][0]
    let_in = {
        one["Fn::Sub"].rpartition("/${HubStack}-")[2]
        for one in trust["Condition"]["ArnEquals"]["aws:PrincipalArn"]
        if "Fn::Sub" in one
    }
    entering = {
        role["RoleName"]["Fn::Sub"].removeprefix("${Name}-")
        for name, template in all_templates().items()
        if name != "infra/tenant.yaml"
        for _, role in of_type(template, "AWS::IAM::Role")
        for statement in statements(
            {"Resources": {"_": {"Type": "AWS::IAM::Role", "Properties": role}}}
        )
        if "sts:AssumeRole" in listed(statement["Action"])
        for arn in listed(statement["Resource"])
        if arn["Fn::Sub"].endswith(f"/{told['RoleName']}")
    }
    assert let_in == entering


def deployable() -> dict[str, Any]:
    """The template as the emulator takes it.

    It makes none of Config's authorisations, knows no Region in conditions, and of trust policies'
    conditions the ExternalId alone; so which roles of the hub may enter is said by the principal.
    The conditions themselves are tried on the demo's accounts, in tests/e2e/test_onboarding.py.
    """
    template = copy.deepcopy(TENANT)
    del template["Resources"]["Aggregation"]
    template["Conditions"]["Home"] = {"Fn::Equals": [{"Ref": "HomeRegion"}, "us-east-1"]}
    for name in ("ReadRole", "RemediationRole"):
        trust = template["Resources"][name]["Properties"]["AssumeRolePolicyDocument"]["Statement"][
            0
        ]
        roles = trust["Condition"].pop("ArnEquals")["aws:PrincipalArn"]
        trust["Principal"] = {"AWS": [one for one in roles if "Fn::Sub" in one]}
        assert trust["Condition"]["StringEquals"].pop("sts:SourceIdentity") == SOURCE_IDENTITY
    return template


@pytest.fixture(scope="module")
def tenant() -> str:
    """An account of the emulator, with IAM enforced, with the template deployed."""
    account = ACCOUNT
    client = session_of(account, "any").client("cloudformation")
    client.create_stack(
        StackName="security-assist-tenant",
        TemplateBody=json.dumps(deployable()),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[
            {"ParameterKey": "ExternalId", "ParameterValue": "a-tenant-of-its-own-0001"},
            {"ParameterKey": "HubAccount", "ParameterValue": HUB},
            {"ParameterKey": "HubStack", "ParameterValue": "hub"},
        ],
    )
    client.get_waiter("stack_create_complete").wait(
        StackName="security-assist-tenant", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    return account


def session_of(key: str, secret: str, token: str | None = None) -> AwsSession:
    return AwsSession(
        access_key=key,
        secret_key=secret,
        token=token,
        region="us-east-1",
        endpoint_url=str(engine("hub")["url"]),
    )


def role_of_the_hub(name: str) -> AwsSession:
    """A session of a role of the hub, which may enter any tenant."""
    iam = session_of(HUB, "any").client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{HUB}:root"},
                "Action": ["sts:AssumeRole"],
            }
        ],
    }
    enter = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
                "Resource": "arn:aws:iam::*:role/SecurityAssist*",
            }
        ],
    }
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName=name, PolicyName="enter", PolicyDocument=json.dumps(enter))
    sts = session_of(HUB, "any").client("sts")
    arn = f"arn:aws:iam::{HUB}:role/{name}"
    key = sts.assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    return session_of(key["AccessKeyId"], key["SecretAccessKey"], key["SessionToken"])


def enters(session: AwsSession, account: str, role: str, **given: str) -> bool:
    arn = f"arn:aws:iam::{account}:role/{role}"
    try:
        session.client("sts").assume_role(RoleArn=arn, RoleSessionName="test", **given)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return False
    return True


def test_only_the_hubs_own_roles_enter_and_only_with_the_external_id(tenant: str) -> None:
    worker, other = role_of_the_hub("hub-worker"), role_of_the_hub("hub-ingress")
    readers = [role_of_the_hub(f"hub-{name}") for name in ("runtime", "pull")]
    good = {"ExternalId": "a-tenant-of-its-own-0001", "SourceIdentity": SOURCE_IDENTITY}
    for role in ROLES.values():
        assert enters(worker, tenant, role, **good)
        assert not enters(worker, tenant, role, SourceIdentity=SOURCE_IDENTITY)
        assert not enters(worker, tenant, role, **good | {"ExternalId": "another-tenants-0002"})
        assert not enters(other, tenant, role, **good), "not every role of the hub may"
    for reader in readers:
        assert enters(reader, tenant, "SecurityAssistRead", **good)
        assert not enters(reader, tenant, "SecurityAssistRemediation", **good)
