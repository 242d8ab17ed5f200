"""Config's queries, on their own."""

from typing import Any

import pytest

from infra.local.aws.expressions import understood, values
from infra.local.aws.refusals import AwsError

_ROW: dict[str, Any] = {
    "resourceType": "AWS::EC2::SecurityGroup",
    "resourceId": "sg-1",
    "accountId": "111111111111",
    "configuration": {
        "groupName": "it's mine",
        "open": True,
        "size": 7,
        "ipPermissions": [{"fromPort": 22}, {"fromPort": 443}],
    },
    "tags": [{"key": "env", "value": "prod", "tag": "env=prod"}],
}


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ("resourceType = 'AWS::EC2::SecurityGroup'", True),
        ("resourceType = 'AWS::EC2::Instance'", False),
        ("resourceType LIKE 'AWS::EC2::%'", True),
        ("resourceType NOT LIKE 'AWS::S3::%'", True),
        ("resourceId IN ('sg-0', 'sg-1')", True),
        ("resourceId NOT IN ('sg-0', 'sg-1')", False),
        ("configuration.ipPermissions.fromPort = 443", True),
        ("configuration.ipPermissions.fromPort = 80", False),
        ("configuration.size > 6 AND configuration.size <= 7", True),
        ("configuration.size BETWEEN 8 AND 9", False),
        ("configuration.size BETWEEN 7 AND 9 AND resourceId = 'sg-1'", True),
        ("configuration.open = true", True),
        ("configuration.open = 'false'", False),
        ("configuration.groupName = 'it''s mine'", True),
        ("tags.tag = 'env=prod'", True),
        ("NOT resourceId = 'sg-1'", False),
        ("resourceId <> 'sg-1' OR accountId = '111111111111'", True),
        ("resourceId = 'sg-0' AND accountId = '0' OR accountId = '111111111111'", True),
        ("resourceId = 'sg-0' AND (accountId = '0' OR accountId = '111111111111')", False),
        ("nothing.of.that = 'x'", False),
    ],
)
def test_a_condition_holds(where: str, holds: bool) -> None:  # noqa: FBT001 - the expectation
    assert understood(f"SELECT * WHERE {where}").test(_ROW) is holds
    assert understood(f"select * where {where};").test(_ROW) is holds


def test_what_is_selected_and_in_which_order_is_told() -> None:
    query = understood("SELECT resourceId, configuration.size ORDER BY accountId DESC, resourceId")

    assert query.fields == ("resourceId", "configuration.size")
    assert query.order == (("accountId", True), ("resourceId", False))
    assert query.test({})


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "SELECT",
        "DELETE resourceId",
        "SELECT resourceId WHERE",
        "SELECT resourceId WHERE resourceId",
        "SELECT resourceId WHERE resourceId = ",
        "SELECT resourceId WHERE resourceId = sg",
        "SELECT resourceId WHERE resourceId IN ('a'",
        "SELECT resourceId WHERE (resourceId = 'a'",
        "SELECT resourceId WHERE resourceId = 'a' resourceId",
        "SELECT resourceId WHERE resourceId = 'a",
        "SELECT resourceId; DROP resourceId",
        "SELECT resourceId GROUP BY resourceType",
        "SELECT COUNT(*)",
        "(" * 500,
    ],
)
def test_what_is_not_understood_is_refused(expression: str) -> None:
    with pytest.raises(AwsError) as refused:
        understood(expression)

    assert refused.value.code == "InvalidExpressionException"


def test_a_path_goes_into_lists_and_stops_where_there_is_nothing() -> None:
    assert values(_ROW, "configuration.ipPermissions.fromPort") == [22, 443]
    assert values(_ROW, "configuration.nothing") == []
    assert values(_ROW, "resourceId.more") == []
