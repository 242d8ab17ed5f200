"""Bolt on a delivery that has waited in the queue: on the signed bytes, at the time it came.

Bolt verifies once more, so that who can write to the queue still cannot speak as Slack. Its own
check compares with the present time, and a message may wait for longer than the 300 s that it
allows; here it compares with the time that the ingress wrote down.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.lazy_listener.runner import LazyListenerRunner
from slack_bolt.middleware import Middleware
from slack_sdk.signature import Clock, SignatureVerifier
from typing_extensions import override

from bot.handlers.delivery import unpacked
from bot.handlers.verifying import Signed
from bot.messages import Click, Incoming, Place
from bot.slack.app import Knows, build_app
from bot.slack_bot import SlackInstall
from integrations.errors import RejectedRecordError

_OK = 200
_SIGNED = "signed_delivery"
_UNREADABLE = (RecursionError, ValueError, AttributeError, TypeError, KeyError)
"""What Bolt raises on bodies of a shape that it does not expect."""


class _ReceivedAt(Clock):
    """Stands still at the time of receipt."""

    def __init__(self, at: float) -> None:
        self._at = at

    @override
    def now(self) -> float:
        return self._at


class _VerifyAtReceipt(Middleware):
    """slack_sdk's own verification, with the time of receipt as its clock."""

    def __init__(self, signing_secret: str) -> None:
        self._secret = signing_secret

    @override
    def process(
        self, *, req: BoltRequest, resp: BoltResponse, next: Callable[[], BoltResponse]
    ) -> BoltResponse:
        signed: Signed = req.context[_SIGNED]
        verifier = SignatureVerifier(self._secret, clock=_ReceivedAt(signed.received_at))
        if verifier.is_valid(signed.body, signed.timestamp, signed.signature):
            return next()
        return BoltResponse(status=401)


class _AtOnce(LazyListenerRunner):
    """What Bolt would do in a thread is done before the answer: afterwards Lambda stands still."""

    def __init__(self, logger: logging.Logger) -> None:
        self.logger = logger

    @override
    def start(self, function: Callable[..., None], request: BoltRequest) -> None:
        self.run(function, request)


@dataclass(frozen=True, slots=True)
class Said:
    """What a delivery says."""

    what: Incoming | Click
    addressed: bool
    """Whether it is for the bot; else only where the bot takes part in the thread."""


class Redelivery:
    """What was said in deliveries of one workspace; serves one thread."""

    def __init__(self, install: SlackInstall, knows: Knows) -> None:
        """`knows` tells whether the bot takes part in a thread."""
        self._knows = knows
        self._said: list[Said] = []
        self._asked_about: list[Place] = []
        self._app: App = build_app(
            signing_secret=install.signing_secret,
            team_id=install.team_id,
            bot_token=install.token,
            bot_id=install.bot_id,
            bot_user_id=install.bot_user_id,
            base_url=install.api_url,
            on_message=self._message,
            on_click=lambda click: self._said.append(Said(click, addressed=True)),
            knows=self._may_take_part,
            verify=_VerifyAtReceipt(install.signing_secret),
        )
        runner = self._app.listener_runner
        runner.lazy_listener_runner = _AtOnce(runner.logger)

    def _may_take_part(self, place: Place) -> bool:
        """Yes for now: the bot's own records are asked when the delivery's turn has come."""
        self._asked_about.append(place)
        return True

    def _message(self, said: Incoming) -> None:
        self._said.append(Said(said, addressed=said.place not in self._asked_about))

    def read(self, body: str) -> list[Said]:
        """From a job's body to what somebody said or pressed; mostly one, often nothing.

        Raises:
            RejectedRecordError: it is no delivery, is not signed, or Bolt cannot read it.
        """
        self._said.clear()
        self._asked_about.clear()
        try:
            signed = unpacked(body)
            request = BoltRequest(
                body=signed.body.decode(),
                headers={"content-type": [signed.content_type]},
                context={_SIGNED: signed},
                mode="http",
            )
            answer = self._app.dispatch(request)
        except _UNREADABLE as error:
            name = type(error).__name__
            raise RejectedRecordError(f"Bolt could not read a delivery ({name})") from error
        # 404: nobody listens to it, as to most of what a workspace tells an app.
        if answer.status not in {_OK, 404}:
            raise RejectedRecordError(f"Bolt answered a delivery with {answer.status}")
        return list(self._said)

    def heard(self, said: Iterable[Said]) -> list[Incoming | Click]:
        """What of it is for the bot.

        Raises:
            UnavailableError: the bot's records do not tell whether it takes part in a thread.
        """
        return [one.what for one in said if one.addressed or self._knows(one.what.place)]
