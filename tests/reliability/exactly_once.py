"""Approvals, each delivered many times to workers that crash, over a network that fails."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Self

from agent.approval import Actor
from integrations.findings.port import Finding, Severity
from integrations.remediations.audit import AuditKind
from integrations.remediations.port import Remediation, Stage
from integrations.runbooks.port import Order
from tests.automation_account import SSH
from tests.reliability.designs import APPROVERS, SWEPT_EVERY_S, ClaimFirst, Design, Product
from tests.reliability.world import CALM, Faults, World
from tests.remediating import ANALYST, staged
from tests.remediating import Stage as Theatre
from tests.scratch import scratch

DELIVERED_AT_S = (0.0, 0.0, 60.0, 300.0, 360.0, 601.0, 86_400.0)
"""A double click, Slack's own repetitions, and what a dead-letter queue gives back a day later."""

APART_S = 45.0
"""Between one request and the next."""

REMEMBERED_S = 3_600.0
"""How long the account's `start` remembers a token here; AWS does not say how long it does."""

__all__ = ["CALM", "DESIGNS", "Count", "run"]

DESIGNS: dict[str, Callable[[Theatre, World], Design]] = {
    "product": Product,
    "claim-first": ClaimFirst,
}


@dataclass
class Count:
    """What came of one run."""

    approvals: int = 0
    deliveries: int = 0
    executions: int = 0
    duplicates: int = 0
    """Executions beyond the first of a request."""
    lost: int = 0
    """Approved requests that came to no end, or to one that is not true."""
    unwritten: int = 0
    """Starts that no record of the audit precedes."""
    taken_over: int = 0
    stages: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    """What else is wrong, in words."""

    def __iadd__(self, other: "Count") -> Self:
        for name in (
            "approvals",
            "deliveries",
            "executions",
            "duplicates",
            "lost",
            "unwritten",
            "taken_over",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.stages += other.stages
        self.faults += other.faults
        self.broken += other.broken
        return self


def run(
    design: str, approvals: int, seed: int, faults: Faults | None = None, *, tables: str = ""
) -> Count:
    """Let so many requests be approved, and count what was carried out.

    `tables` says where requests and audit are, as the setting does; empty: in files.
    """
    with scratch() as folder, staged(folder, tables=tables) as theatre:
        world = World(theatre.clock, seed, faults or Faults())
        try:
            return _Run(theatre, world, design).of(approvals)
        finally:
            world.close()


class _Run:
    """One design in one world."""

    def __init__(self, theatre: Theatre, world: World, design: str) -> None:
        self._theatre = theatre
        self._world = world
        self._has_audit = design == "product"
        self._requests: list[Remediation] = []
        self._ids: dict[str, str] = {}
        """By token."""
        self._carried: Counter[str] = Counter()
        self._count = Count()
        theatre.account.remembers = timedelta(seconds=REMEMBERED_S)
        theatre.account.on_start = self._started
        self._way = DESIGNS[design](theatre, world)

    def of(self, approvals: int) -> Count:
        """So many approvals, from the first proposal to what comes a day after the last click."""
        count = self._count
        critical = self._theatre.open_many(range(0, approvals, 5), Severity.CRITICAL)
        others = self._theatre.open_many([n for n in range(approvals) if n % 5])
        findings = [*critical, *others]
        self._world.random.shuffle(findings)
        for number, finding in enumerate(findings):
            self._world.deliver(partial(self._ask, finding), number * APART_S)
        self._tick(approvals * APART_S)
        self._world.run()
        count.approvals = approvals
        count.executions = self._carried.total()
        count.duplicates = sum(times - 1 for times in self._carried.values())
        count.faults = self._world.happened
        self._judge()
        return count

    def _ask(self, finding: Finding, _worker: str) -> None:
        """A request comes to wait for its approvers; that is not what is tried here."""
        around, self._theatre.around = self._theatre.around, lambda systems: systems
        request = self._theatre.requests.propose(finding, ANALYST.id)
        self._theatre.around = around
        self._requests.append(request)
        self._ids[request.token] = request.id
        for by in APPROVERS[: request.approvals_needed]:
            for in_s in DELIVERED_AT_S:
                self._world.deliver(partial(self._click, request, by), in_s)

    def _click(self, request: Remediation, by: Actor, worker: str) -> None:
        self._count.deliveries += 1
        self._way.click(request, by, worker)

    def _tick(self, for_s: float) -> None:
        """Sweep every so often, for so long and until nothing is open any more."""
        until = self._world.clock.now + for_s

        def tick(_worker: str) -> None:
            self._world.deliver(self._way.sweep, attempts=1)
            if self._world.clock.now <= until or self._way.busy():
                self._world.deliver(tick, SWEPT_EVERY_S)

        self._world.deliver(tick, SWEPT_EVERY_S)

    def _started(self, order: Order) -> None:
        group = order.parameters["GroupId"]
        self._carried[group] += 1
        if self._has_audit:
            told = self._theatre.systems.audit.records(remediation=self._ids[order.token])
            tokens = {r.entry.detail["token"] for r in told if r.entry.kind is AuditKind.STARTING}
            self._count.unwritten += order.token not in tokens

    def _judge(self) -> None:
        for asked in self._requests:
            carried = self._carried[asked.plan.parameters["GroupId"]]
            if not self._has_audit:
                self._count.lost += carried == 0
                continue
            request = self._theatre.systems.remediations.get(asked.id)
            self._count.stages[request.stage] += 1
            if why := self._untrue(request, carried):
                self._count.lost += 1
                self._count.broken.append(f"{request.id} is {request.stage}: {why}")
        if self._has_audit:
            audit = self._theatre.systems.audit
            kinds = Counter(record.entry.kind for record in audit.records())
            self._count.taken_over = kinds[AuditKind.TAKEN_OVER]
            if not (verdict := audit.verify()).whole:
                self._count.broken.append(verdict.why)

    def _untrue(self, request: Remediation, carried: int) -> str:
        """Why what a request says of itself is not so; empty when it is."""
        rules = self._theatre.account.groups[request.plan.parameters["GroupId"]]
        if request.stage.open:
            return "it never came to an end"
        if len(request.approvals) < request.approvals_needed:
            return "the clicks were lost"
        if request.stage is Stage.VERIFIED:
            return "" if carried == 1 and SSH not in rules else "it is not fixed"
        if request.stage is Stage.FAILED:
            return "" if "not known" in request.outcome else "nothing failed here"
        if request.stage is Stage.NOT_FIXED:
            return "" if "could not be read" in request.outcome else "it is fixed"
        return "" if carried == 0 else "it was carried out all the same"
