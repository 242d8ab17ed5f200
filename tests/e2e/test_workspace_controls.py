"""The page's controls in headless Chromium: modals, keys, names, sizes, and who sees what."""

from typing import Literal

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.vendor_types import VendorTypes
from tests.e2e.workspace_bot import VERDICT, reason_view
from tests.e2e.workspace_stage import DESK, PHONE, Shown
from tests.unit.workspace.stage import ACME, ANALYST, OTHER

pytestmark = pytest.mark.browser


def test_a_name_that_is_begun_before_the_page_is_ready_is_offered_when_it_is(shown: Shown) -> None:
    page = shown.page
    held: list[Route] = []
    page.route("**/ui/events*", lambda route: held.append(route))  # noqa: PLW0108 - it must be a function
    page.reload()
    page.get_by_test_id("composer").press_sequentially("@as")
    for route in held:
        route.continue_()
    expect(page.get_by_test_id("name-assist")).to_be_visible()


def test_a_whisper_is_seen_by_the_one_who_pressed_alone(shown: Shown) -> None:
    page = shown.page
    shown.ask()
    shown.answered()
    page.get_by_role("button", name="Why the first?").click()
    whisper = page.get_by_text("Only the one who pressed sees this.")
    expect(whisper).to_be_visible()
    expect(page.get_by_text("Only visible to you")).to_be_visible()
    page.get_by_test_id("person").select_option(OTHER)
    expect(page.get_by_role("button", name="Show graph")).to_be_visible()
    expect(whisper).to_be_hidden()


def test_a_modal_asks_first_shows_errors_and_closes(shown: Shown) -> None:
    page = shown.page
    shown.ask()
    shown.answered()
    page.get_by_role("button", name="Plan the fix").click()
    expect(page.get_by_test_id("confirm")).to_contain_text("Nothing is changed yet.")
    page.get_by_test_id("confirm-yes").click()
    modal = page.get_by_test_id("modal")
    reason = modal.get_by_label("Reason")
    expect(reason).to_be_focused()
    expect(reason).to_have_attribute("aria-required", "true")
    modal.get_by_test_id("modal-submit").click()
    expect(reason).to_have_accessible_description("Please complete this required field.")
    reason.fill("no")
    modal.get_by_test_id("modal-submit").click()
    expect(modal.get_by_role("alert").filter(has_text="few words")).to_be_visible()
    expect(reason).to_have_attribute("aria-invalid", "true")
    expect(reason).to_be_focused()
    reason.fill("it ends the path")
    modal.get_by_test_id("modal-submit").click()
    expect(modal).to_be_hidden()


def test_what_was_typed_stays_when_the_app_changes_the_modal(shown: Shown) -> None:
    page = shown.page
    shown.ask()
    shown.answered()
    page.get_by_role("button", name="Plan the fix").click()
    page.get_by_test_id("confirm-yes").click()
    modal = page.get_by_test_id("modal")
    modal.get_by_label("Reason").fill("it ends the path")
    (view_id,) = shown.workspace.state.open_views[ANALYST]
    changed = {**reason_view(), "submit": {"type": "plain_text", "text": "Plan it now"}}
    shown.bot.client.views_update(view_id=view_id, view=changed)
    expect(modal.get_by_role("button", name="Plan it now")).to_be_visible()
    expect(modal.get_by_label("Reason")).to_have_value("it ends the path")


