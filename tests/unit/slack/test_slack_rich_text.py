"""Our Markdown as rich text."""

from bot.slack import rich_text


def test_bold_and_code_get_their_style_and_the_rest_stays_literal() -> None:
    (section,) = rich_text.from_markdown("Fix **web-7** with `aws ec2`, not _later_.")
    assert section["elements"] == [
        {"type": "text", "text": "Fix "},
        {"type": "text", "text": "web-7", "style": {"bold": True}},
        {"type": "text", "text": " with "},
        {"type": "text", "text": "aws ec2", "style": {"code": True}},
        {"type": "text", "text": ", not _later_."},
    ]


def test_lists_become_lists_and_lines_stay_lines() -> None:
    first, bullets, steps, last = rich_text.from_markdown("one\ntwo\n- a\n- b\n1. x\n2. y\nend")
    assert "".join(e["text"] for e in first["elements"]) == "one\ntwo"
    assert [bullets["style"], len(bullets["elements"])] == ["bullet", 2]
    assert [steps["style"], len(steps["elements"])] == ["ordered", 2]
    assert last["elements"][0]["text"] == "end"


def test_what_is_too_long_is_cut_in_its_middle_element() -> None:
    block = rich_text.block(rich_text.from_markdown("a" * 2_000 + "\n- " + "b" * 2_000))
    assert block is not None
    last = block["elements"][-1]["elements"][-1]["elements"][-1]["text"]
    assert last.endswith("b…")


def test_nothing_makes_no_block() -> None:
    assert rich_text.block(rich_text.from_markdown("")) is None
