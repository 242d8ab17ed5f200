"""The assistant of the local process, with the model that the settings name."""

import time
from collections.abc import Callable

from agent.llm import model_for
from agent.remediation import Proposer
from agent.settings import Settings
from agent.strands_assistant import StrandsAssistant
from integrations.conversations.port import ConversationStore
from integrations.runbooks.catalogue import ShippedRemedies
from integrations.runbooks.port import RunbookCatalogue


def local_assistant(
    memory: ConversationStore,
    clock: Callable[[], float] = time.time,
    propose: Proposer | None = None,
    runbooks: RunbookCatalogue | None = None,
    settings: Settings | None = None,
) -> StrandsAssistant:
    """A Strands agent in this process; without `propose` it gives advice only.

    Args:
        memory: What was said in each thread.
        clock: Seconds since the epoch.
        propose: Keeps a planned fix as a request.
        runbooks: Those of our own, which advice names before AWS's.
        settings: The environment's, unless they are given.
    """
    settings = settings or Settings.from_env()
    return StrandsAssistant(
        model_for(settings), memory, ShippedRemedies(runbooks), settings, clock, propose
    )
