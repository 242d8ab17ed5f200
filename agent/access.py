"""The account that a plan is about, reached as the plan says: nothing is asked of anything newer.

Whatever becomes of the finding, the graph or the catalogue after the plan, what runs is the runbook
in the version that was approved, with the parameters that were approved, where it was approved.
"""

from dataclasses import dataclass
from typing import Any

from agent.guard.untrusted import clean
from agent.planning import NotFixableError
from integrations.errors import NotFoundError, SecurityAssistError
from integrations.remediations.plan import Plan
from integrations.remediations.port import Remediation, Stage
from integrations.remediations.telling import told_calls, told_state
from integrations.runbooks.port import Automations, Checked, Location, Order, PlannedCall, Runbook
from integrations.runbooks.port import RunbookCatalogue as Catalogue
from integrations.systems import Systems

_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class ForeseenUndo:
    """What an undo would do."""

    calls: tuple[PlannedCall, ...]
    unsure: tuple[str, ...] = ()
    """What could not be foreseen, and why."""


class PlanAccess:
    """One tenant's accounts, for plans that were made."""

    def __init__(self, systems: Systems, catalogue: Catalogue) -> None:
        """Nothing is asked yet."""
        self._systems = systems
        self._catalogue = catalogue

    @property
    def automations(self) -> Automations:
        """What runs runbooks in the tenant's accounts.

        Raises:
            NotFixableError: nobody gives access to them any more.
        """
        if self._systems.automations is None:
            raise NotFixableError(f"I have no access to {self._systems.tenant.id}'s accounts")
        return self._systems.automations

    def location(self, plan: Plan) -> Location:
        """Where the plan is about, as long as that is the tenant's.

        Raises:
            NotFixableError: the account is not the tenant's any more.
        """
        if plan.account not in self._systems.tenant.accounts:
            raise NotFixableError(
                f"account {plan.account} is not one of {self._systems.tenant.id}'s any more"
            )
        return Location(plan.account, plan.region)

    def order(self, request: Remediation) -> Order:
        """What is run for a request: the fix, or the undo while it is being undone.

        Raises:
            NotFixableError: the account or the runbook is not what it was.
        """
        undoing = request.stage is Stage.UNDOING
        return Order(
            location=self.location(request.plan),
            runbook=self._runbook(request.plan),
            parameters=request.plan.parameters,
            token=request.undo_token if undoing else request.token,
            undo_of=request.plan.saved if undoing else None,
        )

    def check(self, plan: Plan) -> Checked:
        """The resource as it is now, read by the check that was approved with the plan.

        Raises:
            NotFixableError: the account or the runbook is not what it was.
            NotFoundError, DeniedByAwsError, UnavailableError: it could not be read.
        """
        return self.automations.check(self.location(plan), self._runbook(plan), plan.parameters)

    def drift(self, request: Remediation) -> str:
        """Why an undo would put back more, or other, than the fix changed; empty if it would not.

        Raises:
            As `check`.
        """
        name = request.plan.resource_name
        if not request.found:
            return f"it is not known how the fix left {name}; compare, and undo by hand"
        if dict(self.check(request.plan).state) == dict(request.found):
            return ""
        return (
            f"{name} was changed by somebody else after the fix, "
            "so putting the old state back could break that; undo it by hand"
        )

    def effect(self, order: Order, request: Remediation) -> dict[str, Any]:
        """What an order is about to do, for the audit: its calls, the state before and after.

        The calls of an undo are foreseen now. Where they cannot be, the reason is told instead:
        that alone must not keep anybody from taking a fix back.
        """
        plan = request.plan
        if order.undo_of is None:
            before, after = plan.state, plan.target
            told: dict[str, Any] = {"calls": told_calls(plan.calls)}
        else:
            before, after = request.found, plan.state
            foreseen = self.foreseen_undo(plan)
            told = {"calls": told_calls(foreseen.calls), "not_foreseen": list(foreseen.unsure)}
        return told | {"before": told_state(before), "after": told_state(after)}

    def foreseen_undo(self, plan: Plan) -> ForeseenUndo:
        """The calls of the undo of a plan, as things are now; why, where they are not foreseen."""
        try:
            foreseen = self.automations.preview(
                self.location(plan), self._runbook(plan), plan.parameters, plan.saved
            )
        except SecurityAssistError as error:
            return ForeseenUndo((), (clean(str(error), _LONGEST_REASON),))
        unsure = [*foreseen.unpredicted, *([foreseen.failure] if foreseen.failure else [])]
        return ForeseenUndo(
            tuple(foreseen.calls), tuple(clean(why, _LONGEST_REASON) for why in unsure)
        )

    def undo_started(self, request: Remediation) -> bool:
        """Whether an undo of the request was started after all.

        Raises:
            As `check`.
        """
        location = self.location(request.plan)
        return self.automations.started(location, request.undo_token) is not None

    def _runbook(self, plan: Plan) -> Runbook:
        try:
            runbook = self._catalogue.named(plan.runbook)
        except NotFoundError as error:
            raise NotFixableError(f"the runbook {plan.runbook} is not there any more") from error
        if runbook.version != plan.runbook_version:
            raise NotFixableError(f"the runbook {plan.runbook} was changed since this plan")
        return runbook
