"""A batch of a queue's messages to the stores: what Lambda is given by SQS, and what it answers.

Facts: "Using Lambda with Amazon SQS" in the Lambda developer guide: the shape of the event, and
`batchItemFailures` with `ReportBatchItemFailures`: messages that are named there are delivered
again, all others are deleted; an empty identifier means the whole batch.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from integrations.deadletters.port import FINDINGS, DeadLetters, letter
from integrations.errors import SecurityAssistError
from integrations.ingest.intake import Intake
from integrations.ingest.reading import records_of
from integrations.ingest.records import RawRecord, Reject, reject
from integrations.systems import Systems

_LOG: Final = logging.getLogger(__name__)
_KEPT_AT_ONCE: Final = 500
"""Records that cannot be taken in, held before they are kept: an object of Security Lake may be
hundreds of thousands of them."""

Opener = Callable[[str, int, bytes], Iterable[RawRecord | Reject]]
"""From a source, the number of a message and its body to its records."""


class QueueDoor:
    """Takes in batches of one pipeline; serves one thread at a time.

    Promises: a message is done only when each of its records is stored or kept as a dead letter
    with the reason. Where an engine fails, only the messages concerned are delivered again. A
    record that cannot be taken in stops no other, and a message delivered twice changes nothing.
    """

    def __init__(
        self,
        owner_of: Callable[[str], str | None],
        systems_of: Callable[[str], Systems],
        letters: DeadLetters,
        clock: Callable[[], float],
        opened: Opener = records_of,
        pipeline: str = FINDINGS,
    ) -> None:
        """Call nothing yet.

        Args:
            owner_of: The tenant whose account it is.
            systems_of: A tenant's systems.
            letters: Keeps what cannot be taken in.
            clock: Seconds since 1970.
            opened: What is in a message's body. An engine's error (`SecurityAssistError`) that it
                raises has the message delivered again.
            pipeline: As dead letters name it.
        """
        self._owner_of = owner_of
        self._systems_of = systems_of
        self._letters = letters
        self._clock = clock
        self._opened = opened
        self._pipeline = pipeline

    def take(self, event: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
        """Take in `{"Records": [{"messageId", "body", "eventSourceARN"}]}`.

        Returns:
            `{"batchItemFailures": [{"itemIdentifier": messageId}]}` of what is to come again.
        """
        messages: Sequence[Mapping[str, Any]] = event.get("Records") or []
        rejects: list[Reject] = []
        failures: dict[int, str] = {}

        def missed(records: Sequence[RawRecord], error: SecurityAssistError) -> None:
            failures.update({record.line: type(error).__name__ for record in records})

        intake = Intake(self._owner_of, self._systems_of, rejects.append, missed)
        for number, message in enumerate(messages, start=1):
            try:
                self._open(intake, number, message, rejects)
            except SecurityAssistError as error:
                failures[number] = type(error).__name__
        intake.store_all()
        try:
            self._keep(rejects)
        except SecurityAssistError as error:
            failures.update({rejected.line: type(error).__name__ for rejected in rejects})
        self._tell(intake, len(messages), failures)
        ids = [str(messages[number - 1].get("messageId") or "") for number in sorted(failures)]
        return {"batchItemFailures": [{"itemIdentifier": one} for one in ids]}

    def _open(
        self, intake: Intake, number: int, message: Mapping[str, Any], rejects: list[Reject]
    ) -> None:
        """Take in the records of one message; what breaks us is rejected like what we refuse."""
        source = str(message.get("eventSourceARN") or "a queue")
        body = str(message.get("body") or "").encode("utf-8", "surrogatepass")
        current = RawRecord(source, number, None, body)
        records = iter(self._opened(source, number, body))
        while True:
            try:
                record = next(records, None)
                if record is None:
                    return
                current = record if isinstance(record, RawRecord) else current
                intake.take(record)
            except SecurityAssistError:
                raise
            except Exception as error:  # noqa: BLE001 - a door: what breaks us must stop no other
                name = type(error).__name__
                # No traceback: an error's words may be the record's.
                _LOG.error("a record of the %s pipeline broke its reader: %s", self._pipeline, name)
                intake.reject(reject(current, f"could not be read ({name}); please report it"))
            # Outside: an engine's unforeseen error fails the whole batch, which then comes again.
            intake.store_full()
            if len(rejects) >= _KEPT_AT_ONCE:
                self._keep(rejects)

    def _keep(self, rejects: list[Reject]) -> None:
        """Keep them aside, and hold them no longer; where that fails they are held still."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        self._letters.keep([
            letter(self._pipeline, one.file, one.reason, one.data, now) for one in rejects
        ])  # fmt: skip
        rejects.clear()

    def _tell(self, intake: Intake, messages: int, failures: Mapping[int, str]) -> None:
        done = intake.summary
        _LOG.info(
            "%d messages: %d added, %d updated, %d unchanged, %d resources, %d dead letters",
            messages, done.added, done.updated, done.unchanged, done.resources, done.rejected,
        )  # fmt: skip
        if failures:
            why = ", ".join(sorted(set(failures.values())))
            _LOG.warning("%d messages are to be delivered again: %s", len(failures), why)