def test_what_is_typed_into_a_card_goes_with_the_press_and_survives_its_rewriting(
    shown: Shown,
) -> None:
    page = shown.page
    root = shown.workspace.say(ANALYST, ACME, "hello")
    page.goto(f"{shown.server.url}/?as={ANALYST}#{ACME}/{root}")
    reason = reason_view()["blocks"]
    reject = {"type": "plain_text", "text": "Reject"}
    row = {"type": "actions", "elements": [{"type": "button", "action_id": "no", "text": reject}]}
    post, update = shown.bot.client.chat_postMessage, shown.bot.client.chat_update
    ts = post(channel=ACME, thread_ts=root, text="Plan", blocks=[*reason, row])["ts"]
    card = page.get_by_test_id("thread").locator(f"[data-ts='{ts}']")
    card.get_by_label("Reason").press_sequentially("not during")
    heading = {"type": "header", "text": {"type": "plain_text", "text": "1 of 2 approved"}}
    update(channel=ACME, ts=ts, text="Plan", blocks=[heading, *reason, row])
    expect(card.get_by_role("heading")).to_have_text("1 of 2 approved")
    expect(card.get_by_label("Reason")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.type(" the sale")
    card.get_by_role("button", name="Reject").click()
    expect(page.get_by_text("Only the one who pressed sees this.")).to_be_visible()
    (pressed,) = shown.bot.pressed
    said = {"type": "plain_text_input", "value": "not during the sale"}
    assert pressed["state"]["values"] == {"why": {"reason": said}}


def test_feedback_stays_pressed(shown: Shown) -> None:
    shown.ask()
    shown.answered()
    useful = shown.page.get_by_role("button", name="Useful", exact=True)
    useful.click()
    expect(useful).to_have_attribute("aria-pressed", "true")


def test_the_tabs_of_the_app_go_by_arrow_keys(shown: Shown) -> None:
    page = shown.page
    page.get_by_test_id("channel-bot").click()
    page.get_by_test_id("tab-messages").press("ArrowRight")
    expect(page.get_by_test_id("tab-home")).to_be_focused()
    expect(page.get_by_test_id("home")).to_contain_text("58 criticals")


def test_everything_can_be_done_from_the_keyboard(shown: Shown) -> None:
    page = shown.page
    shown.ask()
    shown.answered()
    page.get_by_test_id("thread-composer").focus()
    for _ in range(20):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.textContent") == "Show graph":
            break
    page.keyboard.press("Enter")
    shown_picture = page.get_by_test_id("thread").get_by_test_id("picture")
    expect(shown_picture).to_be_visible()
    shown_picture.press("Enter")
    expect(page.get_by_test_id("picture-dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(shown_picture).to_be_focused()


@pytest.mark.parametrize(
    ("shown", "scheme"),
    [(DESK, "light"), (PHONE, "dark")],
    indirect=["shown"],
    ids=["a light desk", "a dark phone"],
)
def test_the_page_keeps_to_the_rules_of_accessibility(
    shown: Shown, vendor: VendorTypes, scheme: Literal["light", "dark"]
) -> None:
    page = shown.page
    page.emulate_media(color_scheme=scheme)
    expect(page.locator("#channel-name")).to_contain_text("acme-security")
    page.evaluate(f"{vendor.accessibility}; 0")

    def broken() -> list[tuple[str, str]]:
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]]

    assert broken() == []
    shown.ask()
    expect(page.get_by_test_id("thread").get_by_text("Fix the open SSH")).to_be_visible()
    assert broken() == []
    shown.answered()
    page.get_by_role("button", name="Show graph").click()
    picture_shown = page.get_by_test_id("thread").get_by_test_id("picture")
    expect(picture_shown).to_be_visible()
    assert broken() == []
    page.get_by_role("button", name="Plan the fix").click()
    page.get_by_test_id("confirm-yes").click()
    page.get_by_test_id("modal").get_by_test_id("modal-submit").click()
    expect(page.get_by_test_id("modal").get_by_role("alert").first).to_be_visible()
    assert broken() == []


def test_everything_that_can_be_pressed_has_a_name(shown: Shown) -> None:
    shown.ask()
    shown.answered()
    unnamed = shown.page.evaluate(
        """() => [...document.querySelectorAll('button, a[href], select, textarea, input')]
        .filter((node) => node.checkVisibility())
        .filter((node) => !(node.getAttribute('aria-label') || node.labels?.length
            || node.textContent.trim()))
        .map((node) => node.outerHTML)"""
    )
    assert unnamed == []


@pytest.mark.parametrize("shown", [PHONE], indirect=True)
def test_a_phone_shows_one_thing_at_a_time_and_the_verdict_first(shown: Shown) -> None:
    page = shown.page
    expect(page.get_by_role("navigation")).to_be_hidden()
    opener = page.get_by_role("button", name="Open the channel list")
    opener.click()
    expect(page.get_by_test_id("honest")).to_be_visible()
    expect(page.get_by_role("button", name="Close the channel list")).to_be_focused()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    shown.ask()
    shown.answered()
    expect(page.get_by_test_id("composer")).to_be_hidden()
    expect(page.get_by_text(VERDICT)).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    page.get_by_role("button", name="Back to the channel").click()
    expect(page.get_by_test_id("composer")).to_be_visible()
