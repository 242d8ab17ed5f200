"""What a person fills in: checked before it is sent, sent whole, and what the app may answer."""

import json
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.workspace.interactions import NothingToPressError
from tests.unit.workspace.stage import ACME, ANALYST, Received, Stage, on_stage
from tests.unit.workspace.test_workspace_chat import refused
from tests.unit.workspace.test_workspace_interactions import actions, answering, posted, pressed
from tests.unit.workspace.test_workspace_rules import button, plain

OPTIONS = [{"text": plain("Acme"), "value": "acme"}, {"text": plain("Globex"), "value": "globex"}]
REASON = {
    "type": "input",
    "block_id": "reason",
    "label": plain("Reason"),
    "element": {
        "type": "plain_text_input",
        "action_id": "text",
        "min_length": 5,
        "max_length": 20,
        "initial_value": "because of it",
    },
}
NOTE = {
    "type": "input",
    "block_id": "note",
    "label": plain("Note"),
    "optional": True,
    "element": {"type": "plain_text_input", "action_id": "text"},
}
TENANT = {
    "type": "input",
    "block_id": "tenant",
    "label": plain("Tenant"),
    "element": {"type": "static_select", "action_id": "pick", "options": OPTIONS},
}
CHECKS = {
    "type": "section",
    "block_id": "checks",
    "text": plain("Which?"),
    "accessory": {
        "type": "checkboxes",
        "action_id": "all",
        "options": OPTIONS,
        "initial_options": OPTIONS[:1],
    },
}
VIEW = {
    "type": "modal",
    "callback_id": "why",
    "title": plain("Why"),
    "submit": plain("Send"),
    "blocks": [REASON, NOTE, TENANT, CHECKS],
}
ACME_PICKED = {"tenant": {"pick": {"type": "static_select", "selected_option": OPTIONS[0]}}}


def opened(stage: Stage, **more: Any) -> str:
    stage.workspace.click(ANALYST, ACME, posted(stage, actions(button())), "a0")
    answer = stage.client.views_open(trigger_id=pressed(stage)["trigger_id"], view={**VIEW, **more})
    return str(answer["view"]["id"])


def typed(words: str | None) -> dict[str, Any]:
    return {**ACME_PICKED, "reason": {"text": {"type": "plain_text_input", "value": words}}}


def submissions(stage: Stage) -> list[dict[str, Any]]:
    return [one.payload for one in stage.app.received if b"view_submission" in one.body]


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        (typed(None), {"reason": "Please complete this required field."}),
        (typed("no"), {"reason": "Please enter at least 5 characters."}),
        (typed("x" * 21), {"reason": "Please enter at most 20 characters."}),
        ({}, {"tenant": "Please complete this required field."}),
    ],
)
def test_a_field_that_is_filled_in_wrongly_is_said_at_once_and_nothing_is_sent(
    stage: Stage, values: dict[str, Any], wrong: dict[str, str]
) -> None:
    view_id = opened(stage)
    assert stage.workspace.submit(ANALYST, view_id, values) == {"outcome": "ok", "errors": wrong}
    assert submissions(stage) == []
    assert stage.workspace.open_view(ANALYST) is not None


def test_every_field_is_in_the_submission_also_an_empty_one(stage: Stage) -> None:
    stage.workspace.submit(ANALYST, opened(stage), ACME_PICKED)
    (sent,) = submissions(stage)
    assert sent["view"]["state"]["values"] == {
        "reason": {"text": {"type": "plain_text_input", "value": "because of it"}},
        "note": {"text": {"type": "plain_text_input", "value": None}},
        "tenant": {"pick": {"type": "static_select", "selected_option": OPTIONS[0]}},
        "checks": {"all": {"type": "checkboxes", "selected_options": OPTIONS[:1]}},
    }


def test_only_what_the_view_offers_can_be_chosen(stage: Stage) -> None:
    forged = {"text": plain("Initech"), "value": "initech"}
    values = {"tenant": {"pick": {"type": "static_select", "selected_option": forged}}}
    answer = stage.workspace.submit(ANALYST, opened(stage), values)
    assert answer["errors"] == {"tenant": "Please complete this required field."}


