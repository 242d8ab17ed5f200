"""Dead letters tried once more, through the same intake that everything else goes through."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from integrations.deadletters.port import DeadLetter, DeadLetters, letter
from integrations.errors import SecurityAssistError
from integrations.ingest.intake import ADDING, Intake
from integrations.ingest.reading import records_of
from integrations.ingest.records import RawRecord, Reject
from integrations.systems import Systems

_AT_ONCE: Final = 100


@dataclass(slots=True, kw_only=True)
class Replayed:
    """What a replay did, in letters."""

    taken_in: int = 0
    """Stored now, and forgotten."""
    refused: int = 0
    """Kept once more, with the new reason."""
    cut: int = 0
    """Left alone: only their beginning is kept."""
    waiting: int = 0
    """Left alone: an engine failed; see `errors`."""
    errors: list[str] = field(default_factory=list)
    """What the engines said, each once."""


class Replay:
    """Tries dead letters again."""

    def __init__(
        self,
        owner_of: Callable[[str], str | None],
        systems_of: Callable[[str], Systems],
        letters: DeadLetters,
        adding: str = ADDING,
    ) -> None:
        """`adding` is the command that takes a tenant on, for whoever reads the letters."""
        self._adding = adding
        self._owner_of = owner_of
        self._systems_of = systems_of
        self._letters = letters

    def run(self, chosen: Sequence[DeadLetter] | None = None, pipeline: str = "") -> Replayed:
        """Try the chosen letters, or every one of a pipeline (`""`: of all).

        A letter is forgotten only after what was in it is stored; one that fails keeps the moment
        it was first kept, and gets the new reason and one more attempt.

        Raises:
            UnavailableError: the dead letters themselves cannot be read or written.
        """
        done = Replayed()
        made: set[str] = set()
        for batch in self._batches(chosen, pipeline):
            # What a list came apart into stands behind it, and has had its turn.
            made |= self._replay([one for one in batch if one.id not in made], done)
        return done

    def _batches(
        self, chosen: Sequence[DeadLetter] | None, pipeline: str
    ) -> Iterator[Sequence[DeadLetter]]:
        if chosen is not None:
            for start in range(0, len(chosen), _AT_ONCE):
                yield chosen[start : start + _AT_ONCE]
            return
        last: DeadLetter | None = None
        while page := self._letters.listed(pipeline, _AT_ONCE, last):
            last = page[-1]
            yield page

    def _replay(self, batch: Sequence[DeadLetter], done: Replayed) -> set[str]:
        """The ids of what was refused once more."""
        rejects: list[Reject] = []
        waiting: set[int] = set()

        def missed(records: Sequence[RawRecord], error: SecurityAssistError) -> None:
            waiting.update(record.line for record in records)
            if str(error) not in done.errors:
                done.errors.append(str(error))

        intake = Intake(self._owner_of, self._systems_of, rejects.append, missed, self._adding)
        tried = {at: one for at, one in enumerate(batch) if one.whole}
        done.cut += len(batch) - len(tried)
        for at, one in tried.items():
            for record in records_of(one.source, at, one.body):
                intake.take(record)
            intake.store_full()
        intake.store_all()
        again = [_again(batch[one.line], one) for one in rejects if one.line not in waiting]
        self._letters.keep(again)
        kept = {one.id for one in again}
        finished = [one.id for at, one in tried.items() if at not in waiting]
        self._letters.forget([one for one in finished if one not in kept])
        refused = {one.line for one in rejects} - waiting
        done.waiting += len(waiting)
        done.refused += len(refused)
        done.taken_in += len(tried) - len(waiting) - len(refused)
        return kept


def _again(old: DeadLetter, rejected: Reject) -> DeadLetter:
    """The letter about a record that was refused once more; of a list, about that one record."""
    return letter(
        old.pipeline, old.source, rejected.reason, rejected.data, old.kept_at, old.attempts + 1
    )
