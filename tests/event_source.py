"""What Lambda's event source mapping does with a FIFO queue of SQS, one batch of one at a time."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

Record = dict[str, Any]
Take = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""A function: from an event with `Records` to `{"batchItemFailures": [...]}`."""


def received(sqs: Any, queue: str, *, wait_s: int = 1, **more: Any) -> list[Record]:
    """The next message, if there is one within `wait_s`, as a function is given it."""
    told = sqs.receive_message(
        QueueUrl=queue,
        MaxNumberOfMessages=1,
        WaitTimeSeconds=wait_s,
        MessageSystemAttributeNames=["All"],
        **more,
    )
    return [
        {
            "messageId": one["MessageId"],
            "receiptHandle": one["ReceiptHandle"],
            "body": one["Body"],
            "attributes": one["Attributes"],
            "eventSource": "aws:sqs",
        }
        for one in told.get("Messages", [])
    ]


def brought(sqs: Any, queue: str, records: Sequence[Record], take: Take) -> Mapping[str, Any]:
    """Hand records over, and delete what the answer does not name as left undone; the answer."""
    answer = take({"Records": records})
    left = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
    for one in records:
        if one["messageId"] not in left:
            # The worker may have been done with it, and deleted it itself.
            with suppress(ClientError):
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=one["receiptHandle"])
    return answer


def left_in(sqs: Any, *queues: str) -> int:
    """Messages that wait or are in hand."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    total = 0
    for url in queues:
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
        total += sum(int(count) for count in told["Attributes"].values())
    return total
