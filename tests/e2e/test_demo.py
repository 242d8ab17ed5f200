"""The newcomer's first minutes: one command, the chat page, the main job done and refused."""

import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from bot.commands.demo import PORT, _first_thread, _served, _workspace
from tests.unit.workspace.stage import FakeApp, listening

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
PATIENCE_MS = 15_000
GREW = """() => { window.lengths = new Set(); new MutationObserver(() => {
    const thread = document.querySelector('[data-testid=thread]');
    if (thread) window.lengths.add(thread.innerText.length);
}).observe(document.body, {subtree: true, childList: true, characterData: true}); }"""


def _command(*words: str, temporary: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "bot", "demo", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={"PATH": "/usr/bin:/bin", "TMPDIR": str(temporary), "HOME": str(temporary)},
    )


@dataclass
class Demo:
    """The running demo, and what it printed before it invited."""

    url: str
    printed: str
    temporary: Path
    process: "subprocess.Popen[str]"


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with tempfile.TemporaryDirectory() as folder:
        process = _command("--no-browser", temporary=Path(folder))
        assert process.stdout is not None
        printed = ""
        for line in process.stdout:
            printed += line
            if "#secops" in line:
                break
        found = ADDRESS.search(printed)
        assert found is not None, printed
        yield Demo(found.group(), printed, Path(folder), process)
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=20)


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": 1440, "height": 900})
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, demo: Demo) -> Iterator[Page]:
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(f"{error}"))
    opened.goto(demo.url)
    yield opened
    opened.close()
    assert problems == []


def ask(page: Page, channel: str, words: str) -> None:
    page.keyboard.press("Escape")
    page.get_by_test_id(f"channel-{channel}").click()
    box = page.get_by_test_id("composer")
    box.fill(f"@assist {words}")
    box.press("Enter")


def reply(page: Page, words: str) -> None:
    box = page.get_by_test_id("thread-composer")
    box.fill(words)
    box.press("Enter")


def test_the_terminal_alone_shows_the_main_job_done(demo: Demo) -> None:
    assert "none rejected" in demo.printed
    assert "what needs attention first?" in demo.printed
    assert "Fix the open SSH on web-7 first" in demo.printed
    assert "acme-customer-exports" in demo.printed
    assert "POST /" not in demo.printed, "no server's log"


@pytest.mark.browser
def test_a_question_streams_into_its_thread_with_cards_and_a_picture(page: Page) -> None:
    page.evaluate(GREW)
    ask(page, "acme-security", "what needs attention first?")
    thread = page.get_by_test_id("thread")
    expect(thread).to_contain_text("Fix the open SSH on web-7 first")
    expect(thread).to_contain_text("CRITICAL 99")
    expect(thread.get_by_text("Smallest cut: Remove port 22 from sg-web-admin")).to_be_visible()
    thread.get_by_role("button", name="Show graph").first.click()
    picture = thread.locator("img[alt*='web-7'][alt*='acme-customer-exports']")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") >= 1_000
    assert len(page.evaluate("[...window.lengths]")) > 3, "the answer grew, it did not pop up"


@pytest.mark.browser
def test_follow_ups_in_the_thread_are_understood(page: Page) -> None:
    ask(page, "acme-security", "show me the critical findings")
    thread = page.get_by_test_id("thread")
    expect(thread).to_contain_text("open critical findings")
    reply(page, "and the high ones?")
    expect(thread).to_contain_text("open high findings")
    reply(page, "the second one")
    expect(thread).to_contain_text("Reported by")


@pytest.mark.browser
def test_a_channel_that_is_nobodys_is_told_how_to_be_mapped(page: Page) -> None:
    ask(page, "random", "what needs attention first?")
    thread = page.get_by_test_id("thread")
    expect(thread).to_contain_text("This channel is not mapped to a tenant")
    expect(thread).to_contain_text("assist tenants map-channel slack/")
    expect(thread).not_to_contain_text("web-7")


