"""The page in headless Chromium, with a tiny bot behind it: what a person sees and can do."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from bot.workspace.server import WorkspaceServer, serve
from bot.workspace.workspace import Workspace
from tests.e2e.vendor_types import VendorTypes
from tests.e2e.workspace_bot import (
    HOSTILE,
    VERDICT,
    TinyBot,
    picture,
    reason_view,
    tiny_bot,
)
from tests.unit.workspace.stage import ACME, ANALYST, BOT, CHANNELS, OTHER, PEOPLE, TEAM

pytestmark = pytest.mark.browser

DESK, PHONE = (1440, 900), (400, 860)
PATIENCE_MS = 5_000


@dataclass
class Shown:
    """A page, and what is behind it."""

    page: Page
    workspace: Workspace
    server: WorkspaceServer
    bot: TinyBot
    problems: list[str]

    def ask(self, words: str = "@assist what needs attention first?") -> None:
        box = self.page.get_by_test_id("composer")
        box.fill(words)
        box.press("Enter")

    def answered(self) -> None:
        self.bot.hold.set()
        expect(self.page.get_by_role("button", name="Show graph")).to_be_visible()


def _elsewhere(url: str, home: str) -> list[str]:
    """A request that leaves the workspace's own server."""
    return [] if url.startswith((home, "about:")) else [url]


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One for all: each test's workspace has a port, and so an origin, of its own."""
    opened = browser.new_context()
    yield opened
    opened.close()


@pytest.fixture
def shown(context: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Shown]:
    width, height = getattr(request, "param", DESK)
    with tiny_bot() as bot:
        workspace = Workspace(
            PEOPLE,
            CHANNELS,
            team_id=TEAM,
            team_name="Demo",
            bot=BOT,
            clock=time.time,
            deliver_to=bot.url,
        )
        server = serve(workspace)
        bot.client.base_url = server.api_url
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.set_default_timeout(PATIENCE_MS)
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(f"{error}"))
        page.on(
            "console", lambda said: problems.append(said.text) if said.type == "error" else None
        )
        page.on(
            "request",
            lambda asked: problems.append(asked.url) if server.url not in asked.url else None,
        )
        try:
            page.goto(f"{server.url}/?as={ANALYST}#{ACME}")
            expect(page.get_by_test_id("composer")).to_be_visible()
            yield Shown(page, workspace, server, bot, problems)
            assert problems == []
        finally:
            page.close()
            workspace.wait_until_quiet(5)
            bot.finish()
            server.close()


def test_a_question_is_answered_in_a_thread_that_opens_and_grows(shown: Shown) -> None:
    page = shown.page
    shown.ask()
    thread = page.get_by_test_id("thread")
    expect(thread).to_be_visible()
    expect(thread.get_by_text("Fix the open SSH")).to_be_visible()
    expect(thread.get_by_text("Tracing paths from the internet")).to_be_visible()
    expect(thread.get_by_role("log")).to_have_attribute("aria-busy", "true")
    expect(page.get_by_role("button", name="Show graph")).to_have_count(0)
    shown.answered()
    expect(thread.get_by_text(VERDICT)).to_be_visible()
    expect(thread.get_by_role("table")).to_contain_text("233")
    expect(thread.get_by_text("CRITICAL 94")).to_be_visible()
    expect(page.get_by_test_id("replies")).to_contain_text("1 reply")
    expect(thread.get_by_role("log")).to_have_attribute("aria-busy", "false")
    expect(thread.get_by_test_id("steps").get_by_text("2 steps")).to_be_visible()
    expect(thread.get_by_text("Reading 912 findings")).to_be_hidden()
    expect(page).to_have_url(re.compile(rf"#{ACME}/\d+\.\d+$"))


def test_the_status_says_what_is_being_done(shown: Shown) -> None:
    page = shown.page
    shown.bot.client.token = "xoxb-wrong"  # the bot itself stays quiet
    root = shown.workspace.say(ANALYST, ACME, "hello")
    page.goto(f"{shown.server.url}/?as={ANALYST}#{ACME}/{root}")
    call = shown.workspace.api.call
    status = {"channel_id": ACME, "thread_ts": root, "status": "Reading 912 findings"}
    call("assistant.threads.setStatus", BOT.token, status)
    expect(page.get_by_test_id("status")).to_contain_text("Reading 912 findings")
    call("chat.postMessage", BOT.token, {"channel": ACME, "thread_ts": root, "text": "done"})
    expect(page.get_by_test_id("status")).to_be_hidden()


