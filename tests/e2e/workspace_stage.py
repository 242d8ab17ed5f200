"""The page in headless Chromium, with a tiny bot behind it, as a test finds it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from bot.workspace.server import WorkspaceServer, serve
from bot.workspace.workspace import Workspace
from tests.e2e.workspace_bot import TinyBot, tiny_bot
from tests.unit.workspace.stage import ACME, ANALYST, BOT, CHANNELS, PEOPLE, TEAM

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
