"""A stage for every test that asks for one."""

from collections.abc import Iterator

import pytest

from tests.unit.workspace.stage import Stage, on_stage


@pytest.fixture
def stage() -> Iterator[Stage]:
    with on_stage() as ready:
        yield ready
