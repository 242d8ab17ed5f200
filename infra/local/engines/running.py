"""Engines started together, waited for, and stopped by their process ids."""

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from infra.local.engines import gremlin, hub, opensearch
from infra.local.engines.ground import CannotStartError, Ground, Launch, installed_javas
from infra.local.engines.settings import cache, environment, java_home

ENGINES: Mapping[str, Callable[[Ground, int | None], Launch]] = {
    "gremlin": gremlin.prepare,
    "opensearch": opensearch.prepare,
    "hub": hub.prepare,
}
READY_S = 120.0
"""How long an engine may take until it answers; the slowest takes 12 s on an idle machine."""
_STOP_S = 15.0
_LOOK_S = 0.2
_LAST_LINES = 400


@dataclass(frozen=True, slots=True)
class _Started:
    launch: Launch
    process: subprocess.Popen[bytes]
    log: Path


class Engines:
    """The engines that could be started; the others, each with the reason."""

    def __init__(
        self,
        ports: Mapping[str, int | None],
        engines: Mapping[str, Callable[[Ground, int | None], Launch]] = ENGINES,
        folder: Path | None = None,
    ) -> None:
        """Start those that `ports` names, on these ports or (None) on free ones; wait for none.

        Their files are in a folder of their own in `folder` (None: where the system keeps such).
        """
        self._engines = engines
        self._work = Path(tempfile.mkdtemp(prefix="security-assist-engines-", dir=folder))
        self._ground = Ground(cache(), self._work, environment(), installed_javas(java_home()))
        self._started: dict[str, _Started] = {}
        self.left_out: dict[str, str] = {}
        """Why an engine does not run, by its name."""
        for launch in self._prepared(ports):
            self._start(launch)

    def _prepared(self, ports: Mapping[str, int | None]) -> list[Launch]:
        """What can be started; what has to be fetched is fetched side by side."""

        def prepared(name: str) -> Launch | None:
            try:
                return self._engines[name](self._ground, ports[name])
            except (CannotStartError, OSError) as error:
                self.left_out[name] = str(error)
                return None

        with ThreadPoolExecutor(max(1, len(ports))) as pool:
            return [launch for launch in pool.map(prepared, ports) if launch]

    def _start(self, launch: Launch) -> None:
        log = self._work / f"{launch.name}.log"
        # A session of its own: Ctrl-C is for the command that uses the engines; they are stopped
        # after it. Where the kernel can, they go when this process is killed. It watches the thread
        # that started them, therefore none is started from the pool.
        tied = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        with log.open("wb") as out:
            process = subprocess.Popen(  # noqa: S603 - the commands are the modules' own
                [*tied, *launch.command],
                cwd=launch.folder,
                env=dict(launch.environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started[launch.name] = _Started(launch, process, log)

    def wait(self, within_s: float = READY_S) -> None:
        """Until each of them answers; one that does not in time is stopped and left out."""
        deadline = time.monotonic() + within_s
        waiting = dict(self._started)
        while waiting:
            for name, one in list(waiting.items()):
                why = ""
                if one.process.poll() is not None:
                    why = f"it ended with code {one.process.returncode} while starting"
                elif one.launch.ready():
                    del waiting[name]
                elif time.monotonic() > deadline:
                    why = f"it did not answer within {within_s:.0f} s"
                if why:
                    del waiting[name]
                    self._give_up(one, why)
            time.sleep(_LOOK_S)

    def _give_up(self, one: _Started, why: str) -> None:
        _stop([one.process])
        del self._started[one.launch.name]
        said = one.log.read_bytes()[-_LAST_LINES:].decode("utf-8", "replace").strip()
        last = said.splitlines()[-1] if said else "nothing"
        self.left_out[one.launch.name] = f"{why}; its log {one.log} ends with: {last}"

    def where(self) -> dict[str, Any]:
        """Each engine's `version`, `url`, `pid`, `log` and what else its clients need, by its name.

        `left_out` holds the reasons of those that do not run.
        """
        told: dict[str, Any] = {
            name: {
                "version": one.launch.version,
                **one.launch.address,
                "pid": one.process.pid,
                "log": str(one.log),
            }
            for name, one in self._started.items()
        }
        return told | {"left_out": dict(self.left_out)}

    def write(self, path: Path) -> None:
        """Write `where` as JSON."""
        path.write_text(json.dumps(self.where(), indent=1) + "\n", encoding="utf-8")

    def ended(self) -> str | None:
        """The name of an engine that ended by itself, if one did."""
        return next((n for n, o in self._started.items() if o.process.poll() is not None), None)

    def close(self) -> None:
        """Stop every engine; their files go, unless one could not be started: its log stays."""
        _stop([one.process for one in self._started.values()])
        self._started.clear()
        if not any(str(self._work) in reason for reason in self.left_out.values()):
            shutil.rmtree(self._work, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ask them to end; kill those that have not within 15 s."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + _STOP_S
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
