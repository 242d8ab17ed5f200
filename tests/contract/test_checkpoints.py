"""Checkpoints: what was saved last is what is loaded."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.contract.engines import CHECKPOINTS, Checkpoints, Opened


@pytest.fixture(params=sorted(CHECKPOINTS))
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened[Checkpoints]]:
    engine = Opened(request.param, CHECKPOINTS, tmp_path)
    yield engine
    engine.now.close()


def test_there_is_none_before_the_first(opened: Opened[Checkpoints]) -> None:
    assert opened.now.load("findings/acme/1/eu-west-1") is None


def test_the_last_one_stands_also_after_a_restart(opened: Opened[Checkpoints]) -> None:
    opened.now.save("a", "1")
    opened.now.save("a", '{"since": "2026-11-25T00:00:00Z", "\N{SNOWMAN}": 1}')
    assert opened.again().load("a") == '{"since": "2026-11-25T00:00:00Z", "\N{SNOWMAN}": 1}'


def test_names_are_kept_apart(opened: Opened[Checkpoints]) -> None:
    opened.now.save("a/b", "1")
    opened.now.save("A/b", "2")
    opened.now.save("a", "")
    assert [opened.now.load(name) for name in ("a/b", "A/b", "a", "b")] == ["1", "2", "", None]


def test_of_those_who_saw_the_same_one_is_let_through(opened: Opened[Checkpoints]) -> None:
    assert opened.now.swap("day", None, "1")
    assert not opened.now.swap("day", None, "2")
    assert not opened.now.swap("day", "0", "2")
    assert opened.now.load("day") == "1"
    assert opened.now.swap("day", "1", "2")
    assert not opened.now.swap("day", "1", "3")
    assert opened.again().load("day") == "2"
    assert not opened.now.swap("other", "1", "2")
    assert opened.now.load("other") is None


def test_a_race_has_one_winner(opened: Opened[Checkpoints]) -> None:
    for round_number in range(5):
        name = f"race/{round_number}"
        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(lambda n, name=name: opened.now.swap(name, None, str(n)), range(8)))
        assert won.count(True) == 1
        assert opened.now.load(name) == str(won.index(True))
