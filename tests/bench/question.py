"""A question from its text to the last event, by the offline planner, among a million findings."""

from collections.abc import Iterator
from itertools import count

from agent.assistant import Question
from agent.kept_exposures import keep_all
from agent.offline_model import OfflineModel
from agent.scope import OutsideScope, scope_for
from agent.settings import Settings
from agent.strands_assistant import StrandsAssistant
from infra.local import story
from integrations.runbooks.catalogue import ShippedRemedies
from integrations.tenants.port import Binding, ChannelKey
from tests.bench.estate import TENANTS, million
from tests.bench.timing import Took, line, timed

_ROUNDS = 12
_GOAL = "(goal p50 <= 150, p99 <= 300 ms)"
_TENANTS = tuple(tenant.id for tenant in story.TENANTS)
"""Those that have resources too."""
_OF_OPERATORS = ("list the tenants", "posture", "what needs attention first?")
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
    """One row for each question, asked of the demo's tenants in turns; then all of them."""
    estate = million()
    assistant = StrandsAssistant(
        OfflineModel(), estate.conversations(), ShippedRemedies(), Settings()
    )
    asked = count()

    def ask(tenant: str | None, text: str) -> Took:
        binding = Binding(ChannelKey("slack", "T0BENCH", "C0BENCH"), tenant)
        scope = scope_for(binding, text, (), estate)
        if isinstance(scope, OutsideScope):
            raise TypeError(text)
        question = Question(text=text, session_id=f"bench-{next(asked)}", scope=scope)
        return timed(lambda: list(assistant.answer(question)))

    first = ask(_TENANTS[0], "help")
    yield f"the first question of the process, not counted below: {first:.0f} ms"
    every: list[Took] = []
    for text in _QUESTIONS:
        samples = [ask(_TENANTS[turn % len(_TENANTS)], text) for turn in range(_ROUNDS)]
        every += samples
        yield line(text, samples)
    yield line("all of them", every, _GOAL)
    about = f"(about {TENANTS} tenants at once)"
    for text in _OF_OPERATORS:
        yield line(f"{text} (operators)", [ask(None, text) for _ in range(3)], about)
    everybody = [tenant.id for tenant in estate.tenants()]
    ahead = timed(lambda: keep_all(estate, everybody))
    yield f"ranking all of them ahead: {ahead:,.0f} ms (cpu {ahead.cpu:,.0f})"
    again = timed(lambda: keep_all(estate, everybody))
    yield f"the same with nothing changed: {again:,.0f} ms (cpu {again.cpu:,.0f})"
    for text in ("posture", "what needs attention first?"):
        samples = [ask(None, text) for _ in range(3)]
        yield line(f"{text} (operators), ranked ahead", samples, about)
