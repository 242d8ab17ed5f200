"""What it costs to import the conversation and to print the command line's help."""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

_RUNS = 7


def run() -> Iterator[str]:
    """Medians of fresh processes, interleaved, over bare Python."""
    cases = {
        "bare python": ["-c", "pass"],
        "import bot.conversation": ["-c", "import bot.conversation"],
        "assist --help": ["-m", "bot", "--help"],
        "import agent.strands_assistant": ["-c", "import agent.strands_assistant"],
    }
    took: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(_RUNS):
        for name, arguments in cases.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
            took[name].append(time.perf_counter() - began)
    bare = statistics.median(took["bare python"])
    for name, samples in took.items():
        median = statistics.median(samples)
        yield f"{name:<32} {median * 1000:7.0f} ms   {(median - bare) * 1000:+7.0f} ms over bare"
