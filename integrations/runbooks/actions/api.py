"""Steps that call AWS: executeAwsApi, assert and wait for a property, change an instance's state.

"aws:executeAwsApi", "aws:assertAwsResourceProperty", "aws:waitForAwsResourceProperty" and
"aws:changeInstanceState" in the AWS Systems Manager User Guide.
"""

from collections.abc import Mapping
from typing import Any

from integrations.runbooks.actions.turn import Action, Answer, Turn
from integrations.runbooks.failures import StepFailedError
from integrations.runbooks.interception import Ledger
from integrations.runbooks.references import written
from integrations.runbooks.selectors import MISSING, selector

POLL_S = 3.0
"""Between two looks at a property that is waited for."""

_OWN = frozenset({"Service", "Api", "PropertySelector", "DesiredValues"})
_STATES = {
    "running": "StartInstances",
    "stopped": "StopInstances",
    "terminated": "TerminateInstances",
}


def _target(turn: Turn) -> tuple[str, str, dict[str, Any]]:
    inputs = {key: value for key, value in turn.step.inputs.items() if key not in _OWN}
    return (
        str(turn.input("Service")).casefold(),
        str(turn.input("Api")),
        turn.resolved(inputs, spread=True),
    )


def execute_aws_api(turn: Turn) -> Answer:
    """Call an operation; Selectors select from its answer."""
    service, api, parameters = _target(turn)
    ledger = turn.planning
    if ledger is None:
        body = turn.tools.calls.call(service, api, parameters)
        return Answer(body, {"OutputPayload": body})
    ledger.guessed = ledger.stale = False
    try:
        body = turn.tools.calls.call(service, api, parameters)
    except StepFailedError as error:
        if not ledger.stale or error.denied:
            raise
        ledger.note(f"{turn.step.name} reads what is only there after the run: {error}")
        return Answer({}, unsure=True)
    if ledger.stale:
        ledger.note(f"{turn.step.name} reads, as it is now, what the calls before it change.")
    return Answer(body, {"OutputPayload": body}, unsure=ledger.stale or ledger.guessed)


def _property(turn: Turn) -> tuple[Any, tuple[str, ...]]:
    service, api, parameters = _target(turn)
    body = turn.tools.calls.call(service, api, parameters)
    value = selector(turn.input("PropertySelector")).select(body)
    desired = turn.resolved(turn.step.inputs["DesiredValues"], spread=True)
    return value, tuple(map(written, desired))


def _is_one_of(value: Any, desired: tuple[str, ...]) -> bool:
    """Whether a property has a desired value; an indefinite path has it in every place.

    A Boolean is asked for as True or False ("DesiredValues" of both actions).
    """
    if isinstance(value, list):
        return bool(value) and all(_is_one_of(item, desired) for item in value)
    if isinstance(value, bool):
        return str(value).casefold() in map(str.casefold, desired)
    return value is not MISSING and written(value) in desired


def assert_property(turn: Turn) -> Answer:
    """Fail unless a property has one of the desired values."""
    if turn.planning is not None:
        return _foreseen(turn, turn.planning, waits=False)
    value, desired = _property(turn)
    if not _is_one_of(value, desired):
        raise StepFailedError(_unlike(turn, value, desired))
    return Answer({})


def wait_for_property(turn: Turn) -> Answer:
    """Look until a property has one of the desired values."""
    if turn.planning is not None:
        return _foreseen(turn, turn.planning, waits=True)
    while True:
        value, desired = _property(turn)
        if _is_one_of(value, desired):
            return Answer({})
        turn.wait(POLL_S)


def _foreseen(turn: Turn, ledger: Ledger, *, waits: bool) -> Answer:
    """In a plan: what is so already is so; what the calls before change cannot be told."""
    service, _, parameters = _target(turn)
    concerned = ledger.concerns(service, parameters) or service in ledger.services
    verb = "waits for" if waits else "checks"
    what = f"{turn.step.name} {verb} {turn.input('PropertySelector')}"
    try:
        value, desired = _property(turn)
    except StepFailedError as error:
        if not concerned or error.denied:
            raise
        ledger.note(f"{what}, which is only there after the run: {error}")
        return Answer({}, unsure=True)
    if _is_one_of(value, desired):
        return Answer({})
    if not concerned and not waits:
        raise StepFailedError(_unlike(turn, value, desired))
    ledger.note(f"{what} to be {' or '.join(desired)}, which it is not before the run.")
    return Answer({}, unsure=True)


def _unlike(turn: Turn, value: Any, desired: tuple[str, ...]) -> str:
    said = "nothing" if value is MISSING else written(value)
    return f"{turn.input('PropertySelector')} is {said}, not {' or '.join(desired)}"


def change_instance_state(turn: Turn) -> Answer:
    """Start, stop or terminate instances, and wait until they are so."""
    wanted = str(turn.input("DesiredState"))
    if wanted not in _STATES:
        raise StepFailedError(f"DesiredState may not be {wanted!r}")
    ids = turn.resolved(turn.step.inputs["InstanceIds"], spread=True)
    parameters: dict[str, Any] = {"InstanceIds": [ids] if isinstance(ids, str) else ids}
    call = turn.tools.calls.call
    if not _flag(turn.input("CheckStateOnly", default=False)):
        options = {"Force": True} if _flag(turn.input("Force", default=False)) else {}
        call("ec2", _STATES[wanted], {**parameters, **(options if wanted == "stopped" else {})})
    ledger = turn.planning
    while True:
        answer = call("ec2", "DescribeInstances", parameters)
        states = selector("$.Reservations[*].Instances[*].State.Name").select(answer)
        reached = bool(states) and all(state == wanted for state in states)
        if reached and (wanted != "running" or _passes_checks(call, parameters)):
            return Answer({"InstanceStates": states}, {"InstanceStates": states})
        if ledger is not None:
            ledger.note(
                f"{turn.step.name} waits until {', '.join(parameters['InstanceIds'])}"
                f" is {wanted}, which it is not before the run."
            )
            return Answer({}, unsure=True)
        turn.wait(POLL_S)


def _passes_checks(call: Any, parameters: Mapping[str, Any]) -> bool:
    """A running instance is done when EC2's two status checks pass."""
    answer = call("ec2", "DescribeInstanceStatus", parameters)
    checks = selector("$.InstanceStatuses[*]['InstanceStatus','SystemStatus'].Status").select(
        answer
    )
    return bool(checks) and all(check == "ok" for check in checks)


def _flag(value: Any) -> bool:
    return value is True or (isinstance(value, str) and value.casefold() == "true")


ACTIONS = {
    "aws:executeAwsApi": Action(execute_aws_api, ("Service", "Api"), None),
    "aws:assertAwsResourceProperty": Action(
        assert_property, ("Service", "Api", "PropertySelector", "DesiredValues"), None
    ),
    "aws:waitForAwsResourceProperty": Action(
        wait_for_property,
        ("Service", "Api", "PropertySelector", "DesiredValues"),
        None,
        timeout_s=3600.0,
    ),
    "aws:changeInstanceState": Action(
        change_instance_state,
        ("InstanceIds", "DesiredState"),
        ("CheckStateOnly", "Force", "AdditionalInfo"),
        timeout_s=3600.0,
    ),
}
