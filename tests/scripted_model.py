"""A language model that plays a script: what a hostile or broken one could do."""

import json
from collections.abc import AsyncGenerator, AsyncIterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel
from strands.models.model import Model
from strands.types.content import Messages
from strands.types.streaming import StreamEvent
from strands.types.tools import ToolSpec
from typing_extensions import override


@dataclass(frozen=True)
class Uses:
    """The model calls a tool."""

    tool: str
    arguments: dict[str, Any] = field(default_factory=dict)


class ScriptedModel(Model):
    """Answers each request with the next step: words, a tool call, or a failure."""

    def __init__(self, *script: "str | Uses | Exception", forever: bool = False) -> None:
        self._script = list(script)
        self._forever = forever
        self.asked: list[Messages] = []
        self.offered: list[Sequence[ToolSpec]] = []
        self.system_prompts: list[str] = []

    @override
    def update_config(self, **model_config: Any) -> None:
        """Nothing can be configured."""

    @override
    def get_config(self) -> dict[str, Any]:
        return {"model_id": "scripted"}

    @override
    async def structured_output(
        self,
        output_model: type[BaseModel],
        prompt: Messages,
        system_prompt: str | None = None,
        **kwargs: Any,
    ) -> AsyncGenerator[dict[str, Any], None]:
        raise NotImplementedError
        yield {}

    @override
    async def stream(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        **kwargs: Any,
    ) -> AsyncIterable[StreamEvent]:
        self.asked.append(json.loads(json.dumps(messages)))
        self.offered.append(tool_specs or [])
        self.system_prompts.append(system_prompt or "")
        step = self._script[0] if self._forever else self._script.pop(0)
        if isinstance(step, Exception):
            raise step
        yield {"messageStart": {"role": "assistant"}}
        if isinstance(step, Uses):
            use: Any = {"toolUse": {"name": step.tool, "toolUseId": f"use-{len(self.asked)}"}}
            yield {"contentBlockStart": {"start": use}}
            given: Any = {"toolUse": {"input": json.dumps(step.arguments)}}
            yield {"contentBlockDelta": {"delta": given}}
        else:
            for word in step.split(" "):
                yield {"contentBlockDelta": {"delta": {"text": f"{word} "}}}
        yield {"contentBlockStop": {}}
        stop: Any = "tool_use" if isinstance(step, Uses) else "end_turn"
        yield {"messageStop": {"stopReason": stop}}
