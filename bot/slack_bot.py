"""The bot of one Slack workspace: its conversation and its fixes, whoever brings it deliveries."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from agent.remediation import proposer
from agent.settings import Settings
from bot.choosing_assistant import assistant_for
from bot.conversation import Conversation
from bot.fixing import Fixing, Later, advance_of
from bot.messages import Click, Incoming, Place, Prose, Reply
from bot.picture.drawing import draw
from bot.slack.calls import web_client
from bot.slack.channel import SlackChannel
from bot.slack.people import SlackPeople
from integrations.connect import Connections
from integrations.errors import UnavailableError
from integrations.work.port import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackInstall:
    """How the bot is known in one Slack workspace."""

    team_id: str
    bot_user_id: str
    bot_id: str
    token: str = field(repr=False)
    signing_secret: str = field(repr=False)
    api_url: str = "https://slack.com/api/"


class SlackBot:
    """Hears what was said and pressed in one workspace; serves all threads of a process."""

    def __init__(
        self,
        connections: Connections,
        install: SlackInstall,
        *,
        later: Later,
        owner: str,
        pause: Callable[[float], object],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Wire the conversation; `later`, `owner` and `pause` are `Fixing`'s."""
        self._team_id = install.team_id
        self._client = web_client(install.token, install.api_url)
        memory, runbooks = connections.conversations(), connections.runbooks()
        self._fixing = Fixing(
            connections, runbooks, clock, draw, self._channel_at, later, owner, pause
        )
        self._conversation = Conversation(
            connections.directory,
            connections,
            assistant_for(Settings.from_env(), memory, clock, proposer(runbooks, clock), runbooks),
            memory,
            draw,
            clock,
            SlackPeople(self._client, install.team_id, clock).refused,
            self._fixing,
        )

    def _channel_at(self, place: Place) -> SlackChannel:
        return SlackChannel(self._client, place, self._team_id)

    def knows(self, place: Place) -> bool:
        """Whether the bot takes part in a thread."""
        return self._conversation.knows(place)

    def hear(self, said: Incoming | Click) -> None:
        """Answer a message, or do what was pressed."""
        channel = self._channel_at(said.place)
        if isinstance(said, Click):
            self._conversation.on_click(said, channel)
        else:
            self._conversation.on_message(said, channel)

    def excuse(self, said: Incoming | Click, error: UnavailableError) -> None:
        """Say in its thread why something is not answered yet, and that it will be."""
        text = f"I cannot do that just now: {error}. It is kept, and I try again by myself."
        self._channel_at(said.place).post(Reply(plain=text, parts=(Prose(text=text),)))

    def carried_on(self, job: Job) -> bool:
        """See a request through, if that is what the job asks for; False: it is another job."""
        advance = advance_of(job)
        if advance is None:
            return False
        self._fixing.see_through(*advance)
        return True

    def sweep(self) -> None:
        """Close what nobody decided in time, and take up what was left; see `Fixing.sweep`."""
        self._fixing.sweep()
