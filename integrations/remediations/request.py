"""A request to carry out one plan: frozen, with one verb per transition.

    proposed -> approved | rejected | expired
    approved -> running | expired
    running  -> verified | not_fixed | failed, or expired while nothing was started
    verified | not_fixed | failed -> undoing -> undone | failed

Each verb gives the request's next version, or says why it may not be; there is no other way to
another stage.

IllegalMoveError    the verb does not go with the stage, the time, or the person
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID, uuid5

from integrations.remediations.plan import Plan
from integrations.remediations.stages import SKEW, Approval, IllegalMoveError, Run, Stage, Step

UNDO_WITHIN = timedelta(minutes=60)
"""How long somebody's wish for an undo counts while another's is waited for."""

_TOKENS = UUID("6f0d1c64-1b0e-4a5f-9d55-5ec0a5515700")
"""Namespace of the tokens; changing it would let a running request start a second time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remediation:
    """A request to carry out one plan."""

    id: str
    """Opaque and random; all that a button carries beside the plan's hash."""
    version: int = 1
    stage: Stage = Stage.PROPOSED
    plan: Plan
    requested_by: str
    requested_at: datetime
    expires_at: datetime
    approvals_needed: int = 1
    self_approval: bool = False
    """Whether the requester may be an approver: only where the tenant says so."""
    approvals: tuple[Approval, ...] = ()
    rejection: Approval | None = None
    fix: Run | None = None
    undo: Run | None = None
    undo_asked: tuple[Approval, ...] = ()
    """Who wants it undone; those who let the undo begin, once it has."""
    undo_by: Approval | None = None
    """The last of them."""
    outcome: str = ""
    """Why it ended as it did, in a sentence."""
    verified_at: datetime | None = None
    """When the read began that proved the fix, or the undo."""
    found: Mapping[str, Any] = field(default_factory=dict)
    """The properties as that read found them."""
    replaced_by: str = ""
    """The id of the request that takes its place: the account was not as planned any more."""
    card: str = ""
    """Where its card stands: a platform's address, understood by the platform only."""

    @property
    def token(self) -> str:
        """The ClientToken of the fix: a UUID that follows from the request and its plan."""
        return str(uuid5(_TOKENS, f"{self.id}/{self.plan.hash}/fix"))

    @property
    def undo_token(self) -> str:
        """The ClientToken of the undo."""
        return str(uuid5(_TOKENS, f"{self.id}/{self.plan.hash}/undo"))

    @property
    def run(self) -> Run | None:
        """The execution at hand."""
        return self.undo or self.fix

    @property
    def undoable(self) -> bool:
        """Whether an undo may be asked for, after something may have been changed.

        It is used up once its start was acknowledged; until then it may be asked for again, for its
        token is the same and starts it once.
        """
        ended = self.stage in {Stage.VERIFIED, Stage.NOT_FIXED, Stage.FAILED}
        ran = self.fix is not None and bool(self.fix.execution)
        return self.plan.reversible and ended and ran and not self._undo_ran

    @property
    def _undo_ran(self) -> bool:
        return self.undo is not None and bool(self.undo.execution)

    def undo_wanted(self, at: datetime) -> tuple[Approval, ...]:
        """Those who want it undone as of a moment: older wishes are forgotten."""
        return tuple(asked for asked in self.undo_asked if at < asked.at + UNDO_WITHIN)

    # -- decisions

    def approved(self, by: str, at: datetime, reason: str = "") -> Self:
        """One approval more; the last one needed lets it run.

        Raises:
            IllegalMoveError: not open to decisions, too late, by the requester, or a second time.
        """
        self._decidable(at)
        if by == self.requested_by and not self.self_approval:
            raise IllegalMoveError("who asked for a fix cannot approve it")
        if any(approval.by == by for approval in self.approvals):
            raise IllegalMoveError("you have approved this already; another approver is needed")
        approvals = (*self.approvals, Approval(by=by, at=at, reason=reason))
        enough = len(approvals) >= self.approvals_needed
        stage = Stage.APPROVED if enough else Stage.PROPOSED
        return self._next(stage=stage, approvals=approvals)

    def rejected(self, by: str, at: datetime, reason: str) -> Self:
        """Nothing will be run.

        Raises:
            IllegalMoveError: not open to decisions, too late, or no reason is given.
        """
        self._decidable(at)
        if not reason.strip():
            raise IllegalMoveError("a rejection needs a reason")
        rejection = Approval(by=by, at=at, reason=reason)
        return self._next(stage=Stage.REJECTED, rejection=rejection, outcome=reason)

    def expired(self, at: datetime, why: str) -> Self:
        """It is too late, or the resource is not what was planned for any more.

        Raises:
            IllegalMoveError: it has been decided or run already.
        """
        self._must_be(Stage.PROPOSED, Stage.APPROVED)
        del at
        return self._next(stage=Stage.EXPIRED, outcome=why)

    # -- running

    def claimed(self, owner: str, at: datetime, lease: timedelta) -> Self:
        """A worker takes it on, or takes it over when the lease of another has run out.

        Raises:
            IllegalMoveError: not approved, or another worker is seeing to it.
        """
        if self.stage is Stage.APPROVED:
            run = Run(owner=owner, lease_until=at + lease, claimed_at=at)
            return self._next(stage=Stage.RUNNING, fix=run)
        self._must_be(Stage.RUNNING, Stage.UNDOING)
        run = self._at_hand()
        if run.owner != owner and run.held_at(at):
            raise IllegalMoveError("another worker is seeing to it")
        return self._with_run(replace(run, owner=owner, lease_until=at + lease))

    def starting(self, owner: str, at: datetime, lease: timedelta) -> Self:
        """A start is about to be sent: of two workers who believe to hold it only one may.

        Raises:
            IllegalMoveError: the lease is another's, or an execution is known.
        """
        run = self._held_by(owner)
        if run.execution:
            raise IllegalMoveError(f"execution {run.execution} was started for it already")
        tried = replace(run, tried_at=run.tried_at or at, lease_until=at + lease)
        return self._with_run(tried)

    def called_off(self, owner: str, why: str, replaced_by: str = "") -> Self:
        """It is not carried out after all; nothing was started.

        `replaced_by` is the id that a request with the new plan is about to have.

        Raises:
            IllegalMoveError: a start may have been sent, it is an undo, or the lease is another's.
        """
        self._must_be(Stage.RUNNING)
        run = self._held_by(owner)
        if run.tried_at is not None or run.execution:
            raise IllegalMoveError("it may have been started already")
        return self._next(stage=Stage.EXPIRED, outcome=why, replaced_by=replaced_by)

    def begun(self, owner: str, execution: str) -> Self:
        """The execution is known to have been started.

        Raises:
            IllegalMoveError: the lease is another's, or another execution is known.
        """
        run = self._held_by(owner)
        if run.execution and run.execution != execution:
            raise IllegalMoveError(f"execution {run.execution} was started for it already")
        return self._with_run(replace(run, execution=execution))

    def progressed(self, owner: str, steps: Sequence[Step], until: datetime) -> Self:
        """The steps so far, and a longer lease."""
        run = self._held_by(owner)
        return self._with_run(replace(run, steps=tuple(steps), lease_until=until))

    def verified(
        self, owner: str, read_at: datetime, found: Mapping[str, Any], ended: datetime
    ) -> Self:
        """A read that began after the execution ended finds the control passed.

        Raises:
            IllegalMoveError: nothing was run, or the read is older than the end of the execution.
        """
        self._must_be(Stage.RUNNING)
        run = self._held_by(owner)
        if not run.execution or read_at < ended:
            raise IllegalMoveError("only a read after the execution proves a fix")
        return self._ended(run, ended, Stage.VERIFIED, verified_at=read_at, found=found, outcome="")

    def not_fixed(
        self, owner: str, at: datetime, why: str, found: Mapping[str, Any] | None = None
    ) -> Self:
        """The runbook ended and the control still fails, or could not be read."""
        self._must_be(Stage.RUNNING)
        run = self._held_by(owner)
        return self._ended(run, at, Stage.NOT_FIXED, found=dict(found or {}), outcome=why)

    def failed(
        self, owner: str, at: datetime, why: str, found: Mapping[str, Any] | None = None
    ) -> Self:
        """The runbook or the undo did not end well; the outcome says at which step and why.

        Of an undo that is not known to have been started the resource stays as the fix left it.
        """
        self._must_be(Stage.RUNNING, Stage.UNDOING)
        run = self._held_by(owner)
        if self.stage is Stage.UNDOING and not run.execution:
            return self._ended(run, at, Stage.FAILED, outcome=why, undo_asked=())
        return self._ended(run, at, Stage.FAILED, found=dict(found or {}), outcome=why)

    # -- undoing

    def undoing(
        self,
        by: str,
        owner: str,
        at: datetime,
        lease: timedelta,
        reason: str = "",
        needed: int = 1,
    ) -> Self:
        """One more wants it undone; the last of the `needed` different people lets it begin.

        Raises:
            IllegalMoveError: nothing to undo, not reversible, undone before, or wanted by the same
                person already.
        """
        if not self.undoable:
            raise IllegalMoveError(self._why_not_undoable())
        wanted = self.undo_wanted(at)
        if any(asked.by == by for asked in wanted):
            raise IllegalMoveError("you have asked for this already; another approver is needed")
        wanted = (*wanted, Approval(by=by, at=at, reason=reason))
        if len(wanted) < needed:
            return self._next(undo_asked=wanted)
        tried = self.undo.tried_at if self.undo is not None else None
        run = Run(owner=owner, lease_until=at + lease, claimed_at=at, tried_at=tried)
        return self._next(stage=Stage.UNDOING, undo=run, undo_asked=wanted, undo_by=wanted[-1])

    def undone(
        self, owner: str, read_at: datetime, found: Mapping[str, Any], ended: datetime
    ) -> Self:
        """A read that began after the undo ended finds the state before.

        Raises:
            IllegalMoveError: nothing was run, or the read is older than the end of the execution.
        """
        self._must_be(Stage.UNDOING)
        run = self._held_by(owner)
        if not run.execution or read_at < ended:
            raise IllegalMoveError("only a read after the execution proves an undo")
        return self._ended(run, ended, Stage.UNDONE, verified_at=read_at, found=found, outcome="")

    def shown_at(self, card: str) -> Self:
        """Its card stands there."""
        return self._next(card=card)

    # -- laws

    def _why_not_undoable(self) -> str:
        if not self.plan.reversible:
            return "this fix cannot be undone by the runbook"
        if self._undo_ran:
            return "it has been undone already"
        return f"there is nothing to undo: the request is {self.stage.replace('_', ' ')}"

    def _decidable(self, at: datetime) -> None:
        if self.stage is not Stage.PROPOSED:
            raise IllegalMoveError(f"it is {self.stage.replace('_', ' ')} already")
        if at >= self.expires_at:
            raise IllegalMoveError("it is too late: the request has expired")
        if at < self.requested_at - SKEW:
            raise IllegalMoveError("the clock is behind the one by which it was requested")

    def _must_be(self, *stages: Stage) -> None:
        if self.stage not in stages:
            raise IllegalMoveError(f"it is {self.stage.replace('_', ' ')}")

    def _at_hand(self) -> Run:
        if self.run is None:
            raise IllegalMoveError("nothing is being run")
        return self.run

    def _held_by(self, owner: str) -> Run:
        self._must_be(Stage.RUNNING, Stage.UNDOING)
        run = self._at_hand()
        if run.owner != owner:
            raise IllegalMoveError("another worker is seeing to it")
        return run

    def _with_run(self, run: Run) -> Self:
        return self._next(undo=run) if self.undo else self._next(fix=run)

    def _ended(self, run: Run, at: datetime, stage: Stage, **fields: Any) -> Self:
        ended = replace(run, ended_at=at)
        which = {"undo": ended} if self.undo else {"fix": ended}
        return self._next(stage=stage, **which, **fields)

    def _next(self, **fields: Any) -> Self:
        return replace(self, version=self.version + 1, **fields)
