"""Who may see what in which channel, and that every answer is ended."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from typing_extensions import override

from agent.approval import Refusal
from agent.assistant import AnswerEvent, Assistant, Question, TextDelta
from agent.offline_model import OfflineModel
from agent.settings import Settings as AgentSettings
from agent.strands_assistant import StrandsAssistant
from bot.conversation import FAILED, Conversation
from bot.messages import Actions, Button, Click, Incoming, Place
from bot.picture.drawing import draw
from infra.local import story
from integrations.connect import Connections
from integrations.errors import SecurityAssistError
from integrations.runbooks.catalogue import ShippedRemedies
from integrations.settings import Settings
from integrations.tenants.port import Binding, ChannelKey, Environment, Tenant
from tests.demo import channel_key
from tests.recording_channel import RecordingChannel

ANALYST = story.PEOPLE[0].id
FIRST = "what needs attention first?"


class Stage:
    """A conversation over an estate, and threads to have it in."""

    def __init__(
        self, estate: Connections, folder: Path, assistant: Assistant | None = None
    ) -> None:
        # Channels chosen in direct messages are remembered: not in the estate that suites share.
        self.own = Connections(Settings(state=folder))
        for tenant in estate.tenants():
            self.own.directory.put(tenant)
        for binding in estate.directory.bindings():
            self.own.directory.bind(binding)
        self.memory = self.own.conversations()
        self.refusal: Refusal | None = None
        self.conversation = Conversation(
            self.own.directory,
            estate,
            assistant
            or StrandsAssistant(OfflineModel(), self.memory, ShippedRemedies(), AgentSettings()),
            self.memory,
            draw,
            time.time,
            lambda _: self.refusal,
        )

    def channel(
        self, key: ChannelKey, *, direct: bool = False, **members: Sequence[str]
    ) -> RecordingChannel:
        place = Place(
            key=key, thread="1.0", user=ANALYST, user_workspace=story.WORKSPACE, direct=direct
        )
        return RecordingChannel(place, members)

    def say(self, channel: RecordingChannel, text: str = FIRST, *, foreign: bool = False) -> str:
        incoming = Incoming(place=channel.place, text=text, message_id="1.0", foreign=foreign)
        self.conversation.on_message(incoming, channel)
        return channel.said

    def press(
        self, channel: RecordingChannel, action: str, value: str, *, foreign: bool = False
    ) -> str:
        click = Click(
            place=channel.place, action=action, value=value, message_id="1.0", foreign=foreign
        )
        self.conversation.on_click(click, channel)
        return channel.said


@pytest.fixture
def stage(estate: Connections, tmp_path: Path) -> Iterator[Stage]:
    made = Stage(estate, tmp_path)
    yield made
    made.own.close()


def buttons(channel: RecordingChannel) -> list[Button]:
    parts = [part for reply in channel.posted for part in reply.parts]
    return [button for part in parts if isinstance(part, Actions) for button in part.buttons]


def direct(stage: Stage, *channels: str) -> RecordingChannel:
    """A direct message by somebody who is in these channels."""
    made = stage.channel(ChannelKey("slack", story.WORKSPACE, "D0ANALYST"), direct=True)
    made.in_channels = {channel_key(name).channel: [ANALYST] for name in channels}
    return made


def test_a_question_is_answered_with_the_channels_tenants_data(stage: Stage) -> None:
    channel = stage.channel(channel_key("acme-security"))
    assert "web-7" in stage.say(channel)
    assert [len(stream.finished) for stream in channel.streams] == [1]


def test_a_channel_that_is_mapped_to_nobody_is_told_the_command(stage: Stage) -> None:
    channel = stage.channel(ChannelKey("slack", story.WORKSPACE, "C0NOBODY"))
    said = stage.say(channel)
    assert f"assist tenants map-channel slack/{story.WORKSPACE}/C0NOBODY" in said
    assert channel.streams == []


def test_another_workspace_with_the_same_channel_id_is_mapped_to_nobody(stage: Stage) -> None:
    theirs = channel_key("acme-security")._replace(workspace="T0OTHER")
    assert "not mapped" in stage.say(stage.channel(theirs))


def test_another_tenant_is_refused_and_nothing_of_it_is_said(stage: Stage) -> None:
    said = stage.say(stage.channel(channel_key("acme-security")), "list globex criticals")
    assert "This channel is acme's" in said
    assert "payments" not in said


def test_a_foreign_person_is_answered_nothing_that_others_see(stage: Stage) -> None:
    channel = stage.channel(channel_key("acme-security"))
    assert stage.say(channel, foreign=True) == ""
    assert stage.press(channel, "ask", FIRST, foreign=True) == ""
    assert len(channel.whispered) == 2


def test_a_guest_can_neither_ask_nor_have_a_fix_proposed(stage: Stage) -> None:
    stage.refusal = Refusal("guest", "Guests are not served.")
    channel = stage.channel(channel_key("acme-security"))
    assert stage.say(channel, "fix the open SSH on web-7") == ""
    assert stage.press(channel, "ask", FIRST) == ""
    assert [reply.plain for reply in channel.whispered] == ["Guests are not served."] * 2


def test_a_button_asks_its_question_in_the_channel_where_it_is_pressed(stage: Stage) -> None:
    ours = stage.channel(channel_key("acme-security"))
    theirs = stage.channel(channel_key("globex-security"))
    assert "web-7" in stage.press(ours, "ask", FIRST)
    assert "web-7" not in stage.press(theirs, "ask", "show the graph of i-0a7web7")
    assert theirs.pictures == []


def test_a_picture_is_put_into_the_thread_with_what_it_finds_in_words(stage: Stage) -> None:
    channel = stage.channel(channel_key("acme-security"))
    stage.say(channel)
    stage.say(channel, "show me the graph of the first")
    (picture,) = channel.pictures
    assert picture.png.startswith(b"\x89PNG")
    assert "web-7" in picture.alt


def test_feedback_is_thanked_to_the_one_who_gave_it(stage: Stage) -> None:
    channel = stage.channel(channel_key("acme-security"))
    assert stage.press(channel, "feedback", "up") == ""
    assert len(channel.whispered) == 1


def test_the_bot_knows_the_threads_that_it_spoke_in_and_no_others(stage: Stage) -> None:
    channel = stage.channel(channel_key("acme-security"))
    assert not stage.conversation.knows(channel.place)
    stage.say(channel)
    assert stage.conversation.knows(channel.place)
    assert not stage.conversation.knows(replace(channel.place, thread="2.0"))
    elsewhere = stage.channel(channel_key("globex-security"))
    assert not stage.conversation.knows(elsewhere.place)


def test_a_direct_message_is_about_the_only_tenant_that_its_person_may_see(stage: Stage) -> None:
    assert "web-7" in stage.say(direct(stage, "acme-security"))


def test_choosing_a_tenant_answers_what_was_asked_before(stage: Stage) -> None:
    channel = direct(stage, "acme-security", "globex-security")
    stage.say(channel)
    stage.press(channel, "tenant", buttons(channel)[0].value)
    assert "This conversation is about acme now." in channel.said
    assert "web-7" in channel.said


def test_a_direct_message_asks_which_of_several_tenants(stage: Stage) -> None:
    channel = direct(stage, "acme-security", "globex-security")
    assert "web-7" not in stage.say(channel)
    assert [button.value.split("\n")[0] for button in buttons(channel)] == ["acme", "globex"]
    stage.press(channel, "tenant", "globex")
    assert "payments-node-3" in stage.say(channel)


def test_a_tenant_that_was_not_offered_cannot_be_chosen(stage: Stage) -> None:
    channel = direct(stage, "acme-security")
    stage.press(channel, "tenant", "globex")
    assert "yours to choose" in repr(channel.whispered)
    assert "payments" not in stage.say(channel)
    stage.press(channel, "tenant", "*")
    assert "payments" not in stage.say(channel, "compare the tenants")


def test_who_left_a_channel_sees_its_tenant_no_longer(stage: Stage) -> None:
    channel = direct(stage, "acme-security")
    assert "web-7" in stage.say(channel)
    left = direct(stage)
    said = stage.say(left)
    assert "web-7" not in said
    assert "none of the channels" in said


def test_a_tenant_cannot_be_chosen_in_a_channel(stage: Stage) -> None:
    channel = stage.channel(channel_key("acme-security"))
    channel.in_channels = {channel_key("globex-security").channel: [ANALYST]}
    stage.press(channel, "tenant", "globex")
    assert "payments" not in stage.say(channel)


class Breaks(Assistant):
    """Begins an answer and fails."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    @override
    def answer(self, question: Question) -> Iterator[AnswerEvent]:
        yield TextDelta("It is ")
        raise self._error


