"""A tenant's resources listed from Config's aggregator, and only what changed written to the graph.

What a listing tells is compared by digest with what the graph told the last time: first the row as
it is written, and where that is not known, what it says. Digests lie in the graph, with the
resources that they are of: written in the same request, they cannot say other than what is stored,
they need no engine of their own, and what the pushed events wrote counts too. A row that says what
is stored in other words than it came in (an event's) is written once more, to be known by its own.

What is stored and not listed is deleted, but only after a listing that was followed from its first
page to its last, only in accounts and Regions of which it told something, and only when the
service, asked for it by name, does not know it either: a listing is no snapshot, and an account
that does not let the aggregator in has lost nothing.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf
from typing import Any, Final

import msgspec

from integrations.checkpoints.port import Checkpoints
from integrations.deadletters.port import RESOURCES, DeadLetters, letter
from integrations.errors import RejectedRecordError, SecurityAssistError
from integrations.ingest.intake import Intake
from integrations.ingest.reading import records_of
from integrations.ingest.records import Reject
from integrations.resources.config_items import change_of, is_config_item, read_item
from integrations.resources.digests import Told, digest_of
from integrations.resources.listed_rows import row_of
from integrations.resources.listing import ResourceListing, StaleListingError
from integrations.resources.port import GraphChange, Resource
from integrations.systems import Systems

TOKEN_LIFE_S: Final = 300.0
"""How long a page's token is used: AWS does not say how long it is good for."""
CHANGES_AT_ONCE: Final = 10_000
"""Changes of one write, after which the checkpoint moves."""
LEARNED_AT_ONCE: Final = 5_000
"""Rows that one sync writes only to know them the next time: a release that reads items otherwise
knows none of them, and a Lambda that listed 200,000 has no time left to write them all."""
STORING_S: Final = 120.0
"""Seconds that are left for storing up to `CHANGES_AT_ONCE` changes; with less no page is asked."""
_ASKED_AT_ONCE: Final = 500
_SOURCE: Final = "config-aggregator"

_object = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(slots=True, kw_only=True)
class SyncSummary:
    """What a sync did, in resources."""

    listed: int = 0
    changed: int = 0
    """Written: new, or not as they were."""
    deleted: int = 0
    rejected: int = 0
    """Kept as dead letters."""
    complete: bool = True
    """False: it went on where another was cut off, or was cut off, and looked for nothing that is
    gone."""
    cut_off: bool = False
    """There was no time for the rest; the next sync goes on."""
    untold: list[str] = field(default_factory=list)
    """Accounts of the tenant of which the aggregator told nothing."""

    @property
    def unchanged(self) -> int:
        """Listed, and as they were."""
        return self.listed - self.changed - self.rejected


def last_stored(checkpoints: Checkpoints, tenant_id: str) -> float:
    """When a tenant's sync last stored what it had, in seconds since 1970.

    0.0: never, or it was cut off, and its page's token is not good for long.

    Raises:
        UnavailableError: the engine does not answer.
    """
    saved = checkpoints.load(checkpoint_of(tenant_id))
    told = json.loads(saved) if saved else {}
    return 0.0 if told.get("token") else float(told.get("given_at", 0.0))


def checkpoint_of(tenant_id: str) -> str:
    """The checkpoint of a tenant's sync."""
    return f"resources/{tenant_id}"


