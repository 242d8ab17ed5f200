"""What came, went and came back since a moment."""

from collections.abc import Mapping

from agent.tools.findings import CLOSED, exposed_first
from agent.tools.moments import Moment, moment_of
from agent.tools.reader import TenantReader
from agent.views import Changes
from integrations.findings.port import Dimension, Filter, Finding, Order, Severity

_NOTED = 5
"""Findings of each sort that a "what changed" names."""
_LOOKED_AT = 50
"""New findings among which those of exposures are looked for."""
_EXPOSURES = 3
"""New exposures that it names, before them."""


def changes(reader: TenantReader, since: str, about: str = "all") -> Changes:
    """What came and went since a moment: `yesterday`, `last_week`, `monday`, `14d`.

    About `fixed`, only what went.

    Raises:
        UnknownMomentError: `since` is none.
    """
    begin = moment_of(since, reader.now)
    if about == "fixed":
        return _fixed(reader, begin)
    moment = begin.at
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
        since_words=begin.since,
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


def _fixed(reader: TenantReader, begin: Moment) -> Changes:
    closed = Filter(states=CLOSED, resolved_since=begin.at)
    found = tuple(reader.systems.findings.search(closed, Order.WORST, limit=_NOTED))
    went_by = _by_severity(reader, closed)
    return Changes(
        tenant=reader.tenant.id,
        since=begin.at,
        since_words=begin.since,
        opened=(),
        opened_total=0,
        closed=found,
        closed_total=sum(went_by.values()),
        reopened=(),
        names=reader.names_of(found),
        trend=(),
        freshness=reader.freshness,
        closed_by_severity=went_by,
        about="fixed",
    )


def _by_severity(reader: TenantReader, where: Filter) -> Mapping[Severity, int]:
    tallies = reader.systems.findings.count(where, Dimension.SEVERITY)
    return {Severity[tally.value]: tally.count for tally in tallies}
