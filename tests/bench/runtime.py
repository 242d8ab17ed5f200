"""What a runtime's cold start costs, beside bare imports of the two packages that it is made of."""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

_RUNS = 5
_GOAL = 1.10

BARE = "import strands, bedrock_agentcore"
OPEN = "import agent.runtime as r; r.Runtime(lambda: None, lambda: ()).application()"
WHOLE = f"{OPEN}; import agent.answering, integrations.connect"


def run() -> Iterator[str]:
    """Medians of fresh processes, interleaved, over bare Python; bytecode is there already."""
    cases = {"bare python": "pass", BARE: BARE, "the door is open": OPEN, "ready to answer": WHOLE}
    took: dict[str, list[float]] = {name: [] for name in cases}
    for n in range(_RUNS + 1):
        for name, code in cases.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
            if n:  # the first writes the bytecode
                took[name].append(time.perf_counter() - began)
    bare = statistics.median(took["bare python"])
    rival = statistics.median(took[BARE])
    for name, samples in took.items():
        median = statistics.median(samples)
        beside = f"   {median / rival:5.2f}x" if name != "bare python" else ""
        yield f"{name:<36} {median * 1000:7.0f} ms   {(median - bare) * 1000:+7.0f} ms{beside}"
    door, whole = (
        statistics.median(took[name]) / rival for name in ("the door is open", "ready to answer")
    )
    yield f"goal: the door is open within {_GOAL:.2f}x of the bare imports; it is {door:.2f}x"
    yield f"what an answer needs beside that is imported while the first ping waits: {whole:.2f}x"
