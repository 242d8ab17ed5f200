"""Answers the questions that come to a runtime, from the systems that it reaches itself.

Apart from the door, so that the door is open before the agent framework is imported.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from strands.models.model import Model

from agent.assistant import AnswerEvent, Done, Question, Scope
from agent.envelope import Envelope
from agent.llm import model_for
from agent.remediation import proposer
from agent.settings import Settings
from agent.strands_assistant import StrandsAssistant
from integrations.conversations.port import ConversationStore
from integrations.runbooks.catalogue import ShippedRemedies
from integrations.runbooks.port import RunbookCatalogue
from integrations.systems import Systems

if TYPE_CHECKING:
    from agent.agentcore_memory import MemoryPlace


class Reached(Protocol):
    """What a runtime reaches; `Connections` is one."""

    def systems(self, tenant_id: str) -> Systems:
        """One tenant's systems; raises NotFoundError where there is no such tenant."""
        ...

    def conversations(self) -> ConversationStore:
        """What was said, thread by thread."""
        ...

    def runbooks(self) -> RunbookCatalogue:
        """The runbooks that may be run."""
        ...


class Answering:
    """Opened with the first question and kept; serves several threads."""

    def __init__(
        self,
        connections: Reached,
        settings: Settings,
        model: Model | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`model` unless the settings' own; `clock` gives seconds since the epoch."""
        self._connections = connections
        self._settings = settings
        self._model = model or model_for(settings)
        self._clock = clock
        self._conversations = connections.conversations()
        self._runbooks = connections.runbooks()
        self._memory = _memory(settings)

    def answer(self, envelope: Envelope) -> Iterator[AnswerEvent]:
        """The answer's events.

        Raises:
            NotFoundError: the envelope names a tenant that is not known here; nothing was read.
        """
        scope = Scope(
            tuple(self._connections.systems(tenant) for tenant in envelope.tenants),
            envelope.operator,
            envelope.foreign,
            envelope.focus,
        )
        question = Question(
            text=envelope.text,
            session_id=envelope.thread.session_id,
            scope=scope,
            asked_by=envelope.asked_by,
            canonical=envelope.canonical,
            thread=envelope.thread,
        )
        if self._memory is None:
            yield from self._assistant(self._conversations).answer(question)
            return
        memory = self._memory.of(envelope.thread, self._conversations)
        for event in self._assistant(memory, memory.recalled).answer(question):
            yield _told(event, memory.notices) if isinstance(event, Done) else event

    def close(self) -> None:
        """Close what it opened itself."""
        if self._memory is not None:
            self._memory.close()

    def _assistant(
        self, conversations: ConversationStore, recall: Callable[[str], str] | None = None
    ) -> StrandsAssistant:
        return StrandsAssistant(
            self._model,
            conversations,
            ShippedRemedies(self._runbooks),
            self._settings,
            self._clock,
            proposer(self._runbooks, self._clock),
            recall,
        )


def _memory(settings: Settings) -> "MemoryPlace | None":
    if not settings.memory_id:
        return None
    from agent.agentcore_memory import MemoryPlace  # noqa: PLC0415 - half a second, for who has one

    return MemoryPlace(settings.memory_id, settings.region, settings.long_term)


def _told(done: Done, notices: list[str]) -> Done:
    said = " ".join(part for part in (done.answer.notice, *notices) if part)
    return Done(replace(done.answer, notice=said))
