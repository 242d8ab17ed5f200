from collections.abc import Iterator

import pytest

from tests.loopback_aws import LoopbackAws, ParameterStore, loopback_aws


@pytest.fixture
def store() -> ParameterStore:
    return ParameterStore({"door": "open"})


@pytest.fixture
def aws(store: ParameterStore) -> Iterator[LoopbackAws]:
    with loopback_aws(store) as running:
        yield running
