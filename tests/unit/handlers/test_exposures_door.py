"""The door that ranks ahead stops by itself before Lambda ends it."""

from pathlib import Path

from bot.handlers.exposures import ranked_in_time
from integrations.connect import Connections
from integrations.settings import Settings
from tests.builders import tenant


def test_who_has_no_time_left_is_left_for_the_next_run(tmp_path: Path) -> None:
    seconds = iter((90.0, 31.0, 29.0))
    with Connections(Settings(state=tmp_path)) as connections:
        connections.directory.put(tenant("acme", "111111111111"))
        connections.directory.put(tenant("globex", "222222222222"))
        wanted = ["acme", "globex", "nobody", "initech"]
        first = ranked_in_time(connections, wanted, lambda: next(seconds))
        assert (first["failed"], first["left"]) == ({}, ["nobody", "initech"])
        second = ranked_in_time(connections, first["left"], lambda: 300.0)
    assert (list(second["failed"]), second["left"]) == (["nobody", "initech"], [])
