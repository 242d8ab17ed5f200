"""A stage for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.remediating import Stage, staged


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as ready:
        yield ready
