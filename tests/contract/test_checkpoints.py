"""Checkpoints: what was saved last is what is loaded."""

from collections.abc import Iterator
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
