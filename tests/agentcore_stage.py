"""A worker's assistant, AgentCore and a runtime, each real, on 127.0.0.1; and what they share."""

import itertools
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from strands.models.model import Model

from agent.agentcore_assistant import AgentCoreAssistant, RuntimeClient, runtime_client
from agent.answering import Answering
from agent.assistant import AnswerEvent, Assistant, Question
from agent.envelope import Envelope
from agent.offline_model import OfflineModel
from agent.remediation import proposer
from agent.runtime import Answers, Runtime
from agent.settings import Settings
from agent.strands_assistant import StrandsAssistant
from agent.turns import Turns
from integrations.connect import Connections
from integrations.conversations.port import ConversationStore
from integrations.conversations.session import EVERY_TENANT, ThreadKey
from integrations.conversations.sqlite import SqliteConversationStore
from integrations.runbooks.catalogue import ShippedRemedies
from integrations.runbooks.port import RunbookCatalogue
from integrations.systems import Systems
from tests.agentcore_service import ARN, AgentCore, agentcore, listening
from tests.demo import binding_of, channel_key, scope_in

KEY = "a key that is long enough for nobody to guess"
AWS = {
    "AWS_ACCESS_KEY_ID": "AKIAFAKEFAKEFAKEFAKE",
    "AWS_SECRET_ACCESS_KEY": "fake",
    "AWS_REGION": "eu-west-1",
}


@dataclass
class Reach:
    """The estate with a memory of one's own; counts what is asked for."""

    estate: Connections
    memory: ConversationStore
    asked_for: list[str] = field(default_factory=list)
    """Tenants whose systems were asked for."""

    def systems(self, tenant_id: str) -> Systems:
        """As the estate."""
        self.asked_for.append(tenant_id)
        return self.estate.systems(tenant_id)

    def conversations(self) -> ConversationStore:
        """One's own."""
        return self.memory

    def runbooks(self) -> RunbookCatalogue:
        """As the estate."""
        return self.estate.runbooks()


@dataclass
class _Counting:
    """The runtime's answering, and what it was asked."""

    answers: Answers
    asked: list[str] = field(default_factory=list)

    def answer(self, envelope: Envelope) -> Iterator[AnswerEvent]:
        """As the other."""
        self.asked.append(envelope.text)
        return self.answers.answer(envelope)


@dataclass
class Stage:
    """Both sides of the wire."""

    answered: list[str]
    """Texts that the runtime's assistant was asked, each once for each run of it."""

    estate: Connections
    reach: Reach
    core: AgentCore
    worker_with: Callable[[RuntimeClient], AgentCoreAssistant]
    worker: AgentCoreAssistant
    own: Assistant
    """What answers in the worker's own process; its memory is another."""
    pauses: list[float]
    now: Callable[[], float]

    def question(self, text: str, channel: str = "acme-security", thread: str = "1.0") -> Question:
        """Asked in one of the demo's channels."""
        binding, key = binding_of(self.estate, channel), channel_key(channel)
        where = ThreadKey(
            binding.tenant_id or EVERY_TENANT, key.platform, key.workspace, key.channel, thread
        )
        return Question(
            text=text,
            session_id=where.session_id,
            scope=scope_in(self.estate, channel, text),
            asked_by="slack/T1/U1",
            thread=where,
        )

    def envelope(self, question: Question, **changed: Any) -> Envelope:
        """What the worker would say of a question."""
        return replace(self.worker._envelope(question), **changed)


def asks(sets: Mapping[str, str]) -> Settings:
    """Settings as the environment would have them."""
    return Settings.from_env({"AWS_REGION": "eu-west-1", **sets})


@contextmanager
def staged(
    estate: Connections,
    folder: Path,
    setenv: Callable[[str, str], None],
    *,
    sets: Mapping[str, str] | None = None,
    model: Model | None = None,
    answers: Callable[[Answering], Answers] = lambda answering: answering,
    clock: Callable[[], float] | None = None,
    alive_s: float = 60.0,
) -> Iterator[Stage]:
    """Everything that is between a worker and its answer, over real HTTP.

    Args:
        estate: To be read only.
        folder: For both memories.
        setenv: Sets a variable of the environment for as long as this is used.
        sets: The runtime's settings.
        model: The runtime's; the offline planner unless it is given.
        answers: Stands between the runtime's door and its answering.
        clock: Seconds since the epoch; stands still unless it is given.
        alive_s: After which the runtime says that it still works.
    """
    logging.getLogger("bedrock_agentcore.app").setLevel(logging.CRITICAL)
    now = datetime.now(UTC).timestamp()
    clock = clock or (lambda: now)
    memory = SqliteConversationStore(folder / "runtime.sqlite", clock)
    beside = SqliteConversationStore(folder / "own.sqlite", clock)
    settings, reach = asks(sets or {}), Reach(estate, memory)
    answering = Answering(reach, settings, model or OfflineModel(), clock)
    made = _Counting(answers(answering))
    runtime = Runtime(lambda: made, lambda: (KEY,), clock, Turns(), alive_s)
    runbooks = estate.runbooks()
    own = StrandsAssistant(
        OfflineModel(),
        beside,
        ShippedRemedies(runbooks),
        settings,
        clock,
        proposer(runbooks, clock),
    )
    ids, pauses = itertools.count(), list[float]()
    with listening(runtime) as where, agentcore(where) as core:
        for name, value in {**AWS, "AWS_ENDPOINT_URL_BEDROCK_AGENTCORE": core.url}.items():
            setenv(name, value)

        def worker(client: RuntimeClient) -> AgentCoreAssistant:
            return AgentCoreAssistant(
                client,
                ARN,
                "DEFAULT",
                lambda: (KEY,),
                lambda: own,
                settings.answer_s,
                clock=clock,
                pause=pauses.append,
                ids=lambda: f"question-{next(ids)}",
            )

        with closing(runtime_client(ARN)) as client:
            yield Stage(made.asked, estate, reach, core, worker, worker(client), own, pauses, clock)
    answering.close()
    memory.close()
    beside.close()
