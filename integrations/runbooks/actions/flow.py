"""Steps that steer: branch, sleep, pause, approve, and running another document.

"aws:branch", "aws:sleep", "aws:pause", "aws:approve" and "aws:executeAutomation" in the AWS Systems
Manager User Guide.
"""

import re
from datetime import UTC, datetime
from typing import Any

from integrations.runbooks.actions.turn import Action, Answer, Turn
from integrations.runbooks.conditions import ConditionError, holds
from integrations.runbooks.failures import StepFailedError
from integrations.runbooks.references import UnresolvedReferenceError

DAY_S = 86_400.0
LONGEST_SLEEP_S = 7 * DAY_S
SIGNAL_POLL_S = 1.0
_SLICE_S = 5.0
_DURATION = re.compile(
    r"P(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)
_UNITS_S = (7 * DAY_S, DAY_S, 3600.0, 60.0, 1.0)


def branch(turn: Turn) -> Answer:
    """Jump to the step of the first choice that is true, else to the default."""
    inputs = turn.step.inputs
    ledger = turn.planning
    if ledger is not None and turn.scope.is_unsure(inputs["Choices"]):
        ledger.note(f"{turn.step.name} chooses by what is only known during the run.")
    for choice in inputs["Choices"]:
        try:
            chosen = holds(choice, turn.scope)
        except (ConditionError, UnresolvedReferenceError) as error:
            raise StepFailedError(str(error)) from error
        if chosen:
            return Answer({}, next_step=str(choice["NextStep"]))
    return Answer({}, next_step=str(turn.input("Default", "")))


def seconds_of(duration: str) -> float:
    """An ISO 8601 duration in seconds; weeks to seconds, no months, nothing negative.

    Raises:
        StepFailedError: it is none.
    """
    found = _DURATION.fullmatch(duration.strip())
    if not found or not any(found.groups()) or duration.strip().endswith("T"):
        raise StepFailedError(f"{duration!r} is no duration like PT10M")
    return sum(
        float(count) * unit for count, unit in zip(found.groups(), _UNITS_S, strict=True) if count
    )


def sleep(turn: Turn) -> Answer:
    """Let time pass: a duration, or until a moment."""
    now = turn.tools.clock()
    if "Duration" in turn.step.inputs:
        until = now + seconds_of(str(turn.input("Duration")))
    else:
        until = _moment(str(turn.input("Timestamp")))
    if until - now > LONGEST_SLEEP_S:
        raise StepFailedError("a step sleeps at most 7 days")
    if turn.planning is not None:
        return Answer({})
    while (left := until - turn.tools.clock()) > 0:
        turn.wait(min(left, _SLICE_S))
    return Answer({})


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise StepFailedError(f"{text!r} is no ISO 8601 timestamp") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _signal(turn: Turn) -> str:
    """The next signal for this step; waits for it."""
    turn.tools.on_waiting()
    while True:
        signals = turn.tools.signals
        said = signals.next(turn.tools.execution_id, turn.step.name) if signals else None
        if said is not None:
            return said
        turn.wait(SIGNAL_POLL_S)


def pause(turn: Turn) -> Answer:
    """Wait for a person to go on."""
    if turn.planning is not None:
        turn.planning.note(f"{turn.step.name} waits until a person resumes it.")
        return Answer({})
    while _signal(turn) != "Resume":
        pass
    return Answer({})


def approve(turn: Turn) -> Answer:
    """Wait for the approvals that the step asks for."""
    approvers = turn.resolved(turn.step.inputs["Approvers"], spread=True)
    names = [approvers] if isinstance(approvers, str) else list(approvers)
    needed = int(turn.input("MinRequiredApprovals", 1))
    if needed > len(names):
        raise StepFailedError(f"{needed} approvals cannot come from {len(names)} approvers")
    if turn.planning is not None:
        turn.planning.note(f"{turn.step.name} waits for {needed} of {', '.join(names)} to approve.")
        return Answer({}, {"ApprovalStatus": "Approved", "ApproverDecisions": []}, unsure=True)
    decisions: list[dict[str, Any]] = []
    while len(decisions) < needed:
        said = _signal(turn)
        if said == "Reject":
            raise StepFailedError("an approver rejected it")
        if said == "Approve":
            decisions.append({"Decision": said})
    return Answer({}, {"ApprovalStatus": "Approved", "ApproverDecisions": decisions})


def execute_automation(turn: Turn) -> Answer:
    """Run another document and wait for its end."""
    parameters = turn.resolved(turn.step.inputs.get("RuntimeParameters", {}), spread=True)
    outputs = turn.tools.nested(
        str(turn.input("DocumentName")),
        str(turn.input("DocumentVersion", "")),
        parameters,
        turn.step.name,
    )
    return Answer(outputs, outputs, unsure=turn.planning is not None and bool(turn.planning.calls))


ACTIONS = {
    "aws:branch": Action(branch, ("Choices",), ("Default",)),
    "aws:sleep": Action(sleep, (), ("Duration", "Timestamp")),
    "aws:pause": Action(pause, (), (), timeout_s=7 * DAY_S, longest_s=30 * DAY_S),
    "aws:approve": Action(
        approve,
        ("Approvers",),
        ("NotificationArn", "Message", "MinRequiredApprovals"),
        timeout_s=7 * DAY_S,
        longest_s=30 * DAY_S,
    ),
    "aws:executeAutomation": Action(
        execute_automation, ("DocumentName",), ("DocumentVersion", "RuntimeParameters")
    ),
}
