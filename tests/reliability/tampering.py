"""The audit in the hands of somebody with a database shell: every change is found.

What is changed without its head is found by the chain alone. Who forges a whole chain with its
head, or takes everything away, is found by a head that was kept elsewhere.
"""

import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from integrations.remediations.audit import AuditKind, hash_of, start_of
from integrations.remediations.sqlite import SqliteRemediations
from tests.builders import NOON
from tests.remediation_builders import entry
from tests.scratch import scratch

TENANT, OTHER = "acme", "globex"
RECORDS = 40

_TRIGGERS = (
    "audit_stays",
    "audit_remains",
    "audit_follows",
    "audit_head_advances",
    "audit_head_remains",
    "audit_head_begins",
)
Row = tuple[int, str, bytes, str, str]
"""Number, request, body, previous hash, hash."""


@dataclass
class Tampered:
    """How many chains were tampered with, by kind, and which were not found out."""

    tried: Counter[str] = field(default_factory=Counter)
    unseen: list[str] = field(default_factory=list)


class _Shell:
    """Somebody who has taken the triggers away."""

    def __init__(self, database: sqlite3.Connection, random: Random) -> None:
        self._database = database
        self._random = random
        for trigger in _TRIGGERS:
            database.execute(f"DROP TRIGGER {trigger}")

    def rows(self, tenant: str = TENANT) -> list[Row]:
        """A tenant's records."""
        return self._database.execute(
            "SELECT number, remediation, body, previous, hash FROM audit WHERE tenant = ?"
            " ORDER BY number",
            (tenant,),
        ).fetchall()

    def _put(self, rows: list[Row]) -> None:
        """These instead of what was there."""
        self._database.execute("DELETE FROM audit WHERE tenant = ?", (TENANT,))
        self._database.executemany(
            "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?)", [(TENANT, *row) for row in rows]
        )

    def _move_head(self, rows: list[Row]) -> None:
        self._database.execute(
            "UPDATE audit_head SET number = ?, hash = ? WHERE tenant = ?",
            (rows[-1][0], rows[-1][4], TENANT),
        )

    def _any(self, rows: list[Row], first: int = 0) -> int:
        return self._random.randrange(first, len(rows))

    def value(self) -> None:
        rows = self.rows()
        at = self._any(rows)
        number, request, body, previous, digest = rows[at]
        told: dict[str, Any] = json.loads(body)
        name = self._random.choice(sorted(told))
        told[name] = {"at": "2026-11-20T12:00:00Z", "detail": {}}.get(name, "x")
        self._put([*rows[:at], (number, request, _json(told), previous, digest), *rows[at + 1 :]])

    def byte(self) -> None:
        rows = self.rows()
        at = self._any(rows)
        number, request, body, previous, digest = rows[at]
        where = self._random.randrange(len(body))
        changed = bytes([body[where] ^ (1 << self._random.randrange(8))])
        body = body[:where] + changed + body[where + 1 :]
        self._put([*rows[:at], (number, request, body, previous, digest), *rows[at + 1 :]])

    def column(self) -> None:
        name = self._random.choice(["remediation", "previous", "hash"])
        number = self._any(self.rows()) + 1
        self._database.execute(
            f"UPDATE audit SET {name} = ? WHERE tenant = ? AND number = ?",  # noqa: S608 - three words
            (self._random.choice(["", "R-bbbbbbbbbbbbbbbb", "0" * 64]), TENANT, number),
        )

    def deleted(self) -> None:
        rows = self.rows()
        at = self._any(rows)
        kept = [*rows[:at], *rows[at + 1 :]]
        if self._random.random() < 0.5:
            kept = [(n, *row[1:]) for n, row in enumerate(kept, start=1)]
        self._put(kept)

    def cut(self, *, with_head: bool = False) -> None:
        rows = self.rows()
        rows = rows[: self._any(rows, 1)]
        self._put(rows)
        if with_head:
            self._move_head(rows)

    def beheaded(self) -> None:
        rows = self.rows()
        rows = rows[self._any(rows, 1) :]
        if self._random.random() < 0.5:
            rows = [(n, *row[1:]) for n, row in enumerate(rows, start=1)]
        self._put(rows)

    def inserted(self) -> None:
        """A record that fits where it is put in, and those after it moved on by one."""
        rows = self.rows()
        at = self._any(rows, 1)
        number, request, body, _, _ = rows[at]
        previous = rows[at - 1][4]
        new = (number, request, body, previous, hash_of(number, body, previous))
        after = [(n + 1, *rest) for n, *rest in rows[at:]]
        self._put([*rows[:at], new, *after])  # type: ignore[list-item]

    def swapped(self) -> None:
        rows = self.rows()
        one, two = self._random.sample(range(len(rows)), 2)
        a, b = rows[one], rows[two]
        rows[one] = (a[0], b[1], b[2], a[3], a[4])
        rows[two] = (b[0], a[1], a[2], b[3], b[4])
        self._put(rows)

    def renumbered(self) -> None:
        rows = self.rows()
        one, two = self._random.sample(range(len(rows)), 2)
        a, b = rows[one], rows[two]
        rows[one], rows[two] = (b[0], *a[1:]), (a[0], *b[1:])
        self._put(rows)

    def rehashed(self, *, with_head: bool = False) -> None:
        """One record is changed, and all that follows is hashed anew."""
        rows = self.rows()
        at = self._any(rows)
        told = json.loads(rows[at][2])
        told["by"] = "slack/T0001/UMALLORY"
        rows[at] = (rows[at][0], rows[at][1], _json(told), rows[at][3], rows[at][4])
        previous = rows[at - 1][4] if at else start_of(TENANT)
        for n in range(at, len(rows)):
            number, request, body, _, _ = rows[n]
            rows[n] = (number, request, body, previous, hash_of(number, body, previous))
            previous = rows[n][4]
        self._put(rows)
        if with_head:
            self._move_head(rows)

    def borrowed(self) -> None:
        rows, theirs = self.rows(), self.rows(OTHER)
        at = self._any(rows)
        rows[at] = theirs[at]
        self._put(rows)

    def head(self) -> None:
        ways = (
            "DELETE FROM audit_head WHERE tenant = ?",
            "UPDATE audit_head SET number = number + 1 WHERE tenant = ?",
            "UPDATE audit_head SET number = number - 1 WHERE tenant = ?",
            "UPDATE audit_head SET hash = '' WHERE tenant = ?",
            "UPDATE audit_head SET tenant = 'nobody' WHERE tenant = ?",
        )
        self._database.execute(self._random.choice(ways), (TENANT,))

    def emptied(self) -> None:
        for table in ("audit", "audit_head"):
            self._database.execute(f"DELETE FROM {table} WHERE tenant = ?", (TENANT,))  # noqa: S608

    def replaced(self) -> None:
        self.emptied()
        for table in ("audit", "audit_head"):
            self._database.execute(f"UPDATE {table} SET tenant = ?", (TENANT,))  # noqa: S608

    alone: ClassVar[dict[str, Callable[["_Shell"], None]]] = {
        "a value changed": value,
        "a byte changed": byte,
        "a column changed": column,
        "a record deleted": deleted,
        "the end cut off": cut,
        "the beginning cut off": beheaded,
        "a record put in": inserted,
        "two records swapped": swapped,
        "two numbers swapped": renumbered,
        "a suffix hashed again": rehashed,
        "another tenant's record put in": borrowed,
        "another tenant's chain in its place": replaced,
        "the head moved": head,
    }
    """What is found by the chain alone."""

    by_a_head: ClassVar[dict[str, Callable[["_Shell"], None]]] = {
        "a suffix hashed again, with its head": partial(rehashed, with_head=True),
        "the end cut off, with its head": partial(cut, with_head=True),
        "everything taken away": emptied,
    }
    """What is found by a head that was kept elsewhere."""


