"""Whatever a reply holds, Slack takes it, and nothing in it becomes a mention or a link."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from bot.messages import (
    Actions,
    Button,
    Fact,
    Facts,
    Grid,
    Heading,
    Item,
    Line,
    Part,
    Person,
    Prose,
    Reply,
    Rule,
    Small,
    Style,
    TextField,
)
from bot.slack.limits import cut, units
from bot.slack.markdown import SafeMarkdown, safe
from bot.slack.mrkdwn import escape, fallback, plain
from bot.slack.render import MOST_MESSAGES, render
from bot.workspace.rules import check_blocks

# A failing example is a whole reply; Hypothesis warns that printing it takes a while.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

HOSTILE = (
    "<!channel>",
    "<!here|here>",
    "<@U0ANALYST1>",
    "<#C0ACME|acme>",
    "<https://evil.example/?x=1|click>",
    "@here",
    "@channel",
    "@everyone",
    "[text](https://evil.example/x)",
    "![image](https://evil.example/pixel.png)",
    "[a][b]",
    "[b]: https://evil.example",
    "https://evil.example/path?a=b&c=d",
    "www.evil.example",
    "evil.example",
    "mailto:a@evil.example",
    "someone@evil.example",
    "javascript:alert(1)",
    "`",
    "``",
    "```",
    "```sh",
    "~~~",
    "\\`",
    "\\",
    "**",
    "*bold*",
    "_x_",
    "~x~",
    "&lt;!channel&gt;",
    "&#60;!here&#62;",
    "\u202egnp.exe",
    "\u200b",
    "\x1b[31m",
    "\x00",
    "🔴" * 3,
    "x" * 200,
    "arn:aws:s3:::acme-logs",
    "web-7",
    "<b>",
    "<a href='https://evil.example'>",
    "](",
    "] (",
    "(",
    "\n",
    "\n\n",
    "\r\n",
    " ",
    "    ",
    "- ",
    "1. ",
    "> ",
    "# ",
    "|",
    "\u2028",
)

hostile = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=12), max_size=12).map("".join)
long = st.builds(lambda bit, times: bit * times, st.sampled_from(HOSTILE), st.integers(1, 400))
words = hostile | long | st.text(max_size=40)
buttons = st.builds(
    Button,
    label=words,
    action=st.sampled_from(["ask", "feedback", "tenant"]) | words,
    value=words | st.sampled_from(["up", "down"]),
    style=st.sampled_from(Style),
)
FEEDBACK = (
    Button(label="Helpful", action="feedback", value="up"),
    Button(label="Not helpful", action="feedback", value="down"),
)
parts: st.SearchStrategy[Part] = st.one_of(
    st.builds(Heading, text=words),
    st.builds(Prose, text=words),
    st.builds(
        Facts, facts=st.lists(st.builds(Fact, label=words, value=words), max_size=8).map(tuple)
    ),
    st.builds(
        Item,
        number=st.none() | st.integers(0, 1_000),
        mark=words | st.sampled_from(["CRITICAL 94", "HIGH"]),
        title=words,
        lines=st.lists(words, max_size=4).map(tuple),
        buttons=st.lists(buttons, max_size=5).map(tuple),
    ),
    st.builds(
        Grid,
        columns=st.lists(words, max_size=6).map(tuple),
        rows=st.lists(st.lists(words, max_size=6).map(tuple), max_size=8).map(tuple),
        numeric=st.lists(st.integers(0, 5), max_size=3).map(tuple),
    ),
    st.builds(Small, text=words),
    st.builds(Actions, buttons=st.lists(buttons, max_size=8).map(tuple)),
    st.just(Actions(buttons=FEEDBACK)),
    st.just(Rule()),
)
people = st.builds(Person, st.sampled_from(["slack/T0ACME000/U0ANALYST1", "teams/t/<at>x</at>"]))
lines = st.builds(Line, words=st.lists(words | st.just("") | people, max_size=8).map(tuple))
fields = st.builds(
    TextField,
    name=st.sampled_from(["reason", "note", "x" * 300]),
    label=words,
    longest=st.integers(1, 5_000),
)


def replies_of(some: st.SearchStrategy[Part]) -> st.SearchStrategy[Reply]:
    return st.builds(
        lambda plain, few, times: Reply(plain=plain, parts=tuple(few * times)),
        words,
        st.lists(some, max_size=6),
        st.sampled_from([1, 1, 1, 20]),
    )


replies = replies_of(parts | lines | fields)
"""Whatever a card could hold."""


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key != "type":
                yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from objects(inner)


def check(blocks: list[dict[str, Any]]) -> None:
    """Slack's limits as written down in its reference, by hand, apart from the renderer's."""
    assert len(blocks) <= 50
    assert sum(block["type"] == "table" for block in blocks) <= 1
    assert sum(len(text) for text in strings(blocks)) + 30 * len(blocks) <= 12_000
    for block in blocks:
        parsed = Block.parse(json.loads(json.dumps(block)))
        assert parsed is not None
        parsed.validate_json()
        assert len(block.get("elements", [])) <= {"actions": 25, "context": 10}.get(
            block["type"], 10_000
        )
    for found in objects(blocks):
        longest = {"header": 150, "button": 75, "positive_button": 75}
        if found.get("type") == "button":
            assert 0 < len(found["text"]["text"]) <= longest["button"]
            assert 0 < len(found["value"]) <= 2000
            assert len(found["action_id"]) <= 255
            assert len(found.get("accessibility_label", "")) <= 75
        if found.get("type") == "table":
            assert len(found["rows"]) <= 100
            assert all(len(row) <= 20 for row in found["rows"])
            assert sum(len(cell["text"]) for row in found["rows"] for cell in row) <= 10_000
        if "text" in found and isinstance(found["text"], str):
            assert found["text"]
            assert len(found["text"]) <= 12_000
    check_blocks(blocks, ready=lambda _: False)


@settings(max_examples=150, deadline=None)
@given(replies, st.integers(0, 12_000))
def test_every_reply_fits_slacks_limits(reply: Reply, used: int) -> None:
    pages = render(reply, used=used)
    assert 1 <= len(pages) <= MOST_MESSAGES
    assert all(pages[1:])
    for blocks in pages:
        check(blocks)
    ids = [o["action_id"] for page in pages for o in objects(page) if "action_id" in o]
    assert len(ids) == len(set(ids))


@settings(max_examples=150, deadline=None)
@given(replies_of(parts | fields))
def test_no_text_stands_where_slack_reads_mentions_or_links(reply: Reply) -> None:
    for blocks in render(reply):
        for found in objects(blocks):
            assert found.get("type") not in {"mrkdwn", "link", "user", "broadcast", "channel"}
            assert "url" not in found
            if found.get("type") == "plain_text":
                assert found["emoji"] is False


@given(lines)
def test_only_a_person_we_name_is_mentioned(line: Line) -> None:
    for blocks in render(Reply(plain="x", parts=(line,))):
        named = [found["user_id"] for found in objects(blocks) if found.get("type") == "user"]
        ours = [w for w in line.words if isinstance(w, Person) and w.id.startswith("slack/")]
        assert named == [person.id.rsplit("/", 1)[-1] for person in ours][: len(named)]
        kinds = {found.get("type") for found in objects(blocks)}
        assert not kinds & {"mrkdwn", "link", "broadcast", "channel"}


def test_what_is_left_out_is_counted() -> None:
    items = tuple(Item(number=n, mark="HIGH", title=f"thing {n}") for n in range(500))
    pages = render(Reply(plain="many", parts=items))
    shown = sum(block["type"] == "rich_text" for page in pages for block in page)
    assert pages[-1][-1]["elements"][0]["text"] == f"… {500 - shown} more"


def test_rows_that_are_left_out_are_counted() -> None:
    rows = tuple((str(n), "x" * 100) for n in range(500))
    (page,) = render(Reply(plain="rows", parts=(Grid(columns=("a", "b"), rows=rows),)))
    table, rest = page
    assert rest["elements"][0]["text"] == f"… {500 - (len(table['rows']) - 1)} more"


def test_a_value_of_ten_thousand_characters_is_cut_and_says_so() -> None:
    (page,) = render(
        Reply(plain="long", parts=(Facts(facts=(Fact(label="a", value="x" * 10_000),)),))
    )
    said = "".join(strings(page))
    assert "…" in said
    assert len(said) < 3_200


def test_a_second_table_becomes_fixed_width_lines() -> None:
    grid = Grid(columns=("a", "b"), rows=(("1", "2"),), numeric=(1,))
    (page,) = render(Reply(plain="two", parts=(grid, grid)))
    assert [block["type"] for block in page] == ["table", "rich_text"]
    assert page[1]["elements"][0]["type"] == "rich_text_preformatted"


def test_a_button_whose_value_slack_would_refuse_is_left_out() -> None:
    row = Actions(
        buttons=(
            Button(label="too long", action="ask", value="x" * 2_001),
            Button(label="fits", action="ask", value="x" * 2_000),
        )
    )
    (page,) = render(Reply(plain="buttons", parts=(row,)))
    assert [e["text"]["text"] for e in page[0]["elements"]] == ["fits"]


@given(words, st.integers(1, 300))
def test_a_cut_text_is_never_longer_than_told(text: str, longest: int) -> None:
    assert units(cut(text, longest)) <= longest
    assert cut(text, units(text) or 1) == text


# --- text formats -------------------------------------------------------------------------------

LIVE = re.compile(
    r"<[@!#a-z]|\]\(|\]\[|^\s{0,3}\[[^\]\n]{0,99}\]:|\w://|www\.|(?:javascript|mailto):\S"
    r"|\w@\w|evil\.example|@(?:here|channel|everyone)",
    re.IGNORECASE | re.MULTILINE,
)
CODE = re.compile(r"`[^`\n]+`")


def outside_code(markdown: str) -> str:
    """What a Markdown reader does not take for code: spans of single backticks, on one line."""
    assert "``" not in markdown
    assert re.search(r"\\`", CODE.sub("", markdown)) is None
    bare = CODE.sub("\ufffc", markdown)
    assert "`" not in bare, "an unpaired backtick would move every span"
    return bare


@settings(max_examples=300, deadline=None)
@given(words)
def test_streamed_markdown_holds_nothing_that_links_or_mentions(text: str) -> None:
    made = safe(text)
    assert LIVE.search(outside_code(made)) is None, made
    assert re.search(r"<[@!#/a-z]", made, re.IGNORECASE) is None, made


@settings(max_examples=300, deadline=None)
@given(st.lists(hostile, max_size=8))
def test_a_text_in_pieces_is_as_safe_as_the_whole(pieces: list[str]) -> None:
    text = SafeMarkdown()
    made = "".join([*(text.feed(piece) for piece in pieces), text.finish()])
    assert LIVE.search(outside_code(made)) is None, made


@given(
    st.lists(
        st.sampled_from(["Fix", "`web-7`", "**now**", "open:", "41 days,", "\n- "]), max_size=30
    )
)
def test_an_ordinary_answer_comes_through_as_it_is(said: list[str]) -> None:
    text = " ".join(said)
    assert safe(text) == text


@pytest.mark.parametrize("bad", HOSTILE)
def test_no_hostile_word_is_live_in_a_stream_or_a_notification(bad: str) -> None:
    for text in (bad, f"see {bad} now", f"`{bad}` {bad}", f"**{bad}**", f"({bad})"):
        assert LIVE.search(outside_code(safe(text))) is None, safe(text)
        assert re.search(r"[<>]", escape(text)) is None
        assert re.search(r"@(here|channel|everyone)", escape(text)) is None


@given(words)
def test_a_notification_is_short_and_escaped(text: str) -> None:
    said = fallback(text)
    assert said
    assert re.search(r"[<>]|&(?!amp;|lt;|gt;)", said) is None
    assert len(said) <= 5 * 600


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=80)
)
def test_what_a_person_types_comes_back_as_it_was(text: str) -> None:
    sent = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    hidden = re.compile("[\u00ad\u180e\ufe00-\ufe0f\U000e0000-\U000e007f]")
    assert plain(f"<@U0ASSIST> {sent}", "U0ASSIST") == hidden.sub("", text)
