"""What a Lambda function does with a batch that SQS's event source mapping brings.

The mapping has to have `ReportBatchItemFailures`. Shapes: Lambda Developer Guide, "Using Lambda
with Amazon SQS". For a FIFO queue a batch of one is best: what stands in a batch behind a job that
failed comes again untried, and SQS counts that as an attempt.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

from integrations.errors import UnavailableError
from integrations.work.port import Job, Lease


@runtime_checkable
class BatchQueue(Protocol):
    """The queue that the batch came from."""

    def lease_of(self, body: str, attempt: int, receipt: str) -> Lease | None:
        """The lease of a message; None where there is nothing to do about it any more."""
        ...

    def done(self, lease: Lease) -> None:
        """The job is finished."""
        ...

    def failed(self, lease: Lease, reason: str) -> None:
        """The job failed: it comes again, or is kept aside with the reason."""
        ...


def work_through(
    queue: BatchQueue,
    event: Mapping[str, Any],
    handle: Callable[[Job], None],
    failed: Callable[[Lease, Exception], None],
    unknown: Callable[[str, int, UnavailableError], None],
) -> dict[str, list[dict[str, str]]]:
    """Do the jobs of a batch in order; the answer names the messages that are not finished.

    `handle` does one job; what it raises goes to `failed`, which tells the queue and the log.
    `unknown` hears of a message (its text, and the how manieth time it came) of which the queue
    cannot tell now whether it is to be done.
    After a failure the rest of its group is left for the next batch, so that order is kept.
    """
    left: list[dict[str, str]] = []
    stopped: set[str] = set()
    for record in event["Records"]:
        told = record["attributes"]
        group, name = told["MessageGroupId"], {"itemIdentifier": record["messageId"]}
        if group in stopped:
            left.append(name)
            continue
        attempt = int(told["ApproximateReceiveCount"])
        try:
            lease = queue.lease_of(record["body"], attempt, record["receiptHandle"])
        except UnavailableError as error:
            unknown(record["body"], attempt, error)
            stopped.add(group)
            left.append(name)
            continue
        if lease is None:
            # It is gone from the queue, or somebody has it: not Lambda's to delete either way.
            left.append(name)
            continue
        try:
            handle(lease.job)
        except Exception as error:  # noqa: BLE001 - a door: the next group is served whatever this one did
            failed(lease, error)
            stopped.add(group)
            left.append(name)
        else:
            queue.done(lease)
    return {"batchItemFailures": left}
