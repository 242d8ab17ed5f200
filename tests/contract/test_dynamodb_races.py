"""DynamoDB's engines, overtaken between what they read and what they write: one of the two wins."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest
from typing_extensions import override

from integrations.conversations.dynamodb import DynamoConversationStore
from integrations.deadletters.dynamodb import DynamoDeadLetters
from integrations.deadletters.port import FINDINGS, DeadLetter, letter
from integrations.dynamodb import Tables, Write
from integrations.dynamodb_tables import PIPELINES
from integrations.errors import InvalidTenantError, StaleWriteError
from integrations.remediations.dynamodb import DynamoRemediations
from integrations.remediations.port import Remediation, RemediationStore
from integrations.tenants.dynamodb import DynamoTenantDirectory
from tests.builders import ACCOUNT, NOON, tenant
from tests.contract.engines import Clock
from tests.contract.hub import hub_client, mark_of, tables_of
from tests.remediation_builders import LEASE, approved, entry, plan, remediation


class _Overtaken(Tables):
    """Tables at which somebody else acts right before the first write."""

    def __init__(self, folder: Path, other: Callable[[], object]) -> None:
        super().__init__(hub_client("dynamodb"), mark_of(folder), lambda _: None)
        self._other: Callable[[], object] | None = other

    @override
    def write(self, write: Write) -> None:
        self._let_other_act()
        super().write(write)

    @override
    def transact(self, writes: Sequence[Write]) -> None:
        self._let_other_act()
        super().transact(writes)

    def _let_other_act(self) -> None:
        other, self._other = self._other, None
        if other is not None:
            other()


def _ready(store: RemediationStore, request_id: str, resource: str) -> Remediation:
    request = remediation(request_id, plan=plan(resource=resource))
    store.add(request)
    store.save(moved := request.approved("slack/T0001/UONCALL1", NOON))
    return moved.claimed(f"worker of {request_id}", NOON, LEASE)


def test_two_who_decide_about_one_request_do_not_both_win(tmp_path: Path) -> None:
    store = DynamoRemediations(tables_of(tmp_path)).of("acme")
    store.add(remediation())
    rejected = remediation().rejected("slack/T0001/UONCALL2", NOON, "no")
    slow = DynamoRemediations(_Overtaken(tmp_path, lambda: store.save(rejected))).of("acme")
    with pytest.raises(StaleWriteError):
        slow.save(approved())
    assert store.get(rejected.id) == rejected


@pytest.mark.parametrize(("resource", "at_most"), [("group-1", None), ("group-2", 1)])
def test_two_who_begin_at_once_share_neither_a_resource_nor_the_last_place(
    tmp_path: Path, resource: str, at_most: int | None
) -> None:
    store = DynamoRemediations(tables_of(tmp_path)).of("acme")
    one, two = _ready(store, "R-1", "group-1"), _ready(store, "R-2", resource)
    # What has been at work before leaves an item behind: that it is there is not enough.
    store.begin(other := _ready(store, "R-0", "group-0"), None)
    store.save(other.failed(f"worker of {other.id}", NOON, "boom"))
    slow = DynamoRemediations(_Overtaken(tmp_path, lambda: store.begin(two, at_most))).of("acme")
    assert slow.begin(one, at_most) is False
    assert store.get("R-2") == two
    store.save(two.failed("worker of R-2", NOON, "boom"))
    assert store.begin(one, at_most) is True


def test_who_ends_while_another_begins_leaves_the_other_at_work(tmp_path: Path) -> None:
    store = DynamoRemediations(tables_of(tmp_path)).of("acme")
    one, two = _ready(store, "R-1", "group-1"), _ready(store, "R-2", "group-2")
    assert store.begin(one, None)
    slow = DynamoRemediations(_Overtaken(tmp_path, lambda: store.begin(two, None))).of("acme")
    slow.save(one.failed("worker of R-1", NOON, "boom"))
    third = _ready(store, "R-3", "group-2")
    assert store.begin(third, None) is False, "R-2 is at work on it"
    assert store.begin(_ready(store, "R-4", "group-1"), 2) is True


def test_two_who_append_at_once_follow_each_other(tmp_path: Path) -> None:
    audit = DynamoRemediations(tables_of(tmp_path)).audit_of("acme")
    for before in range(2):
        slow = DynamoRemediations(_Overtaken(tmp_path, lambda: audit.append(entry(1))))
        assert slow.audit_of("acme").append(entry(2)).number == 2 * before + 2
    verdict = audit.verify()
    assert (verdict.whole, verdict.records) == (True, 4)


def test_two_tenants_that_claim_an_account_at_once_do_not_both_get_it(tmp_path: Path) -> None:
    directory = DynamoTenantDirectory(tables_of(tmp_path))
    slow = DynamoTenantDirectory(
        _Overtaken(tmp_path, lambda: directory.put(tenant("globex", ACCOUNT)))
    )
    with pytest.raises(InvalidTenantError, match=f"{ACCOUNT} of acme is globex's"):
        slow.put(tenant("acme", ACCOUNT))
    assert [t.id for t in directory.tenants()] == ["globex"]


def test_two_who_write_a_tenant_at_once_leave_one_of_their_records_whole(tmp_path: Path) -> None:
    directory = DynamoTenantDirectory(tables_of(tmp_path))
    issued = directory.put(tenant("acme", ACCOUNT)).external_id
    others = ("2" * 12, "3" * 12)
    slow = DynamoTenantDirectory(
        _Overtaken(tmp_path, lambda: directory.put(tenant("acme", *others)))
    )
    assert slow.put(tenant("acme", "4" * 12)).external_id == issued
    assert directory.get("acme").accounts == ("4" * 12,)
    assert [directory.owner_of(account) for account in (ACCOUNT, *others)] == [None] * 3


@pytest.mark.parametrize("version", [0, 1])
def test_two_answers_in_one_thread_are_not_both_kept(tmp_path: Path, version: int) -> None:
    store = DynamoConversationStore(tables_of(tmp_path), Clock())
    if version:
        store.save("s-1", [], (), 0)
    other = _Overtaken(tmp_path, lambda: store.save("s-1", [{"n": 1}], (), version))
    with pytest.raises(StaleWriteError):
        DynamoConversationStore(other, Clock()).save("s-1", [{"n": 2}], (), version)
    assert store.load("s-1").messages == ({"n": 1},)


def test_a_thread_that_is_written_to_while_it_is_to_be_forgotten_stays(tmp_path: Path) -> None:
    clock = Clock()
    store = DynamoConversationStore(tables_of(tmp_path), clock)
    store.save("s-1", [], (), 0)
    clock.now += 100
    other = _Overtaken(tmp_path, lambda: store.save("s-1", [{"n": 1}], (), 1))
    assert DynamoConversationStore(other, clock).forget(50) == 0
    assert store.load("s-1").messages == ({"n": 1},)


def _kept(attempts: int, reason: str) -> DeadLetter:
    return letter(FINDINGS, "queue", reason, b"{" * 2_000, NOON, attempts)


def test_a_letter_that_two_keep_at_once_is_one_with_the_most_attempts(tmp_path: Path) -> None:
    letters = DynamoDeadLetters(tables_of(tmp_path, PIPELINES))
    other = partial(letters.keep, [_kept(5, "theirs")])
    DynamoDeadLetters(_Overtaken(tmp_path, other)).keep([_kept(2, "ours")])
    assert letters.listed() == [_kept(5, "ours")]


def test_a_letter_that_is_forgotten_while_it_is_kept_again_is_whole(tmp_path: Path) -> None:
    letters = DynamoDeadLetters(tables_of(tmp_path, PIPELINES))
    letters.keep([first := _kept(1, "first")])
    other = partial(letters.forget, [first.id])
    DynamoDeadLetters(_Overtaken(tmp_path, other)).keep([_kept(2, "again")])
    assert letters.get(first.id) == _kept(2, "again")


def test_a_letter_that_is_kept_anew_while_it_is_forgotten_stays(tmp_path: Path) -> None:
    letters = DynamoDeadLetters(tables_of(tmp_path, PIPELINES))
    letters.keep([first := _kept(1, "first")])

    def other() -> None:
        letters.forget([first.id])
        letters.keep([_kept(2, "anew")])

    assert DynamoDeadLetters(_Overtaken(tmp_path, other)).forget([first.id]) == 0
    assert letters.get(first.id) == _kept(2, "anew")
