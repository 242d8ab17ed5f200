"""What a finding store keeps of the events that it is given, whatever their order."""

import json
from datetime import timedelta

import pytest

from integrations.errors import RejectedRecordError
from integrations.findings.port import (
    OPEN,
    Dimension,
    Filter,
    Finding,
    FindingState,
    FindingStore,
    Severity,
    Tally,
    Written,
)
from tests.builders import day, ocsf_event

ANY = Filter(states=frozenset())
STATES = pytest.mark.parametrize("state", [s for s in FindingState if s is not FindingState.OPEN])


def _one(store: FindingStore) -> Finding:
    (found,) = store.search(ANY)
    return found


def test_a_finding_is_added_then_updated_then_unchanged(store: FindingStore) -> None:
    old, new = ocsf_event(at=day(1)), ocsf_event(at=day(2))
    assert store.upsert([old]) == Written(added=1)
    assert store.upsert([new]) == Written(updated=1)
    assert store.upsert([new]) == Written(unchanged=1)
    assert store.upsert([old]) == Written(unchanged=1)
    assert store.upsert([]) == Written()


def test_only_the_newest_state_is_kept_whatever_comes_last(store: FindingStore) -> None:
    new = ocsf_event(at=day(5), severity=Severity.LOW, title="new")
    old = ocsf_event(at=day(4), severity=Severity.CRITICAL, title="old")
    for batch in ([new, old], [old], [old, old]):
        store.upsert(batch)
        found = _one(store)
        assert (found.title, found.severity, found.updated_at) == ("new", Severity.LOW, day(5))
        assert json.loads(new) == store.get("f-1").event


def test_one_event_many_times_is_one_finding(store: FindingStore) -> None:
    event = ocsf_event()
    written = store.upsert([event] * 5)
    assert (written.added, written.unchanged) == (1, 4)
    assert store.count(OPEN, Dimension.STATE) == [Tally("open", 1)]


def test_events_of_one_moment_give_the_same_whichever_came_first(store: FindingStore) -> None:
    events = [ocsf_event(title=title) for title in ("a", "b", "c")]
    store.upsert(events)
    kept = _one(store)
    for event in events:
        assert store.upsert([event]) == Written(unchanged=1)
    assert _one(store) == kept


@STATES
def test_a_decision_of_the_same_moment_stands_before_the_open_state(
    store: FindingStore, state: FindingState
) -> None:
    before = ocsf_event(at=day(3), title="z: the greater text")
    decided = ocsf_event(at=day(3), state=state, title="a")
    for events in ([before, decided], [decided, before]):
        store.upsert(events)
        assert _one(store).state is state


@STATES
def test_only_open_findings_are_counted_as_open(store: FindingStore, state: FindingState) -> None:
    store.upsert([ocsf_event("open"), ocsf_event("not", state=state)])
    assert [f.uid for f in store.search(OPEN)] == ["open"]
    assert store.count(OPEN, Dimension.SEVERITY) == [Tally("HIGH", 1)]
    assert [f.uid for f in store.search(Filter(states=frozenset({state})))] == ["not"]
    assert len(store.search(ANY)) == 2


def test_first_seen_never_moves_later_and_last_seen_never_earlier(store: FindingStore) -> None:
    store.upsert([ocsf_event(at=day(9), first_seen=day(3), last_seen=day(8))])
    store.upsert([ocsf_event(at=day(10), first_seen=day(6), last_seen=day(5))])
    assert (_one(store).first_seen, _one(store).last_seen) == (day(3), day(8))
    # An old event changes no state, and still knows of an earlier sighting.
    written = store.upsert([ocsf_event(at=day(2), first_seen=day(1), last_seen=day(9))])
    assert written == Written(updated=1)
    found = _one(store)
    assert (found.first_seen, found.last_seen, found.updated_at) == (day(1), day(9), day(10))


def test_nothing_is_first_seen_after_something_was_told_of_it(store: FindingStore) -> None:
    store.upsert([ocsf_event(at=day(4), first_seen=day(7))])
    assert _one(store).first_seen == day(4)


@pytest.mark.parametrize(
    "state", [FindingState.MUTED, FindingState.RESOLVED, FindingState.ARCHIVED]
)
def test_resolved_at_is_when_it_left_the_open_state(
    store: FindingStore, state: FindingState
) -> None:
    store.upsert([ocsf_event(at=day(2))])
    assert _one(store).resolved_at is None
    store.upsert([ocsf_event(at=day(7), state=state), ocsf_event(at=day(5), state=state)])
    assert _one(store).resolved_at == day(5)
    store.upsert([ocsf_event(at=day(9), state=state)])
    assert _one(store).resolved_at == day(5)


def test_what_is_first_heard_of_as_resolved_was_open_before(store: FindingStore) -> None:
    store.upsert([ocsf_event(at=day(5), first_seen=day(2), state=FindingState.RESOLVED)])
    assert _one(store).resolved_at == day(5)


