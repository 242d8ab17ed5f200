"""What is true of the demo's tenants, read from the sources' own files by a few lines of its own.

Nothing here goes through the product's sources, stores or graph: a number that an answer gives is
compared with what a person would count in the files.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from tests.evals.estate_truth import EstateTruth

_OCSF_SEVERITIES = {1: "INFORMATIONAL", 2: "LOW", 3: "MEDIUM", 4: "HIGH", 5: "CRITICAL"}
_SERVICES = {"lambda": "Lambda", "s3": "S3", "ec2": "EC2", "sqs": "SQS", "dynamodb": "DynamoDB"}


class Told(NamedTuple):
    """What one record says of a finding."""

    at: datetime
    state: str
    severity: str


@dataclass(frozen=True)
class Row:
    """One finding, in its latest state."""

    id: str
    title: str
    severity: str
    state: str
    """open, muted, resolved or archived."""
    updated: datetime
    first: datetime
    resource: str
    control: str = ""
    cve: str = ""
    exploit: bool = False
    threat: bool = False
    description: str = ""
    course: tuple[Told, ...] = ()
    """Every state that was told of it, the earliest first."""

    @property
    def service(self) -> str:
        """As control ids begin; by the resource's id where there is no control."""
        if self.control:
            return self.control.split(".")[0]
        kind = self.resource.split(":")[2] if self.resource.startswith("arn:") else "ec2"
        return _SERVICES.get(kind, "")

    @property
    def open(self) -> bool:
        return self.state == "open"

    def open_at(self, moment: datetime) -> str:
        """Its severity if it was open then, else "".

        It was open from when it was first seen until a record says otherwise; one that was never
        told of as open was open only if it was archived since.
        """
        first = self.course[0]
        if moment < self.first or first.state not in {"open", "archived"}:
            return ""
        before = [told for told in self.course if told.at <= moment]
        last = before[-1] if before else first._replace(state="open")
        return last.severity if last.state == "open" else ""

    @property
    def came_back(self) -> datetime | None:
        """When it was open again after having been closed."""
        back = [b.at for a, b in pairwise(self.course) if b.state == "open" != a.state]
        return back[-1] if back else None

    @property
    def went(self) -> datetime | None:
        """When it was closed, having been open before."""
        if self.open or self.state == "muted" or self.course[0].state == "resolved":
            return None
        return next(b.at for b in reversed(self.course) if b.state == self.state)


def _when(text: str | int) -> datetime:
    if isinstance(text, int):
        return datetime.fromtimestamp(text, tz=UTC)
    return datetime.fromisoformat(text)


def _asff(record: dict[str, Any]) -> Row:
    state = "open"
    if record["RecordState"] == "ARCHIVED":
        state = "archived"
    elif record["Workflow"]["Status"] == "SUPPRESSED":
        state = "muted"
    elif record["Workflow"]["Status"] == "RESOLVED" or record["Compliance"]["Status"] == "PASSED":
        state = "resolved"
    return Row(
        id=record["Id"],
        title=record["Title"],
        severity=record["Severity"]["Label"],
        state=state,
        updated=_when(record["UpdatedAt"]),
        first=_when(record["FirstObservedAt"]),
        resource=record["Resources"][0]["Id"],
        control=record["Compliance"].get("SecurityControlId", ""),
        description=record["Description"],
    )


def _guardduty(record: dict[str, Any]) -> Row:
    folded = {key.lower(): value for key, value in record.items()}
    severity = "HIGH" if folded["severity"] >= 7 else "MEDIUM"
    instance = json.dumps(folded["resource"]).split("nstanceId")[1].split('"')[2]
    return Row(
        id=folded["id"],
        title=folded["title"],
        severity=severity,
        state="open",
        updated=_when(folded["updatedat"]),
        first=_when(folded["createdat"]),
        resource=instance,
        threat=True,
        description=folded["description"],
    )


def _inspector(record: dict[str, Any]) -> Row:
    return Row(
        id=record["findingArn"],
        title=record["title"],
        severity=record["severity"],
        state="open" if record["status"] == "ACTIVE" else "resolved",
        updated=_when(record["updatedAt"]),
        first=_when(record["firstObservedAt"]),
        resource=record["resources"][0]["id"],
        cve=record["packageVulnerabilityDetails"]["vulnerabilityId"],
        exploit=record["exploitAvailable"] == "YES",
        description=record["description"],
    )


def _ocsf(record: dict[str, Any]) -> Row:
    return Row(
        id=record["finding_info"]["uid"],
        title=record["finding_info"]["title"],
        severity=_OCSF_SEVERITIES[record["severity_id"]],
        state="open" if record["status_code"] == "FAIL" else "resolved",
        updated=_when(record["time"]),
        first=_when(record["finding_info"]["created_time"]),
        resource=record["resources"][0]["uid"],
    )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        yield from map(json.loads, path.read_text().splitlines())


def _document(path: Path, key: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text())[key] if path.exists() else []
    return found


