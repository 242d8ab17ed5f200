"""An execution has ended: only a read from then on tells what it came to.

Nothing is called fixed, or undone, because a runbook said so.
"""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agent.access import PlanAccess
from agent.aftermath import Aftermath
from agent.guard.untrusted import clean
from agent.remediation import Remediations
from agent.request_log import ASSIST, LEASE, sentence
from integrations.errors import SecurityAssistError, UnavailableError
from integrations.remediations.audit import AuditKind
from integrations.remediations.plan import Plan
from integrations.remediations.port import Remediation, Stage
from integrations.remediations.telling import told_state
from integrations.runbooks.port import Checked, Execution, ExecutionStatus

_log = logging.getLogger(__name__)

LONGEST = timedelta(minutes=30)
"""How long an execution may take; then it is stopped."""

LONGEST_FAILURE = 300
_REFUSED = re.compile(
    r":assumed-role/(?P<role>[\w+=,.@-]{1,64})/\S{1,64} is not authorized to perform:"
    r" (?P<action>[a-z0-9-]{1,40}:\w{1,80})(?: on resource: \S{1,2048})?"
    r"(?: (?P<why>(?:because|with) [^.]{1,160}))?"
)

_PROVE_WITHIN = timedelta(minutes=5)
"""How long it is tried to read the resource after the execution."""

_SETTLES_WITHIN = timedelta(seconds=15)
"""How long a change may take to be seen: several AWS services answer from copies."""

_Tell = Callable[[Plan, datetime, str], None]


@dataclass(frozen=True, slots=True)
class _Ending:
    """What is known of how an execution ended."""

    execution: Execution
    ended: datetime
    patient: bool
    """Whether what could not be read, or told, is tried again later."""
    settled: bool
    """Whether a change that is not seen by now was not made."""
    checked: Checked | None = None
    why: str = ""
    """Why there is no such read."""


