"""Roles, users, policies, instance profiles."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from moto.iam import models as iam_models

from infra.local.account import AccessKey, Item
from infra.local.aws.holdings import Holdings, drawing

_ALL = {"Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}  # fmt: skip
_AWS_OWNED = {"arn:aws:iam::aws:policy/AdministratorAccess": _ALL}
"""The managed policies of AWS that the story attaches."""


def managed(holdings: Holdings, arn: str) -> Any:
    """The policy of an ARN, as moto has it; one of AWS's own is made when it is first wanted."""
    policies = holdings.iam.managed_policies
    if arn not in policies:
        made = iam_models.AWSManagedPolicy(
            arn.rpartition("/")[2],
            account_id=holdings.account,
            region=holdings.iam.region_name,
            default_version_id="v1",
            path="/",
            document=json.dumps(_AWS_OWNED[arn]),
        )
        policies[arn] = made
    return policies[arn]


def _policy(holdings: Holdings, item: Item) -> None:
    said = item["configuration"]
    version = said["policyVersionList"][0]
    with drawing(iam_models, random_policy_id=said["policyId"]):
        holdings.iam.create_policy(
            "", said.get("path", "/"), unquote(version["document"]), said["policyName"], []
        )


def _role(holdings: Holdings, item: Item) -> None:
    said, iam = item["configuration"], holdings.iam
    name = said["roleName"]
    tags = [{"Key": key, "Value": value} for key, value in item["tags"].items()]
    with drawing(iam_models, random_role_id=said["roleId"]):
        role = iam.create_role(
            name, unquote(said["assumeRolePolicyDocument"]), said["path"], None, "", tags, "3600"
        )
    _permissions(holdings, role, said["rolePolicyList"], said["attachedManagedPolicies"])
    for profile in said["instanceProfileList"]:
        iam.create_instance_profile(profile["instanceProfileName"], "/", [name])


def _user(holdings: Holdings, item: Item) -> None:
    said = item["configuration"]
    tags = [{"Key": key, "Value": value} for key, value in item["tags"].items()]
    with drawing(iam_models, random_resource_id=said["userId"]):
        user = holdings.iam.create_user(
            holdings.iam.region_name, said["userName"], said["path"], tags
        )
    _permissions(holdings, user, said["userPolicyList"], said["attachedManagedPolicies"])


def give_access_key(holdings: Holdings, key: AccessKey, now: datetime) -> None:
    """An access key of a user, as old as the story says; it opens no door here."""
    iam = holdings.iam
    with drawing(iam_models, generate_access_key_id_from_account_id=key.id):
        made = iam.create_access_key(key.user)
    made.secret_access_key = "fake-secret"  # noqa: S105 - as it says
    made.create_date = _naive(now - key.age)
    made.last_used = iam_models.AccessKeyLastUsed(_naive(now - key.idle), "s3", holdings.region)
    iam.get_user(key.user).create_date = made.create_date


def _naive(moment: datetime) -> datetime:
    """UTC without saying so, as moto keeps times."""
    return moment.replace(tzinfo=None)


def _permissions(
    holdings: Holdings,
    identity: Any,
    inline: list[Mapping[str, str]],
    attached: list[Mapping[str, str]],
) -> None:
    for row in inline:
        identity.policies[row["policyName"]] = unquote(row["policyDocument"])
    for row in attached:
        managed(holdings, row["policyArn"]).attach_to(identity)


CREATORS = {"AWS::IAM::Policy": _policy, "AWS::IAM::Role": _role, "AWS::IAM::User": _user}
