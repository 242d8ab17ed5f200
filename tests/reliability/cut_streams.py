"""Every eval question through a runtime whose line is cut at random, beside the same without one.

The thread is kept in AgentCore Memory, and read from there.
"""

import os
import random
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

from agent.agentcore_assistant import FRUITLESS
from agent.strands_assistant import StrandsAssistant
from tests.agentcore_stage import staged
from tests.demo import demo_estate
from tests.evals.cases import Case, cases
from tests.evals.on_engines import differences
from tests.evals.stage import Stage, moment_of
from tests.evals.truth import Truth

_LONGEST = 8_000
"""Bytes of a stream after which it is cut at the latest, if it is so long."""


class RandomCuts(list[int | None]):
    """Two of three calls may be cut, but never so many in a row that a runtime is given up."""

    def __init__(self, seed: int) -> None:
        super().__init__([None])
        self._dice = random.Random(seed)
        self._row = 0

    @override
    def pop(self, _: object = 0) -> int | None:
        """After how many bytes the next call is cut."""
        if self._row == FRUITLESS - 1 or self._dice.random() < 1 / 3:
            self._row = 0
            return None
        self._row += 1
        return self._dice.randint(1, _LONGEST)


@dataclass(frozen=True, slots=True)
class Cut:
    """What came of it."""

    questions: int
    calls: int
    cuts: int
    runs: int
    """Of the assistant in the runtime: one for each question that is not turned away before."""
    differ: tuple[str, ...]


def run(folder: Path, seed: int, asked: Sequence[Case] | None = None) -> Cut:
    """Ask every case in its first phrasing, both ways; `folder` is for their files."""
    played = cases() if asked is None else asked
    with ExitStack() as opened:
        estate = opened.enter_context(demo_estate(folder / "estate"))
        sources = estate._state / "sources"
        now = moment_of(sources)
        stages = [Stage(estate, folder / name, Truth(sources, now), now) for name in ("a", "b")]
        for stage in stages:
            opened.callback(stage.close)
        ours, theirs = stages
        (folder / "agentcore").mkdir()
        core = opened.enter_context(
            staged(
                estate,
                folder / "agentcore",
                os.environ.__setitem__,  # noqa: TID251 - boto3 reads it; the suite has a process of its own
                sets={"SECURITY_ASSIST_MEMORY": "memory-a1b2c3d4e5"},
                clock=theirs._clock,
            )
        )
        assert isinstance(core.own, StrandsAssistant)
        ours._heard._assistant, ours._conversation._memory = core.own, core.own._conversations
        theirs._heard._assistant, theirs._conversation._memory = core.worker, core.reach.memory
        core.core.faults.cuts = RandomCuts(seed)
        differ = tuple(differences(ours, theirs, played))
        questions = sum(len(case.turns) for case in played)
        return Cut(questions, len(core.core.calls), core.core.cut, len(core.answered), differ)