class Proof:
    """Says of one tenant's ended executions what they came to."""

    def __init__(self, requests: Remediations, access: PlanAccess, aftermath: Aftermath) -> None:
        """Nothing is read before it is asked for."""
        self._requests = requests
        self._access = access
        self._aftermath = aftermath

    def of(self, request: Remediation, owner: str, execution: Execution) -> Remediation:
        """Close a request whose execution has ended, or leave it for the next step.

        Raises:
            StaleWriteError: another worker took over meanwhile.
            UnavailableError: the store or the audit could not be written; call again.
        """
        ending = self._ending(request, execution)
        if ending is None:
            return request
        # Of two workers who have read this far only one tells anybody.
        request = request.claimed(owner, self._requests.now(), LEASE)
        self._requests.keep(request)
        detail = {"execution": execution.id, "status": str(execution.status), "worker": owner}
        self._requests.record(AuditKind.ENDED, request, ASSIST, detail)
        if request.stage is Stage.UNDOING:
            return self._close_undo(request, owner, ending)
        return self._close_fix(request, owner, ending)

    def _ending(self, request: Remediation, execution: Execution) -> _Ending | None:
        """The read that counts; None while a better one may come."""
        now, run = self._requests.now(), request.run
        ended = execution.ended_at or now
        latest = min(ended, run.claimed_at + 2 * LONGEST) if run is not None else ended
        patient, settled = now < latest + _PROVE_WITHIN, now >= latest + _SETTLES_WITHIN
        ending = _Ending(execution, ended, patient, settled)
        try:
            checked = self._access.check(request.plan)
        except UnavailableError as error:
            return None if patient else _without(ending, str(error))
        except SecurityAssistError as error:
            return _without(ending, str(error))
        if checked.read_at < ended:
            why = "what was read is older than the end of the runbook"
            return None if patient else _without(ending, why)
        if _well(execution) and not settled and not _as_wanted(request, checked):
            return None
        return _Ending(execution, ended, patient, settled, checked)

    def _close_fix(self, request: Remediation, owner: str, ending: _Ending) -> Remediation:
        checked, plan, now = ending.checked, request.plan, self._requests.now()
        if checked is None:
            why = f"The runbook ended, but {plan.resource_name} could not be read: "
            why += sentence(ending.why)
            self._take_back(request, ending)
            return self._end(request.not_fixed(owner, now, why), AuditKind.NOT_FIXED)
        changed = _what_changed(plan.state, checked.state)
        if not _well(ending.execution):
            why = f"{_failure(ending.execution)} {changed}"
            self._take_back(request, ending)
            return self._end(request.failed(owner, now, why, checked.state), AuditKind.FAILED)
        if not checked.compliant:
            why = f"The runbook ended well, but {plan.control} still fails. {changed}"
            missed = request.not_fixed(owner, now, why, checked.state)
            self._take_back(request, ending)
            return self._end(missed, AuditKind.NOT_FIXED)
        proven = request.verified(owner, checked.read_at, checked.state, ending.ended)
        at = f"{checked.read_at:%Y-%m-%d %H:%M}"
        note = f"Fixed by {plan.runbook} ({request.id}), proven {at} UTC"
        told = self._told(request, ending, "resolved", self._aftermath.fixed, note)
        return self._end(proven, AuditKind.VERIFIED) if told else request

    def _close_undo(self, request: Remediation, owner: str, ending: _Ending) -> Remediation:
        checked, plan, now = ending.checked, request.plan, self._requests.now()
        if checked is None:
            why = f"The undo ended, but {plan.resource_name} could not be read: "
            why += sentence(ending.why)
        elif not _well(ending.execution):
            why = f"The undo did not end well. {_failure(ending.execution)}"
        elif not _as_wanted(request, checked):
            why = "The undo ended, but the state before is not all back. Look at the resource."
        else:
            why = ""
        # What may be open again must not look closed, however the undo ended.
        if checked is None or not checked.compliant or not why:
            note = f"The fix {request.id} was undone" + (", but not well" if why else "")
            if not self._told(request, ending, "new", self._aftermath.undone, note):
                return request
        if checked is not None and not why:
            back = request.undone(owner, checked.read_at, checked.state, ending.ended)
            return self._end(back, AuditKind.UNDONE)
        found = checked.state if checked is not None else None
        return self._end(request.failed(owner, now, why, found), AuditKind.FAILED)

    def _take_back(self, request: Remediation, ending: _Ending) -> None:
        """A worker that died may have told that it was fixed, which it is not any more."""
        if self._requests.recorded(AuditKind.WORKFLOW, request):
            note = f"The fix {request.id} did not hold"
            self._told(request, ending, "new", self._aftermath.undone, note)

    def _told(self, request: Remediation, ending: _Ending, to: str, tell: _Tell, note: str) -> bool:
        """Tell what became of the finding; False while it is to be tried again."""
        at = ending.checked.read_at if ending.checked is not None else self._requests.now()
        self._requests.record(AuditKind.WORKFLOW, request, ASSIST, {"to": to})
        try:
            tell(request.plan, at, note)
        except UnavailableError:
            if ending.patient:
                return False
            _log.warning("request=<%s> | proven, but the findings do not know", request.id)
        return True

    def _end(self, request: Remediation, kind: AuditKind) -> Remediation:
        before = request.plan.state if request.undo is None else request.plan.target
        detail: dict[str, Any] = {
            "before": told_state(before),
            "found": told_state(request.found),
        }
        if request.outcome:
            detail["why"] = request.outcome
        self._requests.move(kind, request, detail)
        return request


def _without(ending: _Ending, why: str) -> _Ending:
    return _Ending(ending.execution, ending.ended, ending.patient, ending.settled, why=why)


def _well(execution: Execution) -> bool:
    return execution.status is ExecutionStatus.SUCCESS


def _as_wanted(request: Remediation, checked: Checked) -> bool:
    """Whether the resource is as the fix, or the undo, should leave it."""
    if request.stage is Stage.UNDOING:
        return dict(checked.state) == dict(request.plan.state)
    return checked.compliant


def _failure(execution: Execution) -> str:
    """The step that failed and what AWS said, or that the execution was stopped."""
    failed = next((s for s in execution.steps if s.status is ExecutionStatus.FAILED), None)
    if failed is None:
        return f"The execution ended as {execution.status}."
    said = failed.failure or execution.failure
    told = _refusal(said) or clean(said, LONGEST_FAILURE)
    return f"Step {failed.name} failed: {sentence(told)}"


def _refusal(said: str) -> str:
    """Which role lacks what, where AWS said so: its words before that leave no room for it.

    The form is that of "Troubleshoot access denied error messages" in the IAM User Guide.
    """
    found = _REFUSED.search(said)
    if found is None:
        return ""
    why = f", {found['why'].strip()}" if found["why"] else ""
    return clean(f"{found['role']} is not allowed {found['action']}{why}", LONGEST_FAILURE)


def _what_changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    if not changed:
        return "Nothing changed."
    return f"Changed all the same: {', '.join(sorted(changed))}."
