"""Requests and their audit in DynamoDB.

    table          pk           sk       beside
    remediations   acme         R-1      version, stage, body, at_time, at_stage, at_finding,
                                         and at_unshown until its card tells of the version
    remediations   acme         ~work    version, held: JSON, request id -> digest of its resource
    remediations   acme         ~audit   number, hash: the newest record of the chain
    audit          acme         17       remediation, body, previous, hash
    audit          acme/R-1     17       nothing: the record stands in the chain

A request's next version is put on the condition that the stored one is the version before. Where it
goes to work or leaves it, `~work` is put in the same transaction, on the version of it that was
read: so no two begin on one resource, or more than there is room for. Otherwise `~work` is only
read: whether it tells of a request is changed by writes of that request alone, which its version
guards.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice

import msgspec
from typing_extensions import override

from integrations.dynamodb import Item, RefusedWriteError, Tables, Write, is_key, packed, unpacked
from integrations.dynamodb_tables import AUDIT, REMEDIATIONS
from integrations.errors import NotFoundError, StaleWriteError, UnavailableError
from integrations.remediations.audit import (
    AuditEntry,
    AuditLog,
    AuditRecord,
    AuditVerdict,
    body_of,
    seal,
    start_of,
)
from integrations.remediations.chain import Kept, misfit, read_entry
from integrations.remediations.port import Remediation, RemediationStore, Stage

_WORK = "~work"
_HEAD = "~audit"
_AT_WORK = frozenset({Stage.RUNNING, Stage.UNDOING})
_READ_AT_ONCE = 50

_remediation = msgspec.json.Decoder(Remediation)


class DynamoRemediations:
    """Every tenant's requests and audits; `of` and `audit_of` bind them to one."""

    def __init__(self, tables: Tables) -> None:
        """The tables are there already."""
        self._tables = tables

    def of(self, tenant_id: str) -> RemediationStore:
        """One tenant's requests."""
        return _Store(self._tables, tenant_id)

    def audit_of(self, tenant_id: str) -> AuditLog:
        """One tenant's audit."""
        return _Audit(self._tables, tenant_id)

    def close(self) -> None:
        """Nothing is held open."""


@dataclass(frozen=True, slots=True)
class _Work:
    """What is at work for a tenant, as it was read."""

    version: int
    held: Mapping[str, str]
    """Request id -> digest of its resource."""

    def room_for(self, remediation: Remediation, at_most: int | None) -> bool:
        others = [on for name, on in self.held.items() if name != remediation.id]
        full = at_most is not None and len(others) >= at_most
        return not full and _digest(remediation.plan.resource) not in others

    def after(self, remediation: Remediation) -> dict[str, str]:
        others = {name: on for name, on in self.held.items() if name != remediation.id}
        if remediation.stage not in _AT_WORK:
            return others
        return others | {remediation.id: _digest(remediation.plan.resource)}


