"""A runtime's cold start beside bare imports, and reading its stream beside boto3's own way."""

import io
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from botocore.response import StreamingBody
from urllib3 import HTTPResponse

from agent.agentcore_assistant import event_lines
from tests.bench import first_answer

_RUNS = 5
_GOAL = 1.10

BARE = "import strands, bedrock_agentcore"
OPEN = "import agent.runtime as r; r.Runtime(lambda: None, lambda: ()).application()"
WHOLE = f"{OPEN}; import agent.answering, integrations.connect"


def run() -> Iterator[str]:
    """All three."""
    yield from _cold_start()
    yield from first_answer.run()
    yield from _reading()


def _reading() -> Iterator[str]:
    """Medians for one answer of 18 events, 50 kB as the demo's longest is."""
    stream = b"".join(b'data: {"n":%d,"text":"%s"}\n\n' % (n, b"x" * 2_700) for n in range(18))
    ways: dict[str, Callable[[StreamingBody], Iterable[bytes]]] = {
        "iter_lines(chunk_size=1)": lambda body: body.iter_lines(chunk_size=1),
        "as it is there": event_lines,
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(_RUNS):
        for name, way in ways.items():
            raw: Any = HTTPResponse(body=io.BytesIO(stream), preload_content=False)
            began = time.perf_counter()
            heard = [line for line in way(StreamingBody(raw, len(stream))) if line]
            took[name].append(time.perf_counter() - began)
            assert len(heard) == 18
    slow, quick = (statistics.median(samples) * 1000 for samples in took.values())
    yield f"reading {len(stream):,} bytes: boto3's {slow:.1f} ms, ours {quick:.2f} ms"


def _cold_start() -> Iterator[str]:
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
