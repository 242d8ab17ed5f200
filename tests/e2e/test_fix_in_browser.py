"""The whole of a fix in the chat page: planned, refused, approved twice, proven, undone."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from bot.commands.demo import _Running, _running
from infra.local.acme import SHOP
from integrations.settings import Settings
from tests.demo import beside

pytestmark = pytest.mark.browser

PATIENCE_MS = 45_000
GROUP = "sg-0a1webadmin"


@pytest.fixture(scope="module")
def demo() -> Iterator[_Running]:
    with (
        tempfile.TemporaryDirectory() as folder,
        _running(Settings(state=Path(folder)), 0) as running,
    ):
        running.emulated.wait()
        yield running


@pytest.fixture
def page(browser: Browser, demo: _Running) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    opened.goto(demo.server.url)
    yield opened
    context.close()


def as_person(page: Page, user: str) -> None:
    """Be somebody else in the workspace."""
    page.get_by_test_id("person").select_option(user)
    face = page.locator("#person-face")
    expect(face).to_have_attribute("data-letters", f"O{user[-1]}", timeout=PATIENCE_MS)


def ask(page: Page, words: str) -> Locator:
    """Ask in acme's channel; the thread that opens."""
    page.keyboard.press("Escape")
    page.get_by_test_id("channel-acme-security").click()
    box = page.get_by_test_id("composer")
    box.fill(f"@assist {words}")
    box.press("Enter")
    return page.get_by_test_id("thread")


def test_an_open_group_is_closed_by_approval_proven_and_opened_again(
    page: Page, demo: _Running
) -> None:
    before = demo.emulated.state(SHOP)
    thread = ask(page, "what needs attention first?")
    expect(thread).to_contain_text("Fix the open SSH on web-7 first", timeout=PATIENCE_MS)
    thread.get_by_role("button", name="Plan the fix").first.click()

    title = page.get_by_role("heading", name="Close SSH to the internet on sg-web-admin")
    card = thread.get_by_test_id("message").filter(has=title)
    expect(card).to_contain_text("2 approvers needed", timeout=PATIENCE_MS)
    expect(card).to_contain_text(f"ec2:RevokeSecurityGroupIngress {GROUP} (IpPermissions: ")
    expect(card).to_contain_text("FromPort 22, ToPort 22, IpRanges CidrIp 0.0.0.0/0)")
    expect(card).to_contain_text("tcp 22 from 0.0.0.0/0")
    expect(thread.locator("img[alt*='sg-web-admin is changed']")).to_be_visible()
    assert demo.emulated.state(SHOP) == before, "planning changes nothing"

    card.get_by_role("button", name="Approve").click()
    expect(thread).to_contain_text("You asked for this fix, so someone else must approve it")

    for count, name in enumerate(("U0ONCALL01", "U0ONCALL02"), start=1):
        as_person(page, name)
        card.get_by_label("Reason").fill(f"seen by {name}")
        card.get_by_role("button", name="Approve").click()
        expect(card).to_contain_text(f"{count} of 2", timeout=PATIENCE_MS)
    expect(card).to_contain_text("Fixed and proven", timeout=PATIENCE_MS)
    expect(card).to_contain_text("tcp 22 from 0.0.0.0/0 is gone.")
    expect(card.get_by_role("button", name="Approve")).to_have_count(0)

    fixed = demo.emulated.state(SHOP)
    assert beside(fixed) != beside(before)
    assert beside(fixed, GROUP) == beside(before, GROUP), "nothing else changed"

    again = ask(page, "what needs attention first?")
    expect(again).to_contain_text("coupon-preview", timeout=PATIENCE_MS)
    expect(again).not_to_contain_text("Internet → web-7")
    drawn = ask(page, "show the graph of sg-web-admin").get_by_test_id("picture")
    expect(drawn).to_be_visible(timeout=PATIENCE_MS)
    assert "internet" not in (drawn.get_attribute("aria-label") or "").casefold()

    page.keyboard.press("Escape")
    page.get_by_test_id("channel-acme-security").click()
    page.get_by_test_id("replies").first.click()
    card = page.get_by_test_id("thread").get_by_test_id("message").filter(has=title)
    for name in ("U0ONCALL02", "U0ONCALL01"):
        as_person(page, name)
        card.get_by_label("Reason").fill("the bastion needs it")
        card.get_by_role("button", name="Undo").click()
        asked = page.locator("#confirm")
        expect(asked).to_contain_text("Put back: tcp 22 from 0.0.0.0/0")
        expect(asked).to_contain_text("The exposure comes back")
        page.get_by_test_id("confirm-yes").click()
        if name == "U0ONCALL02":
            expect(card).to_contain_text("1 of 2 approvers want it undone", timeout=PATIENCE_MS)
    expect(card).to_contain_text("Undone and proven", timeout=PATIENCE_MS)
    assert beside(demo.emulated.state(SHOP)) == beside(before), "the account is as it was"
    back = ask(page, "what needs attention first?")
    expect(back).to_contain_text("Fix the open SSH on web-7 first", timeout=PATIENCE_MS)
