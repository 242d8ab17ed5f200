"""What only a real OpenSearch node can tell: its mappings, what is deleted, what is made twice."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from integrations.errors import UnavailableError
from integrations.findings.opensearch import OpenSearchFindings
from integrations.findings.opensearch_cluster import Cluster, client_of
from integrations.findings.port import Dimension, Filter, FindingClass, FindingState, Tally
from tests.builders import day, ocsf_event
from tests.real_engines import engine, worker

ANY = Filter(states=frozenset())


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    made = Cluster(str(engine("opensearch")["url"]), prefix=f"kept-{worker()}", seen_at_once=10_000)
    yield made
    client_of(made).indices.delete(index=f"{made.prefix}-*")


@pytest.fixture
def findings(cluster: Cluster) -> OpenSearchFindings:
    found = OpenSearchFindings(cluster)
    found.prepare()
    return found


def _fields(cluster: Cluster) -> dict[str, Any]:
    mappings = client_of(cluster).indices.get_mapping(index=f"{cluster.prefix}-*")
    return {name: told["mappings"] for name, told in mappings.items()}


def test_no_attribute_that_a_source_invents_becomes_a_field(
    cluster: Cluster, findings: OpenSearchFindings
) -> None:
    before = _fields(cluster)
    for number, cls in enumerate(FindingClass):
        event = json.loads(ocsf_event(f"f-{number}", cls=cls))
        event["unmapped"] = {f"invented_{n}": {"deeper": [n, "text"]} for n in range(2_000)}
        event["another"] = {"thing": number}
        findings.of("acme").upsert([json.dumps(event).encode()])
    assert _fields(cluster) == before
    assert len(before) == len(FindingClass)
    stored = findings.of("acme").get("f-0").event
    assert stored["unmapped"]["invented_1999"] == {"deeper": [1999, "text"]}


def test_an_attribute_of_an_unexpected_kind_does_not_keep_a_finding_out(
    findings: OpenSearchFindings,
) -> None:
    odd = json.loads(ocsf_event("odd"))
    odd["status_detail"] = {"an": "object"}
    odd["confidence_id"] = "very"
    assert findings.of("acme").upsert([json.dumps(odd).encode()]).added == 1


def test_preparing_again_keeps_what_is_there(
    cluster: Cluster, findings: OpenSearchFindings
) -> None:
    findings.of("acme").upsert([ocsf_event("a")])
    again = OpenSearchFindings(cluster)
    again.prepare()
    assert again.of("acme").get("a").finding.uid == "a"


def test_what_was_closed_long_ago_goes_and_no_open_finding_ever_does(
    findings: OpenSearchFindings,
) -> None:
    store = findings.of("acme")
    store.upsert([ocsf_event(f"old {state}", at=day(2), state=state) for state in FindingState])
    store.upsert([ocsf_event("new", at=day(20), state=FindingState.RESOLVED)])
    assert findings.expire(day(10)) == len(FindingState) - 1
    assert {f.uid for f in store.search(ANY)} == {"old open", "new"}


def test_a_tenant_is_forgotten_alone(findings: OpenSearchFindings) -> None:
    for tenant in ("acme", "acme-2"):
        findings.of(tenant).upsert([ocsf_event(f"f-{n}") for n in range(5)])
    assert findings.forget("acme") == 5
    assert findings.of("acme").count(ANY, Dimension.STATE) == []
    assert findings.of("acme-2").count(ANY, Dimension.STATE) == [Tally("open", 5)]


def test_what_serverless_has_not_is_done_without(cluster: Cluster) -> None:
    """Neither routing, nor a refresh, nor a deletion by query; Serverless itself is not here."""
    prefix = f"{cluster.prefix}-less"
    ours = OpenSearchFindings(replace(cluster, prefix=prefix, serverless=True))
    ours.prepare()
    for tenant in ("acme", "acme-2"):
        ours.of(tenant).upsert([ocsf_event(f"f-{n:04}") for n in range(1_001)])
    ours.of("acme").upsert([ocsf_event("f-0000", at=day(21), state=FindingState.RESOLVED)])
    client_of(cluster).indices.refresh(index=f"{prefix}-*")
    assert ours.of("acme").get("f-0000").finding.resolved_at == day(21)
    assert ours.of("acme").version() == ""
    assert ours.expire(day(22)) == 1
    assert ours.forget("acme") == 1_000
    client_of(cluster).indices.refresh(index=f"{prefix}-*")
    assert ours.of("acme").count(ANY, Dimension.STATE) == []
    assert ours.of("acme-2").count(ANY, Dimension.STATE) == [Tally("open", 1_001)]
    assert ours.forget("acme") == 0


def test_what_a_large_batch_wrote_is_seen_once_it_has_settled(cluster: Cluster) -> None:
    late = OpenSearchFindings(
        replace(cluster, prefix=f"{cluster.prefix}-late", seen_at_once=0, refresh_s=3600)
    )
    late.prepare()
    store = late.of("acme")
    store.upsert([ocsf_event("a"), ocsf_event("b")])
    assert store.count(ANY, Dimension.CLASS) == []
    late.settle()
    assert [tally.count for tally in store.count(ANY, Dimension.CLASS)] == [2]


def test_a_node_says_what_it_is_and_which_index_is_missing(
    cluster: Cluster, findings: OpenSearchFindings
) -> None:
    assert findings.about() == f"opensearch {engine('opensearch')['version']}"
    indexes = client_of(cluster).indices
    named = next(name for name in indexes.get(index=f"{cluster.prefix}-*") if "compl" in name)
    indexes.delete(index=named)
    with pytest.raises(UnavailableError, match=named):
        findings.about()
