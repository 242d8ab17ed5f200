"""Which model answers: the offline planner, Bedrock, or any provider that Strands knows."""

import importlib

from strands.models.model import Model

from agent.offline_model import OfflineModel
from agent.settings import Settings, UnusableSettingError

PROVIDERS = ("offline", "bedrock", "openai", "anthropic", "ollama", "llamacpp")

_TIMEOUT_S = 25
"""Of one request to a provider: below the answer's own limit, so that a fallback still fits."""


def model_for(settings: Settings) -> Model:
    """The model that the settings name.

    Raises:
        UnusableSettingError: no such provider, or its package is not installed; says what to do.
    """
    if settings.provider == "offline":
        return OfflineModel()
    if settings.provider == "bedrock":
        return _bedrock(settings)
    if settings.provider not in PROVIDERS:
        raise UnusableSettingError(
            f"SECURITY_ASSIST_MODEL names {settings.provider!r}; "
            f"known providers are {', '.join(PROVIDERS)}"
        )
    return _other(settings)


def _bedrock(settings: Settings) -> Model:
    from botocore.config import Config  # noqa: PLC0415 - AWS's SDK is 300 ms that others need not pay
    from strands.models.bedrock import BedrockModel  # noqa: PLC0415 - the same
    from strands.models.model import CacheConfig  # noqa: PLC0415 - the same

    options: dict[str, object] = {}
    if settings.prompt_cache:
        options["cache_config"] = CacheConfig(strategy="auto")
    if settings.model_id:
        options["model_id"] = settings.model_id
    if settings.guardrail_id:
        options["guardrail_id"] = settings.guardrail_id
        options["guardrail_version"] = settings.guardrail_version
    return BedrockModel(
        region_name=settings.region or None,
        boto_client_config=Config(
            read_timeout=_TIMEOUT_S,
            connect_timeout=5,
            retries={"mode": "standard", "total_max_attempts": 2},
        ),
        **options,  # type: ignore[arg-type] # a TypedDict's keys, gathered by condition
    )


def _other(settings: Settings) -> Model:
    """A provider whose package is an extra of the distribution."""
    names = {
        "openai": ("strands.models.openai", "OpenAIModel"),
        "anthropic": ("strands.models.anthropic", "AnthropicModel"),
        "ollama": ("strands.models.ollama", "OllamaModel"),
        "llamacpp": ("strands.models.llamacpp", "LlamaCppModel"),
    }
    module_name, class_name = names[settings.provider]
    try:
        cls = getattr(importlib.import_module(module_name), class_name)
    except ImportError as error:
        raise UnusableSettingError(
            f"the provider {settings.provider} needs its package: "
            f"uv pip install -e '.[{settings.provider}]' in the checkout"
        ) from error
    model: Model
    if settings.provider == "ollama":
        model = cls(host=settings.endpoint or None, model_id=settings.model_id)
    elif settings.provider == "llamacpp":
        model = cls(base_url=settings.endpoint, model_id=settings.model_id or "default")
    else:
        client = {"api_key": settings.api_key, "timeout": _TIMEOUT_S}
        if settings.endpoint:
            client["base_url"] = settings.endpoint
        extra = {"max_tokens": 2_000} if settings.provider == "anthropic" else {}
        model = cls(client_args=client, model_id=settings.model_id, **extra)
    return model
