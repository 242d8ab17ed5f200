"""Bolt on a delivery that has waited in the queue: on the signed bytes, at the time it came.

Bolt verifies once more, so that who can write to the queue still cannot speak as Slack. Its own
check compares with the present time, and a message may wait for longer than the 300 s that it
allows; here it compares with the time that the ingress wrote down.
"""

import logging
from collections.abc import Callable

from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.lazy_listener.runner import LazyListenerRunner
from slack_bolt.middleware import Middleware
from slack_sdk.signature import Clock, SignatureVerifier
from typing_extensions import override

from bot.handlers.delivery import unpacked
from bot.handlers.verifying import Signed
from bot.messages import Click, Incoming
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


class Redelivery:
    """What was said in deliveries of one workspace; serves one thread."""

    def __init__(self, install: SlackInstall, knows: Knows) -> None:
        """`knows` tells whether the bot takes part in a thread."""
        self._said: list[Incoming | Click] = []
        self._taken_for: bool | None = None
        self._app: App = build_app(
            signing_secret=install.signing_secret,
            team_id=install.team_id,
            bot_token=install.token,
            bot_id=install.bot_id,
            bot_user_id=install.bot_user_id,
            base_url=install.api_url,
            on_message=self._said.append,
            on_click=self._said.append,
            knows=lambda place: knows(place) if self._taken_for is None else self._taken_for,
            verify=_VerifyAtReceipt(install.signing_secret),
        )
        runner = self._app.listener_runner
        runner.lazy_listener_runner = _AtOnce(runner.logger)

    def said_in(self, body: str, *, known: bool | None = None) -> list[Incoming | Click]:
        """From a job's body to what somebody said or pressed; mostly one, often nothing.

        `known` says for every thread whether the bot takes part, so that nobody has to be asked.

        Raises:
            RejectedRecordError: it is no delivery, is not signed, or Bolt cannot read it.
        """
        self._said.clear()
        self._taken_for = known
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
