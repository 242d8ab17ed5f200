"""Rankings: what was saved last is what is loaded, in whole, and of one tenant alone."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.exposures.port import KeptExposures
from tests.contract.engines import EXPOSURES, Exposures, Opened


@pytest.fixture(params=sorted(EXPOSURES))
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened[Exposures]]:
    engine = Opened(request.param, EXPOSURES, tmp_path)
    yield engine
    engine.now.close()


def test_there_is_none_before_the_first(opened: Opened[Exposures]) -> None:
    assert opened.now.of("acme").load() is None


@pytest.mark.parametrize("size", [0, 10, 40_000, 900_000])
def test_the_last_one_stands_whatever_its_size_also_after_a_restart(
    opened: Opened[Exposures], size: int
) -> None:
    # Of a long one several items are made: this cannot be compressed.
    opened.now.of("acme").save(KeptExposures("1", os.urandom(50_000)))
    last = KeptExposures("findings 2 \N{SNOWMAN}", os.urandom(size))
    opened.now.of("acme").save(last)
    assert opened.again().of("acme").load() == last


def test_tenants_are_kept_apart(opened: Opened[Exposures]) -> None:
    names = ("acme", "acme2", "Acme")
    for name in names:
        opened.now.of(name).save(KeptExposures(name, name.encode()))
    found = [opened.now.of(name).load() for name in names]
    assert found == [KeptExposures(name, name.encode()) for name in names]


def test_what_is_forgotten_is_gone_for_one_tenant_and_can_be_saved_anew(
    opened: Opened[Exposures],
) -> None:
    for name in ("acme", "globex"):
        opened.now.of(name).save(KeptExposures("1", os.urandom(400_000)))
    opened.now.of("acme").forget()
    opened.now.of("acme").forget()
    assert opened.now.of("acme").load() is None
    assert opened.now.of("globex").load() is not None
    opened.now.of("acme").save(KeptExposures("2", b"anew"))
    assert opened.now.of("acme").load() == KeptExposures("2", b"anew")
