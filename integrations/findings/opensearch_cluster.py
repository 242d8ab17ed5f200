"""Which OpenSearch: the setting that names it, and the client that speaks to it."""

import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from opensearchpy import OpenSearch, Urllib3AWSV4SignerAuth

from integrations.errors import InvalidSettingError
from integrations.findings.opensearch_calls import Serializer

PREFIX: Final = "security-assist-findings"
_REGION: Final = re.compile(r"\.([a-z]{2}(?:-[a-z]+)+-\d)\.(?:es|aoss)\.")
_TIMEOUT_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where findings are, and how they are kept there."""

    url: str
    """`https://host:443`."""
    prefix: str = PREFIX
    """What the names of the indexes begin with."""
    region: str = ""
    """Signs with SigV4 for this region; empty: no signature (a node of one's own)."""
    serverless: bool = False
    """OpenSearch Serverless: it has neither routing nor a refresh that can be asked for."""
    shards: int = 1
    replicas: int = 0
    refresh_s: float = 5.0
    """How late a question may see what a large batch wrote."""
    seen_at_once: int = 50
    """A batch of so few findings is one that somebody waits for: questions see it when it returns.
    """


def cluster_of(setting: str, region: str) -> Cluster:
    """The cluster that a setting names.

    `https://host:9200` is a node of one's own; `aws+https://host` is OpenSearch Service and
    `aoss+https://host` Serverless, both signed to. After it, where they are not the usual ones,
    `?shards=6&replicas=1` and `#prefix` of the indexes' names. The Region of what is signed is read
    from the host's name (`x.eu-west-1.es.amazonaws.com`); `region` is for a name of one's own.

    Raises:
        InvalidSettingError: it is none of these, or its Region is told nowhere.
    """
    kind, plus, rest = setting.partition("+")
    parts = urlsplit(rest if plus else setting)
    if (plus and kind not in {"aws", "aoss"}) or parts.scheme not in {"http", "https"}:
        raise InvalidSettingError(
            "SECURITY_ASSIST_FINDINGS has to begin with https://, aws+https:// or aoss+https://"
        )
    options = dict(parse_qsl(parts.query))
    try:
        shards, replicas = int(options.pop("shards", 1)), int(options.pop("replicas", 0))
    except ValueError as error:
        raise InvalidSettingError(f"SECURITY_ASSIST_FINDINGS: {error}") from error
    if options:
        raise InvalidSettingError(f"SECURITY_ASSIST_FINDINGS has no option {next(iter(options))}")
    if plus:
        found = _REGION.search(parts.hostname or "")
        region = found[1] if found else region
        if not region:
            raise InvalidSettingError(
                "SECURITY_ASSIST_FINDINGS: the Region is not part of its host's name; "
                "AWS_REGION names it"
            )
    return Cluster(
        f"{parts.scheme}://{parts.netloc}",
        prefix=parts.fragment or PREFIX,
        region=region if plus else "",
        serverless=kind == "aoss" and bool(plus),
        shards=shards,
        replicas=replicas,
    )


def client_of(cluster: Cluster, credentials: Any = None) -> OpenSearch:
    """A client that signs where it has to, and leaves trying again to the engine.

    `credentials` are botocore's; they are asked for anew with each request, so that a role's go on.
    """
    auth: Any = None
    if cluster.region:
        service = "aoss" if cluster.serverless else "es"
        auth = Urllib3AWSV4SignerAuth(credentials, cluster.region, service)
    return OpenSearch(
        cluster.url,
        http_auth=auth,
        timeout=_TIMEOUT_S,
        max_retries=0,
        retry_on_timeout=False,
        serializer=Serializer(),
    )
