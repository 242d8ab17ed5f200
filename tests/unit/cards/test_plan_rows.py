"""A plan's rows: what the calls carry is said, and nothing long hides what comes after it."""

from typing import Any

import pytest

from bot.cards.plan import CALLS_SHOWN, plan_facts, shown_whole
from bot.cards.remediation import plan_card, remediation_card
from bot.messages import Facts, Prose
from bot.slack.render import render
from bot.workspace.blocks import problems_of
from integrations.remediations.plan import Call, Plan
from tests.builders import tenant
from tests.remediation_builders import plan, remediation

LONG = "x" * 5_000


def puts(number: int, **parameters: Any) -> Call:
    """A call that carries something."""
    bucket = f"bucket-{number}"
    return Call(
        action="s3:PutBucketPolicy",
        resource=bucket,
        parameters={"Bucket": bucket, **parameters},
    )


def rows(about: Plan) -> dict[str, str]:
    """The rows by label."""
    return {fact.label: fact.value for fact in plan_facts(about).facts}


def test_a_call_is_said_with_what_it_carries_but_not_its_resource_twice() -> None:
    assert rows(plan())["Will do"] == (
        "1 call: ec2:RevokeSecurityGroupIngress sg-0a1 (IpPermissions: FromPort 22)"
    )


def test_several_calls_have_a_row_each() -> None:
    said = rows(plan(calls=(puts(1, Policy="none"), puts(2))))
    assert said["Will do"] == "2 calls:"
    assert said["1."] == "s3:PutBucketPolicy bucket-1 (Policy: none)"
    assert said["2."] == "s3:PutBucketPolicy bucket-2"


def test_a_long_value_hides_neither_a_later_value_nor_a_later_call() -> None:
    said = rows(plan(calls=(puts(1, Policy=LONG, Public="yes"), puts(2, Policy=LONG, Last=1))))
    assert said["1."].endswith("…; Public: yes)")
    assert said["2."].endswith("…; Last: 1)")


def test_a_long_state_hides_no_later_property() -> None:
    about = plan(state={"Policy": LONG, "Public": "yes"}, target={"Policy": "y", "Public": "no"})
    assert rows(about)["Before"].endswith("…; Public: yes")
    assert rows(about)["After"] == "Policy: y; Public: no"


def test_what_is_left_out_is_counted() -> None:
    many = {f"Value{number}": number for number in range(9)}
    calls = tuple(puts(number, **many) for number in range(CALLS_SHOWN + 3))
    said = rows(plan(calls=calls))
    assert said["Will do"] == "7 calls, the first 4 are:"
    assert said["1."].endswith("Value5: 5; and 3 more values)")
    assert "5." not in said


@pytest.mark.parametrize(
    ("calls", "whole"),
    [
        ((puts(1, Policy="short"),), True),
        ((puts(1, Policy=LONG),), False),
        (tuple(map(puts, range(CALLS_SHOWN + 1))), False),
        ((puts(1, **{f"Value{n}": n for n in range(9)}),), False),
    ],
)
def test_a_plan_without_details_tells_the_calls_whole_where_its_rows_do_not(
    calls: tuple[Call, ...], *, whole: bool
) -> None:
    about = plan(calls=calls)
    assert shown_whole(about) is whole
    told = [part.text for part in plan_card(about).parts if isinstance(part, Prose)]
    assert bool(told) is not whole
    assert all(f"{len(calls)}. `{calls[-1].action}`" in text for text in told)


def test_the_largest_card_fits_slacks_blocks() -> None:
    many = {f"Value{number}{LONG}": LONG for number in range(60)}
    calls = tuple(puts(number, **many) for number in range(40))
    states = {f"Property{number}": LONG for number in range(4)}
    about = plan(calls=calls, state=states, target=states | {"Property0": "other"})
    reply = remediation_card(remediation(plan=about), tenant("acme"))
    assert any(isinstance(part, Facts) for part in reply.parts)
    for blocks in render(reply):
        assert problems_of(blocks, surface="message") == []
        assert "re-evaluate EC2.13" in str(blocks)
