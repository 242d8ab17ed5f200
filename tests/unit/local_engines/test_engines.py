"""Real engines on this machine: started together, waited for, left out with a reason, stopped."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.engines import gremlin, hub, opensearch
from infra.local.engines.ground import (
    CannotStartError,
    Ground,
    Launch,
    ask,
    free_port,
    installed_javas,
)
from infra.local.engines.running import Engines

SERVER = "import http.server as h, sys; h.test(h.SimpleHTTPRequestHandler, port=int(sys.argv[1]))"
ROOT = Path(__file__).parents[3]


def _bare(tmp_path: Path, *javas: Path) -> Ground:
    """A machine with nothing on its PATH."""
    work = tmp_path / "work"
    work.mkdir()
    return Ground(tmp_path / "cache", work, {"PATH": str(tmp_path)}, javas)


def _java(folder: Path, version: str) -> Path:
    """A home that says it is a Java of this version."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "java").touch()
    (folder / "release").write_text(f'IMPLEMENTOR="X"\nJAVA_VERSION="{version}"\n')
    return folder


def _serving(ground: Ground, port: int | None) -> Launch:
    """A web server of the standard library in an engine's place."""
    chosen = port or free_port()
    folder = ground.work / "web"
    folder.mkdir()
    return Launch(
        name="web",
        version="1",
        command=[sys.executable, "-c", SERVER, str(chosen)],
        folder=folder,
        environment=ground.environment,
        ready=lambda: ask(chosen, "/")[0] == 200,
        address={"url": f"http://127.0.0.1:{chosen}", "port": chosen},
    )


def _dying(ground: Ground, port: int | None) -> Launch:
    """An engine that says why and ends."""
    launch = _serving(ground, port)
    broken = [sys.executable, "-c", "import sys; sys.exit('the disk is full')"]
    return Launch(
        name="web", version="1", command=broken, folder=launch.folder,
        environment=launch.environment, ready=launch.ready, address=launch.address,
    )  # fmt: skip


def _silent(ground: Ground, port: int | None) -> Launch:
    """An engine that never answers."""
    launch = _serving(ground, port)
    return Launch(
        name="web", version="1", command=launch.command, folder=launch.folder,
        environment=launch.environment, ready=lambda: False, address=launch.address,
    )  # fmt: skip


def test_an_engine_answers_where_it_is_said_to_be_until_it_is_stopped(tmp_path: Path) -> None:
    with Engines({"web": None}, {"web": _serving}, tmp_path) as engines:
        engines.wait()
        engines.write(tmp_path / "where.json")
        where = json.loads((tmp_path / "where.json").read_text())
        assert where["left_out"] == {}
        assert where["web"]["version"] == "1"
        assert ask(where["web"]["port"], "/")[0] == 200
        log = Path(where["web"]["log"])
        assert log.exists()
    assert ask(where["web"]["port"], "/")[0] == 0
    assert not log.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(where["web"]["pid"], 0)


def test_an_engine_that_ends_while_it_starts_is_left_out_with_its_last_words(
    tmp_path: Path,
) -> None:
    with Engines({"web": None}, {"web": _dying}, tmp_path) as engines:
        engines.wait()
        assert list(engines.where()) == ["left_out"]
        assert "ended with code 1" in engines.left_out["web"]
        assert engines.left_out["web"].endswith("web.log ends with: the disk is full")


def test_an_engine_that_does_not_answer_in_time_is_stopped_and_its_log_is_named(
    tmp_path: Path,
) -> None:
    with Engines({"web": None}, {"web": _silent}, tmp_path) as engines:
        engines.wait(0.1)
        assert "did not answer within 0 s; its log /" in engines.left_out["web"]
        assert list(engines.where()) == ["left_out"]


@pytest.mark.parametrize(
    "prepare",
    [gremlin.prepare, hub.prepare, opensearch.prepare],
    ids=["gremlin", "hub", "opensearch"],
)
def test_a_machine_without_anything_is_told_what_is_missing(
    tmp_path: Path, prepare: object
) -> None:
    assert callable(prepare)
    with pytest.raises(CannotStartError, match=r"Java|uv"):
        prepare(_bare(tmp_path), None)


def test_maven_is_asked_for_by_its_name(tmp_path: Path) -> None:
    java = _java(tmp_path / "jdk", "21.0.8")
    with pytest.raises(CannotStartError, match=r"Maven \(mvn\) is not installed"):
        gremlin.prepare(_bare(tmp_path, java), None)


def test_opensearch_says_which_ports_it_can_listen_on(tmp_path: Path) -> None:
    with pytest.raises(CannotStartError, match="from 9201 to 9299, not 9300"):
        opensearch.prepare(_bare(tmp_path), 9300)


def test_the_java_of_the_environment_comes_first_if_it_is_new_enough(tmp_path: Path) -> None:
    own, other = _java(tmp_path / "own", "17.0.1"), _java(tmp_path / "other", "25")
    assert installed_javas(own)[0] == own
    ground = _bare(tmp_path, own, other)
    assert ground.java(11) == own / "bin" / "java"
    assert ground.java(21) == other / "bin" / "java"
    assert ground.java(26) is None


def test_a_command_runs_with_the_addresses_and_gives_its_code(tmp_path: Path) -> None:
    asked = "import os, pathlib; print(pathlib.Path(os.environ['SECURITY_ASSIST_ENGINES'])"
    order = [sys.executable, "-m", "infra.local.engines", "--only", "opensearch"]
    order += ["--opensearch-port", "1", "--", sys.executable, "-c"]
    order += [f"{asked}.read_text()); raise SystemExit(7)"]
    clean = {k: v for k, v in os.environ.items() if k != "SECURITY_ASSIST_ENGINES"}  # noqa: TID251 - without the engines of this run
    done = subprocess.run(
        order, cwd=ROOT, env=clean, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 7
    assert "9201 to 9299" in json.loads(done.stdout)["left_out"]["opensearch"]
    assert "opensearch  not here: its port" in done.stderr
