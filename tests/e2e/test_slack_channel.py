"""Every method of the Slack channel and its stream, against the simulated workspace."""

from collections.abc import Iterator
from typing import Any

import pytest

from agent.assistant import Answer, StepState
from bot.cards import reply_for
from bot.messages import Actions, Button, Item, Picture, Prose, Reply
from bot.slack.calls import SlackRefusedError
from bot.slack.posting import post
from bot.slack.stream import SlackStream
from bot.workspace.limits import SLACK_RATES, Limits
from integrations.errors import UnavailableError
from tests.e2e.slack_stage import ACME, ANALYST, OTHER, TEAM, Stage, on_stage
from tests.unit.cards.story import NOW, an_exposure, exposures

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
    b"\x1f\x15\xc4\x89\x00\x00\x00\nIDATx\x9cc\x00\x01\x00\x00\x05\x00\x01\r\n-\xb4\x00\x00\x00"
    b"\x00IEND\xaeB`\x82"
)
SAID = Reply(plain="All is well.", parts=(Prose(text="All is **well**."),))


@pytest.fixture
def stage() -> Iterator[Stage]:
    with on_stage() as ready:
        yield ready


def shown(message: dict[str, Any]) -> str:
    """Everything readable in a message, its blocks' text in order."""
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("text"), str):
                found.append(value["text"])
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(message.get("blocks", []))
    return "".join(found)


def test_an_answer_streams_with_its_steps_and_ends_with_its_cards(stage: Stage) -> None:
    root = stage.ask()
    channel = stage.channel(root)
    channel.status("Reading 912 findings")
    assert stage.workspace.status(ACME, root) == "Reading 912 findings"
    stream = channel.stream()
    stream.step("1", "Reading 912 findings", StepState.RUNNING)
    stream.step("1", "Reading 912 findings", StepState.DONE)
    for piece in ("Fix the open ", "SSH on `we", "b-7` first: ", "it **com", "pletes** a path."):
        stream.text(piece)
    answer = Answer(text="Fix the open SSH", views=(exposures(an_exposure()),))
    stream.finish(reply_for(answer, now=NOW))
    (message,) = stage.thread(root)
    said = shown(message)
    assert "Fix the open SSH on `web-7` first: it **completes** a path." in said
    assert "CRITICAL 94" in said
    assert "Show graph" in said
    assert message["streaming_state"] == "completed"
    assert stage.workspace.status(ACME, root) == ""


def test_a_stream_without_text_still_ends(stage: Stage) -> None:
    root = stage.ask()
    stage.channel(root).stream().finish(Reply(plain="Nothing to say."))
    (message,) = stage.thread(root)
    assert "Nothing to say." in shown(message) + message["text"]


def test_a_stream_that_slack_ended_loses_nothing(stage: Stage) -> None:
    root = stage.ask()
    stream = stage.channel(root).stream()
    stream.step("1", "Reading", StepState.RUNNING)
    stream.text("The first half of a long answer, long enough to have been sent at once. ")
    stream.text("And some more of it that went out as well, before the pause. ")
    stage.advance(400)
    stream.text("The second half, after five minutes. ")
    stream.finish(SAID)
    (message,) = stage.thread(root)
    said = shown(message)
    assert said.count("The first half") == 1
    assert "The second half, after five minutes." in said
    assert "well" in said


def test_a_withdrawn_text_is_gone_at_once_and_what_replaces_it_has_the_cards(
    stage: Stage,
) -> None:
    root = stage.ask()
    stream = stage.channel(root).stream()
    stream.step("1", "Reading", StepState.RUNNING)
    stream.text("There are 4,711 criticals, which is not what any tool had answered. ")
    stream.replace("There are 29 criticals.")
    (message,) = stage.thread(root)
    assert "4,711" not in shown(message)
    stream.text(" They are old.")
    stream.finish(SAID)
    (message,) = stage.thread(root)
    said = shown(message)
    assert "There are 29 criticals. They are old." in said
    assert "4,711" not in said + message["text"]
    assert "well" in said


def test_a_text_withdrawn_before_it_was_sent_was_never_seen(stage: Stage) -> None:
    root = stage.ask()
    stream = stage.channel(root).stream()
    stream.text("Wrong. ")
    stream.replace("Right.")
    stream.finish(SAID)
    (message,) = stage.thread(root)
    assert "Right." in shown(message)
    assert "Wrong." not in shown(message) + message["text"]


def test_cards_that_do_not_fit_go_on_in_a_second_message(stage: Stage) -> None:
    root = stage.ask()
    items = tuple(
        Item(
            number=n,
            mark="HIGH",
            title=f"thing {n} " + "x" * 100,
            buttons=(Button(label="Explain", action="ask", value=f"explain {n}"),),
        )
        for n in range(60)
    )
    stream = stage.channel(root).stream()
    stream.text("Sixty things.")
    stream.finish(Reply(plain="Sixty things.", parts=items))
    first, second = stage.thread(root)
    assert "thing 0 " in shown(first)
    assert " more" in shown(second)


