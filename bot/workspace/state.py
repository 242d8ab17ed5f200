"""All that the workspace holds, behind one lock; whoever waits is woken by every change."""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

from bot.workspace.limits import Limits
from bot.workspace.records import (
    Attempt,
    Message,
    Prompts,
    ResponseUrl,
    Status,
    StoredFile,
    Trigger,
    Trouble,
    View,
    WorkspaceBot,
    WorkspaceChannel,
    WorkspacePerson,
)

_REMEMBERED_CHANGES = 5_000
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Change:
    """That something is different now: what it is, and where."""

    number: int
    kind: str
    """`message`, `gone`, `status`, `prompts`, `title`, `view` or `home`."""
    channel: str
    key: str
    """A ts, a thread's ts, a user id or a file id."""
    person: str = ""
    """The only one it concerns; empty: everybody in the channel."""


def direct_channel(user_id: str) -> str:
    """The id of a person's direct messages with the bot."""
    return f"D{user_id[1:]}"


class State:
    """People, channels, messages, files, streams, views and what may be done once.

    Every method expects the lock to be held; `held` takes it. Messages are frozen: a change
    stores a new record under the old ts.
    """

    def __init__(
        self,
        *,
        people: Sequence[WorkspacePerson],
        channels: Sequence[WorkspaceChannel],
        bot: WorkspaceBot,
        team_id: str,
        team_name: str,
        clock: Callable[[], float],
        limits: Limits,
    ) -> None:
        self.people = {person.user_id: person for person in people}
        self.channels = {channel.channel_id: channel for channel in channels}
        self.bot, self.team_id, self.team_name = bot, team_id, team_name
        self.clock, self.limits = clock, limits
        self.messages: dict[str, dict[str, Message]] = {}
        self.files: dict[str, StoredFile] = {}
        self.uploads: dict[str, str] = {}
        self.statuses: dict[tuple[str, str], Status] = {}
        self.prompts: dict[tuple[str, str], Prompts] = {}
        self.titles: dict[tuple[str, str], str] = {}
        self.views: dict[str, View] = {}
        self.open_views: dict[str, tuple[str, ...]] = {}
        self.homes: dict[str, View] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.troubles: dict[tuple[str, str], dict[str, Trouble]] = {}
        """Channel and ts of a message -> event id -> why the app did not take it."""
        self.url = ""
        """Where the workspace's own server listens, once it does."""
        self.closed = False
        self._changed = threading.Condition(threading.RLock())
        self._changes: deque[Change] = deque(maxlen=_REMEMBERED_CHANGES)
        self._count = 0
        self._last_microsecond = 0
        self._ids = 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """The lock."""
        with self._changed:
            yield

    def wait_for(self, predicate: Callable[[], _T], timeout_s: float) -> _T | None:
        """Wait until `predicate` is truthy, asked again at every change; None after the time."""
        found: list[_T] = []

        def asked() -> bool:
            result = predicate()
            if result:
                found.append(result)
            return bool(result) or self.closed

        with self._changed:
            self._changed.wait_for(asked, timeout_s)
        return found[0] if found else None

    def wake(self) -> None:
        """Let those who wait look again."""
        with self._changed:
            self._changed.notify_all()

    def note(self, kind: str, channel: str, key: str, person: str = "") -> None:
        """Tell everybody who waits that something changed."""
        self._count += 1
        self._changes.append(Change(self._count, kind, channel, key, person))
        self._changed.notify_all()

    @property
    def count(self) -> int:
        """How many changes there have been."""
        return self._count

    def changes_after(self, number: int, timeout_s: float) -> list[Change] | None:
        """What happened after that change, waiting for the first; None when too much did."""
        with self._changed:
            self._changed.wait_for(lambda: self._count > number or self.closed, timeout_s)
            if self._count > number and self._changes[0].number > number + 1:
                return None
            return [change for change in self._changes if change.number > number]

    def close(self) -> None:
        """Send everybody home."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def next_ts(self) -> str:
        """A message id: the time in microseconds, never the same twice, always later."""
        self._last_microsecond = max(self._last_microsecond + 1, round(self.clock() * 1e6))
        seconds, micro = divmod(self._last_microsecond, 1_000_000)
        return f"{seconds}.{micro:06d}"

    def next_id(self, prefix: str) -> str:
        """An id of Slack's form, such as `F0WS0000001`."""
        self._ids += 1
        number, digits = self._ids, ""
        while number:
            number, digit = divmod(number, 36)
            digits = _ALPHABET[digit] + digits
        return f"{prefix}0WS{digits.rjust(7, '0')}"

    def channel_of(self, channel_id: str) -> WorkspaceChannel | None:
        """A channel, or a person's direct messages with the bot seen as one."""
        if channel_id in self.channels:
            return self.channels[channel_id]
        for person in self.people.values():
            if channel_id in {direct_channel(person.user_id), person.user_id}:
                return WorkspaceChannel(
                    channel_id=direct_channel(person.user_id),
                    name=person.name,
                    members=(person.user_id,),
                )
        return None

    def put(self, message: Message) -> None:
        """Keep a message, new or changed."""
        self.messages.setdefault(message.channel, {})[message.ts] = message
        self.note("message", message.channel, message.ts, message.only_for)

    def drop(self, message: Message) -> None:
        """Forget a message."""
        del self.messages[message.channel][message.ts]
        self.note("gone", message.channel, message.ts, message.only_for)

    def message(self, channel: str, ts: str) -> Message | None:
        """One message."""
        return self.messages.get(channel, {}).get(ts)

    def thread(self, channel: str, root: str) -> list[Message]:
        """A thread's messages, the root first, ephemeral ones left out."""
        return [
            message
            for message in self.messages.get(channel, {}).values()
            if not message.only_for and root in {message.ts, message.thread_ts}
        ]

    def timeline(self, channel: str) -> list[Message]:
        """The messages in the channel itself, ephemeral ones left out."""
        found = self.messages.get(channel, {}).values()
        return [m for m in found if not m.only_for and not m.thread_ts]

    def set_trouble(self, place: tuple[str, str], attempt: Attempt) -> None:
        """Note whether the app took a message; `place` is its channel and ts."""
        troubles = dict(self.troubles.get(place, {}))
        before = troubles.pop(attempt.event_id, None)
        if attempt.outcome != "ok":
            troubles[attempt.event_id] = Trouble(outcome=attempt.outcome, again_s=attempt.again_s)
        elif before is None:
            return
        self.troubles[place] = troubles
        self.note("message", *place)

    def set_status(self, channel: str, thread: str, status: Status | None) -> None:
        """Say what the bot is doing there, or that it is not."""
        if status is not None:
            self.statuses[channel, thread] = status
        elif self.statuses.pop((channel, thread), None) is None:
            return
        self.note("status", channel, thread)

    def status(self, channel: str, thread: str) -> Status | None:
        """What the bot is doing there, unless that was said too long ago."""
        status = self.statuses.get((channel, thread))
        if status is None or self.clock() - status.since > self.limits.status_s:
            return None
        return status

    def is_streaming(self, message: Message) -> bool:
        """Whether the message is still being written; a stream ends by itself in time."""
        stream = message.stream
        if stream is None or stream.ended:
            return False
        return self.clock() - stream.started <= self.limits.stream_s

    def end_old_streams(self) -> None:
        """Tell the page about streams and statuses whose time is over."""
        for messages in list(self.messages.values()):
            for message in list(messages.values()):
                stream = message.stream
                if stream is not None and not stream.ended and not self.is_streaming(message):
                    self.put(replace(message, stream=replace(stream, ended=True)))
        for channel, thread in list(self.statuses):
            if self.status(channel, thread) is None:
                self.set_status(channel, thread, None)

    def file_ready(self, file_id: str) -> bool:
        """Whether an image was uploaded, completed and processed."""
        file = self.files.get(file_id)
        if file is None or file.completed is None or file.data is None:
            return False
        return self.clock() - file.completed >= self.limits.file_ready_s
