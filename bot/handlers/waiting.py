"""How long somebody waited for an answer, where CloudWatch finds it: a line of JSON in the log.

"Specification: Embedded metric format" in the CloudWatch User Guide: Lambda's log is read for such
lines, and no call is made. What was said is not in them.
"""

import json
from collections.abc import Callable
from typing import Final

NAMESPACE: Final = "SecurityAssist"
METRIC: Final = "TimeToAnswer"


class Waiting:
    """Tells of each answered delivery."""

    def __init__(
        self, function: str, clock: Callable[[], float], write: Callable[[str], object]
    ) -> None:
        """`function` is the name of ours, so that two hubs in an account are told apart.

        `clock` gives seconds since the epoch; `write` takes a line.
        """
        self._function = function
        self._clock = clock
        self._write = write

    def over(self, received_at: float) -> None:
        """It is answered: what the ingress took in at that time, in seconds since the epoch."""
        now = self._clock()
        metric = {
            "Namespace": NAMESPACE,
            "Dimensions": [["FunctionName"]],
            "Metrics": [{"Name": METRIC, "Unit": "Seconds"}],
        }
        line = {
            "_aws": {"Timestamp": round(now * 1000), "CloudWatchMetrics": [metric]},
            "FunctionName": self._function,
            METRIC: round(max(0.0, now - received_at), 3),
        }
        self._write(json.dumps(line))
