"""`assist work`: what was kept aside is listed without what was said, and done again."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.commands.work import command
from integrations.connect import Connections
from integrations.settings import Settings
from integrations.work.port import Job

_GIVEN_UP = ("Ev1", "Ev\x1b[2J2")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Two jobs were given up, one waits."""
    with Connections(Settings(state=tmp_path / "state")) as connections:
        queue = connections.work()
        for name in _GIVEN_UP:
            queue.put(Job(name, f"C1/{name}", '{"text": "my password is"}'))
            while lease := queue.take(0):
                queue.failed(lease, "KeyError (ref 1a2b3c4d)")
        queue.put(Job("Ev3", "C1/3", "{}"))
    return tmp_path / "state"


def _ran(state: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(command, [*arguments, "--state", str(state)])
    return done.exit_code, done.output


def test_the_list_says_which_and_why_and_nothing_of_what_was_said(state: Path) -> None:
    code, said = _ran(state, "list")
    assert code == 0
    assert "Ev1  C1/Ev1  KeyError (ref 1a2b3c4d)\nEv?[2J2" in said
    assert said.endswith("2 kept aside, 1 waiting or at work\n")
    _, machine = _ran(state, "list", "--json")
    told = json.loads(machine)
    assert [one["id"] for one in told] == list(_GIVEN_UP)
    assert "password" not in said + machine


def test_what_is_replayed_waits_again(state: Path) -> None:
    assert _ran(state, "replay", "Ev1") == (0, "1 job will be done again\n")
    assert _ran(state, "list")[1].endswith("1 kept aside, 2 waiting or at work\n")
    assert _ran(state, "replay", "--all") == (0, "1 job will be done again\n")
    assert _ran(state, "list")[1] == "0 kept aside, 3 waiting or at work\n"


@pytest.mark.parametrize("arguments", [[], ["Ev1", "--all"]])
def test_replaying_takes_names_or_all(state: Path, arguments: list[str]) -> None:
    code, said = _ran(state, "replay", *arguments)
    assert code != 0
    assert "name the jobs, or say --all" in said
