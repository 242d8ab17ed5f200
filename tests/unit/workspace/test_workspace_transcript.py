"""The thread in a terminal."""

from slack_sdk.models.messages.chunk import TaskUpdateChunk

from bot.workspace.transcript import transcript
from tests.e2e.workspace_bot import WORDS, cards
from tests.unit.workspace.stage import ACME, ANALYST, Stage
from tests.unit.workspace.test_workspace_rules import plain, table


def answered(stage: Stage) -> str:
    root = stage.workspace.say(ANALYST, ACME, "@assist what needs attention first?")
    stream = stage.stream(root, task_display_mode="plan")
    stream.append(chunks=[TaskUpdateChunk(id="1", title="Reading 912 findings", status="complete")])
    stream.append(markdown_text=WORDS)
    stream.stop(blocks=cards())
    return root


def test_a_thread_reads_as_it_does_on_the_page(stage: Stage) -> None:
    said = transcript(stage.workspace, ACME, answered(stage), width=80)
    assert said.startswith("analyst-1  ")
    for words in (
        "@assist what needs attention first?",
        "✓ Reading 912 findings",
        "Fix the open SSH on web-7 first",
        "- SSH is open to 0.0.0.0/0 for 41 days",
        "see the control",
        "(https://example.com/EC2.13)",
        "high       233   11",
        "1.  🔴 CRITICAL 94",
        "[Show graph]  [Plan the fix]  [Why the first?]",
        "From 912 open findings",
    ):
        assert words in said
    assert "**" not in said
    assert "\x1b" not in said


def test_lines_keep_to_the_width(stage: Stage) -> None:
    said = transcript(stage.workspace, ACME, answered(stage), width=60)
    lines = [line for line in said.split("\n") if "onerror" not in line]  # one word of 74
    assert max(map(len, lines)) <= 60


def test_colour_comes_only_when_asked_for(stage: Stage) -> None:
    said = transcript(stage.workspace, ACME, answered(stage), colour=True)
    assert "\x1b[1mFix the open SSH" in said
    assert said.count("\x1b[1m") + said.count("\x1b[2m") == said.count("\x1b[0m")


def test_nothing_said_steers_the_terminal(stage: Stage) -> None:
    root = stage.root("hello \x1b[2J\x07 \u202eworld")
    blocks = [{"type": "header", "text": plain("\x1b]0;owned\x07title")}, table(2, 2, "a\x1b[31m")]
    stage.client.chat_postMessage(channel=ACME, thread_ts=root, text="x", blocks=blocks)
    said = transcript(stage.workspace, ACME, root)
    assert not {"\x1b", "\x07", "\u202e"} & set(said)
    assert "title" in said


def test_a_picture_is_told_in_words(stage: Stage) -> None:
    root = stage.root()
    stage.client.files_upload_v2(
        file=b"\x89PNG\r\n\x1a\n",
        filename="a.png",
        title="A path",
        alt_txt="Four hops",
        channel=ACME,
        thread_ts=root,
    )
    assert "[picture] A path: Four hops" in transcript(stage.workspace, ACME, root)
