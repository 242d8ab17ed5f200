"""A worker of the findings pipeline that is there to be killed: the door's core behind faults.

`python -m tests.reliability.ingest_worker STATE SEED [FINDINGS]` takes a batch as a line of JSON
on standard input, as Lambda is given it, and answers with a line.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import orjson

from integrations.connect import Connections
from integrations.deadletters.port import DeadLetter, DeadLetters
from integrations.errors import UnavailableError
from integrations.ingest.door import QueueDoor
from integrations.settings import Settings
from integrations.systems import Systems
from tests.faults import gated

THROTTLED, CUT = 0.05, 0.05
"""Of all calls: refused before anything is done, and done with the answer lost."""


class Faults:
    """Lets calls fail, and counts how."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self.seen: Counter[str] = Counter()

    def __call__(self, name: str, call: Callable[[], Any]) -> Any:
        drawn = self._rng.random()
        if drawn < THROTTLED:
            self.seen["throttled"] += 1
            raise UnavailableError(f"{name} was throttled")
        answer = call()
        if drawn < THROTTLED + CUT:
            self.seen["cut"] += 1
            raise UnavailableError(f"the answer of {name} was lost")
        return answer


class _Letters:
    """Dead letters behind the same faults."""

    def __init__(self, letters: DeadLetters, faults: Faults) -> None:
        self._letters, self._faults = letters, faults

    def keep(self, letters: Sequence[DeadLetter]) -> None:
        """Keep them, or fail."""
        self._faults("letters.keep", lambda: self._letters.keep(letters))


def main(state: str, seed: str, findings: str = "") -> None:
    """Serve until standard input ends."""
    faults = Faults(Random(int(seed)))
    with Connections(Settings(state=Path(state), findings=findings)) as connections:

        def owner(account: str) -> str | None:
            found: str | None = faults("owner", lambda: connections.directory.owner_of(account))
            return found

        def systems(tenant: str) -> Systems:
            return gated(connections.systems(tenant), faults)

        letters: Any = _Letters(connections.dead_letters(), faults)
        door = QueueDoor(owner, systems, letters, time.time)
        for line in sys.stdin.buffer:
            answer = door.take(orjson.loads(line))
            again = [one["itemIdentifier"] for one in answer["batchItemFailures"]]
            told = {"again": again, "faults": dict(faults.seen)}
            faults.seen.clear()
            sys.stdout.buffer.write(orjson.dumps(told) + b"\n")
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
