"""Answers with a Strands agent: any model chooses the tools, code decides what leaves.

Strands is asynchronous; here it runs on a private event loop, one step per event that is asked for,
so that callers stay plain generators.
"""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from strands import Agent
from strands.agent.conversation_manager import NullConversationManager
from strands.models.model import Model
from strands.types.exceptions import ModelThrottledException
from typing_extensions import override

from agent.assistant import (
    Answer,
    AnswerEvent,
    Assistant,
    Done,
    Question,
    Replaced,
    Scope,
    Shown,
    Status,
    StepState,
    TextDelta,
    ToolCall,
)
from agent.evidence import evidence_of
from agent.guard.grounding import GroundedLines
from agent.guard.limits import TenantFence, ToolLimits
from agent.memory import shortened
from agent.offline.say import derived_numbers, say
from agent.offline_model import OfflineModel
from agent.prompts.system import system_prompt
from agent.remediation import Proposer
from agent.settings import Settings
from agent.status_lines import status_line
from agent.tools import wire
from agent.tools.toolbox import Toolbox
from agent.views import View
from integrations.conversations.port import Conversation, ConversationStore
from integrations.errors import StaleWriteError, UnavailableError
from integrations.runbooks.port import RemedyCatalogue

_INSTEAD_S = 6.0
"""Seconds for the planner beyond a model's: it needs a fraction of one where engines answer."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Turn:
    """What has happened in one run of the agent."""

    question: Question
    lines: GroundedLines = field(default_factory=GroundedLines)
    text: list[str] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    calls: dict[str, ToolCall] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    stop_reason: str = ""

    @property
    def said(self) -> str:
        return "".join(self.text).strip()


class StrandsAssistant(Assistant):
    """One agent per turn over the thread's messages; the offline planner stands in for a model."""

    def __init__(
        self,
        model: Model,
        conversations: ConversationStore,
        remedies: RemedyCatalogue,
        settings: Settings,
        clock: Callable[[], float] = time.time,
        propose: Proposer | None = None,
        recall: Callable[[str], str] | None = None,
    ) -> None:
        """`model` answers; when it fails, `OfflineModel` does, and the answer says so.

        `propose` plans fixes; without it there is only advice. `recall` gives what a model is to
        know of earlier threads when it is asked something, fenced as data.
        """
        self._model = model
        self._offline = model if isinstance(model, OfflineModel) else OfflineModel()
        self._conversations = conversations
        self._remedies = remedies
        self._settings = settings
        self._clock = clock
        self._propose = propose
        self._recall = recall

    @override
    def answer(self, question: Question) -> Iterator[AnswerEvent]:
        conversation = self._conversations.load(question.session_id)
        model = self._offline if question.canonical else self._model
        turn = _Turn(question)
        notice = ""
        until = time.monotonic() + self._settings.answer_s + _INSTEAD_S
        try:
            yield from self._run(model, turn, conversation, until)
        except Exception as error:  # a door: every provider has its own error tree
            if model is self._offline:
                raise _said_of(error) from error
            notice = f"Answered without the language model ({_reason(error)})."
            _log.warning("model=<%s>, error=<%s> | fell back", _name(model), type(error).__name__)
            had_text, turn = bool(turn.text), _Turn(question)
            if had_text:
                yield Replaced("")
            model = self._offline
            try:
                yield from self._run(model, turn, conversation, until)
            except TimeoutError as late:
                raise _said_of(late) from late
        yield from self._mended(turn)
        self._remember(question, conversation, turn)
        yield Done(
            Answer(
                text=turn.said,
                views=tuple(turn.views),
                tool_calls=tuple(turn.calls.values()),
                evidence=evidence_of(turn.views),
                notice=notice,
                model=_name(model),
            )
        )

    def _run(
        self, model: Model, turn: _Turn, conversation: Conversation, until: float
    ) -> Iterator[AnswerEvent]:
        """One run of the agent over the thread's messages, as events.

        Raises:
            TimeoutError: it was not over in a model's time; for the planner, at `until`.
        """
        now = datetime.fromtimestamp(self._clock(), tz=UTC)
        offline = model is self._offline
        if offline:
            model = OfflineModel(_tenant_names(turn.question.scope))
        asked = turn.question
        toolbox = Toolbox(asked.scope, now, self._remedies, self._propose, asked.asked_by)
        tools = toolbox.tools()
        turn.lines.admit(turn.question.text)
        agent = Agent(
            model=model,
            messages=json.loads(json.dumps(conversation.messages)),
            tools=tools,  # type: ignore[arg-type] # the list is of AgentTool, which it takes
            system_prompt=system_prompt(turn.question.scope),
            callback_handler=None,
            conversation_manager=NullConversationManager(),
            interventions=[
                ToolLimits([t.tool_name for t in tools], self._settings.tool_calls),
                TenantFence(turn.question.scope.foreign),
            ],
            retry_strategy=None,
            trace_attributes=_traced(asked),
        )
        recalled = self._recall(asked.text) if self._recall and not offline else ""
        prompt: Any = [{"text": recalled}, {"text": asked.text}] if recalled else asked.text
        limits = {"turns": self._settings.turns}
        stream = agent.stream_async(prompt, invocation_state={}, limits=limits)  # type: ignore[arg-type] # a TypedDict
        limit_s = until - time.monotonic() if offline else self._settings.answer_s
        for event in _stepwise(stream, limit_s):
            yield from self._heard(turn, event)
        rest = turn.lines.finish()
        if rest:
            turn.text.append(rest)
            yield TextDelta(rest)
        turn.messages = [_without(dict(message), recalled) for message in agent.messages]

    def _heard(self, turn: _Turn, event: dict[str, Any]) -> Iterator[AnswerEvent]:
        """What one raw event means to the outside; everything else stays inside."""
        if "data" in event:
            released = turn.lines.feed(event["data"])
            if released:
                turn.text.append(released)
                yield TextDelta(released)
        elif event.get("type") == "tool_use_stream":
            turn.lines.drop()
        elif "message" in event:
            for block in event["message"].get("content", ()):
                yield from self._heard_block(turn, block)
        elif "result" in event:
            turn.stop_reason = str(event["result"].stop_reason)

    def _heard_block(self, turn: _Turn, block: dict[str, Any]) -> Iterator[AnswerEvent]:
        if "toolUse" in block:
            use = block["toolUse"]
            given = use["input"] if isinstance(use["input"], dict) else {}
            turn.calls[use["toolUseId"]] = ToolCall(use["name"], given)
            line = status_line(use["name"], turn.question.scope)
            yield Status(use["toolUseId"], line, StepState.RUNNING)
        elif "toolResult" in block:
            yield from self._heard_result(turn, block["toolResult"])

    def _heard_result(self, turn: _Turn, result: dict[str, Any]) -> Iterator[AnswerEvent]:
        use_id, ok = result["toolUseId"], result.get("status") == "success"
        call = turn.calls.get(use_id, ToolCall("", {}))
        turn.calls[use_id] = ToolCall(call.name, call.arguments, ok=ok)
        state = StepState.DONE if ok else StepState.FAILED
        yield Status(use_id, status_line(call.name, turn.question.scope), state)
        for content in result.get("content", ()):
            text = content.get("text", "")
            views = wire.decode(text)
            turn.views.extend(views)
            turn.lines.admit(text, derived_numbers(views))
            for view in views:
                yield Shown(view)

    def _mended(self, turn: _Turn) -> Iterator[AnswerEvent]:
        """The deterministic rendering, where the model's text was empty or not grounded."""
        if turn.lines.wrong:
            _log.warning("ungrounded=<%d> | the model's text was withdrawn", len(turn.lines.wrong))
        if turn.said and not turn.lines.wrong:
            return
        text = say(turn.question.text, turn.views)
        if turn.stop_reason.startswith("limit"):
            text += "\n\nI stopped after several steps; ask for a part of it to go on."
        turn.text = [text]
        yield Replaced(text)

    def _remember(self, question: Question, before: Conversation, turn: _Turn) -> None:
        messages = shortened(turn.messages, turn.said)
        focus = question.scope.focus
        try:
            self._conversations.save(question.session_id, messages, focus, before.version)
        except StaleWriteError:
            # Two questions of one thread were answered at once; the other one is remembered.
            _log.info("session=<%s> | another answer was remembered", question.session_id)