def test_what_always_passed_never_left_the_open_state(store: FindingStore) -> None:
    passed = FindingState.PASSED
    store.upsert([ocsf_event(at=day(n), first_seen=day(1), state=passed) for n in (5, 6)])
    assert _one(store).resolved_at is None
    assert store.search(Filter(states=frozenset({passed}), resolved_since=day(1))) == []


def test_what_failed_and_passes_now_is_resolved(store: FindingStore) -> None:
    store.upsert([ocsf_event(at=day(5)), ocsf_event(at=day(6), state=FindingState.PASSED)])
    found = _one(store)
    assert (found.state, found.resolved_at) == (FindingState.PASSED, day(6))


@pytest.mark.parametrize(
    "state", [FindingState.RESOLVED, FindingState.ARCHIVED, FindingState.PASSED]
)
def test_a_finding_that_comes_back_is_reopened_and_keeps_its_first_seen(
    store: FindingStore, state: FindingState
) -> None:
    events = [
        ocsf_event(at=day(2), first_seen=day(1)),
        ocsf_event(at=day(4), first_seen=day(1), state=state),
        ocsf_event(at=day(8), first_seen=day(8)),
    ]
    store.upsert([events[2], events[0]])
    assert _one(store).reopened_at is None
    assert store.upsert([events[1]]) == Written(updated=1)
    found = _one(store)
    assert (found.state, found.first_seen) == (FindingState.OPEN, day(1))
    assert (found.reopened_at, found.resolved_at) == (day(8), None)
    assert [f.uid for f in store.search(Filter(reopened_since=day(8)))] == ["f-1"]
    assert store.search(Filter(reopened_since=day(8) + timedelta(milliseconds=1))) == []


def test_what_was_only_muted_is_not_reopened(store: FindingStore) -> None:
    store.upsert([ocsf_event(at=day(2)), ocsf_event(at=day(3), state=FindingState.MUTED)])
    store.upsert([ocsf_event(at=day(4))])
    found = _one(store)
    assert (found.state, found.resolved_at, found.reopened_at) == (FindingState.OPEN, None, None)


def test_resolved_again_it_tells_when_the_last_time(store: FindingStore) -> None:
    states = [FindingState.OPEN, FindingState.RESOLVED] * 2
    store.upsert([ocsf_event(at=day(2 + n), state=state) for n, state in enumerate(states)])
    found = _one(store)
    assert (found.state, found.reopened_at, found.resolved_at) == (
        FindingState.RESOLVED,
        day(4),
        day(5),
    )


def test_a_finding_that_is_checked_every_hour_keeps_its_course(store: FindingStore) -> None:
    states = [FindingState.OPEN] * 100 + [FindingState.PASSED] * 100 + [FindingState.OPEN] * 100
    for number, state in enumerate(states):
        store.upsert([ocsf_event(at=day(1) + timedelta(hours=number), state=state)])
    found = _one(store)
    assert found.reopened_at == day(1) + timedelta(hours=200)
    assert found.updated_at == day(1) + timedelta(hours=299)
    assert [d.open_at_end.get(Severity.HIGH, 0) for d in store.trend(14, day(14))][3:10] == [
        1,
        0,
        0,
        0,
        0,
        1,
        1,
    ]


def test_a_call_stores_all_of_its_events_or_none(store: FindingStore) -> None:
    good = [ocsf_event(f"f-{n}") for n in range(3)]
    for bad in (b"{", b"[]", b'{"class_uid": 2003}', ocsf_event("x").replace(b'"uid"', b'"id"')):
        with pytest.raises(RejectedRecordError):
            store.upsert([*good, bad])
        assert store.search(ANY) == []
    assert store.upsert(good) == Written(added=3)


def test_a_large_batch_with_repetitions_is_taken_in_whole(store: FindingStore) -> None:
    events = [ocsf_event(f"f-{n % 700}", at=day(1) + timedelta(minutes=n)) for n in range(1_500)]
    written = store.upsert(events)
    assert (written.added, written.updated, written.unchanged) == (700, 800, 0)
    assert store.count(OPEN, Dimension.STATE) == [Tally("open", 700)]
    assert store.get("f-99").finding.updated_at == day(1) + timedelta(minutes=1_499)


def test_text_of_every_kind_comes_back_as_it_was(store: FindingStore) -> None:
    title = "Robert'); DROP TABLE finding;-- \u202e \U0001f600 <!channel> %s {} \\ \t\n\x1b[31m"
    uid = "arn:aws:x:::ü/'\"%_*?\U0001f4a5"
    store.upsert([ocsf_event(uid, title=title, description=title * 50, resources=(uid,))])
    found = store.get(uid).finding
    assert (found.uid, found.title, found.resource) == (uid, title, uid)
    assert found.description == title * 50
    assert [f.uid for f in store.search(Filter(resources=frozenset({uid})))] == [uid]
