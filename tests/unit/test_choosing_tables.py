"""Where tenants, requests, conversations and work are kept: what the two settings may say."""

from pathlib import Path

import pytest

from bot.commands.roles import hub_parts, hub_stack_of, parameters_of
from integrations.connect import Connections
from integrations.dynamodb_tables import TABLES, Location, definition, location
from integrations.errors import InvalidSettingError
from integrations.settings import Settings
from integrations.work.sqs import endpoint_of
from tests.builders import tenant


def test_the_tables_are_named_by_region_and_prefix() -> None:
    assert location("dynamodb://us-gov-west-1/assist.prod") == Location(
        "us-gov-west-1", "assist.prod"
    )
    own = location("dynamodb://eu-west-1/a?endpoint=http://127.0.0.1:4566")
    assert own == Location("eu-west-1", "a", "http://127.0.0.1:4566")


@pytest.mark.parametrize(
    "told",
    [
        "dynamodb",
        "dynamodb://us-east-1",
        "dynamodb://us-east-1/",
        "dynamodb:///assist",
        "dynamodb://us-east-1/a/b",
        "dynamodb://us-east-1/a?endpoint=",
        "https://dynamodb.us-east-1.amazonaws.com",
    ],
)
def test_tables_that_are_named_otherwise_are_refused_by_the_setting_s_name(
    tmp_path: Path, told: str
) -> None:
    with pytest.raises(InvalidSettingError, match=r"SECURITY_ASSIST_TABLES is dynamodb://"):
        Connections(Settings(state=tmp_path, tables=told))


def test_a_queue_of_aws_has_no_endpoint_of_its_own() -> None:
    assert endpoint_of("https://sqs.eu-west-1.amazonaws.com/111122223333/work.fifo") is None
    assert endpoint_of("https://sqs.cn-north-1.amazonaws.com.cn/1/work.fifo") is None
    assert endpoint_of("http://127.0.0.1:4566/111122223333/w.fifo") == "http://127.0.0.1:4566"
    assert endpoint_of("https://x.amazonaws.com.evil.example/1/w.fifo") is not None


@pytest.mark.parametrize("told", ["work", "https://sqs.us-east-1.amazonaws.com/1/work", "sqs://a"])
def test_what_is_no_fifo_queue_is_refused_by_the_setting_s_name(tmp_path: Path, told: str) -> None:
    with (
        Connections(Settings(state=tmp_path, queue=told)) as connections,
        pytest.raises(InvalidSettingError, match="SECURITY_ASSIST_QUEUE is the URL"),
    ):
        connections.work()


def test_a_queue_without_tables_is_refused_with_what_is_missing(tmp_path: Path) -> None:
    url = "https://sqs.us-east-1.amazonaws.com/111122223333/work.fifo"
    with (
        Connections(Settings(state=tmp_path, queue=url)) as connections,
        pytest.raises(InvalidSettingError, match="needs SECURITY_ASSIST_TABLES"),
    ):
        connections.work()


def test_each_attribute_that_is_declared_sorts_a_table_or_an_index() -> None:
    for table in TABLES:
        told = definition(table, "assist")
        declared = {one["AttributeName"] for one in told["AttributeDefinitions"]}
        used = {key["AttributeName"] for key in told["KeySchema"]}
        for index in told.get("LocalSecondaryIndexes", []):
            used |= {key["AttributeName"] for key in index["KeySchema"]}
        assert declared == used, "CreateTable refuses an attribute that nothing uses"
        assert len(told.get("LocalSecondaryIndexes", [])) <= 5


@pytest.mark.parametrize(
    ("named", "tables", "stack", "region"),
    [
        ("", "dynamodb://eu-west-1/assist-prod", "assist-prod", "eu-west-1"),
        ("other", "dynamodb://eu-west-1/assist-prod", "other", "eu-west-1"),
        ("", "", "security-assist", "us-east-1"),
    ],
)
def test_a_tenants_roles_and_events_are_for_the_hub_that_the_tables_are_of(
    tmp_path: Path, named: str, tables: str, stack: str, region: str
) -> None:
    with Connections(Settings(state=tmp_path)) as connections:
        parts = hub_parts(connections, "123456789012", hub_stack_of(named, tables), None, ())
    told = parameters_of(tenant(), parts)
    assert (told["HubStack"], told["HubRegion"], told["HomeRegion"]) == (stack, region, region)


@pytest.mark.parametrize(("given", "region"), [("", "eu-west-1"), ("eu-north-1", "eu-north-1")])
def test_accounts_are_reached_from_the_region_of_the_hub_unless_another_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, region: str
) -> None:
    monkeypatch.setenv("SECURITY_ASSIST_TABLES", "dynamodb://eu-west-1/assist-prod")
    monkeypatch.setenv("SECURITY_ASSIST_AWS", "on")
    monkeypatch.setenv("AWS_REGION", given)
    found = Settings.from_env(tmp_path)
    assert found.aws is not None
    assert (found.aws.region, found.region) == (region, region)
