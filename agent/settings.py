"""What the environment says of the assistant."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from integrations.errors import SecurityAssistError


class UnusableSettingError(SecurityAssistError):
    """A setting's value means nothing; says which and what it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Which model answers, and the limits of a turn."""

    provider: str = "offline"
    """`offline`, `bedrock`, `openai`, `anthropic`, `ollama` or `llamacpp`."""
    model_id: str = ""
    """The provider's name for the model; "" for the provider's default."""
    endpoint: str = ""
    """Base URL of an OpenAI-compatible, Ollama or llama.cpp server."""
    api_key: str = field(default="", repr=False)
    region: str = ""
    """AWS Region for Bedrock; "" for the AWS default chain."""
    guardrail_id: str = ""
    guardrail_version: str = "DRAFT"
    answer_s: float = 30.0
    """Seconds after which a model's answer is given up and the offline planner's is sent."""
    turns: int = 6
    """Rounds of model and tools in one answer."""
    tool_calls: int = 12
    """Tool calls in one answer."""

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Self:
        """`SECURITY_ASSIST_MODEL=provider[:model id]` and its companions; offline by default.

        Raises:
            UnusableSettingError: a number is not one.
        """
        found = os.environ if env is None else env  # noqa: TID251 - this is the settings module
        provider, _, model_id = found.get("SECURITY_ASSIST_MODEL", "offline").partition(":")
        return cls(
            provider=provider.strip().lower() or "offline",
            model_id=model_id.strip(),
            endpoint=found.get("SECURITY_ASSIST_MODEL_URL", ""),
            api_key=found.get("SECURITY_ASSIST_MODEL_KEY", ""),
            region=found.get("AWS_REGION", found.get("AWS_DEFAULT_REGION", "")),
            guardrail_id=found.get("SECURITY_ASSIST_GUARDRAIL", ""),
            guardrail_version=found.get("SECURITY_ASSIST_GUARDRAIL_VERSION", "DRAFT"),
            answer_s=_seconds(found.get("SECURITY_ASSIST_ANSWER_SECONDS", "30")),
        )


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 1 <= value <= 900:  # noqa: PLR2004 - AgentCore ends a synchronous call after 15 minutes
        raise UnusableSettingError(
            f"SECURITY_ASSIST_ANSWER_SECONDS is a number from 1 to 900, not {text!r}"
        )
    return value
