"""A slice of `make reliability outages`: who asks is told, and nothing is lost."""

import subprocess
import sys

from tests.real_engines import engine
from tests.reliability.outages import SLICE


def test_while_a_backend_is_broken_the_thread_hears_of_it_and_is_answered_afterwards() -> None:
    for name in ("gremlin", "opensearch", "hub"):
        engine(name)
    # In a process of its own: other people's clients leave the sockets of broken connections open.
    order = [sys.executable, "-W", "ignore", "-m", "tests.reliability.outages"]
    done = subprocess.run(order, capture_output=True, text=True, check=True, timeout=250)
    told = [line.split("|", 2) for line in done.stdout.splitlines()]
    assert [trial for trial, _, _ in told] == [str(trial) for trial in SLICE]
    assert [wrong for _, wrong, _ in told] == [""] * len(SLICE)
    well, _, broken = (words for _, _, words in told)
    assert "3 high are open in acme" in well
    assert "OpenSearch did not answer" in broken or "the graph at" in broken
