"""Dead letters: one for each record, whatever it was kept for and how often, until forgotten."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from integrations.deadletters.port import FINDINGS, RESOURCES, DeadLetter, letter
from integrations.errors import NotFoundError
from tests.contract.engines import DEAD_LETTERS, Letters, Opened

NOW = datetime(2026, 11, 25, 8, 30, 0, 123456, tzinfo=UTC)


@pytest.fixture(params=sorted(DEAD_LETTERS))
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened[Letters]]:
    engine = Opened(request.param, DEAD_LETTERS, tmp_path)
    yield engine
    engine.now.close()


@pytest.fixture
def letters(opened: Opened[Letters]) -> Letters:
    return opened.now


def _letter(number: int = 1, pipeline: str = FINDINGS, reason: str = "broken JSON") -> DeadLetter:
    at = NOW + timedelta(seconds=number)
    return letter(pipeline, "arn:aws:sqs:us-east-1:1:q", reason, b'{"n": %d' % number, at)


def test_a_letter_comes_back_as_it_was_kept_also_after_a_restart(opened: Opened[Letters]) -> None:
    body = b'\x00\xff{"a": "\xc3\xa9"'
    kept = letter(RESOURCES, "s3://bucket/a b", "not UTF-8 \N{BULLET} byte 1", body, NOW, 3)
    opened.now.keep([kept])
    assert opened.now.get(kept.id) == kept
    assert opened.again().get(kept.id) == kept
    assert kept.whole


def test_the_same_record_kept_twice_is_one_letter_with_the_newest_reason(letters: Letters) -> None:
    first = _letter(1)
    later = replace(
        first, reason="no tenant", source="file", kept_at=NOW + timedelta(days=1), attempts=2
    )
    letters.keep([first, first])
    letters.keep([later])
    assert letters.listed() == [replace(later, kept_at=first.kept_at)]


def test_attempts_never_go_back_and_the_first_moment_stays(letters: Letters) -> None:
    tried = replace(_letter(5), attempts=4)
    letters.keep([tried])
    letters.keep([replace(tried, attempts=1, kept_at=tried.kept_at - timedelta(hours=1))])
    (kept,) = letters.listed()
    assert (kept.attempts, kept.kept_at) == (4, tried.kept_at - timedelta(hours=1))


def test_the_same_bytes_in_two_pipelines_are_two_letters(letters: Letters) -> None:
    letters.keep([_letter(1, FINDINGS), _letter(1, RESOURCES)])
    assert [one.pipeline for one in letters.listed(FINDINGS)] == [FINDINGS]
    assert [one.pipeline for one in letters.listed(RESOURCES)] == [RESOURCES]
    assert len(letters.listed()) == 2


def test_letters_are_listed_oldest_first_and_page_by_page(letters: Letters) -> None:
    letters.keep([_letter(number) for number in (3, 1, 5, 2, 4)])
    first = letters.listed(FINDINGS, limit=2)
    assert [one.body for one in first] == [b'{"n": 1', b'{"n": 2']
    rest = letters.listed(FINDINGS, limit=9, after=first[-1])
    assert [one.body for one in rest] == [b'{"n": 3', b'{"n": 4', b'{"n": 5']
    assert letters.listed(FINDINGS, after=rest[-1]) == []
    assert letters.listed(limit=0) == []


def test_letters_of_one_moment_are_each_listed_once(letters: Letters) -> None:
    letters.keep([replace(_letter(number), kept_at=NOW) for number in range(7)])
    seen: list[str] = []
    page = letters.listed(limit=3)
    while page:
        seen += [one.id for one in page]
        page = letters.listed(limit=3, after=page[-1])
    assert len(seen) == len(set(seen)) == 7


def test_a_page_goes_on_behind_a_letter_that_is_forgotten(letters: Letters) -> None:
    letters.keep([_letter(number) for number in (1, 2, 3)])
    first = letters.listed(limit=2)
    assert letters.forget([one.id for one in first]) == 2
    assert [one.body for one in letters.listed(after=first[-1])] == [b'{"n": 3']


def test_what_is_forgotten_is_gone_and_forgetting_it_again_is_none(letters: Letters) -> None:
    kept = _letter()
    letters.keep([kept, _letter(2)])
    assert letters.forget([kept.id, "0" * 24, "\ud800"]) == 1
    assert letters.forget([kept.id]) == 0
    with pytest.raises(NotFoundError, match=kept.id):
        letters.get(kept.id)
    assert len(letters.listed()) == 1


def test_reasons_are_counted_the_most_frequent_first(letters: Letters) -> None:
    letters.keep([_letter(1, reason="late"), _letter(2, reason="odd"), _letter(3, reason="odd")])
    letters.keep([_letter(4, RESOURCES, "late")])
    assert list(letters.reasons(FINDINGS).items()) == [("odd", 2), ("late", 1)]
    assert letters.reasons() == {"late": 2, "odd": 2}
    assert letters.reasons("nothing") == {}


def test_of_a_body_above_a_megabyte_the_beginning_is_kept_and_the_reason_says_so(
    letters: Letters,
) -> None:
    body = b"x" * 1_000_001
    kept = letter(FINDINGS, "q", "larger than 1 MB", body, NOW)
    letters.keep([kept])
    found = letters.get(kept.id)
    assert (len(found.body), found.size, found.whole) == (64_000, 1_000_001, False)
    assert found.reason == "larger than 1 MB; only its first 64 kB of 1,000,001 bytes are kept"
    assert letter(FINDINGS, "q", "r", body + b"y", NOW).id != kept.id, "the whole of it counts"
    assert letter(FINDINGS, "q", "r", b"x" * 1_000_000, NOW).whole


def test_keeping_nothing_is_allowed(letters: Letters) -> None:
    letters.keep([])
    assert letters.forget([]) == 0
    assert letters.listed() == []
