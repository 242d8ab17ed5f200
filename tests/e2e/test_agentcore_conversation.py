"""A thread whose answers a runtime gives: what a person sees, with the runtime there and away."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from agent.agentcore_assistant import AgentCoreAssistant
from agent.settings import Settings
from bot.choosing_assistant import assistant_for
from bot.conversation import Conversation
from bot.messages import Incoming, Place
from bot.picture.drawing import draw
from infra.local import story
from integrations.connect import Connections
from tests.agentcore_service import ARN, Faults
from tests.agentcore_stage import KEY, Stage, staged
from tests.demo import channel_key
from tests.evals.stage import Seen
from tests.recording_channel import RecordingChannel


class Talk:
    """One thread of one of the demo's channels."""

    def __init__(self, stage: Stage, channel: str, thread: str) -> None:
        sets = {"SECURITY_ASSIST_RUNTIME": ARN, "SECURITY_ASSIST_RUNTIME_KEY": KEY}
        memory = stage.reach.memory
        assistant = assistant_for(Settings.from_env(sets), memory, stage.now)
        assert isinstance(assistant, AgentCoreAssistant)
        self._assistant = assistant
        self._conversation = Conversation(
            stage.estate.directory,
            stage.estate,
            assistant,
            memory,
            draw,
            stage.now,
            lambda _: None,
        )
        place = Place(
            key=channel_key(channel),
            thread=thread,
            user=story.PEOPLE[0].id,
            user_workspace=story.WORKSPACE,
        )
        self._channel = RecordingChannel(place)

    def close(self) -> None:
        self._assistant.close()

    @property
    def known(self) -> bool:
        return self._conversation.knows(self._channel.place)

    def ask(self, text: str) -> Seen:
        pictures = len(self._channel.pictures)
        incoming = Incoming(place=self._channel.place, text=text, message_id=text)
        self._conversation.on_message(incoming, self._channel)
        stream = self._channel.streams[-1]
        new = tuple(self._channel.pictures[pictures:])
        return Seen(text, "".join(stream.written), stream.finished[-1], new)


@pytest.fixture(scope="module")
def stage(estate: Connections, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with (
        pytest.MonkeyPatch.context() as patch,
        staged(estate, tmp_path_factory.mktemp("talk"), patch.setenv) as made,
    ):
        yield made


@pytest.fixture
def talk_in(stage: Stage) -> Iterator[Callable[[str], Talk]]:
    """Begins a thread in a channel."""
    with ExitStack() as begun:
        yield lambda channel: begun.enter_context(
            closing(Talk(stage, channel, secrets.token_hex(4)))
        )


def test_a_thread_goes_on_with_its_cards_and_its_picture(
    stage: Stage, talk_in: Callable[[str], Talk]
) -> None:
    talk = talk_in("acme-security")
    assert not talk.known
    first = talk.ask("what needs attention first?")
    assert "web-7" in first.words
    assert {"Why", "Show graph"} <= {button.label for button in first.buttons}
    assert talk.known, "the worker finds in the tables what the runtime said"
    assert "brute force" in talk.ask("why?").words
    assert "acme-customer-exports" in talk.ask("show me").pictures[0].alt
    assert stage.answered == ["what needs attention first?", "why?", "show me"]


def test_an_operators_thread_stays_with_the_tenant_that_it_is_about(
    talk_in: Callable[[str], Talk],
) -> None:
    talk = talk_in("secops")
    assert "globex" in talk.ask("worst of globex").words
    follow_up = talk.ask("how many criticals are open?")
    assert "initech" not in follow_up.words
    assert "acme" not in follow_up.words


def test_a_thread_goes_on_while_the_runtime_is_away(
    stage: Stage, talk_in: Callable[[str], Talk]
) -> None:
    talk = talk_in("acme-security")
    talk.ask("what needs attention first?")
    stage.core.faults = Faults(statuses=[403])
    away = talk.ask("why?")
    assert "brute force" in away.words
    assert "Answered without the language model (its runtime may not be used" in away.words
    assert "acme-customer-exports" in talk.ask("show me").pictures[0].alt
