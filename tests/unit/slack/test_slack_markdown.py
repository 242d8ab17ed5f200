"""A streamed text reads as it was meant, with nothing in it that links."""

import pytest

from bot.slack.markdown import safe


@pytest.mark.parametrize(
    ("written", "streamed"),
    [
        ("fixed in 8.7p1-38.el9\\_4.4", "fixed in `8.7p1-38.el9_4.4`"),
        ("see evil.example\\*", "see `evil.example`\\*"),
        ("a \\<@U1\\> b.example", "a `<@U1>` `b.example`"),
        ("**web-7** stays", "**web-7** stays"),
    ],
)
def test_what_becomes_code_loses_its_escapes(written: str, streamed: str) -> None:
    assert safe(written).replace("\u2039", "<") == streamed
