"""The door behind the queue: deliveries that the ingress took in, and fixes that go on.

SQS FIFO -> here. The event source mapping has to have `ReportBatchItemFailures`; a batch of one is
best (`integrations/work/batch.py`). `SECURITY_ASSIST_STATE` has to be a folder below /tmp.
"""

import logging
import os
import secrets
import time
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from bot.fixing import advance_job
from bot.handlers import settings
from bot.handlers.delivery import PREFIX
from bot.handlers.redelivery import Redelivery
from bot.slack.calls import calling, web_client
from bot.slack_bot import SlackBot, SlackInstall
from integrations.connect import Connections
from integrations.errors import InvalidSettingError, RejectedRecordError
from integrations.settings import Settings
from integrations.work.batch import BatchQueue, work_through
from integrations.work.port import Job, Lease

_LOG: Final = logging.getLogger(__name__)


class Worker:
    """Does the jobs of batches, one after the other."""

    def __init__(self, queue: BatchQueue, bot: SlackBot, redelivery: Redelivery) -> None:
        self._queue = queue
        self._bot = bot
        self._redelivery = redelivery

    def take(self, event: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
        """One batch; answers which messages are to come again."""
        return work_through(self._queue, event, self._do, self._failed)

    def _do(self, job: Job) -> None:
        if self._bot.carried_on(job):
            return
        if not job.id.startswith(PREFIX):
            raise RejectedRecordError("the job is neither a delivery nor a fix")
        for said in self._redelivery.said_in(job.body):
            self._bot.hear(said)

    def _failed(self, lease: Lease, error: Exception) -> None:
        """The log has the kind of error only: its words may hold what somebody wrote."""
        ref, name = secrets.token_hex(4), type(error).__name__
        _LOG.error("error=<%s>, attempt=<%d>, ref=<%s> | job failed", name, lease.attempt, ref)
        self._queue.failed(lease, f"{name} (ref {ref})")


@cache
def opened() -> tuple[Worker, SlackBot]:
    """Opened with the first event, and kept for as long as Lambda keeps the process.

    Raises:
        MissingSettingError: Slack's secrets are not there.
        InvalidSettingError: the queue is not one of SQS.
    """
    told = settings.worker()
    with calling("auth.test"):
        me = web_client(told.bot_token, told.api_url).auth_test()
    install = SlackInstall(
        team_id=str(me["team_id"]),
        bot_user_id=str(me["user_id"]),
        bot_id=str(me["bot_id"]),
        token=told.bot_token,
        signing_secret=told.signing_secret,
        api_url=told.api_url,
    )
    connections = Connections(Settings.from_env())
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
    return Worker(queue, bot, Redelivery(install, bot.knows)), bot


def lambda_handler(event: Mapping[str, Any], _: object) -> dict[str, list[dict[str, str]]]:
    """One batch of the queue."""
    worker, _bot = opened()
    return worker.take(event)
