"""Dead letters in DynamoDB.

    pk           sk               beside
    letters      <letter's id>    at_time, pipeline, source, reason, kept_at, attempts, size, ...
    letter/<id>  <write>/0003     body

What is asked for stands in one partition, sorted by time through an index; bodies stand apart, as a
partition with an index holds 10 GB at most. A body is cut into parts, because an item is at most
400 kB (Developer Guide, "Quotas in Amazon DynamoDB"). They are written first, under a name that
nobody else uses, and the head that names them last: so a letter that is there is whole, also where
one process forgets it while another keeps it again. Parts that no head names are read by nobody.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

from typing_extensions import override

from integrations.deadletters.port import DeadLetter, DeadLetters
from integrations.dynamodb import Item, RefusedWriteError, Tables, Write, is_key, packed, unpacked
from integrations.dynamodb_tables import PIPELINES
from integrations.errors import NotFoundError, UnavailableError

_LETTERS: Final = "letters"
_PART: Final = 350_000
_BY_TIME: Final = "by_time"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class DynamoDeadLetters(DeadLetters):
    """One head a letter and its body in parts; one object serves all threads of a process."""

    def __init__(self, tables: Tables) -> None:
        """The tables are there already."""
        self._tables = tables

    @override
    def keep(self, letters: Sequence[DeadLetter]) -> None:
        for one in letters:
            self._keep(one)

    def _keep(self, one: DeadLetter) -> None:
        for _ in self._tables.tries("a dead letter"):
            before = self._tables.get(PIPELINES, _LETTERS, one.id)
            kept = one
            if before is None:
                parts = self._write_body(one)
            else:
                parts = {name: before[name] for name in ("parts", "as", "name")}
                first, most = _moment(before), int(before["attempts"])
                kept = replace(
                    one, kept_at=min(first, one.kept_at), attempts=max(most, one.attempts)
                )
            condition, values = "attribute_not_exists(#pk)", {}
            if before is not None:
                condition, values = "#version = :version", {"version": before["version"]}
            head = _head(kept) | parts
            head["version"] = before["version"] + 1 if before else 1
            write = Write(
                kind="Put", table=PIPELINES, item=head, condition=condition, values=values
            )
            try:
                self._tables.write(write)
            except RefusedWriteError:
                # Somebody else kept or forgot it meanwhile.
                if before is None:
                    self._drop_body(head)
                continue
            return

    def _write_body(self, one: DeadLetter) -> Item:
        ((form, data),) = packed(one.body).items()
        parts = [data[at : at + _PART] for at in range(0, len(data), _PART)]
        name = uuid4().hex
        for place, part in enumerate(parts):
            item: Item = {"pk": _of(one.id), "sk": f"{name}/{place:04d}", "body": part}
            self._tables.write(Write(kind="Put", table=PIPELINES, item=item))
        return {"parts": len(parts), "as": form, "name": name}

    def _drop_body(self, head: Item) -> None:
        for place in range(int(head["parts"])):
            self._tables.write(_gone(_of(head["sk"]), f"{head['name']}/{place:04d}"))

    @override
    def listed(
        self, pipeline: str = "", limit: int = 100, after: DeadLetter | None = None
    ) -> list[DeadLetter]:
        found: list[DeadLetter] = []
        place = _time(after.kept_at, after.id) if after else None
        for row in self._tables.query(PIPELINES, _LETTERS, index=_BY_TIME, after=place):
            if len(found) >= limit:
                break
            letter = self._letter(row["sk"])
            if letter is not None and pipeline in ("", letter.pipeline):
                found.append(letter)
        return found

    @override
    def get(self, letter_id: str) -> DeadLetter:
        found = self._letter(letter_id)
        if found is None:
            raise NotFoundError(f"there is no dead letter {letter_id[:80]}")
        return found

    def _letter(self, letter_id: str) -> DeadLetter | None:
        for _ in self._tables.tries("a dead letter"):
            head = self._tables.get(PIPELINES, _LETTERS, letter_id)
            if head is None:
                return None
            parts = self._tables.query(PIPELINES, _of(letter_id), begins=f"{head['name']}/")
            bodies = [part["body"] for part in parts]
            if len(bodies) == int(head["parts"]):
                return _letter(head, b"".join(bodies))
            # It was forgotten while it was read.
        raise UnavailableError("a dead letter is kept and forgotten all the while; try again")

    @override
    def forget(self, ids: Sequence[str]) -> int:
        gone = 0
        for letter_id in filter(is_key, ids):
            head = self._tables.get(PIPELINES, _LETTERS, letter_id)
            if head is None:
                continue
            try:
                self._tables.write(_gone(_LETTERS, letter_id, head["name"]))
            except RefusedWriteError:
                continue  # Somebody else forgot it, or did so and it was kept again.
            gone += 1
            self._drop_body(head)
        return gone

    @override
    def reasons(self, pipeline: str = "") -> dict[str, int]:
        heads = self._tables.query(PIPELINES, _LETTERS)
        counted = Counter(h["reason"] for h in heads if pipeline in ("", h["pipeline"]))
        return dict(sorted(counted.items(), key=lambda one: (-one[1], one[0])))

    def close(self) -> None:
        """Nothing is held open."""


def _of(letter_id: str) -> str:
    return f"letter/{letter_id}"


def _head(one: DeadLetter) -> Item:
    return {
        "pk": _LETTERS,
        "sk": one.id,
        "at_time": _time(one.kept_at, one.id),
        "pipeline": one.pipeline,
        "source": one.source,
        "reason": one.reason,
        "kept_at": (one.kept_at - _EPOCH) // _MICROSECOND,
        "attempts": one.attempts,
        "size": one.size,
    }


def _letter(head: Item, body: bytes) -> DeadLetter:
    return DeadLetter(
        id=head["sk"],
        pipeline=head["pipeline"],
        source=head["source"],
        reason=head["reason"],
        kept_at=_moment(head),
        attempts=int(head["attempts"]),
        body=unpacked({head["as"]: body}),
        size=int(head["size"]),
    )


def _time(kept_at: datetime, letter_id: str) -> str:
    return f"{(kept_at - _EPOCH) // _MICROSECOND:020d}/{letter_id}"


def _moment(head: Item) -> datetime:
    return _EPOCH + int(head["kept_at"]) * _MICROSECOND


def _gone(pk: str, sk: str, name: str = "") -> Write:
    """A deletion; of a head, only while it names that body."""
    return Write(
        kind="Delete",
        table=PIPELINES,
        item={"pk": pk, "sk": sk},
        condition="#name = :name" if name else "",
        values={"name": name} if name else {},
    )
