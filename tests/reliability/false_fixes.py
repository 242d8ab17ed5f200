"""Fixes that fail, do half or something else, never end, cannot be read: none is called fixed."""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from integrations.errors import (
    DeniedByAwsError,
    NotFoundError,
    SecurityAssistError,
    UnavailableError,
)
from integrations.findings.port import FindingState
from integrations.remediations.port import Remediation, Stage
from integrations.runbooks.port import AutomationFailedError, ExecutionStatus, Order
from tests.automation_account import HTTPS, INSIDE, SSH, Account, close_ssh
from tests.remediating import Stage as Theatre
from tests.remediating import staged
from tests.scratch import scratch

_UNWELL = (ExecutionStatus.FAILED, ExecutionStatus.TIMED_OUT, ExecutionStatus.CANCELLED)
_ERRORS: tuple[SecurityAssistError, ...] = (
    UnavailableError("throttled"),
    DeniedByAwsError("ec2:DescribeSecurityGroups", "SecurityAssistRead", "no"),
    NotFoundError("the group is not there any more"),
    AutomationFailedError("step Check failed"),
)


@dataclass
class FalseFixes:
    """How many were tried, by kind, and what was said of them."""

    tried: Counter[str] = field(default_factory=Counter)
    stages: Counter[str] = field(default_factory=Counter)
    called_fixed: list[str] = field(default_factory=list)
    """Kinds of which one was reported as fixed, or its finding closed."""
    endless: list[str] = field(default_factory=list)


class _Tries:
    def __init__(self, theatre: Theatre, random: Random) -> None:
        self._theatre = theatre
        self._account: Account = theatre.account
        self._random = random
        self.kinds: dict[str, Callable[[], None]] = {
            "no effect": self._no_effect,
            "failed, nothing done": self._failed,
            "failed half-way": self._half,
            "another rule taken away": self._wrong,
            "opened again at once": self._reopened,
            "did not end well": self._unwell,
            "never ended": self._endless,
            "could not be read": self._unreadable,
            "only an old read": self._stale,
            "lost from sight": self._lost,
            "refused to start": self._not_started,
        }

    def calm(self) -> None:
        """An account as it should be."""
        self._account.effect = close_ssh
        self._account.ends_as = None
        self._account.stops = True
        self._account.takes = timedelta(seconds=self._random.choice([0, 1, 3, 40]))
        self._account.read_is_old_by = timedelta(0)
        self._account.before_call = self._account.after_call = lambda _: None

    def _no_effect(self) -> None:
        self._account.effect = lambda *_: ""

    def _failed(self) -> None:
        self._account.effect = lambda *_: self._random.choice(["Throttled", "", "x" * 900])
        self._account.ends_as = ExecutionStatus.FAILED

    def _half(self) -> None:
        def half(rules: list[str], _order: Order) -> str:
            rules.remove(self._random.choice([SSH, HTTPS, INSIDE]))
            return "UnauthorizedOperation"

        self._account.effect = half

    def _wrong(self) -> None:
        def wrong(rules: list[str], _order: Order) -> str:
            rules.remove(self._random.choice([HTTPS, INSIDE]))
            return ""

        self._account.effect = wrong

    def _reopened(self) -> None:
        """It is fixed while it runs, and open again before it can be read."""

        def before(name: str) -> None:
            if name == "check" and self._account.executions:
                newest = list(self._account.executions.values())[-1]
                rules = self._account.groups[newest.order.parameters["GroupId"]]
                if newest.status_at(self._theatre.clock.moment).final and SSH not in rules:
                    rules.append(SSH)

        self._account.before_call = before

    def _unwell(self) -> None:
        """All that was to be done was done, but the execution says otherwise."""
        self._account.ends_as = self._random.choice(_UNWELL)

    def _endless(self) -> None:
        self._account.takes = timedelta(days=9)
        self._account.stops = self._random.random() < 0.5

    def _after_start(self, *names: str) -> None:
        error = self._random.choice(_ERRORS)
        executions = len(self._account.executions)

        def fail(name: str) -> None:
            if name in names and len(self._account.executions) > executions:
                raise error

        self._account.before_call = fail

    def _unreadable(self) -> None:
        self._after_start("check")

    def _lost(self) -> None:
        self._after_start("execution")

    def _stale(self) -> None:
        """What the account answers is from before the end, though it would pass."""
        old = timedelta(seconds=self._random.choice([700, 3_600, 90_000]))
        executions = len(self._account.executions)

        def age(name: str) -> None:
            if name == "execution" and len(self._account.executions) > executions:
                self._account.read_is_old_by = old

        self._account.before_call = age

    def _not_started(self) -> None:
        error = self._random.choice([_ERRORS[0], _ERRORS[1]])

        def fail(name: str) -> None:
            if name == "start":
                raise error

        self._account.before_call = fail


def run(how_many: int, seed: int) -> FalseFixes:
    """Let so many fixes go wrong, of every kind in turn."""
    logging.getLogger("agent").setLevel(logging.ERROR)
    told = FalseFixes()
    with scratch() as folder, staged(folder) as theatre:
        tries = _Tries(theatre, Random(seed))
        findings = theatre.open_many(range(how_many))
        kinds = list(tries.kinds.items())
        for number, finding in enumerate(findings):
            kind, spoil = kinds[number % len(kinds)]
            tries.calm()
            request = theatre.approved(finding)
            spoil()
            done = theatre.seen_through(request.id, f"worker-{number}", pace_s=15, steps=600)
            tries.calm()
            told.tried[kind] += 1
            told.stages[done.stage] += 1
            if done.stage.open:
                told.endless.append(kind)
            if _called_fixed(theatre, done):
                told.called_fixed.append(kind)
    return told


def _called_fixed(theatre: Theatre, done: Remediation) -> bool:
    state = theatre.systems.findings.get(done.plan.finding).finding.state
    said = {str(r.entry.kind) for r in theatre.systems.audit.records(remediation=done.id)}
    claimed = done.stage is Stage.VERIFIED or bool(said & {"verified", "workflow"})
    return claimed or state is not FindingState.OPEN
