"""AWS Config items in every form that Config writes them: what they say, and what is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.errors import RejectedRecordError
from integrations.resources.config_items import PROPERTIES, change_of, is_config_item, read_item
from integrations.resources.port import Link, LinkKind
from tests.builders import ACCOUNT, NOON, REGION
from tests.graph_builders import config_item, ec2, iam, told

INSTANCE, ROLE = "AWS::EC2::Instance", "AWS::IAM::Role"
HOST = ec2("instance/i-1")


def _links(*items: dict[str, Any]) -> set[tuple[str, LinkKind, str]]:
    return {(li.source, li.kind, li.target) for _, li in told(*items).links}


# -- what an item is


def test_a_snapshots_item_and_the_apis_are_read_alike() -> None:
    snapshot = config_item(INSTANCE, "i-1", {"state": {"name": "running"}}, tags={"Name": "web"})
    api = {
        "accountId": ACCOUNT,
        "arn": HOST,
        "awsRegion": REGION,
        "resourceType": INSTANCE,
        "resourceId": "i-1",
        "configurationItemStatus": "OK",
        "configurationItemCaptureTime": NOON.timestamp(),
        "configuration": '{"state": {"name": "running"}}',
        "supplementaryConfiguration": {},
        "tags": [{"key": "Name", "value": "web"}],
        "relationships": [],
    }
    assert read_item(api) == read_item(snapshot)


@pytest.mark.parametrize("field", ["configurationItemStatus", "configurationItemCaptureTime",
                                   "awsRegion", "configuration", "relationships", "tags",
                                   "supplementaryConfiguration"])  # fmt: skip
def test_an_item_is_one_without_any_field_that_config_may_leave_out(field: str) -> None:
    item = {key: value for key, value in config_item(INSTANCE, "i-1").items() if key != field}
    assert is_config_item(item)
    assert read_item(item).type == INSTANCE


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"resourceType": INSTANCE},
        {"resourceType": INSTANCE, "resourceId": "i-1"},
        {"configuration": {}},
        {"Id": "x", "Resources": [], "ProductArn": "x"},
        {"class_uid": 2003, "resources": []},
    ],
)
def test_a_finding_is_not_taken_for_an_item(record: dict[str, Any]) -> None:
    assert not is_config_item(record)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"resourceType": None}, "resourceType is ''"),
        ({"resourceType": "Custom::Thing"}, "resourceType is 'Custom::Thing'"),
        ({"resourceId": None}, "no resourceId, resourceName or ARN"),
        ({"resourceId": "  "}, "no resourceId, resourceName or ARN"),
        ({"awsAccountId": None}, "no awsAccountId, accountId or ARN names an account"),
        ({"resourceId": "${resourceId}"}, "a template"),
        ({"awsAccountId": "${account}"}, "a template"),
        ({"resourceType": "${$constants.subnet.resourceType}"}, "a template"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_reason(
    changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(RejectedRecordError, match=reason):
        read_item(config_item(INSTANCE, "i-1", **changes))


def test_a_policy_with_variables_is_no_template() -> None:
    own = "arn:aws:s3:::home/${aws:username}/*"
    item = config_item("AWS::IAM::Policy", "ANPA1", {"policyVersionList": [{"document": own}]})
    assert read_item(item).short_id == "ANPA1"


@pytest.mark.parametrize(
    ("changes", "resource_id"),
    [
        ({}, HOST),
        ({"ARN": HOST}, HOST),
        ({"arn": HOST, "awsAccountId": None, "accountId": ACCOUNT}, HOST),
        ({"arn": HOST, "awsAccountId": None, "awsRegion": None}, HOST),
        ({"resourceId": None, "resourceName": "i-1"}, HOST),
        ({"resourceId": None, "arn": HOST}, HOST),
        ({"arn": "not an arn"}, HOST),
        ({"awsRegion": "cn-north-1"}, f"arn:aws-cn:ec2:cn-north-1:{ACCOUNT}:instance/i-1"),
        ({"resourceType": "AWS::New::Thing"}, f"AwsNewThing/{ACCOUNT}/{REGION}/i-1"),
        ({"resourceType": "AWS::S3::Bucket"}, "arn:aws:s3:::i-1"),
    ],
)
def test_the_id_is_the_arn_where_one_is_certain(changes: dict[str, Any], resource_id: str) -> None:
    assert read_item(config_item(INSTANCE, "i-1", **changes)).id == resource_id


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"tags": {"Name": "web-7"}, "resourceName": "other"}, "web-7"),
        ({"resourceName": "other"}, "other"),
        ({}, "i-1"),
        ({"resourceId": None, "arn": HOST}, "i-1"),
        ({"configuration": {"tags": [{"key": "Name", "value": "inside"}]}, "tags": None}, "inside"),
    ],
)
def test_a_resource_is_called_what_people_call_it(changes: dict[str, Any], name: str) -> None:
    assert read_item(config_item(INSTANCE, "i-1", **changes)).name == name


@pytest.mark.parametrize(
    ("written", "tags"),
    [
        ({"a": "1", "b": 2, "c": None}, {"a": "1", "b": "2"}),
        ([{"key": "a", "value": "1"}, {"Key": "b", "Value": "2"}], {"a": "1", "b": "2"}),
        ([{"tag": "a", "value": "1"}, {"key": None}, "x"], {"a": "1"}),
        ("a=1", {}),
        ([], {}),
    ],
)
def test_tags_are_an_object_or_a_list(written: Any, tags: dict[str, str]) -> None:
    assert read_item(config_item(INSTANCE, "i-1", tags=written)).tags == tags


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2026-11-20T12:00:00Z", NOON),
        ("2026-11-20T12:00:00.000Z", NOON),
        ("2026-11-20T13:00:00+01:00", NOON),
        ("2026-11-20T12:00:00", NOON),
        (NOON.timestamp(), NOON),
        (NOON.timestamp() * 1000, NOON),
        ({"__class__": "datetime", "year": 2026, "month": 11, "day": 20, "hour": 12}, NOON),
        ({"year": 2026}, datetime.fromtimestamp(0, tz=UTC)),
        ("datetime.datetime(2020, 1, 1)", datetime.fromtimestamp(0, tz=UTC)),
        (1e300, datetime.fromtimestamp(0, tz=UTC)),
        (None, datetime.fromtimestamp(0, tz=UTC)),
    ],
)
def test_the_capture_time_is_read_in_every_form(written: Any, at: datetime) -> None:
    item = config_item(INSTANCE, "i-1", configurationItemCaptureTime=written)
    assert read_item(item).captured_at == at


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ({"a": 1}, {"a": 1}),
        ('{"a": 1}', {"a": 1}),
        (None, {}),
        ("not json", {"text": "not json"}),
        ("[1]", {}),
        ([1], {}),
        ("[" * 10_000, {"text": "[" * 10_000}),
    ],
)
def test_the_configuration_is_an_object_or_its_text(written: Any, read: dict[str, Any]) -> None:
    item = config_item(INSTANCE, "i-1") | {"configuration": written}
    assert read_item(item).configuration == read


# -- existence


@pytest.mark.parametrize(
    ("status", "deleted"),
    [
        ("OK", False),
        ("ResourceDiscovered", False),
        ("ResourceNotRecorded", False),
        ("ResourceDeleted", True),
        ("ResourceDeletedNotRecorded", True),
        ("RESOURCE_DELETED", True),
        (None, False),
        ("", False),
        (3, False),
    ],
)
def test_only_two_statuses_say_that_a_resource_is_gone(status: Any, deleted: bool) -> None:  # noqa: FBT001 - the expectation
    """The status is optional in Config's own API: an item without one is of what is there."""
    assert (
        read_item(config_item(INSTANCE, "i-1", configurationItemStatus=status)).deleted is deleted
    )


