"""DynamoDB as every engine here uses it: consistent reads, guarded writes, errors with our names.

What a lost answer does is settled here, because botocore sends a call again whose answer was lost:
a single write carries a mark (`w`) by which a refused repetition is known for our own, and a
transaction carries a token by which DynamoDB knows it again for ten minutes (botocore fills in
ClientRequestToken; DynamoDB API Reference, TransactWriteItems). Item sizes and limits are those of
the Developer Guide, "Quotas in Amazon DynamoDB".
"""

import random
import re
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from uuid import uuid4

from botocore.exceptions import ClientError

from integrations.aws import NO_ANSWER
from integrations.aws_errors import error_code, is_away, is_denied
from integrations.dynamodb_tables import TABLES, Table, definition
from integrations.errors import (
    DeniedByAwsError,
    InvalidSettingError,
    RejectedRecordError,
    SecurityAssistError,
    UnavailableError,
)

Item = dict[str, Any]
"""Attribute -> str, int, float or bytes."""

MOST_WRITES = 100
"""Of one transaction."""

LONGEST_SORT_KEY = 1024
LONGEST_PARTITION_KEY = 2048
_PACKED_FROM = 32_000
"""Bytes from which on a body is kept compressed: an item is at most 400 kB, and paid by size."""

_GET_AT_ONCE = 100
_TRIES = 40
_LONGEST_PAUSE_S = 0.25
_AWAY = {
    "ProvisionedThroughputExceededException",
    "TransactionConflictException",
    "TransactionInProgressException",
}
_LATER = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
"""Reasons of a cancelled transaction that say nothing of its conditions."""


