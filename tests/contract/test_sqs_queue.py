"""The queue in SQS: doors that die between record and message, messages twice, Lambda's batches.

Where the hub's emulator differs from AWS: it takes a receipt whose visibility has run out, which
SQS refuses for a FIFO queue; that refusal is put in its place here.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from integrations.dynamodb_tables import WORK
from integrations.errors import (
    UnavailableError,
)
from integrations.work.batch import work_through
from integrations.work.port import Job
from integrations.work.sqs import SqsWorkQueue
from tests.contract.engines import Clock
from tests.contract.hub import SqsApart, hub_client, tables_of

JOB = Job("Ev1", "thread-1", "{}")


class _FailingOnce:
    """A client whose first call of one operation does not come through, or its answer does not."""

    def __init__(self, client: Any, operation: str, *, served: bool) -> None:
        self._client = client
        self._operation = operation
        self._served = served

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call: Callable[..., Any] = getattr(self._client, name)
        if name != self._operation:
            return call
        self._operation = ""

        def fails(**wanted: Any) -> Any:
            if self._served:
                call(**wanted)
            raise UnavailableError("the door died here")

        return fails


class _ReceiptsRunOut:
    """SQS, as it answers who deletes a message of a FIFO queue too late."""

    def delete_message(self, **_: Any) -> Any:
        said = "Value ... for parameter ReceiptHandle is invalid. Reason: ... has expired."
        told: Any = {"Error": {"Code": "InvalidParameterValue", "Message": said}}
        raise ClientError(told, "DeleteMessage")


@pytest.mark.parametrize("lost", ["the call", "its answer"])
def test_a_delivery_whose_door_died_while_it_was_sent_becomes_one_job(
    tmp_path: Path, lost: str
) -> None:
    served = lost == "its answer"
    clock = Clock()
    queue = SqsApart(tmp_path, clock)
    sqs, tables = hub_client("sqs"), tables_of(tmp_path, WORK)
    dying = SqsWorkQueue(
        _FailingOnce(sqs, "send_message", served=served), queue.queue, tables, clock
    )
    with pytest.raises(UnavailableError):
        dying.put(JOB)
    assert queue.waiting() == int(served)
    clock.now += 60
    assert queue.put(JOB) is False, "it was put before"
    assert queue.waiting() == 1, "and is in the queue now, once"
    lease = queue.take(0)
    assert lease is not None
    assert lease.job == JOB
    queue.done(lease)
    assert queue.put(JOB) is False
    assert queue.take(0) is None


def test_a_finished_job_whose_message_cannot_be_deleted_any_more_is_dropped_later(
    tmp_path: Path,
) -> None:
    queue = SqsApart(tmp_path, Clock())
    queue.put(JOB)
    slow = queue.take(0)
    assert slow is not None
    queue._show(slow, 0)
    late = SqsWorkQueue(
        _ReceiptsRunOut(), queue.queue, tables_of(tmp_path, WORK), Clock(), attempts=3
    )
    late.done(slow)
    assert queue.waiting() == 1, "its message is still there"
    assert queue.take(0) is None
    assert (queue.waiting(), queue.dead()) == (0, [])


def test_a_second_message_of_a_job_is_dropped_once_the_job_is_done(tmp_path: Path) -> None:
    queue = SqsApart(tmp_path, Clock())
    queue.put(JOB)
    # What SQS takes when its five minutes are over: the same job, known by nothing of SQS's own.
    body = json.dumps({"id": JOB.id, "group": JOB.group, "body": JOB.body})
    hub_client("sqs").send_message(
        QueueUrl=queue.queue, MessageBody=body, MessageGroupId="g", MessageDeduplicationId="later"
    )
    first = queue.take(0)
    assert first is not None
    (message,) = _received(queue)
    assert queue.lease_of(message["Body"], 1, message["ReceiptHandle"]) is None, "it is in work"
    assert queue.waiting() == 2
    queue.done(first)
    assert queue.lease_of(message["Body"], 2, message["ReceiptHandle"]) is None
    assert queue.waiting() == 0


def test_a_job_s_id_is_forgotten_after_its_day(tmp_path: Path) -> None:
    clock = Clock()
    queue = SqsApart(tmp_path, clock)
    queue.put(JOB)
    lease = queue.take(0)
    assert lease is not None
    queue.done(lease)
    clock.now += 86_399
    assert queue.put(JOB) is False
    clock.now += 2
    assert queue.put(JOB) is True


def test_what_is_no_job_is_kept_aside(tmp_path: Path) -> None:
    queue = SqsApart(tmp_path, Clock())
    hub_client("sqs").send_message(
        QueueUrl=queue.queue, MessageBody="[]", MessageGroupId="g", MessageDeduplicationId="d"
    )
    queue.put(JOB)
    lease = queue.take(0)
    assert lease is not None
    assert lease.job == JOB
    assert [(job.body, reason) for job, reason in queue.dead()] == [("[]", "it is no job")]


def test_a_batch_stops_a_group_at_its_first_failure_and_goes_on_with_others(
    tmp_path: Path,
) -> None:
    queue = SqsApart(tmp_path, Clock())
    for name, group in (("a1", "a"), ("a2", "a"), ("b1", "b")):
        queue.put(Job(name, group, "{}"))
    did: list[str] = []

    def handle(job: Job) -> None:
        did.append(job.id)
        if job.id == "a1":
            raise ValueError("boom")

    event = {"Records": [_record(m) for m in _received(queue)]}
    assert len(event["Records"]) == 3
    unknown: list[str] = []
    answer = work_through(
        queue,
        event,
        handle,
        lambda lease, _: queue.failed(lease, "boom"),
        lambda message, *_: unknown.append(message),
    )
    assert unknown == []
    assert sorted(did) == ["a1", "b1"]
    names = {r["messageId"] for r in event["Records"] if '"b1"' not in r["body"]}
    assert {one["itemIdentifier"] for one in answer["batchItemFailures"]} == names
    assert queue.waiting() == 2


def _received(queue: SqsApart) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for _ in range(3):
        answer = hub_client("sqs").receive_message(
            QueueUrl=queue.queue,
            MaxNumberOfMessages=10,
            MessageSystemAttributeNames=["All"],
        )
        found += answer.get("Messages", [])
    return found


def _record(message: dict[str, Any]) -> dict[str, Any]:
    """A message as Lambda is given it."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
    }
