"""Who somebody is in the workspace, asked of Slack and remembered for a few minutes.

A click says who pressed and of which team, not whether they are a guest: `users.info` does. Fields
of the user object: `is_restricted` (multi-channel guest), `is_ultra_restricted` (single-channel
guest), `is_stranger` (of another organisation, met in a shared channel), `is_bot`, `deleted`,
`team_id`, and in an Enterprise Grid `enterprise_user.teams` ("User object" at docs.slack.dev). The
call needs the scope `users:read`.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk import WebClient

from agent.approval import Refusal
from bot.messages import Place
from bot.slack.calls import SlackRefusedError, calling
from integrations.errors import UnavailableError

REMEMBERED_S = 300.0
"""How long an answer is good: somebody who becomes a guest is one here this much later."""

_MOST = 10_000
"""People remembered at a time."""

_FOREIGN = Refusal("foreign", "Only people of this workspace are served here.")
_MARKS = (
    ("is_stranger", _FOREIGN),
    ("is_restricted", Refusal("guest", "Guests of this workspace are not served here.")),
    ("is_ultra_restricted", Refusal("guest", "Guests of this workspace are not served here.")),
    ("is_bot", Refusal("bot", "Apps are not served here, only people.")),
    ("deleted", Refusal("deleted", "This account was deactivated.")),
)
_NO_SCOPE = Refusal(
    "not-looked-up",
    "Slack does not let me see whether you are a guest, so I do nothing: "
    "the app lacks the scope `users:read`. Whoever runs me can add it.",
)
_NO_ANSWER = Refusal(
    "not-looked-up",
    "Slack did not tell me whether you are a guest, so I do nothing; please try again in a minute.",
)
_UNKNOWN = Refusal("not-looked-up", "Slack does not know you in this workspace, so I do nothing.")


class SlackPeople:
    """The people of one workspace; serves all threads."""

    def __init__(self, client: WebClient, team_id: str, clock: Callable[[], float]) -> None:
        """`team_id` is where the app is installed; `clock` gives seconds since the epoch."""
        self._client = client
        self._team_id = team_id
        self._clock = clock
        self._known: dict[str, tuple[float, Refusal | None]] = {}
        self._lock = threading.Lock()

    def refused(self, place: Place) -> Refusal | None:
        """Why somebody is not served: no member of this workspace, or that cannot be told now.

        Only what Slack said is remembered; what it could not say is asked again.
        """
        with self._lock:
            at, standing = self._known.get(place.user, (-REMEMBERED_S, None))
        if self._clock() - at < REMEMBERED_S:
            return standing
        try:
            with calling("users.info"):
                person = self._client.users_info(user=place.user).get("user")
        except SlackRefusedError as error:
            return _NO_SCOPE if error.code == "missing_scope" else _UNKNOWN
        except UnavailableError:
            return _NO_ANSWER
        if not isinstance(person, Mapping):
            return _NO_ANSWER
        standing = self._standing(person)
        self._remember(place.user, standing)
        return standing

    def _standing(self, person: Mapping[str, Any]) -> Refusal | None:
        """What Slack's fields come to; a person without a team is nobody's."""
        for mark, refusal in _MARKS:
            if person.get(mark):
                return refusal
        org = person.get("enterprise_user")
        teams = org.get("teams") if isinstance(org, Mapping) else None
        ours = {person.get("team_id"), *(teams if isinstance(teams, list) else [])}
        return None if self._team_id in ours else _FOREIGN

    def _remember(self, user: str, standing: Refusal | None) -> None:
        now = self._clock()
        with self._lock:
            if len(self._known) >= _MOST:
                self._known = {
                    one: known
                    for one, known in self._known.items()
                    if now - known[0] < REMEMBERED_S
                }
            if len(self._known) < _MOST:
                self._known[user] = (now, standing)
