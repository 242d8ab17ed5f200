"""A plan as labelled rows: why, the exact calls, before and after, who feels it, the way back."""

from collections.abc import Mapping, Sequence

from agent.guard.untrusted import clean
from agent.tools.fixing import in_words
from bot import phrases
from bot.cards import card
from bot.messages import Fact, Facts
from integrations.remediations.plan import Call, Change, Plan
from integrations.remediations.telling import told_parameters

CALLS_SHOWN = 4
"""Calls on the card; the rest stands under Details."""

_PARAMETERS_SHOWN = 6
_NAME_LENGTH = 40
_PARAMETER_LENGTH = 160
_ALL_PARAMETERS_LENGTH = 1_200
"""Characters of all values of all calls, so that they leave the room of one block to the rest."""

_TOUCHED_SHOWN = 5
_RESOURCE_LENGTH = 120
_CHANGE_LENGTH = 60
"""At least so much of each state: each is cut by itself, so that a long one hides no later one."""


def plan_facts(plan: Plan, undo: str = "") -> Facts:
    """The plan's rows; `undo` is said of the way back instead of what the plan says."""
    rows = [
        ("Touches", card.joined([_touches(plan.touches), plan.uncounted])),
        ("Not foreseen", card.joined(plan.unpredicted)),
        ("Mind", phrases.first_sentence(plan.care)),
        *_after_it(plan, undo),
    ]
    before = "; ".join(_states(plan.changes, [change.before for change in plan.changes]))
    after = "; ".join(_states(plan.changes, [change.after for change in plan.changes]))
    states = (Fact(label="Before", value=before), Fact(label="After", value=after))
    return Facts(
        facts=(
            *card.facts([("Why", plan.why)]).facts,
            *_calls(plan.calls),
            *(fact for fact in states if fact.value),
            *card.facts(rows).facts,
        )
    )


def reasons(plan: Plan, undo: str = "") -> Facts:
    """Of these rows those that no details repeat: why, the proof, the way back."""
    return card.facts([("Why", plan.why), *_after_it(plan, undo)])


def _after_it(plan: Plan, undo: str) -> list[tuple[str, str]]:
    way_back = "yes, until someone else changes it" if plan.reversible else "no"
    return [("Proof", f"read it again, re-evaluate {plan.control}"), ("Undo", undo or way_back)]


def shown_whole(plan: Plan) -> bool:
    """Whether the rows leave out no call and cut no value of one."""
    shown = [_told(call) for call in plan.calls]
    longest = _room(plan.calls)
    short = (len(value) <= longest for told in shown for value in told.values())
    few = all(len(told) <= _PARAMETERS_SHOWN for told in shown)
    return few and all(short) and len(plan.calls) <= CALLS_SHOWN


def _calls(calls: Sequence[Call]) -> list[Fact]:
    """`1 call: ec2:RevokeSecurityGroupIngress sg-0a1 (IpPermissions: ...)`; several, a row each."""
    count, longest = phrases.counted(len(calls), "call"), _room(calls)
    if len(calls) == 1:
        return [Fact(label="Will do", value=f"{count}: {_call(calls[0], longest)}")]
    first = f", the first {CALLS_SHOWN} are" if len(calls) > CALLS_SHOWN else ""
    rows = [Fact(label="Will do", value=f"{count}{first}:" if calls else count)]
    for number, call in enumerate(calls[:CALLS_SHOWN], start=1):
        rows.append(Fact(label=f"{number}.", value=_call(call, longest)))
    return rows


def _room(calls: Sequence[Call]) -> int:
    """Characters of one value."""
    values = sum(min(len(_told(call)), _PARAMETERS_SHOWN) for call in calls[:CALLS_SHOWN])
    return min(_PARAMETER_LENGTH, _ALL_PARAMETERS_LENGTH // max(values, 1))


def _call(call: Call, longest: int) -> str:
    told = _told(call)
    values = [
        f"{clean(name, _NAME_LENGTH)}: {clean(value, longest)}"
        for name, value in list(told.items())[:_PARAMETERS_SHOWN]
    ]
    left = len(told) - len(values)
    values += [f"and {phrases.counted(left, 'more value')}"] if left > 0 else []
    named = f"{call.action} {clean(call.resource, _RESOURCE_LENGTH)}".strip()
    return f"{named} ({'; '.join(values)})" if values else named


def _told(call: Call) -> Mapping[str, str]:
    """The parameters in words, without the one that only names the resource."""
    told = {name: in_words(value) for name, value in told_parameters(call.parameters).items()}
    return {name: value for name, value in told.items() if value != call.resource}


def _states(changes: Sequence[Change], values: Sequence[object]) -> list[str]:
    longest = max(card.VALUE_LENGTH // max(len(changes), 1), _CHANGE_LENGTH)
    said = [clean(in_words(value), longest) for value in values]
    if len(changes) == 1:
        return said
    return [f"{change.name}: {words}" for change, words in zip(changes, said, strict=True)]


def _touches(names: Sequence[str]) -> str:
    if not names:
        return ""
    shown = [*names[:_TOUCHED_SHOWN]]
    left = len(names) - len(shown)
    more = [f"{phrases.number(left)} more"] if left > 0 else []
    felt = phrases.counted(len(names), "resource")
    return f"{felt} share it: {', '.join([*shown, *more])}"
