"""Which assistant answers: this process's own, or a runtime's in Bedrock AgentCore.

Where there is a runtime, the agent framework is not imported here: it is two fifths of the worker's
cold start, and is needed only when the runtime does not answer.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache

from agent.assistant import Assistant
from agent.remediation import Proposer
from agent.settings import Settings
from integrations.conversations.port import ConversationStore
from integrations.runbooks.port import RunbookCatalogue


def assistant_for(
    settings: Settings,
    memory: ConversationStore,
    clock: Callable[[], float] = time.time,
    propose: Proposer | None = None,
    runbooks: RunbookCatalogue | None = None,
) -> Assistant:
    """The one that the settings name; arguments as `local_assistant`'s.

    Raises:
        UnusableSettingError: the runtime's ARN is none, or there is no key to sign questions with.
    """
    if not settings.runtime:
        return _own(settings, memory, clock, propose, runbooks)
    from agent.agentcore_assistant import AgentCoreAssistant, runtime_client  # noqa: PLC0415 - boto3
    from agent.runtime_keys import keys_of  # noqa: PLC0415 - where there is a runtime only

    @cache
    def instead() -> Assistant:
        return _own(replace(settings, provider="offline"), memory, clock, propose, runbooks)

    return AgentCoreAssistant(
        runtime_client(settings.runtime),
        settings.runtime,
        settings.runtime_endpoint,
        keys_of(settings),
        instead,
        settings.answer_s,
        clock=clock,
    )


def _own(
    settings: Settings,
    memory: ConversationStore,
    clock: Callable[[], float],
    propose: Proposer | None,
    runbooks: RunbookCatalogue | None,
) -> Assistant:
    from bot.local_assistant import local_assistant  # noqa: PLC0415 - the agent framework

    return local_assistant(memory, clock, propose, runbooks, settings)
