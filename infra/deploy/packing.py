"""Zips for Lambda and AgentCore, the same bytes whenever and wherever they are made.

Wheels come from the lock with their hashes, for the platform that runs them, and nothing is built.
Compiled bytecode is shipped: without it a start takes twice as long, because the function's folder
cannot be written to. Its files say of themselves that they are never to be checked against the
source (PEP 552, unchecked hash), and only the same version of Python can write them.
"""

import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.deploy.bundles import Bundle
from infra.deploy.imports import ROOT
from infra.deploy.locked import Pin
from infra.deploy.settings import compiler_named, environment
from infra.programs import ProgramError, output_of

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip knows."""
_TOLD_ELSEWHERE = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"}
"""Of an installed distribution: where and how it was installed, which differs every time."""
_NEVER_RUN = {".pyi", ".pyx", ".pxd", ".c", ".h", ".cpp", ".exe"}
_VERSION = "import sys; print('{}.{}'.format(*sys.version_info))"
_INSTALL_S, _COMPILE_S = 600.0, 600.0


class PackagingError(Exception):
    """A bundle cannot be made here; says why, and what would help."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a bundle runs."""

    python: str
    """`3.13`."""
    platform: str
    """As uv names it; empty: this computer."""


LAMBDA = Target("3.13", "aarch64-manylinux_2_28")
"""Graviton, with the Amazon Linux 2023 that Lambda and AgentCore run Python 3.13 on."""


def here() -> Target:
    """This computer, for an emulated Lambda that runs the interpreter of its host."""
    return Target(f"{sys.version_info.major}.{sys.version_info.minor}", "")


def compiler(version: str) -> Path | None:
    """A Python of exactly this version on this computer, to compile with; None: there is none."""
    if version == here().python:
        return Path(sys.executable)
    named = [one for one in (compiler_named(), shutil.which(f"python{version}")) if one]
    for program in [*map(Path, named), *_kept_by_pyenv(version)]:
        told = _run([str(program), "-I", "-c", _VERSION], check=False)
        if told.strip() == version:
            return program
    return None


def _kept_by_pyenv(version: str) -> list[Path]:
    """Of pyenv, which it hides from a project that asks for another version."""
    return sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}"))


def pack(bundle: Bundle, target: Target, folder: Path, *, level: int = 6) -> Path:
    """Make a bundle's zip in a folder, compressed as much as `level` (1 to 9) says; its path.

    Raises:
        PackagingError: a wheel is missing for the target, or uv could not fetch it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="security-assist-bundle-") as scratch:
        tree = Path(scratch) / "tree"
        tree.mkdir()
        install(bundle.pins(), target, tree)
        for path in bundle.files():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, tree / path)
        for name, text in bundle.written.items():
            (tree / name).write_text(text, encoding="utf-8")
        tidy(tree)
        python = compiler(target.python)
        if python is not None:
            compile_in(tree, python)
        return write_zip(tree, folder / f"{bundle.name}.zip", level)


def install(pins: Sequence[Pin], target: Target, tree: Path) -> None:
    """Unpack the pinned wheels into a folder."""
    if not pins:
        return
    wanted = tree.parent / "requirements.txt"
    lines = [f"{line}\n" for pin in pins for line in pin.lines]
    wanted.write_text("".join(lines), encoding="utf-8")
    foreign = ["--python-version", target.python, "--python-platform", target.platform]
    _run(
        [
            _uv(), "pip", "install", "--quiet", "--target", str(tree), "--no-deps",
            "--require-hashes", "--only-binary", ":all:", "--python", sys.executable,
            *(foreign if target.platform else []), "-r", str(wanted),
        ],
        timeout_s=_INSTALL_S,
    )  # fmt: skip


def tidy(tree: Path) -> None:
    """Take away what differs from one installation to the next, and what nobody runs there."""
    for path in sorted(tree.rglob("*"), reverse=True):
        inside = path.relative_to(tree).parts
        told = path.name in _TOLD_ELSEWHERE and path.parent.name.endswith(".dist-info")
        if inside[0] == "bin" or path.name == ".lock" or "__pycache__" in inside:
            told = True
        if told or path.suffix in _NEVER_RUN:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def compile_in(tree: Path, python: Path) -> None:
    """Put compiled bytecode beside every module, in one process, so that it is always the same."""
    _run(
        [
            str(python), "-I", "-m", "compileall", "-qq", "--invalidation-mode", "unchecked-hash",
            "-s", str(tree), "-p", "/var/task", str(tree),
        ],
        timeout_s=_COMPILE_S,
        # Some distributions ship files that this version cannot compile, for another to run.
        check=False,
        more={"PYTHONHASHSEED": "0"},
    )  # fmt: skip


def write_zip(tree: Path, path: Path, level: int = 6) -> Path:
    """A folder as a zip: files by name, all of one date, readable by everybody."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for source in sorted(_files(tree), key=lambda p: p.relative_to(tree).as_posix()):
            told = zipfile.ZipInfo(source.relative_to(tree).as_posix(), _EPOCH)
            told.compress_type = zipfile.ZIP_DEFLATED
            told.create_system = 3
            told.external_attr = (0o755 if source.suffix == ".so" else 0o644) << 16
            archive.writestr(told, source.read_bytes(), compresslevel=level)
    return path


def unzipped_bytes(path: Path) -> int:
    """What a zip takes once it is unpacked; Lambda's limit is 250 MB."""
    with zipfile.ZipFile(path) as archive:
        return sum(one.file_size for one in archive.infolist())


def _files(tree: Path) -> Iterable[Path]:
    return (path for path in tree.rglob("*") if path.is_file())


def _uv() -> str:
    own = Path(sys.executable).parent / "uv"
    found = str(own) if own.exists() else shutil.which("uv")
    if found is None:
        raise PackagingError("uv is not installed (`make` brings it)")
    return found


def _run(
    command: Sequence[str],
    *,
    timeout_s: float = 60.0,
    check: bool = True,
    more: dict[str, str] | None = None,
) -> str:
    try:
        return output_of(command, {**environment(), **(more or {})}, timeout_s)
    except ProgramError as error:
        if error.ended and not check:
            return ""
        said = "" if error.ended else " did not run"
        raise PackagingError(f"{' '.join(command[:3])}{said}: {error}") from error
