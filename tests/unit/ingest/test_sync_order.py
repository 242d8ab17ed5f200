"""Whose graph a scheduled sync begins with, and whom it leaves for the next one."""

import json
from pathlib import Path

import pytest

from integrations.connect import Connections
from integrations.handlers.resources import synced
from integrations.settings import Settings
from tests.builders import tenant


@pytest.fixture
def connections(tmp_path: Path) -> Connections:
    """Three tenants whose accounts are not reached: each sync fails at once, and is named."""
    made = Connections(Settings(state=tmp_path))
    for number, name in enumerate(("acme", "globex", "initech")):
        made.directory.put(tenant(name, f"{number + 1:012}"))
    return made


def _stored(connections: Connections, **at: float) -> None:
    for name, moment in at.items():
        saved = json.dumps({"token": "", "given_at": moment})
        connections.checkpoints().save(f"resources/{name}", saved)


def test_those_come_first_that_have_waited_longest(connections: Connections) -> None:
    _stored(connections, acme=300.0, globex=100.0)
    assert list(synced(connections)["failed"]) == ["initech", "globex", "acme"]


def test_without_time_for_another_the_rest_is_left(connections: Connections) -> None:
    _stored(connections, acme=300.0, globex=100.0, initech=200.0)
    left = iter([900.0, 59.0])
    answer = synced(connections, left_s=lambda: next(left))
    assert list(answer["failed"]) == ["globex"]
    assert answer["left"] == ["initech", "acme"]
