"""What was said in a thread: kept, written by one at a time, never another thread's."""

import math
from random import Random
from typing import Any

import pytest

from integrations.conversations.port import EMPTY
from integrations.conversations.session import EVERY_TENANT, session_id
from integrations.errors import StaleWriteError
from tests.contract.engines import Conversations, Opened
from tests.contract.rival import rivals


def _said(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"text": text}]}


def test_a_new_thread_is_empty(conversations: Opened[Conversations]) -> None:
    assert conversations.now.load("s-1") == EMPTY
    assert conversations.now.load("") == EMPTY


def test_what_was_said_comes_back_in_order(conversations: Opened[Conversations]) -> None:
    messages = [
        _said("what needs attention first? ü \U0001f600 \u202e \x00 \ud800"),
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t1", "input": {"n": 1.5}}}]},
        {"role": "user", "content": [{"toolResult": {"status": "success", "content": []}}]},
    ]
    conversations.now.save("s-1", messages, ("acme", "globex"), 0)
    for kept in (conversations.now.load("s-1"), conversations.again().load("s-1")):
        assert list(kept.messages) == messages
        assert kept.focus == ("acme", "globex")


def test_each_write_makes_the_next_version(conversations: Opened[Conversations]) -> None:
    store = conversations.now
    versions = [store.load("s-1").version]
    for number in range(3):
        store.save("s-1", [_said(str(number))], (), versions[-1])
        versions.append(store.load("s-1").version)
    assert versions == sorted(set(versions))
    assert store.load("s-1").messages == (_said("2"),)


def test_a_write_replaces_what_was_there(conversations: Opened[Conversations]) -> None:
    store = conversations.now
    store.save("s-1", [_said("a"), _said("b")], ("acme",), 0)
    store.save("s-1", [_said("c")], (), store.load("s-1").version)
    assert (store.load("s-1").messages, store.load("s-1").focus) == ((_said("c"),), ())


def test_a_tenants_threads_are_erased_and_nobody_elses(
    conversations: Opened[Conversations],
) -> None:
    store = conversations.now
    threads = [
        session_id(tenant, "slack", "T1", channel, "1.0")
        for tenant in ("acme", "acme2", EVERY_TENANT)
        for channel in ("C1", "C2")
    ]
    for thread in threads:
        store.save(thread, [_said("hello")], (), 0)
    long = Random(1).randbytes(700_000).hex()
    store.save(threads[0], [_said(long)], (), 1)
    assert store.erase("acme") == 2
    assert store.erase("acme") == 0
    store = conversations.again()
    left = [store.load(thread) for thread in threads]
    assert [bool(one.messages) for one in left] == [False, False, True, True, True, True]
    store.save(threads[0], [_said("anew")], (), 0)
    assert store.load(threads[0]).messages == (_said("anew"),)


@pytest.mark.parametrize("ahead", [-2, -1, 1, 1000])
def test_a_write_with_another_version_is_refused_and_changes_nothing(
    conversations: Opened[Conversations], ahead: int
) -> None:
    store = conversations.now
    for number in range(2):
        store.save("s-1", [_said(str(number))], (), store.load("s-1").version)
    before = store.load("s-1")
    with pytest.raises(StaleWriteError):
        store.save("s-1", [_said("late")], ("globex",), before.version + ahead)
    assert store.load("s-1") == before


def test_a_thread_that_was_forgotten_meanwhile_is_not_written_over(
    conversations: Opened[Conversations],
) -> None:
    store = conversations.now
    store.save("s-1", [_said("a")], (), 0)
    loaded = store.load("s-1")
    conversations.clock.now += 100
    assert store.forget(50) == 1
    with pytest.raises(StaleWriteError):
        store.save("s-1", [_said("late")], (), loaded.version)
    assert store.load("s-1") == EMPTY
    store.save("s-1", [_said("new")], (), 0)
    assert store.load("s-1").messages == (_said("new"),)


def test_no_thread_sees_another(conversations: Opened[Conversations]) -> None:
    place = ("acme", "slack", "T1", "C1", "1700000000.000100")
    others = [
        (*place[:at], other, *place[at + 1 :])
        for at, other in enumerate(("globex", "teams", "T2", "C2", "1700000000.000200"))
    ]
    places = [place, *others]
    for number, parts in enumerate(places):
        conversations.now.save(session_id(*parts), [_said(str(number))], parts[:1], 0)
    store = conversations.again()
    for number, parts in enumerate(places):
        kept = store.load(session_id(*parts))
        assert (kept.messages, kept.focus) == ((_said(str(number)),), parts[:1])


@pytest.mark.parametrize("asked", ["s-%", "s-_", "S-1", " s-1", "s-1 ", "s-1\x00", "' OR 1=1 --"])
def test_only_the_whole_id_names_a_thread(conversations: Opened[Conversations], asked: str) -> None:
    conversations.now.save("s-1", [_said("a")], (), 0)
    assert conversations.now.load(asked) == EMPTY


def test_threads_untouched_for_so_long_are_forgotten(
    conversations: Opened[Conversations],
) -> None:
    store, clock = conversations.now, conversations.clock
    for name in ("old", "touched", "young"):
        store.save(name, [_said(name)], (), 0)
        clock.now += 10
    store.save("touched", [_said("again")], (), store.load("touched").version)
    clock.now += 15
    assert store.forget(40) == 1
    assert store.load("old") == EMPTY
    assert store.load("touched").messages == (_said("again"),)
    assert store.load("young").messages == (_said("young"),)
    assert store.forget(math.inf) == 0


def test_a_long_thread_comes_back_whole(conversations: Opened[Conversations]) -> None:
    messages = [_said("x" * 20_000) for _ in range(100)]
    conversations.now.save("s-1", messages, ("acme",) * 50, 0)
    assert conversations.again().load("s-1").messages == tuple(messages)


def test_a_long_thread_of_all_sorts_comes_back_whole_time_after_time(
    conversations: Opened[Conversations],
) -> None:
    store, random = conversations.now, Random(7)
    for turn in range(3):
        messages = [_said(random.randbytes(10_000).hex()) for _ in range(100 - 45 * turn)]
        store.save("s-1", messages, (), turn)
        store.save("s-2", messages[:1], (), turn)
        assert store.load("s-1").messages == tuple(messages)
    late = [_said(random.randbytes(10_000).hex()) for _ in range(80)]
    with pytest.raises(StaleWriteError):
        store.save("s-1", late, (), 1)
    assert conversations.again().load("s-1").messages == tuple(messages)
    assert conversations.now.load("s-2").messages == tuple(messages[:1])


def test_of_two_processes_that_write_first_one_is_refused(
    conversations: Opened[Conversations],
) -> None:
    conversations.now.close()
    said = rivals("save_first", conversations.name, conversations.folder)
    assert sorted(map(bool, said)) == [False, True]
    winner = "a" if said[0] else "bb"
    assert conversations.again().load("s-1").messages == (_said(winner),)
