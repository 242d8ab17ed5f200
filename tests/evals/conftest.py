"""The stage that every case is played on, and the figure at the end."""

from collections.abc import Iterator

import pytest

from integrations.connect import Connections
from tests.evals.cases import PHRASINGS, cases
from tests.evals.stage import Stage, moment_of
from tests.evals.truth import Truth

_PLAYED = pytest.StashKey[list[int]]()


@pytest.fixture(scope="session")
def stage(estate: Connections, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The demo, asked at the moment that its files are of."""
    sources = estate._state / "sources"
    now = moment_of(sources)
    made = Stage(estate, tmp_path_factory.mktemp("evals"), Truth(sources, now), now)
    yield made
    made.close()


@pytest.fixture
def played(pytestconfig: pytest.Config) -> list[int]:
    """The questions of every conversation that was played to its end."""
    return pytestconfig.stash.setdefault(_PLAYED, [])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """`evals: 64 cases, 192 conversations, 350 questions: 192 conversations passed`."""
    passed = config.stash.get(_PLAYED, [])
    if passed:
        wanted = len(cases()) * PHRASINGS
        terminalreporter.write_line(
            f"evals: {len(cases())} cases in {PHRASINGS} phrasings are {wanted} conversations; "
            f"{len(passed)} of them passed, with {sum(passed)} questions"
        )
