"""Who may assume the tenants' roles: the trust policy decides, its ExternalId first of all."""

import json

import pytest
from botocore.exceptions import ClientError

from tests.emulated_aws import READ, REMEDIATION, Emulated, refusal

SHOP, PAYMENTS = "111111111111", "222222222221"


@pytest.mark.parametrize("role", [READ, REMEDIATION])
def test_the_hub_becomes_a_tenants_role_with_that_tenants_external_id(
    story_aws: Emulated, role: str
) -> None:
    session = story_aws.assume(SHOP, role, SourceIdentity="U0ONCALL01")

    who = story_aws.of(session, SHOP, "sts").get_caller_identity()
    assert who["Arn"] == f"arn:aws:sts::{SHOP}:assumed-role/{role}/test"
    assert who["Account"] == SHOP


@pytest.mark.parametrize("role", [READ, REMEDIATION])
@pytest.mark.parametrize("given", ["wrong", "missing", "other tenant's", "another case"])
def test_any_other_external_id_is_refused(story_aws: Emulated, role: str, given: str) -> None:
    right = story_aws.owner_of(SHOP).external_id
    external_id = {
        "wrong": right[:-1] + ("0" if right[-1] != "0" else "1"),
        "missing": None,
        "other tenant's": story_aws.owner_of(PAYMENTS).external_id,
        "another case": right.upper(),
    }[given]

    with pytest.raises(ClientError) as refused:
        story_aws.assume(SHOP, role, ExternalId=external_id)

    assert refusal(refused.value) == "AccessDenied"


def test_an_empty_external_id_is_refused(story_aws: Emulated) -> None:
    unchecked = story_aws.hub("sts", checks=False)

    with pytest.raises(ClientError) as refused:
        unchecked.assume_role(
            RoleArn=f"arn:aws:iam::{SHOP}:role/{READ}", RoleSessionName="test", ExternalId=""
        )

    assert refusal(refused.value) == "AccessDenied"


@pytest.mark.parametrize("name", ["NobodyIsCalledThis", "web-app"])
def test_only_the_two_roles_can_be_assumed_by_the_hub(story_aws: Emulated, name: str) -> None:
    with pytest.raises(ClientError) as refused:
        story_aws.assume(SHOP, name)

    assert refusal(refused.value) == "AccessDenied"


def test_nobody_but_the_hub_can_assume_them_even_with_the_external_id(story_aws: Emulated) -> None:
    for stranger in (
        story_aws.owner(PAYMENTS, "sts"),
        story_aws.owner(SHOP, "sts"),
        story_aws.role(PAYMENTS, "sts"),
    ):
        with pytest.raises(ClientError) as refused:
            stranger.assume_role(
                RoleArn=f"arn:aws:iam::{SHOP}:role/{READ}",
                RoleSessionName="test",
                ExternalId=story_aws.owner_of(SHOP).external_id,
            )
        assert refusal(refused.value) == "AccessDenied"


def test_the_trust_policy_is_read_anew_each_time(bare_aws: Emulated) -> None:
    iam = bare_aws.owner(PAYMENTS, "iam")
    trusted = iam.get_role(RoleName=READ)["Role"]["AssumeRolePolicyDocument"]
    bare_aws.assume(PAYMENTS, READ)

    other = json.loads(json.dumps(trusted))
    other["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"] = "changed by its owner"
    iam.update_assume_role_policy(RoleName=READ, PolicyDocument=json.dumps(other))
    with pytest.raises(ClientError) as refused:
        bare_aws.assume(PAYMENTS, READ)
    iam.update_assume_role_policy(RoleName=READ, PolicyDocument=json.dumps(trusted))

    assert refusal(refused.value) == "AccessDenied"
    bare_aws.assume(PAYMENTS, READ)


def test_a_source_identity_needs_to_be_trusted_too(bare_aws: Emulated) -> None:
    iam = bare_aws.owner(PAYMENTS, "iam")
    trusted = iam.get_role(RoleName=READ)["Role"]["AssumeRolePolicyDocument"]
    narrow = json.loads(json.dumps(trusted))
    narrow["Statement"][0]["Action"] = "sts:AssumeRole"

    iam.update_assume_role_policy(RoleName=READ, PolicyDocument=json.dumps(narrow))
    with pytest.raises(ClientError, match="sts:SetSourceIdentity"):
        bare_aws.assume(PAYMENTS, READ, SourceIdentity="U0ONCALL01")
    bare_aws.assume(PAYMENTS, READ)
    iam.update_assume_role_policy(RoleName=READ, PolicyDocument=json.dumps(trusted))


def test_a_session_lasts_no_longer_than_its_role_allows(story_aws: Emulated) -> None:
    with pytest.raises(ClientError) as refused:
        story_aws.assume(SHOP, READ, DurationSeconds=3_601)

    assert refusal(refused.value) == "ValidationError"


def test_a_session_policy_by_its_arn_is_refused_rather_than_overlooked(
    story_aws: Emulated,
) -> None:
    with pytest.raises(ClientError) as refused:
        story_aws.assume(SHOP, READ, PolicyArns=[{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}])

    assert refusal(refused.value) == "ValidationError"
