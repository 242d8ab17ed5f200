"""The code of a message, as everybody else makes it."""

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from bot.handlers.hmac_sha256 import HmacSha256


def test_the_vector_of_rfc_4231_for_a_key_that_is_longer_than_a_block() -> None:
    said = b"Test Using Larger Than Block-Size Key - Hash Key First"
    wanted = "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    assert HmacSha256(b"\xaa" * 131).hex_of(said) == wanted


@given(st.binary(max_size=130), st.lists(st.binary(max_size=300), min_size=1, max_size=4))
def test_each_message_of_a_key_has_the_code_that_the_standard_library_makes(
    key: bytes, messages: list[bytes]
) -> None:
    ours = HmacSha256(key)
    wanted = [hmac.new(key, message, hashlib.sha256).hexdigest() for message in messages]
    assert [ours.hex_of(message) for message in messages] == wanted