def test_a_known_failure_ends_the_answer_with_its_reason(
    estate: Connections, tmp_path: Path
) -> None:
    stage = Stage(estate, tmp_path, Breaks(SecurityAssistError("the findings' store is locked")))
    channel = stage.channel(channel_key("acme-security"))
    assert f"{FAILED}: the findings' store is locked" in stage.say(channel)
    stage.own.close()


def test_an_unknown_failure_ends_the_answer_without_its_words(
    estate: Connections, tmp_path: Path
) -> None:
    stage = Stage(estate, tmp_path, Breaks(RuntimeError("secret-host:9200 refused")))
    channel = stage.channel(channel_key("acme-security"))
    with pytest.raises(RuntimeError):
        stage.say(channel)
    assert [len(stream.finished) for stream in channel.streams] == [1]
    assert FAILED in channel.said
    assert "secret-host" not in channel.said
    stage.own.close()


def test_an_operators_channel_without_tenants_says_how_to_add_one(tmp_path: Path) -> None:
    with Connections(Settings(state=tmp_path)) as empty:
        key = ChannelKey("slack", "T1", "C1")
        empty.directory.bind(Binding(key, None))
        stage = Stage(empty, tmp_path / "own")
        assert "assist tenants add" in stage.say(stage.channel(key))
        stage.own.close()


def test_a_tenant_without_any_data_says_so(tmp_path: Path) -> None:
    with Connections(Settings(state=tmp_path)) as empty:
        key = ChannelKey("slack", "T1", "C1")
        empty.directory.put(
            Tenant(
                id="newco",
                name="Newco",
                accounts=("123456789012",),
                environment=Environment.PRODUCTION,
            )
        )
        empty.directory.bind(Binding(key, "newco"))
        stage = Stage(empty, tmp_path / "own")
        said = stage.say(stage.channel(key))
        assert "assist ingest" in said
        stage.own.close()
