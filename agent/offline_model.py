"""The offline planner behind Strands' `Model`: needs no network, answers the same twice."""

import json
import re
import uuid
from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel
from strands.models.model import Model
from strands.types.content import Messages
from strands.types.streaming import StreamEvent
from strands.types.tools import ToolSpec
from typing_extensions import override

from agent.offline.planner import Call, Say, plan

T = TypeVar("T", bound=BaseModel)

_NAMESPACE = uuid.UUID("2f3c0f6a-6d0b-4a3f-9a57-0f4a3e6f3b51")
_PIECE = re.compile(r"\S*\s+|\S+")
_WORDS_A_PIECE = 6


class OfflineModel(Model):
    """Plays the steps that `agent.offline.planner.plan` makes of the messages; keeps no state."""

    def __init__(self, tenants: Sequence[str] = ()) -> None:
        """`tenants`: names that a question may hold and that mean no resource."""
        self._tenants = tuple(tenants)
        self._config: dict[str, Any] = {
            "model_id": "offline-planner",
            "context_window_limit": 1_000_000,
        }

    @override
    def update_config(self, **model_config: Any) -> None:
        self._config.update(model_config)

    @override
    def get_config(self) -> dict[str, Any]:
        return self._config

    @override
    async def structured_output(
        self,
        output_model: type[T],
        prompt: Messages,
        system_prompt: str | None = None,
        **kwargs: Any,
    ) -> AsyncGenerator[dict[str, T | Any], None]:
        raise NotImplementedError("the offline planner answers in text only")
        yield {}

    @override
    async def stream(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        **kwargs: Any,
    ) -> AsyncIterable[StreamEvent]:
        offered = frozenset(spec["name"] for spec in tool_specs or ())
        steps = plan(messages, offered, self._tenants)
        calls = 0
        yield {"messageStart": {"role": "assistant"}}
        for index, step in enumerate(steps):
            if isinstance(step, Call):
                calls += 1
                use_id = _use_id(messages, index)
                start: Any = {"toolUse": {"name": step.name, "toolUseId": use_id}}
                yield {"contentBlockStart": {"contentBlockIndex": index, "start": start}}
                given: Any = {"toolUse": {"input": json.dumps(step.arguments)}}
                yield {"contentBlockDelta": {"contentBlockIndex": index, "delta": given}}
            else:
                yield {"contentBlockStart": {"contentBlockIndex": index, "start": {}}}
                for piece in _pieces(step):
                    yield {"contentBlockDelta": {"contentBlockIndex": index, "delta": piece}}
            yield {"contentBlockStop": {"contentBlockIndex": index}}
        yield {"messageStop": {"stopReason": "tool_use" if calls else "end_turn"}}
        yield {
            "metadata": {
                "usage": {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0},
                "metrics": {"latencyMs": 0},
            }
        }


def _pieces(step: Say) -> list[Any]:
    words = _PIECE.findall(step.text)
    return [
        {"text": "".join(words[i : i + _WORDS_A_PIECE])}
        for i in range(0, len(words), _WORDS_A_PIECE)
    ]


def _use_id(messages: Messages, index: int) -> str:
    """Unique in the conversation and the same when a turn is replayed."""
    said = json.dumps(messages, sort_keys=True, default=str)
    return f"tooluse_{uuid.uuid5(_NAMESPACE, f'{said}{index}').hex}"
