"""The door of the mornings' schedule: each mapped channel's digest, at most once a day.

To be called often enough for every tenant's hour, once an hour for instance: what was posted is not
posted again, and what could not be is tried again. An event may name `tenants` (ids) or `channels`
(`slack/T0001/C0001`), which then have theirs at once.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, Protocol

from slack_sdk import WebClient

from bot.handlers import settings
from bot.handlers.rotating import Rotating, kept
from bot.slack.calls import SlackRefusedError, calling, web_client
from bot.slack.digests import slack_digests
from integrations.connect import Connections
from integrations.settings import Settings

_LOG: Final = logging.getLogger(__name__)
_SPARE_S: Final = 30.0
"""Left over when a run stops by itself: a digest takes seconds."""


class Context(Protocol):
    """What Lambda tells of an invocation."""

    def get_remaining_time_in_millis(self) -> int:
        """Until Lambda ends it."""
        ...


@cache
def _opened() -> tuple[Connections, Rotating, str]:
    """The stores, the bot's token, the address of Slack's Web API.

    Raises:
        MissingSettingError: the token is not set.
    """
    told = settings.slack()
    if not told.bot_token:
        raise settings.MissingSettingError("SLACK_BOT_TOKEN or SLACK_BOT_TOKEN_ARN is not set")
    token = kept(told.bot_token, told.keys, time.time)
    return Connections(Settings.from_env()), token, told.api_url


def lambda_handler(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """One run; how many were posted, had theirs before, come later, failed.

    Raises:
        ValueError: the event's tenants or channels are no lists of texts.
    """
    tenants, channels = _names(event, "tenants"), _names(event, "channels")
    connections, token, api_url = _opened()
    client, team = _introduced(token, api_url)
    done = slack_digests(connections, client, team).run(
        team,
        tenants,
        channels,
        left_s=lambda: context.get_remaining_time_in_millis() / 1000 - _SPARE_S,
    )
    counts = done.counts()
    _LOG.info("digests=<%s> | run", counts)
    return counts


def _introduced(token: Rotating, api_url: str) -> tuple[WebClient, str]:
    """A client and its team; a token that Slack does not take is read once more."""
    while True:
        client = web_client(token.value(), api_url)
        try:
            with calling("auth.test"):
                return client, str(client.auth_test()["team_id"])
        except SlackRefusedError:
            if not token.changed():
                raise


def _names(event: Mapping[str, Any], key: str) -> Sequence[str]:
    told = event.get(key) or []
    if not isinstance(told, list) or not all(isinstance(one, str) for one in told):
        raise ValueError(f"{key} of the event has to be a list of texts")
    return told