class _Store(RemediationStore):
    def __init__(self, tables: Tables, tenant_id: str) -> None:
        self._tables = tables
        self._tenant = tenant_id

    @override
    def add(self, remediation: Remediation) -> None:
        try:
            self._keep(remediation, self._new(remediation))
        except RefusedWriteError:
            raise StaleWriteError(f"there is a request {remediation.id} already") from None

    @override
    def get(self, remediation_id: str) -> Remediation:
        held = self._tables.get(REMEDIATIONS, self._tenant, remediation_id)
        if held is None or "stage" not in held:
            raise NotFoundError(f"{self._tenant} has no request {remediation_id}")
        return _remediation.decode(unpacked(held))

    @override
    def save(self, remediation: Remediation) -> None:
        try:
            self._keep(remediation, self._next(remediation))
        except RefusedWriteError:
            raise _stale(remediation) from None

    @override
    def begin(self, remediation: Remediation, at_most: int | None) -> bool:
        write = self._next(remediation)
        for _ in self._tables.tries(f"what is at work for {self._tenant}"):
            work = self._work()
            if not work.room_for(remediation, at_most):
                held = self._tables.get(REMEDIATIONS, self._tenant, remediation.id)
                # Versions only grow: if it is the one before now, it was so then.
                if held is None or held["version"] != remediation.version - 1:
                    raise _stale(remediation)
                return False
            try:
                self._tables.transact([write, self._working(work, remediation)])
            except RefusedWriteError as refused:
                if 0 in refused.places:
                    raise _stale(remediation) from None
                continue
            break
        return True

    @override
    def search(
        self, stages: frozenset[Stage] = frozenset(), finding: str = "", limit: int | None = 50
    ) -> list[Remediation]:
        if finding:
            if not is_key(finding, len(finding) * 4):
                return []
            named = [self._named("by_finding", _digest(finding))]
        elif stages:
            named = [self._named("by_stage", shelf) for shelf in sorted(set(map(_shelf, stages)))]
        else:
            named = [self._named("by_time", "")]
        found: list[Remediation] = []
        for names in named:
            asked = (
                request
                for request in self._read(names)
                if (not stages or request.stage in stages)
                and (not finding or request.plan.finding == finding)
            )
            found += islice(asked, limit)
        found.sort(key=lambda request: request.id)
        found.sort(key=lambda request: request.requested_at, reverse=True)
        return found[:limit]

    @override
    def shown(self, remediation_id: str, version: int) -> None:
        if not is_key(remediation_id):
            return
        told = Write(
            kind="Update",
            table=REMEDIATIONS,
            item={"pk": self._tenant, "sk": remediation_id},
            condition="#version <= :version",
            removed="#at_unshown",
            values={"version": version},
        )
        with suppress(RefusedWriteError):  # It has moved on, or is not there.
            self._tables.write(told)

    @override
    def unshown(self, limit: int = 50) -> list[Remediation]:
        return list(islice(self._read(self._named("unshown", "")), limit))

    def _named(self, index: str, begins: str) -> Iterator[str]:
        """Ids of requests, the newest first."""
        begins = f"{begins}#" if begins else ""
        for item in self._tables.query(
            REMEDIATIONS, self._tenant, begins=begins, index=index, newest_first=True
        ):
            yield item["sk"]

    def _read(self, names: Iterator[str]) -> Iterator[Remediation]:
        """The requests of those ids, in that order, as they are when they are read."""
        while some := list(islice(names, _READ_AT_ONCE)):
            items = self._tables.get_many(REMEDIATIONS, [(self._tenant, name) for name in some])
            bodies = {item["sk"]: unpacked(item) for item in items}
            for name in some:
                yield _remediation.decode(bodies[name])

    def _keep(self, remediation: Remediation, write: Write) -> None:
        for _ in self._tables.tries(f"what is at work for {self._tenant}"):
            if remediation.version == 1 and remediation.stage not in _AT_WORK:
                work = _Work(0, {})  # What is new cannot be told of there.
            else:
                work = self._work()
            if work.after(remediation) == work.held:
                self._tables.write(write)
                return
            try:
                self._tables.transact([write, self._working(work, remediation)])
            except RefusedWriteError as refused:
                if 0 in refused.places:
                    raise
                continue
            return

    def _work(self) -> _Work:
        held = self._tables.get(REMEDIATIONS, self._tenant, _WORK)
        if held is None:
            return _Work(0, {})
        return _Work(held["version"], msgspec.json.decode(held["held"], type=dict[str, str]))

    def _working(self, work: _Work, remediation: Remediation) -> Write:
        return Write(
            kind="Put",
            table=REMEDIATIONS,
            item={
                "pk": self._tenant,
                "sk": _WORK,
                "version": work.version + 1,
                "held": msgspec.json.encode(work.after(remediation)),
            },
            condition="#version = :version" if work.version else "attribute_not_exists(#pk)",
            values={"version": work.version} if work.version else {},
        )

    def _new(self, remediation: Remediation) -> Write:
        return Write(
            kind="Put",
            table=REMEDIATIONS,
            item=self._item(remediation),
            condition="attribute_not_exists(#pk)",
        )

    def _next(self, remediation: Remediation) -> Write:
        item = self._item(remediation)
        return Write(
            kind="Put",
            table=REMEDIATIONS,
            item=item | {"at_unshown": item["at_time"]},
            condition="#version = :before",
            values={"before": remediation.version - 1},
        )

    def _item(self, remediation: Remediation) -> Item:
        at = f"{_moment(remediation.requested_at)}#{remediation.id}"
        return {
            "pk": self._tenant,
            "sk": remediation.id,
            "version": remediation.version,
            "stage": str(remediation.stage),
            "at_time": at,
            "at_stage": f"{_shelf(remediation.stage)}#{at}",
            "at_finding": f"{_digest(remediation.plan.finding)}#{at}",
            **packed(msgspec.json.encode(remediation)),
        }


