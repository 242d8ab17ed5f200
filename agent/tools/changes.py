"""What came, went and came back since a moment."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from agent.tools.findings import CLOSED, UnusableArgumentError, exposed_first
from agent.tools.reader import TenantReader
from agent.views import Changes
from integrations.findings.port import Dimension, Filter, Finding, Order, Severity

_NOTED = 5
"""Findings of each sort that a "what changed" names."""
_LOOKED_AT = 50
"""New findings among which those of exposures are looked for."""
_EXPOSURES = 3
"""New exposures that it names, before them."""


def changes(reader: TenantReader, since: str) -> Changes:
    """What came and went since a moment: `today`, `yesterday`, `last_week`, `last_month`."""
    moment, words = since_when(since, reader.now)
    store = reader.systems.findings
    opened = Filter(first_seen_since=moment)
    closed = Filter(states=CLOSED, resolved_since=moment)
    reopened = Filter(reopened_since=moment)
    new = [e for e in reader.exposures if e.since is not None and e.since >= moment]
    told = {ref for e in new[:_EXPOSURES] for ref in e.findings}
    came = exposed_first(reader, store.search(opened, Order.WORST, limit=_LOOKED_AT))
    rows = {
        "opened": [f for f in came if f.ref not in told][:_NOTED],
        "closed": store.search(closed, Order.WORST, limit=_NOTED),
        "reopened": store.search(reopened, Order.WORST, limit=_NOTED),
    }
    came_by, went_by = _by_severity(reader, opened), _by_severity(reader, closed)
    every: list[Finding] = [finding for found in rows.values() for finding in found]
    return Changes(
        tenant=reader.tenant.id,
        since=moment,
        since_words=words,
        opened=tuple(rows["opened"]),
        opened_total=sum(came_by.values()),
        closed=tuple(rows["closed"]),
        closed_total=sum(went_by.values()),
        reopened=tuple(rows["reopened"]),
        names=reader.names_of(every),
        trend=tuple(store.trend(max(2, (reader.now - moment).days + 1), reader.now)),
        freshness=reader.freshness,
        exposures=tuple(new[:_EXPOSURES]),
        exposures_total=len(new),
        opened_by_severity=came_by,
        closed_by_severity=went_by,
    )


def _by_severity(reader: TenantReader, where: Filter) -> Mapping[Severity, int]:
    tallies = reader.systems.findings.count(where, Dimension.SEVERITY)
    return {Severity[tally.value]: tally.count for tally in tallies}


def since_when(since: str, now: datetime) -> tuple[datetime, str]:
    """The moment that a word means, and the words for it.

    Raises:
        UnusableArgumentError: the word is not one of those that are known.
    """
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    moments = {
        "today": (midnight, "since midnight UTC"),
        "yesterday": (now - timedelta(days=1), "in the last 24 hours"),
        "last_week": (now - timedelta(days=7), "in the last 7 days"),
        "last_month": (now - timedelta(days=30), "in the last 30 days"),
    }
    try:
        return moments[since.strip().lower()]
    except KeyError:
        known = ", ".join(moments)
        raise UnusableArgumentError(f"since is one of {known}, not {since}") from None
