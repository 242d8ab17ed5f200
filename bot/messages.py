"""A message or a click in, replies out: the neutral model that every platform renders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from agent.assistant import StepState
from integrations.tenants.port import ChannelKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A thread, and who is spoken to in it."""

    key: ChannelKey
    thread: str
    """The thread's root (Slack's `thread_ts`); a new thread's root is the message itself."""
    user: str
    """Stable platform id of who wrote or clicked."""
    user_workspace: str
    """The workspace that user belongs to: another than the channel's is a foreign user."""
    direct: bool = False
    """A direct message: no channel to take the tenant from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """What a person wrote."""

    place: Place
    text: str
    """Plain text: the mention of the bot removed, entities decoded."""
    message_id: str
    new_thread: bool = True
    foreign: bool = False
    """Written by somebody outside the workspace (Slack Connect), or by a guest."""
    delivery_id: str = ""
    """The platform's id of this delivery; the same thing delivered again carries the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """A pressed button."""

    place: Place
    action: str
    value: str
    message_id: str
    """The message whose button it is."""
    typed: Mapping[str, str] = field(default_factory=dict)
    """What stood in the message's text fields, by their names."""
    foreign: bool = False
    delivery_id: str = ""
    """The platform's id of this press: pressing again is another one."""


class Style(StrEnum):
    """How a button looks."""

    PLAIN = "plain"
    PRIMARY = "primary"
    DANGER = "danger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """What is asked before a press counts: a courtesy to who presses, never a control."""

    title: str
    text: str
    yes: str
    no: str = "Cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Something to press.

    Actions: `ask` (value: a question, asked as the clicker), `feedback` (value: `up` or `down`),
    `tenant` (value: a tenant id, chosen for a direct message), and of a fix's card `approve`,
    `reject`, `details`, `undo` (value: the request's opaque id and its plan's hash).
    """

    label: str
    action: str
    value: str
    style: Style = Style.PLAIN
    confirm: Confirm | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A card's first line."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """Markdown: `**bold**`, `code`, lists."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A label and its value, side by side with others."""

    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Labelled values."""

    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One numbered thing with what can be done about it."""

    number: int | None
    mark: str
    """Severity in words: `CRITICAL 94`; empty for none."""
    title: str
    lines: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table of at most 4 columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[int, ...] = ()
    """Columns that are aligned right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Small:
    """A line of small print: the whole, the age, the source."""

    text: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is named, and thereby told."""

    id: str
    """`slack/T0001/U0001`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A sentence that names people: words and persons in turn."""

    words: tuple[str | Person, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextField:
    """Something to type before a button is pressed; comes back in `Click.typed`."""

    name: str
    label: str
    longest: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """A row of buttons."""

    buttons: tuple[Button, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A dividing line."""


Part = Heading | Prose | Facts | Item | Grid | Small | Line | TextField | Actions | Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is said: parts for the eye, and one plain line that carries it all."""

    plain: str
    """The verdict: notification, screen reader, terminal."""
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A PNG with what it shows in words."""

    png: bytes = field(repr=False)
    title: str
    alt: str
    """What the picture finds, in a sentence; at most 2,000 characters."""


class Stream(Protocol):
    """An answer that is being written."""

    def step(self, step_id: str, text: str, state: StepState) -> None:
        """Show a step of the work."""
        ...

    def text(self, delta: str) -> None:
        """Write on."""
        ...

    def replace(self, text: str) -> None:
        """Withdraw what was written and write this."""
        ...

    def finish(self, reply: Reply) -> None:
        """End the answer with its cards and buttons; must be called, and only once."""
        ...


class Channel(Protocol):
    """One thread of one platform.

    Promises: long things are cut to the platform's limits and say so; nothing that a finding or a
    tag says becomes a mention, a link or a broadcast; a call that the platform refuses for good
    raises, one that it refuses for now is tried again.
    """

    place: Place

    def status(self, text: str) -> None:
        """Say what is being done, until the next message; "" takes it away."""
        ...

    def stream(self) -> Stream:
        """Begin an answer."""
        ...

    def post(self, reply: Reply) -> str:
        """Say something in the thread; the message's id."""
        ...

    def update(self, message_id: str, reply: Reply) -> None:
        """Rewrite something that `post` said, whoever pressed or waited meanwhile."""
        ...

    def whisper(self, reply: Reply) -> None:
        """Say something that only the person spoken to sees."""
        ...

    def picture(self, picture: Picture) -> None:
        """Put a picture into the thread."""
        ...

    def members(self, channel: str) -> Sequence[str]:
        """The user ids in a channel of the same workspace."""
        ...
