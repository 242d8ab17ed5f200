"""The simulated workspace in one piece: what people do in it, and what can be asked of it."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from bot.workspace import envelopes, spoken, wire
from bot.workspace.delivery import Delivery
from bot.workspace.interactions import Interactions
from bot.workspace.limits import Limits
from bot.workspace.records import (
    Attempt,
    JsonObject,
    Message,
    WorkspaceBot,
    WorkspaceChannel,
    WorkspacePerson,
)
from bot.workspace.state import State, direct_channel
from bot.workspace.web_api import WebApi

_T = TypeVar("_T")
_NOT_HERE = "is not in this channel, so it did not hear that. Invite it to the channel first."


class Workspace:
    """A Slack workspace on this computer.

    Args:
        people: Who can write.
        channels: Where. Everybody also has direct messages with the bot.
        team_id: Slack's form, `T...`.
        team_name: As people read it.
        bot: The installed app.
        clock: Epoch seconds. Signatures carry it, so a real app needs the real time.
        deliver_to: The app's request URL on this computer, such as
            `http://127.0.0.1:3000/slack/events`; events and interactions both go there.
        limits: Slack's patience; shorter times make tests quick.
    """

    def __init__(
        self,
        people: Sequence[WorkspacePerson],
        channels: Sequence[WorkspaceChannel],
        *,
        team_id: str,
        team_name: str,
        bot: WorkspaceBot,
        clock: Callable[[], float],
        deliver_to: str,
        limits: Limits | None = None,
    ) -> None:
        limits = limits or Limits()
        self.state = State(
            people=people,
            channels=channels,
            bot=bot,
            team_id=team_id,
            team_name=team_name,
            clock=clock,
            limits=limits,
        )
        self._delivery = Delivery(
            url=deliver_to,
            secret=bot.signing_secret,
            clock=clock,
            limits=limits,
            on_attempt=self._attempted,
        )
        self.api = WebApi(self.state, self._delivery.event)
        self.interactions = Interactions(self.state, self.api, self._delivery)
        self._sent: dict[str, tuple[str, str]] = {}

    def _attempted(self, attempt: Attempt) -> None:
        """Note at a person's message whether the app took it; wake whoever waits for that."""
        with self.state.held():
            place = self._sent.get(attempt.event_id)
            if place is not None:
                self.state.set_trouble(place, attempt)
                if attempt.again_s is None:
                    del self._sent[attempt.event_id]
            self.state.wake()

    def verify_app(self) -> bool:
        """Whether the app answers the challenge that Slack sends to a new request URL."""
        return self._delivery.verifies()

    def say(self, user_id: str, channel_id: str, text: str, thread_ts: str | None = None) -> str:
        """Write as a person; the message's ts.

        `text` is what is typed (`@assist what needs attention first?`) or already in Slack's form
        (`<@U...> ...`). The app gets a `message` event, and `app_mention` beside it when the bot
        is mentioned in a channel. `thread_ts` may be any message of the thread.

        Raises:
            LookupError: No such person, or the person is not in such a channel.
        """
        state = self.state
        with state.held():
            channel = self._joined(user_id, channel_id)
            stored = spoken.stored_text(state, text)
            message = Message(
                channel=channel.channel_id,
                ts=state.next_ts(),
                user=user_id,
                text=stored,
                thread_ts=self._root(channel.channel_id, thread_ts or ""),
                blocks=(spoken.rich_text(state, stored),),
            )
            state.put(message)
            self.api.posting.refresh_root(message)
            self._hear(message, channel)
        return message.ts

    def click(
        self,
        user_id: str,
        channel_id: str,
        message_ts: str,
        action_id: str,
        *,
        block_id: str = "",
        choice: Any = None,
    ) -> str:
        """Press a button as a person and wait for the app's ack: `ok` or why it failed.

        Raises:
            NothingToPressError: That person sees no such button.
        """
        place = (channel_id, message_ts)
        return self.interactions.press(user_id, place, action_id, block_id=block_id, choice=choice)

    def submit(self, user_id: str, view_id: str, values: Mapping[str, Any]) -> JsonObject:
        """Submit an open modal; `errors` by block id when the app refuses the content."""
        return self.interactions.submit(user_id, view_id, values)

    def open_app(self, user_id: str, tab: str = "messages") -> str:
        """Open the bot's direct messages or home tab; the channel. Sends `app_home_opened`."""
        with self.state.held():
            channel = self._joined(user_id, direct_channel(user_id))
            event = envelopes.home_event(self.state, user_id, channel.channel_id, tab)
            self._delivery.event(event)
        return channel.channel_id

    def open_view(self, user_id: str) -> JsonObject | None:
        """The modal a person has before them, as `views.open` answers it."""
        with self.state.held():
            stack = self.state.open_views.get(user_id, ())
            return wire.view_json(self.state, self.state.views[stack[-1]]) if stack else None

    def messages(self, channel_id: str, thread_ts: str | None = None) -> list[JsonObject]:
        """A channel's own messages, or a thread with its root, the oldest first.

        As `conversations.replies` shows them, and with `streaming_state` (`in_progress` or
        `completed`) where one is or was streamed.
        Ephemeral messages are not among them: see `whispers`.
        """
        with self.state.held():
            found = (
                self.state.thread(channel_id, thread_ts)
                if thread_ts
                else self.state.timeline(channel_id)
            )
            return [self._seen(message) for message in found]

    def _seen(self, message: Message) -> JsonObject:
        shown = wire.message_json(self.state, message)
        if message.stream is not None:
            writing = self.state.is_streaming(message)
            shown["streaming_state"] = "in_progress" if writing else "completed"
        return shown

    def whispers(self, user_id: str, channel_id: str) -> list[JsonObject]:
        """The ephemeral messages one person sees in a channel."""
        with self.state.held():
            found = self.state.messages.get(channel_id, {}).values()
            return [wire.message_json(self.state, m) for m in found if m.only_for == user_id]

    def status(self, channel_id: str, thread_ts: str) -> str:
        """What the bot says it is doing in a thread, or ""."""
        with self.state.held():
            status = self.state.status(channel_id, thread_ts)
            return status.text if status else ""

    def file(self, file_id: str) -> bytes:
        """An uploaded file's bytes.

        Raises:
            KeyError: No such file.
        """
        with self.state.held():
            data = self.state.files[file_id].data
        if data is None:
            raise KeyError(file_id)
        return data

    @property
    def deliveries(self) -> tuple[Attempt, ...]:
        """The latest deliveries to the app, the oldest first, every attempt of its own."""
        return self._delivery.attempts

    def wait_for(self, predicate: Callable[[], _T], timeout_s: float) -> _T:
        """Wait until `predicate` gives something truthy, asked again at every change.

        Raises:
            TimeoutError: It did not in time.
        """
        found = self.state.wait_for(predicate, timeout_s)
        if not found:
            raise TimeoutError(f"nothing of the kind happened within {timeout_s} s")
        return found

    def wait_for_answer(
        self, channel_id: str, thread_ts: str, timeout_s: float, *, after: str = ""
    ) -> list[JsonObject]:
        """Wait until the bot has answered in a thread: something said, nothing unfinished.

        `after` is the ts of the message that is to be answered (the root when empty).

        Returns:
            The bot's messages after it.

        Raises:
            TimeoutError: The answer did not come, or did not end, in time.
        """

        def answered() -> list[JsonObject]:
            said = [
                message
                for message in self.messages(channel_id, thread_ts)
                if "bot_id" in message and float(message["ts"]) > float(after or thread_ts)
            ]
            unfinished = any(m.get("streaming_state") == "in_progress" for m in said)
            busy = unfinished or self.status(channel_id, thread_ts)
            return [] if busy else said

        return self.wait_for(answered, timeout_s)

    def wait_until_quiet(self, timeout_s: float) -> None:
        """Wait until every event is acked or given up.

        Raises:
            TimeoutError: One still is not.
        """
        deadline = time.monotonic() + timeout_s
        while self._delivery.under_way:
            if time.monotonic() > deadline:
                raise TimeoutError("an event is neither acked nor given up")
            self.state.wait_for(lambda: self._delivery.under_way == 0, 0.02)

    def close(self) -> None:
        """Deliver nothing more and wake everybody who waits."""
        self.state.close()
        self._delivery.close()

    def _joined(self, user_id: str, channel_id: str) -> WorkspaceChannel:
        channel = self.state.channel_of(channel_id)
        if user_id not in self.state.people:
            raise LookupError(f"there is no {user_id} in this workspace")
        if channel is None or user_id not in channel.members:
            raise LookupError(f"{user_id} is not in {channel_id}")
        return channel

    def _root(self, channel_id: str, thread_ts: str) -> str:
        if not thread_ts:
            return ""
        message = self.state.message(channel_id, thread_ts)
        if message is None:
            raise LookupError(f"there is no thread {thread_ts} in {channel_id}")
        return message.thread_ts or message.ts

    def _hear(self, message: Message, channel: WorkspaceChannel) -> None:
        """Deliver what Slack would: nothing from a channel that the bot is not in."""
        state = self.state
        mentioned = spoken.mentions(message.text, state.bot.user_id)
        if channel.with_bot:
            events = [envelopes.message_event(state, message, channel)]
            if mentioned and not channel.channel_id.startswith("D"):
                events.insert(0, envelopes.mention_event(state, message, channel))
            for event in events:
                self._sent[event["event_id"]] = (message.channel, message.ts)
                self._delivery.event(event)
        elif mentioned:
            text = f"@{state.bot.name} {_NOT_HERE}"
            hint = replace(message, ts=state.next_ts(), user="USLACKBOT", text=text, blocks=())
            state.put(replace(hint, only_for=message.user))
