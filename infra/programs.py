"""A program of this computer, run to its end within a time."""

import subprocess
from collections.abc import Mapping, Sequence


class ProgramError(Exception):
    """It did not run, or not to a good end; the text is the first line of what it said."""

    def __init__(self, said: str, *, ended: bool) -> None:
        """`ended`: whether it ran to an end at all."""
        super().__init__(said)
        self.ended = ended


def output_of(command: Sequence[str], environment: Mapping[str, str], timeout_s: float) -> str:
    """What it wrote to its standard output; it reads nothing.

    Raises:
        ProgramError: it is not there, took longer than `timeout_s`, or ended with another code
            than 0.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the commands are the callers' own
            command,
            capture_output=True,
            check=False,
            text=True,
            timeout=timeout_s,
            stdin=subprocess.DEVNULL,
            env=dict(environment),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ProgramError(str(error), ended=False) from error
    if done.returncode:
        said = done.stderr.strip() or done.stdout.strip() or "it said nothing"
        raise ProgramError(said.splitlines()[0][:400], ended=True)
    return done.stdout
