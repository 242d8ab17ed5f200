"""What only a real DynamoDB and SQS can tell: answers get lost, doors die, tables are changed."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from threading import Barrier, Thread
from typing import Any

import pytest

from integrations.connect import Connections
from integrations.conversations.dynamodb import DynamoConversationStore
from integrations.dynamodb import Tables
from integrations.dynamodb_tables import AUDIT, CONVERSATIONS, REMEDIATIONS, TENANTS, WORK
from integrations.errors import (
    InvalidSettingError,
    InvalidTenantError,
    RejectedRecordError,
    StaleWriteError,
    UnavailableError,
)
from integrations.remediations.audit import HUB
from integrations.remediations.dynamodb import DynamoRemediations
from integrations.settings import Settings
from integrations.tenants.dynamodb import DynamoTenantDirectory
from integrations.work.batch import work_through
from integrations.work.port import Job
from integrations.work.sqs import SqsWorkQueue, make_queue
from tests.builders import NOON, tenant
from tests.contract.engines import Clock
from tests.contract.hub import SqsApart, hub_client, mark_of, tables_of
from tests.real_engines import engine, hub_account
from tests.remediation_builders import LEASE, approved, entry, plan, remediation

JOB = Job("Ev1", "thread-1", "{}")


@contextmanager
def _answers_lost(*operations: str) -> Iterator[None]:
    """The first answer to each call is lost on its way, so that botocore sends the call again."""

    def lost(attempts: int, **_: Any) -> float | None:
        return 0.0 if attempts == 1 else None

    events = hub_client("dynamodb").meta.events
    names = [f"needs-retry.dynamodb.{operation}" for operation in operations]
    for name in names:
        events.register_first(name, lost)
    try:
        yield
    finally:
        for name in names:
            events.unregister(name, lost)


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


def test_a_write_whose_answer_was_lost_is_known_for_our_own(tmp_path: Path) -> None:
    tables = tables_of(tmp_path)
    store = DynamoRemediations(tables).of("acme")
    audit = DynamoRemediations(tables).audit_of("acme")
    conversations = DynamoConversationStore(tables, Clock())
    directory = DynamoTenantDirectory(tables)
    request = remediation()
    with _answers_lost("PutItem", "UpdateItem", "TransactWriteItems"):
        store.add(request)
        store.save(ready := request.approved("slack/T0001/UONCALL1", NOON))
        assert store.begin(ready.claimed("worker-1", NOON, LEASE), 5)
        assert [audit.append(entry(n)).number for n in range(3)] == [1, 2, 3]
        conversations.save("s-1", [], (), 0)
        directory.put(tenant())
        assert SqsApart(tmp_path, Clock()).put(JOB) is True
        with pytest.raises(StaleWriteError):
            store.save(request.rejected("slack/T0001/UONCALL2", NOON, "no"))
        with pytest.raises(StaleWriteError):
            conversations.save("s-1", [], (), 0)
    assert audit.verify().records == 3


def test_of_eight_workers_at_once_one_takes_over_a_lease(tmp_path: Path) -> None:
    tables = tables_of(tmp_path, REMEDIATIONS)
    store = DynamoRemediations(tables).of("acme")
    store.add(remediation())
    store.save(approved())
    held = approved().claimed("worker-0", NOON, LEASE)
    assert store.begin(held, 1)
    for number in range(1, 6):
        late = NOON + number * (LEASE + timedelta(seconds=1))
        won: list[str] = []
        ready = Barrier(8)

        def take_over(name: str) -> None:
            moved = store.get(held.id).claimed(name, late, LEASE)  # noqa: B023 - joined below
            ready.wait(20)  # noqa: B023
            try:
                store.save(moved)
            except StaleWriteError:
                return
            won.append(name)  # noqa: B023

        workers = [Thread(target=take_over, args=(f"worker-{number}-{n}",)) for n in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(30)
        run = store.get(held.id).fix
        assert run is not None
        assert won == [run.owner]


def test_a_tenant_with_hundreds_of_accounts_is_kept_whole(tmp_path: Path) -> None:
    directory = DynamoTenantDirectory(tables_of(tmp_path, TENANTS))
    first = [f"1{n:011}" for n in range(250)]
    second = [f"2{n:011}" for n in range(200)]
    directory.put(tenant("acme", *first))
    assert directory.get("acme").accounts == tuple(first)
    assert directory.put(tenant("acme", *second, first[7])) == directory.get("acme")
    assert directory.get("acme").accounts == (*second, first[7])
    assert {directory.owner_of(account) for account in (second[0], second[-1], first[7])} == {
        "acme"
    }
    assert {directory.owner_of(account) for account in (first[0], first[-1])} == {None}
    with pytest.raises(InvalidTenantError, match=f"{second[199]} of globex is acme's"):
        directory.put(tenant("globex", *first[100:220], second[199]))
    assert directory.owner_of(first[100]) is None


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda record, _: record | {"body": record["body"].replace(b"1", b"2")}, "changed"),
        (lambda record, _: record | {"remediation": "R-other"}, "filed under another"),
        (lambda record, _: record | {"previous": "0" * 64}, "does not follow"),
        (lambda _, records: records[0] | {"sk": 2}, "does not follow the one"),
        (None, "missing"),
    ],
)
def test_who_writes_into_the_audit_s_table_is_found_out(
    tmp_path: Path, harm: Callable[..., dict[str, Any]] | None, said: str
) -> None:
    tables = tables_of(tmp_path, REMEDIATIONS, AUDIT)
    audit = DynamoRemediations(tables).audit_of("acme")
    for number in range(3):
        audit.append(entry(number))
    records = list(tables.query(AUDIT, "acme"))
    raw = _Raw(tmp_path)
    if harm is None:
        raw.delete("audit", "acme", 2)
    else:
        raw.put("audit", harm(records[1], records))
    verdict = audit.verify()
    assert (verdict.whole, verdict.broken_at) == (False, 2)
    assert said in verdict.why


@pytest.mark.parametrize("cut", ["newest record", "head", "head put back", "all"])
def test_an_audit_that_lost_its_end_is_found_out(tmp_path: Path, cut: str) -> None:
    tables = tables_of(tmp_path, REMEDIATIONS, AUDIT)
    audit = DynamoRemediations(tables).audit_of("acme")
    kept = [audit.append(entry(number)) for number in range(3)]
    raw = _Raw(tmp_path)
    head = {"pk": "acme", "sk": "~audit", "number": 2, "hash": kept[1].hash}
    if cut == "newest record":
        raw.delete("audit", "acme", 3)
    elif cut == "head":
        raw.delete("remediations", "acme", "~audit")
    elif cut == "head put back":
        raw.put("remediations", head)
    else:
        raw.delete("remediations", "acme", "~audit")
        for number in (1, 2, 3):
            raw.delete("audit", "acme", number)
    assert not audit.verify(kept[-1].hash).whole
    if cut != "all":
        assert not audit.verify().whole


def test_a_long_request_is_kept_and_one_too_long_for_an_item_is_refused(tmp_path: Path) -> None:
    store = DynamoRemediations(tables_of(tmp_path, REMEDIATIONS)).of("acme")
    long = remediation(plan=plan(state={"Policy": "statement " * 100_000}))
    store.add(long)
    assert store.get(long.id) == long
    noise = Random(7).randbytes(500_000).hex()
    with pytest.raises(RejectedRecordError, match="size"):
        store.add(replace(long, id="R-2", plan=plan(state={"Policy": noise})))


def test_a_conversation_that_its_time_to_live_has_passed_is_still_itself(tmp_path: Path) -> None:
    clock = Clock()
    store = DynamoConversationStore(tables_of(tmp_path, CONVERSATIONS), clock)
    store.save("s-1", [{"role": "user"}], (), 0)
    clock.now += 10 * 365 * 86_400
    assert store.load("s-1").version == 1
    assert store.forget(86_400) == 1


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
    answer = work_through(queue, event, handle, lambda lease, _: queue.failed(lease, "boom"))
    assert sorted(did) == ["a1", "b1"]
    names = {r["messageId"] for r in event["Records"] if '"b1"' not in r["body"]}
    assert {one["itemIdentifier"] for one in answer["batchItemFailures"]} == names
    assert queue.waiting() == 2


def test_tables_that_are_not_there_and_an_endpoint_that_is_gone_have_their_names(
    tmp_path: Path,
) -> None:
    missing = Tables(hub_client("dynamodb"), mark_of(tmp_path) + "-nobody")
    with pytest.raises(InvalidSettingError, match="SECURITY_ASSIST_TABLES"):
        DynamoTenantDirectory(missing).tenants()
    with pytest.raises(InvalidSettingError, match="SECURITY_ASSIST_QUEUE"):
        SqsWorkQueue(
            hub_client("sqs"),
            "http://127.0.0.1/1/none.fifo",
            tables_of(tmp_path, WORK),
            Clock(),
        ).take(0)


def test_two_settings_put_everything_into_dynamodb_and_sqs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", hub_account())
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    mark, url = mark_of(tmp_path), engine("hub")["url"]
    queue = make_queue(hub_client("sqs"), mark)
    settings = Settings(
        state=tmp_path, tables=f"dynamodb://us-east-1/{mark}?endpoint={url}", queue=queue
    )
    with Connections(settings) as connections:
        connections.directory.put(tenant())
        connections.systems("acme").remediations.add(remediation())
        connections.hub_audit().append(entry(1))
        connections.conversations().save("s-1", [], (), 0)
        assert connections.work().put(JOB) is True
    kept = tables_of(tmp_path)
    assert DynamoTenantDirectory(kept).get("acme")
    assert DynamoRemediations(kept).of("acme").get(remediation().id)
    assert DynamoRemediations(kept).audit_of(HUB).verify().records == 1
    assert DynamoConversationStore(kept, Clock()).load("s-1").version == 1
    assert not list(tmp_path.glob("[!f]*.sqlite")), "nothing of it is in files"


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


class _Raw:
    """The tables, as somebody with a console has them."""

    def __init__(self, folder: Path) -> None:
        self._client = hub_client("dynamodb")
        self._mark = mark_of(folder)

    def put(self, table: str, item: dict[str, Any]) -> None:
        """Put over whatever stands there."""
        typed = {name: _typed(value) for name, value in item.items()}
        self._client.put_item(TableName=f"{self._mark}-{table}", Item=typed)

    def delete(self, table: str, pk: str, sk: str | int) -> None:
        """Take out an item."""
        key = {"pk": _typed(pk), "sk": _typed(sk)}
        self._client.delete_item(TableName=f"{self._mark}-{table}", Key=key)


def _typed(value: str | int | bytes) -> dict[str, Any]:
    if isinstance(value, bytes):
        return {"B": value}
    return {"N": str(value)} if isinstance(value, int) else {"S": value}
