"""The digests of one Slack workspace."""

import time
from collections.abc import Callable

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.digests import Digests, NotSaidError
from bot.messages import Place, Reply
from bot.slack.calls import SlackRefusedError
from bot.slack.channel import SlackChannel
from integrations.connect import Connections
from integrations.errors import UnavailableError


def slack_digests(
    connections: Connections,
    client: WebClient,
    team_id: str,
    clock: Callable[[], float] = time.time,
) -> Digests:
    """Posted through `client`, into channels of `team_id`; marked in the stores."""

    def say(place: Place, reply: Reply) -> None:
        try:
            SlackChannel(client, place, team_id).post(reply)
        except SlackRefusedError as error:
            raise NotSaidError(f"{error}{_mend(error.code)}") from error
        except UnavailableError as error:
            # An answer of Slack's that says no; without one the message may be there.
            if isinstance(error.__cause__, SlackApiError):
                raise NotSaidError(str(error)) from error
            raise

    return Digests(connections.directory, connections, connections.checkpoints(), say, clock)


def _mend(code: str) -> str:
    if code in {"not_in_channel", "channel_not_found"}:
        return "; invite the bot into the channel, or take it away: assist tenants unmap-channel"
    if code == "is_archived":
        return "; take the channel away: assist tenants unmap-channel"
    return ""
