"""One Slack thread: status line, streams, cards, pictures."""

import logging
import re
from collections.abc import Sequence
from typing import Any

from slack_sdk import WebClient
from typing_extensions import override

from agent.guard.untrusted import clean
from bot.messages import Channel, Picture, Place, Reply, Stream
from bot.slack import limits, mrkdwn, render
from bot.slack.calls import SlackRefusedError, calling
from bot.slack.limits import cut
from bot.slack.posting import post, update
from bot.slack.stream import SlackStream

_log = logging.getLogger(__name__)

_MEMBERS_A_PAGE = 200
_PAGES = 25
"""Pages of a channel's members: 5,000 people are more than any tenant's channel has."""


class SlackChannel(Channel):
    """A thread in a channel or a direct message."""

    def __init__(self, client: WebClient, place: Place, team_id: str) -> None:
        """Speak in `place` through `client`; `team_id` is the team that the app is installed in."""
        self.place = place
        self._client = client
        self._team_id = team_id

    @override
    def status(self, text: str) -> None:
        try:
            with calling("assistant.threads.setStatus"):
                self._client.assistant_threads_setStatus(
                    channel_id=self.place.key.channel,
                    thread_ts=self.place.thread,
                    status=cut(clean(text, limits.TITLE), limits.TITLE),
                )
        except SlackRefusedError as error:
            # Where Slack has no status line the answer still comes.
            _log.warning("code=<%s> | no status line", error.code)

    @override
    def stream(self) -> Stream:
        return SlackStream(self._client, self.place, self.place.user_workspace or self._team_id)

    @override
    def post(self, reply: Reply) -> str:
        first, *others = render.render(reply)
        words = mrkdwn.fallback(reply.plain)
        message_id = post(self._client, self.place, words, first)
        for blocks in others:
            post(self._client, self.place, words, blocks)
        return message_id

    @override
    def update(self, message_id: str, reply: Reply) -> None:
        blocks, *_ = render.render(reply)
        update(self._client, self.place, message_id, mrkdwn.fallback(reply.plain), blocks)

    @override
    def whisper(self, reply: Reply) -> None:
        if self.place.direct:
            self.post(reply)
            return
        for blocks in render.render(reply):
            with calling("chat.postEphemeral"):
                self._client.chat_postEphemeral(
                    channel=self.place.key.channel,
                    user=self.place.user,
                    thread_ts=self.place.thread,
                    text=mrkdwn.fallback(reply.plain),
                    blocks=blocks or None,
                )

    @override
    def picture(self, picture: Picture) -> None:
        title = cut(clean(picture.title, limits.TITLE), limits.TITLE)
        with calling("files.completeUploadExternal"):
            self._client.files_upload_v2(
                file=picture.png,
                filename=_file_name(title),
                title=title,
                alt_txt=cut(clean(picture.alt, limits.ALT_TEXT), limits.ALT_TEXT),
                channel=self.place.key.channel,
                thread_ts=self.place.thread,
            )

    @override
    def members(self, channel: str) -> Sequence[str]:
        found: list[str] = []
        more: dict[str, Any] = {}
        for _ in range(_PAGES):
            with calling("conversations.members"):
                answer = self._client.conversations_members(
                    channel=channel, limit=_MEMBERS_A_PAGE, **more
                )
            found.extend(answer.get("members") or [])
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                break
            more = {"cursor": cursor}
        return found


def _file_name(title: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return f"{words[:60] or 'picture'}.png"
