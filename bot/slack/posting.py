"""Posting a message into a thread, with its cards or, if Slack will not have them, without."""

import logging
from collections.abc import Sequence
from typing import Any

from slack_sdk import WebClient

from bot.messages import Place
from bot.slack.calls import SlackRefusedError, calling

_log = logging.getLogger(__name__)

Block = dict[str, Any]

CARDS_REFUSED = frozenset(
    {
        "invalid_attachments",
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_blocks_too_long",
        "msg_too_long",
    }
)


def post(client: WebClient, place: Place, text: str, blocks: Sequence[Block]) -> str:
    """Post into the thread; the message's time stamp.

    Cards that Slack refuses are our mistake, not the reader's: the text comes without them.

    Raises:
        UnavailableError: Slack did not answer, or not now.
        SlackRefusedError: Slack refuses the message for another reason.
    """
    try:
        return _post(client, place, text, blocks)
    except SlackRefusedError as error:
        if not blocks or error.code not in CARDS_REFUSED:
            raise
        _log.warning("code=<%s> | cards refused, posting the text alone", error.code)
        return _post(client, place, text, ())


def _post(client: WebClient, place: Place, text: str, blocks: Sequence[Block]) -> str:
    with calling("chat.postMessage"):
        answer = client.chat_postMessage(
            channel=place.key.channel,
            # No thread: a message of its own, such as the morning's digest.
            thread_ts=place.thread or None,
            text=text,
            blocks=blocks or None,
            unfurl_links=False,
            unfurl_media=False,
        )
    return str(answer.get("ts", ""))


def update(
    client: WebClient, place: Place, message_id: str, text: str, blocks: Sequence[Block]
) -> None:
    """Rewrite a message of ours.

    Raises:
        UnavailableError: Slack did not answer, or not now.
        SlackRefusedError: Slack refuses it, as when the message was deleted.
    """
    with calling("chat.update"):
        client.chat_update(channel=place.key.channel, ts=message_id, text=text, blocks=list(blocks))
