"""Raw ASFF into a real OpenSearch node on the same cores, by the clock: the node is the limit."""

import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from opensearchpy import OpenSearch, helpers

from infra.local.engines.running import Engines
from integrations.findings import asff
from integrations.findings.opensearch import OpenSearchFindings
from integrations.findings.opensearch_cluster import Cluster
from integrations.findings.opensearch_index import index_of
from integrations.findings.port import FindingClass
from tests.bench.convert import changed, samples

_RECORDS = 10_000
_ROUNDS = 3
_CHUNK = 500
_NEW, _AGAIN, _USUAL = "ours, new findings", "ours, told again", "helpers.bulk, blind, without ours"


def run() -> Iterator[str]:
    """Findings per second by the clock, each way by turns into indexes of its own."""
    known = samples()
    batch = [changed(known[at % len(known)], at // len(known)) for at in range(_RECORDS)]
    with Engines({"opensearch": None}) as engines:
        engines.wait()
        if "opensearch" not in engines.where():
            yield f"left out: {engines.left_out['opensearch']}"
            return
        where = engines.where()["opensearch"]
        yield f"OpenSearch {where['version']}, a node with 768 MB, {_ROUNDS} rounds by turns"
        rates: dict[str, list[float]] = {_NEW: [], _AGAIN: [], _USUAL: []}
        for number in range(_ROUNDS):
            for name, way in _ways(str(where["url"]), number).items():
                began = time.perf_counter()
                way(batch)
                rates[name].append(_RECORDS / (time.perf_counter() - began))
        for name, found in rates.items():
            each = ", ".join(f"{rate:,.0f}" for rate in found)
            yield f"{name:<36} {statistics.median(found):>8,.0f}/s   ({each})"


def _ways(url: str, number: int) -> dict[str, Callable[[Sequence[bytes]], object]]:
    ours = OpenSearchFindings(Cluster(url, prefix=f"ours-{number}"))
    ours.prepare()
    store = ours.of("acme")
    theirs = Cluster(url, prefix=f"usual-{number}")
    OpenSearchFindings(theirs).prepare()
    index = index_of(theirs.prefix, FindingClass.COMPLIANCE)
    client = OpenSearch(url)

    def taken_in(some: Sequence[bytes]) -> None:
        for at in range(0, len(some), _CHUNK):
            store.upsert([asff.convert(raw) for raw in some[at : at + _CHUNK]])

    def usual(some: Sequence[bytes]) -> None:
        helpers.bulk(client, (_action(index, json.loads(asff.convert(raw))) for raw in some))

    return {_NEW: taken_in, _AGAIN: taken_in, _USUAL: usual}


def _action(index: str, event: dict[str, Any]) -> dict[str, Any]:
    uid = event["finding_info"]["uid"]
    return {"_index": index, "_id": uid[:500], "_routing": "acme", "_source": event}
