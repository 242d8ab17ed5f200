"""The page in headless Chromium: questions, threads, answers and what befalls them."""

import re

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.workspace_bot import HOSTILE, VERDICT, picture
from tests.e2e.workspace_stage import Shown
from tests.unit.workspace.stage import ACME, ANALYST, BOT

pytestmark = pytest.mark.browser


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