def test_a_deleted_item_deletes_its_resource_as_of_its_time() -> None:
    change = told(config_item(INSTANCE, "i-1", status="ResourceDeleted"))
    assert (change.resources, change.links, change.deleted) == ([], [], [HOST])
    assert change.deleted_at == {HOST: NOON}


def test_a_deletion_without_a_time_is_one_whatever_is_stored() -> None:
    item = config_item(INSTANCE, "i-1", status="ResourceDeleted", configurationItemCaptureTime=None)
    assert (told(item).deleted, told(item).deleted_at) == ([HOST], {})


@pytest.mark.parametrize("order", [1, -1])
def test_of_a_resources_history_the_newest_item_counts(order: int) -> None:
    later = NOON + timedelta(minutes=1)
    history = [
        config_item(INSTANCE, "i-1", {"state": {"name": "running"}}),
        config_item(INSTANCE, "i-1", status="ResourceDeleted", at=later),
    ][::order]
    assert told(*history).deleted == [HOST]
    again = config_item(INSTANCE, "i-1", at=later + timedelta(minutes=1))
    assert told(again, *history).deleted == []


# -- facts


def test_a_resource_holds_what_its_item_says() -> None:
    item = config_item(INSTANCE, "i-1", {"state": {"name": "running"}}, tags={"Name": "web-7"})
    (resource,) = told(item).resources
    assert (resource.id, resource.type, resource.name) == (HOST, "AwsEc2Instance", "web-7")
    assert (resource.account, resource.region, resource.captured_at) == (ACCOUNT, REGION, NOON)
    assert resource.known
    assert resource.properties == {"config_type": INSTANCE, "state": "running"}