class ResourceSync:
    """Brings one tenant's graph up to what Config knows."""

    def __init__(
        self,
        systems: Systems,
        listing: ResourceListing,
        digests: Callable[[], Mapping[str, Told]],
        letters: DeadLetters,
        checkpoints: Checkpoints,
        clock: Callable[[], float],
        learned_at_once: int = LEARNED_AT_ONCE,
    ) -> None:
        """Ask nothing yet.

        Args:
            systems: The tenant's; what is not of its accounts is kept as a dead letter.
            listing: Gives the resources of all of its accounts and Regions.
            digests: Of what the graph holds, by id.
            letters: Keeps what cannot be taken in.
            checkpoints: Keeps where a listing was cut off.
            clock: Seconds since 1970.
            learned_at_once: Rows at most that are written only to be known by.
        """
        self._systems = systems
        self._learned_at_once = learned_at_once
        self._listing = listing
        self._digests = digests
        self._letters = letters
        self._checkpoints = checkpoints
        self._clock = clock
        self._name = checkpoint_of(systems.tenant.id)

    def run(
        self,
        progress: Callable[[int], None] = lambda _: None,
        left_s: Callable[[], float] = lambda: inf,
    ) -> SyncSummary:
        """List everything, or go on where a listing was cut off less than `TOKEN_LIFE_S` ago.

        Args:
            progress: Told how many resources have been listed so far.
            left_s: How many seconds there still are. Before they are over what was listed is
                stored: a process that is ended in the middle would begin again each time.

        Raises:
            NotFoundError, DeniedByAwsError: the aggregator cannot be asked.
            StaleListingError: it does not know a token that it gave a moment ago.
            UnavailableError: AWS or an engine does not answer; what was listed is stored, and the
                next sync goes on from there.
        """
        work = _Work(self._systems, self._digests(), self._learned_at_once)
        work.token = self._saved_token()
        work.summary.complete = not work.token
        try:
            begun = self._list(work, progress, left_s)
        except StaleListingError:
            self._store(work, "")
            raise
        except SecurityAssistError:
            self._store(work, work.token)
            raise
        self._store(work, work.token)
        if work.summary.cut_off:
            return work.summary
        if work.summary.complete:
            self._delete(work, datetime.fromtimestamp(begun, UTC))
        told = {account for account, _ in work.places}
        work.summary.untold = [a for a in self._systems.tenant.accounts if a not in told]
        return work.summary

    def _list(
        self, work: "_Work", progress: Callable[[int], None], left_s: Callable[[], float]
    ) -> float:
        """Page by page to the last one, or until there is no time; when the listing began."""
        begun, resumed = self._clock(), bool(work.token)
        while True:
            try:
                page = self._listing.page(work.token)
            except StaleListingError:
                if not resumed:
                    raise
                begun, resumed = self._clock(), False
                work.begin_again()
                continue
            for record in page.records:
                work.take(record)
            work.token = page.token
            progress(work.summary.listed)
            if not page.token:
                return begun
            if left_s() < STORING_S:
                work.summary.cut_off, work.summary.complete = True, False
                return begun
            if work.waiting >= CHANGES_AT_ONCE:
                self._store(work, page.token)

    def _saved_token(self) -> str:
        saved = self._checkpoints.load(self._name)
        if saved is None:
            return ""
        told = json.loads(saved)
        age = self._clock() - float(told["given_at"])
        return str(told["token"]) if 0 <= age < TOKEN_LIFE_S else ""

    def _store(self, work: "_Work", token: str) -> None:
        """Store what waits, then say how far the listing has come."""
        work.store()
        now = self._clock()
        moment = datetime.fromtimestamp(now, UTC)
        self._letters.keep([
            letter(RESOURCES, one.file, one.reason, one.data, moment) for one in work.rejects
        ])  # fmt: skip
        work.rejects.clear()
        self._checkpoints.save(self._name, json.dumps({"token": token, "given_at": now}))

    def _delete(self, work: "_Work", begun: datetime) -> None:
        """Delete what is stored, was not listed, and is not there when it is asked for by name."""
        missing = [i for i in work.stored if i not in work.listed]
        for at in range(0, len(missing), _ASKED_AT_ONCE):
            known = self._systems.resources.get(missing[at : at + _ASKED_AT_ONCE])
            gone = [one for one in known.values() if work.may_be_gone(one, begun)]
            still = self._listing.still(gone) if gone else set()
            ids = [one.id for one in gone if one.id not in still]
            if ids:
                moments = dict.fromkeys(ids, begun)
                self._systems.resources.apply(GraphChange(deleted=ids, deleted_at=moments))
                work.summary.deleted += len(ids)


class _Work:
    """What one sync has seen."""

    def __init__(self, systems: Systems, stored: Mapping[str, Told], to_learn: int) -> None:
        self.stored = stored
        self._rows = {told.row: resource_id for resource_id, told in stored.items() if told.row}
        self.listed: set[str] = set()
        self.places: set[tuple[str, str]] = set()
        """Accounts and Regions of which something was told."""
        self.rejects: list[Reject] = []
        self.summary = SyncSummary()
        self.waiting = 0
        self.token = ""
        """Of the page that comes next; empty: the first, or none."""
        self._to_learn = to_learn
        self._tenant = systems.tenant
        self._systems = systems
        self._intake = self._opened()
        self._again = self._opened()
        """What is stored as it is listed, but was told in other words."""

    def _opened(self) -> Intake:
        return Intake(
            lambda account: self._tenant.id if account in self._tenant.accounts else None,
            lambda _: self._systems,
            self.rejects.append,
        )

    def begin_again(self) -> None:
        """The listing starts over: what was taken stays taken, what was seen is not complete."""
        self.store()
        self.token = ""
        self.listed.clear()
        self.places.clear()
        self.summary.listed = 0
        self.summary.complete = True

    def take(self, record: bytes) -> None:
        """Look at one listed resource; let it wait to be stored if it is not as it was."""
        self.summary.listed += 1
        if self._is_known(record):
            return
        intake = self._intake
        if self._is_as_it_was(record):
            if not self._to_learn:
                return
            self._to_learn -= 1
            intake = self._again
        self.waiting += 1
        for found in records_of(_SOURCE, self.summary.listed, record):
            intake.take(found)

    def _is_known(self, record: bytes) -> bool:
        """Whether it came so before, and what it said then is what is stored."""
        resource_id = self._rows.get(row_of(record))
        if resource_id is None:
            return False
        told = self.stored[resource_id]
        if told.account not in self._tenant.accounts:
            return False
        self.listed.add(resource_id)
        self.places.add((told.account, told.region))
        return True

    def _is_as_it_was(self, record: bytes) -> bool:
        try:
            row = _object(record)
            item = read_item(row) if is_config_item(row) else None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, RejectedRecordError):
            return False
        if item is None or item.deleted or item.account not in self._tenant.accounts:
            return False
        self.listed.add(item.id)
        self.places.add((item.account, item.region))
        change = change_of([item])
        digest = digest_of(change.resources[0], [link for _, link in change.links])
        told = self.stored.get(item.id)
        return told is not None and told.digest == digest

    def store(self) -> None:
        """Write what waits."""
        self._intake.store_all()
        self._again.store_all()
        self.summary.changed += self._intake.summary.resources
        self.summary.rejected += self._intake.summary.rejected + self._again.summary.rejected
        self.waiting = 0
        self._intake = self._opened()
        self._again = self._opened()

    def may_be_gone(self, one: Resource, begun: datetime) -> bool:
        """Whether Config told of it, before the listing began, where the listing told something."""
        seen = one.captured_at
        return (
            one.known
            and "config_type" in one.properties
            and (one.account, one.region) in self.places
            and (seen is None or seen < begun)
        )
