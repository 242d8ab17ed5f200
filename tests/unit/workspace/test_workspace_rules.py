"""Block Kit's limits: the last thing that is taken, the first that is refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from bot.workspace.refusals import SlackRefusalError
from bot.workspace.rules import check_blocks, check_view

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "text", "elements", "rows", "x"]), inner)
    ),
    max_leaves=12,
)


def plain(words: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": words}


def mrkdwn(words: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": words}


def section(words: str) -> dict[str, Any]:
    return {"type": "section", "text": mrkdwn(words)}


def button(number: int = 0, **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain("Press"), "action_id": f"a{number}", **more}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def table(rows: int, columns: int, words: str = "x") -> dict[str, Any]:
    cell = {"type": "raw_text", "text": words}
    return {"type": "table", "rows": [[cell] * columns for _ in range(rows)]}


def confirm(**more: Any) -> dict[str, Any]:
    said = {"title": plain("t"), "text": plain("x"), "confirm": plain("y"), "deny": plain("n")}
    return {**said, **more}


def taken(*blocks: Any) -> str:
    """The error these blocks are refused with, or "" when they are taken."""
    try:
        check_blocks(list(blocks), ready=lambda _file_id: True)
    except SlackRefusalError as refusal:
        return refusal.error
    return ""


FITS: list[tuple[str, list[Any]]] = [
    ("50 blocks", [{"type": "divider"}] * 50),
    ("3000 characters in a section", [section("x" * 3000)]),
    ("10 fields", [{"type": "section", "fields": [mrkdwn("x")] * 10}]),
    ("150 characters in a header", [{"type": "header", "text": plain("x" * 150)}]),
    ("25 buttons", [actions(*[button(n) for n in range(25)])]),
    ("75 characters on a button", [actions(button(text=plain("x" * 75)))]),
    ("2000 characters behind a button", [actions(button(value="x" * 2000))]),
    ("10 things in a context", [{"type": "context", "elements": [mrkdwn("x")] * 10}]),
    ("12000 characters of markdown", [{"type": "markdown", "text": "x" * 12_000}]),
    ("100 rows of 20 cells", [table(100, 20)]),
    ("a card", [{"type": "card", "title": plain("x" * 150), "body": mrkdwn("x" * 200)}]),
    ("the same action in two blocks", [actions(button()), actions(button())]),
    ("a link and a table", [section("<https://example.com|x>"), table(2, 2)]),
    ("a confirmation", [actions(button(confirm=confirm()))]),
]
TOO_MUCH: list[tuple[str, list[Any], str]] = [
    ("51 blocks", [{"type": "divider"}] * 51, "invalid_blocks"),
    ("3001 characters in a section", [section("x" * 3001)], "invalid_blocks"),
    ("no words", [section("")], "invalid_blocks"),
    ("11 fields", [{"type": "section", "fields": [mrkdwn("x")] * 11}], "invalid_blocks"),
    ("neither text nor fields", [{"type": "section"}], "invalid_blocks"),
    ("151 in a header", [{"type": "header", "text": plain("x" * 151)}], "invalid_blocks"),
    ("mrkdwn in a header", [{"type": "header", "text": mrkdwn("x")}], "invalid_blocks"),
    ("26 buttons", [actions(*[button(n) for n in range(26)])], "invalid_blocks"),
    ("no buttons", [actions()], "invalid_blocks"),
    ("mrkdwn on a button", [actions(button(text=mrkdwn("x")))], "invalid_blocks"),
    ("76 on a button", [actions(button(text=plain("x" * 76)))], "invalid_blocks"),
    ("2001 behind a button", [actions(button(value="x" * 2001))], "invalid_blocks"),
    ("256 in an action id", [actions(button(action_id="x" * 256))], "invalid_blocks"),
    ("an unknown style", [actions(button(style="blue"))], "invalid_blocks"),
    ("twice the same action id", [actions(button(), button())], "invalid_blocks"),
    (
        "twice the same block id",
        [{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}],
        "invalid_blocks",
    ),
    ("11 in a context", [{"type": "context", "elements": [mrkdwn("x")] * 11}], "invalid_blocks"),
    ("a button in a context", [{"type": "context", "elements": [button()]}], "invalid_blocks"),
    ("12001 of markdown", [{"type": "markdown", "text": "x" * 12_001}], "invalid_blocks"),
    (
        "12001 of markdown in two blocks",
        [{"type": "markdown", "text": "x" * 6_000}, {"type": "markdown", "text": "x" * 6_001}],
        "msg_blocks_too_long",
    ),
    ("11341 characters in 45 blocks", [section("x" * 252)] * 45, "msg_blocks_too_long"),
    ("101 rows", [table(101, 2)], "invalid_blocks"),
    ("21 columns", [table(2, 21)], "invalid_blocks"),
    ("10001 characters in cells", [table(10, 10, "x" * 101)], "invalid_blocks"),
    ("two tables", [table(1, 1), table(1, 1)], "invalid_attachments"),
    (
        "a second table in markdown",
        [table(1, 1), {"type": "markdown", "text": "| a | b |\n|---|---|\n| 1 | 2 |"}],
        "invalid_attachments",
    ),
    ("an unknown block", [{"type": "nonsense"}], "invalid_blocks"),
    ("no type", [{}], "invalid_blocks"),
    ("no object", ["divider"], "invalid_blocks"),
    ("an unknown field", [{"type": "divider", "colour": "red"}], "invalid_blocks"),
    ("an image without alt text", [{"type": "image", "image_url": "x"}], "invalid_blocks"),
    (
        "an image that is two",
        [
            {
                "type": "image",
                "image_url": "https://example.com/a.png",
                "slack_file": {"id": "F000000000"},
                "alt_text": "x",
            }
        ],
        "invalid_blocks",
    ),
    (
        "101 in a confirmation's title",
        [actions(button(confirm=confirm(title=plain("x" * 101))))],
        "invalid_blocks",
    ),
    (
        "an alert, which is for modals",
        [{"type": "alert", "level": "warning", "text": plain("x")}],
        "invalid_blocks",
    ),
    ("an empty card", [{"type": "card", "subtitle": plain("x")}], "invalid_blocks"),
]


@pytest.mark.parametrize(("what", "blocks"), FITS, ids=[what for what, _ in FITS])
def test_what_fits_is_taken(what: str, blocks: list[Any]) -> None:
    assert taken(*blocks) == ""


@pytest.mark.parametrize(
    ("what", "blocks", "error"), TOO_MUCH, ids=[what for what, _, _ in TOO_MUCH]
)
def test_what_slack_refuses_is_refused(what: str, blocks: list[Any], error: str) -> None:
    assert taken(*blocks) == error


def test_a_refusal_says_where(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(SlackRefusalError) as caught:
        check_blocks([section("x" * 3001)], ready=lambda _file_id: True)
    assert caught.value.body()["errors"] == [
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    ]


def test_blocks_that_are_no_list_have_the_wrong_format() -> None:
    with pytest.raises(SlackRefusalError) as caught:
        check_blocks({"type": "divider"}, ready=lambda _file_id: True)
    assert caught.value.error == "invalid_blocks_format"


@given(st.lists(JSON, max_size=4))
def test_whatever_comes_is_taken_or_refused_with_a_slack_error(blocks: list[Any]) -> None:
    assert taken(*blocks) in {"", "invalid_blocks", "msg_blocks_too_long", "invalid_attachments"}


@pytest.mark.parametrize(("what", "blocks"), FITS, ids=[what for what, _ in FITS])
def test_what_is_taken_passes_the_vendors_validators(what: str, blocks: list[Any]) -> None:
    for block in blocks:
        parsed = Block.parse(block)
        assert parsed is not None
        parsed.validate_json()


MODAL = {"type": "modal", "title": plain("Why"), "blocks": [section("x")]}


@pytest.mark.parametrize(
    "view",
    [
        {**MODAL, "title": plain("x" * 25)},
        {**MODAL, "private_metadata": "x" * 3001},
        {**MODAL, "blocks": [{"type": "divider"}] * 101},
        {**MODAL, "blocks": "none"},
        {**MODAL, "type": "home"},
        {**MODAL, "blocks": [{"type": "nonsense"}]},
        {**MODAL, "blocks": [{"type": "markdown", "text": "for messages"}]},
        {**MODAL, "blocks": [table(1, 1)]},
        {**MODAL, "blocks": [{"type": "alert", "level": "loud", "text": plain("x")}]},
        {**MODAL, "submit_disabled": True},
        {
            **MODAL,
            "blocks": [
                {"type": "input", "label": plain("x"), "element": {"type": "plain_text_input"}}
            ],
        },
        "modal",
    ],
)
def test_a_wrong_view_is_refused(view: Any) -> None:
    with pytest.raises(SlackRefusalError) as caught:
        check_view(view, "modal")
    assert caught.value.error == "invalid_arguments"


@pytest.mark.parametrize(
    "blocks",
    [
        MODAL["blocks"],
        [{"type": "alert", "level": "warning", "text": plain("x")}],
        [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]}],
    ],
)
def test_a_right_view_is_taken(blocks: Any) -> None:
    view = {**MODAL, "blocks": blocks}
    assert check_view(view, "modal") == view