@pytest.mark.parametrize(
    ("key", "value", "sensitive"),
    [
        ("data-classification", "customer", True),
        ("Data-Classification", "Confidential", True),
        ("classification", "PII", True),
        ("data-classification", "public", False),
        ("owner", "customer", False),
    ],
)
def test_a_tag_says_that_data_are_sensitive(key: str, value: str, sensitive: bool) -> None:  # noqa: FBT001 - the expectation
    (bucket,) = told(config_item("AWS::S3::Bucket", "data", tags={key: value})).resources
    assert (bucket.properties.get("sensitive") is True) is sensitive


def test_every_fact_that_the_rules_read_is_named() -> None:
    assert {"public_ip", "routed", "public", "admin", "grants", "sensitive"} <= set(PROPERTIES)


# -- relationships


def _relation(name: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "AWS::EC2::Subnet", "resourceId": "subnet-1"} | {"name": name} | more


@pytest.mark.parametrize("key", ["name", "relationshipName"])
@pytest.mark.parametrize(
    ("name", "kind", "outwards"),
    [
        ("Is contained in Subnet", LinkKind.CONTAINS, False),
        ("Is contained in  subnet ", LinkKind.CONTAINS, False),
        ("IscontainedinSubnet", LinkKind.CONTAINS, False),
        ("Contains Subnet", LinkKind.CONTAINS, True),
        ("Is associated with ", LinkKind.USES, True),
        ("", LinkKind.CONTAINS, False),
    ],
)
def test_a_relationship_is_a_link_whatever_its_spelling(
    key: str,
    name: str,
    kind: LinkKind,
    outwards: bool,  # noqa: FBT001 - the expectation
) -> None:
    row = {"resourceType": "AWS::EC2::Subnet", "resourceId": "subnet-1", key: name}
    item = config_item("AWS::EC2::Volume", "vol-1", relationships=[row])
    ends = (ec2("volume/vol-1"), ec2("subnet/subnet-1"))
    source, target = ends if outwards else ends[::-1]
    assert _links(item) == {(source, kind, target)}


def test_relationships_may_be_text() -> None:
    row = '[{"resourceType": "AWS::EC2::Subnet", "resourceId": "subnet-1"}]'
    assert len(_links(config_item("AWS::EC2::Volume", "vol-1") | {"relationships": row})) == 1


@pytest.mark.parametrize(
    "rows",
    [
        "nonsense",
        [None, 3, "Is contained in Vpc"],
        [{"resourceType": "AWS::EC2::Subnet"}],
        [{"resourceId": "subnet-1"}],
        [{"resourceType": "AWS::EC2::Subnet", "resourceId": 3}],
        [{"resourceType": "AWS::EC2::Subnet", "resourceId": "${subnet.resourceId}"}],
        [{"resourceType": "${type}", "resourceId": "subnet-1"}],
    ],
)
def test_what_is_no_relationship_makes_no_link(rows: Any) -> None:
    assert _links(config_item("AWS::EC2::Volume", "vol-1") | {"relationships": rows}) == set()


def test_identities_internal_ids_become_no_resources() -> None:
    """Config relates roles and policies by AROA and ANPA ids: no ARN can be made of those."""
    rows = [
        {"resourceType": "AWS::IAM::Policy", "resourceId": "ANPA1", "name": "Is attached to"},
        {"resourceType": ROLE, "resourceId": "AROA1", "resourceName": "web"},
    ]
    assert _links(config_item(ROLE, "AROA2", ARN=iam("role/me"), relationships=rows)) == set()
    by_name = _links(config_item("AWS::Lambda::Function", "f", relationships=rows))
    assert {(kind, target) for _, kind, target in by_name} == {(LinkKind.RUNS_AS, iam("role/web"))}


def test_a_guard_guards_whichever_side_tells_of_it() -> None:
    group = {"resourceType": "AWS::EC2::SecurityGroup", "resourceId": "sg-1"}
    instance = {"resourceType": INSTANCE, "resourceId": "i-1"}
    expected = {(ec2("security-group/sg-1"), LinkKind.GUARDS, HOST)}
    assert _links(config_item(INSTANCE, "i-1", relationships=[group])) == expected
    from_group = config_item("AWS::EC2::SecurityGroup", "sg-1", relationships=[instance])
    assert _links(from_group) == expected


def test_what_the_configuration_and_a_relationship_tell_is_told_once() -> None:
    group = {"resourceType": "AWS::EC2::SecurityGroup", "resourceId": "sg-1"}
    item = config_item(
        INSTANCE, "i-1", {"securityGroups": [{"groupId": "sg-1"}]}, relationships=[group]
    )
    guards = Link(source=ec2("security-group/sg-1"), kind=LinkKind.GUARDS, target=HOST)
    assert told(item).links == [(HOST, guards)]


def test_a_change_of_no_items_is_empty() -> None:
    change = change_of([])
    assert (change.resources, change.links, change.deleted) == ([], [], [])
