"""What was said in a thread, in Bedrock AgentCore Memory.

A turn is one event of the thread's session, whose actor is the tenant's channel. People's and the
bot's words are conversational payloads, which long-term strategies may read; what tools were asked
and answered is kept as blobs, so that no finding gets into long-term memory.

The session manager is the SDK's own, but it is not hung into the agent: there it would keep what a
model said before it was found wrong, and read a service that does not answer as a new thread.
"""

import json
import logging
import threading
from collections.abc import Sequence
from typing import Any, Final

from bedrock_agentcore.memory.integrations.strands.bedrock_converter import AgentCoreMemoryConverter
from bedrock_agentcore.memory.integrations.strands.config import AgentCoreMemoryConfig
from bedrock_agentcore.memory.integrations.strands.session_manager import (
    AgentCoreMemorySessionManager,
)
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from strands.types.exceptions import SessionException
from strands.types.session import SessionMessage
from typing_extensions import override

from agent.guard.untrusted import clean
from agent.memory import TURNS, recent
from agent.tools.wire import CLOSE_FENCE, OPEN_FENCE
from integrations.aws import AmbientSession
from integrations.conversations.port import Conversation, ConversationStore
from integrations.conversations.session import ThreadKey

NOTICE: Final = "AgentCore Memory did not answer, so I may have missed what was said before."
NOT_KEPT: Final = "AgentCore Memory did not answer, so it will not know of this answer."
NOT_RECALLED: Final = "AgentCore Memory did not answer, so nothing of other threads was recalled."

_LIMITS: Final = Config(
    connect_timeout=5.0, read_timeout=5.0, retries={"mode": "standard", "total_max_attempts": 2}
)
_AGENT: Final = "default"
_EVENTS: Final = TURNS + 4
"""The newest of a thread, which are its last turns; the rest is for what is none."""
_RECALLED: Final = 5
_ERRORS: Final = (
    BotoCoreError,
    ClientError,
    SessionException,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
)
"""Of the service and the SDK; the last four are for events that somebody else wrote."""

_log = logging.getLogger(__name__)


class _WordsApart(AgentCoreMemoryConverter):
    """Keeps tools' calls and results out of what is conversation."""

    @staticmethod
    @override
    def exceeds_conversational_limit(message: tuple[str, str]) -> bool:
        content = json.loads(message[0])["message"]["content"]
        if any("text" not in block for block in content):
            return True
        return AgentCoreMemoryConverter.exceeds_conversational_limit(message)


class _SharedClients(AmbientSession):
    """Makes each client once: the SDK makes four for every turn, which takes 200 ms and more."""

    def __init__(self, region: str) -> None:
        super().__init__(region=region)
        self._made: dict[str, Any] = {}
        self._lock = threading.Lock()

    @override
    def client(self, service_name: str, *args: Any, **options: Any) -> Any:
        with self._lock:
            if service_name not in self._made:
                self._made[service_name] = super().client(service_name, config=_LIMITS)
            return self._made[service_name]

    def close(self) -> None:
        """Close every client's connections."""
        for client in self._made.values():
            client.close()


class MemoryPlace:
    """Which memory, and what is recalled from it; serves several threads."""

    def __init__(self, memory_id: str, region: str, long_term: str = "") -> None:
        """`long_term` is a namespace with `{actorId}` in it, or "" for none."""
        self.memory_id = memory_id
        self.long_term = long_term
        self._clients = _SharedClients(region)

    def manager(self, thread: ThreadKey) -> AgentCoreMemorySessionManager:
        """The SDK's session manager; making it asks Memory for the session."""
        config = AgentCoreMemoryConfig(
            memory_id=self.memory_id,
            session_id=thread.session_id,
            actor_id=thread.actor_id,
            batch_size=100,  # a turn's messages in one event: all of them or none
        )
        return AgentCoreMemorySessionManager(
            config, boto_session=self._clients, converter=_WordsApart
        )

    def of(self, thread: ThreadKey, beside: ConversationStore) -> "AgentCoreMemory":
        """A thread's, for one turn."""
        return AgentCoreMemory(self, thread, beside)

    def close(self) -> None:
        """Close its connections."""
        self._clients.close()


class AgentCoreMemory(ConversationStore):
    """One thread's memory, for one turn; what could not be done is told in `notices`.

    The store beside it has the thread's focus and version, and stands in where Memory fails. It
    promises less than others: of two answers at once both are kept.
    """

    def __init__(self, place: MemoryPlace, thread: ThreadKey, beside: ConversationStore) -> None:
        """Nothing is asked yet."""
        self._place = place
        self._thread = thread
        self._beside = beside
        self._manager: AgentCoreMemorySessionManager | None = None
        self.notices: list[str] = []

    @override
    def load(self, session_id: str) -> Conversation:
        beside = self._beside.load(session_id)
        try:
            manager = self._opened()
            # Its own `list_messages` answers an outage with an empty list, and reads all there is.
            found: Any = manager.memory_client.gmdp_client.list_events(
                memoryId=self._place.memory_id,
                actorId=self._thread.actor_id,
                sessionId=session_id,
                maxResults=_EVENTS,
                includePayloads=True,
            )
            told = [one.message for one in manager.converter.events_to_messages(found["events"])]
            messages = [{"role": m["role"], "content": m["content"]} for m in told]
        except _ERRORS as error:
            self._failed(NOTICE, error)
            return beside
        return Conversation(tuple(recent(messages)), beside.focus, beside.version)

    @override
    def save(
        self,
        session_id: str,
        messages: Sequence[dict[str, Any]],
        focus: Sequence[str],
        version: int,
    ) -> None:
        try:
            manager = self._opened()
            for message in recent(messages, turns=1):
                kept = SessionMessage.from_message(message, 0)  # type: ignore[arg-type] # a TypedDict
                manager.create_message(session_id, _AGENT, kept)
            manager.close()
        except _ERRORS as error:
            self._failed(NOT_KEPT, error)
        self._beside.save(session_id, messages, focus, version)

    @override
    def erase(self, tenant_id: str) -> int:
        """Of the store beside it alone; Memory's own events expire."""
        return self._beside.erase(tenant_id)

    @override
    def forget(self, older_than_s: float) -> int:
        """Memory lets events expire by itself (`EventExpiryDuration`)."""
        return self._beside.forget(older_than_s)

    def recalled(self, text: str) -> str:
        """What the channel's long-term memory knows of a question, fenced as data; "" for none."""
        if not self._place.long_term:
            return ""
        try:
            # The SDK's own `retrieve_memories` answers an outage with an empty list.
            found = self._opened().memory_client.gmdp_client.retrieve_memory_records(
                memoryId=self._place.memory_id,
                namespace=self._place.long_term.replace("{actorId}", self._thread.actor_id),
                searchCriteria={"searchQuery": text[:10_000], "topK": _RECALLED},
            )
            records = [r["content"]["text"] for r in found["memoryRecordSummaries"]]
        except _ERRORS as error:
            self._failed(NOT_RECALLED, error)
            return ""
        if not records:
            return ""
        body = json.dumps({"recalled": [clean(text) for text in records]}, ensure_ascii=False)
        return f"{OPEN_FENCE}{body.replace('<', chr(92) + 'u003c')}{CLOSE_FENCE}"

    def _opened(self) -> AgentCoreMemorySessionManager:
        if self._manager is None:
            self._manager = self._place.manager(self._thread)
        return self._manager

    def _failed(self, notice: str, error: Exception) -> None:
        _log.warning("error=<%s> | AgentCore Memory failed", type(error).__name__)
        if not self.notices:
            self.notices.append(notice)
