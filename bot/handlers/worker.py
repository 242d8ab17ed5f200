"""The door behind the queue: deliveries that the ingress took in, and fixes that go on.

SQS FIFO -> here. The event source mapping has to have `ReportBatchItemFailures`; a batch of one is
best (`integrations/work/batch.py`). `SECURITY_ASSIST_STATE` has to be a folder below /tmp.
Slack's secrets may be changed while this lives (`rotating.py`): what failed with the old ones comes
again, and is met with the new.
"""

import functools
import json
import logging
import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from bot.fixing import advance_job
from bot.handlers import settings
from bot.handlers.delivery import PREFIX, unpacked
from bot.handlers.redelivery import Redelivery, Said
from bot.handlers.rotating import Rotating, kept
from bot.handlers.waiting import Waiting
from bot.slack.calls import calling, web_client
from bot.slack_bot import SlackBot, SlackInstall
from integrations.connect import Connections
from integrations.errors import (
    InvalidSettingError,
    RejectedRecordError,
    SecurityAssistError,
    UnavailableError,
)
from integrations.settings import Settings
from integrations.work.batch import BatchQueue, work_through
from integrations.work.port import Job, Lease

_LOG: Final = logging.getLogger(__name__)


_Read = dict[str, list[Said]]
"""Of one batch: what each delivery's body says. Bolt reads it once, whatever comes of it."""


class Worker:
    """Does the jobs of batches, one after the other."""

    def __init__(
        self,
        queue: BatchQueue,
        bot: SlackBot,
        redelivery: Redelivery,
        answered: Callable[[float], object] = lambda _received_at: None,
    ) -> None:
        """`answered` hears when a delivery was taken in that is answered now."""
        self._queue = queue
        self._bot = bot
        self._redelivery = redelivery
        self._answered = answered

    def take(self, event: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
        """One batch; answers which messages are to come again.

        Most of what a workspace tells an app is for nobody. That is done with before the queue's
        memory is asked: it costs nothing, and stands in no question's way while that is away.
        """
        read: _Read = {}
        left = [one for one in event["Records"] if not self._is_idle(one["body"], read)]
        return work_through(
            self._queue,
            {"Records": left},
            functools.partial(self._do, read),
            functools.partial(self._failed, read),
            functools.partial(self._unknown, read),
        )

    def _is_idle(self, message: str, read: _Read) -> bool:
        """Whether there is nothing to do about a delivery, in whatever thread it was said."""
        try:
            job = json.loads(message)
            if not job["id"].startswith(PREFIX):
                return False
            said = read[job["body"]] = self._redelivery.read(job["body"])
        except (ValueError, TypeError, KeyError, AttributeError, RejectedRecordError):
            return False  # it goes the way of every job, which says what is wrong with it
        return not said

    def _do(self, read: _Read, job: Job) -> None:
        if self._bot.carried_on(job):
            return
        if not job.id.startswith(PREFIX):
            raise RejectedRecordError("the job is neither a delivery nor a fix")
        # What could not be read is read once more, for its error.
        said = read[job.body] if job.body in read else self._redelivery.read(job.body)
        heard = self._redelivery.heard(said)
        for one in heard:
            self._bot.hear(one)
        if heard:
            self._answered(unpacked(job.body).received_at)

    def _failed(self, read: _Read, lease: Lease, error: Exception) -> None:
        """The log has the kind of error only: its words may hold what somebody wrote."""
        ref, name = secrets.token_hex(4), type(error).__name__
        _LOG.error("error=<%s>, attempt=<%d>, ref=<%s> | job failed", name, lease.attempt, ref)
        if lease.attempt == 1 and isinstance(error, UnavailableError):
            self._excuse(read.get(lease.job.body, []), error)
        self._queue.failed(lease, f"{name} (ref {ref})")

    def _unknown(self, read: _Read, message: str, attempt: int, error: UnavailableError) -> None:
        """The queue's own memory did not answer."""
        _LOG.error("error=<%s>, attempt=<%d> | job not begun", type(error).__name__, attempt)
        if attempt == 1:
            self._excuse(read.get(json.loads(message)["body"], []), error)

    def _excuse(self, said: Sequence[Said], error: UnavailableError) -> None:
        """Say in the thread why there is no answer yet, if that can be said at all."""
        try:
            for one in said:
                if one.addressed:
                    self._bot.excuse(one.what, error)
        except Exception as other:  # noqa: BLE001 - whatever it is, the job comes again
            _LOG.warning("error=<%s> | nothing said", type(other).__name__)


class Opening:
    """The worker and its bot, made with the first event, and again once a secret is another."""

    def __init__(
        self, secrets: Sequence[Rotating], make: Callable[..., tuple[Worker, SlackBot]]
    ) -> None:
        """`make` takes the secrets in their order."""
        self._secrets = secrets
        self._make = make
        self._with: tuple[str, ...] = ()
        self._made: tuple[Worker, SlackBot] | None = None

    def now(self) -> tuple[Worker, SlackBot]:
        """As they are to be used for one event.

        Raises:
            UnreadSecretError: Secrets Manager does not give us a secret.
        """
        told = tuple(secret.value() for secret in self._secrets)
        if self._made is None or told != self._with:
            try:
                self._made = self._make(*told)
            except SecurityAssistError:
                self.doubt()
                raise
            self._with = told
        return self._made

    def doubt(self) -> None:
        """Something failed: if a secret is another by now, the next event is met with it."""
        for secret in self._secrets:
            secret.changed()


@functools.cache
def _connections() -> Connections:
    return Connections(Settings.from_env())


def _made(signing_secret: str, bot_token: str) -> tuple[Worker, SlackBot]:
    api_url = settings.worker().api_url
    with calling("auth.test"):
        me = web_client(bot_token, api_url).auth_test()
    install = SlackInstall(
        team_id=str(me["team_id"]),
        bot_user_id=str(me["user_id"]),
        bot_id=str(me["bot_id"]),
        token=bot_token,
        signing_secret=signing_secret,
        api_url=api_url,
    )
    connections = _connections()
    queue = connections.work()
    if not isinstance(queue, BatchQueue):
        raise InvalidSettingError("SECURITY_ASSIST_QUEUE has to be the URL of a queue in SQS")

    def later(tenant_id: str, request_id: str) -> None:
        queue.put(advance_job(tenant_id, request_id))

    bot = SlackBot(
        connections,
        install,
        later=later,
        owner=f"lambda-{os.getpid()}-{secrets.token_hex(4)}",
        pause=time.sleep,
    )
    write = functools.partial(print, flush=True)
    waiting = Waiting(settings.function_name(), time.time, write)
    return Worker(queue, bot, Redelivery(install, bot.knows), waiting.over), bot


@functools.cache
def opening() -> Opening:
    """Kept for as long as Lambda keeps the process.

    Raises:
        MissingSettingError: Slack's secrets are not there.
    """
    told = settings.worker()
    places = (told.signing_secret, told.bot_token)
    return Opening([kept(place, told.keys, time.time) for place in places], _made)


def lambda_handler(event: Mapping[str, Any], _: object) -> dict[str, list[dict[str, str]]]:
    """One batch of the queue."""
    worker, _bot = opening().now()
    answer = worker.take(event)
    if answer["batchItemFailures"]:
        opening().doubt()
    return answer
