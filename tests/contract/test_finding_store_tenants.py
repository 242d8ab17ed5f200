"""Tenants side by side, restarts, and two processes at one store."""

from datetime import timedelta
from typing import Any

import pytest

from integrations.errors import NotFoundError
from integrations.findings.port import (
    OPEN,
    Dimension,
    Filter,
    FindingState,
    FindingStore,
    Order,
    Severity,
    Tally,
)
from tests.builders import bucket, day, ocsf_event
from tests.contract.engines import Findings, Opened
from tests.contract.rival import FINDINGS_EACH, ROUNDS, rivals

ANY = Filter(states=frozenset())
# One is the beginning of another, one looks like a pattern or a query.
TENANTS = ("acme", "acme-2", "a", "globex", "tenant", "or")


def _answers(store: FindingStore) -> list[object]:
    """Every question that does not ask for one finding."""
    filters = (
        ANY,
        OPEN,
        Filter(text="buckets"),
        Filter(resources=frozenset({bucket("shared")})),
        Filter(controls=frozenset({"S3.2"})),
        Filter(first_seen_since=day(1)),
        Filter(states=frozenset(), resolved_since=day(1)),
        Filter(states=frozenset(), reopened_since=day(1)),
    )
    return [
        [store.count(where, by) for where in filters for by in Dimension],
        [store.search(where, order) for where in filters for order in Order],
        [store.top_resources(where) for where in filters],
        [store.top_controls(where) for where in filters],
        store.trend(30, day(28)),
        store.sources(),
    ]


def _fill(store: FindingStore, number: int) -> None:
    """The same identities for everybody; what is said of them is each one's own."""
    shared: dict[str, Any] = {
        "resources": (bucket("shared"),),
        "severity": list(Severity)[1 + number % 5],
    }
    store.upsert(
        [
            ocsf_event(f"f-{n}", at=day(2 + number), title=f"Buckets of {number}", **shared)
            for n in range(number + 1)
        ]
    )
    store.upsert([ocsf_event("back", at=day(n), state=s, **shared) for n, s in _COURSE])


_COURSE = (
    (3, FindingState.OPEN),
    (4, FindingState.RESOLVED),
    (5, FindingState.OPEN),
    (6, FindingState.RESOLVED),
)


def test_no_question_answers_another_tenants_findings(findings: Opened[Findings]) -> None:
    alone = {}
    for number, name in enumerate(TENANTS):
        store = findings.now.of(f"alone-{number}")
        _fill(store, number)
        alone[name] = _answers(store)
    for number, name in enumerate(TENANTS):
        _fill(findings.now.of(name), number)
    for name in TENANTS:
        assert _answers(findings.now.of(name)) == alone[name]


def test_one_finding_of_another_tenant_is_not_found(findings: Opened[Findings]) -> None:
    findings.now.of("acme").upsert([ocsf_event("mine")])
    mine = findings.now.of("acme").get("mine").finding
    for asked in (mine.uid, mine.ref):
        with pytest.raises(NotFoundError, match="globex"):
            findings.now.of("globex").get(asked)


def test_the_same_identity_changes_for_one_tenant_only(findings: Opened[Findings]) -> None:
    acme, globex = findings.now.of("acme"), findings.now.of("globex")
    for store in (acme, globex):
        store.upsert([ocsf_event(at=day(2), title="Old words")])
    acme.upsert([ocsf_event(at=day(3), state=FindingState.RESOLVED, resources=("r",), title="N")])
    assert globex.get("f-1").finding.title == "Old words"
    assert globex.search(OPEN) == [globex.get("f-1").finding]
    assert len(globex.search(Filter(text="old words"))) == 1
    assert len(globex.search(Filter(resources=frozenset(globex.get("f-1").finding.resources)))) == 1
    assert acme.search(OPEN) == []


def test_everything_is_there_after_a_restart(findings: Opened[Findings]) -> None:
    for number, name in enumerate(TENANTS):
        _fill(findings.now.of(name), number)
    before = [_answers(findings.now.of(name)) for name in TENANTS]
    again = findings.again()
    assert [_answers(again.of(name)) for name in TENANTS] == before
    _fill(again.of("acme"), 0)
    assert _answers(again.of("acme")) == before[0]


def test_two_stores_of_one_tenant_see_each_others_writes(findings: Opened[Findings]) -> None:
    one, two = findings.now.of("acme"), findings.now.of("acme")
    one.upsert([ocsf_event("a")])
    two.upsert([ocsf_event("b"), ocsf_event("a", at=day(25), severity=Severity.LOW)])
    assert one.search(OPEN) == two.search(OPEN)
    assert one.get("a").finding.severity is Severity.LOW


def test_two_processes_may_write_the_same_findings_at_once(findings: Opened[Findings]) -> None:
    findings.now.close()
    assert rivals("write_findings", findings.name, findings.folder) == [ROUNDS, ROUNDS]
    store = findings.again().of("acme")
    assert store.count(ANY, Dimension.STATE) == [Tally("open", FINDINGS_EACH)]
    last = day(1) + timedelta(minutes=2 * (ROUNDS - 1) + 2)
    found = store.search(ANY)
    assert {(f.title, f.updated_at) for f in found} == {(f"bb {ROUNDS - 1}", last)}
    assert len(store.search(Filter(text=f"bb {ROUNDS - 1}"))) == FINDINGS_EACH
    assert store.search(Filter(text="a")) == []


def _held(store: FindingStore) -> list[object]:
    """What is left of a tenant, by each way that a store keeps it."""
    said = Filter(states=frozenset(), text="buckets")
    return [
        store.count(ANY, Dimension.STATE),
        store.search(said),
        store.search(Filter(resources=frozenset({bucket("shared")}))),
        store.trend(30, day(28)),
        store.sources(),
    ]


def test_a_tenant_that_is_forgotten_leaves_nothing_and_takes_nothing_of_another(
    findings: Opened[Findings],
) -> None:
    for number, name in enumerate(("acme", "acme-2")):
        _fill(findings.now.of(name), number)
    before = _held(findings.now.of("acme-2"))
    assert findings.now.forget("acme") == 2
    assert _held(findings.now.of("acme")) == _held(findings.now.of("nobody"))
    assert _held(findings.now.of("acme-2")) == before
    assert findings.now.forget("acme") == 0
    _fill(findings.now.of("acme"), 0)
    assert sum(t.count for t in findings.again().of("acme").count(ANY, Dimension.STATE)) == 2
