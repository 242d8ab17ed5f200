"""Rows of the embedded finding store, and its query for a text search."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from integrations.findings.history import Seen, Spell
from integrations.findings.port import Finding, FindingClass, FindingState
from integrations.findings.standing import Standing, ms, rank_of, severity_of, when
from integrations.findings.words import PREFIX, asked_words

COLUMNS = (
    "uid, ref, time, cls, title, description, severity, state, status, control, kind, source, "
    "service, account, region, resource, resource_type, resources, first_seen, last_seen, "
    "resolved_at, reopened_at, epss, exploitable, fixable"
)
WRITTEN = f"id, tenant, {COLUMNS}, spells"

_list = msgspec.json.Decoder(list[str]).decode
_json = msgspec.json.Encoder().encode


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


def text_query(text: str) -> str | None:
    """FTS5's words for a person's: all must occur, long ones by their beginning; None for none."""
    words = asked_words(text)
    if not words:
        return None
    return " AND ".join(f'"{word}"*' if len(word) >= PREFIX else f'"{word}"' for word in words)


_CLASS = {int(cls): cls for cls in FindingClass}
_STATE = {str(state): state for state in FindingState}


def tenant_word(tenant: str) -> str:
    """A tenant's id as one word of FTS5's alphabet, such that no two tenants share one."""
    return "t" + tenant.encode().hex()


def _ms_or_none(moment: datetime | None) -> int | None:
    return None if moment is None else ms(moment)
