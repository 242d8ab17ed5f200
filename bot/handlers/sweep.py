"""The door of the schedule, and of Systems Manager's events about executions.

Those are `EC2 Automation Execution Status-change Notification` on EventBridge. Both only say that
it is time to look: what an execution came to is read where it ran, and what was not decided in time
is closed. Lost or doubled events therefore change nothing.
"""

from collections.abc import Mapping
from typing import Any

from bot.handlers.worker import opening


def lambda_handler(_event: Mapping[str, Any], _: object) -> None:
    """Look at every tenant's open requests; see `Fixing.sweep`."""
    _worker, bot = opening().now()
    bot.sweep()
