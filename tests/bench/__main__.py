"""`make bench`: every figure of docs/benchmarks.md, each beside the other thing, in one run.

`python -m tests.bench store graph` runs some of them.
"""

import importlib
import os
import platform
import sqlite3
import sys
import time
from datetime import UTC, datetime

FIGURES = (
    "convert",
    "bulk",
    "node",
    "imports",
    "ingress",
    "burst",
    "runtime",
    "picture",
    "graph",
    "sync",
    "cost",
    "gremlin",
    "store",
    "question",
)
"""The two that share a million findings come last, one after the other."""


def main(names: list[str]) -> None:
    """Run the named figures, or all of them."""
    _say(_machine())
    for name in names or FIGURES:
        began = time.perf_counter()
        _say(f"\n== {name}")
        for line in importlib.import_module(f"tests.bench.{name}").run():
            _say(line)
        _say(f"   [{time.perf_counter() - began:.0f} s, load {os.getloadavg()[0]:.1f}]")


def _machine() -> str:
    now = datetime.fromtimestamp(time.time(), tz=UTC)
    return (
        f"{now:%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, {platform.machine()}, "
        f"{platform.python_implementation()} {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, load {os.getloadavg()[0]:.1f}"
    )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
