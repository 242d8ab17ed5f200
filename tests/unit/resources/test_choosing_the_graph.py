"""Which engine keeps the resource graph, as a setting says."""

from pathlib import Path

import pytest

from integrations.connect import Connections
from integrations.errors import InvalidSettingError, UnavailableError
from integrations.settings import Settings
from tests.builders import tenant
from tests.gremlin_double import Says, engine

REFUSED = Says(597, "no")


@pytest.mark.parametrize("prefix", ["", "neptune+"])
def test_a_graph_over_the_network_is_asked_where_the_setting_says(
    tmp_path: Path, prefix: str
) -> None:
    with engine(REFUSED) as told:
        where = f"{prefix}{told.url}" + ("?iam=off" if prefix else "#g7")
        with Connections(Settings(tmp_path, graph=where)) as connections:
            connections.directory.put(tenant("acme", "111122223333"))
            with pytest.raises(UnavailableError, match="status 597"):
                connections.systems("acme").resources.get(["x"])
        assert (b"g7" in told.requests[0]) == (not prefix)
        assert "Authorization" not in told.handshakes[0]


def test_an_engine_that_there_is_not_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettingError, match=r"SECURITY_ASSIST_GRAPH .* neptune\+wss://"):
        Connections(Settings(tmp_path, graph="bolt://127.0.0.1"))
