"""Whatever people, workers, the network and the account do, in any order: a fix stays what it is.

Every write and every start is watched (`tests/watching.py`); in the end nothing is left undone.
"""

from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from agent.approval import Actor
from agent.planning import NotFixableError, NothingToFixError
from integrations.errors import StaleWriteError, UnavailableError
from integrations.findings.port import FindingState, Severity
from integrations.remediations.port import Remediation
from integrations.runbooks.port import ExecutionStatus
from tests.automation_account import RULES, SSH, close_ssh, no_effect
from tests.faults import Killed, gated
from tests.graph_builders import ec2
from tests.remediating import ANALYST, APPROVERS, ONCALL, ONCALL2, ssh_is_open, staged
from tests.scratch import scratch
from tests.watching import Watch

STRANGERS = (Actor("slack/T0001/USTRANGER"), Actor("slack/T0002/UONCALL1"))
FOREIGN = Actor(ONCALL.id, foreign=True)
PEOPLE = (ANALYST, ONCALL, ONCALL2, FOREIGN, *STRANGERS)
GROUPS = (1, 2, 3)

people = st.sampled_from(PEOPLE)
approvers = st.sampled_from((ONCALL, ONCALL2))
groups = st.sampled_from(GROUPS)
turns = st.integers(1, 12)


def half(rules: list[str], order: object) -> str:
    """A runbook that fails after it took something else away."""
    del order
    rules[:] = [rule for rule in rules if "443" not in rule]
    return "Throttled"


EFFECTS = (close_ssh, close_ssh, no_effect, half)


