"""What every method that speaks needs: the right channel, Slack's rules, a place in the thread."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bot.workspace import envelopes, rules
from bot.workspace.arguments import Arguments
from bot.workspace.limits import RateLimiter
from bot.workspace.records import JsonObject, Message, WorkspaceChannel
from bot.workspace.refusals import SlackRefusalError
from bot.workspace.state import State


class Posting:
    """The bot's mouth. The state's lock is held by whoever calls."""

    def __init__(
        self, state: State, rates: RateLimiter, send_event: Callable[[JsonObject], None]
    ) -> None:
        self.state = state
        self._rates = rates
        self._send_event = send_event

    def channel(self, channel_id: str, *, member: bool = True) -> WorkspaceChannel:
        """A conversation by id.

        Raises:
            SlackRefusalError: `channel_not_found`; `not_in_channel` where the bot is no member.
        """
        channel = self.state.channel_of(channel_id)
        if channel is None or (channel.private and not channel.with_bot):
            raise SlackRefusalError("channel_not_found")
        if member and not channel.with_bot:
            raise SlackRefusalError("not_in_channel")
        return channel

    def own(self, channel_id: str, ts: str, missing: str, foreign: str) -> Message:
        """A message of the bot's.

        Raises:
            SlackRefusalError: `missing` when there is none, `foreign` when somebody else wrote it.
        """
        channel = self.channel(channel_id)
        message = self.state.message(channel.channel_id, ts)
        if message is None or message.only_for:
            raise SlackRefusalError(missing)
        if not message.by_bot:
            raise SlackRefusalError(foreign)
        return message

    def root(self, channel: WorkspaceChannel, thread_ts: str) -> str:
        """The root of the thread to answer in; a reply's ts leads to its root. "" stays "".

        Raises:
            SlackRefusalError: `thread_not_found`.
        """
        if not thread_ts:
            return ""
        message = self.state.message(channel.channel_id, thread_ts)
        if message is None:
            raise SlackRefusalError("thread_not_found")
        return message.thread_ts or message.ts

    def blocks(self, arguments: Arguments) -> tuple[JsonObject, ...]:
        """The call's blocks, looked through, each with a `block_id`.

        Raises:
            SlackRefusalError: As `rules.check_blocks`.
        """
        blocks = arguments.json("blocks", "invalid_blocks_format")
        if blocks is None:
            return ()
        rules.check_blocks(blocks, ready=self.state.file_ready)
        return self.identified(blocks)

    def identified(self, blocks: list[JsonObject]) -> tuple[JsonObject, ...]:
        """The blocks with a `block_id` each, and an `action_id` where one is missing."""
        return tuple(self._identified(block) for block in blocks)

    def _identified(self, block: JsonObject) -> JsonObject:
        named = {"block_id": self.state.next_id("b"), **block}
        for part in ("accessory", "element"):
            if isinstance(named.get(part), dict):
                named[part] = self._actionable(named[part])
        if named["type"] in {"actions", "context_actions"}:
            named["elements"] = [self._actionable(element) for element in named["elements"]]
        if "actions" in named:
            named["actions"] = [self._actionable(element) for element in named["actions"]]
        if "child_blocks" in named:
            named["child_blocks"] = [self._identified(child) for child in named["child_blocks"]]
        if named["type"] == "carousel":
            named["elements"] = [self._identified(card) for card in named["elements"]]
        return named

    def _actionable(self, element: JsonObject) -> JsonObject:
        if element.get("type") == "image" or element.get("action_id"):
            return element
        return {**element, "action_id": self.state.next_id("a")}

    def take_turn(self, channel: WorkspaceChannel) -> None:
        """Keep to the channel's pace.

        Raises:
            SlackRefusalError: `ratelimited`, a 429.
        """
        wait_s = self._rates.wait_for_post(channel.channel_id)
        if wait_s:
            raise SlackRefusalError("ratelimited", retry_after_s=wait_s)

    def say(self, message: Message) -> Message:
        """Put a message of the bot's into its channel.

        The thread's status is over, and the app hears its own message, as it does from Slack.
        """
        state = self.state
        state.put(message)
        self.refresh_root(message)
        if message.only_for:
            return message
        state.set_status(message.channel, message.thread_ts or message.ts, None)
        channel = state.channel_of(message.channel)
        if channel is not None and message.stream is None:
            self._send_event(envelopes.message_event(state, message, channel))
        return message

    def rewrite(
        self, message: Message, text: str, blocks: tuple[JsonObject, ...], **more: Any
    ) -> Message:
        """Give a message other content; the app hears of it.

        A rewritten card does not say that it was edited, a rewritten text does (Slack's page of
        chat.update).
        """
        edited_ts = message.edited_ts if blocks else self.state.next_ts()
        fresh = replace(message, text=text, blocks=blocks, stream=None, edited_ts=edited_ts, **more)
        self.state.put(fresh)
        channel = self.state.channel_of(message.channel)
        if channel is not None and not message.only_for:
            self._send_event(envelopes.changed_event(self.state, message, fresh, channel))
        return fresh

    def remove(self, message: Message) -> None:
        """Take a message away; the app hears of it."""
        channel = self.state.channel_of(message.channel)
        if channel is not None and not message.only_for:
            self._send_event(envelopes.deleted_event(self.state, message, channel))
        self.state.drop(message)
        self.refresh_root(message)

    def refresh_root(self, message: Message) -> None:
        """Let the page count the root's replies again."""
        if message.thread_ts and not message.only_for:
            self.state.note("message", message.channel, message.thread_ts)
