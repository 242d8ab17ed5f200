"""The gate between a model's text and the thread."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.guard.grounding import GroundedLines, ungrounded

_SOURCE = (
    '{"ref":"F-8QK2M0PZ","count":912,"epss":0.71,"resource":"arn:aws:s3:::acme-logs",'
    '"sg":"sg-0a1b2c3d","seen":"2026-11-03T02:10:00Z","big":1204}'
)


@pytest.mark.parametrize(
    "text",
    [
        "912 findings are open.",
        "EPSS 0.71, seen on 2026-11-03 at 02:10.",
        "1,204 checks failed on `sg-0a1b2c3d`.",
        "Open F-8QK2M0PZ: arn:aws:s3:::acme-logs is public.",
        "1. First\n2. Second",
        "Nothing to count here.",
        "web-7 and i-9 are names, not numbers.",
    ],
)
def test_what_a_tool_answered_may_be_said(text: str) -> None:
    assert ungrounded(text, [_SOURCE, "web-7 i-9"]) == ()


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("913 findings are open.", "913"),
        ("EPSS 0.72", "0.72"),
        ("Look at F-8QK2M0P0.", "F-8QK2M0P0"),
        ("Look at arn:aws:s3:::acme-logs2.", "arn:aws:s3:::acme-logs2"),
        ("CVE-2024-6387 is exploited.", "CVE-2024-6387"),
        ("1,205 checks failed.", "1,205"),
        ("Open for 41 days.", "41"),
        ("Close sg-0a1b2c3e.", "sg-0a1b2c3e"),
    ],
)
def test_what_no_tool_answered_may_not(text: str, wrong: str) -> None:
    assert ungrounded(text, [_SOURCE]) == (wrong,)


def test_a_number_that_code_derived_may_be_said() -> None:
    assert ungrounded("Open for 41 days.", [_SOURCE], ["41"]) == ()


def test_an_answer_goes_out_line_by_line_until_something_is_not_grounded() -> None:
    lines = GroundedLines()
    lines.admit(_SOURCE)
    assert lines.feed("912 fin") == ""
    assert lines.feed("dings.\n9") == "912 findings.\n"
    assert lines.feed("99 more.\n912 again.\n") == ""
    assert lines.finish() == ""
    assert lines.wrong == ("999",)


def test_the_run_up_to_a_tool_call_is_dropped() -> None:
    lines = GroundedLines()
    assert lines.feed("Let me look at 77 things") == ""
    lines.drop()
    assert lines.finish() == ""
    assert lines.wrong == ()


@given(st.text(max_size=400), st.lists(st.text(max_size=50), max_size=4))
def test_any_text_can_be_judged(text: str, sources: list[str]) -> None:
    ungrounded(text, sources)
    assert ungrounded(text, [text, *sources]) == ()


@given(st.integers(min_value=0, max_value=10**12))
def test_a_number_is_grounded_exactly_when_it_stands_in_a_source(number: int) -> None:
    assert ungrounded(f"There are {number:,} of them.", [f'{{"n":{number}}}']) == ()
    assert ungrounded(f"There are {number + 1} of them.", [f'{{"n":{number}}}'])
