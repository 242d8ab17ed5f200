"""Nothing is done that was not written down before; what cannot be written down is not done."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from agent.approval import Actor, Refusal
from integrations.errors import UnavailableError
from integrations.remediations.port import Remediation
from tests.faults import gated
from tests.remediating import ONCALL, Stage

EFFECTS = {
    "account.start": {"starting", "undo_starting"},
    "account.stop": {"stopping"},
    "workflow.resolved": {"workflow"},
    "workflow.reopened": {"workflow"},
}


class Watched:
    """Fails one write of the audit, and looks at what was written before each effect."""

    def __init__(self, stage: Stage, fails: int = 0) -> None:
        self.stage = stage
        self.fails = fails
        self.appended = 0
        self.effects: list[str] = []

    def __call__(self, name: str, call: Callable[[], Any]) -> Any:
        if name == "audit.append":
            self.appended += 1
            if self.appended == self.fails:
                raise UnavailableError("the audit did not answer")
        elif name in EFFECTS:
            self.effects.append(name)
            assert EFFECTS[name] & set(self.stage.kinds()), f"{name} without a record"
        elif name in {"store.save", "store.begin", "store.add"}:
            before = self._stages()
            answer = call()
            for request_id, now in self._stages().items():
                if before.get(request_id) != now:
                    self._told(request_id, now)
            return answer
        return call()

    def _stages(self) -> dict[str, str]:
        return {r.id: str(r.stage) for r in self.stage.systems.remediations.search(limit=None)}

    def _told(self, request_id: str, now: str) -> None:
        kinds = self.stage.kinds(request_id)
        told = {"running": "approved", "undoing": "undo_asked"}.get(now, now)
        assert told in kinds, f"{now} before it was written down"


def _the_whole_way(stage: Stage) -> None:
    request = stage.proposed()
    stage.requests.approve(request.id, request.plan.hash, Actor("slack/T0001/USTRANGER"))
    decided = stage.requests.approve(request.id, request.plan.hash, ONCALL)
    assert isinstance(decided, Remediation)
    done = stage.seen_through(request.id)
    assert done.stage == "verified"
    assert stage.undone(done).stage == "undone"


def test_every_move_is_written_down_before_it_is_made(stage: Stage) -> None:
    watched = Watched(stage)
    stage.around = lambda systems: gated(systems, watched)
    _the_whole_way(stage)
    assert watched.effects == ["account.start", "account.start"]
    assert watched.appended == 14


@pytest.mark.parametrize("fails", range(1, 15))
def test_what_cannot_be_written_down_is_done_when_it_can(stage: Stage, fails: int) -> None:
    watched = Watched(stage, fails)
    stage.around = lambda systems: gated(systems, watched)
    request: Remediation | None = None
    for _ in range(3):
        with suppress(UnavailableError):
            request = stage.proposed()
            break
    assert request is not None
    for actor in (Actor("slack/T0001/USTRANGER"), ONCALL, ONCALL):
        with suppress(UnavailableError):
            stage.requests.approve(request.id, request.plan.hash, actor)
    for _ in range(40):
        with suppress(UnavailableError):
            stage.executor.advance(request.id, "worker-1")
        stage.clock.later(seconds=1)
    assert stage.systems.remediations.get(request.id).stage == "verified"
    for _ in range(2):
        with suppress(UnavailableError):
            undo = stage.requests.undo(request.id, request.plan.hash, ONCALL, "worker-1")
            assert isinstance(undo, Remediation | Refusal)
    for _ in range(40):
        with suppress(UnavailableError):
            stage.executor.advance(request.id, "worker-1")
        stage.clock.later(seconds=1)
    assert stage.systems.remediations.get(request.id).stage == "undone"
    assert len(stage.account.executions) == 2
    assert stage.systems.audit.verify().whole


def test_every_move_is_told_with_its_version(stage: Stage) -> None:
    _the_whole_way(stage)
    for record in stage.systems.audit.records():
        if record.entry.kind != "refused":
            assert record.entry.detail["version"] >= 1
    (starting,) = [r for r in stage.systems.audit.records() if r.entry.kind == "starting"]
    assert starting.entry.by == "assist"
    assert starting.entry.detail["worker"] == "worker-1"
    assert starting.entry.detail["approved_by"] == [ONCALL.id]
    assert starting.entry.detail["account"] == "111122223333"
