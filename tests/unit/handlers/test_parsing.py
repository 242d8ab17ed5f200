"""JSON as the standard library reads it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.handlers.parsing import parsed

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(_JSON, st.text(" \t\r\n", max_size=3))
def test_what_the_standard_library_writes_is_read_as_it_reads_it(said: object, blanks: str) -> None:
    for ascii_only in (True, False):
        text = blanks + json.dumps(said, ensure_ascii=ascii_only) + blanks
        sent = text.encode("utf-8", "replace")
        assert parsed(sent) == json.loads(sent)


@pytest.mark.parametrize(
    "said",
    [b"", b" ", b"{", b"{} {}", b"{}x", b"\xff{}", b"\xef\xbb\xbf{}", b"{}\xc2\xa0", b"\x00"],
)
def test_what_is_no_json_in_utf_8_is_none(said: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whichever of its kinds
        parsed(said)


def test_what_is_too_deep_is_refused() -> None:
    with pytest.raises(RecursionError):
        parsed(b"[" * 100_000)
