"""Stacks around a deployment: every parameter of one, what a failed one left, and its end."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from integrations.dynamodb_tables import TABLES

OPENSEARCH = "opensearchservice.amazonaws.com"
"""Whose service-linked role has to be there before a domain can be in a VPC. The console makes it,
CloudFormation does not ("Using service-linked roles", OpenSearch Service Developer Guide)."""


class StackError(Exception):
    """A stack is not as it has to be; says what is wrong, and what to do."""


def whole(template: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """Every parameter of a template: as it is given, or else its default.

    SAM keeps the last deployment's value of what it is not told, so that what was taken out of
    `deploy.toml` would go on as it was.
    """
    usual = {name: str(one.get("Default", "")) for name, one in template["Parameters"].items()}
    return usual | {name: value for name, value in given.items() if value}


def clear(cloudformation: Any, stack: str) -> str:
    """Delete a stack whose creation failed, as nothing else can be done with it.

    Returns:
        The status of the one that is there; empty: there is none, or none any more.

    Raises:
        StackError: a part of it stays, and why.
    """
    status = _status(cloudformation, stack)
    if status not in {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}:
        return status
    delete(cloudformation, stack)
    return ""


def make_room(cloudformation: Any, dynamodb: Any, stack: str) -> str:
    """Take away what a first deployment left that failed; the stack's status, empty without one.

    Its tables are kept, as all tables are, and would be in the way of the next: those that are
    empty go as well.

    Raises:
        StackError: there are tables with something in them, and no stack that they belong to.
    """
    if status := clear(cloudformation, stack):
        return status
    left = [name for name in (f"{stack}-{one.name}" for one in TABLES) if _is(dynamodb, name)]
    full = [name for name in left if dynamodb.scan(TableName=name, Limit=1)["Items"]]
    if full:
        raise StackError(
            f"there is no stack {stack}, but there are tables of one, and they are not empty:"
            f" {', '.join(full)}. Give the stack another name, or take them into a stack of this"
            ' name ("Import AWS resources into a CloudFormation stack"), or delete them'
        )
    for name in left:
        dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
        dynamodb.delete_table(TableName=name)
    for name in left:
        dynamodb.get_waiter("table_not_exists").wait(TableName=name)
    return ""


def delete(cloudformation: Any, stack: str) -> None:
    """Delete a stack, and wait until it is gone: an hour at most.

    Raises:
        StackError: it did not go; says which of its parts did not.
    """
    cloudformation.delete_stack(StackName=stack)
    try:
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack)
    except WaiterError as error:
        events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
        stuck = [
            f"{one['LogicalResourceId']}: {one.get('ResourceStatusReason', '')}"
            for one in events
            if one["ResourceStatus"] == "DELETE_FAILED"
        ]
        said = "\n".join(stuck[:10]) or "it is still being deleted"
        raise StackError(f"{stack} is not deleted; say it again later.\n{said}") from error


def ready_opensearch(iam: Any) -> None:
    """Make the role that OpenSearch Service enters a VPC with, unless the account has it."""
    try:
        iam.create_service_linked_role(AWSServiceName=OPENSEARCH)
    except ClientError as error:
        # Its name is taken: it is there.
        if error.response["Error"]["Code"] != "InvalidInput":
            raise


def _status(cloudformation: Any, stack: str) -> str:
    try:
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return ""
        raise
    return str(found[0]["StackStatus"])


def _is(dynamodb: Any, table: str) -> bool:
    try:
        dynamodb.describe_table(TableName=table)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return False
    return True
