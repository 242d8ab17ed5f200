"""The moments that tools take: each word, how it is said, and what is none."""

from datetime import UTC, datetime

import pytest

from agent import canonical
from agent.offline.times import first_seen
from agent.offline.understand import understand
from agent.tools.moments import UnknownMomentError, moment_of

NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
"""A Wednesday."""


@pytest.mark.parametrize(
    ("text", "at", "since", "before"),
    [
        ("today", "2026-11-25T00:00Z", "since midnight UTC", "before midnight UTC"),
        ("yesterday", "2026-11-24T09:30Z", "in the last 24 hours", "more than 24 hours ago"),
        ("last_week", "2026-11-18T09:30Z", "in the last 7 days", "more than 7 days ago"),
        ("90d", "2026-08-27T09:30Z", "in the last 90 days", "more than 90 days ago"),
        ("1h", "2026-11-25T08:30Z", "in the last 1 hour", "more than 1 hour ago"),
        ("this_week", "2026-11-23", "since Monday 23 November", "before Monday 23 November"),
        ("wednesday", "2026-11-25", "since Wednesday 25 November", "before Wednesday 25 November"),
        ("thursday", "2026-11-19", "since Thursday 19 November", "before Thursday 19 November"),
        ("this_month", "2026-11-01", "since 1 November", "before 1 November"),
        ("this_year", "2026-01-01", "since 1 January", "before 1 January"),
        (" 2025-12-31 ", "2025-12-31", "since 31 December 2025", "before 31 December 2025"),
    ],
)
def test_a_word_is_a_moment(text: str, at: str, since: str, before: str) -> None:
    moment = moment_of(text, NOW)
    assert moment.at == datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert (moment.since, moment.before) == (since, before)


@pytest.mark.parametrize("text", ["", "soon", "2026-02-30", "d", "-3d", "99999d", "last_monday"])
def test_what_is_no_moment_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(UnknownMomentError, match="first_seen_before is one of today, "):
        moment_of(text, NOW, "first_seen_before")


@pytest.mark.parametrize(
    "bounds",
    [
        {"first_seen_since": since}
        for since in ("today", "yesterday", "last_week", "last_month", "this_week", "this_month",
                      "this_year", "monday", "sunday", "14d", "36h", "2026-11-01")
    ]
    + [{"first_seen_before": before} for before in ("90d", "36h", "monday", "2026-11-01")],
)  # fmt: skip
def test_the_next_page_of_a_bounded_list_asks_with_the_same_bounds(bounds: dict[str, str]) -> None:
    question = canonical.next_page({"severities": "high", **bounds}, 5)
    assert canonical.can_page(bounds)
    assert dict(understand(question).first_seen) == bounds
    assert understand(question).offset == 5


@pytest.mark.parametrize(
    "text", ["over the last report", "keys rotated every 90 days", "criticals today", "week", ""]
)
def test_what_bounds_nothing_is_no_bound(text: str) -> None:
    assert first_seen(text) == {}
