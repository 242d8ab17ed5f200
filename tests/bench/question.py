"""A question from its text to the last event, by the offline planner, among a million findings."""

import time
from collections.abc import Iterator

from agent.assistant import Question
from agent.offline_model import OfflineModel
from agent.scope import OutsideScope, scope_for
from agent.settings import Settings
from agent.strands_assistant import StrandsAssistant
from integrations.runbooks.catalogue import ShippedRemedies
from integrations.tenants.port import Binding, ChannelKey
from tests.bench.estate import million
from tests.bench.timing import line, timed

_ROUNDS = 12
_GOAL = "(goal p50 <= 150, p99 <= 300 ms)"
_QUESTIONS = (
    "what needs attention first?",
    "posture",
    "show me the criticals",
    "what is public?",
    "any active threats?",
    "what changed since yesterday?",
    "oldest open criticals",
    "top resources",
    "which vulnerabilities are exploitable?",
    "risky identities",
    "what could an attacker reach from web-7?",
    "how do I fix S3.2?",
)


def run() -> Iterator[str]:
    """One row for each question of one tenant, then all of them together."""
    estate = million()
    assistant = StrandsAssistant(
        OfflineModel(), estate.conversations(), ShippedRemedies(), Settings()
    )
    binding = Binding(ChannelKey("slack", "T0BENCH", "C0BENCH"), "acme")
    every: list[float] = []
    for number, text in enumerate(_QUESTIONS):
        samples = []
        for turn in range(_ROUNDS):
            scope = scope_for(binding, text, (), estate)
            if isinstance(scope, OutsideScope):
                raise TypeError(text)
            asked = Question(text=text, session_id=f"{time.time_ns()}-{number}-{turn}", scope=scope)
            samples.append(timed(lambda q=asked: list(assistant.answer(q))))  # type: ignore[misc] # bound early
        every += samples
        yield line(text, samples)
    yield line("all of them", every, _GOAL)
