"""No question of a tenant reads other tenants' rows: SQLite's own plans, statement by statement."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from integrations.findings.port import (
    OPEN,
    Dimension,
    Filter,
    FindingClass,
    FindingState,
    FindingStore,
    Order,
    Severity,
)
from integrations.findings.sqlite import SqliteFindings
from integrations.findings.sqlite_rows import tenant_word
from tests.builders import bucket, day, ocsf_event

ANY = Filter(states=frozenset())
GRAVE = Filter(severities=frozenset({Severity.CRITICAL, Severity.HIGH}))
FILTERS = {
    "open": OPEN,
    "any": ANY,
    "grave": GRAVE,
    "class": Filter(classes=frozenset({FindingClass.VULNERABILITY})),
    "control": Filter(controls=frozenset({"S3.2"})),
    "controls": Filter(controls=frozenset({"S3.2", "S3.9"})),
    "service": Filter(service="S3"),
    "source": Filter(source="Inspector"),
    "account": Filter(account="111122223333"),
    "region": Filter(region="eu-west-1"),
    "resource": Filter(resources=frozenset({bucket("a")})),
    "resources": Filter(resources=frozenset({bucket("a"), bucket("b")})),
    "exploitable": Filter(classes=frozenset({FindingClass.VULNERABILITY}), exploit_chance=0.1),
    "kind": Filter(kind_prefix="CVE-"),
    "text": Filter(text="public bucket"),
    "text and more": Filter(text="public", service="S3", severities=frozenset({Severity.HIGH})),
    "new": Filter(first_seen_since=day(3)),
    "old": Filter(first_seen_before=day(3)),
    "resolved": Filter(states=frozenset({FindingState.RESOLVED}), resolved_since=day(3)),
    "reopened": Filter(reopened_since=day(3)),
}
Question = Callable[[FindingStore], object]


def _of(where: Filter) -> Iterator[tuple[str, Question]]:
    def counted(by: Dimension) -> Question:
        return lambda store: store.count(where, by)

    def found(order: Order) -> Question:
        return lambda store: store.search(where, order, 10)

    for by in Dimension:
        yield f"by {by}", counted(by)
    for order in Order:
        yield f"{order} first", found(order)
    yield "resources", lambda store: store.top_resources(where)
    yield "controls", lambda store: store.top_controls(where)


def _questions() -> Iterator[tuple[str, Question]]:
    for name, where in FILTERS.items():
        for said, ask in _of(where):
            yield f"{name}, {said}", ask
    yield "trend", lambda s: s.trend(30, day(20))
    yield "one by uid", lambda s: s.get("f-1")
    yield "one by ref", lambda s: s.get(s.get("f-1").finding.ref)
    yield "sources", lambda s: s.sources()
    yield "upsert", lambda s: s.upsert([ocsf_event("f-1", at=day(25)), ocsf_event("new")])


QUESTIONS = dict(_questions())


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteFindings]:
    opened = SqliteFindings(Path(tmp_path_factory.mktemp("plans")) / "findings.sqlite")
    for name in ("acme", "globex"):
        opened.of(name).upsert([ocsf_event(f"f-{n}") for n in range(50)])
    yield opened
    opened.close()


def _plans(findings: SqliteFindings, ask: Question) -> list[tuple[str, list[str]]]:
    """The statements that a question runs, with the steps of SQLite's plan for each."""
    connection = findings._file.connection()
    ran: list[str] = []
    connection.set_trace_callback(ran.append)
    try:
        ask(findings.of("acme"))
    finally:
        connection.set_trace_callback(None)
    reads = [sql for sql in ran if sql.startswith(("SELECT", "DELETE"))]
    assert reads
    return [
        (sql, [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]) for sql in reads
    ]


