"""Rows of the embedded finding store: a finding and its row, and what one becomes of another."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unicodedata import ucd_3_2_0

import msgspec

from integrations.findings.history import Seen, Spell, course, precedence, with_seen
from integrations.findings.port import (
    Finding,
    FindingClass,
    FindingState,
    Severity,
)

COLUMNS = (
    "uid, ref, time, cls, title, description, severity, state, status, control, kind, source, "
    "service, account, region, resource, resource_type, resources, first_seen, last_seen, "
    "resolved_at, reopened_at, epss, exploitable, fixable"
)
WRITTEN = f"id, tenant, {COLUMNS}, spells"

_list = msgspec.json.Decoder(list[str]).decode
_json = msgspec.json.Encoder().encode
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_OTHER = -1
_WORD = re.compile(r"[^\W_]+")
_WORDS_ASKED = 12
_PREFIX = 3


@dataclass(frozen=True, slots=True)
class Row:
    """A finding as it is stored; `id` is None until it has been."""

    id: int | None
    finding: Finding
    spells: str | None
    """When it was open (JSON of `Spell`s); None when that is, as mostly, from first seen to
    resolved, and as severe as it is now."""
    history: tuple[Seen, ...]
    event: bytes

    def values(self, row_id: int, tenant: str) -> tuple[Any, ...]:
        """In the order of `WRITTEN`."""
        f = self.finding
        return (
            row_id, tenant, f.uid, f.ref, ms(f.updated_at), int(f.cls), f.title,
            f.description, rank_of(f.severity), str(f.state), f.status, f.control, f.kind, f.source,
            f.service, f.account, f.region, f.resource, f.resource_type,
            _json(f.resources).decode(), ms(f.first_seen), ms(f.last_seen),
            _ms_or_none(f.resolved_at), _ms_or_none(f.reopened_at), f.epss,
            int(f.exploitable), int(f.fixable), self.spells,
        )  # fmt: skip


def row_of(values: Sequence[Any]) -> Row:
    """A stored row (`id`, `COLUMNS`, `spells`, `history`, `event`)."""
    history = tuple(Seen(*told) for told in json.loads(values[-2]))
    return Row(values[0], finding_of(values[1:-3]), values[-3], history, bytes(values[-1]))


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
        severity=_SEVERITY[severity],
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


def merged(before: Row | None, finding: Finding, event: bytes) -> Row:
    """What is stored after an event: `before` itself when the event tells nothing new."""
    seen = Seen(ms(finding.updated_at), str(finding.state), rank_of(finding.severity))
    # Nothing is first seen after something is told of it.
    first_seen = min(finding.first_seen, finding.updated_at)
    if before is None:
        return _row(None, finding, (first_seen, finding.last_seen), (seen,), event)
    old = before.finding
    times = min(old.first_seen, first_seen), max(old.last_seen, finding.last_seen)
    history = with_seen(before.history, seen)
    newer = _standing(finding, event) > _standing(old, before.event)
    latest, told = (finding, event) if newer else (old, before.event)
    row = _row(before.id, latest, times, history, told)
    return before if row == before else row


def _standing(finding: Finding, event: bytes) -> tuple[datetime, tuple[bool, str], bytes]:
    """The greater one stands; of one moment and state the greater text, to choose always alike."""
    return finding.updated_at, precedence(finding.state), event


def _row(
    row_id: int | None,
    f: Finding,
    times: tuple[datetime, datetime],
    history: tuple[Seen, ...],
    event: bytes,
) -> Row:
    first_seen, last_seen = times
    known = course(ms(first_seen), history)
    usual = (Spell(ms(first_seen), known.resolved_at, None),)
    now = rank_of(f.severity)
    spells = tuple(s._replace(severity=None) if s.severity == now else s for s in known.spells)
    resolved_at = None if known.resolved_at is None else when(known.resolved_at)
    reopened_at = None if known.reopened_at is None else when(known.reopened_at)
    moments = (first_seen, last_seen, resolved_at, reopened_at)
    # Mostly they are the event's own, and a copy of so many fields takes its time.
    if moments != (f.first_seen, f.last_seen, f.resolved_at, f.reopened_at):
        f = replace(
            f,
            first_seen=first_seen,
            last_seen=last_seen,
            resolved_at=resolved_at,
            reopened_at=reopened_at,
        )
    return Row(row_id, f, None if spells == usual else json.dumps(spells), history, event)


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


def rank_of(severity: Severity) -> int:
    """A severity such that a worse one is greater: `OTHER` says nothing, so it is the last."""
    return _OTHER if severity is Severity.OTHER else int(severity)


def severity_of(rank: int) -> Severity:
    """The severity of a rank."""
    return _SEVERITY[rank]


_SEVERITY = {rank_of(severity): severity for severity in Severity}
_CLASS = {int(cls): cls for cls in FindingClass}
_STATE = {str(state): state for state in FindingState}


def tenant_word(tenant: str) -> str:
    """A tenant's id as one word of FTS5's alphabet, such that no two tenants share one."""
    return "t" + tenant.encode().hex()


def ms(moment: datetime) -> int:
    """Milliseconds since the epoch."""
    return (moment - _EPOCH) // _MS


def when(time: int) -> datetime:
    """The moment of milliseconds since the epoch."""
    return _EPOCH + time * _MS


def _ms_or_none(moment: datetime | None) -> int | None:
    return None if moment is None else ms(moment)
