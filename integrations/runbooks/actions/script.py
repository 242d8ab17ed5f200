"""Steps that run a script: "aws:executeScript" in the AWS Systems Manager User Guide."""

from integrations.runbooks.actions.turn import Action, Answer, Turn
from integrations.runbooks.failures import StepFailedError
from integrations.runbooks.scripts import LONGEST_S, Script, run_script


def execute_script(turn: Turn) -> Answer:
    """Call the handler of a Python script with the payload; `Payload` is what it returns."""
    inputs = turn.step.inputs
    now = turn.tools.clock()
    script = Script(
        step=turn.step.name,
        # Values reach a script through its payload alone; in its text they could be code.
        text=str(inputs["Script"]),
        handler=str(inputs["Handler"]),
        payload=turn.resolved(inputs.get("InputPayload", {})),
        context={
            name: value
            for name, value in turn.scope.values.items()
            if name.startswith(("global:", "automation:"))
        },
        timeout_s=LONGEST_S if turn.deadline is None else max(turn.deadline - now, 0.0),
    )
    ledger = turn.planning
    if ledger is None:
        value = run_script(script, turn.tools.calls.session, None, turn.tools.cancelled)
        return Answer({"Payload": value}, {"Payload": value, "OutputPayload": {"Payload": value}})
    ledger.guessed = ledger.stale = False
    try:
        value = run_script(script, turn.tools.calls.session, ledger, turn.tools.cancelled)
    except StepFailedError as error:
        if not (ledger.stale or ledger.guessed) or error.denied:
            raise
        ledger.note(f"{script.step} read what is only there after the run, and ended with: {error}")
        return Answer({}, unsure=True)
    if ledger.stale:
        ledger.note(f"{script.step} reads, as it is now, what the calls before it change.")
    return Answer(
        {"Payload": value},
        {"Payload": value, "OutputPayload": {"Payload": value}},
        unsure=ledger.stale or ledger.guessed,
    )


ACTIONS = {
    "aws:executeScript": Action(
        execute_script,
        ("Runtime", "Handler", "Script"),
        ("InputPayload",),
        timeout_s=LONGEST_S,
        longest_s=LONGEST_S,
    )
}
