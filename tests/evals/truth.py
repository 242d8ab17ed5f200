"""What is true of the demo's tenants, read from the sources' own files by a few lines of its own.

Nothing here goes through the product's sources, stores or graph: a number that an answer gives is
compared with what a person would count in the files.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

_OCSF_SEVERITIES = {1: "INFORMATIONAL", 2: "LOW", 3: "MEDIUM", 4: "HIGH", 5: "CRITICAL"}
ANYWHERE = {"0.0.0.0/0", "::/0"}


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
    was_open: bool = False
    """An earlier record of it was open."""

    @property
    def service(self) -> str:
        """As control ids begin; of the resource's ARN where there is no control."""
        return self.control.split(".")[0]

    @property
    def open(self) -> bool:
        return self.state == "open"


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


class TenantTruth:
    """What one tenant's files hold."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self._folder, self._now = folder, now

    @cached_property
    def rows(self) -> list[Row]:
        """Every finding in its latest state."""
        latest: dict[str, Row] = {}
        opened: set[str] = set()
        first: dict[str, datetime] = {}
        for row in _records(self._folder):
            first[row.id] = min(row.first, first.get(row.id, row.first))
            if row.open:
                opened.add(row.id)
            if row.id not in latest or row.updated > latest[row.id].updated:
                latest[row.id] = row
        return [
            Row(**{**row.__dict__, "was_open": row.id in opened, "first": first[row.id]})
            for row in latest.values()
        ]

    @cached_property
    def items(self) -> list[dict[str, Any]]:
        """The AWS Config items."""
        return _document(self._folder / "config-snapshot.json", "configurationItems")

    def open(self, severity: str = "", service: str = "", control: str = "") -> list[Row]:
        """Open findings, narrowed."""
        return [
            row
            for row in self.rows
            if row.open
            and (not severity or row.severity == severity)
            and (not service or row.service == service)
            and (not control or row.control == control)
        ]

    def on(self, ending: str) -> list[Row]:
        """Open findings whose first resource's id ends so."""
        return [row for row in self.open() if row.resource.endswith(ending)]

    def new(self, days: int) -> list[Row]:
        """Open findings first seen in the last so many days."""
        return [row for row in self.open() if row.first >= self._now - timedelta(days=days)]

    def oldest(self, severity: str = "") -> Row:
        """The open finding that was seen first."""
        return min(self.open(severity), key=lambda row: row.first)

    def days(self, row: Row) -> int:
        """For how many days it has been open."""
        return (self._now - row.first).days

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """Config items of one type that exist."""
        return [
            item
            for item in self.items
            if item["resourceType"] == kind
            and not item["configurationItemStatus"].startswith("ResourceDeleted")
        ]

    def open_groups(self) -> set[str]:
        """Names of security groups that admit everybody to something."""
        return {
            item["configuration"]["groupName"]
            for item in self.of_type("AWS::EC2::SecurityGroup")
            if _admits_everybody(item["configuration"]["ipPermissions"])
        }

    def public_storage(self) -> set[str]:
        """Names of buckets and snapshots that everybody can read."""
        return {name for item in self.items for name in _public_name(item)}


def _admits_everybody(permissions: Iterable[dict[str, Any]]) -> bool:
    return bool(ANYWHERE & {cidr for p in permissions for cidr in _cidrs(p)})


def _cidrs(permission: dict[str, Any]) -> Iterator[str]:
    text = json.dumps(permission)
    yield from (cidr for cidr in ANYWHERE if f'"{cidr}"' in text)


def _public_name(item: dict[str, Any]) -> Iterator[str]:
    more = item.get("supplementaryConfiguration") or {}
    text = unquote(json.dumps(more)).replace("\\", "")
    if item["resourceType"] == "AWS::S3::Bucket" and '"Principal": "*"' in text:
        yield item["resourceName"]
    if item["resourceType"] == "AWS::RDS::DBSnapshot" and '"all"' in text:
        yield item["resourceName"]


class Truth:
    """What is true of every tenant."""

    def __init__(self, sources: Path, now: datetime) -> None:
        self.acme = TenantTruth(sources / "acme", now)
        self.globex = TenantTruth(sources / "globex", now)
        self.initech = TenantTruth(sources / "initech", now)
