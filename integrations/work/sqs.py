"""The work queue in SQS FIFO, with what SQS forgets after five minutes kept in DynamoDB.

    table  pk                sk             beside
    work   sha256 of the id  job            state, put_at, attempt, reason, expires
    work   dead              time#digest    job (JSON), reason

SQS orders the jobs of a group, hands out one of a group at a time, and hands one out again when its
visibility has run out. It refuses a second message of one MessageDeduplicationId for five minutes
only (SQS Developer Guide, "Exactly-once processing"), and platforms deliver again for an hour; so
the record in DynamoDB is written first, as `sending`, and says `sent` once SQS has the message.

A door that dies between the two leaves `sending`: it has not answered its platform, so the delivery
comes again, finds `sending`, and sends. Within five minutes SQS refuses a second message itself; a
later one stands behind the first in its group, where `take` finds the job done, and drops it. So at
whatever point a door dies, no delivery is lost, and none becomes two jobs.

What a lease is worth is decided by the record too: it holds the newest attempt (SQS's
ApproximateReceiveCount), and who comes with an older one changes nothing. A finished job's message
that could not be deleted any more, its visibility having run out, is dropped when it comes again.
What is given up is kept in DynamoDB, because SQS keeps a message for 14 days at most.
"""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError
from typing_extensions import override

from integrations.aws import NO_ANSWER
from integrations.aws_errors import error_code, is_denied
from integrations.dynamodb import Item, RefusedWriteError, Tables, Write
from integrations.dynamodb_tables import WORK
from integrations.errors import (
    DeniedByAwsError,
    InvalidSettingError,
    NotFoundError,
    RejectedRecordError,
    UnavailableError,
)
from integrations.work.port import DEDUPE_S, Job, Lease, WorkQueue
from integrations.work.sqs_jobs import (
    DEAD,
    DONE,
    SENDING,
    SENT,
    digest,
    held_by,
    job_in,
    key_of,
    text_of,
)

_LONGEST_WAIT_S = 15
"""Below the time after which a client gives up reading; SQS itself waits 20 at most."""

_WORKER_ENDED = "its worker ended before it was done"
_KEPT_S, _AT_ONCE, _LONGEST_REASON = 14 * 86_400, 10, 2_000
_URL = re.compile(r"(?P<host>https?://[^/\s?#]+)/\d{1,12}/[A-Za-z0-9_-]{1,75}\.fifo")
_OWN = re.compile(r"\.amazonaws\.com(\.cn)?$")
_GONE = {"ReceiptHandleIsInvalid", "InvalidParameterValue", "MessageNotInflight"}
"""What SQS says of a receipt whose visibility has run out."""


