"""What `make deploy` and `make destroy` do around a stack, over the real clients."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from infra.deploy.stacks import (
    OPENSEARCH,
    StackError,
    clear,
    delete,
    make_room,
    ready_opensearch,
    whole,
)
from infra.deploy.template import NESTED, read
from tests.loopback_aws import RefusedError, loopback_aws


@dataclass
class Account:
    """As much of an account as is asked."""

    status: str = ""
    """Of the stack; empty: there is none."""
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    """Tables whose protection was taken away."""
    stuck: bool = False
    role: bool = False

    def __call__(self, operation: str, told: dict[str, Any]) -> dict[str, Any] | str:
        answer: dict[str, Any] | str = getattr(self, f"_{operation}")(told)
        return answer

    def _DescribeStacks(self, _: dict[str, Any]) -> str:  # noqa: N802 - AWS's name
        if not self.status:
            raise RefusedError("ValidationError", "Stack with id sa does not exist")
        stack = f"<StackName>sa</StackName><StackStatus>{self.status}</StackStatus>"
        return _xml("DescribeStacks", f"<Stacks><member>{stack}</member></Stacks>")

    def _DeleteStack(self, _: dict[str, Any]) -> str:  # noqa: N802
        self.status = "DELETE_FAILED" if self.stuck else ""
        return _xml("DeleteStack", "")

    def _DescribeStackEvents(self, _: dict[str, Any]) -> str:  # noqa: N802
        event = (
            "<LogicalResourceId>Worker</LogicalResourceId><ResourceStatus>DELETE_FAILED"
            "</ResourceStatus><ResourceStatusReason>interface in use</ResourceStatusReason>"
        )
        return _xml("DescribeStackEvents", f"<StackEvents><member>{event}</member></StackEvents>")

    def _DescribeTable(self, told: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        if told["TableName"] not in self.tables:
            raise RefusedError("ResourceNotFoundException", "there is none")
        return {"Table": {"TableName": told["TableName"]}}

    def _Scan(self, told: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"Items": self.tables[told["TableName"]][: told["Limit"]]}

    def _UpdateTable(self, told: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        assert told["DeletionProtectionEnabled"] is False
        self.open.add(told["TableName"])
        return {}

    def _DeleteTable(self, told: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        if told["TableName"] not in self.open:
            raise RefusedError("ValidationException", "the table is protected against deletion")
        del self.tables[told["TableName"]]
        return {}

    def _CreateServiceLinkedRole(self, told: dict[str, Any]) -> str:  # noqa: N802
        assert told["AWSServiceName"] == OPENSEARCH
        if self.role:
            raise RefusedError("InvalidInput", "Service role name has been taken in this account")
        self.role = True
        return _xml("CreateServiceLinkedRole", "")


def _xml(operation: str, inside: str) -> str:
    result = f"<{operation}Result>{inside}</{operation}Result>"
    return f"<{operation}Response>{result}</{operation}Response>"


def room_in(account: Account) -> str:
    with loopback_aws(account) as aws:
        session = aws.session()
        return make_room(session.client("cloudformation"), session.client("dynamodb"), "sa")


def test_what_is_taken_out_of_the_file_is_deployed_as_the_templates_default() -> None:
    given = {"SlackBotTokenArn": "arn", "AlarmTopicArn": "", "LogDays": "90", "SubnetIds": "a,b"}
    found = whole(read(), given)
    assert set(found) == set(read()["Parameters"]), "SAM keeps the old value of what is not told"
    assert (found["LogDays"], found["SubnetIds"]) == ("90", "a,b")
    assert (found["RuntimeBucket"], found["AlarmTopicArn"], found["Model"]) == ("", "", "offline")


def test_a_first_deployment_that_failed_is_taken_away_with_its_empty_tables() -> None:
    account = Account("ROLLBACK_COMPLETE", {"sa-tenants": [], "sa-work": [], "other": []})
    assert room_in(account) == ""
    assert (account.status, set(account.tables)) == ("", {"other"})


def test_a_table_with_something_in_it_is_never_deleted() -> None:
    account = Account("ROLLBACK_COMPLETE", {"sa-tenants": [{"pk": {"S": "acme"}}], "sa-work": []})
    with pytest.raises(StackError, match="not empty: sa-tenants"):
        room_in(account)
    assert set(account.tables) == {"sa-tenants", "sa-work"}


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_a_stack_that_is_deployed_stays(status: str) -> None:
    account = Account(status, {"sa-tenants": []})
    assert room_in(account) == status
    assert set(account.tables) == {"sa-tenants"}


def test_a_data_plane_whose_creation_failed_makes_way_for_the_next() -> None:
    account = Account("ROLLBACK_FAILED")
    with loopback_aws(account) as aws:
        assert clear(aws.session().client("cloudformation"), "sa-data") == ""
    assert account.status == ""
    plane = read(NESTED / "data-plane.yaml")["Resources"]
    assert plane["Search"]["DeletionPolicy"] == "RetainExceptOnCreate"


def test_a_stack_that_cannot_be_deleted_is_told_with_what_stops_it() -> None:
    account = Account("CREATE_COMPLETE", stuck=True)
    with (
        loopback_aws(account) as aws,
        pytest.raises(StackError, match="Worker: interface in use"),
    ):
        delete(aws.session().client("cloudformation"), "sa")


def test_opensearch_has_its_role_before_a_domain_is_put_into_a_vpc() -> None:
    account = Account()
    with loopback_aws(account) as aws:
        iam = aws.session().client("iam")
        ready_opensearch(iam)
        ready_opensearch(iam)
    assert account.role


def test_tables_are_kept_and_belong_to_no_stack_that_is_left() -> None:
    nested, tables = read()["Resources"]["Tables"], read(NESTED / "tables.yaml")
    assert "DeletionPolicy" not in nested, "a table of a stack that is left can be imported nowhere"
    assert {one.get("DeletionPolicy") for one in tables["Resources"].values()} == {"Retain"}
