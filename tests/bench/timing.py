"""Percentiles of calls, in milliseconds."""

import time
from collections.abc import Callable, Sequence


def timed(call: Callable[[], object]) -> float:
    """How long a call takes, in milliseconds."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that `share` of the samples do not exceed."""
    ranked = sorted(samples)
    return ranked[min(len(ranked) - 1, max(0, -(-int(len(ranked) * share * 1000) // 1000) - 1))]


def line(name: str, samples: Sequence[float], goal: str = "") -> str:
    """One row: median, 99th percentile, the slowest, the goal."""
    p50, p99 = percentile(samples, 0.50), percentile(samples, 0.99)
    return f"{name:<34} p50 {p50:8.2f} ms   p99 {p99:8.2f} ms   max {max(samples):8.2f} ms   {goal}"
