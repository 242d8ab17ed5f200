"""Raw ASFF to documents in OpenSearch: what a finding costs the client, beside the usual ways."""

import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from opensearchpy import OpenSearch, helpers

from integrations.findings import asff
from integrations.findings.ocsf import read_indexed
from integrations.findings.opensearch import OpenSearchFindings
from integrations.findings.opensearch_bulk import action, send, write
from integrations.findings.opensearch_calls import Calls, Serializer
from integrations.findings.opensearch_cluster import Cluster
from tests.bench.convert import changed, samples

_RECORDS = 10_000
_ROUNDS = 5
_PASSES = 8
"""Of what takes some 2 us a finding: one pass of it is too short to be measured."""
_BYTES, _WRITER = "bytes encoded before, sent in bulk", "the same by our bulk writer"
_ONE_BY_ONE = 500
_CHUNK = 500

Case = Callable[[Sequence[bytes]], object]


def run() -> Iterator[str]:
    """Findings per second of the client's processor time; ratios within a round, the median."""
    known = samples()
    batch = [changed(known[at % len(known)], at // len(known)) for at in range(_RECORDS)]
    with _sink() as url:
        cases = _cases(url, batch)
        took: dict[str, list[float]] = {name: [] for name in cases}
        for _ in range(_ROUNDS):
            for name, case in cases.items():
                some = batch[:_ONE_BY_ONE] if name.startswith("one by one") else batch
                passes = _PASSES if name in {_BYTES, _WRITER} else 1
                took[name].append(_cpu(case, some, passes) / len(some))
    floor, writer = took[_BYTES], took[_WRITER]
    ours = took["ours"]
    for name, rounds in took.items():
        ratio = statistics.median(theirs / mine for theirs, mine in zip(rounds, ours, strict=True))
        best = min(rounds)
        yield f"{name:<38} {1 / best:>9,.0f}/s {best * 1e6:>7.1f} us   {ratio:.2f} x ours"
    over = statistics.median(w / f for w, f in zip(writer, floor, strict=True))
    yield f"our bulk writer is {over:.2f} x the bytes alone (goal 1.6)"
    yield "(goal 40,000 findings per second of the client's processor time)"


def _cases(url: str, batch: Sequence[bytes]) -> dict[str, Case]:
    findings = OpenSearchFindings(Cluster(url))
    store = findings.of("acme")
    client = OpenSearch(url, serializer=Serializer())
    plain = OpenSearch(url)
    events = [asff.convert(raw) for raw in batch]
    lines = [b'{"create":{"_index":"i","_id":"%d"}}\n%s\n' % (n, e) for n, e in enumerate(events)]
    bodies = [b"".join(lines[at : at + _CHUNK]) for at in range(0, len(lines), _CHUNK)]

    def ours(some: Sequence[bytes]) -> None:
        for at in range(0, len(some), _CHUNK):
            store.upsert([asff.convert(raw) for raw in some[at : at + _CHUNK]])

    def written_only(_: Sequence[bytes]) -> None:
        for at in range(0, len(events), _CHUNK):
            store.upsert(events[at : at + _CHUNK])

    def floor(_: Sequence[bytes]) -> None:
        for body in bodies:
            client.transport.perform_request(
                "POST", "/_bulk", params={"filter_path": "items.*.status"}, body=body
            )

    def usual(some: Sequence[bytes]) -> None:
        helpers.bulk(plain, (_action(json.loads(asff.convert(raw))) for raw in some))

    def one_by_one(some: Sequence[bytes]) -> None:
        for raw in some:
            event = json.loads(asff.convert(raw))
            plain.index(index="i", id=event["finding_info"]["uid"], body=event)

    return {
        "ours": ours,
        "of which converting": lambda some: [asff.convert(raw) for raw in some],
        "of which reading what is indexed": lambda _: [read_indexed(event) for event in events],
        "ours, events converted before": written_only,
        _BYTES: floor,
        _WRITER: _writer(Calls(client, time.sleep), events),
        "helpers.bulk, converted by ours": usual,
        "one by one, converted by ours": one_by_one,
    }


def _writer(calls: Calls, events: Sequence[bytes]) -> Case:
    """Our bulk writer, with every document ready."""
    writes = [write(action("create", "i", str(n)), event) for n, event in enumerate(events)]
    chunks = [writes[at : at + _CHUNK] for at in range(0, len(writes), _CHUNK)]

    def written(_: Sequence[bytes]) -> None:
        for some in chunks:
            send(calls, some)

    return written


def _action(event: dict[str, Any]) -> dict[str, Any]:
    return {"_index": "i", "_id": event["finding_info"]["uid"], "_source": event}


def _cpu(case: Case, batch: Sequence[bytes], passes: int) -> float:
    """Seconds of processor time of one pass."""
    gc.collect()
    began = time.process_time()
    for _ in range(passes):
        case(batch)
    return (time.process_time() - began) / passes


@contextmanager
def _sink() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.bench.sink"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as sink:
        assert sink.stdout is not None
        yield f"http://127.0.0.1:{sink.stdout.readline().strip()}"
        sink.terminate()
