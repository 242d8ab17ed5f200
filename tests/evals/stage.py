"""The product as it runs on one computer, with the demo in it, and what a person sees of it."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from typing_extensions import override

from agent.assistant import Answer, AnswerEvent, Assistant, Done, Question, Scope
from agent.offline_model import OfflineModel
from agent.settings import Settings as AgentSettings
from agent.strands_assistant import StrandsAssistant
from bot.conversation import Conversation
from bot.messages import (
    Actions,
    Button,
    Facts,
    Grid,
    Heading,
    Incoming,
    Item,
    Line,
    Part,
    Person,
    Picture,
    Place,
    Prose,
    Reply,
    Small,
)
from bot.picture.drawing import draw
from infra.local import story
from integrations.connect import Connections
from integrations.runbooks.catalogue import ShippedRemedies
from integrations.settings import Settings
from tests.demo import channel_key
from tests.evals.truth import Truth
from tests.recording_channel import RecordingChannel


class Listening(Assistant):
    """The assistant, with what it was asked and what it answered last kept."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self.scope: Scope | None = None
        self.answer_: Answer | None = None

    @override
    def answer(self, question: Question) -> Iterator[AnswerEvent]:
        self.scope = question.scope
        for event in self._assistant.answer(question):
            if isinstance(event, Done):
                self.answer_ = event.answer
            yield event


@dataclass(frozen=True)
class Seen:
    """What a person sees of one answer, and how it came about."""

    asked: str
    text: str
    reply: Reply
    pictures: tuple[Picture, ...] = ()
    scope: Scope | None = None
    answer: Answer | None = None
    """None when the question was turned away."""

    @property
    def lines(self) -> list[str]:
        """The text's lines, as they read once Markdown is drawn."""
        plain = self.text
        for mark in ("**", "`", "\\"):
            plain = plain.replace(mark, "")
        return [line for line in plain.splitlines() if line.strip()]

    @property
    def cards(self) -> list[str]:
        """The cards' lines, without their buttons."""
        return [line for part in self.reply.parts for line in _lines(part)]

    @property
    def buttons(self) -> list[Button]:
        """Every button but the feedback."""
        rows = [p.buttons for p in self.reply.parts if isinstance(p, Item | Actions)]
        return [button for row in rows for button in row if button.action != "feedback"]

    @property
    def words(self) -> str:
        """Text and cards as one text."""
        return "\n".join([*self.lines, *self.cards])


def _lines(part: Part) -> list[str]:
    match part:
        case Heading() | Prose() | Small():
            return part.text.splitlines()
        case Line():
            return ["".join(w.id if isinstance(w, Person) else w for w in part.words)]
        case Item():
            number = "" if part.number is None else f"{part.number}. "
            return [f"{number}{part.mark} {part.title}", *part.lines]
        case Facts():
            return [f"{fact.label}: {fact.value}" for fact in part.facts]
        case Grid():
            return [" | ".join(row) for row in (part.columns, *part.rows)]
        case _:
            return []


@dataclass
class Stage:
    """The real conversation over the demo's estate, at the moment that its files are of."""

    estate: Connections
    folder: Path
    truth: Truth
    now: datetime
    threads: int = 0
    _made: list[Connections] = field(default_factory=list)

    def __post_init__(self) -> None:
        own = Connections(Settings(state=self.folder), self._clock)
        self._made.append(own)
        memory = own.conversations()
        planner, limits = OfflineModel(), AgentSettings()
        remedies = ShippedRemedies(own.runbooks())
        self._heard = Listening(StrandsAssistant(planner, memory, remedies, limits, self._clock))
        self._conversation = Conversation(
            self.estate.directory,
            self.estate,
            self._heard,
            memory,
            draw,
            self._clock,
            lambda _: None,
        )

    def _clock(self) -> float:
        return self.now.timestamp()

    def close(self) -> None:
        """Close what was opened; the estate is somebody else's."""
        for made in self._made:
            made.close()

    def thread(self, channel: str) -> RecordingChannel:
        """A new thread of one of the demo's channels."""
        self.threads += 1
        place = Place(
            key=channel_key(channel),
            thread=f"{self.threads}.0",
            user=story.PEOPLE[0].id,
            user_workspace=story.WORKSPACE,
        )
        return RecordingChannel(place)

    def ask(self, thread: RecordingChannel, text: str) -> Seen:
        """Ask in a thread; what comes back."""
        self._heard.answer_ = self._heard.scope = None
        posted, pictures = len(thread.posted), len(thread.pictures)
        incoming = Incoming(place=thread.place, text=text, message_id=str(time.monotonic_ns()))
        self._conversation.on_message(incoming, thread)
        if len(thread.posted) > posted:
            reply = thread.posted[-1]
            return Seen(text, "", reply, tuple(thread.pictures[pictures:]))
        stream = thread.streams[-1]
        return Seen(
            text,
            "".join(stream.written),
            stream.finished[-1],
            tuple(thread.pictures[pictures:]),
            self._heard.scope,
            self._heard.answer_,
        )


def moment_of(sources: Path) -> datetime:
    """The moment that the demo's files are of, as a snapshot's own id says it."""
    snapshot = json.loads((sources / "acme" / "config-snapshot.json").read_text(encoding="utf-8"))
    return datetime.fromisoformat(snapshot["configSnapshotId"].split("-", 1)[1])
