"""The assistant of the local process, with the model that the settings name."""

import time
from collections.abc import Callable

from agent.llm import model_for
from agent.remediation import Proposer
from agent.settings import Settings
from agent.strands_assistant import StrandsAssistant
from integrations.conversations.port import ConversationStore
from integrations.runbooks.catalogue import ShippedRemedies


def local_assistant(
    memory: ConversationStore,
    clock: Callable[[], float] = time.time,
    propose: Proposer | None = None,
) -> StrandsAssistant:
    """A Strands agent in this process; without `propose` it gives advice only."""
    settings = Settings.from_env()
    return StrandsAssistant(
        model_for(settings), memory, ShippedRemedies(), settings, clock, propose
    )
