"""Errors inside answers of status 200, and what is the cluster's fault and not a finding's."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from opensearchpy import OpenSearch

from integrations.errors import UnavailableError
from integrations.findings.opensearch import OpenSearchFindings
from integrations.findings.opensearch_cluster import Cluster
from integrations.findings.port import Dimension, Filter, FindingStore, Written
from tests.builders import day, ocsf_event
from tests.unit.findings import opensearch_double as double

AWAY = {"type": "no_shard_available_action_exception", "reason": "of somebody's finding"}


@pytest.fixture
def cluster() -> double.Cluster:
    return double.Cluster()


@pytest.fixture
def findings(cluster: double.Cluster) -> OpenSearchFindings:
    client = cast("OpenSearch", cluster)
    return OpenSearchFindings(Cluster("http://unused"), client, pause=lambda _: None)


@pytest.fixture
def store(findings: OpenSearchFindings) -> FindingStore:
    return findings.of("acme")


def _answers(answer: Any) -> double.Fault:
    def fault(_: str, __: str, ___: Callable[[], double.Answer]) -> double.Answer:
        return cast("double.Answer", answer)

    return fault


@pytest.mark.parametrize("status", [401, 403, 404, 409, 429, 500, 502, 503])
def test_what_is_not_the_finding_s_fault_is_tried_again_and_refuses_no_finding(
    store: FindingStore, cluster: double.Cluster, status: int
) -> None:
    cluster.item_statuses.append([None, status])
    assert store.upsert([ocsf_event("a"), ocsf_event("b")]) == Written(added=2)


def test_a_cluster_whose_disk_is_full_is_named_and_keeps_no_good_finding_aside(
    store: FindingStore, cluster: double.Cluster
) -> None:
    cluster.item_statuses.extend([[403]] * 6)
    with pytest.raises(UnavailableError, match=r"1 findings in none of 6 .*\(refused, status 403"):
        store.upsert([ocsf_event("a")])


def test_a_finding_that_cannot_be_looked_up_is_not_taken_for_new(
    store: FindingStore, cluster: double.Cluster
) -> None:
    cluster.faults.append(_answers({"docs": [{"_id": "a", "error": AWAY}]}))
    with pytest.raises(UnavailableError, match=r"could not look .*no_shard_available"):
        store.upsert([ocsf_event("a")])
    assert cluster.sent == []


def test_a_finding_that_cannot_be_looked_up_is_not_said_to_be_unknown(
    store: FindingStore, cluster: double.Cluster
) -> None:
    cluster.faults.append(_answers({"docs": [{"_id": "a", "error": AWAY}]}))
    with pytest.raises(UnavailableError, match="could not look"):
        store.get("a")


@pytest.mark.parametrize(
    "partial",
    [{"_shards": {"total": 4, "failed": 1}, "timed_out": False}, {"timed_out": True}],
)
def test_an_answer_of_some_shards_is_asked_for_again_and_never_told(
    store: FindingStore, cluster: double.Cluster, partial: dict[str, Any]
) -> None:
    nothing = {**partial, "hits": {"hits": []}, "aggregations": {"by": {"buckets": []}}}
    cluster.faults.extend([_answers(nothing)] * 6)
    with pytest.raises(UnavailableError, match="some of its shards only, 6 times"):
        store.count(Filter(), Dimension.SEVERITY)


def test_where_a_finding_stands_is_not_concluded_from_some_shards(
    store: FindingStore, cluster: double.Cluster
) -> None:
    store.upsert([ocsf_event("a", at=day(2))])
    ((_, doc_id),) = cluster.documents
    cluster.documents["security-assist-findings-detection", doc_id] = cluster.documents.popitem()[1]
    cluster.faults.extend([None, _answers({"_shards": {"failed": 1}})])
    store.upsert([ocsf_event("a", at=day(3))])
    assert len(cluster.documents) == 1


def test_a_batch_of_large_findings_is_sent_in_requests_that_every_node_takes(
    store: FindingStore, cluster: double.Cluster
) -> None:
    large = [ocsf_event(f"f{n}")[:-1] + b',"x":"%b"}' % (b"y" * 900_000) for n in range(20)]
    assert store.upsert(large) == Written(added=20)
    assert sum(map(len, cluster.sent)) == 20
    assert max(map(len, cluster.sent)) * 900_000 < 10 * 2**20


def test_what_was_written_while_it_was_deleted_is_deleted_too(
    findings: OpenSearchFindings, cluster: double.Cluster
) -> None:
    met = {"deleted": 3, "version_conflicts": 2, "failures": []}
    cluster.faults.extend([
        _answers(met), _answers({"deleted": 2, "version_conflicts": 0, "failures": []}),
    ])  # fmt: skip
    assert findings.forget("acme") == 5
    cluster.faults.extend([_answers(met)] * 6)
    with pytest.raises(UnavailableError, match="did not delete 2 findings"):
        findings.forget("acme")
