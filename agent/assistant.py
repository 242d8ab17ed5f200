"""A question in, an answer's events out: what every assistant promises.

Imports nothing of the agent framework, so that a platform's door stays light.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from agent.views import View
from integrations.conversations.session import ThreadKey
from integrations.systems import Systems


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose data an answer may read: decided by the channel, never by text or model."""

    systems: tuple[Systems, ...]
    """Of the tenants that this turn is about, the most important first; never empty."""
    operator: bool = False
    """Whether the channel may see every tenant."""
    foreign: tuple[str, ...] = ()
    """Ids of the tenants that this turn has nothing to do with."""
    focus: tuple[str, ...] = ()
    """Ids of the tenants that an operator's thread is about from now on; empty means all."""

    @property
    def one(self) -> Systems | None:
        """The only tenant's systems; None when the turn is about several."""
        return self.systems[0] if len(self.systems) == 1 else None


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, by whom, where."""

    text: str
    session_id: str
    scope: Scope
    asked_by: str = ""
    """The asker's stable platform id, for traces."""
    canonical: bool = False
    """The text is one of ours (a button): no language model is needed to understand it."""
    thread: ThreadKey | None = None
    """Where it was asked; `session_id` is this one's where it is known."""


class StepState(StrEnum):
    """How far a step of the work is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Status:
    """A step of the work that a person would recognise: "Reading 912 findings"."""

    step_id: str
    text: str
    state: StepState


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer's text (Markdown: `**bold**`, `code`, lists, no links)."""

    text: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """All text so far is withdrawn; this is the text."""

    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A tool's typed result: what cards and pictures are made from."""

    view: View


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that was called, with the arguments it was given."""

    name: str
    arguments: dict[str, Any]
    ok: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole of an answer."""

    text: str
    views: tuple[View, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    evidence: tuple[str, ...] = ()
    """Refs of findings and exposures, and ids of resources, that the answer rests on."""
    notice: str = ""
    """What the reader must know of how it was made: "Answered without the language model (...)"."""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """The last event."""

    answer: Answer


AnswerEvent = Status | TextDelta | Replaced | Shown | Done


class Assistant(Protocol):
    """Answers questions.

    Promises: the last event is `Done`; it comes even when tools or the model fail, and then says
    so; nothing outside the question's scope is read; nothing is changed; every number, id and ARN
    of the text occurs in the question or in what the tools answered in this turn or before.
    """

    def answer(self, question: Question) -> Iterator[AnswerEvent]:
        """Answer a question as a stream of events."""
        ...
