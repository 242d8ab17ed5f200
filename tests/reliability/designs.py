"""Two ways to carry out what was approved: the product's, and the one that comes to mind first."""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from agent.approval import Actor, Refusal
from integrations.errors import UnavailableError
from integrations.remediations.port import OPEN_STAGES, Remediation, Stage
from integrations.runbooks.port import Location, Order
from tests.faults import gated
from tests.reliability.world import World
from tests.remediating import ONCALL, ONCALL2
from tests.remediating import Stage as Theatre

TURN_S = 40.0
"""How long one job watches an execution."""

SWEPT_EVERY_S = 30.0

APPROVERS = (ONCALL, ONCALL2)


class Design(Protocol):
    """What becomes of a click."""

    def click(self, request: Remediation, by: Actor, worker: str, /) -> None:
        """An approver's click was delivered, perhaps not for the first time."""
        ...

    def sweep(self, worker: str, /) -> None:
        """What is done every so often."""
        ...

    def busy(self) -> bool:
        """Whether something is still to be done."""
        ...


class Product(Design):
    """The request's own stages, a lease, a token that follows from the request, a look first."""

    def __init__(self, theatre: Theatre, world: World) -> None:
        """Everything goes through the world's network."""
        self._theatre = theatre
        self._world = world
        self._systems = theatre.systems
        theatre.around = lambda systems: gated(systems, world.gate)

    def click(self, request: Remediation, by: Actor, _worker: str) -> None:
        decided = self._theatre.requests.approve(request.id, request.plan.hash, by, "seen")
        if isinstance(decided, Refusal):
            assert decided.rule in {"decided", "twice", "busy", "expired"}, decided
        elif decided.stage is Stage.APPROVED:
            # The process may die here: then the next sweep finds it.
            self._world.deliver(partial(self.see_through, request.id))

    def see_through(self, request_id: str, worker: str) -> None:
        """Advance a request as the bot's worker does: for a while, and then in another job."""
        executor = self._theatre.executor
        until = self._world.clock.now + TURN_S
        while True:
            request = executor.advance(request_id, worker)
            if not request.stage.open:
                return
            if request.run is None or request.run.owner != worker:
                return
            if self._world.clock.now >= until:
                self._world.deliver(partial(self.see_through, request_id))
                return
            self._world.pause(1.0)

    def sweep(self, _worker: str) -> None:
        self._theatre.requests.sweep()
        for request in self._theatre.executor.waiting():
            self._world.deliver(partial(self.see_through, request.id))

    def busy(self) -> bool:
        return bool(self._systems.remediations.search(OPEN_STAGES, limit=1))


class ClaimFirst(Design):
    """Who claims the request by a conditional write starts it; no token, no lease, no look.

    A start that fails gives the claim back, so that the next delivery tries again.
    """

    def __init__(self, theatre: Theatre, world: World) -> None:
        """Everything goes through the same network as the product's."""
        self._theatre = theatre
        self._world = world
        self._claims: dict[str, str] = {}
        self._starts = 0

    def click(self, request: Remediation, by: Actor, worker: str) -> None:
        key, wanted = request.id, request.approvals_needed
        by_now = self._claims.setdefault(f"{key}/approved", "")
        if by.id not in by_now:
            by_now = self._claims[f"{key}/approved"] = f"{by_now} {by.id}"
        if len(by_now.split()) < wanted or not self._claimed(key, worker):
            return
        try:
            execution = self._world.gate("account.start", lambda: self._start(request))
        except UnavailableError:
            self._call("claims.release", lambda: self._claims.pop(key, None))
            raise
        self._call("claims.done", lambda: self._claims.update({key: f"done {execution}"}))

    def _start(self, request: Remediation) -> str:
        """Without a ClientToken AWS starts another execution each time it is asked."""
        self._starts += 1
        plan = request.plan
        order = Order(
            location=Location(plan.account, plan.region),
            runbook=self._theatre.catalogue.only,
            parameters=plan.parameters,
            token=f"{request.id}/{self._starts}",
        )
        return self._theatre.account.start(order)

    def _claimed(self, key: str, worker: str) -> bool:
        return bool(self._call("claims.claim", lambda: self._won(key, worker)))

    def _won(self, key: str, worker: str) -> bool:
        return self._claims.setdefault(key, f"{worker} {self._world.clock.now}") == (
            f"{worker} {self._world.clock.now}"
        )

    def _call(self, name: str, call: Callable[[], Any]) -> Any:
        return self._world.gate(name, call)

    def sweep(self, _worker: str) -> None:
        """Nothing is looked after."""

    def busy(self) -> bool:
        return False
