"""The assistant of the local process, with the model that the settings name."""

import time
from collections.abc import Callable

from agent.llm import model_for
from agent.settings import Settings
from agent.strands_assistant import StrandsAssistant
from integrations.conversations.port import ConversationStore
from integrations.runbooks.catalogue import ShippedRemedies


def local_assistant(
    memory: ConversationStore,
    clock: Callable[[], float] = time.time,
) -> StrandsAssistant:
    """A Strands agent in this process."""
    settings = Settings.from_env()
    return StrandsAssistant(model_for(settings), memory, ShippedRemedies(), settings, clock)
