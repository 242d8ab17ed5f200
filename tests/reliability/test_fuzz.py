"""A slice of `make reliability fuzz`: no input that a fuzzer comes upon opens or fells the door."""

import pytest

from tests.reliability.fuzz import fuzzed, possible


@pytest.mark.skipif(not possible(), reason="atheris has wheels for Linux on x86-64 only")
@pytest.mark.parametrize(("target", "runs"), [("verifier", 1_000_000), ("door", 20_000)])
def test_no_input_breaks_a_promise(target: str, runs: int) -> None:
    assert fuzzed(target, runs, seed=7) == ""
