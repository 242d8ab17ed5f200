"""A slice of `make reliability outages`: who asks is told, and nothing is lost."""

from pathlib import Path

from tests.reliability import outages


def test_while_a_backend_is_broken_the_thread_hears_of_it_and_is_answered_afterwards(
    tmp_path: Path,
) -> None:
    asked = [outages.Trial(()), outages.Trial((("tables", "cut"),))]
    asked += [outages.Trial((("graph", "down"), ("findings", "cut")))]
    well, *broken = outages.run(tmp_path, asked)
    assert [(str(one.trial), one.wrong) for one in (well, *broken) if one.wrong] == []
    assert "3 high are open in acme" in well.words
    assert "did not answer" in broken[1].words