def test_a_press_in_a_modal_carries_what_is_filled_in(stage: Stage) -> None:
    view_id = opened(stage)
    stage.workspace.interactions.press(ANALYST, ("", view_id), "all", choice=["globex"])
    payload = pressed(stage)
    assert payload["container"] == {"type": "view", "view_id": view_id}
    assert payload["actions"][0]["selected_options"] == OPTIONS[1:]
    assert payload["view"]["state"]["values"]["reason"]["text"]["value"] == "because of it"


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"checks": "Not an input."}},
        {"response_action": "errors", "errors": {"elsewhere": "No such block."}},
        {"response_action": "errors", "errors": {}},
        {"response_action": "errors"},
        {"response_action": "update"},
        {"response_action": "push", "view": {"type": "modal"}},
        {"response_action": "dance"},
        ["no object"],
    ],
)
def test_an_answer_that_slack_would_not_understand_keeps_the_modal_open(answer: Any) -> None:
    with on_stage(reply=answering(answer)) as stage:
        view_id = opened(stage)
        said = stage.workspace.submit(ANALYST, view_id, ACME_PICKED)
        assert said == {"outcome": "invalid_answer"}
        shown = stage.workspace.open_view(ANALYST)
        assert shown is not None
        assert shown["id"] == view_id


def test_words_that_are_no_json_are_no_answer() -> None:
    def reply(received: Received) -> tuple[int, dict[str, str], bytes]:
        return 200, {}, b"thanks" if b"view_submission" in received.body else b""

    with on_stage(reply=reply) as stage:
        said = stage.workspace.submit(ANALYST, opened(stage), ACME_PICKED)
        assert said == {"outcome": "invalid_answer"}


def test_errors_stand_at_their_inputs() -> None:
    errors = {"response_action": "errors", "errors": {"reason": "Say more.", "note": "Say less."}}
    with on_stage(reply=answering(errors)) as stage:
        said = stage.workspace.submit(ANALYST, opened(stage), ACME_PICKED)
        assert said == {"outcome": "ok", "errors": errors["errors"]}


def test_a_closed_modal_is_gone(stage: Stage) -> None:
    view_id = opened(stage)
    stage.workspace.submit(ANALYST, view_id, ACME_PICKED)
    with pytest.raises(SlackApiError) as caught:
        stage.client.views_update(view_id=view_id, view=VIEW)
    assert refused(caught.value) == "not_found"
    with pytest.raises(NothingToPressError):
        stage.workspace.submit(ANALYST, view_id, ACME_PICKED)


def pushed(stage: Stage, below: str, **more: Any) -> str:
    stage.workspace.interactions.press(ANALYST, ("", below), "all", choice=["globex"])
    answer = stage.client.views_push(trigger_id=pressed(stage)["trigger_id"], view={**VIEW, **more})
    return str(answer["view"]["id"])


def test_only_the_modal_on_top_can_be_submitted(stage: Stage) -> None:
    below = opened(stage)
    top = pushed(stage, below)
    with pytest.raises(NothingToPressError):
        stage.workspace.submit(ANALYST, below, ACME_PICKED)
    assert stage.workspace.submit(ANALYST, top, ACME_PICKED) == {"outcome": "ok"}
    shown = stage.workspace.open_view(ANALYST)
    assert shown is not None
    assert shown["id"] == below


@pytest.mark.parametrize("clear", [True, False])
def test_closing_is_told_to_an_app_that_asked_and_takes_all_when_told(
    stage: Stage, *, clear: bool
) -> None:
    below = opened(stage)
    top = pushed(stage, below, notify_on_close=True, clear_on_close=clear)
    stage.workspace.interactions.dismiss(ANALYST, top)
    closed = pressed(stage)
    assert (closed["type"], closed["view"]["id"]) == ("view_closed", top)
    assert closed["is_cleared"] is clear
    assert (stage.workspace.open_view(ANALYST) is None) is clear


def test_a_view_is_found_by_the_name_its_app_gave_it(stage: Stage) -> None:
    opened(stage, external_id="request-1")
    stage.client.views_update(external_id="request-1", view={**VIEW, "title": plain("New")})
    shown = stage.workspace.open_view(ANALYST)
    assert shown is not None
    assert shown["title"]["text"] == "New"
    with pytest.raises(SlackApiError) as caught:
        stage.client.views_update(external_id="request-2", view=VIEW)
    assert refused(caught.value) == "not_found"


def test_a_name_serves_one_view_at_a_time(stage: Stage) -> None:
    below = opened(stage, external_id="request-1")
    with pytest.raises(SlackApiError) as caught:
        pushed(stage, below, external_id="request-1")
    assert refused(caught.value) == "duplicate_external_id"


def test_a_view_that_is_refused_leaves_the_trigger_unused(stage: Stage) -> None:
    stage.workspace.click(ANALYST, ACME, posted(stage, actions(button())), "a0")
    trigger = pressed(stage)["trigger_id"]
    with pytest.raises(SlackApiError) as caught:
        stage.client.views_open(trigger_id=trigger, view={**VIEW, "title": plain("x" * 25)})
    assert json.loads(json.dumps(caught.value.response.data))["error"] == "invalid_arguments"
    assert stage.client.views_open(trigger_id=trigger, view=VIEW)["ok"]
