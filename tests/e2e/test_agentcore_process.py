"""The runtime as AgentCore starts it: a process of its own, told everything by its environment."""

import contextlib
import http.client
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from agent.assistant import Done
from integrations.connect import Connections
from tests.agentcore_stage import AWS, KEY, Stage, staged

FIRST = "what needs attention first?"
_TRIES = 3
_MAIN = "import sys; from agent.runtime import main; main(int(sys.argv[1]))"


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        port: int = door.getsockname()[1]
        return port


@contextmanager
def started(folder: Path, **env: str) -> Iterator[int]:
    told = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "SECURITY_ASSIST_STATE": str(folder)}
    for _ in range(_TRIES):
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "-c", _MAIN, str(port)],
            env={**told, **AWS, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            if _listens(process, port):
                yield port
                return
        finally:
            process.terminate()
            said, _nothing = process.communicate(timeout=30)
        # Somebody may have taken the port between our look and the runtime's own.
        assert b"address already in use" in said, said.decode()
    raise AssertionError("every port is taken")


def _listens(process: "subprocess.Popen[bytes]", port: int) -> bool:
    """Whether it comes to listen; False: it ended before."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            # Who answers there may be another, and ours about to say so.
            return process.poll() is None
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
    return False


@pytest.fixture(scope="module")
def home(estate: Connections, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The estate's files, for a process of its own."""
    folder = tmp_path_factory.mktemp("runtime") / "state"
    shutil.copytree(estate._state, folder)
    return folder


def test_a_runtime_of_its_own_answers_pings_and_questions(
    estate: Connections, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    with (
        started(home, SECURITY_ASSIST_RUNTIME_KEY=KEY) as port,
        staged(estate, tmp_path, monkeypatch.setenv, clock=time.time) as stage,
    ):
        assert _ping(port) == "Healthy"
        stage.core.runtime = f"http://127.0.0.1:{port}"
        there, here = _answers(stage)
        assert there == here
        assert stage.answered == [], "the runtime of the test's own process was not asked"


def _answers(stage: Stage) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What matters of both answers; their ages are of two moments."""
    found = []
    for assistant in (stage.worker, stage.own):
        *_, last = assistant.answer(stage.question(FIRST))
        assert isinstance(last, Done)
        answer = last.answer
        found.append((answer.text, answer.notice, answer.model, *answer.evidence))
    return found[0], found[1]


def _ping(port: int) -> str:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", "/ping")
        return str(json.load(connection.getresponse())["status"])


def test_a_runtime_without_a_key_does_not_start(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", _MAIN, str(free_port())],
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), **AWS},
        check=False,
        capture_output=True,
        timeout=120,
    )
    assert told.returncode == 1
    assert b"SECURITY_ASSIST_RUNTIME_KEY has to have at least 32 characters" in told.stderr


def test_what_cannot_be_opened_is_told_by_name_and_tried_again(
    estate: Connections, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    wrong = {"SECURITY_ASSIST_GRAPH": "http://nowhere"}
    with (
        started(home, SECURITY_ASSIST_RUNTIME_KEY=KEY, **wrong) as port,
        staged(estate, tmp_path, monkeypatch.setenv, clock=time.time) as stage,
    ):
        stage.core.runtime = f"http://127.0.0.1:{port}"
        *_, last = stage.worker.answer(stage.question(FIRST))
        assert isinstance(last, Done)
        assert "its runtime refused, failed (ref " in last.answer.notice
        assert "web-7" in last.answer.text
        assert _ping(port) == "Healthy"
