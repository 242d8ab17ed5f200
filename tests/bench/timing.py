"""Percentiles of calls, in milliseconds of the clock on the wall and of the processor."""

import time
from collections.abc import Callable, Sequence
from typing import Self


class Took(float):
    """How long a call took, in milliseconds by the clock on the wall."""

    cpu: float
    """Milliseconds of this process's processors: what a busy machine changes least."""

    def __new__(cls, wall: float, cpu: float) -> Self:
        """Both in milliseconds."""
        took = super().__new__(cls, wall)
        took.cpu = cpu
        return took


def timed(call: Callable[[], object]) -> Took:
    """How long a call takes."""
    cpu, wall = time.process_time(), time.perf_counter()
    call()
    return Took((time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000)


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that `share` of the samples do not exceed."""
    ranked = sorted(samples)
    return ranked[min(len(ranked) - 1, max(0, -(-int(len(ranked) * share * 1000) // 1000) - 1))]


def line(name: str, samples: Sequence[float], goal: str = "") -> str:
    """One row: median and 99th percentile, of processor time too where it is known; the goal."""
    p50, p99 = percentile(samples, 0.50), percentile(samples, 0.99)
    row = f"{name:<38} p50 {p50:8.2f} ms   p99 {p99:8.2f} ms"
    spent = [sample.cpu for sample in samples if isinstance(sample, Took)]
    if spent:
        row += f"   (cpu {percentile(spent, 0.50):8.2f} {percentile(spent, 0.99):8.2f})"
    return f"{row}   {goal}".rstrip()