class SqsWorkQueue(WorkQueue):
    """One queue; one object serves all threads of a process."""

    def __init__(
        self,
        client: Any,
        url: str,
        tables: Tables,
        clock: Callable[[], float],
        *,
        lease_s: float = 60.0,
        attempts: int = 3,
        pauses_s: Sequence[int] = (0,),
    ) -> None:
        """`client` is boto3's for `sqs`; the queue and the tables are there already.

        `clock` gives seconds since the epoch. `lease_s` is the visibility that `take` asks for.
        `attempts` should be the queue's maxReceiveCount: SQS puts aside itself what more often
        kills its worker. `pauses_s`: after so long what failed comes again, the last for all later.
        """
        self._client = client
        self._url = url
        self._tables = tables
        self._clock = clock
        self._lease_s = lease_s
        self._attempts = attempts
        self._pauses_s = pauses_s

    @override
    def put(self, job: Job) -> bool:
        now = self._clock()
        new = Write(
            kind="Put",
            table=WORK,
            item={**key_of(job.id), "state": SENDING, "put_at": now},
            condition="attribute_not_exists(#pk) OR (#state = :done AND #put_at < :forgotten)",
            values={"done": DONE, "forgotten": now - DEDUPE_S},
        )
        try:
            self._tables.write(new)
        except RefusedWriteError:
            held = self._held(job.id)
            if held["state"] != SENDING:
                return False
            fresh = False
        else:
            fresh = True
        self._send(job)
        self._mark(job.id, SENT, "#state = :before", {"before": SENDING})
        return fresh

    def _send(self, job: Job, again: str = "") -> None:
        self._call(
            "send_message",
            QueueUrl=self._url,
            MessageBody=text_of(job),
            MessageGroupId=digest(job.group),
            MessageDeduplicationId=digest(job.id + again),
        )

    @override
    def take(self, timeout_s: float) -> Lease | None:
        left = timeout_s
        while True:
            wait = min(math.ceil(left), _LONGEST_WAIT_S)
            answer = self._call(
                "receive_message",
                QueueUrl=self._url,
                MaxNumberOfMessages=1,
                WaitTimeSeconds=wait,
                VisibilityTimeout=math.ceil(self._lease_s),
                MessageSystemAttributeNames=["ApproximateReceiveCount"],
            )
            for message in answer.get("Messages", []):
                lease = self.lease_of(
                    message["Body"],
                    int(message["Attributes"]["ApproximateReceiveCount"]),
                    message["ReceiptHandle"],
                )
                if lease is not None:
                    return lease
            if not answer.get("Messages"):
                left -= max(wait, 1)
                if left <= 0:
                    return None

    def lease_of(self, body: str, attempt: int, receipt: str) -> Lease | None:
        """The lease of a message that was handed out, by `take` or by Lambda's own poller.

        None: there is nothing to do about it (any more); where it was done or given up, it is gone
        from the queue now.
        """
        job = job_in(body)
        if job is None:
            self._set_aside(Job(digest(body), "", body), "it is no job", None)
            self._delete(receipt)
            return None
        if attempt > self._attempts:
            self._set_aside(job, _WORKER_ENDED, None)
            self._delete(receipt)
            return None
        free = "(attribute_not_exists(#state) OR #state = :sending OR #state = :sent)"
        newer = "(attribute_not_exists(#attempt) OR #attempt < :attempt)"
        now = self._clock()
        try:
            self._tables.write(
                Write(
                    kind="Update",
                    table=WORK,
                    item=key_of(job.id),
                    condition=f"{free} AND {newer}",
                    change="#state = :sent, #attempt = :attempt,"
                    " #put_at = if_not_exists(#put_at, :now)",
                    values={"sending": SENDING, "sent": SENT, "attempt": attempt, "now": now},
                )
            )
        except RefusedWriteError:
            if self._held(job.id)["state"] in {DONE, DEAD}:
                self._delete(receipt)
            return None
        return Lease(job, attempt, receipt)

    @override
    def extend(self, lease: Lease) -> bool:
        held = self._held(lease.job.id)
        if (held["state"], held.get("attempt")) != (SENT, lease.attempt):
            return False
        return bool(self._show(lease, math.ceil(self._lease_s)))

    @override
    def done(self, lease: Lease) -> None:
        if self._mark(lease.job.id, DONE, *held_by(lease)):
            self._delete(str(lease.token))

    @override
    def failed(self, lease: Lease, reason: str) -> None:
        if lease.attempt >= self._attempts:
            if self._set_aside(lease.job, reason, lease):
                self._delete(str(lease.token))
        elif self._mark(lease.job.id, SENT, *held_by(lease), reason=reason):
            self._show(lease, self._pauses_s[min(lease.attempt, len(self._pauses_s)) - 1])

    @override
    def waiting(self) -> int:
        names = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ]
        answer = self._call("get_queue_attributes", QueueUrl=self._url, AttributeNames=names)
        return sum(int(answer["Attributes"].get(name, 0)) for name in names)

    @override
    def dead(self) -> list[tuple[Job, str]]:
        self._empty_dead_letters()
        found: list[tuple[Job, str]] = []
        for item in self._tables.query(WORK, "dead"):
            job = job_in(item["job"]) or Job("", "", item["job"])
            found.append((job, item["reason"]))
        return found

    @override
    def again(self, job_id: str) -> None:
        aside = [i for i in self._tables.query(WORK, "dead") if i["sk"].endswith(digest(job_id))]
        job = job_in(aside[0]["job"]) if aside else None
        if job is None:
            raise NotFoundError(f"no job {job_id[:80]} is kept aside")
        # What is cut off before the end is listed still, and goes on when it is asked for again.
        begun = Write(
            kind="Update",
            table=WORK,
            item=key_of(job_id),
            condition="#state = :dead OR #state = :sending",
            change="#state = :sending, #put_at = :now",
            removed="#attempt, #reason",
            values={"dead": DEAD, "sending": SENDING, "now": self._clock()},
        )
        try:
            self._tables.write(begun)
        except RefusedWriteError:
            pass  # It was sent, and only not forgotten yet.
        else:
            # By a name of its own: SQS drops what comes twice by one name within five minutes.
            self._send(job, again=f"{self._clock()}")
            self._mark(job_id, SENT, "#state = :before", {"before": SENDING})
        place: Item = {"pk": "dead", "sk": aside[0]["sk"]}
        self._tables.write(Write(kind="Delete", table=WORK, item=place))

    def close(self) -> None:
        """Nothing is held open."""

    def _held(self, job_id: str) -> Item:
        key = key_of(job_id)
        # One that expired this very moment was done long ago.
        return self._tables.get(WORK, key["pk"], key["sk"]) or {"state": DONE}

    def _mark(
        self, job_id: str, state: str, condition: str, values: Item, reason: str = ""
    ) -> bool:
        """False when the condition does not hold: somebody else has moved the job on."""
        change, values = "#state = :state", values | {"state": state}
        if state == DONE:
            change += ", #expires = :expires"
            values |= {"expires": int(self._clock() + DEDUPE_S)}
        if reason:
            change += ", #reason = :reason"
            values |= {"reason": reason[:_LONGEST_REASON]}
        try:
            self._tables.write(
                Write(
                    kind="Update",
                    table=WORK,
                    item=key_of(job_id),
                    condition=condition,
                    change=change,
                    values=values,
                )
            )
        except RefusedWriteError:
            return False
        return True

    def _set_aside(self, job: Job, reason: str, lease: Lease | None) -> bool:
        """Keep a job aside, once; False when it was finished or given to somebody else."""
        if lease is None:
            reason = self._held(job.id).get("reason", reason)
            condition, values = "attribute_not_exists(#state) OR #state = :sent", {"sent": SENT}
            condition += " OR #state = :sending"
            values |= {"sending": SENDING}
        else:
            condition, values = held_by(lease)
        now = self._clock()
        moved = Write(
            kind="Update",
            table=WORK,
            item=key_of(job.id),
            condition=condition,
            change="#state = :dead, #put_at = if_not_exists(#put_at, :now)",
            values=values | {"dead": DEAD, "now": now},
        )
        kept: Item = {"pk": "dead", "sk": f"{now:017.6f}#{digest(job.id)}"}
        kept |= {"job": text_of(job), "reason": reason[:_LONGEST_REASON]}
        try:
            self._tables.transact([moved, Write(kind="Put", table=WORK, item=kept)])
        except RefusedWriteError:
            return False
        return True

    def _empty_dead_letters(self) -> None:
        """What SQS put aside itself is kept with the others."""
        url = self._dead_letter_url()
        while url:
            answer = self._call(
                "receive_message", QueueUrl=url, MaxNumberOfMessages=_AT_ONCE, VisibilityTimeout=60
            )
            if not answer.get("Messages"):
                return
            for message in answer["Messages"]:
                job = job_in(message["Body"]) or Job(digest(message["Body"]), "", message["Body"])
                self._set_aside(job, _WORKER_ENDED, None)
                self._delete(message["ReceiptHandle"], url)

    def _dead_letter_url(self) -> str:
        answer = self._call(
            "get_queue_attributes", QueueUrl=self._url, AttributeNames=["RedrivePolicy"]
        )
        policy = json.loads(answer.get("Attributes", {}).get("RedrivePolicy", "{}"))
        if "deadLetterTargetArn" not in policy:
            return ""
        *_, account, name = policy["deadLetterTargetArn"].split(":")
        found = self._call("get_queue_url", QueueName=name, QueueOwnerAWSAccountId=account)
        return str(found["QueueUrl"])

    def _delete(self, receipt: str, url: str = "") -> None:
        self._call("delete_message", QueueUrl=url or self._url, ReceiptHandle=receipt)

    def _show(self, lease: Lease, in_s: int) -> Mapping[str, Any]:
        """What SQS answers; nothing where the visibility has run out."""
        return self._call(
            "change_message_visibility",
            QueueUrl=self._url,
            ReceiptHandle=lease.token,
            VisibilityTimeout=in_s,
        )

    def _call(self, operation: str, **wanted: Any) -> Mapping[str, Any]:
        try:
            answer: Mapping[str, Any] = getattr(self._client, operation)(**wanted)
        except ClientError as error:
            told: Any = error.response
            code = error_code(told).removeprefix("AWS.SimpleQueueService.")
            if code in _GONE and "ReceiptHandle" in wanted:
                return {}
            if code in {"NonExistentQueue", "QueueDoesNotExist"}:
                raise InvalidSettingError(f"SECURITY_ASSIST_QUEUE: no queue {self._url}") from error
            if code in {"InvalidParameterValue", "InvalidMessageContents"}:
                said = str(told["Error"].get("Message", ""))[:200]
                raise RejectedRecordError(f"SQS takes no such job ({code}: {said})") from error
            if is_denied(code):
                action = "".join(part.title() for part in operation.split("_"))
                raise DeniedByAwsError(f"sqs:{action}", "", code) from error
            raise UnavailableError(f"SQS is not to be had now ({code})") from error
        except NO_ANSWER as error:
            raise UnavailableError(f"SQS did not answer ({type(error).__name__})") from error
        return answer


