"""What the environment says of the assistant."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from integrations.errors import SecurityAssistError

_REDACTED = "gen_ai_unredacted_attributes=none"


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
    prompt_cache: bool = True
    """Whether Bedrock keeps the standing instructions and the tools' descriptions between calls."""
    answer_s: float = 22.0
    """Seconds after which a model's answer is given up and the offline planner's is sent. Six more,
    and the thread is told that there is none: somebody who asks is answered within 30."""
    turns: int = 6
    """Rounds of model and tools in one answer."""
    tool_calls: int = 12
    """Tool calls in one answer."""
    runtime: str = ""
    """ARN of the AgentCore runtime that answers; "" where this process does."""
    runtime_endpoint: str = "DEFAULT"
    """Name of the runtime's endpoint."""
    runtime_key: str = field(default="", repr=False)
    """What the worker signs its questions to the runtime with; at least 32 characters."""
    runtime_key_arn: str = ""
    """The secret in Secrets Manager that holds the key; "" where `runtime_key` is it."""
    memory_id: str = ""
    """Id of the AgentCore Memory that keeps what was said in a thread; "" for the tables alone."""
    long_term: str = ""
    """Namespace of AgentCore Memory that is searched before a question is answered; "" for none."""
    traces: str = ""
    """Where spans go: `xray`, the URL of an OTLP endpoint for traces, or "" for nowhere."""

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Self:
        """`SECURITY_ASSIST_MODEL=provider[:model id]` and its companions; offline by default.

        Raises:
            UnusableSettingError: a number is not one, or a place is none.
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
            prompt_cache=_on(found, "SECURITY_ASSIST_PROMPT_CACHE"),
            # AgentCore ends a synchronous call after 15 minutes.
            answer_s=_number(found, "SECURITY_ASSIST_ANSWER_SECONDS", 22, 900),
            turns=int(_number(found, "SECURITY_ASSIST_TURNS", 6, 50)),
            tool_calls=int(_number(found, "SECURITY_ASSIST_TOOL_CALLS", 12, 200)),
            runtime=found.get("SECURITY_ASSIST_RUNTIME", ""),
            runtime_endpoint=found.get("SECURITY_ASSIST_RUNTIME_ENDPOINT") or "DEFAULT",
            runtime_key=found.get("SECURITY_ASSIST_RUNTIME_KEY", ""),
            runtime_key_arn=found.get("SECURITY_ASSIST_RUNTIME_KEY_ARN", ""),
            memory_id=found.get("SECURITY_ASSIST_MEMORY", ""),
            long_term=_namespace(found.get("SECURITY_ASSIST_LONG_TERM", "")),
            traces=_place(found.get("SECURITY_ASSIST_TRACES", "")),
        )


def redact_traces() -> bool:
    """Keep prompts, answers and tools' data out of traces; False: the environment wants them in.

    To be called before the agent framework is imported, which reads the variable (OpenTelemetry,
    "Semantic conventions for generative AI"; the last part is Strands' own).
    """
    told = os.environ.setdefault(  # noqa: TID251 - this is the settings module
        "OTEL_SEMCONV_STABILITY_OPT_IN",
        f"gen_ai_latest_experimental,gen_ai_tool_definitions,{_REDACTED}",
    )
    return _REDACTED in told


def _number(env: Mapping[str, str], name: str, usual: float, most: float) -> float:
    text = env.get(name) or str(usual)
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 1 <= value <= most:
        raise UnusableSettingError(f"{name} is a number from 1 to {most}, not {text!r}")
    return value


def _on(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name, "on").casefold()
    if text not in {"on", "off"}:
        raise UnusableSettingError(f"{name} is on or off, not {text!r}")
    return text == "on"


def _namespace(text: str) -> str:
    """One of the channel's own: what is remembered of one tenant must not be told to another."""
    if text and "{actorId}" not in text:
        raise UnusableSettingError(
            f"SECURITY_ASSIST_LONG_TERM has to hold {{actorId}}, as /channels/{{actorId}} does, so"
            f" that no channel is told what another's was; {text!r} does not"
        )
    return text


def _place(text: str) -> str:
    if text not in {"", "xray"} and not text.startswith(("http://", "https://")):
        raise UnusableSettingError(
            "SECURITY_ASSIST_TRACES is xray, or the URL of an OTLP endpoint such as"
            f" http://127.0.0.1:4318/v1/traces, not {text!r}"
        )
    return text