def _json(told: Any) -> bytes:
    return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()


def _written(path: Path, random: Random) -> str:
    """Two tenants' audits; the hash of acme's newest record, kept elsewhere."""
    with closing(SqliteRemediations(path)) as engine:
        for number in range(RECORDS):
            for tenant in (TENANT, OTHER):
                one = entry(
                    number,
                    at=NOON + timedelta(seconds=number),
                    kind=random.choice(list(AuditKind)),
                    remediation=f"R-{number % 7}",
                    detail={"plan": f"{number:016x}", "tenant": tenant},
                )
                engine.audit_of(tenant).append(one)
        verdict = engine.audit_of(TENANT).verify()
    assert verdict.whole
    return verdict.head


def run(how_many: int, seed: int) -> Tampered:
    """Tamper so many times with a whole chain, in every way in turn."""
    random, told = Random(seed), Tampered()
    with scratch() as folder:
        whole, copy = folder / "whole.sqlite", folder / "copy.sqlite"
        head = _written(whole, random)
        while told.tried.total() < how_many:
            for name in _Shell.alone:
                told.tried[name] += 1
                if _verified(whole, copy, _Shell.alone[name], random, ""):
                    told.unseen.append(name)
            for name in _Shell.by_a_head:
                told.tried[name] += 1
                if _verified(whole, copy, _Shell.by_a_head[name], random, head):
                    told.unseen.append(name)
    return told


def _verified(
    whole: Path, copy: Path, tamper: Callable[["_Shell"], None], random: Random, head: str
) -> bool:
    """Whether a chain is called whole after somebody was at it."""
    for file in copy.parent.glob("copy.sqlite*"):
        file.unlink()
    shutil.copyfile(whole, copy)
    with closing(sqlite3.connect(copy, isolation_level=None)) as database:
        before = database.execute(_EVERYTHING).fetchall()
        tamper(_Shell(database, random))
        assert database.execute(_EVERYTHING).fetchall() != before, "nothing was tampered with"
    with closing(SqliteRemediations(copy)) as engine:
        return engine.audit_of(TENANT).verify(head).whole


_EVERYTHING = (
    "SELECT tenant, number, hash, remediation, body, previous FROM audit UNION ALL"
    " SELECT tenant, number, hash, '', x'', '' FROM audit_head ORDER BY 1, 2, 3, 4, 5"
)