def _records(folder: Path) -> Iterator[Row]:
    for record in _document(folder / "security-hub-api.json", "Findings"):
        yield _asff(record)
    for event in _lines(folder / "security-hub-events.ndjson"):
        yield from map(_asff, event["detail"]["findings"])
    yield from map(_asff, _lines(folder / "security-hub.ndjson"))
    yield from map(_guardduty, _document(folder / "guardduty.json", "Findings"))
    yield from map(_inspector, _document(folder / "inspector.json", "findings"))
    yield from map(_ocsf, _lines(folder / "scanner-ocsf.ndjson"))


class TenantTruth(EstateTruth):
    """What one tenant's files hold."""

    def __init__(self, folder: Path, now: datetime) -> None:
        super().__init__(_document(folder / "config-snapshot.json", "configurationItems"))
        self._folder, self._now = folder, now

    @cached_property
    def rows(self) -> list[Row]:
        """Every finding in its latest state."""
        told: dict[str, list[Row]] = {}
        for row in _records(self._folder):
            told.setdefault(row.id, []).append(row)
        return [_latest(sorted(rows, key=lambda row: row.updated)) for rows in told.values()]

    def open(
        self, severity: str = "", service: str = "", control: str = "", text: str = ""
    ) -> list[Row]:
        """Open findings, narrowed; `text` must stand in the title or in the description."""
        return [
            row
            for row in self.rows
            if row.open
            and (not severity or row.severity == severity)
            and (not service or row.service == service)
            and (not control or row.control == control)
            and text.casefold() in f"{row.title} {row.description}".casefold()
        ]

    def on(self, called: str, severity: str = "") -> list[Row]:
        """Open findings of the one resource that is called so."""
        item = self.item(called)
        ids = {item["ARN"], item["resourceId"]}
        return [row for row in self.open(severity) if row.resource in ids]

    def muted(self) -> list[Row]:
        """Findings that somebody suppressed."""
        return [row for row in self.rows if row.state == "muted"]

    def new(self, days: int) -> list[Row]:
        """Open findings first seen in the last so many days."""
        return [row for row in self.open() if row.first >= self._now - timedelta(days=days)]

    def this_month(self, severity: str = "") -> list[Row]:
        """Open findings first seen since the first of the month, UTC."""
        begin = self._now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return [row for row in self.open(severity) if row.first >= begin]

    def older(self, days: int, severity: str = "") -> list[Row]:
        """Open findings first seen more than so many days ago."""
        before = self._now - timedelta(days=days)
        return [row for row in self.open(severity) if row.first < before]

    def gone(self, days: int) -> list[Row]:
        """Findings that were open and have been closed in the last so many days."""
        since = self._now - timedelta(days=days)
        return [row for row in self.rows if row.went and row.went >= since]

    def back(self, days: int) -> list[Row]:
        """Open findings that had been closed, and came back in the last so many days."""
        since = self._now - timedelta(days=days)
        return [row for row in self.open() if row.came_back and row.came_back >= since]

    def moved(self, severity: str) -> int:
        """How many more are open than a day ago."""
        then = self._now - timedelta(days=1)
        before = [row for row in self.rows if row.open_at(then) == severity]
        return len(self.open(severity)) - len(before)

    def since_yesterday(self, severity: str) -> str:
        """How many are open, and how that moved: `29 (+1 since yesterday)`, `29 as yesterday`."""
        now, moved = len(self.open(severity)), self.moved(severity)
        return f"{now:,} ({moved:+,} since yesterday)" if moved else f"{now:,} as yesterday"

    def oldest(self, severity: str = "") -> Row:
        """The open finding that was seen first."""
        return min(self.open(severity), key=lambda row: row.first)

    def days(self, row: Row) -> int:
        """For how many days it has been open."""
        return (self._now - row.first).days

    def hours(self, row: Row) -> int:
        """For how many hours it has been open."""
        return int((self._now - row.first).total_seconds() // 3600)

    def the(self, text: str) -> Row:
        """The one open finding with these words in its title."""
        (row,) = self.open(text=text)
        return row

    def most(self) -> int:
        """The most open findings that one resource has."""
        counted = Counter(self.name(row.resource) for row in self.open())
        return max(counted.values())


def _latest(rows: list[Row]) -> Row:
    """The last of a finding's records, with what the earlier ones tell."""
    course = tuple(Told(row.updated, row.state, row.severity) for row in rows)
    return replace(rows[-1], first=min(row.first for row in rows), course=course)


class Truth:
    """What is true of every tenant."""

    def __init__(self, sources: Path, now: datetime) -> None:
        self.acme = TenantTruth(sources / "acme", now)
        self.globex = TenantTruth(sources / "globex", now)
        self.initech = TenantTruth(sources / "initech", now)
        self.tenants = {"acme": self.acme, "globex": self.globex, "initech": self.initech}

    def row(self, uid: str) -> Row | None:
        """The finding with this id, whoever has it."""
        return self._by_id.get(uid.rsplit("/", 1)[-1], self._by_id.get(uid))

    @cached_property
    def _by_id(self) -> dict[str, Row]:
        return {row.id: row for tenant in self.tenants.values() for row in tenant.rows}
