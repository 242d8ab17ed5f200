"""The questions of the finding store as OpenSearch queries and aggregations.

Facts: OpenSearch's documentation of the query DSL and of bucket aggregations. Every query begins
with the tenant, and is routed to the one shard that holds the tenant's findings, so that the counts
and orders of aggregations are exact.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from integrations.findings.opensearch_index import OURS
from integrations.findings.port import (
    Breakdown,
    DayCount,
    Dimension,
    Filter,
    FindingClass,
    FindingState,
    Order,
    Severity,
    SourceAge,
    Tally,
)
from integrations.findings.standing import ms, rank_of, severity_of, when
from integrations.findings.words import PREFIX, asked_words

_BUCKETS: Final = 10_000
_DAY: Final = timedelta(days=1)
_DAY_MS: Final = 86_400_000
_EPOCH: Final = date(1970, 1, 1)

_BY: Final = {
    Dimension.SEVERITY: "severity",
    Dimension.CLASS: "cls",
    Dimension.STATE: "state",
    Dimension.CONTROL: "control",
    Dimension.SERVICE: "service",
    Dimension.ACCOUNT: "account",
    Dimension.REGION: "region",
    Dimension.SOURCE: "source",
}
_WORST_FIRST: Final = sorted(Severity, key=rank_of, reverse=True)


def field(name: str) -> str:
    """The whole name of a field of ours."""
    return f"{OURS}.{name}"


SORTS: Final[Mapping[Order, Sequence[Mapping[str, Any]]]] = {
    Order.WORST: (
        {field("severity"): "desc"},
        {field("epss"): {"order": "desc", "missing": "_last"}},
        {field("first_seen"): "asc"},
        {field("uid"): "asc"},
    ),
    Order.NEWEST: ({field("first_seen"): "desc"}, {field("uid"): "desc"}),
    Order.OLDEST: ({field("first_seen"): "asc"}, {field("uid"): "asc"}),
    Order.UPDATED: ({field("time"): "desc"}, {field("uid"): "desc"}),
}


def of_tenant(tenant: str, *more: Mapping[str, Any]) -> dict[str, Any]:
    """The query of a tenant's findings for which all of `more` holds."""
    return {"bool": {"filter": [{"term": {field("tenant"): tenant}}, *more]}}


def query_of(tenant: str, where: Filter) -> dict[str, Any]:
    """The query of a filter."""
    return of_tenant(tenant, *_clauses(where))


def with_ref(tenant: str, ref: str) -> dict[str, Any]:
    """The query of the finding that a person calls by a ref."""
    return of_tenant(tenant, {"term": {field("ref"): _sendable(ref)}})


def closed_before(moment: datetime) -> dict[str, Any]:
    """The query, over all tenants, of what left the open state before a moment, and is not open."""
    opened = {"term": {field("state"): str(FindingState.OPEN)}}
    before = {"range": {field("resolved_at"): {"lt": ms(moment)}}}
    never = {
        "bool": {
            "filter": [{"range": {field("time"): {"lt": ms(moment)}}}],
            "must_not": [{"exists": {"field": field("resolved_at")}}],
        }
    }
    one_of = {"should": [before, never], "minimum_should_match": 1}
    return {"bool": {"must_not": [opened], **one_of}}


def _clauses(where: Filter) -> Iterator[dict[str, Any]]:
    for name, wanted in (
        ("state", sorted(map(str, where.states))),
        ("severity", sorted(map(rank_of, where.severities))),
        ("cls", sorted(map(int, where.classes))),
        ("control", sorted(where.controls)),
        ("resources", sorted(where.resources)),
        ("service", None if where.service is None else [where.service]),
        ("source", None if where.source is None else [where.source]),
        ("account", None if where.account is None else [where.account]),
        ("region", None if where.region is None else [where.region]),
    ):
        if wanted:
            yield {"terms": {field(name): [_sendable(value) for value in wanted]}}
    for name, since in (
        ("first_seen", where.first_seen_since),
        ("resolved_at", where.resolved_since),
        ("reopened_at", where.reopened_since),
    ):
        if since is not None:
            yield {"range": {field(name): {"gte": ms(since)}}}
    if where.first_seen_before is not None:
        yield {"range": {field("first_seen"): {"lt": ms(where.first_seen_before)}}}
    if where.exploit_chance is not None and where.exploit_chance > 0:
        likely: list[dict[str, Any]] = [{"range": {field("epss"): {"gte": where.exploit_chance}}}]
        if where.exploit_chance <= 1:
            likely.append({"term": {field("exploitable"): True}})
        yield {"bool": {"should": likely}}
    if where.kind_prefix:
        yield {"prefix": {field("kind"): _sendable(where.kind_prefix)}}
    for word in asked_words(where.text or ""):
        kind = "match_bool_prefix" if len(word) >= PREFIX else "match"
        yield {kind: {field("words"): word}}


