"""Presses, modals and response urls: what may be done, how often, and how long."""

import json
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from bot.workspace.interactions import NothingToPressError
from tests.unit.workspace.stage import (
    ACME,
    ANALYST,
    BOT,
    GLOBEX,
    ONCALL,
    OTHER,
    TEAM,
    Received,
    Stage,
    on_stage,
)
from tests.unit.workspace.test_workspace_chat import refused
from tests.unit.workspace.test_workspace_rules import button, plain

VIEW = {
    "type": "modal",
    "callback_id": "why",
    "title": plain("Why"),
    "submit": plain("Send"),
    "blocks": [
        {
            "type": "input",
            "block_id": "reason",
            "label": plain("Reason"),
            "element": {"type": "plain_text_input", "action_id": "text"},
        }
    ],
}
FEEDBACK = {
    "type": "context_actions",
    "elements": [
        {
            "type": "feedback_buttons",
            "action_id": "feedback",
            "positive_button": {"text": plain("Good"), "value": "up"},
            "negative_button": {"text": plain("Bad"), "value": "down"},
        }
    ],
}


def actions(*elements: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements), **more}


def posted(stage: Stage, *blocks: dict[str, Any]) -> str:
    answer = stage.client.chat_postMessage(channel=ACME, text="x", blocks=list(blocks))
    return str(answer["ts"])


def pressed(stage: Stage) -> dict[str, Any]:
    """The last interaction the app got."""
    bodies = [one.payload for one in stage.app.received if "payload=" in one.body.decode()]
    return bodies[-1]


def opened(stage: Stage) -> str:
    """A modal opened for the analyst; its id."""
    stage.workspace.click(ANALYST, ACME, posted(stage, actions(button())), "a0")
    answer = stage.client.views_open(trigger_id=pressed(stage)["trigger_id"], view=VIEW)
    return str(answer["view"]["id"])


def test_a_press_carries_what_bolt_and_the_vendors_samples_name(stage: Stage) -> None:
    ts = posted(stage, actions(button(value="web-7"), block_id="row"))
    assert stage.workspace.click(ANALYST, ACME, ts, "a0") == "ok"
    payload = pressed(stage)
    assert {
        "type",
        "user",
        "api_app_id",
        "token",
        "container",
        "trigger_id",
        "team",
        "enterprise",
        "is_enterprise_install",
        "channel",
        "message",
        "state",
        "response_url",
        "actions",
    } <= set(payload)
    assert payload["user"]["id"] == ANALYST
    assert payload["team"]["id"] == TEAM
    assert payload["enterprise"] is None
    assert payload["container"]["message_ts"] == ts
    (action,) = payload["actions"]
    assert (action["action_id"], action["block_id"]) == ("a0", "row")
    assert (action["type"], action["value"]) == ("button", "web-7")
    assert action["action_ts"]


def test_a_press_in_a_stream_finds_its_closing_blocks(stage: Stage) -> None:
    root = stage.root()
    stream = stage.stream(root)
    stream.stop(markdown_text="done", blocks=[actions(button(value="1")), FEEDBACK])
    stage.workspace.click(ANALYST, ACME, stream.ts, "feedback", choice="down")
    assert pressed(stage)["actions"][0]["value"] == "down"
    assert pressed(stage)["container"]["thread_ts"] == root


def test_an_option_is_pressed_by_its_value(stage: Stage) -> None:
    options = [{"text": plain("Acme"), "value": "acme"}, {"text": plain("Globex"), "value": "g"}]
    select = {"type": "static_select", "action_id": "tenant", "options": options}
    ts = posted(stage, actions(select))
    stage.workspace.click(ANALYST, ACME, ts, "tenant", choice="g")
    assert pressed(stage)["actions"][0]["selected_option"]["text"]["text"] == "Globex"


@pytest.mark.parametrize("person", [OTHER, ONCALL])
def test_nobody_presses_what_they_do_not_see(stage: Stage, person: str) -> None:
    answer = stage.client.chat_postMessage(channel=GLOBEX, text="x", blocks=[actions(button())])
    with pytest.raises(NothingToPressError):
        stage.workspace.click(person, GLOBEX, answer["ts"], "a0")
    whisper = stage.client.chat_postEphemeral(
        channel=ACME, user=ANALYST, text="x", blocks=[actions(button())]
    )
    with pytest.raises(NothingToPressError):
        stage.workspace.click(person, ACME, whisper["message_ts"], "a0")
    mine = posted(stage, actions(button(visible_to_user_ids=[ANALYST])))
    with pytest.raises(NothingToPressError):
        stage.workspace.click(person, ACME, mine, "a0")


def test_an_app_that_does_not_answer_is_said_to_the_one_who_pressed() -> None:
    with on_stage(reply=lambda one: (500 if b"payload=" in one.body else 200, {}, b"")) as stage:
        outcome = stage.workspace.click(ANALYST, ACME, posted(stage, actions(button())), "a0")
        stage.workspace.wait_until_quiet(5)
        assert outcome == "http_error"
        assert sum(b"payload=" in one.body for one in stage.app.received) == 1


def test_a_modal_opens_for_the_one_who_pressed(stage: Stage) -> None:
    view_id = opened(stage)
    shown = stage.workspace.open_view(ANALYST)
    assert shown is not None
    assert shown["id"] == view_id
    assert shown["blocks"][0]["label"]["text"] == "Reason"
    assert stage.workspace.open_view(OTHER) is None


