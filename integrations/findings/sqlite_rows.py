"""Rows of the embedded finding store, and its words for a text search."""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from unicodedata import ucd_3_2_0

import msgspec

from integrations.findings.history import Seen, Spell
from integrations.findings.port import Finding, FindingClass, FindingState
from integrations.findings.standing import Standing, ms, rank_of, severity_of, when

COLUMNS = (
    "uid, ref, time, cls, title, description, severity, state, status, control, kind, source, "
    "service, account, region, resource, resource_type, resources, first_seen, last_seen, "
    "resolved_at, reopened_at, epss, exploitable, fixable"
)
WRITTEN = f"id, tenant, {COLUMNS}, spells"

_list = msgspec.json.Decoder(list[str]).decode
_json = msgspec.json.Encoder().encode
_WORD = re.compile(r"[^\W_]+")
_WORDS_ASKED = 12
_PREFIX = 3


def values_of(row: Standing, row_id: int, tenant: str) -> tuple[Any, ...]:
    """In the order of `WRITTEN`."""
    f = row.finding
    return (
        row_id, tenant, f.uid, f.ref, ms(f.updated_at), int(f.cls), f.title,
        f.description, rank_of(f.severity), str(f.state), f.status, f.control, f.kind, f.source,
        f.service, f.account, f.region, f.resource, f.resource_type,
        _json(f.resources).decode(), ms(f.first_seen), ms(f.last_seen),
        _ms_or_none(f.resolved_at), _ms_or_none(f.reopened_at), f.epss,
        int(f.exploitable), int(f.fixable), None if row.spells is None else json.dumps(row.spells),
    )  # fmt: skip


def row_of(values: Sequence[Any]) -> Standing:
    """A stored row (`id`, `COLUMNS`, `spells`, `history`, `event`)."""
    history = tuple(Seen(*told) for told in json.loads(values[-2]))
    spells = None if values[-3] is None else tuple(Spell(*s) for s in json.loads(values[-3]))
    return Standing(values[0], finding_of(values[1:-3]), spells, history, bytes(values[-1]))


def finding_of(values: Sequence[Any]) -> Finding:
    """A finding of the values of `COLUMNS`."""
    (
        uid, ref, time, cls, title, description, severity, state, status, control, kind, source,
        service, account, region, resource, resource_type, resources, first_seen, last_seen,
        resolved_at, reopened_at, epss, exploitable, fixable,
    ) = values  # fmt: skip
    return Finding(
        uid=uid,
        ref=ref,
        cls=_CLASS[cls],
        title=title,
        description=description,
        severity=severity_of(severity),
        state=_STATE[state],
        status=status,
        control=control,
        kind=kind,
        source=source,
        service=service,
        account=account,
        region=region,
        resource=resource,
        resource_type=resource_type,
        resources=tuple(_list(resources)),
        first_seen=when(first_seen),
        last_seen=when(last_seen),
        updated_at=when(time),
        resolved_at=None if resolved_at is None else when(resolved_at),
        reopened_at=None if reopened_at is None else when(reopened_at),
        epss=epss,
        exploitable=bool(exploitable),
        fixable=bool(fixable),
    )


def words_of(finding: Finding) -> str:
    """What a text search looks through."""
    said = (
        finding.title,
        finding.description[:1_000],
        finding.control or "",
        finding.kind,
        finding.service,
        " ".join(finding.resources),
        finding.ref,
    )
    return " ".join(said).encode("utf-8", "replace").decode()


def text_query(text: str) -> str | None:
    """FTS5's words for a person's: all must occur, long ones by their beginning; None for none."""
    words = _WORD.findall("".join(c if _is_word(c) else " " for c in text))
    if not words:
        return None
    return " AND ".join(
        f'"{word}"*' if len(word) >= _PREFIX else f'"{word}"' for word in words[:_WORDS_ASKED]
    )


def _is_word(char: str) -> bool:
    """Whether every build of FTS5 sees a letter or digit there, as Unicode 3.2 did already.

    Where it sees something else it splits the word in two, and `detail = column` refuses those.
    """
    return char.isascii() or ucd_3_2_0.category(char)[0] in "LN"


_CLASS = {int(cls): cls for cls in FindingClass}
_STATE = {str(state): state for state in FindingState}


def tenant_word(tenant: str) -> str:
    """A tenant's id as one word of FTS5's alphabet, such that no two tenants share one."""
    return "t" + tenant.encode().hex()


def _ms_or_none(moment: datetime | None) -> int | None:
    return None if moment is None else ms(moment)
