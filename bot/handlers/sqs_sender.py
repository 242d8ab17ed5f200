"""One message into SQS FIFO with the standard library: an SDK would take most of a cold start."""

from __future__ import annotations

import hashlib
import time
from json.encoder import encode_basestring_ascii as quoted

from bot.handlers.aws_json import AwsJson, RefusedCallError, Service

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.handlers.settings import AwsKeys

SQS = Service("sqs", "AmazonSQS", "1.0")


class NotSentError(Exception):
    """SQS did not say that it has the message; says why in one word, and nothing of the message."""


class SqsSender:
    """One queue, over one connection that is kept; serves one thread, as a Lambda process does."""

    def __init__(
        self,
        queue_url: str,
        region: str,
        keys: AwsKeys,
        clock: Callable[[], float],
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` gives seconds since the epoch, `timer` seconds that only grow.

        Raises:
            ValueError: the address is no https, and not on this computer either.
        """
        try:
            self._aws = AwsJson(SQS, queue_url, region, keys, clock, timer)
        except ValueError:
            said = "SECURITY_ASSIST_QUEUE has to be the https URL of a queue in SQS"
            raise ValueError(said) from None
        self._to_queue = f'{{"QueueUrl": {quoted(queue_url)}, "MessageBody": '

    def send(self, quoted_text: str, group: str, name: str, within_s: float) -> None:
        """Put a message, and return once SQS has said that it has it, or after `within_s`.

        `quoted_text` is the message as a string of JSON in ASCII, quotation marks and all.
        `group` and `name` become digests, as `integrations/work` makes them: SQS keeps the order
        of a group, and takes one message of a name in five minutes. So what was sent twice, as its
        connection was closed, is there once.

        Raises:
            NotSentError: it is not known that SQS has it.
        """
        wanted = (
            f"{self._to_queue}{quoted_text}, "
            f'"MessageGroupId": "{_digest(group)}", "MessageDeduplicationId": "{_digest(name)}"}}'
        )
        try:
            told = self._aws.call("SendMessage", wanted.encode("ascii"), within_s)
        except RefusedCallError as error:
            raise NotSentError(str(error)) from error
        if not told.get("MessageId"):
            raise NotSentError("status-200")

    def close(self) -> None:
        """Give the connection up."""
        self._aws.close()


def _digest(text: str) -> str:
    """64 characters that SQS takes for an id, whatever the text is."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
