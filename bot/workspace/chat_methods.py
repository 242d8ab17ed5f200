"""`chat.*` without streaming: post, update, whisper, delete."""

from bot.workspace import rules, wire
from bot.workspace.arguments import Arguments
from bot.workspace.blocks import MARKDOWN_LONGEST
from bot.workspace.posting import Posting
from bot.workspace.records import JsonObject, Message
from bot.workspace.refusals import SlackRefusalError

_COUNTED = (
    "reply_count",
    "reply_users_count",
    "reply_users",
    "latest_reply",
    "is_locked",
    "subscribed",
    "reactions",
)
"""What a rewritten message's answer leaves out, beside where it stands: @slack/web-api 8.2."""


class ChatMethods:
    """Messages in one piece."""

    def __init__(self, posting: Posting) -> None:
        self._posting = posting
        self._state = posting.state

    def post(self, arguments: Arguments) -> JsonObject:
        """`chat.postMessage`."""
        channel = self._posting.channel(arguments.required("channel", "channel_not_found"))
        text, blocks = self._content(arguments)
        self._posting.take_turn(channel)
        message = Message(
            channel=channel.channel_id,
            ts=self._state.next_ts(),
            user=self._state.bot.user_id,
            text=text[: rules.TEXT_LONGEST],
            thread_ts=self._posting.root(channel, arguments.text("thread_ts")),
            blocks=blocks,
            by_bot=True,
            metadata=arguments.metadata(),
        )
        self._posting.say(message)
        shown = wire.message_json(self._state, message)
        return {"channel": message.channel, "ts": message.ts, "message": shown}

    def whisper(self, arguments: Arguments) -> JsonObject:
        """`chat.postEphemeral`: one person of the channel sees it."""
        channel = self._posting.channel(arguments.required("channel", "channel_not_found"))
        person = arguments.required("user", "user_not_in_channel")
        if person not in channel.members:
            raise SlackRefusalError("user_not_in_channel")
        text, blocks = self._content(arguments)
        self._posting.take_turn(channel)
        message = Message(
            channel=channel.channel_id,
            ts=self._state.next_ts(),
            user=self._state.bot.user_id,
            text=text[: rules.TEXT_LONGEST],
            thread_ts=self._posting.root(channel, arguments.text("thread_ts")),
            blocks=blocks,
            by_bot=True,
            only_for=person,
        )
        self._posting.say(message)
        return {"message_ts": message.ts}

    def update(self, arguments: Arguments) -> JsonObject:
        """`chat.update`. Text without blocks takes the old blocks away, as it does in Slack."""
        message = self._posting.own(
            arguments.required("channel", "channel_not_found"),
            arguments.required("ts", "message_not_found"),
            "message_not_found",
            "cant_update_message",
        )
        if self._state.is_streaming(message):
            raise SlackRefusalError("streaming_state_conflict")
        text, blocks = self._content(arguments)
        if len(text) > rules.UPDATE_TEXT_LONGEST:
            raise SlackRefusalError("msg_too_long")
        metadata = arguments.metadata() or message.metadata
        fresh = self._posting.rewrite(message, text, blocks, metadata=metadata)
        shown = wire.message_json(self._state, fresh)
        for unsaid in ("ts", "thread_ts", "parent_user_id", *_COUNTED):
            shown.pop(unsaid, None)
        return {"channel": fresh.channel, "ts": fresh.ts, "text": fresh.text, "message": shown}

    def delete(self, arguments: Arguments) -> JsonObject:
        """`chat.delete`."""
        message = self._posting.own(
            arguments.required("channel", "channel_not_found"),
            arguments.required("ts", "message_not_found"),
            "message_not_found",
            "cant_delete_message",
        )
        if self._state.is_streaming(message):
            raise SlackRefusalError("cant_delete_message")
        self._posting.remove(message)
        return {"channel": message.channel, "ts": message.ts}

    def permalink(self, arguments: Arguments) -> JsonObject:
        """`chat.getPermalink`: an address of the local page."""
        channel = self._posting.channel(arguments.required("channel", "channel_not_found"))
        ts = arguments.required("message_ts", "message_not_found")
        message = self._state.message(channel.channel_id, ts)
        if message is None:
            raise SlackRefusalError("message_not_found")
        root = message.thread_ts or message.ts
        link = f"{self._state.url}/#{channel.channel_id}/{root}"
        return {"channel": channel.channel_id, "permalink": link}

    def _content(self, arguments: Arguments) -> tuple[str, tuple[JsonObject, ...]]:
        """Text and blocks; `markdown_text` stands alone (Slack's `markdown_text_conflict`)."""
        markdown = arguments.text("markdown_text")
        if markdown:
            if "text" in arguments or "blocks" in arguments:
                raise SlackRefusalError("markdown_text_conflict")
            if len(markdown) > MARKDOWN_LONGEST:
                raise SlackRefusalError("msg_too_long")
            return markdown, self._posting.identified([{"type": "markdown", "text": markdown}])
        text, blocks = arguments.text("text"), self._posting.blocks(arguments)
        if not text.strip() and not blocks:
            raise SlackRefusalError("no_text")
        return text, blocks