@pytest.mark.browser
def test_another_tenants_findings_are_refused(page: Page) -> None:
    ask(page, "acme-security", "list the criticals of globex")
    thread = page.get_by_test_id("thread")
    expect(thread).to_contain_text("This channel is acme's.")
    expect(thread).not_to_contain_text("payments-node-3")


@pytest.mark.browser
def test_operators_see_every_tenant_and_go_on_about_one(page: Page) -> None:
    ask(page, "secops", "compare the tenants")
    thread = page.get_by_test_id("thread")
    for tenant in ("acme", "globex", "initech"):
        expect(thread.get_by_role("cell", name=tenant, exact=True)).to_be_visible()
    thread.get_by_role("button", name="First in globex").click()
    expect(thread).to_contain_text("Active threat on payments-node-3")
    reply(page, "same for initech")
    expect(thread).to_contain_text("Nothing critical or high is open in initech")


@pytest.mark.browser
def test_a_direct_message_is_about_a_tenant_that_its_person_chose(page: Page) -> None:
    page.get_by_test_id("channel-bot").click()
    box = page.get_by_test_id("composer")
    box.fill("any active threats?")
    box.press("Enter")
    thread = page.get_by_test_id("thread")
    expect(thread).to_contain_text("Whose findings is this about?")
    thread.get_by_role("button", name="globex", exact=True).click()
    expect(thread).to_contain_text("This conversation is about globex now.")
    expect(thread).to_contain_text("mining pool")


def test_once_prints_the_thread_and_says_whether_it_worked(tmp_path: Path) -> None:
    process = _command("--once", temporary=tmp_path)
    printed, _ = process.communicate(timeout=150)
    assert process.returncode == 0, printed
    assert "Fix the open SSH on web-7 first" in printed
    assert "[Show graph]" in printed
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"


def test_a_question_that_nobody_answers_is_a_failure_that_says_why(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with listening(FakeApp(reply=lambda _received: (500, {}, b""))) as app:
        workspace, _ = _workspace(app.url)
        _, answered = _first_thread(workspace, patience_s=0.2)
        workspace.close()
    assert not answered
    assert "No answer within 0 s; deliveries to the bot ended with http_error" in (
        capsys.readouterr().err
    )


def test_a_taken_port_is_an_error_that_says_what_to_type() -> None:
    workspace, _ = _workspace("http://127.0.0.1:9/slack/events")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(click.ClickException) as caught:
            _served(workspace, port)
    assert f"port {port} cannot be had (address already in use)" in caught.value.message
    assert f"assist demo --port {port + 1}" in caught.value.message


def test_without_a_port_the_usual_one_is_taken_or_else_a_free_one() -> None:
    workspace, _ = _workspace("http://127.0.0.1:9/slack/events")
    with ExitStack() as ending:
        first = _served(workspace, None)
        ending.callback(first.close)
        other, _ = _workspace("http://127.0.0.1:9/slack/events")
        second = _served(other, None)
        ending.callback(second.close)
        assert first.url != second.url
        assert not second.url.endswith(f":{PORT}")


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_an_early_end_is_a_good_end(tmp_path: Path, name: signal.Signals) -> None:
    process = _command("--once", temporary=tmp_path)
    assert process.stdout is not None
    printed = process.stdout.readline()
    assert "nothing leaves it" in printed
    process.send_signal(name)
    rest, _ = process.communicate(timeout=30)
    assert process.returncode == 130, rest
    assert "Stopped." in rest
    assert "Traceback" not in rest
    assert list(tmp_path.glob("assist-*")) == []


def test_ctrl_c_ends_it_and_leaves_nothing_behind(demo: Demo) -> None:
    demo.process.send_signal(signal.SIGINT)
    rest, _ = demo.process.communicate(timeout=20)
    assert demo.process.returncode == 0, rest
    assert "Traceback" not in rest
    assert "refused" not in rest, "the workspace took every card as it was"
    assert list(demo.temporary.glob("assist-*")) == []
