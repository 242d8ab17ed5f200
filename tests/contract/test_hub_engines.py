"""What only a real DynamoDB and SQS can tell: answers get lost, doors die, tables are changed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from threading import Barrier, Thread
from typing import Any

import pytest
from botocore.exceptions import ClientError

from integrations.connect import Connections
from integrations.conversations.dynamodb import DynamoConversationStore
from integrations.dynamodb import Tables
from integrations.dynamodb_tables import AUDIT, CONVERSATIONS, REMEDIATIONS, TENANTS, WORK
from integrations.errors import (
    InvalidSettingError,
    InvalidTenantError,
    RejectedRecordError,
    StaleWriteError,
)
from integrations.remediations.audit import HUB
from integrations.remediations.dynamodb import DynamoRemediations
from integrations.settings import Settings
from integrations.tenants.dynamodb import DynamoTenantDirectory
from integrations.work.port import Job
from integrations.work.sqs import SqsWorkQueue, make_queue
from tests.builders import NOON, tenant
from tests.contract.engines import Clock
from tests.contract.hub import SqsApart, hub_client, hub_client_as, mark_of, tables_of
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


def test_a_role_without_a_right_to_change_the_audit_can_write_it(tmp_path: Path) -> None:
    tables_of(tmp_path, REMEDIATIONS, AUDIT)
    own = f"arn:aws:dynamodb:us-east-1:{hub_account()}:table/{mark_of(tmp_path)}"
    rights = {
        f"{own}-audit": ["PutItem", "Query", "BatchGetItem"],
        f"{own}-remediations": ["PutItem", "GetItem"],
    }
    client = hub_client_as(mark_of(tmp_path), rights)
    audit = DynamoRemediations(Tables(client, mark_of(tmp_path))).audit_of("acme")
    assert [audit.append(entry(n, remediation="R-1")).number for n in range(2)] == [1, 2]
    assert len(list(audit.records(remediation="R-1"))) == 2
    assert audit.verify().whole
    key = {"pk": {"S": "acme"}, "sk": {"N": "1"}}
    with pytest.raises(ClientError, match="AccessDenied"):
        client.delete_item(TableName=f"{mark_of(tmp_path)}-audit", Key=key)


def test_tables_and_a_queue_that_are_not_there_are_told_by_their_setting(
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