def _stale(remediation: Remediation) -> StaleWriteError:
    return StaleWriteError(f"somebody else acted on request {remediation.id} meanwhile")


def _shelf(stage: Stage) -> str:
    """Open requests are few, and mostly asked for together: they are found in one query."""
    return "open" if stage.open else str(stage)


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]


def _moment(at: datetime) -> str:
    """A time that sorts as text."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class _Audit(AuditLog):
    def __init__(self, tables: Tables, tenant_id: str) -> None:
        self._tables = tables
        self._tenant = tenant_id

    @override
    def append(self, entry: AuditEntry) -> AuditRecord:
        for _ in self._tables.tries(f"the audit of {self._tenant}"):
            number, previous = self._head()
            record = seal(number + 1, entry, previous)
            try:
                self._tables.transact([*self._following(record)])
            except RefusedWriteError:
                continue  # Somebody else's record has that number: this one follows it.
            return record
        raise UnavailableError("the audit could not be written; nothing may be done")

    def _head(self) -> tuple[int, str]:
        """Number and hash of the newest record."""
        head = self._tables.get(REMEDIATIONS, self._tenant, _HEAD)
        return (head["number"], head["hash"]) if head else (0, start_of(self._tenant))

    def _following(self, record: AuditRecord) -> Iterator[Write]:
        first = record.number == 1
        yield Write(
            kind="Put",
            table=REMEDIATIONS,
            item={
                "pk": self._tenant,
                "sk": _HEAD,
                "number": record.number,
                "hash": record.hash,
            },
            condition="attribute_not_exists(#pk)"
            if first
            else "#number = :number AND #hash = :hash",
            values={} if first else {"number": record.number - 1, "hash": record.previous},
        )
        yield _new(
            {
                "pk": self._tenant,
                "sk": record.number,
                "remediation": record.entry.remediation,
                "previous": record.previous,
                "hash": record.hash,
                **packed(body_of(record.entry)),
            }
        )
        if record.entry.remediation:
            yield _new({"pk": self._file(record.entry.remediation), "sk": record.number})

    def _file(self, remediation: str) -> str:
        """The partition that tells which records are about a request."""
        return f"{self._tenant}/{remediation}"

    @override
    def records(self, after: int = 0, remediation: str = "") -> Iterator[AuditRecord]:
        found = self._about(remediation, after) if remediation else self._chain(after)
        for kept in found:
            yield AuditRecord(
                number=kept.number,
                entry=read_entry(kept.number, kept.body),
                previous=kept.previous,
                hash=kept.hash,
            )

    def _chain(self, after: int = 0) -> Iterator[Kept]:
        return map(_kept, self._tables.query(AUDIT, self._tenant, after=after))

    def _about(self, remediation: str, after: int) -> Iterator[Kept]:
        if not is_key(self._file(remediation)):
            return
        filed = self._tables.query(AUDIT, self._file(remediation), after=after)
        while some := list(islice(filed, _READ_AT_ONCE)):
            items = self._tables.get_many(AUDIT, [(self._tenant, one["sk"]) for one in some])
            yield from sorted(map(_kept, items))

    @override
    def verify(self, head: str = "") -> AuditVerdict:
        newest, hashed = self._head()
        count, previous, seen, fits = 0, start_of(self._tenant), not head, newest == 0
        for kept in self._chain():
            count += 1
            if why := misfit(count, previous, kept):
                return AuditVerdict(count, previous, count, why)
            previous = kept.hash
            seen = seen or kept.hash == head
            fits = fits or (count, previous) == (newest, hashed)
        if count > newest:
            # Written while the chain was read, or else the head was put back.
            newest, hashed = self._head()
            fits = fits and newest >= count
        if not fits or newest < count:
            why = f"{newest} records were written, and other ones than are there"
            return AuditVerdict(count, previous, count + 1, why)
        if not seen:
            return AuditVerdict(count, previous, 1, "the given head is not in the chain")
        return AuditVerdict(count, previous)


def _new(item: Item) -> Write:
    return Write(kind="Put", table=AUDIT, item=item, condition="attribute_not_exists(#pk)")


def _kept(item: Item) -> Kept:
    return Kept(item["sk"], item["remediation"], unpacked(item), item["previous"], item["hash"])