def endpoint_of(url: str) -> str | None:
    """The endpoint of a queue's URL; None where it is AWS's own.

    Raises:
        InvalidSettingError: it is not the URL of a FIFO queue.
    """
    told = _URL.fullmatch(url)
    if told is None:
        raise InvalidSettingError(
            f"SECURITY_ASSIST_QUEUE is the URL of a FIFO queue, https://.../NAME.fifo, not {url!r}"
        )
    return None if _OWN.search(told["host"]) else told["host"]


def make_queue(client: Any, name: str, *, lease_s: float = 60.0, attempts: int = 3) -> str:
    """Make a FIFO queue and the one for its dead letters, for local use; the first one's URL."""
    fifo = {"FifoQueue": "true", "MessageRetentionPeriod": str(_KEPT_S)}
    dead = client.create_queue(QueueName=f"{name}-dead.fifo", Attributes=fifo)["QueueUrl"]
    told = client.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
    redrive = {
        "deadLetterTargetArn": told["Attributes"]["QueueArn"],
        "maxReceiveCount": str(attempts),
    }
    own = {"VisibilityTimeout": str(math.ceil(lease_s)), "RedrivePolicy": json.dumps(redrive)}
    made = client.create_queue(QueueName=f"{name}.fifo", Attributes=fifo | own)
    return str(made["QueueUrl"])