def test_a_mention_is_completed_and_enter_sends(shown: Shown) -> None:
    box = shown.page.get_by_test_id("composer")
    box.press_sequentially("@as")
    expect(shown.page.get_by_test_id("name-assist")).to_be_visible()
    box.press("Enter")
    expect(box).to_have_value("@assist ")
    box.press_sequentially("one")
    box.press("Shift+Enter")
    box.press_sequentially("two")
    expect(box).to_have_value("@assist one\ntwo")
    box.press("Enter")
    expect(box).to_have_value("")
    assert shown.workspace.messages(ACME)[0]["text"] == f"<@{BOT.user_id}> one\ntwo"


def test_what_is_written_before_the_page_is_ready_is_sent_when_it_is(shown: Shown) -> None:
    page = shown.page
    held: list[Route] = []
    page.route("**/ui/events*", lambda route: held.append(route))  # noqa: PLW0108 - it must be a function
    page.reload()
    box = page.get_by_test_id("composer")
    box.fill("early")
    box.press("Enter")
    expect(box).to_have_value("early")
    for route in held:
        route.continue_()
    expect(page.get_by_test_id("message").filter(has_text="early")).to_be_visible()
    expect(box).to_have_value("")


def test_a_name_that_is_begun_before_the_page_is_ready_is_offered_when_it_is(shown: Shown) -> None:
    page = shown.page
    held: list[Route] = []
    page.route("**/ui/events*", lambda route: held.append(route))  # noqa: PLW0108 - it must be a function
    page.reload()
    page.get_by_test_id("composer").press_sequentially("@as")
    for route in held:
        route.continue_()
    expect(page.get_by_test_id("name-assist")).to_be_visible()


