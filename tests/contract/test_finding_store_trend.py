"""Day by day: what came, what went, and what stood open at the end of each."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from integrations.findings.port import (
    OPEN,
    DayCount,
    Dimension,
    FindingState,
    FindingStore,
    Severity,
)
from tests.builders import day, ocsf_event

CRITICAL, HIGH = Severity.CRITICAL, Severity.HIGH
OTHER_STATES = [s for s in FindingState if s is not FindingState.OPEN]


def _days(found: list[DayCount]) -> list[tuple[int, int, int, dict[Severity, int]]]:
    return [(d.day.day, d.opened, d.closed, dict(d.open_at_end)) for d in found]


def test_each_day_tells_what_came_what_went_and_what_is_left(store: FindingStore) -> None:
    resolved = FindingState.RESOLVED
    store.upsert(
        [
            ocsf_event("old", at=day(10), first_seen=day(1), severity=CRITICAL),
            ocsf_event("new", at=day(12), first_seen=day(12)),
            ocsf_event("gone", at=day(11), first_seen=day(11), severity=HIGH),
            ocsf_event("gone", at=day(13), first_seen=day(11), state=resolved),
            ocsf_event("long gone", at=day(5), first_seen=day(2), state=resolved),
        ]
    )
    assert _days(store.trend(4, day(13))) == [
        (10, 0, 0, {CRITICAL: 1}),
        (11, 1, 0, {CRITICAL: 1, HIGH: 1}),
        (12, 1, 0, {CRITICAL: 1, HIGH: 2}),
        (13, 0, 1, {CRITICAL: 1, HIGH: 1}),
    ]


@pytest.mark.parametrize("state", OTHER_STATES)
def test_today_agrees_with_what_is_open_now(store: FindingStore, state: FindingState) -> None:
    store.upsert([ocsf_event(f"open-{n}", at=day(n)) for n in range(2, 7)])
    store.upsert([ocsf_event(f"not-{n}", at=day(n), state=state) for n in range(2, 7)])
    for order in ([FindingState.OPEN, state], [state, FindingState.OPEN]):
        store.upsert(
            [
                ocsf_event(f"{order[0]} {n}", at=day(n + k), state=order[k])
                for n in (2, 5)
                for k in (0, 1)
            ]
        )
    (today,) = store.trend(1, day(20))
    counted = {Severity[t.value]: t.count for t in store.count(OPEN, Dimension.SEVERITY)}
    assert dict(today.open_at_end) == counted == {HIGH: 7}


def test_a_finding_that_came_back_was_not_open_in_between(store: FindingStore) -> None:
    states = {2: FindingState.OPEN, 4: FindingState.RESOLVED, 6: FindingState.OPEN}
    store.upsert([ocsf_event(at=day(n), first_seen=day(2), state=s) for n, s in states.items()])
    assert _days(store.trend(6, day(7))) == [
        (2, 1, 0, {HIGH: 1}),
        (3, 0, 0, {HIGH: 1}),
        (4, 0, 1, {}),
        (5, 0, 0, {}),
        (6, 1, 0, {HIGH: 1}),
        (7, 0, 0, {HIGH: 1}),
    ]


def test_what_always_passed_was_never_open(store: FindingStore) -> None:
    store.upsert([ocsf_event(at=day(5), first_seen=day(1), state=FindingState.PASSED)])
    assert _days(store.trend(2, day(5))) == [(4, 0, 0, {}), (5, 0, 0, {})]


def test_what_was_muted_before_anybody_saw_it_was_never_open(store: FindingStore) -> None:
    store.upsert([ocsf_event(at=day(5), first_seen=day(1), state=FindingState.MUTED)])
    assert _days(store.trend(2, day(5))) == [(4, 0, 0, {}), (5, 0, 0, {})]


def test_what_is_muted_later_was_open_until_then(store: FindingStore) -> None:
    store.upsert([ocsf_event(at=day(3), first_seen=day(3))])
    store.upsert([ocsf_event(at=day(5), first_seen=day(3), state=FindingState.MUTED)])
    assert _days(store.trend(3, day(5))) == [
        (3, 1, 0, {HIGH: 1}),
        (4, 0, 0, {HIGH: 1}),
        (5, 0, 1, {}),
    ]


@pytest.mark.parametrize("first", ["failed", "passed"])
def test_what_passes_keeps_the_severity_that_it_had_while_it_failed(
    store: FindingStore, first: str
) -> None:
    failed = ocsf_event(at=day(3), first_seen=day(3), severity=CRITICAL)
    passed = ocsf_event(
        at=day(5), first_seen=day(3), severity=Severity.INFORMATIONAL, state=FindingState.PASSED
    )
    for event in (failed, passed) if first == "failed" else (passed, failed):
        store.upsert([event])
    assert _days(store.trend(3, day(5))) == [
        (3, 1, 0, {CRITICAL: 1}),
        (4, 0, 0, {CRITICAL: 1}),
        (5, 0, 1, {}),
    ]


def test_what_passed_and_fails_now_is_open_since_then(store: FindingStore) -> None:
    store.upsert([ocsf_event(at=day(3), first_seen=day(1), state=FindingState.PASSED)])
    store.upsert([ocsf_event(at=day(5), first_seen=day(1))])
    assert _days(store.trend(2, day(5))) == [(4, 0, 0, {}), (5, 1, 0, {HIGH: 1})]


def test_what_is_told_of_later_than_the_moment_is_not_counted(store: FindingStore) -> None:
    store.upsert(
        [
            ocsf_event("a", at=day(2), first_seen=day(2)),
            ocsf_event("a", at=day(9), state=FindingState.RESOLVED),
            ocsf_event("b", at=day(8), first_seen=day(8)),
        ]
    )
    assert _days(store.trend(2, day(3))) == [(2, 1, 0, {HIGH: 1}), (3, 0, 0, {HIGH: 1})]


def test_days_are_utc_and_end_at_midnight(store: FindingStore) -> None:
    midnight = day(5, 0)
    store.upsert(
        [
            ocsf_event("at", at=midnight, first_seen=midnight),
            ocsf_event("before", at=midnight, first_seen=midnight - timedelta(milliseconds=1)),
        ]
    )
    # 01:00 of the 6th in Tokyo is still the 5th in UTC.
    tokyo = datetime(2026, 11, 6, 1, tzinfo=timezone(timedelta(hours=9)))
    found = store.trend(2, tokyo)
    assert [d.day for d in found] == [date(2026, 11, 4), date(2026, 11, 5)]
    assert [d.opened for d in found] == [1, 1]


def test_the_days_add_up(store: FindingStore) -> None:
    for number in range(60):
        state = OTHER_STATES[number % 4] if number % 3 else FindingState.OPEN
        store.upsert([ocsf_event(f"f-{number % 7}", at=day(1 + number % 20), state=state)])
    days = store.trend(25, day(22, 23))
    standing = sum(days[0].open_at_end.values())
    for today in days[1:]:
        standing += today.opened - today.closed
        assert standing == sum(today.open_at_end.values())
        assert all(count > 0 for count in today.open_at_end.values())


@pytest.mark.parametrize("days", [0, -3])
def test_no_days_are_no_answer(store: FindingStore, days: int) -> None:
    store.upsert([ocsf_event()])
    assert store.trend(days, datetime(2026, 11, 21, tzinfo=UTC)) == []


def test_of_the_last_day_only_what_came_and_went_until_then_is_counted(store: FindingStore) -> None:
    store.upsert(
        [
            ocsf_event("morning", first_seen=day(2, 8), at=day(2, 8)),
            ocsf_event("evening", first_seen=day(2, 20), at=day(2, 20)),
            ocsf_event("gone", first_seen=day(1, 8), at=day(1, 8)),
        ]
    )
    store.upsert([ocsf_event("gone", at=day(2, 21), state=FindingState.RESOLVED)])
    (noon,) = store.trend(1, day(2, 12))
    assert (noon.opened, noon.closed, sum(noon.open_at_end.values())) == (1, 0, 2)
    (night,) = store.trend(1, day(2, 23))
    assert (night.opened, night.closed, sum(night.open_at_end.values())) == (2, 1, 2)
