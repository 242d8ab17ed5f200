"""What follows an answer's text: fewer things, each with what can be pressed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from agent import canonical
from agent.assistant import Answer
from agent.views import (
    Advice,
    Changes,
    Choice,
    Choices,
    ExposureDetail,
    FindingDetail,
    Freshness,
    ResourceDetail,
    View,
)
from bot.cards import reply_for
from bot.messages import Actions, Prose, Small
from integrations.resources.port import Resource
from tests.unit.cards.reading import a_list, asked, buttons, facts, grids, items, reply, small
from tests.unit.cards.story import (
    FRESH,
    NOW,
    WEB_ARN,
    a_finding,
    a_posture,
    a_resource,
    an_exposure,
    exposures,
)


def test_the_verdict_is_the_texts_first_line_without_marks() -> None:
    said = reply(text="\n**Fix** the open SSH on `web-7` first.\n\nIt is old.")
    assert said.plain == "Fix the open SSH on web-7 first."


def test_the_small_print_names_the_whole_and_its_age() -> None:
    assert small(reply(exposures(an_exposure())))[0] == (
        "From 912 open findings (29 critical, 233 high) in acme; newest 3 min ago, graph 6 min ago."
    )


def test_a_stale_or_missing_source_is_said_in_the_same_line() -> None:
    old = Freshness(now=NOW, findings_at=NOW - timedelta(days=3), resources_at=None)
    (said,) = small(reply(replace(exposures(an_exposure()), freshness=old)))
    assert said.endswith("newest 3 days ago, which is stale, no resource graph yet.")


def test_a_finding_and_its_exposure_offer_the_fix_once_each_button_at_its_item() -> None:
    threat = a_list(1, 1)
    found = threat.findings[0]
    said = reply(threat, exposures(an_exposure(findings=(found.ref,))))
    finding, exposure = items(said)
    assert [b.value for b in finding.buttons] == [f"explain {found.ref}"]
    assert [b.label for b in exposure.buttons] == ["Show graph", "Why", "Plan the fix"]
    assert [b.label for b in buttons(said)].count("Plan the fix") == 1


def test_a_finding_of_no_shown_exposure_offers_its_fix_itself() -> None:
    (alone,) = items(reply(a_list(1, 1)))
    assert [b.label for b in alone.buttons] == ["Explain", "Plan the fix"]


def test_what_a_card_offers_stands_below_it_and_not_below_the_next() -> None:
    said = reply(a_list(2, 2), exposures(an_exposure(findings=())))
    rows = [p for p in said.parts if isinstance(p, Actions) and p.buttons[0].action == "ask"]
    assert [b.label for b in rows[0].buttons] == ["Explain 1", "Explain 2"]
    assert not {b.value for b in rows[0].buttons} & {b.value for b in rows[1].buttons}


def test_an_exposure_says_what_why_and_the_smallest_cut() -> None:
    first = items(reply(exposures(an_exposure())))[0]
    assert first.mark == "CRITICAL 94"
    assert first.title.startswith("Internet → web-7")
    assert "SSH open to 0.0.0.0/0 for 41 days" in first.lines[0]
    assert first.lines[0].endswith("X-AB12C1")
    assert first.lines[1] == "Smallest cut: Remove port 22 from sg-web-admin (1 call, reversible)"
    assert [b.label for b in first.buttons] == ["Show graph", "Why", "Plan the fix"]
    assert [b.value for b in first.buttons] == [
        "show the graph of X-AB12C1",
        "why X-AB12C1",
        "plan the fix of X-AB12C1",
    ]


def test_what_has_no_path_offers_its_reason_instead_of_a_graph() -> None:
    second = items(reply(exposures(an_exposure(1), an_exposure(2, path=None))))[1]
    assert [b.label for b in second.buttons] == ["Why", "Plan the fix"]


def test_an_answer_fits_a_phone() -> None:
    said = reply(exposures(*(an_exposure(n) for n in range(1, 6)), total=9))
    lines = sum(1 + len(item.lines) for item in items(said)) + len(small(said))
    assert len(items(said)) == 5
    assert lines <= 12
    assert "Show 4 more" in [b.label for b in buttons(said)]
    assert canonical.ALL_EXPOSURES in asked(said)


def test_a_long_list_that_was_asked_for_is_a_table() -> None:
    said = reply(exposures(*(an_exposure(n) for n in range(1, 9))))
    (grid,) = grids(said)
    assert len(grid.rows) == 8
    assert "why X-AB12C3" in asked(said)


def test_what_rests_on_no_finding_offers_no_fix_that_could_not_be_planned() -> None:
    by_hand = an_exposure(findings=())
    detail = ExposureDetail(tenant="acme", exposure=by_hand, findings=(), rank=1, freshness=FRESH)
    for said in (reply(exposures(by_hand)), reply(detail)):
        assert not [question for question in asked(said) if question.startswith("plan")]


def test_nothing_wrong_still_says_from_what() -> None:
    said = reply(exposures())
    assert items(said) == []
    assert "From 912 open findings" in small(said)[0]


def test_why_shows_every_term_with_its_weight_and_evidence() -> None:
    detail = ExposureDetail(
        tenant="acme", exposure=an_exposure(), findings=(a_finding(1),), rank=1, freshness=FRESH
    )
    said = reply(detail)
    assert facts(said) == {
        "Reach": "SSH is open · weight 0.45 · F-ABCDEFG1",
        "Sensitive data": "reads exports · weight 0.3 · i-0abc",
    }
    assert "explain F-ABCDEFG1" in asked(said)


def test_a_few_findings_are_spelt_out() -> None:
    said = reply(a_list(2, 2, severities="critical"))
    first = items(said)[0]
    assert first.lines == ("instance web-7 in us-east-1 · open for 41 days · EC2.13 · F-ABCDEFG1",)
    assert small(said) == [
        "2 open critical findings, of 912 open findings in acme; newest 3 min ago, graph 6 min ago."
    ]


def test_many_findings_are_a_table_with_the_next_page_one_press_away() -> None:
    said = reply(a_list(10, 29, severities="critical", limit="10"))
    (grid,) = grids(said)
    assert len(grid.columns) <= 4
    assert len(grid.rows) == 10
    assert small(said)[0].startswith("The first 10 of 29 open critical findings, of 912")
    assert "all open criticals from 11" in asked(said)


def test_all_open_findings_are_not_told_as_a_part_of_themselves() -> None:
    said = reply(replace(a_list(10, 912, order="oldest"), asked="open findings"))
    assert small(said)[0].startswith("The first 10 of 912 open findings in acme; newest")


def test_a_later_page_counts_on() -> None:
    said = reply(a_list(9, 29, severities="critical", offset="20"))
    assert grids(said)[0].rows[0][0] == "21"
    assert small(said)[0].startswith("21 to 29 of 29")
    assert not any(" from " in question for question in asked(said))


def test_the_oldest_of_an_account_have_a_next_page_too() -> None:
    said = reply(a_list(5, 29, order="oldest", account="111122223333", limit="5"))
    assert "all open findings in account 111122223333 by age from 6" in asked(said)


def test_a_list_that_no_sentence_can_continue_offers_no_next_page() -> None:
    said = reply(a_list(10, 29, text="ssh brute force"))
    assert not any(" from " in question for question in asked(said))


def test_a_finding_tells_where_since_when_and_its_facts() -> None:
    detail = FindingDetail(
        tenant="acme",
        finding=a_finding(),
        resource=a_resource(),
        facts=(("Port", "22"), ("Long", "x" * 1000)),
        exposures=(an_exposure(),),
        freshness=FRESH,
    )
    told = facts(reply(detail))
    assert told["Where"] == "instance web-7 (i-0abc) in us-east-1"
    assert told["Since"] == "open for 41 days, last seen 3 min ago"
    assert told["Port"] == "22"
    assert len(told["Long"]) == 240
    assert "X-AB12C1" in told["Part of"]
    assert asked(reply(detail))[0] == "plan the fix of F-ABCDEFG1"


def test_no_sentence_holds_a_bare_arn() -> None:
    nameless = replace(a_list(10, 29), names={})
    for view in (a_list(2, 2), nameless, exposures(an_exposure())):
        said = reply(view)
        words = [w for i in items(said) for w in (i.title, *i.lines)]
        words += [cell for grid in grids(said) for row in grid.rows for cell in row]
        assert not any("arn:" in word for word in [*words, *small(said)])


def test_posture_says_where_it_is_heading() -> None:
    told = facts(reply(a_posture("acme", 58, 61)))
    assert told["Critical"] == "58 (-3 since yesterday)"
    assert told["High"] == "10 as yesterday"
    assert "Medium" not in told
    assert told["Oldest"].endswith("open for 41 days")


def test_changes_tell_what_came_went_and_came_back() -> None:
    view = Changes(
        tenant="acme",
        since=NOW - timedelta(days=1),
        since_words="in the last 24 hours",
        opened=(a_finding(1), a_finding(2)),
        opened_total=7,
        closed=(a_finding(3),),
        closed_total=5,
        reopened=(a_finding(4),),
        names={WEB_ARN: "web-7"},
        trend=(),
        freshness=FRESH,
    )
    told = facts(reply(view))
    assert told["New"] == "7 in all, the worst 2 above"
    assert told["Fixed"].startswith("5: Security groups")
    assert told["Fixed"].endswith("and 4 more")
    assert told["Regressed"].startswith("1: ")


def test_advice_numbers_its_steps_and_says_whether_it_can_be_undone() -> None:
    view = Advice(
        tenant="acme",
        finding=a_finding(),
        title="Close SSH",
        steps=("Check who uses it", "Revoke the rule"),
        runbook=None,
        reversible=None,
        care="Three instances share the group",
        exposures=(an_exposure(),),
        freshness=FRESH,
    )
    said = reply(view)
    told = facts(said)
    assert told["Runbook"] == "none known; the steps above are by hand"
    assert told["Can be undone"] == "only in part"
    assert told["Mind"] == "Three instances share the group"


def test_what_the_text_said_already_is_not_repeated() -> None:
    detail = ExposureDetail(
        tenant="acme", exposure=an_exposure(), findings=(), rank=1, freshness=FRESH
    )
    text = f"{an_exposure().headline} scores 94, because:\n- **Reach**: SSH is `open`."
    said = reply(detail, text=text)
    assert items(said) == []
    assert facts(said)["Reach"] == "weight 0.45 · F-ABCDEFG1"
    view = Advice(
        tenant="acme",
        finding=a_finding(),
        title="Close SSH",
        steps=("Check who uses it", "Revoke the rule"),
        runbook=None,
        reversible=True,
        care="",
        exposures=(),
        freshness=FRESH,
    )
    assert not any(
        isinstance(p, Prose)
        for p in reply(view, text="1. Check who uses it\n2. Revoke the rule.").parts
    )
    assert any(isinstance(p, Prose) for p in reply(view).parts)


def test_a_question_asked_back_has_its_answers_as_buttons_likeliest_first() -> None:
    view = Choices(
        question="Which web-7?",
        choices=(
            Choice(label="Instance", ask="tell me about i-0abc"),
            Choice(label="Group", ask="tell me about sg-1"),
        ),
    )
    said = reply(view)
    assert [(b.label, b.style) for b in buttons(said)] == [
        ("Instance", "primary"),
        ("Group", "plain"),
    ]


def test_a_list_that_was_looked_through_on_the_way_to_one_thing_makes_no_card() -> None:
    detail = FindingDetail(
        tenant="acme",
        finding=a_finding(),
        facts=(),
        resource=None,
        exposures=(),
        freshness=FRESH,
    )
    looked_through = a_list(2, 2)
    assert reply(looked_through, detail) == reply(detail)


def test_a_notice_is_the_last_line_before_the_feedback() -> None:
    answer = Answer(text="x", views=(exposures(),), notice="Answered without the language model.")
    *_, last, feedback = reply_for(answer, now=NOW).parts
    assert last == Small(text="Answered without the language model.")
    assert isinstance(feedback, Actions)
    assert [b.value for b in feedback.buttons] == ["up", "down"]


def test_only_the_last_cards_are_shown_and_no_question_twice() -> None:
    views: list[View] = [a_list(1, 1), exposures(an_exposure()), a_list(2, 2), a_list(3, 3)]
    said = reply(*views)
    follow_up = next(p for p in said.parts if isinstance(p, Actions))
    values = [b.value for b in follow_up.buttons]
    assert len(values) == len(set(values)) <= 5
    assert len(small(said)) == 3


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        ("i-0abc", "i-0abc"),
        ("X-AB12CD", "X-AB12CD"),
        ("web 7", "`web 7`"),
        ("arn:aws:s3:::a", "`arn:aws:s3:::a`"),
        ("a`b c", "`ab c`"),
        ("x\ny", "`x y`"),
        ("na\u00efve", "`na\u00efve`"),
    ],
)
def test_names_in_questions_are_fenced_unless_they_are_plain_ids(thing: str, said: str) -> None:
    assert canonical.named(thing) == said


def test_hidden_characters_of_data_never_reach_a_card() -> None:
    bad = "x\u202egnp\u200b\x1b[31m"
    resource = Resource(id="a", type="AwsS3Bucket", name=bad, short_id=bad)
    for view in (
        exposures(an_exposure(headline=bad, why=(bad,))),
        replace(a_list(1, 1), findings=(a_finding(title=bad),), names={WEB_ARN: bad}),
        replace(a_list(6, 6), findings=tuple(a_finding(title=bad) for _ in range(6))),
        ResourceDetail(
            tenant="acme",
            resource=resource,
            findings=(),
            total_findings=0,
            exposures=(),
            public=None,
            freshness=FRESH,
        ),
    ):
        assert "\\u202e" not in repr(items(reply(view))) + repr(grids(reply(view)))
        assert "\\x1b" not in repr(items(reply(view))) + repr(grids(reply(view)))


def test_one_tool_asked_twice_makes_two_cards() -> None:
    said = reply(a_list(6, 29), replace(a_list(6, 6), asked="open high findings"))
    assert len(grids(said)) == 2
