"""An answer that is written into Slack as it comes, and is not lost when Slack ends the stream."""

import logging
from collections.abc import Sequence
from typing import Any

from slack_sdk import WebClient
from slack_sdk.models.messages.chunk import TaskUpdateChunk
from slack_sdk.web.chat_stream import ChatStream
from typing_extensions import override

from agent.assistant import StepState
from agent.guard.untrusted import clean
from bot.messages import Place, Reply, Stream
from bot.slack import limits, mrkdwn, render
from bot.slack.calls import SlackRefusedError, calling
from bot.slack.limits import cut, units
from bot.slack.markdown import SafeMarkdown, safe
from bot.slack.posting import CARDS_REFUSED, post
from integrations.errors import SecurityAssistError

Block = dict[str, Any]

_log = logging.getLogger(__name__)

BUFFER = 80
"""Characters that are collected before a call: a line on a phone. appendStream may be called 100
times a minute."""

_ROOM_FOR_CUT = 200
_STATES = {
    StepState.RUNNING: "in_progress",
    StepState.DONE: "complete",
    StepState.FAILED: "error",
}


class SlackStream(Stream):
    """A message that grows. Everything written is kept until it is surely shown.

    Slack closes a stream by itself after about five minutes (slackapi/python-slack-sdk#1859) and
    has none in some places: then the text goes on the same message by chat.update, or else on a
    new one. Steps count as a sign of life.
    """

    def __init__(self, client: WebClient, place: Place, recipient_team: str) -> None:
        self._client = client
        self._place = place
        self._team = recipient_team
        self._stream: ChatStream | None = None
        self._safe = SafeMarkdown()
        self._text = ""
        self._broken = False
        self._replaced = False

    @override
    def step(self, step_id: str, text: str, state: StepState) -> None:
        title = cut(clean(text, 2 * limits.TITLE), limits.TITLE).replace("<", "\u2039")
        chunk = TaskUpdateChunk(id=step_id[:255], title=title, status=_STATES[state])
        self._append(chunks=[chunk])

    @override
    def text(self, delta: str) -> None:
        self._write(self._safe.feed(delta))

    @override
    def replace(self, text: str) -> None:
        """Stops the stream at once: what was withdrawn must not be read any longer."""
        self._text = cut(safe(text), limits.MARKDOWN - _ROOM_FOR_CUT)
        self._safe = SafeMarkdown()
        self._replaced = True
        stream = self._stream
        if stream is None or stream.ts is None:
            self._stream = None
            return
        self._stop(stream)
        self._rewritten(stream.ts, self._text, [])

    @override
    def finish(self, reply: Reply) -> None:
        self._write(self._safe.finish())
        first, *others = render.render(reply, used=units(self._text))
        if not self._text and not first:
            self._write(safe(reply.plain))
        if self._replaced or self._broken:
            self._finish_without_stream(self._stream, reply, first)
        else:
            self._finish_stream(self._begin_or_go_on(), reply, first)
        for blocks in others:
            post(self._client, self._place, mrkdwn.fallback(reply.plain), blocks)

    def _write(self, text: str) -> None:
        if not text:
            return
        room = limits.MARKDOWN - _ROOM_FOR_CUT - units(self._text)
        if room <= 0:
            return
        shown = cut(text, room)
        self._text += shown
        if not self._replaced:
            self._append(markdown_text=shown)

    def _append(self, **what: Any) -> None:
        """Send, unless the stream is over; from then on what is written is only kept."""
        if self._broken or self._replaced:
            return
        try:
            with calling("chat.appendStream"):
                self._begin_or_go_on().append(**what)
        except SecurityAssistError as error:
            # Whether it arrived is not known either: the whole text is written again at the end.
            self._broken = True
            _log.warning("error=<%s> | the stream ended early, going on without it", error)

    def _begin_or_go_on(self) -> ChatStream:
        """The stream; Slack hears of a new one with its first text or step."""
        if self._stream is None:
            self._stream = self._client.chat_stream(
                buffer_size=BUFFER,
                channel=self._place.key.channel,
                thread_ts=self._place.thread,
                recipient_team_id=self._team,
                recipient_user_id=self._place.user,
                task_display_mode="plan",
            )
        return self._stream

    def _finish_stream(self, stream: ChatStream, reply: Reply, blocks: list[Block]) -> None:
        try:
            with calling("chat.stopStream"):
                stream.stop(blocks=blocks or None)
        except SlackRefusedError as error:
            self._broken = True
            _log.warning("code=<%s> | the stream could not be stopped with its cards", error.code)
            self._finish_without_stream(stream, reply, blocks)

    def _finish_without_stream(
        self, stream: ChatStream | None, reply: Reply, blocks: list[Block]
    ) -> None:
        """The whole answer on the stream's message, else as a new one; never neither."""
        if stream is not None and stream.ts is not None:
            if not self._replaced:
                self._stop(stream)
            if self._rewritten(stream.ts, self._text or reply.plain, blocks):
                return
        words = mrkdwn.fallback(self._text or reply.plain)
        post(self._client, self._place, words, [*_markdown(self._text), *blocks][: limits.BLOCKS])

    def _rewritten(self, ts: str, text: str, blocks: list[Block]) -> bool:
        """Whether the message says all now; cards that Slack refuses are left out."""
        for cards in (blocks, []):
            try:
                self._update(ts, text, cards)
            except SlackRefusedError as error:
                _log.warning("code=<%s> | the message could not be rewritten", error.code)
                if error.code not in CARDS_REFUSED:
                    return False
            else:
                return True
        return False

    def _stop(self, stream: ChatStream) -> None:
        """Stop a stream that may be over already; what is withdrawn is not sent any more."""
        try:
            with calling("chat.stopStream"):
                if self._replaced:
                    channel = self._place.key.channel
                    self._client.chat_stopStream(channel=channel, ts=stream.ts or "")
                else:
                    stream.stop()
        except SlackRefusedError as error:
            _log.info("code=<%s> | the stream was over already", error.code)

    def _update(self, ts: str, text: str, blocks: Sequence[Block]) -> None:
        with calling("chat.update"):
            self._client.chat_update(
                channel=self._place.key.channel,
                ts=ts,
                text=mrkdwn.fallback(text),
                blocks=[*_markdown(text), *blocks][: limits.BLOCKS],
            )


def _markdown(text: str) -> list[Block]:
    """The answer's text as a block: in the dialect it was streamed in."""
    return [{"type": "markdown", "text": text}] if text.strip() else []
