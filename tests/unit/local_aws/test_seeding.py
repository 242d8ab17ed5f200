"""The story's items, its findings and the live accounts say the same of every resource."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local import story
from infra.local.account import SECURITY_KEY, Account, Item
from tests.emulated_aws import READ, REMEDIATION, Emulated, refusal

ACCOUNTS = sorted(account for tenant in story.TENANTS for account in tenant.accounts)
_TIMES = re.compile("time|date|created|updated")
SHOP, DATA, PAYMENTS = "111111111111", "111111111112", "222222222221"


@pytest.fixture(scope="session")
def told(story_aws: Emulated) -> dict[str, Account]:
    """What the story exports, by account: the same moment, the same files."""
    return {a.id: a for estate in story.estates(story_aws.now) for a in estate.accounts}


def _items(told: dict[str, Account], account: str, kind: str) -> list[Item]:
    return [item for item in told[account].items if item["resourceType"] == kind]


def _pages(client: Any, operation: str, key: str, **asked: Any) -> list[Any]:
    pages = client.get_paginator(operation).paginate(**asked)
    return [row for page in pages for row in page.get(key, [])]


def _reservations(client: Any) -> Iterator[str]:
    for reservation in _pages(client, "describe_instances", "Reservations"):
        yield from (instance["InstanceId"] for instance in reservation["Instances"])


_LIVE: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "AWS::EC2::VPC": ("ec2", lambda c: [v["VpcId"] for v in c.describe_vpcs()["Vpcs"]]),
    "AWS::EC2::Subnet": ("ec2", lambda c: [s["SubnetId"] for s in c.describe_subnets()["Subnets"]]),
    "AWS::EC2::InternetGateway": ("ec2", lambda c: [
        g["InternetGatewayId"] for g in c.describe_internet_gateways()["InternetGateways"]]),
    "AWS::EC2::NatGateway": ("ec2", lambda c: [
        g["NatGatewayId"] for g in c.describe_nat_gateways()["NatGateways"]]),
    "AWS::EC2::SecurityGroup": ("ec2", lambda c: [
        g["GroupId"] for g in c.describe_security_groups()["SecurityGroups"]]),
    "AWS::EC2::EIP": ("ec2", lambda c: [
        a["AllocationId"] for a in c.describe_addresses()["Addresses"]]),
    "AWS::EC2::Instance": ("ec2", _reservations),
    "AWS::S3::Bucket": ("s3", lambda c: [b["Name"] for b in c.list_buckets()["Buckets"]]),
    "AWS::IAM::User": ("iam", lambda c: [u["UserId"] for u in _pages(c, "list_users", "Users")]),
    "AWS::IAM::Role": ("iam", lambda c: [
        r["RoleId"] for r in _pages(c, "list_roles", "Roles")
        if r["RoleName"] not in {READ, REMEDIATION}]),
    "AWS::IAM::Policy": ("iam", lambda c: [
        p["PolicyId"] for p in _pages(c, "list_policies", "Policies", Scope="Local")]),
    "AWS::Lambda::Function": ("lambda", lambda c: [
        f["FunctionName"] for f in _pages(c, "list_functions", "Functions")]),
    "AWS::DynamoDB::Table": ("dynamodb", lambda c: _pages(c, "list_tables", "TableNames")),
    "AWS::SQS::Queue": ("sqs", lambda c: [
        url.rpartition("/")[2] for url in c.list_queues().get("QueueUrls", [])]),
    "AWS::KMS::Key": ("kms", lambda c: [k["KeyId"] for k in c.list_keys()["Keys"]]),
    "AWS::RDS::DBInstance": ("rds", lambda c: [
        d["DbiResourceId"] for d in c.describe_db_instances()["DBInstances"]]),
    "AWS::RDS::DBSnapshot": ("rds", lambda c: [
        s["DBSnapshotIdentifier"] for s in c.describe_db_snapshots()["DBSnapshots"]]),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("elbv2", lambda c: [
        b["LoadBalancerArn"] for b in c.describe_load_balancers()["LoadBalancers"]]),
    "AWS::ElasticLoadBalancingV2::TargetGroup": ("elbv2", lambda c: [
        t["TargetGroupArn"] for t in c.describe_target_groups()["TargetGroups"]]),
    "AWS::WAFv2::WebACL": ("wafv2", lambda c: [
        a["Name"] for a in c.list_web_acls(Scope="REGIONAL")["WebACLs"]]),
    "AWS::EKS::Cluster": ("eks", lambda c: c.list_clusters()["clusters"]),
}  # fmt: skip


@pytest.mark.parametrize("account", ACCOUNTS)
def test_each_account_holds_exactly_the_resources_that_its_items_name(
    story_aws: Emulated, told: dict[str, Account], account: str
) -> None:
    wanted = Counter((i["resourceType"], i["resourceId"]) for i in told[account].items)
    tables = [key for key in wanted if key[0] == "AWS::EC2::RouteTable"]
    for key in tables:  # a VPC has a main one besides, which no item tells of
        del wanted[key]

    live = Counter(
        (kind, found)
        for kind, (service, names) in _LIVE.items()
        for found in names(story_aws.owner(account, service))
    )

    assert live == wanted
    rows = story_aws.owner(account, "ec2").describe_route_tables()["RouteTables"]
    assert {table for _, table in tables} <= {row["RouteTableId"] for row in rows}


@pytest.mark.parametrize("account", ACCOUNTS)
def test_the_recorder_sees_in_every_resource_what_its_item_says(
    story_aws: Emulated, told: dict[str, Account], account: str
) -> None:
    """Had anything differed, looking would have made a new version of the item."""
    rows = _pages_of_results(
        story_aws.owner(account, "config"),
        "SELECT resourceType, resourceId, resourceName, configurationItemCaptureTime",
    )
    captured = {item["configurationItemCaptureTime"] for item in told[account].items}
    anew = {
        row["resourceName"] for row in rows if row["configurationItemCaptureTime"] not in captured
    }

    assert anew == {READ, REMEDIATION}
    assert len(rows) == len(told[account].items) + 2


def _pages_of_results(config: Any, expression: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    asked: dict[str, Any] = {"Expression": expression}
    while True:
        answer = config.select_resource_config(**asked)
        found += [json.loads(row) for row in answer["Results"]]
        if "NextToken" not in answer:
            return found
        asked["NextToken"] = answer["NextToken"]


@pytest.mark.parametrize("account", ACCOUNTS)
def test_every_instance_runs_as_its_item_says(
    story_aws: Emulated, told: dict[str, Account], account: str
) -> None:
    live = {
        instance["InstanceId"]: instance
        for reservation in _pages(
            story_aws.owner(account, "ec2"), "describe_instances", "Reservations"
        )
        for instance in reservation["Instances"]
    }

    for item in _items(told, account, "AWS::EC2::Instance"):
        said, row = item["configuration"], live[item["resourceId"]]
        assert row["SubnetId"] == said["subnetId"]
        assert row["PrivateIpAddress"] == said["privateIpAddress"]
        assert row.get("PublicIpAddress") == said["publicIpAddress"]
        assert row["MetadataOptions"]["HttpTokens"] == said["metadataOptions"]["httpTokens"]
        assert row["State"]["Name"] == said["state"]["name"]
        assert [g["GroupId"] for g in row["SecurityGroups"]] == [
            g["groupId"] for g in said["securityGroups"]
        ]
        assert row.get("IamInstanceProfile", {}).get("Arn") == (
            said["iamInstanceProfile"]["arn"] if said["iamInstanceProfile"] else None
        )
        assert {t["Key"]: t["Value"] for t in row["Tags"]} == item["tags"]
        (interface,) = row["NetworkInterfaces"]
        assert interface["NetworkInterfaceId"] == said["networkInterfaces"][0]["networkInterfaceId"]


@pytest.mark.parametrize("account", ACCOUNTS)
def test_every_group_admits_what_its_item_says(
    story_aws: Emulated, told: dict[str, Account], account: str
) -> None:
    groups = story_aws.owner(account, "ec2").describe_security_groups()["SecurityGroups"]
    live = {group["GroupId"]: group for group in groups}

    for item in _items(told, account, "AWS::EC2::SecurityGroup"):
        said, row = item["configuration"], live[item["resourceId"]]
        assert row["GroupName"] == said["groupName"]
        assert row["VpcId"] == said["vpcId"]
        for ours, theirs in (
            ("ipPermissions", "IpPermissions"),
            ("ipPermissionsEgress", "IpPermissionsEgress"),
        ):
            assert _admitted(row[theirs], "IpProtocol", "FromPort", "IpRanges", "CidrIp") == (
                _admitted(said[ours], "ipProtocol", "fromPort", "ipv4Ranges", "cidrIp")
            )


def _admitted(rows: list[Any], protocol: str, port: str, ranges: str, cidr: str) -> set[Any]:
    return {(r[protocol], r.get(port), source[cidr]) for r in rows for source in r[ranges]}


@pytest.mark.parametrize("account", ACCOUNTS)
def test_every_role_trusts_and_allows_what_its_item_says(
    story_aws: Emulated, told: dict[str, Account], account: str
) -> None:
    details = _pages(
        story_aws.owner(account, "iam"),
        "get_account_authorization_details",
        "RoleDetailList",
        Filter=["Role"],
    )
    live = {role["RoleId"]: role for role in details}

    for item in _items(told, account, "AWS::IAM::Role"):
        said, row = item["configuration"], live[item["resourceId"]]
        assert row["Arn"] == item["ARN"]
        assert _document(said["assumeRolePolicyDocument"]) == row["AssumeRolePolicyDocument"]
        assert {p["policyArn"] for p in said["attachedManagedPolicies"]} == {
            p["PolicyArn"] for p in row["AttachedManagedPolicies"]
        }
        assert {
            p["policyName"]: _document(p["policyDocument"]) for p in said["rolePolicyList"]
        } == {p["PolicyName"]: p["PolicyDocument"] for p in row["RolePolicyList"]}
        assert [p["arn"] for p in said["instanceProfileList"]] == [
            p["Arn"] for p in row["InstanceProfileList"]
        ]


def _document(encoded: str) -> Any:
    from urllib.parse import unquote  # noqa: PLC0415 - only here

    return json.loads(unquote(encoded))


def test_the_stories_misconfigurations_are_live(story_aws: Emulated) -> None:
    def shop(service: str) -> Any:
        return story_aws.owner(SHOP, service)

    def data(service: str) -> Any:
        return story_aws.owner(DATA, service)

    policy = json.loads(shop("s3").get_bucket_policy(Bucket="acme-logs")["Policy"])
    assert policy["Statement"][0]["Principal"] == "*"
    block = shop("s3").get_public_access_block(Bucket="acme-logs")
    assert not any(block["PublicAccessBlockConfiguration"].values())
    logging = shop("s3").get_bucket_logging(Bucket="acme-customer-exports")
    assert logging["LoggingEnabled"]["TargetBucket"] == "acme-logs"

    (name,) = (
        s["DBSnapshotIdentifier"] for s in data("rds").describe_db_snapshots()["DBSnapshots"]
    )
    attributes = data("rds").describe_db_snapshot_attributes(DBSnapshotIdentifier=name)
    assert attributes["DBSnapshotAttributesResult"]["DBSnapshotAttributes"][0][
        "AttributeValues"
    ] == ["all"]

    (key,) = shop("iam").list_access_keys(UserName="deploy-bot")["AccessKeyMetadata"]
    assert (datetime.now(UTC) - key["CreateDate"]).days == 412
    assert key["Status"] == "Active"
    attached = shop("iam").list_attached_user_policies(UserName="deploy-bot")["AttachedPolicies"]
    assert [p["PolicyName"] for p in attached] == ["AdministratorAccess"]

    statement = json.loads(shop("lambda").get_policy(FunctionName="coupon-preview")["Policy"])
    assert statement["Statement"][0]["Principal"] == "*"
    url = shop("lambda").get_function_url_config(FunctionName="coupon-preview")
    assert url["AuthType"] == "NONE"

    keys = {k["KeyId"] for k in data("kms").list_keys()["Keys"]}
    (key_id,) = keys - {SECURITY_KEY}
    described = data("kms").describe_key(KeyId=key_id)["KeyMetadata"]
    assert described["KeyState"] == "PendingDeletion"
    assert data("cloudtrail").describe_trails()["trailList"] == []
    queue = shop("sqs").get_queue_url(QueueName="shop-orders-1")["QueueUrl"]
    settings = shop("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])
    assert settings["Attributes"]["SqsManagedSseEnabled"] == "false"


@pytest.mark.parametrize("account", ACCOUNTS)
def test_every_open_finding_of_a_control_is_what_the_control_says_of_the_live_resource(
    story_aws: Emulated, account: str
) -> None:
    hub = story_aws.owner(account, "securityhub")
    filters = {"RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}]}
    findings = _pages(hub, "get_findings", "Findings", Filters=filters)
    verdicts = _verdicts(story_aws.owner(account, "config"))

    wrong = [
        (control, resource, told)
        for finding in findings
        for control, resource, told in [_about(finding)]
        if control in {known for known, _ in verdicts} and verdicts.get((control, resource)) != told
    ]

    assert wrong == []
    compared = Counter(c for f in findings for c, r, _ in [_about(f)] if (c, r) in verdicts)
    assert sum(compared.values()) > 50
    assert {"S3.5", "S3.14", "DynamoDB.6", "SQS.1"} <= set(compared)


def _about(finding: dict[str, Any]) -> tuple[str, str, str]:
    compliance = finding["Compliance"]
    return (
        compliance.get("SecurityControlId", ""),
        finding["Resources"][0]["Id"],
        "COMPLIANT" if compliance["Status"] == "PASSED" else "NON_COMPLIANT",
    )


def _verdicts(config: Any) -> dict[tuple[str, str], str]:
    found = {}
    for rule in _pages(config, "describe_config_rules", "ConfigRules"):
        results = _pages(
            config,
            "get_compliance_details_by_config_rule",
            "EvaluationResults",
            ConfigRuleName=rule["ConfigRuleName"],
        )
        for row in results:
            qualifier = row["EvaluationResultIdentifier"]["EvaluationResultQualifier"]
            found[rule["Description"], qualifier["ResourceId"]] = row["ComplianceType"]
    return found


def test_one_account_sees_nothing_of_another(story_aws: Emulated) -> None:
    session = story_aws.assume(PAYMENTS, READ)
    ec2 = story_aws.of(session, PAYMENTS, "ec2")
    with pytest.raises(ClientError) as unseen:
        ec2.describe_security_groups(GroupIds=["sg-0a1webadmin"])
    assert refusal(unseen.value) == "InvalidGroup.NotFound"

    for client in (story_aws.of(session, PAYMENTS, "s3"), story_aws.owner(PAYMENTS, "s3")):
        with pytest.raises(ClientError) as refused:
            client.get_bucket_policy(Bucket="acme-logs")
        assert refusal(refused.value) == "AccessDenied"
    hub = story_aws.of(session, PAYMENTS, "securityhub")
    for finding in hub.get_findings(MaxResults=100)["Findings"]:
        assert finding["AwsAccountId"] == PAYMENTS
    rows = story_aws.of(session, PAYMENTS, "config").select_resource_config(
        Expression="SELECT accountId"
    )["Results"]
    assert {json.loads(row)["accountId"] for row in rows} == {PAYMENTS}
    function = f"arn:aws:lambda:us-east-1:{SHOP}:function:coupon-preview"
    with pytest.raises(ClientError) as refused:
        story_aws.of(session, PAYMENTS, "lambda").get_policy(FunctionName=function)
    assert refusal(refused.value) == "AccessDeniedException"


def test_the_same_story_gives_the_same_accounts(story_aws: Emulated) -> None:
    from infra.local.aws.server import EmulatedAws  # noqa: PLC0415 - only here

    tenants = list(story_aws.tenants.values())
    with EmulatedAws(tenants, story_aws.now, remediation_actions=()) as again:
        other = again.state("333333333333")
    ours = story_aws.aws.state("333333333333")

    differing = {
        path.rpartition("/")[2]
        for path in ours.keys() | other.keys()
        if ours.get(path) != other.get(path) and not path.endswith(REMEDIATION)
    }
    assert {name for name in differing if not _TIMES.search(name)} == set()
