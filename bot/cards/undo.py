"""The undo of a fix on its card: what is asked before the press, who wants it, what it would do."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeGuard

from agent.access import ForeseenUndo
from agent.approval import undo_approvals_needed
from agent.guard.untrusted import clean
from agent.tools.fixing import in_words
from bot.cards import card
from bot.messages import Button, Confirm, Line, Part, Person, Prose, Style
from integrations.remediations.port import Remediation
from integrations.remediations.telling import told_parameters
from integrations.tenants.port import Tenant

_PUT_BACK_LENGTH = 120
_WHY_LENGTH = 100
_CALL_LENGTH = 120
_VALUE_LENGTH = 1_500
"""Characters of one value: each is cut by itself, so that a long one hides no later one."""


def time_of(moment: datetime) -> str:
    """`14:02 UTC`, with the seconds where there are any."""
    return f"{moment:%H:%M:%S} UTC" if moment.second else f"{moment:%H:%M} UTC"


def undo_button(request: Remediation, value: str) -> Button:
    """Undo, behind a question that says what comes back: the state, and the exposure with it."""
    plan = request.plan
    back = clean("; ".join(_put_back(request)), _PUT_BACK_LENGTH)
    why = clean(plan.why, _WHY_LENGTH)
    return Button(
        label="Undo",
        action="undo",
        value=value,
        style=Style.DANGER,
        confirm=Confirm(
            title=f"Undo the fix of {plan.resource_name}?",
            text=f"Put back: {back}. The exposure comes back: {why}",
            yes="Undo the fix",
            no="Keep it fixed",
        ),
    )


def undo_people(request: Remediation, tenant: Tenant) -> list[Part]:
    """Who asked for the undo and why, and how many more it still needs."""
    said: list[Part] = []
    for asked in request.undo_asked:
        why = clean(asked.reason, card.VALUE_LENGTH)
        words = f" asked for the undo {time_of(asked.at)}" + (f": {why}" if why else ".")
        said.append(Line(words=(Person(asked.by), words)))
    needed = undo_approvals_needed(tenant, request.plan)
    if not request.undoable or needed == 1:
        return said
    done = {asked.by for asked in request.undo_asked}
    people: list[str | Person] = []
    for who in tenant.may_approve(request.plan.severity):
        if who not in done:
            people += [", " if people else "", Person(who)]
    count = f"{len(done)} of {needed} approvers want it undone; still to ask: "
    ask = count if done else f"An undo takes {needed} approvers: "
    return [*said, Line(words=(ask, *(people or ["nobody is named"]), "."))]


def undo_parts(request: Remediation, foreseen: ForeseenUndo | None) -> list[Part]:
    """What an undo would do, for the details; nothing where there is none to be asked for."""
    if foreseen is None:
        return []
    calls = [
        f"{number}. `{call.action}` {clean(call.resource, _CALL_LENGTH)}\n"
        + "\n".join(
            f"- {name}: {clean(in_words(value), _VALUE_LENGTH)}"
            for name, value in told_parameters(call.parameters).items()
        )
        for number, call in enumerate(foreseen.calls, start=1)
    ]
    lines = ["**An undo would do**\n", *(calls or ["Its calls cannot be foreseen now."])]
    lines += [f"\nNot foreseen: {clean(why, card.VALUE_LENGTH)}" for why in foreseen.unsure]
    lines.append(f"\nPut back: {clean('; '.join(_put_back(request)), _VALUE_LENGTH)}")
    return [Prose(text="\n".join(lines))]


def _put_back(request: Remediation) -> list[str]:
    """The values that the fix took away; of what is no list, the value before."""
    changes = request.plan.changes
    return [
        (f"{change.name}: " if len(changes) > 1 else "")
        + in_words(_missing(change.before, change.after))
        for change in changes
    ]


def _missing(before: object, after: object) -> object:
    if not _listed(before) or not _listed(after):
        return before
    return [one for one in before if one not in after] or before


def _listed(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, list | tuple)