def test_a_picture_comes_into_the_thread_and_can_be_enlarged(shown: Shown) -> None:
    page = shown.page
    shown.ask()
    shown.answered()
    page.get_by_role("button", name="Show graph").click()
    shown_picture = page.get_by_test_id("thread").get_by_test_id("picture")
    expect(shown_picture).to_be_visible()
    image = shown_picture.get_by_role("img")
    expect(image).to_have_attribute(
        "alt", "The path from the internet over web-7 to acme-customer-exports"
    )
    assert image.evaluate("image => image.naturalWidth") == 900
    shown_picture.click()
    expect(page.get_by_test_id("picture-dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("picture-dialog")).to_be_hidden()
    expect(page.get_by_test_id("thread")).to_be_visible()


def test_hostile_words_stay_words(shown: Shown) -> None:
    page = shown.page
    shown.ask()
    shown.answered()
    shown.workspace.say(ANALYST, ACME, HOSTILE)
    call = shown.workspace.api.call
    markdown = {"type": "markdown", "text": f"# {HOSTILE}\n\n| a |\n|---|\n| {HOSTILE} |"}
    for block in (
        {"type": "header", "text": {"type": "plain_text", "text": HOSTILE[:140]}},
        markdown,
    ):
        call("chat.postMessage", BOT.token, {"channel": ACME, "text": "x", "blocks": [block]})
    expect(page.get_by_test_id("message").filter(has_text="onerror")).to_have_count(4)
    assert page.title() == "#acme-security - Demo"
    assert page.locator("img[src='x'], main script, a[href^='javascript']").count() == 0
    assert page.locator(".mention.loud").count() == 0


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


def test_an_answer_in_several_messages_is_read_from_its_beginning(shown: Shown) -> None:
    page = shown.page
    page.set_viewport_size({"width": 1200, "height": 560})
    root = shown.workspace.say(ANALYST, ACME, "hello")
    post = shown.bot.client.chat_postMessage
    for number in range(3):
        post(channel=ACME, thread_ts=root, text=f"old {number}\n" * 12)
    page.goto(f"{shown.server.url}/?as={ANALYST}#{ACME}/{root}")
    # All at once: one that arrives while the thread opens is news, which leaves the view as it is.
    page.reload()
    thread = page.get_by_test_id("thread")
    expect(thread.get_by_text("old 2").first).to_be_in_viewport()
    box = page.get_by_test_id("thread-composer")
    box.fill("plan the fix")
    box.press("Enter")
    shown.bot.hold.set()
    expect(thread.get_by_role("button", name="Plan the fix")).to_have_count(1)
    shown.bot.client.files_upload_v2(
        file=picture(),
        filename="a.png",
        title="A path",
        alt_txt="A path",
        channel=ACME,
        thread_ts=root,
    )
    post(channel=ACME, thread_ts=root, text="The plan, to be approved.")
    plan = thread.get_by_text("The plan, to be approved.")
    expect(plan).to_be_attached()
    expect(thread.get_by_role("img", name="A path")).to_be_attached()
    expect(thread.get_by_text("plan the fix", exact=True)).to_be_in_viewport()
    expect(thread.get_by_text(VERDICT)).to_be_in_viewport()
    expect(plan).not_to_be_in_viewport()
    thread.get_by_test_id("below").click()
    expect(plan).to_be_in_viewport()
    expect(thread.get_by_test_id("below")).to_be_hidden()


def test_feedback_stays_pressed(shown: Shown) -> None:
    shown.ask()
    shown.answered()
    useful = shown.page.get_by_role("button", name="Useful", exact=True)
    useful.click()
    expect(useful).to_have_attribute("aria-pressed", "true")


def test_a_follow_up_in_the_thread_is_heard(shown: Shown) -> None:
    shown.ask()
    shown.answered()
    box = shown.page.get_by_test_id("thread-composer")
    box.fill("why?")
    box.press("Enter")
    expect(shown.page.get_by_role("button", name="Show graph")).to_have_count(2)
    assert shown.bot.asked[-1] == "why?"


def test_another_channel_shows_what_is_new_there(shown: Shown) -> None:
    page = shown.page
    other = page.get_by_test_id("channel-globex-security")
    expect(other).not_to_have_class(re.compile("unread"))
    call = shown.workspace.api.call
    call("chat.postMessage", BOT.token, {"channel": "C0GLOBEX", "text": "Digest"})
    expect(other).to_have_class(re.compile("unread"))
    other.click()
    expect(page.get_by_text("Digest")).to_be_visible()
    expect(other).not_to_have_class(re.compile("unread"))


def test_direct_messages_offer_prompts_and_a_home_tab(shown: Shown) -> None:
    page = shown.page
    page.get_by_test_id("channel-bot").click()
    prompt = page.get_by_test_id("prompt")
    expect(prompt).to_have_text("What can I ask?")
    page.get_by_test_id("tab-home").click()
    expect(page.get_by_test_id("home")).to_contain_text("58 criticals")
    page.get_by_test_id("tab-messages").click()
    prompt.click()
    expect(page.get_by_test_id("thread")).to_be_visible()
    shown.answered()
    assert shown.bot.asked == ["help"]


def test_an_empty_channel_offers_questions(shown: Shown) -> None:
    page = shown.page
    page.get_by_role("button", name="What is public?").click()
    expect(page.get_by_test_id("thread")).to_be_visible()
    shown.answered()
    assert shown.bot.asked == [f"<@{BOT.user_id}> What is public?"]


def test_escape_closes_the_thread_and_a_link_opens_it_again(shown: Shown) -> None:
    page = shown.page
    shown.ask()
    shown.answered()
    address = page.url
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("thread")).to_be_hidden()
    channel, root = address.split("#")[1].split("/")
    page.goto("about:blank")
    page.goto(shown.server.thread_url(channel, root, ANALYST))
    expect(page.get_by_test_id("thread").get_by_text(VERDICT)).to_be_visible()


def test_an_address_without_a_place_shows_the_newest_thread(shown: Shown) -> None:
    page = shown.page
    shown.ask()
    shown.answered()
    page.goto("about:blank")
    page.goto(shown.server.url)
    expect(page.get_by_test_id("thread").get_by_text(VERDICT)).to_be_visible()


def test_a_message_that_the_bot_did_not_take_says_so(shown: Shown) -> None:
    page = shown.page
    delivery = shown.workspace._delivery
    port, delivery._port = delivery._port, 1
    shown.ask("@assist are you there?")
    trouble = page.get_by_test_id("thread").get_by_test_id("trouble")
    expect(trouble).to_contain_text("@assist cannot be reached")
    expect(trouble).to_contain_text("sent again in 1 min")
    delivery._port = port
    delivery.close()


def test_a_workspace_that_is_gone_is_said_to_be_and_found_again(shown: Shown) -> None:
    page = shown.page
    page.evaluate("window.scrollTo(0, 0)")
    shown.ask("hello")
    expect(page.get_by_text("hello")).to_be_visible()
    page.route("**/ui/**", lambda route: route.abort())
    shown.workspace.state.close()  # ends the stream of events as a stopped server does
    connection = page.get_by_test_id("connection")
    expect(connection).to_have_text("Reconnecting")
    shown.ask("are you there?")
    expect(page.get_by_role("alert").filter(has_text="not reachable")).to_be_visible()
    expect(page.get_by_test_id("composer")).to_have_value("are you there?")
    shown.workspace.state.closed = False
    page.unroute("**/ui/**")
    expect(connection).to_be_hidden(timeout=10_000)
    shown.problems.clear()  # the browser complains of every request that it could not make


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
