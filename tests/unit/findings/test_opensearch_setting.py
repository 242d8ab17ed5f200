"""Which OpenSearch a setting names."""

import pytest

from integrations.errors import InvalidSettingError
from integrations.findings.opensearch_cluster import Cluster, cluster_of


@pytest.mark.parametrize(
    ("setting", "cluster"),
    [
        ("http://127.0.0.1:9200", Cluster("http://127.0.0.1:9200")),
        (
            "https://node:9200?shards=3&replicas=1#acme-findings",
            Cluster("https://node:9200", prefix="acme-findings", shards=3, replicas=1),
        ),
        ("aws+https://x.es.amazonaws.com", Cluster("https://x.es.amazonaws.com", region="eu-1")),
        (
            "aoss+https://x.aoss.amazonaws.com",
            Cluster("https://x.aoss.amazonaws.com", region="eu-1", serverless=True),
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
