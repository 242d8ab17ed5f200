"""One record to its tenant, or refused with why: what files, queues, polls and replays share.

Stores keep the latest state by identity, so whatever was cut off half-way is simply done again.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec
from msgspec import Struct

from integrations.errors import (
    PartlyRejectedError,
    RejectedRecordError,
    SecurityAssistError,
)
from integrations.findings.judged import class_of
from integrations.findings.port import FindingClass, Written
from integrations.findings.sources import Source, convert_one, detect
from integrations.ingest.records import RawRecord, Reject, broken, reject
from integrations.ingest.summary import IngestSummary
from integrations.resources.config_items import (
    ConfigItem,
    change_of,
    is_config_item,
    read_item,
)
from integrations.resources.listed_rows import told_row
from integrations.systems import Systems

_FINDINGS_AT_ONCE: Final = 500
_ITEMS_AT_ONCE: Final = 5000
_CONFIG: Final = "AWS Config"
_ACCOUNT: Final = re.compile(r"[0-9]{12}")

Rejected = Callable[[Reject], None]
"""Told of each record that cannot be taken in, whenever it is tried."""
Missed = Callable[[Sequence[RawRecord], SecurityAssistError], None]
"""Told which records are not stored because an engine failed; they may be tried again."""


class _Account(Struct, gc=False):
    uid: str = ""


class _Cloud(Struct, gc=False):
    account: _Account = msgspec.field(default_factory=_Account)


class _Owner(Struct, gc=False):
    account: _Account = msgspec.field(default_factory=_Account)


class _Resource(Struct, gc=False):
    owner: _Owner = msgspec.field(default_factory=_Owner)


class _Metadata(Struct, gc=False):
    event_code: str = ""


class _Routing(Struct, gc=False):
    """What of an event decides where it goes, and as what it is counted."""

    class_uid: int
    metadata: _Metadata
    status_code: str = ""
    cloud: _Cloud = msgspec.field(default_factory=_Cloud)
    resources: list[_Resource] = msgspec.field(default_factory=list)

    @property
    def cls(self) -> FindingClass:
        """The class that the store will have it in."""
        return class_of(self.class_uid, self.metadata.event_code, self.status_code)

    @property
    def account(self) -> str:
        """The account that the finding is of."""
        if self.cloud.account.uid or not self.resources:
            return self.cloud.account.uid
        return self.resources[0].owner.account.uid


_routing = msgspec.json.Decoder(_Routing).decode
_object = msgspec.json.Decoder(dict[str, Any]).decode

_Event = tuple[RawRecord, bytes]


@dataclass(slots=True)
class _Waiting:
    """What has been read for one tenant and is not yet stored."""

    findings: list[_Event] = field(default_factory=list)
    items: list[tuple[RawRecord, ConfigItem]] = field(default_factory=list)


def _raised(_: Sequence[RawRecord], error: SecurityAssistError) -> None:
    raise error


ADDING, ONBOARDING = "assist tenants add", "assist tenants onboard"


class Intake:
    """Takes records one by one, and stores them in batches by tenant."""

    def __init__(
        self,
        owner_of: Callable[[str], str | None],
        systems_of: Callable[[str], Systems],
        rejected: Rejected,
        missed: Missed = _raised,
        adding: str = ONBOARDING,
    ) -> None:
        """Nothing is read or stored yet.

        Args:
            owner_of: The tenant whose account it is.
            systems_of: A tenant's systems.
            rejected: Told of each record that cannot be taken in.
            missed: Told of records that an engine failed to store. Without it the engine's error is
                raised.
            adding: The command that takes a tenant on: deployed, and where accounts are pulled
                from, the one that makes their roles.
        """
        self._adding = adding
        self.summary = IngestSummary()
        self._owner_of = owner_of
        self._systems_of = systems_of
        self._rejected = rejected
        self._missed = missed
        self._waiting: dict[str, _Waiting] = {}
        self._full: list[str] = []
        self._owners: dict[str, str | None] = {}

    def take(self, record: RawRecord | Reject) -> None:
        """Convert one record and let it wait to be stored, or reject it; stores nothing."""
        self.summary.records += 1
        if isinstance(record, Reject):
            self.reject(record)
            return
        try:
            source = detect(record.data)
            if source is None:
                self._take_other(record)
            else:
                self._take_finding(record, source)
        except RejectedRecordError as error:
            self.reject(reject(record, str(error)))
        except SecurityAssistError as error:
            self._missed([record], error)

    def _take_finding(self, record: RawRecord, source: Source) -> None:
        event = convert_one(record.data)
        routing = _routing(event)
        tenant = self._tenant_of(routing.account)
        self.summary.by_class[routing.cls.name] += 1
        waiting = self._waiting.setdefault(tenant, _Waiting())
        waiting.findings.append((record, event))
        self.summary.by_source[source.value] += 1
        self.summary.by_tenant[tenant] += 1
        if len(waiting.findings) >= _FINDINGS_AT_ONCE:
            self._full.append(tenant)

    def _take_other(self, record: RawRecord) -> None:
        try:
            item = _object(record.data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise RejectedRecordError(broken(record.data)) from error
        if not is_config_item(item):
            # Says what it would have to be.
            convert_one(record.data)
        read_in = replace(read_item(item), row=told_row(record.data))
        tenant = self._tenant_of(read_in.account)
        waiting = self._waiting.setdefault(tenant, _Waiting())
        waiting.items.append((record, read_in))
        self.summary.by_source[_CONFIG] += 1
        self.summary.by_tenant[tenant] += 1
        if len(waiting.items) >= _ITEMS_AT_ONCE:
            self._full.append(tenant)

    def _tenant_of(self, account: str) -> str:
        if account not in self._owners:
            self._owners[account] = self._owner_of(account)
        tenant = self._owners[account]
        if tenant is None:
            raise RejectedRecordError(_nobodys(account, self._adding))
        return tenant

    def store_full(self) -> None:
        """Store what waits for tenants of whom enough waits."""
        while self._full:
            self._store(self._full.pop())

    def store_all(self) -> None:
        """Store all that waits."""
        self._full.clear()
        for tenant in self._waiting:
            self._store(tenant)

    def reject(self, rejected: Reject) -> None:
        """Count a record that cannot be taken in, and tell of it."""
        self.summary.rejected += 1
        self.summary.by_reason[rejected.reason] += 1
        self._rejected(rejected)

    def _store(self, tenant: str) -> None:
        waiting = self._waiting[tenant]
        findings, waiting.findings = waiting.findings, []
        items, waiting.items = waiting.items, []
        try:
            systems = self._systems_of(tenant)
        except SecurityAssistError as error:
            self._missed([record for record, _ in (*findings, *items)], error)
            return
        if findings:
            self._store_findings(systems, findings)
        if items:
            self._store_items(systems, items)

    def _store_findings(self, systems: Systems, batch: Sequence[_Event]) -> None:
        """One call; where some of it is not to the store's liking, as few more as find it."""
        try:
            written = systems.findings.upsert([event for _, event in batch])
        except PartlyRejectedError as error:
            reasons = dict(error.rejected)
            for at, reason in reasons.items():
                self.reject(reject(batch[at][0], reason))
            # The others are stored; once more tells as what they count.
            rest = [event for at, event in enumerate(batch) if at not in reasons]
            if rest:
                self._store_findings(systems, rest)
        except RejectedRecordError as error:
            if len(batch) == 1:
                self.reject(reject(batch[0][0], str(error)))
                return
            half = len(batch) // 2
            self._store_findings(systems, batch[:half])
            self._store_findings(systems, batch[half:])
        except SecurityAssistError as error:
            self._missed([record for record, _ in batch], error)
        else:
            self._count(written)

    def _store_items(self, systems: Systems, batch: Sequence[tuple[RawRecord, ConfigItem]]) -> None:
        """One call; where one of them is not to the graph's liking, as few more as find it."""
        try:
            systems.resources.apply(change_of([item for _, item in batch]))
        except RejectedRecordError as error:
            if len(batch) == 1:
                self.reject(reject(batch[0][0], str(error)))
                return
            half = len(batch) // 2
            self._store_items(systems, batch[:half])
            self._store_items(systems, batch[half:])
        except SecurityAssistError as error:
            self._missed([record for record, _ in batch], error)
        else:
            self.summary.resources += len(batch)

    def _count(self, written: Written) -> None:
        self.summary.added += written.added
        self.summary.updated += written.updated
        self.summary.unchanged += written.unchanged


def _nobodys(account: str, adding: str) -> str:
    """Why an account is refused; a command to copy only for what can be an account."""
    if not _ACCOUNT.fullmatch(account):
        return f"account {account[:64]!r} is not an AWS account id of 12 digits"
    return f"account {account} belongs to no tenant; {adding} TENANT --account {account}"
