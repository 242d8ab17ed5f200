"""`make bench`: every figure of docs/benchmarks.md, each beside the other thing, in one run."""

import importlib
import sys

FIGURES = ("convert", "store", "graph", "question", "picture", "imports")


def main(names: list[str]) -> None:
    """Run the named figures, or all of them."""
    for name in names or FIGURES:
        sys.stdout.write(f"\n== {name}\n")
        sys.stdout.flush()
        for line in importlib.import_module(f"tests.bench.{name}").run():
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
