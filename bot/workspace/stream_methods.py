"""`chat.startStream`, `chat.appendStream` and `chat.stopStream`."""

from dataclasses import replace

from bot.workspace import rules, streams, wire
from bot.workspace.arguments import Arguments
from bot.workspace.blocks import MARKDOWN_LONGEST
from bot.workspace.posting import Posting
from bot.workspace.records import JsonObject, Message, Stream
from bot.workspace.refusals import SlackRefusalError


class StreamMethods:
    """Messages that are written while one watches."""

    def __init__(self, posting: Posting) -> None:
        self._posting = posting
        self._state = posting.state

    def start(self, arguments: Arguments) -> JsonObject:
        """`chat.startStream`: always a reply; in a channel somebody must be named as recipient."""
        channel = self._posting.channel(arguments.required("channel", "channel_not_found"))
        if not channel.channel_id.startswith("D"):
            self._check_recipient(arguments)
        root = self._posting.root(channel, arguments.required("thread_ts"))
        display = arguments.text("task_display_mode", "timeline")
        stream = self._grown(streams.started(self._state.clock(), display), arguments)
        self._posting.take_turn(channel)
        message = Message(
            channel=channel.channel_id,
            ts=self._state.next_ts(),
            user=self._state.bot.user_id,
            text="",
            thread_ts=root,
            by_bot=True,
            stream=stream,
        )
        self._posting.say(message)
        return {"channel": message.channel, "ts": message.ts}

    def append(self, arguments: Arguments) -> JsonObject:
        """`chat.appendStream`."""
        message, stream = self._running(arguments)
        if "markdown_text" not in arguments and "chunks" not in arguments:
            raise SlackRefusalError("no_text")
        self._state.put(replace(message, stream=self._grown(stream, arguments)))
        return {"channel": message.channel, "ts": message.ts}

    def stop(self, arguments: Arguments) -> JsonObject:
        """`chat.stopStream`: the last words, and blocks at the end."""
        message, stream = self._running(arguments)
        closing = self._posting.blocks(arguments)
        stream = replace(self._grown(stream, arguments), closing=closing, ended=True)
        if not streams.blocks_of(stream):
            raise SlackRefusalError("no_text")
        fresh = replace(message, stream=stream, metadata=arguments.metadata())
        self._state.put(fresh)
        shown = {**wire.message_json(self._state, fresh), "streaming_state": "completed"}
        return {"channel": fresh.channel, "ts": fresh.ts, "message": shown}

    def _check_recipient(self, arguments: Arguments) -> None:
        person = arguments.required("recipient_user_id", "missing_recipient_user_id")
        team = arguments.required("recipient_team_id", "missing_recipient_team_id")
        known = self._state.people.get(person)
        if known is None:
            raise SlackRefusalError("user_not_found")
        if team not in {self._state.team_id, known.team_id}:
            raise SlackRefusalError("team_not_found")

    def _running(self, arguments: Arguments) -> tuple[Message, Stream]:
        message = self._posting.own(
            arguments.required("channel", "channel_not_found"),
            arguments.required("ts", "message_not_found"),
            "message_not_found",
            "message_not_owned_by_app",
        )
        if message.stream is None or not self._state.is_streaming(message):
            raise SlackRefusalError("message_not_in_streaming_state")
        return message, message.stream

    def _grown(self, stream: Stream, arguments: Arguments) -> Stream:
        markdown = arguments.text("markdown_text")
        if len(markdown) > MARKDOWN_LONGEST:
            raise SlackRefusalError("msg_too_long")
        if markdown:
            stream = streams.with_text(stream, markdown)
        chunks = arguments.json("chunks", "invalid_chunks")
        if chunks:
            rules.check_chunks(chunks, ready=self._state.file_ready)
            stream = streams.with_chunks(stream, [self._identified(chunk) for chunk in chunks])
        return stream

    def _identified(self, chunk: JsonObject) -> JsonObject:
        if chunk["type"] != "blocks":
            return chunk
        return {**chunk, "blocks": self._posting.identified(chunk["blocks"])}