class System(RuleBasedStateMachine):
    """One tenant with three groups, some workers, and a network that fails at chosen turns."""

    @initialize(severity=st.sampled_from([Severity.HIGH, Severity.CRITICAL]))
    def opened(self, severity: Severity) -> None:
        self._open = ExitStack()
        folder = self._open.enter_context(scratch())
        self.theatre = self._open.enter_context(staged(folder))
        self.theatre.open_many(list(GROUPS))
        at = self.theatre.clock.moment + timedelta(seconds=1)
        events = [ssh_is_open(f"f-{n}", _arn(n), severity, at=at) for n in GROUPS]
        self.theatre.systems.findings.upsert(events)
        self.watch = Watch(self.theatre)
        self.fault: tuple[int, str] | None = None
        self.theatre.around = lambda systems: gated(systems, self._through)
        self.workers = 1

    def _through(self, name: str, call: Callable[[], Any]) -> Any:
        """The network: fails at one chosen turn, before or after, or the process dies there."""
        if self.fault is None:
            return self.watch.kept(name, call)
        turn, how = self.fault
        if turn > 1:
            self.fault = (turn - 1, how)
            return self.watch.kept(name, call)
        self.fault = None
        if "after" in how:
            self.watch.kept(name, call)
        if "killed" in how:
            raise Killed
        if name == "store.save" and "stale" in how:
            raise StaleWriteError("repeated by the engine itself")
        raise UnavailableError(f"{name} did not answer")

    def _do(self, act: Callable[[], object]) -> None:
        try:
            act()
        except (UnavailableError, NotFixableError, NothingToFixError, StaleWriteError):
            pass
        except Killed:
            self.workers += 1
        self.fault = None

    def _requests(self) -> list[Remediation]:
        return self.theatre.systems.remediations.search(limit=None)

    def _pick(self, number: int) -> Remediation | None:
        requests = self._requests()
        return requests[number % len(requests)] if requests else None

    @property
    def _worker(self) -> str:
        return f"worker-{self.workers}"

    # -- people

    @rule(by=people, group=groups)
    def propose(self, by: Actor, group: int) -> None:
        finding = self.theatre.systems.findings.get(f"f-{group}").finding
        self._do(lambda: self.theatre.requests.propose(finding, by.id))

    @rule(number=turns, by=people, right=st.sampled_from([True, True, True, False]))
    def approve(self, number: int, by: Actor, right: bool) -> None:  # noqa: FBT001 - drawn
        if request := self._pick(number):
            plan_hash = request.plan.hash if right else "0" * 16
            self._do(lambda: self.theatre.requests.approve(request.id, plan_hash, by, "seen"))

    @rule(group=groups)
    def decide_as_usual(self, group: int) -> None:
        self.propose(ANALYST, group)
        for number, _ in enumerate(self._requests()):
            for by in (ONCALL, ONCALL2):
                self.approve(number, by, right=True)

    @rule(group=groups)
    def fix_as_usual(self, group: int) -> None:
        self.theatre.account.groups[f"sg-{group}"][:] = list(RULES)
        at = self.theatre.clock.moment
        self.theatre.systems.findings.upsert([ssh_is_open(f"f-{group}", _arn(group), at=at)])
        self.decide_as_usual(group)
        self.work(3)

    @rule(steps=turns)
    def undo_as_usual(self, steps: int) -> None:
        for number, request in enumerate(self._requests()):
            if request.undoable:
                self.undo(number, ONCALL)
                self.undo(number, ONCALL2)
        self.work(steps)

    @rule(number=turns, by=people)
    def reject(self, number: int, by: Actor) -> None:
        if request := self._pick(number):
            plan_hash = request.plan.hash
            self._do(lambda: self.theatre.requests.reject(request.id, plan_hash, by, "no"))

    @rule(number=turns, by=people)
    def undo(self, number: int, by: Actor) -> None:
        if request := self._pick(number):
            ask = self.theatre.requests.undo
            self._do(lambda: ask(request.id, request.plan.hash, by, self._worker, "it breaks"))

    @rule(revoked=st.sampled_from([(), (ONCALL.id,), APPROVERS, APPROVERS]))
    def name_approvers(self, revoked: tuple[str, ...]) -> None:
        self.theatre.changes_tenant(approvers=revoked)

    # -- workers

    @rule(number=turns, other=st.booleans())
    def advance(self, number: int, other: bool) -> None:  # noqa: FBT001 - drawn
        if request := self._pick(number):
            owner = "another" if other else self._worker
            self._do(lambda: self.theatre.executor.advance(request.id, owner))

    @rule(steps=turns)
    def work(self, steps: int) -> None:
        for _ in range(steps):
            for number, _ in enumerate(self._requests()):
                self.advance(number, other=False)
            self.theatre.clock.later(seconds=2)

    @rule()
    def sweep(self) -> None:
        self._do(self.theatre.requests.sweep)

    # -- the world

    @rule(seconds=st.sampled_from([1, 3, 10, 61, 61, 400, 1900, 4000]))
    def time_passes(self, seconds: int) -> None:
        self.theatre.clock.later(seconds=seconds)

    @precondition(lambda self: self.fault is None)
    @rule(
        turn=turns,
        how=st.sampled_from(
            ["lost before", "lost after", "stale after", "killed before", "killed after"]
        ),
    )
    def something_will_go_wrong(self, turn: int, how: str) -> None:
        self.fault = (turn, how)

    @rule(group=groups, rules=st.sampled_from([RULES, RULES[1:], (*RULES, "tcp 80"), (SSH,)]))
    def somebody_changes_a_group(self, group: int, rules: tuple[str, ...]) -> None:
        self.theatre.account.groups[f"sg-{group}"][:] = list(rules)

    @rule(
        effect=st.sampled_from(EFFECTS),
        ends_as=st.sampled_from([None, None, ExecutionStatus.TIMED_OUT, ExecutionStatus.CANCELLED]),
        takes=st.sampled_from([0, 3, 3, 30, 90_000]),
        old=st.sampled_from([0, 0, 0, 1, 3600]),
    )
    def runbooks_behave(
        self, effect: Any, ends_as: ExecutionStatus | None, takes: int, old: int
    ) -> None:
        account = self.theatre.account
        account.effect, account.ends_as = effect, ends_as
        account.takes = timedelta(seconds=takes)
        account.read_is_old_by = timedelta(seconds=old)

    @rule(group=groups, state=st.sampled_from([FindingState.MUTED, FindingState.OPEN]))
    def a_source_says(self, group: int, state: FindingState) -> None:
        at = self.theatre.clock.moment
        self.theatre.systems.findings.upsert(
            [ssh_is_open(f"f-{group}", _arn(group), state=state, at=at)]
        )

    def teardown(self) -> None:
        if not hasattr(self, "theatre"):
            return
        try:
            self._everything_ends()
        finally:
            self._open.close()

    def _everything_ends(self) -> None:
        """The network is well, and workers and sweeps go on: each request comes to its end."""
        self.fault = None
        for _ in range(400):
            if not [r for r in self._requests() if r.stage.open]:
                break
            self.theatre.clock.later(seconds=30)
            self._do(self.theatre.requests.sweep)
            for request in self._requests():
                with suppress(UnavailableError):
                    self.theatre.executor.advance(request.id, "the last one")
        assert [r.stage for r in self._requests() if r.stage.open] == []
        assert self.theatre.systems.audit.verify().whole
        for request in self._requests():
            if not self.watch.starts[request.token]:
                assert request.stage in {"rejected", "expired", "failed"}


def _arn(number: int) -> str:
    return ec2(f"security-group/sg-{number}")


TestSystem = System.TestCase
TestSystem.settings = settings(
    max_examples=50,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
