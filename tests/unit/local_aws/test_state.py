"""The state of an account: the same when nothing changed, and telling exactly what did."""

from typing import Any

import pytest

from infra.local.aws.server import EmulatedAwsError
from tests.emulated_aws import READ, Emulated
from tests.unit.local_aws.wrongs.networks import rule
from tests.unit.local_aws.wrongs.wrong import draw

SHOP, DATA = "111111111111", "111111111112"
GROUP = "sg-0a1webadmin"
_SSH = rule("tcp", 22, 22)


def test_looking_around_changes_nothing(story_aws: Emulated) -> None:
    before = story_aws.aws.state(SHOP)
    ec2, s3 = story_aws.role(SHOP, "ec2", READ), story_aws.role(SHOP, "s3", READ)

    ec2.describe_instances()
    ec2.describe_security_groups()
    s3.get_bucket_policy(Bucket="acme-logs")
    story_aws.role(SHOP, "iam", READ).list_access_keys(UserName="deploy-bot")
    story_aws.role(SHOP, "rds", READ).describe_db_instances()
    story_aws.role(SHOP, "guardduty", READ).list_detectors()
    story_aws.role(SHOP, "config", READ).select_resource_config(Expression="SELECT resourceId")

    assert story_aws.changes(before, SHOP) == set()


def test_a_change_shows_at_its_resource_and_nowhere_else(played_aws: Emulated) -> None:
    before = played_aws.aws.state(SHOP)
    other = played_aws.aws.state(DATA)
    ec2 = played_aws.owner(SHOP, "ec2")

    ec2.revoke_security_group_ingress(GroupId=GROUP, IpPermissions=[_SSH])
    changed = played_aws.changes(before, SHOP)
    ec2.authorize_security_group_ingress(GroupId=GROUP, IpPermissions=[_SSH])

    assert changed
    assert all(f"/{GROUP}/ingress_rules/tcp 22-22 " in path for path in changed)
    assert played_aws.changes(before, SHOP) == set(), "put back, it is as it was"
    assert played_aws.changes(other, DATA) == set()


def test_one_option_of_an_instance_changes_alone(played_aws: Emulated) -> None:
    before = played_aws.aws.state(SHOP)
    ec2 = played_aws.owner(SHOP, "ec2")

    ec2.modify_instance_metadata_options(InstanceId="i-0a7web7", HttpTokens="required")
    changed = played_aws.changes(before, SHOP)
    ec2.modify_instance_metadata_options(InstanceId="i-0a7web7", HttpTokens="optional")

    (path,) = changed
    assert path.endswith("/instances/i-0a7web7/metadata_options/http_tokens")
    assert played_aws.changes(before, SHOP) == set()


@pytest.mark.parametrize(
    ("service", "change"),
    [
        ("s3", lambda c: c.create_bucket(Bucket=draw("b"))),
        ("iam", lambda c: c.create_user(UserName=draw("u"))),
        ("sqs", lambda c: c.create_queue(QueueName=draw("q"))),
        ("sns", lambda c: c.create_topic(Name=draw("t"))),
        ("kms", lambda c: c.create_key()),
        ("logs", lambda c: c.create_log_group(logGroupName=draw("g"))),
        ("secretsmanager", lambda c: c.create_secret(Name=draw("s"), SecretString="fake")),
        ("ecr", lambda c: c.create_repository(repositoryName=draw("r"))),
        ("guardduty", lambda c: c.create_detector(Enable=True)),
        ("ec2", lambda c: c.enable_ebs_encryption_by_default()),
        pytest.param(
            "iam",
            lambda c: c.update_account_password_policy(MinimumPasswordLength=20),
            id="password policy",
        ),
    ],
)
def test_every_service_is_part_of_the_state(bare_aws: Emulated, service: str, change: Any) -> None:
    before = bare_aws.aws.state(DATA)

    change(bare_aws.owner(DATA, service))

    changed = bare_aws.changes(before, DATA)
    assert changed
    assert all(path.startswith(f"{service}/") for path in changed)


def test_an_account_that_is_not_there_has_no_state(bare_aws: Emulated) -> None:
    with pytest.raises(EmulatedAwsError):
        bare_aws.aws.state("000000000000")