def test_a_trigger_lives_three_seconds(stage: Stage) -> None:
    stage.workspace.click(ANALYST, ACME, posted(stage, actions(button())), "a0")
    stage.clock.turn(3.1)
    with pytest.raises(SlackApiError) as caught:
        stage.client.views_open(trigger_id=pressed(stage)["trigger_id"], view=VIEW)
    assert refused(caught.value) == "expired_trigger_id"


def test_a_trigger_serves_once_and_must_be_known(stage: Stage) -> None:
    opened(stage)
    with pytest.raises(SlackApiError) as again:
        stage.client.views_open(trigger_id=pressed(stage)["trigger_id"], view=VIEW)
    with pytest.raises(SlackApiError) as unknown:
        stage.client.views_open(trigger_id="1.2.3", view=VIEW)
    assert refused(again.value) == "exchanged_trigger_id"
    assert refused(unknown.value) == "invalid_trigger_id"


def answering(body: dict[str, Any]) -> Any:
    def reply(received: Received) -> tuple[int, dict[str, str], bytes]:
        submitted = b"view_submission" in received.body
        return 200, {}, json.dumps(body).encode() if submitted else b""

    return reply


VALUES = {"reason": {"text": {"type": "plain_text_input", "value": "because"}}}


def test_a_submission_closes_the_modal_and_carries_the_values(stage: Stage) -> None:
    view_id = opened(stage)
    assert stage.workspace.submit(ANALYST, view_id, VALUES) == {"outcome": "ok"}
    assert pressed(stage)["view"]["state"]["values"] == VALUES
    assert pressed(stage)["view"]["callback_id"] == "why"
    assert stage.workspace.open_view(ANALYST) is None


def test_errors_keep_the_modal_open() -> None:
    errors = {"response_action": "errors", "errors": {"reason": "Too short."}}
    with on_stage(reply=answering(errors)) as stage:
        answer = stage.workspace.submit(ANALYST, opened(stage), VALUES)
        assert answer["errors"] == {"reason": "Too short."}
        assert stage.workspace.open_view(ANALYST) is not None


@pytest.mark.parametrize(("action", "depth"), [("update", 1), ("push", 2), ("clear", 0)])
def test_a_submission_can_be_answered_with_another_view(action: str, depth: int) -> None:
    other = {**VIEW, "title": plain("Thanks")}
    with on_stage(reply=answering({"response_action": action, "view": other})) as stage:
        stage.workspace.submit(ANALYST, opened(stage), VALUES)
        shown = stage.workspace.open_view(ANALYST)
        assert len(stage.workspace.state.open_views.get(ANALYST, ())) == depth
        assert (shown or {}).get("title", {}).get("text") == ("Thanks" if depth else None)


def test_a_home_tab_is_published_for_one_person(stage: Stage) -> None:
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    first = stage.client.views_publish(user_id=ANALYST, view=home)
    stage.workspace.open_app(ANALYST, "home")
    event = next(e for e in stage.app.events(1) if e["type"] == "app_home_opened")
    assert event["view"]["id"] == first["view"]["id"]
    with pytest.raises(SlackApiError) as caught:
        stage.client.views_publish(user_id=ANALYST, view=home, hash="old")
    assert refused(caught.value) == "hash_conflict"


def test_a_view_is_updated_in_place(stage: Stage) -> None:
    view_id = opened(stage)
    stage.client.views_update(view_id=view_id, view={**VIEW, "title": plain("New")})
    shown = stage.workspace.open_view(ANALYST)
    assert shown is not None
    assert shown["title"]["text"] == "New"


def hook(stage: Stage) -> WebhookClient:
    stage.workspace.click(ANALYST, ACME, posted(stage, actions(button())), "a0")
    return WebhookClient(pressed(stage)["response_url"])


def test_a_response_url_answers_five_times(stage: Stage) -> None:
    answers = hook(stage)
    for number in range(5):
        assert answers.send(text=f"{number}").status_code == 200
    sixth = answers.send(text="6")
    assert sixth.status_code == 404
    assert json.loads(sixth.body)["error"] == "used_url"
    assert [m["text"] for m in stage.workspace.whispers(ANALYST, ACME)] == list("01234")


def test_a_response_url_lives_thirty_minutes(stage: Stage) -> None:
    answers = hook(stage)
    stage.clock.turn(1801)
    late = answers.send(text="late")
    assert json.loads(late.body)["error"] == "expired_url"


def test_a_response_url_speaks_to_all_replaces_and_deletes(stage: Stage) -> None:
    answers = hook(stage)
    answers.send(text="to all", response_type="in_channel")
    answers.send(text="instead", replace_original=True)
    assert [m["text"] for m in stage.workspace.messages(ACME)] == ["instead", "to all"]
    answers.send(delete_original=True)
    assert [m["text"] for m in stage.workspace.messages(ACME)] == ["to all"]


def test_a_response_url_keeps_to_the_limits(stage: Stage) -> None:
    refusal = hook(stage).send(text="x", blocks=[{"type": "nonsense"}])
    assert json.loads(refusal.body)["error"] == "invalid_blocks"
    assert stage.workspace.state.bot is BOT
