"""AWS Config over the emulated accounts: what is there now, and what was there before."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from integrations.resources.config_items import read_item
from tests.emulated_aws import READ, Emulated, refusal

SHOP, DATA = "111111111111", "111111111112"
AGGREGATOR = "SecurityAssist"
_SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


@pytest.fixture
def group(bare_aws: Emulated) -> str:
    """A group that admits everybody on port 22."""
    ec2 = bare_aws.owner(SHOP, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    made: str = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[_SSH])
    return made


def _history(aws: Emulated, group: str, **asked: Any) -> list[dict[str, Any]]:
    answer = aws.role(SHOP, "config", READ).get_resource_config_history(
        resourceType="AWS::EC2::SecurityGroup", resourceId=group, **asked
    )
    found: list[dict[str, Any]] = answer["configurationItems"]
    return found


def _ports(item: dict[str, Any]) -> list[int]:
    return [row["fromPort"] for row in json.loads(item["configuration"])["ipPermissions"]]


def test_an_item_follows_what_is_changed_and_the_history_keeps_what_was(
    bare_aws: Emulated, group: str
) -> None:
    ec2 = bare_aws.owner(SHOP, "ec2")
    (first,) = _history(bare_aws, group)
    assert _ports(first) == [22]

    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[_SSH])
    assert [_ports(item) for item in _history(bare_aws, group)] == [[], [22]]
    assert [_ports(i) for i in _history(bare_aws, group, limit=1)] == [[]]
    forward = _history(bare_aws, group, chronologicalOrder="Forward")
    assert [_ports(item) for item in forward] == [[22], []]

    ec2.delete_security_group(GroupId=group)
    latest = _history(bare_aws, group)[0]
    assert latest["configurationItemStatus"] == "ResourceDeleted"
    times = [item["configurationItemCaptureTime"] for item in _history(bare_aws, group)]
    assert times == sorted(times, reverse=True)


def test_looking_alone_makes_no_new_version(bare_aws: Emulated, group: str) -> None:
    before = _history(bare_aws, group)
    bare_aws.owner(SHOP, "ec2").describe_security_groups(GroupIds=[group])
    bare_aws.owner(SHOP, "sns").create_topic(Name="something-else")

    assert _history(bare_aws, group) == before


def test_a_database_without_a_subnet_group_is_an_item_too(bare_aws: Emulated, group: str) -> None:
    rds = bare_aws.owner(SHOP, "rds")
    made = rds.create_db_instance(
        DBInstanceIdentifier="in-no-group",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        AllocatedStorage=20,
        VpcSecurityGroupIds=[group],
        MasterUsername="owner",
        MasterUserPassword="not-a-real-password",
    )["DBInstance"]
    try:
        config = bare_aws.role(SHOP, "config", READ)
        key = {"resourceType": "AWS::RDS::DBInstance", "resourceId": made["DbiResourceId"]}
        answer = config.batch_get_resource_config(resourceKeys=[key])

        (item,) = answer["baseConfigurationItems"]
        assert item["resourceId"] == made["DbiResourceId"]
    finally:
        rds.delete_db_instance(DBInstanceIdentifier="in-no-group", SkipFinalSnapshot=True)


def test_an_item_can_be_had_by_its_key(bare_aws: Emulated, group: str) -> None:
    config = bare_aws.role(SHOP, "config", READ)
    keys = [
        {"resourceType": "AWS::EC2::SecurityGroup", "resourceId": group},
        {"resourceType": "AWS::EC2::SecurityGroup", "resourceId": "sg-0nobody"},
    ]

    answer = config.batch_get_resource_config(resourceKeys=keys)

    (item,) = answer["baseConfigurationItems"]
    assert item["resourceId"] == group
    assert item["accountId"] == SHOP
    assert answer["unprocessedResourceKeys"] == [keys[1]]


def test_the_product_reads_the_items_as_it_reads_the_exported_ones(story_aws: Emulated) -> None:
    config = story_aws.role(SHOP, "config", READ)
    item, *_ = config.get_resource_config_history(
        resourceType="AWS::EC2::SecurityGroup", resourceId="sg-0a1webadmin"
    )["configurationItems"]

    read = read_item(json.loads(json.dumps(item, default=str)))

    assert read.id == f"arn:aws:ec2:us-east-1:{SHOP}:security-group/sg-0a1webadmin"
    assert read.name == "sg-web-admin"
    assert [row["fromPort"] for row in read.configuration["ipPermissions"]] == [22, 443]
    assert read.relationships


def test_a_query_reads_ones_own_account_only(story_aws: Emulated) -> None:
    expression = (
        "SELECT resourceId, configuration.groupName "
        "WHERE resourceType = 'AWS::EC2::SecurityGroup' "
        "AND configuration.ipPermissions.fromPort = 22"
    )

    answer = story_aws.role(SHOP, "config", READ).select_resource_config(Expression=expression)
    elsewhere = story_aws.role(DATA, "config", READ).select_resource_config(Expression=expression)

    assert [json.loads(row) for row in answer["Results"]] == [
        {"resourceId": "sg-0a1webadmin", "configuration": {"groupName": "sg-web-admin"}}
    ]
    assert answer["QueryInfo"]["SelectFields"] == [
        {"Name": "resourceId"},
        {"Name": "configuration.groupName"},
    ]
    assert elsewhere["Results"] == []


def test_the_hubs_aggregator_sees_every_account_page_by_page(story_aws: Emulated) -> None:
    hub = story_aws.hub("config")
    expression = (
        "SELECT accountId, resourceId WHERE resourceType LIKE 'AWS::S3::%' ORDER BY accountId"
    )
    found: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        page = hub.select_aggregate_resource_config(
            Expression=expression, ConfigurationAggregatorName=AGGREGATOR, Limit=50, **token
        )
        assert len(page["Results"]) <= 50
        found += map(json.loads, page["Results"])
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}

    accounts = [row["accountId"] for row in found]
    assert accounts == sorted(accounts)
    assert set(accounts) == {a for t in story_aws.tenants.values() for a in t.accounts}
    assert len({row["resourceId"] for row in found}) == len(found) > 200


def test_the_aggregator_gives_items_by_account_and_region(story_aws: Emulated) -> None:
    hub = story_aws.hub("config")
    name = {
        "SourceAccountId": SHOP,
        "SourceRegion": "us-east-1",
        "ResourceType": "AWS::S3::Bucket",
        "ResourceId": "acme-logs",
    }
    other = {**name, "SourceAccountId": DATA}

    answer = hub.batch_get_aggregate_resource_config(
        ConfigurationAggregatorName=AGGREGATOR, ResourceIdentifiers=[name, other]
    )
    (item,) = answer["BaseConfigurationItems"]
    whole = hub.get_aggregate_resource_config(
        ConfigurationAggregatorName=AGGREGATOR, ResourceIdentifier=name
    )["ConfigurationItem"]

    assert item["resourceId"] == whole["resourceId"] == "acme-logs"
    assert whole["tags"] == {"owner": "platform team"}
    assert answer["UnprocessedResourceIdentifiers"] == [other]
    calls: tuple[Callable[[], Any], ...] = (
        lambda: hub.get_aggregate_resource_config(
            ConfigurationAggregatorName=AGGREGATOR, ResourceIdentifier=other
        ),
        lambda: hub.select_aggregate_resource_config(
            ConfigurationAggregatorName="Other", Expression="SELECT resourceId"
        ),
    )
    for call in calls:
        with pytest.raises(ClientError) as refused:
            call()
        assert refusal(refused.value) in {
            "ResourceNotDiscoveredException",
            "NoSuchConfigurationAggregatorException",
        }


def test_a_tenant_cannot_ask_the_aggregator_not_even_as_its_accounts_owner(
    story_aws: Emulated,
) -> None:
    for client, code in (
        (story_aws.role(SHOP, "config", READ), "AccessDeniedException"),
        (story_aws.owner(SHOP, "config"), "NoSuchConfigurationAggregatorException"),
    ):
        with pytest.raises(ClientError) as refused:
            client.select_aggregate_resource_config(
                Expression="SELECT accountId", ConfigurationAggregatorName=AGGREGATOR
            )
        assert refusal(refused.value) == code
    assert (
        story_aws.owner(SHOP, "config").describe_configuration_aggregators()[
            "ConfigurationAggregators"
        ]
        == []
    )


def test_what_was_never_seen_is_said_so(story_aws: Emulated) -> None:
    with pytest.raises(ClientError) as refused:
        story_aws.role(SHOP, "config", READ).get_resource_config_history(
            resourceType="AWS::S3::Bucket", resourceId="bucket-of-nobody"
        )

    assert refusal(refused.value) == "ResourceNotDiscoveredException"


def test_discovered_resources_are_listed_by_type(story_aws: Emulated) -> None:
    config = story_aws.role(SHOP, "config", READ)
    rows = config.get_paginator("list_discovered_resources").paginate(
        resourceType="AWS::Lambda::Function", PaginationConfig={"PageSize": 20}
    )

    names = [row["resourceName"] for page in rows for row in page["resourceIdentifiers"]]

    assert "coupon-preview" in names
    assert len(names) == len(set(names)) == 39


def test_a_token_that_nobody_gave_is_refused(story_aws: Emulated) -> None:
    with pytest.raises(ClientError) as refused:
        story_aws.role(SHOP, "config", READ).select_resource_config(
            Expression="SELECT resourceId", NextToken="bm9ib2R5"
        )

    assert refusal(refused.value) == "InvalidNextTokenException"
