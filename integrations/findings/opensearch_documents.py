"""A finding as an OpenSearch document, and back."""

import hashlib
import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
import orjson

from integrations.findings.history import NEVER_OPEN, Seen, Spell
from integrations.findings.indexed import Indexed
from integrations.findings.opensearch_index import OURS
from integrations.findings.port import Finding, FindingClass, FindingState
from integrations.findings.standing import (
    Standing,
    ms,
    rank_of,
    severity_of,
    spells_of,
    when,
)

_CLASS: Final = {int(cls): cls for cls in FindingClass}
_STATE: Final = {str(state): state for state in FindingState}
_json: Final = msgspec.json.Encoder().encode
_OPENED: Final = f',"{OURS}":'.encode()
_OPEN_SPELL: Final = b'{"begin":%d,"end":null,"severity":%d}'
_CLOSED_SPELL: Final = b'{"begin":%d,"end":%d,"severity":%d}'
_BESIDE: Final = b',"tenant":%b,"spells":[%b],"history":[[%d,"%b",%d]],"told":"%b"}'


class Place(NamedTuple):
    """Where a document stands, and which version of it was read."""

    kept_in: str
    """The name of the index."""
    seq_no: int
    primary_term: int


def id_of(tenant: str, uid: str) -> str:
    """The document's id: tenant and identity, whatever their length (an id may have 512 bytes)."""
    digest = hashlib.sha256(uid.encode("utf-8", "surrogatepass")).hexdigest()[:40]
    return f"{tenant}.{digest}"


def fingerprint(event: bytes) -> bytes:
    """What tells an event from another one of the same finding and moment."""
    return b"%08x%x" % (zlib.crc32(event), len(event))


def told_of(tenant: str, standing: Standing) -> bytes:
    """What is kept beside the event (JSON): every field each time, so that none is left behind."""
    f = standing.finding
    return _json(
        {
            "tenant": tenant,
            "uid": f.uid,
            "ref": f.ref,
            "time": ms(f.updated_at),
            "cls": int(f.cls),
            "title": f.title,
            "description": f.description,
            "severity": rank_of(f.severity),
            "state": f.state,
            "status": f.status,
            "control": f.control,
            "kind": f.kind,
            "source": f.source,
            "service": f.service,
            "account": f.account,
            "region": f.region,
            "resource": f.resource,
            "resource_type": f.resource_type,
            "resources": f.resources,
            "first_seen": ms(f.first_seen),
            "last_seen": ms(f.last_seen),
            "resolved_at": _ms_or_none(f.resolved_at),
            "reopened_at": _ms_or_none(f.reopened_at),
            "epss": f.epss,
            "exploitable": f.exploitable,
            "fixable": f.fixable,
            "spells": [
                {"begin": begin, "end": end, "severity": severity}
                for begin, end, severity in spells_of(standing)
            ],
            "history": standing.history,
            "told": standing.event.decode(),
        }
    )


def told_anew(tenant: str, indexed: Indexed, mark: bytes) -> bytes:
    """The same of a finding that nothing is stored of, as `merged` and `told_of` would tell it.

    Then everything follows from what was just read, without a history to be gone through (5 us in
    place of 25).
    """
    state, severity, time = indexed.state, indexed.severity, indexed.time
    # Nothing is first seen after something is told of it.
    first_seen, resolved_at = min(indexed.first_seen, time), indexed.resolved_at
    if state is FindingState.OPEN:
        spells = _OPEN_SPELL % (first_seen, severity)
    elif state in NEVER_OPEN:
        spells, resolved_at = b"", None
    else:
        spells = _CLOSED_SPELL % (first_seen, time, severity)
    if first_seen != indexed.first_seen or resolved_at != indexed.resolved_at:
        indexed = msgspec.structs.replace(indexed, first_seen=first_seen, resolved_at=resolved_at)
    beside = _BESIDE % (_json(tenant), spells, time, state.encode(), severity, mark)
    return _json(indexed)[:-1] + beside


def document_of(event: bytes, told: bytes) -> tuple[bytes | memoryview, ...]:
    """The OCSF event as it is, with what is ours as one more attribute; one line, in parts.

    The event is one that `single_line` gave.
    """
    return memoryview(event)[:-1], _OPENED, told, b"}"


def single_line(event: bytes, reserved: bool) -> bytes:  # noqa: FBT001 - asked for every event
    """The event in one line that ends in its brace, without the attribute that is ours.

    `reserved` tells that it has that attribute: it is known since the event was read, and to look
    through the whole event for it takes as long as half of the reading (2 us).
    """
    if reserved or b"\n" in event or event[-1:] != b"}":
        read = orjson.loads(event)
        read.pop(OURS, None)
        return orjson.dumps(read)
    return event


def event_of(source: Mapping[str, Any]) -> dict[str, Any]:
    """The OCSF event of a document."""
    return {name: value for name, value in source.items() if name != OURS}


def standing_of(index: str, found: Mapping[str, Any]) -> Standing:
    """What is known of a finding, of a document of `index` as `_mget` answers it."""
    told = found["_source"][OURS]
    finding = finding_of(told)
    now = rank_of(finding.severity)
    spells = tuple(
        Spell(s["begin"], s["end"], None if s["severity"] == now else s["severity"])
        for s in told["spells"]
    )
    resolved = told["resolved_at"]
    usual = (Spell(told["first_seen"], resolved, None),)
    return Standing(
        Place(index, found["_seq_no"], found["_primary_term"]),
        finding,
        None if spells == usual else spells,
        tuple(Seen(*seen) for seen in told["history"]),
        str(told["told"]).encode(),
    )


def finding_of(told: Mapping[str, Any]) -> Finding:
    """The finding of what is kept beside the event."""
    return Finding(
        uid=told["uid"],
        ref=told["ref"],
        cls=_CLASS[told["cls"]],
        title=told["title"],
        description=told["description"],
        severity=severity_of(told["severity"]),
        state=_STATE[told["state"]],
        status=told["status"],
        control=told["control"],
        kind=told["kind"],
        source=told["source"],
        service=told["service"],
        account=told["account"],
        region=told["region"],
        resource=told["resource"],
        resource_type=told["resource_type"],
        resources=tuple(told["resources"]),
        first_seen=when(told["first_seen"]),
        last_seen=when(told["last_seen"]),
        updated_at=when(told["time"]),
        resolved_at=_when_or_none(told["resolved_at"]),
        reopened_at=_when_or_none(told["reopened_at"]),
        epss=told["epss"],
        exploitable=told["exploitable"],
        fixable=told["fixable"],
    )


def _ms_or_none(moment: datetime | None) -> int | None:
    return None if moment is None else ms(moment)


def _when_or_none(time: int | None) -> datetime | None:
    return None if time is None else when(time)