def _reads_a_tenant_only(step: str) -> bool:
    """A step that looks rows up: among one tenant's, or by the ids that such a step gave."""
    if step.startswith("SCAN finding_text VIRTUAL TABLE INDEX"):
        return "M" in step.rsplit(":", 1)[-1] or "=" in step.rsplit(":", 1)[-1]
    if step.startswith(
        (
            "SEARCH finding USING INTEGER PRIMARY KEY (rowid=?)",
            "SEARCH finding_event USING INTEGER PRIMARY KEY (rowid=?)",
        )
    ):
        return True
    if step.startswith(("SEARCH finding_tally USING PRIMARY KEY", "SEARCH finding_day USING")):
        return "(tenant=?" in step
    if step.startswith("SEARCH finding_of_resource USING"):
        return "(finding=?)" in step or "(tenant=? AND resource=?" in step
    return step.startswith("SEARCH finding USING") and "(tenant=?" in step


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_reads_one_tenants_rows_through_an_index(
    findings: SqliteFindings, question: str
) -> None:
    for sql, steps in _plans(findings, QUESTIONS[question]):
        if "max(id)" in sql:
            assert steps == ["SEARCH finding"], "the greatest id is at the end of the table"
            continue
        lookups = [step for step in steps if " finding" in step]
        assert lookups, steps
        assert [s for s in lookups if not _reads_a_tenant_only(s)] == [], sql
        assert [s for s in steps if s.startswith("SCAN") and "VIRTUAL TABLE" not in s] == [], sql


def test_a_text_is_looked_for_among_the_tenants_own_words(findings: SqliteFindings) -> None:
    ((sql, _),) = _plans(findings, lambda s: s.search(Filter(text="public"), limit=10))
    assert f"MATCH 'tenant : {tenant_word('acme')} AND words : (" in sql


@pytest.mark.parametrize("order", Order)
def test_the_first_of_the_open_are_read_in_order_without_sorting(
    findings: SqliteFindings, order: Order
) -> None:
    ((_, steps),) = _plans(findings, lambda s: s.search(OPEN, order, 10))
    assert [s for s in steps if "TEMP B-TREE" in s] == []


@pytest.mark.parametrize("by", Dimension)
def test_open_findings_are_counted_without_reading_them(
    findings: SqliteFindings, by: Dimension
) -> None:
    ((_, (step, *_)),) = _plans(findings, lambda s: s.count(OPEN, by))
    assert step == "SEARCH finding_tally USING PRIMARY KEY (tenant=? AND state=?)"


def test_controls_are_ranked_without_reading_findings(findings: SqliteFindings) -> None:
    (_, (step, *_)), *_ = _plans(findings, lambda s: s.top_controls(OPEN))
    assert step == "SEARCH finding_tally USING PRIMARY KEY (tenant=? AND state=?)"


def test_resources_are_ranked_from_the_index_alone(findings: SqliteFindings) -> None:
    (_, (step, *_)), *_ = _plans(findings, lambda s: s.top_resources(OPEN))
    assert step == "SEARCH finding USING COVERING INDEX finding_resource (tenant=? AND state=?)"


def test_the_trend_reads_sums_and_what_is_later_than_its_end(findings: SqliteFindings) -> None:
    ((_, steps),) = _plans(findings, lambda s: s.trend(30, day(20)))
    assert [step for step in steps if " finding" in step] == [
        "SEARCH finding_day USING PRIMARY KEY (tenant=? AND day<?)",
        "SEARCH finding USING INDEX finding_updated (tenant=? AND state=? AND time>?)",
    ]


@pytest.mark.parametrize(
    "where",
    [
        Filter(classes=frozenset({FindingClass.DETECTION})),
        Filter(service="S3"),
        Filter(controls=frozenset({"S3.2"})),
    ],
)
def test_the_worst_of_a_sort_are_read_in_order_without_sorting(
    findings: SqliteFindings, where: Filter
) -> None:
    ((_, steps),) = _plans(findings, lambda s: s.search(where, Order.WORST, 10))
    assert [s for s in steps if "TEMP B-TREE" in s] == []


def test_every_index_begins_with_the_tenant(findings: SqliteFindings) -> None:
    connection = findings._file.connection()
    indexes = [row[1] for row in connection.execute("PRAGMA index_list(finding)")]
    assert len(indexes) > 5
    for index in indexes:
        (first, *_) = connection.execute(f"PRAGMA index_info({index})")
        assert first[2] == "tenant", index