def _sendable(value: str | int) -> str | int:
    """A lone surrogate cannot be sent, and is in nothing that was stored."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def count_by(by: Dimension) -> dict[str, Any]:
    """The aggregation that counts by a dimension."""
    return {"by": {"terms": {"field": field(_BY[by]), "size": _BUCKETS}}}


def tallies_of(answer: Mapping[str, Any], by: Dimension) -> list[Tally]:
    """The answer to `count_by`, sorted as the port promises."""
    counted = [(b["key"], b["doc_count"]) for b in answer["aggregations"]["by"]["buckets"]]
    if by is Dimension.CONTROL:
        counted = [(value, count) for value, count in counted if value]
    if by is Dimension.SEVERITY:
        counted.sort(reverse=True)
        return [Tally(severity_of(value).name, count) for value, count in counted]
    counted.sort(key=lambda t: (-t[1], str(t[0])))
    if by is Dimension.CLASS:
        return [Tally(FindingClass(value).name, count) for value, count in counted]
    return [Tally(str(value), count) for value, count in counted]


def ranked_by(key: str, title: str, limit: int) -> dict[str, Any]:
    """The aggregation that ranks a field's values by their findings, the worst first."""
    of_severity = {
        f"of_{rank_of(s)}".replace("-", "no_"): {
            "filter": {"term": {field("severity"): rank_of(s)}}
        }
        for s in _WORST_FIRST
    }
    order = [{name: "desc"} for name in of_severity]
    sort = [{field(title): "desc"}] if title == "resource_type" else SORTS[Order.WORST]
    titled = {"top_hits": {"size": 1, "_source": [field(title)], "sort": sort}}
    terms = {"field": field(key), "size": limit, "order": [*order, {"_key": "asc"}], "exclude": ""}
    return {"ranked": {"terms": terms, "aggs": {**of_severity, "titled": titled}}}


def breakdowns_of(answer: Mapping[str, Any], title: str) -> list[Breakdown]:
    """The answer to `ranked_by`."""
    found = []
    for bucket in answer["aggregations"]["ranked"]["buckets"]:
        counts = {
            s: bucket[f"of_{rank_of(s)}".replace("-", "no_")]["doc_count"] for s in _WORST_FIRST
        }
        by_severity = {s: n for s, n in counts.items() if n}
        (hit,) = bucket["titled"]["hits"]["hits"]
        shown = hit["_source"][OURS][title]
        found.append(Breakdown(bucket["key"], shown, bucket["doc_count"], by_severity))
    return found


def days_until(until: datetime) -> dict[str, Any]:
    """The aggregation of how many findings opened and closed each day, by severity."""

    def told(end: str) -> dict[str, Any]:
        at = field(f"spells.{end}")
        days = {"field": at, "fixed_interval": "1d", "min_doc_count": 1}
        by_severity = {"terms": {"field": field("spells.severity"), "size": len(Severity)}}
        return {
            "filter": {"range": {at: {"lte": ms(until)}}},
            "aggs": {"days": {"date_histogram": days, "aggs": {"severities": by_severity}}},
        }

    nested = {"path": field("spells")}
    return {"spells": {"nested": nested, "aggs": {"begin": told("begin"), "end": told("end")}}}


def trend_of(answer: Mapping[str, Any], days: int, until: datetime) -> list[DayCount]:
    """The answer to `days_until`, day by day."""
    last = until.astimezone(UTC).date()
    first = last - _DAY * (days - 1)
    standing: dict[int, int] = {}
    came: dict[date, dict[int, int]] = {}
    went: dict[date, dict[int, int]] = {}
    spells = answer["aggregations"]["spells"]
    for told, sums, sign in (("begin", came, 1), ("end", went, -1)):
        for bucket in spells[told]["days"]["buckets"]:
            day = _EPOCH + _DAY * (bucket["key"] // _DAY_MS)
            by = {b["key"]: b["doc_count"] for b in bucket["severities"]["buckets"]}
            if day >= first:
                sums[day] = by
                continue
            for rank, count in by.items():
                standing[rank] = standing.get(rank, 0) + sign * count
    counts = []
    for day in (first + _DAY * n for n in range(days)):
        opened, closed = came.get(day, {}), went.get(day, {})
        for rank in {*opened, *closed}:
            standing[rank] = standing.get(rank, 0) + opened.get(rank, 0) - closed.get(rank, 0)
        left = {severity_of(r): n for r, n in sorted(standing.items(), reverse=True) if n}
        counts.append(DayCount(day, sum(opened.values()), sum(closed.values()), left))
    return counts


BY_SOURCE: Final = {
    "by": {
        "terms": {"field": field("source"), "size": _BUCKETS},
        "aggs": {"last": {"max": {"field": field("last_seen")}}},
    }
}


LAST_WRITES: Final = {
    "by": {
        "terms": {"field": "_index", "size": len(FindingClass)},
        "aggs": {"last": {"max": {"field": "_seq_no"}}},
    }
}
"""OpenSearch numbers the writes of a shard ("Optimistic concurrency control")."""


def version_of(answer: Mapping[str, Any]) -> str:
    """The answer to `LAST_WRITES`, with the number of documents, as one text."""
    buckets = answer["aggregations"]["by"]["buckets"]
    last = sorted(f"{b['key']}={int(b['last']['value'])}" for b in buckets)
    return f"{answer['hits']['total']['value']} {' '.join(last)}"


def ages_of(answer: Mapping[str, Any]) -> list[SourceAge]:
    """The answer to `BY_SOURCE`, the freshest first."""
    ages = [
        SourceAge(b["key"], when(int(b["last"]["value"])), b["doc_count"])
        for b in answer["aggregations"]["by"]["buckets"]
    ]
    return sorted(ages, key=lambda age: (-ms(age.last_seen), age.source))
