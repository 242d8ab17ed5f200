"""What becomes of a batch when OpenSearch is busy, refuses some of it, or is cut off."""

import gc
from collections.abc import Callable
from typing import Any, cast

import pytest
from opensearchpy import OpenSearch
from opensearchpy.exceptions import AuthorizationException, ConnectionTimeout, TransportError

from integrations.errors import PartlyRejectedError, RejectedRecordError, UnavailableError
from integrations.findings.opensearch import OpenSearchFindings
from integrations.findings.opensearch_cluster import Cluster
from integrations.findings.opensearch_documents import id_of
from integrations.findings.port import FindingClass, FindingState, FindingStore, Written
from tests.builders import day, ocsf_event
from tests.unit.findings import opensearch_double as double

A, B, C = (id_of("acme", uid) for uid in "abc")
COMPLIANCE = "security-assist-findings-compliance"


@pytest.fixture
def cluster() -> double.Cluster:
    return double.Cluster()


@pytest.fixture
def waited() -> list[float]:
    return []


@pytest.fixture
def store(cluster: double.Cluster, waited: list[float]) -> FindingStore:
    client = cast("OpenSearch", cluster)
    return OpenSearchFindings(Cluster("http://unused"), client, pause=waited.append).of("acme")


def _events(*uids: str) -> list[bytes]:
    return [ocsf_event(uid) for uid in uids]


def test_only_what_the_cluster_was_too_busy_for_is_sent_again(
    store: FindingStore, cluster: double.Cluster, waited: list[float]
) -> None:
    cluster.item_statuses.extend([[None, 429, 503], [429]])
    assert store.upsert(_events("a", "b", "c")) == Written(added=3)
    assert cluster.sent == [[A, B, C], [B, C], [B]]
    assert len(waited) == 2
    assert all(0 < pause <= 10 for pause in waited)


def test_what_is_refused_is_named_and_the_rest_is_stored(
    store: FindingStore, cluster: double.Cluster
) -> None:
    cluster.item_statuses.append([None, 400])
    with pytest.raises(PartlyRejectedError) as raised:
        store.upsert(_events("a", "b", "c", "b"))
    assert raised.value.rejected == (
        (1, "refused: for this test"),
        (3, "refused: for this test"),
    )
    assert {key for _, key in cluster.documents} == {A, C}


def test_a_write_between_reading_and_writing_is_merged_with(
    store: FindingStore, cluster: double.Cluster
) -> None:
    store.upsert([ocsf_event("a", at=day(2))])
    other = OpenSearchFindings(Cluster("http://unused"), cast("OpenSearch", cluster)).of("acme")

    def meanwhile(_: str, __: str, do: Callable[[], double.Answer]) -> double.Answer:
        answer = do()
        other.upsert([ocsf_event("a", at=day(9), state=FindingState.RESOLVED)])
        return answer

    cluster.faults.append(meanwhile)
    assert store.upsert([ocsf_event("a", at=day(5))]) == Written(updated=1)
    found = store.get("a").finding
    assert (found.updated_at, found.resolved_at) == (day(9), day(9))


def test_a_batch_whose_answer_was_lost_is_not_counted_twice(
    store: FindingStore, cluster: double.Cluster
) -> None:
    def cut(_: str, __: str, do: Callable[[], double.Answer]) -> double.Answer:
        do()
        raise ConnectionTimeout("TIMEOUT", "cut off", None)

    cluster.faults.extend([None, None, cut])
    written = store.upsert(_events("a", "b"))
    assert (written.added, written.updated) == (0, 0)
    assert {key for _, key in cluster.documents} == {A, B}
    assert store.upsert(_events("a", "b")) == Written(unchanged=2)


def test_a_cluster_that_is_away_is_asked_a_few_times_and_then_named(
    store: FindingStore, cluster: double.Cluster, waited: list[float]
) -> None:
    def away(*_: object) -> Any:
        raise TransportError(503, "unavailable", {})

    cluster.faults.extend([away] * 6)
    with pytest.raises(UnavailableError, match=r"busy \(status 503\), 6 times"):
        store.upsert(_events("a"))
    assert len(waited) == 5
    assert waited[-1] > waited[0]


def test_a_cluster_that_does_not_let_us_in_is_not_asked_again(
    store: FindingStore, cluster: double.Cluster
) -> None:
    def denied(*_: object) -> Any:
        raise AuthorizationException(403, "no permissions for [indices:data/read]", {})

    cluster.faults.append(denied)
    with pytest.raises(UnavailableError, match="does not let us in"):
        store.upsert(_events("a"))
    assert len(cluster.asked) == 1


def test_nothing_is_sent_of_a_batch_that_cannot_be_read(
    store: FindingStore, cluster: double.Cluster
) -> None:
    with pytest.raises(RejectedRecordError):
        store.upsert([*_events("a"), b"{}"])
    assert cluster.asked == []


def test_a_finding_whose_class_changes_stays_one_finding(
    store: FindingStore, cluster: double.Cluster
) -> None:
    store.upsert([ocsf_event("a", at=day(2))])
    store.upsert([ocsf_event("a", at=day(3), cls=FindingClass.VULNERABILITY)])
    assert list(cluster.documents) == [(COMPLIANCE, A)]
    assert store.get("a").finding.cls is FindingClass.VULNERABILITY


def test_an_event_of_several_lines_is_one_line_of_the_request(
    store: FindingStore, cluster: double.Cluster
) -> None:
    spread = ocsf_event("a").replace(b'"time"', b'\n  "time"')
    assert b"\n" in spread
    assert store.upsert([spread]) == Written(added=1)
    assert store.get("a").event["finding_info"]["uid"] == "a"


@pytest.mark.parametrize("name", [b"security_assist", rb"security\u005fassist"])
def test_an_attribute_called_like_ours_does_not_take_its_place(
    store: FindingStore, name: bytes
) -> None:
    forged = ocsf_event("a")[:-1] + b',"%b":{"tenant":"globex"}}' % name
    store.upsert([forged])
    assert store.get("a").finding.uid == "a"
    assert "security_assist" not in store.get("a").event


def test_garbage_is_searched_for_again_after_a_batch_however_it_ends(
    store: FindingStore, cluster: double.Cluster
) -> None:
    during: list[bool] = []

    def watched(_: str, __: str, do: Callable[[], double.Answer]) -> double.Answer:
        during.append(gc.isenabled())
        return do()

    cluster.faults.append(watched)
    store.upsert(_events("a"))
    with pytest.raises(RejectedRecordError):
        store.upsert([b"{}"])
    assert during == [False]
    assert gc.isenabled()
