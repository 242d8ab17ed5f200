"""Coverage-guided fuzzing of Slack's door on Lambda, by atheris (libFuzzer).

`python -m tests.reliability.fuzz TARGET RUNS SEED` ends with 0 when no run broke a promise of
`fuzz_targets`; otherwise the exception and the input are printed.
"""

import importlib
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

_MOST_BYTES = 512
"""Of an input; how large requests are refused is tried by `hostile`."""


def possible() -> bool:
    """Whether atheris is there; it has wheels for Linux on x86-64 only."""
    return find_spec("atheris") is not None


def fuzzed(target: str, runs: int, seed: int) -> str:
    """Fuzz in a process of its own: empty when nothing was found, else the end of what it said."""
    order = [sys.executable, "-m", "tests.reliability.fuzz", target, str(runs), str(seed)]
    done = subprocess.run(order, capture_output=True, text=True, errors="replace", check=False)
    whole = f"stat::number_of_executed_units: {runs}\n" in done.stderr
    return "" if done.returncode == 0 and whole else (done.stdout + done.stderr)[-4_000:]


def main() -> None:
    """Fuzz until the runs are done; libFuzzer ends the process."""
    atheris = importlib.import_module("atheris")
    name, runs, seed = sys.argv[1:4]
    with atheris.instrument_imports(include=["bot.handlers"]):
        told = importlib.import_module("tests.reliability.fuzz_targets")
    with tempfile.TemporaryDirectory(prefix="assist-fuzz-") as folder:
        for number, known in enumerate(told.seeds(name)):
            (Path(folder) / str(number)).write_bytes(known)
        options = [f"-runs={runs}", f"-seed={seed}", f"-max_len={_MOST_BYTES}"]
        options += ["-reload=0", "-print_final_stats=1", f"-artifact_prefix={folder}/", folder]
        atheris.Setup([sys.argv[0], *options], told.TARGETS[name])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
