"""A reply on a terminal: the same content, no wider than told."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.assistant import Answer
from bot.cards import reply_for
from bot.messages import Actions, Button, Grid, Item, Reply
from bot.terminal import NARROWEST, rendered, rendered_text
from tests.properties.test_slack_limits import replies
from tests.unit.cards.story import NOW, an_exposure, exposures

# A failing example is a whole reply; Hypothesis warns that printing it takes a while.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

ANSWER = reply_for(
    Answer(text="Fix it.", views=(exposures(an_exposure(1), an_exposure(2)),)), now=NOW
)
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u200b-\u200f]")


def columns(line: str) -> int:
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in line
    )


def test_an_answer_reads_as_in_chat() -> None:
    assert rendered(ANSWER, width=90).split("\n")[:4] == [
        "1  CRITICAL 94  Internet → web-7 → role web-app → bucket acme-customer-exports",
        "   SSH open to 0.0.0.0/0 for 41 days; CVE-2024-6387 (EPSS 0.71, exploited); 12",
        "   failed-then-successful logins at 02:10 UTC · X-AB12C1",
        "   Smallest cut: Remove port 22 from sg-web-admin (1 call, reversible)",
    ]


def test_buttons_become_questions_to_type_and_feedback_is_left_out() -> None:
    text = rendered(ANSWER)
    asked = "Ask next: show the graph of X-AB12C1 | why X-AB12C1"
    assert text.count("Ask next:") == 1
    assert asked in text
    assert "all open criticals" in text.split(asked)[1]
    assert "Helpful" not in text


def test_colour_comes_only_when_told() -> None:
    assert "\x1b" not in rendered(ANSWER)
    coloured = rendered(ANSWER, colour=True)
    assert "\x1b[1;31mCRITICAL 94\x1b[0m" in coloured
    assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == rendered(ANSWER)


def test_a_table_gives_way_where_it_is_widest() -> None:
    grid = Grid(columns=("A", "Number"), rows=(("word " * 30, "1"), ("b", "22")), numeric=(1,))
    lines = rendered(Reply(plain="t", parts=(grid,)), width=40).split("\n")
    assert lines[0].endswith("Number")
    assert lines[-1].endswith("    22")
    assert max(len(line) for line in lines) <= 40


def test_markdown_is_printed_without_its_marks() -> None:
    text = "Fix **web-7** with `aws ec2 revoke`:\n- first, " + "long " * 20 + "\n2. second"
    lines = rendered_text(text, width=60).split("\n")
    assert lines[0] == "Fix web-7 with aws ec2 revoke:"
    assert lines[1].startswith("- first, long")
    assert lines[2].startswith("  long")
    assert lines[-1] == "2. second"
    assert "\x1b[1mweb-7\x1b[0m" in rendered_text(text, colour=True)


def test_a_button_that_asks_nothing_prints_nothing() -> None:
    row = Actions(buttons=(Button(label="x", action="tenant", value="acme"),))
    assert rendered(Reply(plain="x", parts=(row,))) == ""


@pytest.mark.parametrize("width", [1, 40, 72, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    long = Item(number=12, mark="HIGH 71", title="arn:aws:s3:::" + "x" * 300, lines=("日本" * 60,))
    for reply in (ANSWER, Reply(plain="long", parts=(long,))):
        for line in rendered(reply, width=width).split("\n"):
            assert columns(line) <= max(width, NARROWEST)


@settings(max_examples=60, deadline=None)
@given(replies, st.integers(10, 150))
def test_nothing_that_data_says_controls_the_terminal(reply: Reply, width: int) -> None:
    text = rendered(reply, width=width)
    assert CONTROLS.search(text) is None
    assert all(columns(line) <= max(width, NARROWEST) for line in text.split("\n"))
