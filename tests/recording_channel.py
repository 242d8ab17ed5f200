"""A thread on no platform: remembers what was said in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from typing_extensions import override

from agent.assistant import StepState
from bot.messages import Channel, Picture, Place, Reply, Stream


@dataclass
class RecordingStream(Stream):
    """An answer; `finished` holds what ended it, which must be one reply."""

    written: list[str] = field(default_factory=list)
    steps: list[tuple[str, StepState]] = field(default_factory=list)
    finished: list[Reply] = field(default_factory=list)

    @override
    def step(self, step_id: str, text: str, state: StepState) -> None:
        self.steps.append((text, state))

    @override
    def text(self, delta: str) -> None:
        self.written.append(delta)

    @override
    def replace(self, text: str) -> None:
        self.written[:] = [text]

    @override
    def finish(self, reply: Reply) -> None:
        self.finished.append(reply)


@dataclass
class RecordingChannel(Channel):
    """One thread, and who is in which channel."""

    place: Place
    in_channels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    streams: list[RecordingStream] = field(default_factory=list)
    posted: list[Reply] = field(default_factory=list)
    whispered: list[Reply] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    failing: Exception | None = None
    """What each `update` fails with."""

    @override
    def status(self, text: str) -> None:
        """Nothing is shown."""

    @override
    def stream(self) -> Stream:
        self.streams.append(RecordingStream())
        return self.streams[-1]

    @override
    def post(self, reply: Reply) -> str:
        self.posted.append(reply)
        return str(len(self.posted))

    @override
    def update(self, message_id: str, reply: Reply) -> None:
        if self.failing is not None:
            raise self.failing
        self.posted[int(message_id) - 1] = reply

    @override
    def whisper(self, reply: Reply) -> None:
        self.whispered.append(reply)

    @override
    def picture(self, picture: Picture) -> None:
        self.pictures.append(picture)

    @override
    def members(self, channel: str) -> Sequence[str]:
        return self.in_channels.get(channel, ())

    @property
    def said(self) -> str:
        """All that everybody in the thread can read, as plain lines."""
        streamed = [line for s in self.streams for line in (*s.written, *map(_all, s.finished))]
        return "\n".join([*streamed, *map(_all, self.posted)])


def _all(reply: Reply) -> str:
    return repr(reply)
