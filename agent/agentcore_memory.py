"""What was said in a thread, in Bedrock AgentCore Memory.

A turn is one event of the thread's session, whose actor is the tenant's channel. People's and the
bot's words are conversational payloads, which long-term strategies may read; what tools were asked
and answered is kept as blobs, so that no finding gets into long-term memory.

The session manager is the SDK's own, but it is not hung into the agent: there it would keep what a
model said before it was found wrong, and read a service that does not answer as a new thread.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
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
from agent.memory import recent
from agent.tools.wire import CLOSE_FENCE, OPEN_FENCE
from integrations.conversations.port import Conversation, ConversationStore
from integrations.conversations.session import ThreadKey

NOTICE: Final = "AgentCore Memory did not answer, so I may have missed what was said before."
NOT_KEPT: Final = "AgentCore Memory did not answer, so it will not know of this answer."
NOT_RECALLED: Final = "AgentCore Memory did not answer, so nothing of other threads was recalled."

_AGENT: Final = "default"
_EVENTS: Final = 100
"""Turns that are looked at for the last ones: one page."""
_RECALLED: Final = 5
_ERRORS: Final = (BotoCoreError, ClientError, SessionException, ValueError, KeyError, TypeError)
"""Of the service and the SDK; the last three are for events that somebody else wrote."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryPlace:
    """Which memory, and what is recalled from it."""

    memory_id: str
    region: str
    long_term: str = ""
    """Namespace with `{actorId}` in it; "" for none."""
    timeout_s: float = 5.0
    """Of one request; it is made twice at most."""


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
            # Its own `list_messages` answers an outage with an empty list.
            events = manager.memory_client.list_events(
                self._place.memory_id,
                self._thread.actor_id,
                session_id,
                max_results=_EVENTS,
            )
            messages = [m.to_message() for m in manager.converter.events_to_messages(events)]
        except _ERRORS as error:
            self._failed(NOTICE, error)
            return beside
        told = tuple(recent([{"role": m["role"], "content": m["content"]} for m in messages]))
        return Conversation(told, beside.focus, beside.version)

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
        """The SDK's session manager; making it asks Memory for the session."""
        if self._manager is None:
            limits = Config(
                connect_timeout=self._place.timeout_s,
                read_timeout=self._place.timeout_s,
                retries={"mode": "standard", "total_max_attempts": 2},
            )
            config = AgentCoreMemoryConfig(
                memory_id=self._place.memory_id,
                session_id=self._thread.session_id,
                actor_id=self._thread.actor_id,
                batch_size=100,  # a turn's messages in one event: all of them or none
            )
            self._manager = AgentCoreMemorySessionManager(
                config,
                region_name=self._place.region or None,
                boto_client_config=limits,
                converter=_WordsApart,
            )
        return self._manager

    def _failed(self, notice: str, error: Exception) -> None:
        _log.warning("error=<%s> | AgentCore Memory failed", type(error).__name__)
        if not self.notices:
            self.notices.append(notice)
