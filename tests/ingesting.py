"""The real `assist` as its own process, and everything that it left in a state folder."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import graphersal

from integrations.findings.sqlite_rows import WRITTEN

_ROOT = Path(__file__).parents[1]
_COLUMNS = WRITTEN.removeprefix("id, ")


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def summary(self) -> dict[str, Any]:
        """What `--json` printed."""
        found: dict[str, Any] = json.loads(self.out)
        return found


def started(state: Path, *words: str | Path) -> "subprocess.Popen[bytes]":
    """`assist WORDS --state STATE`, running, its standard input a pipe."""
    return subprocess.Popen(
        [sys.executable, "-m", "bot", *map(str, words), "--state", str(state)],
        cwd=_ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": str(state), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def assist(state: Path, *words: str | Path, given: bytes = b"") -> Ran:
    """`assist WORDS --state STATE` with something on its standard input, to its end."""
    process = started(state, *words)
    out, err = process.communicate(given, timeout=120)
    return Ran(process.returncode, out.decode(), err.decode())


def lines(records: Sequence[Any]) -> bytes:
    """Records as JSON lines."""
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def rejects(path: Path) -> list[dict[str, Any]]:
    """What a rejects file holds."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def dump(state: Path) -> dict[str, list[Any]]:
    """All that is stored of findings and resources, but for ids and versions."""
    with closing(sqlite3.connect(state / "findings.sqlite")) as connection:
        stored = {
            name: connection.execute(sql).fetchall()
            for name, sql in {
                "findings": f"SELECT {_COLUMNS} FROM finding ORDER BY tenant, uid",  # noqa: S608 - our own names
                "events": "SELECT tenant, uid, history, event FROM finding"
                " JOIN finding_event ON finding_event.finding = finding.id ORDER BY 1, 2",
                "sorts": "SELECT * FROM finding_tally ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9",
                "days": "SELECT * FROM finding_day WHERE opened OR closed ORDER BY 1, 2, 3",
                "resources": "SELECT f.tenant, f.uid, r.tenant, r.resource FROM finding AS f"
                " JOIN finding_of_resource AS r ON r.finding = f.id ORDER BY 1, 2, 4",
                "words": "SELECT f.tenant, f.uid, t.tenant, t.words FROM finding AS f"
                " JOIN finding_text AS t ON t.rowid = f.id ORDER BY 1, 2",
                "left over": "SELECT (SELECT count(*) FROM finding_of_resource"
                " WHERE finding NOT IN (SELECT id FROM finding)),"
                " (SELECT count(*) FROM finding_event) - (SELECT count(*) FROM finding),"
                " (SELECT count(*) FROM finding_text) - (SELECT count(*) FROM finding)",
            }.items()
        }
    for file in sorted((state / "graphs").glob("*.gsnap")):
        graph = graphersal.Graph.load(str(file))
        for part in ("V", "E"):
            found = graph.execute(f"g.{part}().elementMap().toList()")
            stored[f"{file.name} {part}"] = sorted(str(_plain(row)) for row in found)
    return stored


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        told = ((str(key), _plain(inner)) for key, inner in value.items())
        return sorted((key, inner) for key, inner in told if key != "version")
    return value
