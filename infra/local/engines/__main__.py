"""`python -m infra.local.engines`: real engines on 127.0.0.1, without Docker.

Alone it starts them, says where they are and stops them at Ctrl-C. With `-- COMMAND` it runs the
command while they run (with `SECURITY_ASSIST_ENGINES` naming the JSON file that says where) and
ends with the command's code. An engine that cannot be started is left out, with its reason.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from infra.local.engines.running import ENGINES, READY_S, Engines
from infra.local.engines.settings import ENGINES as VARIABLE
from infra.local.engines.settings import everything, running

_LOOK_S = 0.5
_END_S = 30.0


def main() -> int:
    """Run; the exit code."""
    order = _order(sys.argv[1:])
    if order.command and running():
        _say(f"the engines of {running()} are used")
        return subprocess.run(order.command, check=False).returncode  # noqa: S603 - the user's own
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    chosen = {name: getattr(order, f"{name}_port") for name in order.only}
    parent = os.getppid()
    folder = Path(tempfile.mkdtemp(prefix="security-assist-where-"))
    where = order.where or folder / "engines.json"
    try:
        with Engines(chosen) as engines:
            engines.wait(order.ready_within)
            engines.write(where)
            _tell(engines, where)
            if order.command:
                return _run(order.command, where, parent)
            return _stay(engines, parent)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    finally:
        where.unlink(missing_ok=True)
        folder.rmdir()


def _order(arguments: list[str]) -> argparse.Namespace:
    own, command = arguments, []
    if "--" in arguments:
        at = arguments.index("--")
        own, command = arguments[:at], arguments[at + 1 :]
    parser = argparse.ArgumentParser(
        prog="python -m infra.local.engines", description="Real engines on 127.0.0.1."
    )
    parser.add_argument(
        "--only", type=_names, default=list(ENGINES), help=f"some of {','.join(ENGINES)}"
    )
    for name in ENGINES:
        parser.add_argument(f"--{name}-port", type=int, help="a free one unless given")
    parser.add_argument("--where", type=Path, help="a file for the addresses, as JSON")
    parser.add_argument("--ready-within", type=float, default=READY_S, help="seconds")
    order = parser.parse_args(own)
    order.command = command
    return order


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in ENGINES:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(ENGINES)}")
    return names


def _tell(engines: Engines, where: Path) -> None:
    for name, told in engines.where().items():
        if name == "left_out":
            for missing, why in told.items():
                _say(f"{missing:<11} not here: {why}")
        else:
            _say(
                f"{name:<11}{told['version']:<8} {told['url']}  (pid {told['pid']}, {told['log']})"
            )
    _say(f"addresses: {where}")


def _run(command: list[str], where: Path, parent: int) -> int:
    """The command's exit code; 143 when whoever started this is gone."""
    mine = {**everything(), VARIABLE: str(where.resolve())}
    process = subprocess.Popen(command, env=mine)  # noqa: S603 - the user's own command
    try:
        while os.getppid() == parent:
            try:
                return process.wait(_LOOK_S)
            except subprocess.TimeoutExpired:
                continue
        return 128 + signal.SIGTERM
    finally:
        _finish(process)


def _finish(process: subprocess.Popen[bytes]) -> None:
    """A command that still runs is asked to end, and killed when it does not."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _stay(engines: Engines, parent: int) -> int:
    """Until Ctrl-C, or until whoever started this is gone; 1 when nothing runs or one ended."""
    if len(engines.where()) == 1:
        return 1
    _say("Ctrl-C stops them.")
    while os.getppid() == parent:
        gone = engines.ended()
        if gone:
            _say(f"{gone} ended by itself: see its log")
            return 1
        time.sleep(_LOOK_S)
    return 0


def _end(number: int, frame: FrameType | None) -> None:
    del frame
    raise SystemExit(128 + number)


def _say(line: str) -> None:
    """On stderr: stdout is the command's."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
