"""How patient the workspace is: rates, lifetimes, retry times."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Times in seconds. Sources: Slack's method and Events API pages, except where said."""

    trigger_s: float = 3.0
    response_url_s: float = 1800.0
    response_url_uses: int = 5
    stream_s: float = 300.0
    """Undocumented: seen at about five minutes, traffic or not (python-slack-sdk issue 1859)."""
    status_s: float = 120.0
    """A status disappears by itself after two minutes."""
    file_ready_s: float = 0.4
    """An upload is processed after it is completed; how long is Slack's secret."""
    ack_s: float = 3.0
    retry_after_s: tuple[float, ...] = (0.0, 60.0, 300.0)
    """Waits before each redelivery: at once, one minute, five minutes."""
    posts_burst: int = 60
    posts_per_s: float = 5.0
    """Messages per channel. Slack allows about 1 a second; the default is generous for a demo."""
    calls_per_minute: dict[str, int] = field(default_factory=dict)
    """Method -> calls a minute; a method that is not named is not limited."""


SLACK_RATES = Limits(
    posts_burst=4,
    posts_per_s=1.0,
    calls_per_minute={
        "chat.startStream": 20,
        "chat.appendStream": 100,
        "chat.stopStream": 20,
        "chat.update": 50,
        "views.open": 100,
        "views.publish": 100,
        "files.getUploadURLExternal": 100,
        "files.completeUploadExternal": 100,
        "files.info": 100,
        "conversations.replies": 50,
        "conversations.history": 50,
        "conversations.info": 50,
        "conversations.members": 100,
        "users.info": 100,
        "reactions.add": 50,
    },
)
"""Slack's published tiers (20, 50 and 100 a minute) and a short burst per channel."""


class RateLimiter:
    """Token buckets by the workspace's clock. Not thread-safe: callers hold the state's lock."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait_for_call(self, method: str) -> int:
        """Whole seconds to wait before this call is allowed; 0 takes the place."""
        allowed = self._limits.calls_per_minute.get(method)
        return 0 if allowed is None else self._take(method, float(allowed), allowed / 60.0)

    def wait_for_post(self, channel: str) -> int:
        """The same for a message into a channel."""
        limits = self._limits
        return self._take(f"post:{channel}", float(limits.posts_burst), limits.posts_per_s)

    def _take(self, key: str, burst: float, per_second: float) -> int:
        now = self._clock()
        tokens, then = self._buckets.get(key, (burst, now))
        tokens = min(burst, tokens + max(0.0, now - then) * per_second)
        if tokens >= 1.0:
            self._buckets[key] = (tokens - 1.0, now)
            return 0
        self._buckets[key] = (tokens, now)
        return max(1, math.ceil((1.0 - tokens) / per_second))
