"""Which OpenSearch a setting names."""

import pytest
from botocore.credentials import Credentials
from typing_extensions import override

from integrations.errors import InvalidSettingError, NotFoundError
from integrations.findings.opensearch import OpenSearchFindings
from integrations.findings.opensearch_cluster import Cluster, client_of, cluster_of
from tests.loopback_http import Quiet, serving


@pytest.mark.parametrize(
    ("setting", "cluster"),
    [
        ("http://127.0.0.1:9200", Cluster("http://127.0.0.1:9200")),
        (
            "https://node:9200?shards=3&replicas=1#acme-findings",
            Cluster("https://node:9200", prefix="acme-findings", shards=3, replicas=1),
        ),
        (
            "aws+https://search-x.eu-west-1.es.amazonaws.com",
            Cluster("https://search-x.eu-west-1.es.amazonaws.com", region="eu-west-1"),
        ),
        (
            "aws+https://findings.example.com",
            Cluster("https://findings.example.com", region="eu-1"),
        ),
        (
            "aoss+https://x.us-gov-west-1.aoss.amazonaws.com",
            Cluster(
                "https://x.us-gov-west-1.aoss.amazonaws.com",
                region="us-gov-west-1",
                serverless=True,
            ),
        ),
    ],
)
def test_a_setting_names_a_cluster(setting: str, cluster: Cluster) -> None:
    assert cluster_of(setting, "eu-1") == cluster


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("127.0.0.1:9200", "has to begin with https://"),
        ("ftp://node", "has to begin with https://"),
        ("gcp+https://node", "has to begin with https://"),
        ("https://node?shards=many", "invalid literal"),
        ("https://node?colour=blue", "no option colour"),
    ],
)
def test_another_setting_is_named_as_the_mistake_it_is(setting: str, said: str) -> None:
    with pytest.raises(InvalidSettingError, match=said):
        cluster_of(setting, "eu-1")


@pytest.mark.parametrize("kind", ["aws", "aoss"])
def test_what_has_to_be_signed_is_never_asked_without_a_region(kind: str) -> None:
    with pytest.raises(InvalidSettingError, match="Region is not part of its host's name"):
        cluster_of(f"{kind}+https://findings.example.com", "")


@pytest.mark.parametrize(("kind", "service"), [("aws", "es"), ("aoss", "aoss")])
def test_each_request_to_aws_is_signed_for_its_service_and_region(kind: str, service: str) -> None:
    heads: list[str] = []

    class Handler(Quiet):
        @override
        def serve(self) -> None:
            self.sent()
            heads.append(self.headers.get("Authorization", ""))
            self.answer(200, b'{"docs":[],"hits":{"hits":[]}}')

    with serving(Handler) as url:
        cluster = cluster_of(f"{kind}+{url}", "eu-west-3")
        findings = OpenSearchFindings(
            cluster, client_of(cluster, Credentials("AKIAFAKE", "fake", "fake"))
        )
        with pytest.raises(NotFoundError):
            findings.of("acme").get("f-1")
        findings.close()
    assert heads
    assert all(f"/eu-west-3/{service}/aws4_request" in head for head in heads)