def test_a_post_is_found_by_the_id_it_answers(stage: Stage) -> None:
    root = stage.ask()
    ts = stage.channel(root).post(SAID)
    (message,) = stage.thread(root)
    assert message["ts"] == ts
    assert message["text"] == "All is well."


def test_a_whisper_is_seen_by_one_person_only(stage: Stage) -> None:
    root = stage.ask()
    stage.channel(root).whisper(SAID)
    assert stage.thread(root) == []
    assert [w["text"] for w in stage.workspace.whispers(ANALYST, ACME)] == ["All is well."]
    assert stage.workspace.whispers(OTHER, ACME) == []


def test_a_picture_lies_in_the_thread_with_its_words(stage: Stage) -> None:
    root = stage.ask()
    alt = "Four hops from the internet to customer data."
    stage.channel(root).picture(Picture(png=PNG, title="Path to <!channel> exports", alt=alt))
    (message,) = stage.thread(root)
    (file,) = message["files"]
    assert stage.workspace.file(file["id"]) == PNG
    assert file["name"] == "path-to-channel-exports.png"
    assert file["alt_txt"] == alt


def test_members_of_a_channel_are_listed(stage: Stage) -> None:
    assert set(stage.channel("1.1").members(ACME)) >= {ANALYST, OTHER}


def test_what_slack_refuses_for_good_is_said(stage: Stage) -> None:
    with pytest.raises(SlackRefusedError, match="channel_not_found"):
        stage.channel("1.1", channel="C0NOWHERE").post(SAID)


def test_a_missing_status_line_does_not_stop_an_answer(stage: Stage) -> None:
    stage.channel("1.1", channel="C0NOWHERE").status("Reading")


def test_where_slack_has_no_streams_the_answer_comes_as_a_message(stage: Stage) -> None:
    root = stage.ask()
    stream = stage.channel(root, user="").stream()
    stream.step("1", "Reading", StepState.RUNNING)
    stream.text("Fix `web-7` first. ")
    stream.finish(SAID)
    (message,) = stage.thread(root)
    assert "Fix `web-7` first." in shown(message)
    assert "well" in shown(message)


def test_cards_that_slack_refuses_leave_the_text(stage: Stage) -> None:
    root = stage.ask()
    place = stage.channel(root).place
    post(stage.client, place, "The verdict.", [{"type": "nonsense"}])
    (message,) = stage.thread(root)
    assert message["text"] == "The verdict."


def test_a_stream_whose_cards_are_refused_still_ends_with_its_text(stage: Stage) -> None:
    root = stage.ask()
    stream = SlackStream(stage.client, stage.channel(root).place, TEAM)
    stream.text("The verdict, long enough to have been sent before the cards were looked at. ")
    stream._finish_stream(stream._begin_or_go_on(), SAID, [{"type": "nonsense"}])
    messages = stage.thread(root)
    assert all(m.get("streaming_state") != "streaming" for m in messages)
    assert any("The verdict" in shown(m) for m in messages)


def test_a_slack_that_does_not_answer_may_be_tried_again() -> None:
    with on_stage() as stage:
        channel = stage.channel("1.1")
    with pytest.raises(UnavailableError):
        channel.post(SAID)


def test_an_answer_keeps_to_slacks_own_rates() -> None:
    with on_stage(SLACK_RATES) as stage:
        stage.client.retry_handlers.clear()  # a 429 would be an error
        root = stage.ask()
        channel = stage.channel(root)
        channel.status("Reading 912 findings")
        stream = channel.stream()
        for step in range(4):
            stream.step(f"{step}", "Reading", StepState.RUNNING)
            stream.step(f"{step}", "Reading", StepState.DONE)
        for number in range(200):
            stream.text(f"word {number}, ")
        stream.finish(SAID)
        channel.picture(Picture(png=PNG, title="A path", alt="A path"))
        answer, _picture = stage.thread(root)
    assert "word 199," in shown(answer)
    assert "well" in shown(answer)


def test_a_rate_limit_is_waited_out() -> None:
    limits = Limits(posts_burst=1, posts_per_s=2.0)
    with on_stage(limits) as stage:
        root = stage.ask()
        channel = stage.channel(root)
        channel.post(SAID)
        channel.post(SAID)
        assert len(stage.thread(root)) == 2


def test_hostile_text_stays_text(stage: Stage) -> None:
    root = stage.ask()
    bad = "<!channel> <@U0ANALYST2> [x](https://evil.example/p) @here"
    stream = stage.channel(root).stream()
    stream.text(bad)
    stream.finish(
        Reply(
            plain=bad,
            parts=(
                Prose(text=bad),
                Item(number=1, mark="HIGH", title=bad, lines=(bad,)),
                Actions(buttons=(Button(label=bad, action="ask", value=bad),)),
            ),
        )
    )
    stage.channel(root).post(Reply(plain=bad))
    for message in stage.thread(root):
        assert "<!" not in message["text"]
        assert "<@" not in message["text"]
        kinds = {e.get("type") for e in _elements(message.get("blocks", []))}
        assert not kinds & {"link", "user", "broadcast", "mrkdwn"}


def _elements(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _elements(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _elements(inner)