class RefusedWriteError(SecurityAssistError):
    """A condition did not hold; nothing was written. Engines say what it means to their port."""

    def __init__(self, places: Sequence[int]) -> None:
        """`places` from 0: which writes of the transaction were refused."""
        super().__init__("somebody else wrote first")
        self.places = tuple(places)


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One write, or one check, of a transaction; `#name` and `:name` as DynamoDB has them."""

    kind: Literal["Put", "Delete", "Update", "ConditionCheck"]
    table: Table
    item: Item
    """The whole item to put; otherwise its key."""
    condition: str = ""
    change: str = ""
    """What an `Update` sets: `#a = :a, #b = :b`."""
    removed: str = ""
    """What an `Update` takes away: `#a`."""
    values: Mapping[str, Any] = field(default_factory=dict)


class Tables:
    """The tables of one prefix. One object serves all threads."""

    def __init__(
        self, client: Any, prefix: str, pause: Callable[[float], None] = time.sleep
    ) -> None:
        """`client` is boto3's for `dynamodb`; `pause` waits so many seconds."""
        self._client = client
        self._prefix = prefix
        self._pause = pause

    def prepare(self, *some: Table) -> None:
        """Make the tables (or some) that are not there, for local use; deployments have a template.

        Raises:
            DeniedByAwsError, UnavailableError: as every call.
        """
        for table in some or TABLES:
            told = definition(table, self._prefix)
            try:
                self._call("create_table", **told)
            except _ResourceInUseError:
                continue
            self._client.get_waiter("table_exists").wait(
                TableName=told["TableName"], WaiterConfig={"Delay": 1, "MaxAttempts": 60}
            )
            if table.expires:
                self._call(
                    "update_time_to_live",
                    TableName=told["TableName"],
                    TimeToLiveSpecification={"Enabled": True, "AttributeName": table.expires},
                )

    def tries(self, what: str) -> Iterator[int]:
        """Rounds of read, decide and write, with growing pauses; after the last it gives up.

        Raises:
            UnavailableError: others were faster every time.
        """
        for number in range(_TRIES):
            yield number
            longest = min(_LONGEST_PAUSE_S, 0.004 * 2 ** min(number, 10))
            self._pause(longest * random.uniform(0.1, 1.0))  # noqa: S311 - not a secret
        raise UnavailableError(f"{what} is written to by too many at once; try again")

    # -- reading

    def get(self, table: Table, pk: str, sk: str | int) -> Item | None:
        """One item as it is now; None where there is none, or could not be one."""
        if not is_key(pk, LONGEST_PARTITION_KEY) or not (isinstance(sk, int) or is_key(sk)):
            return None
        found = self._call(
            "get_item",
            TableName=self._name(table),
            Key=_attributes({"pk": pk, "sk": sk}),
            ConsistentRead=True,
        )
        return _item(found["Item"]) if "Item" in found else None

    def get_many(self, table: Table, keys: Sequence[tuple[str, str | int]]) -> list[Item]:
        """Those of the items that are there, in no order."""
        found: list[Item] = []
        for start in range(0, len(keys), _GET_AT_ONCE):
            some = keys[start : start + _GET_AT_ONCE]
            wanted = {
                self._name(table): {
                    "Keys": [_attributes({"pk": pk, "sk": sk}) for pk, sk in some],
                    "ConsistentRead": True,
                }
            }
            for _ in self.tries(table.name):
                answer = self._call("batch_get_item", RequestItems=wanted)
                found += map(_item, answer["Responses"].get(self._name(table), []))
                wanted = answer.get("UnprocessedKeys") or {}
                if not wanted:
                    break
        return found

    def query(
        self,
        table: Table,
        pk: str,
        *,
        after: str | int | None = None,
        begins: str = "",
        index: str = "",
        newest_first: bool = False,
    ) -> Iterator[Item]:
        """The items of a partition as they are now, by sort key, page by page."""
        sort = table.indexes[index] if index else "sk"
        clauses: list[str] = ["#pk = :pk"]
        values: Item = {"pk": pk}
        if after is not None:
            clauses, values = [*clauses, f"#{sort} > :after"], values | {"after": after}
        if begins:
            clauses, values = (
                [*clauses, f"begins_with(#{sort}, :begins)"],
                values | {"begins": begins},
            )
        condition = " AND ".join(clauses)
        yield from self._pages(
            "query",
            TableName=self._name(table),
            KeyConditionExpression=condition,
            ConsistentRead=True,
            ScanIndexForward=not newest_first,
            **({"IndexName": index} if index else {}),
            **_words(condition, values=values),
        )

    def scan(self, table: Table, where: str, values: Mapping[str, Any]) -> Iterator[Item]:
        """Every item of a table for which it is so; reads (and pays) all of it."""
        yield from self._pages(
            "scan",
            TableName=self._name(table),
            FilterExpression=where,
            ConsistentRead=True,
            **_words(where, values=values),
        )

    def _pages(self, operation: str, **wanted: Any) -> Iterator[Item]:
        start: dict[str, Any] = {}
        while True:
            page = self._call(operation, **wanted, **start)
            yield from map(_item, page["Items"])
            if not page.get("LastEvaluatedKey"):
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    # -- writing

    def write(self, write: Write) -> None:
        """One write on its condition.

        Raises:
            RefusedWriteError: the condition does not hold, and it is not this very write that was
                heard of before, its answer lost.
            RejectedRecordError: the item is too large.
        """
        mark = uuid4().hex
        item, change, values = write.item, write.change, dict(write.values)
        if write.kind == "Put":
            item = item | {"w": mark}
        elif write.kind == "Update":
            change, values = ", ".join(filter(None, [change, "#w = :w"])), values | {"w": mark}
        told = self._told(replace(write, item=item, change=change, values=values))
        operation = {"Put": "put_item", "Delete": "delete_item", "Update": "update_item"}
        for _ in self.tries(write.table.name):
            try:
                self._call(operation[write.kind], **told)
            except _ConditionFailedError as failed:
                if failed.held.get("w") != mark:
                    raise RefusedWriteError([0]) from None
            except _ConflictError:
                continue
            return

    def transact(self, writes: Sequence[Write]) -> None:
        """All of them or none, each on its condition; at most `MOST_WRITES`.

        Raises:
            RefusedWriteError: says whose conditions do not hold.
            RejectedRecordError: an item is too large.
        """
        told = [{write.kind: self._told(write)} for write in writes]
        for _ in self.tries(writes[0].table.name):
            try:
                self._call("transact_write_items", TransactItems=told)
            except _CancelledError as cancelled:
                places = [n for n, code in enumerate(cancelled.codes) if code == _FAILED]
                if places:
                    raise RefusedWriteError(places) from None
                continue
            return

    def _told(self, write: Write) -> dict[str, Any]:
        told: dict[str, Any] = {"TableName": self._name(write.table)}
        told["Item" if write.kind == "Put" else "Key"] = _attributes(write.item)
        if write.condition:
            told["ConditionExpression"] = write.condition
            told["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        if write.kind == "Update":
            changes = {"SET": write.change, "REMOVE": write.removed}
            told["UpdateExpression"] = " ".join(f"{k} {v}" for k, v in changes.items() if v)
        return told | _words(write.condition, write.change, write.removed, values=write.values)

    def _name(self, table: Table) -> str:
        return f"{self._prefix}-{table.name}"

    def _call(self, operation: str, **wanted: Any) -> dict[str, Any]:
        """One call, which botocore tries a few times; its errors in our words."""
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(**wanted)
        except ClientError as error:
            raise _named(error, operation, self._prefix) from error
        except NO_ANSWER as error:
            raise UnavailableError(f"DynamoDB did not answer ({type(error).__name__})") from error
        return answer


_FAILED = "ConditionalCheckFailed"


class _ConditionFailedError(SecurityAssistError):
    def __init__(self, held: Item) -> None:
        super().__init__(_FAILED)
        self.held = held


class _CancelledError(SecurityAssistError):
    def __init__(self, codes: Sequence[str]) -> None:
        super().__init__("the transaction was cancelled")
        self.codes = codes


class _ConflictError(UnavailableError):
    """A transaction is at the same item right now."""


class _ResourceInUseError(SecurityAssistError):
    """A table of that name is there."""


def _named(error: ClientError, operation: str, prefix: str) -> SecurityAssistError:
    answer: Any = error.response
    code, said = error_code(answer), str(answer.get("Error", {}).get("Message", ""))
    action = "".join(part.title() for part in operation.split("_"))
    own: dict[str, Callable[[], SecurityAssistError]] = {
        "ConditionalCheckFailedException": lambda: _ConditionFailedError(
            _item(answer.get("Item", {}))
        ),
        "TransactionCanceledException": lambda: _cancelled(answer),
        "TransactionConflictException": lambda: _ConflictError("somebody else is at that item"),
        "ResourceInUseException": lambda: _ResourceInUseError(said),
        "ResourceNotFoundException": lambda: InvalidSettingError(
            f"SECURITY_ASSIST_TABLES: there are no tables {prefix}-... there"
        ),
        "ValidationException": lambda: RejectedRecordError(f"{action} was refused: {said[:200]}"),
        "ItemCollectionSizeLimitExceededException": lambda: RejectedRecordError(
            "the requests of this tenant have reached 10 GB, and an index can hold no more"
        ),
    }
    if code in own:
        return own[code]()
    if is_denied(code):
        return DeniedByAwsError(f"dynamodb:{action}", "", code)
    # What is not known may pass: who tries again is bounded, and nothing was written.
    later = is_away(code) or code in _AWAY
    return UnavailableError(f"DynamoDB {'is not to be had now' if later else 'answered'} ({code})")


def _cancelled(answer: Any) -> SecurityAssistError:
    codes = [reason.get("Code", "None") for reason in answer.get("CancellationReasons", [])]
    if _FAILED in codes or (codes and set(codes) <= _LATER | {"None"}):
        return _CancelledError(codes)
    return RejectedRecordError(f"DynamoDB takes no such item ({', '.join(codes)})")


# -- items


def is_key(text: str, longest: int = LONGEST_SORT_KEY) -> bool:
    """Whether a text can be a key: not empty, characters only, not too long in UTF-8."""
    try:
        return 0 < len(text.encode()) <= longest
    except UnicodeEncodeError:
        return False


def packed(body: bytes) -> Item:
    """A body as attributes; a long one compressed."""
    return {"body": body} if len(body) < _PACKED_FROM else {"packed": zlib.compress(body)}


def unpacked(item: Item) -> bytes:
    """The body that `packed` took."""
    body: bytes = item["body"] if "body" in item else zlib.decompress(item["packed"])
    return body


def _attributes(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _attribute(value) for name, value in item.items()}


def _attribute(value: str | bytes | float) -> dict[str, Any]:
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bytes):
        return {"B": value}
    return {"N": repr(value)}


def _item(attributes: Mapping[str, Any]) -> Item:
    return {name: _value(typed) for name, typed in attributes.items()}


def _value(typed: Mapping[str, Any]) -> Any:
    ((kind, value),) = typed.items()
    if kind != "N":
        return value
    return int(value) if re.fullmatch(r"-?\d+", value) else float(value)


def _words(*expressions: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Every name is given apart, because many a plain one is a word of DynamoDB's own."""
    names = {name for text in expressions for name in re.findall(r"#(\w+)", text)}
    told: dict[str, Any] = {}
    if names:
        told["ExpressionAttributeNames"] = {f"#{name}": name for name in sorted(names)}
    if values:
        told["ExpressionAttributeValues"] = {
            f":{name}": _attribute(value) for name, value in values.items()
        }
    return told
