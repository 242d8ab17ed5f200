"""What several suites share; everything here is real, in a folder of the test run's own."""

from collections.abc import Iterator

import pytest

from integrations.connect import Connections
from tests.demo import demo_estate


@pytest.fixture(scope="session")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connections]:
    """The demo's estate, to be read only: filled once for all suites."""
    with demo_estate(tmp_path_factory.mktemp("estate")) as connections:
        yield connections
