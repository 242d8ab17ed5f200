"""Files to stores: every record to the tenant whose account it is of, or to the rejects, with why.

Stores keep the latest state by identity, so a run that was killed half-way is simply run again.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

import msgspec
from msgspec import Struct

from integrations.errors import RejectedRecordError
from integrations.findings.ocsf import class_of
from integrations.findings.port import FindingClass, Written
from integrations.findings.sources import Source, convert_one, detect
from integrations.ingest.reading import read
from integrations.ingest.records import RawRecord, Reject, broken, reject
from integrations.ingest.summary import IngestSummary
from integrations.resources.config_items import (
    ConfigItem,
    change_of,
    is_config_item,
    read_item,
)
from integrations.systems import Systems
from integrations.tenants.port import TenantDirectory

_FINDINGS_AT_ONCE: Final = 500
_ITEMS_AT_ONCE: Final = 5000
_CONFIG: Final = "AWS Config"
_ACCOUNT: Final = re.compile(r"[0-9]{12}")

Progress = Callable[[int, int], None]
"""Told how many bytes of the files and how many records have been read so far."""


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


@dataclass(slots=True)
class _Waiting:
    """What has been read for one tenant and is not yet stored."""

    findings: list[tuple[RawRecord, bytes]] = field(default_factory=list)
    items: list[ConfigItem] = field(default_factory=list)


class Ingest:
    """Takes in files of findings and AWS Config items for every tenant of a directory."""

    def __init__(self, directory: TenantDirectory, systems_of: Callable[[str], Systems]) -> None:
        self._directory = directory
        self._systems_of = systems_of

    def run(self, paths: Sequence[Path], rejects: Path, progress: Progress) -> IngestSummary:
        """Take in every record of the paths; see `reading.read` for what a path may be.

        What cannot be taken in is written to `rejects` (JSON lines: file, line, index, reason and
        the record's first 200 characters), which is replaced; without rejects there is no such
        file afterwards.
        """
        with _Rejects(rejects) as kept:
            run = _Run(self._directory, self._systems_of, kept)
            position = 0

            def at(done: int) -> None:
                nonlocal position
                position = done

            for record in read(paths, at):
                run.take(record)
                progress(position, run.summary.records)
            run.store_all()
        return run.summary


class _Run:
    def __init__(
        self,
        directory: TenantDirectory,
        systems_of: Callable[[str], Systems],
        rejects: "_Rejects",
    ) -> None:
        self.summary = IngestSummary()
        self._directory = directory
        self._systems_of = systems_of
        self._rejects = rejects
        self._waiting: dict[str, _Waiting] = {}
        self._owners: dict[str, str | None] = {}

    def take(self, record: RawRecord | Reject) -> None:
        """Convert one record and let it wait for its batch, or reject it."""
        self.summary.records += 1
        if isinstance(record, Reject):
            self._reject(record)
            return
        try:
            source = detect(record.data)
            if source is None:
                self._take_other(record)
            else:
                self._take_finding(record, source)
        except RejectedRecordError as error:
            self._reject(reject(record, str(error)))

    def _take_finding(self, record: RawRecord, source: Source) -> None:
        event = convert_one(record.data)
        routing = _routing(event)
        tenant = self._tenant_of(routing.account)
        waiting = self._waiting.setdefault(tenant, _Waiting())
        waiting.findings.append((record, event))
        self.summary.by_source[source.value] += 1
        self.summary.by_class[routing.cls.name] += 1
        self.summary.by_tenant[tenant] += 1
        if len(waiting.findings) >= _FINDINGS_AT_ONCE:
            self._store_findings(tenant, waiting)

    def _take_other(self, record: RawRecord) -> None:
        try:
            item = _object(record.data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise RejectedRecordError(broken(record.data)) from error
        if not is_config_item(item):
            # Says what it would have to be.
            convert_one(record.data)
        read_in = read_item(item)
        tenant = self._tenant_of(read_in.account)
        waiting = self._waiting.setdefault(tenant, _Waiting())
        waiting.items.append(read_in)
        self.summary.by_source[_CONFIG] += 1
        self.summary.by_tenant[tenant] += 1
        if len(waiting.items) >= _ITEMS_AT_ONCE:
            self._store_items(tenant, waiting)

    def _tenant_of(self, account: str) -> str:
        if account not in self._owners:
            self._owners[account] = self._directory.owner_of(account)
        tenant = self._owners[account]
        if tenant is None:
            raise RejectedRecordError(_nobodys(account))
        return tenant

    def store_all(self) -> None:
        """Store what still waits."""
        for tenant, waiting in self._waiting.items():
            self._store_findings(tenant, waiting)
            self._store_items(tenant, waiting)

    def _store_findings(self, tenant: str, waiting: _Waiting) -> None:
        if not waiting.findings:
            return
        batch, waiting.findings = waiting.findings, []
        store = self._systems_of(tenant).findings
        try:
            self._count(store.upsert([event for _, event in batch]))
        except RejectedRecordError:
            # All or nothing: one of them is not to the store's liking, so let it say which.
            for record, event in batch:
                try:
                    self._count(store.upsert([event]))
                except RejectedRecordError as error:
                    self._reject(reject(record, str(error)))

    def _store_items(self, tenant: str, waiting: _Waiting) -> None:
        if waiting.items:
            items, waiting.items = waiting.items, []
            self._systems_of(tenant).resources.apply(change_of(items))
            self.summary.resources += len(items)

    def _count(self, written: Written) -> None:
        self.summary.added += written.added
        self.summary.updated += written.updated
        self.summary.unchanged += written.unchanged

    def _reject(self, rejected: Reject) -> None:
        self.summary.rejected += 1
        self.summary.by_reason[rejected.reason] += 1
        self._rejects.write(rejected)


def _nobodys(account: str) -> str:
    """Why an account is refused; a command to copy only for what can be an account."""
    if not _ACCOUNT.fullmatch(account):
        return f"account {account[:64]!r} is not an AWS account id of 12 digits"
    return f"account {account} belongs to no tenant; assist tenants add TENANT --account {account}"


class _Rejects:
    """The rejects file: made with the first reject, readable by its owner only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        self._path.unlink(missing_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, rejected: Reject) -> None:
        """Append one reject."""
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch(mode=0o600)
            self._file = self._path.open("w", encoding="utf-8")
        self._file.write(json.dumps(asdict(rejected)) + "\n")
