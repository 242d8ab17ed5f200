"""The demo: three tenants, five people, five channels, and the files that their accounts export.

Everything is generated in the sources' own formats and goes through the ordinary ingest. The same
`now` gives the same files.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from infra.local.account import SECURITY_KEY, stamp
from infra.local.acme import DATA, SHOP, acme
from infra.local.estate import Estate, by_turns
from infra.local.globex import LEDGER, PAYMENTS, globex
from infra.local.initech import DEVELOPMENT, initech
from infra.local.native_findings import Record, envelope
from integrations.tenants.port import Environment, Tenant

WORKSPACE = "T0ASSISTDEMO"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the workspace, by role."""

    id: str
    name: str
    role: str


PEOPLE = (
    Person("U0ANALYST1", "analyst-1", "analyst"),
    Person("U0ANALYST2", "analyst-2", "analyst"),
    Person("U0ONCALL01", "oncall-1", "on-call engineer"),
    Person("U0ONCALL02", "oncall-2", "on-call engineer"),
    Person("U0TEAMLEAD", "lead-1", "team lead"),
)


@dataclass(frozen=True, slots=True)
class DemoChannel:
    """A channel of the workspace; neither a tenant's nor the operators' is unmapped on purpose."""

    id: str
    name: str
    tenant_id: str | None = None
    operator: bool = False
    topic: str = ""
    starters: tuple[str, ...] = ()
    """Questions offered in the empty channel."""


CHANNELS = (
    DemoChannel("C0ACMESEC01", "acme-security", "acme", topic="The shop's accounts (production)",
                starters=("what needs attention first?", "what changed since yesterday?",
                          "what is exposed to DDoS?")),
    DemoChannel("C0GLOBEXSEC", "globex-security", "globex", topic="Payments (production)",
                starters=("any active threats?", "how are we doing?", "which buckets are public?")),
    DemoChannel("C0INITECHSE", "initech-security", "initech", topic="Development",
                starters=("what needs attention first?", "oldest open findings")),
    DemoChannel("C0SECOPS001", "secops", operator=True, topic="Operators: every tenant",
                starters=("compare the tenants", "what needs attention first?", "list tenants")),
    DemoChannel("C0RANDOM001", "random", topic="Mapped to no tenant, on purpose",
                starters=("what needs attention first?",)),
)  # fmt: skip

SETTINGS = {
    "log_bucket": "security-logs-{account}",
    "kms_key_arn": f"arn:aws:kms:{{region}}:{{account}}:key/{SECURITY_KEY}",
}
"""What runbooks need to know: each account has its own, by one name."""
_APPROVERS = tuple(f"slack/{WORKSPACE}/{p.id}" for p in PEOPLE if p.role == "on-call engineer")
_TEAM_LEAD = f"slack/{WORKSPACE}/U0TEAMLEAD"
"""What cannot be undone takes two approvers, and initech has one on call."""
TENANTS = (
    Tenant(id="acme", name="Acme", accounts=(SHOP, DATA), priority=1, approvers=_APPROVERS,
           environment=Environment.PRODUCTION, contact="on-call of acme", settings=SETTINGS),
    Tenant(id="globex", name="Globex", accounts=(PAYMENTS, LEDGER), priority=2,
           approvers=_APPROVERS, environment=Environment.PRODUCTION, contact="on-call of globex",
           settings=SETTINGS),
    Tenant(id="initech", name="Initech", accounts=(DEVELOPMENT,), priority=4,
           approvers=(_APPROVERS[0], _TEAM_LEAD), environment=Environment.DEVELOPMENT,
           contact="on-call of initech", settings=SETTINGS),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class WrittenStory:
    """What was written."""

    findings: int
    items: int
    files: tuple[Path, ...]


def estates(now: datetime) -> tuple[Estate, ...]:
    """The three tenants' exports as of `now` (aware UTC)."""
    told = acme(now), globex(now), initech(now)
    for estate in told:
        for account in estate.accounts:
            account.security()
    return told


def write(folder: Path, now: datetime) -> WrittenStory:
    """Write the exports, a folder per tenant; deterministic for a given `now`."""
    files: list[Path] = []
    findings = items = 0
    for estate in estates(now):
        own = folder / estate.tenant
        own.mkdir(parents=True, exist_ok=True)
        files += _security_hub(own, estate)
        if estate.guardduty:
            files.append(_document(own / "guardduty.json", {"Findings": estate.guardduty}))
        if estate.inspector:
            files.append(_document(own / "inspector.json", {"findings": estate.inspector}))
        if estate.ocsf:
            files.append(_lines(own / "scanner-ocsf.ndjson", estate.ocsf))
        rows = [item for account in estate.accounts for item in account.items]
        snapshot = {
            "fileVersion": "1.0",
            "configSnapshotId": f"{estate.tenant}-{stamp(now)}",
            "configurationItems": rows,
        }
        files.append(_document(own / "config-snapshot.json", snapshot))
        findings += len(estate.security_hub) + len(estate.guardduty)
        findings += len(estate.inspector) + len(estate.ocsf)
        items += len(rows)
    return WrittenStory(findings, items, tuple(files))


def _security_hub(own: Path, estate: Estate) -> list[Path]:
    """Some findings as the API answers them, some as events, the rest a line each."""
    rows = estate.security_hub
    api, events, lines = rows[:150], rows[150:250], rows[250:]
    account = estate.accounts[0]
    mine = [row for row in events if row["AwsAccountId"] == account.id]
    others = [row for row in events if row["AwsAccountId"] != account.id]
    envelopes = [envelope(account, chunk) for chunk in by_turns(mine, 10)]
    return [
        _document(own / "security-hub-api.json", {"Findings": api}),
        _lines(own / "security-hub-events.ndjson", envelopes),
        _lines(own / "security-hub.ndjson", [*others, *lines]),
    ]


def _document(path: Path, document: Record) -> Path:
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")
    return path


def _lines(path: Path, rows: Sequence[Record]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
