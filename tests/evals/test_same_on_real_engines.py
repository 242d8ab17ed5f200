"""Some of the cases on the real engines; `make same-answers` asks all of them."""

from collections.abc import Iterator

import pytest

from integrations.connect import Connections
from tests.evals.cases import cases
from tests.evals.on_engines import differences, real_estate
from tests.evals.stage import Stage

_EVERY = 12


@pytest.fixture(scope="module")
def real(
    estate: Connections, stage: Stage, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """The demo in OpenSearch and at the Gremlin Server."""
    folder = tmp_path_factory.mktemp("real")
    with real_estate(folder / "state", estate._state) as connections:
        made = Stage(connections, folder / "memory", stage.truth, stage.now)
        yield made
        made.close()


@pytest.mark.slow
def test_the_real_engines_give_the_same_answers_as_the_embedded(stage: Stage, real: Stage) -> None:
    assert list(differences(stage, real, cases()[::_EVERY])) == []