def _traced(question: Question) -> dict[str, Any]:
    """What every span of the turn is found by."""
    tenants = [systems.tenant.id for systems in question.scope.systems]
    return {"session.id": question.session_id, "security_assist.tenants": tenants}


def _without(message: dict[str, Any], recalled: str) -> dict[str, Any]:
    """What was recalled for one question is not part of what was said."""
    if recalled and message.get("role") == "user":
        message["content"] = [b for b in message["content"] if b.get("text") != recalled]
    return message


def _tenant_names(scope: Scope) -> tuple[str, ...]:
    known = [name for s in scope.systems for name in (s.tenant.id, s.tenant.name)]
    return (*known, *scope.foreign)


def _stepwise(stream: AsyncIterator[Any], limit_s: float) -> Iterator[dict[str, Any]]:
    """An asynchronous stream as a plain one, until it ends or the time is up.

    One task reads the whole stream, because tracing keeps its context in the task that began it.

    Raises:
        TimeoutError: the stream took longer than `limit_s` seconds in all.
    """
    loop = asyncio.new_event_loop()
    events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    async def read() -> None:
        try:
            async for event in stream:
                events.put_nowait(event)
        finally:
            events.put_nowait(None)

    async def next_event(left_s: float) -> dict[str, Any] | None:
        if left_s <= 0:
            raise TimeoutError
        return await asyncio.wait_for(events.get(), left_s)

    reading = loop.create_task(read())
    deadline, late = time.monotonic() + limit_s, False
    try:
        while event := loop.run_until_complete(next_event(deadline - time.monotonic())):
            yield event
        reading.result()
    except TimeoutError:
        late = True
        raise
    finally:
        reading.cancel()
        loop.run_until_complete(asyncio.gather(reading, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        if not late:
            # What is late may be a tool in a thread, which ends by its own time limit, unheard.
            loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def _said_of(error: Exception) -> Exception:
    """The planner's own failure, in words for a person where it only took too long."""
    if isinstance(error, TimeoutError):
        return UnavailableError("what I answer from took too long; please ask again")
    return error


def _reason(error: Exception) -> str:
    """Why a model did not answer, in words that are safe to show."""
    if isinstance(error, TimeoutError):
        return "it took too long"
    if isinstance(error, ModelThrottledException):
        return "it is throttled"
    return "it is not available"


def _name(model: Model) -> str:
    config = model.get_config()
    name = config.get("model_id") if isinstance(config, dict) else getattr(config, "model_id", "")
    return str(name or type(model).__name__)
