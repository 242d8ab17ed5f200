"""Calls of Slack's Web API: a client that waits when told to, and errors in our own words."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
    ServerErrorRetryHandler,
)

from integrations.errors import SecurityAssistError, UnavailableError

TIMEOUT_S = 10
RATE_LIMIT_RETRIES = 2

ClientFor = Callable[[str], WebClient]
"""A team's id -> a client that may speak there."""

_FOR_NOW = frozenset(
    {
        "accesslimited",
        "fatal_error",
        "internal_error",
        "ratelimited",
        "rate_limited",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    }
)
"""Errors after which Slack's method pages advise to try again."""
_SERVER_ERRORS = 500

STREAM_ENDED = frozenset({"message_not_in_streaming_state", "message_not_found"})
"""The stream was closed by the server (after about five minutes) or its message is gone."""


class SlackRefusedError(SecurityAssistError):
    """Slack refuses a call for good; carries the error's code."""

    def __init__(self, method: str, code: str) -> None:
        super().__init__(f"Slack refused {method}: {code}")
        self.code = code


def web_client(token: str | None, base_url: str) -> WebClient:
    """A client with a timeout that waits out rate limits and tries again after server errors."""
    return WebClient(
        token=token,
        base_url=base_url,
        timeout=TIMEOUT_S,
        retry_handlers=[
            ConnectionErrorRetryHandler(max_retry_count=1),
            RateLimitErrorRetryHandler(max_retry_count=RATE_LIMIT_RETRIES),
            ServerErrorRetryHandler(max_retry_count=1),
        ],
    )


@contextmanager
def calling(method: str) -> Iterator[None]:
    """Turn what the client raises into our own errors.

    Raises:
        UnavailableError: Slack did not answer, or not now.
        SlackRefusedError: Slack refuses for good.
    """
    try:
        yield
    except SlackApiError as error:
        code = error_code(error)
        if code in _FOR_NOW or _status(error) >= _SERVER_ERRORS:
            raise UnavailableError(f"Slack could not take {method} now: {code}") from error
        raise SlackRefusedError(method, code) from error
    except SlackClientError as error:
        raise UnavailableError(f"Slack did not take {method}") from error
    except (OSError, HTTPException, UnicodeDecodeError) as error:
        raise UnavailableError(f"Slack did not answer {method}") from error


def error_code(error: SlackApiError) -> str:
    """`invalid_blocks`; a word of our own for what is not an error code (a proxy's page)."""
    code = str(error.response.get("error", "")) if error.response else ""
    return code if code.replace("_", "").isalnum() and code.isascii() else "unreadable_answer"


def _status(error: SlackApiError) -> int:
    return int(getattr(error.response, "status_code", 0) or 0)
