"""What a workspace is made of: people, channels, messages, files, views; all frozen."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspacePerson:
    """Somebody who can write in the workspace."""

    user_id: str
    """Slack's form: `U` and capital letters and digits."""
    name: str
    """The handle others mention, such as `analyst-1`."""
    title: str = ""
    """What the page says under the name, such as `Analyst`."""
    team_id: str = ""
    """Another workspace's id for somebody who came through Slack Connect; empty: this one's."""
    guest: bool = False
    """Slack's `is_restricted`."""
    deleted: bool = False
    """Deactivated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceChannel:
    """A channel of the workspace."""

    channel_id: str
    """Slack's form: `C` and capital letters and digits."""
    name: str
    """Without the `#`."""
    members: tuple[str, ...]
    """User ids of the people in it."""
    topic: str = ""
    with_bot: bool = True
    """Whether the bot was invited: it hears and says nothing elsewhere."""
    private: bool = False
    shared: bool = False
    """Shared with another workspace (Slack Connect)."""
    starters: tuple[str, ...] = ()
    """Questions the page offers while the channel is empty. The page's own idea, not Slack's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceBot:
    """The installed app, as the workspace knows it."""

    user_id: str
    bot_id: str
    app_id: str
    token: str = field(repr=False)
    signing_secret: str = field(repr=False)
    name: str = "assist"
    """The handle people mention it by."""
    title: str = "Security Assist"
    """The name shown beside its messages."""
    home_tab: bool = False
    """Whether the app has a home tab, as its manifest says it in Slack."""


class StreamMode(StrEnum):
    """What the first content of a stream fixed for its whole life."""

    OPEN = "open"
    TEXT = "markdown_text"
    CHUNKS = "chunks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A step of the work inside a stream."""

    task_id: str
    title: str
    status: str
    details: str = ""
    output: str = ""
    sources: tuple[JsonObject, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One stretch of a stream, in the order it was begun: text, a task, or blocks."""

    text: str = ""
    task: Task | None = None
    blocks: tuple[JsonObject, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A message that is being written."""

    started: float
    """Epoch seconds by the workspace's clock."""
    display: str = "timeline"
    """Slack's `task_display_mode`: `timeline` or `plan`."""
    mode: StreamMode = StreamMode.OPEN
    title: str = ""
    """The plan's."""
    pieces: tuple[Piece, ...] = ()
    closing: tuple[JsonObject, ...] = ()
    """Blocks given to `chat.stopStream`."""
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message: somebody's, the bot's, or an ephemeral one that a single person sees."""

    channel: str
    ts: str
    user: str
    text: str
    thread_ts: str = ""
    """The root's ts for a reply; empty for a message in the channel itself."""
    blocks: tuple[JsonObject, ...] = ()
    by_bot: bool = False
    only_for: str = ""
    """Ephemeral: the one person who sees it."""
    edited_ts: str = ""
    files: tuple[str, ...] = ()
    reactions: tuple[tuple[str, str], ...] = ()
    """Pairs of emoji name and user id, in the order given."""
    stream: Stream | None = None
    metadata: JsonObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """An uploaded file."""

    file_id: str
    name: str
    length: int
    """Announced in bytes."""
    alt: str = ""
    title: str = ""
    data: bytes | None = field(default=None, repr=False)
    completed: float | None = None
    """When the upload was completed, epoch seconds; the file is usable a moment later."""
    shared: tuple[tuple[str, str], ...] = ()
    """Pairs of channel and ts of the messages that show it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What the bot says it is doing in a thread."""

    text: str
    loading: tuple[str, ...]
    since: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompts:
    """Questions the bot suggests."""

    title: str
    prompts: tuple[tuple[str, str], ...]
    """Pairs of label and message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A modal, or a person's home tab."""

    view_id: str
    user: str
    view: JsonObject
    """As the app gave it, block ids filled in."""
    root_id: str
    previous_id: str = ""
    hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """The right to open one modal within three seconds."""

    user: str
    issued: float
    used: bool = False
    view_id: str = ""
    """The modal the press came from, when it did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseUrl:
    """The right to answer an interaction five times within thirty minutes."""

    user: str
    channel: str
    message_ts: str
    thread_ts: str
    issued: float
    uses: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why the app did not take a person's message so far."""

    outcome: str
    """As `Attempt.outcome`."""
    again_s: float | None
    """As `Attempt.again_s`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One delivery to the app, as it went."""

    kind: str
    """The event's or the interaction's type."""
    event_id: str
    retry: int
    """0 for the first attempt."""
    outcome: str
    """`ok`, or Slack's reason: `http_timeout`, `http_error`, `connection_failed`."""
    took_s: float
    again_s: float | None = None
    """Seconds until the next attempt of this delivery; None: there is none."""
