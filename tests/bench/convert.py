"""ASFF to OCSF on one core, beside a JSON round trip of the same bytes and py-ocsf-models."""

import gc
import importlib
import json
import re
import time
from collections.abc import Callable, Iterator

import orjson

from integrations.errors import RejectedRecordError
from integrations.findings import asff
from tests.ocsf_schema import problems
from tests.samples import records

_RECORDS = 10_000
_ROUNDS = 7
_FLOOR, _OURS, _PEER = "orjson loads + dumps", "asff.convert", "py-ocsf-models"
_TIME = re.compile(
    rb'("(?:CreatedAt|UpdatedAt|FirstObservedAt|LastObservedAt)":"[\d-]+[T ])[\d:]{8}'
)


def run() -> Iterator[str]:
    """Events per second of CPU time and ratios, the best of interleaved rounds."""
    samples = _samples()
    invalid = sum(bool(problems(json.loads(asff.convert(raw)))) for raw in samples)
    size = sum(map(len, samples)) / len(samples)
    yield f"{len(samples)} real ASFF findings of {size:,.0f} bytes, repeated to {_RECORDS:,}"
    yield f"{len(samples) - invalid} of {len(samples)} events are valid OCSF 1.6.0"
    cases: dict[str, Callable[[bytes], bytes]] = {_FLOOR: _round_trip, _OURS: asff.convert}
    peer = _peer()
    if peer is None:
        yield "py-ocsf-models not installed (make bench installs it)"
    else:
        cases[_PEER] = peer
    repeated = [samples[at % len(samples)] for at in range(_RECORDS)]
    changed = [_changed(raw, at // len(samples)) for at, raw in enumerate(repeated)]
    for title, batch in (("as they are", repeated), ("each with own id and times", changed)):
        best = _measured(cases, batch)
        yield f"{title}:"
        for name, seconds in best.items():
            yield (
                f"  {name:<22} {_RECORDS / seconds:>9,.0f}/s {seconds / _RECORDS * 1e6:>6.1f} us"
                f"   {best[_FLOOR] / seconds:>5.2f} x the round trip"
            )
        if peer is not None:
            yield f"  ours is {best[_PEER] / best[_OURS]:.1f} x py-ocsf-models (goal 3.5)"
        yield f"  ours is {best[_FLOOR] / best[_OURS]:.2f} x the round trip (goal 0.85)"


def _samples() -> list[bytes]:
    taken_in = []
    for record in records("findings/asff.ndjson"):
        raw = orjson.dumps(record)
        try:
            asff.convert(raw)
        except RejectedRecordError:
            continue
        taken_in.append(raw)
    return taken_in


def _changed(raw: bytes, copy: int) -> bytes:
    """Another finding: what is remembered from one to the next does not know it whole."""
    clock = b"%02d:%02d:%02d" % (copy % 24, copy * 7 % 60, copy * 13 % 60)
    own = raw.replace(b'"Id":"', b'"Id":"%d-' % copy, 1)
    return _TIME.sub(lambda found: found.group(1) + clock, own)


def _round_trip(raw: bytes) -> bytes:
    return orjson.dumps(orjson.loads(raw))


def _peer() -> Callable[[bytes], bytes] | None:
    try:
        convert: Callable[[bytes], bytes] = importlib.import_module(
            "tests.bench.py_ocsf_models_peer"
        ).convert
    except ImportError:
        return None
    return convert


def _measured(cases: dict[str, Callable[[bytes], bytes]], batch: list[bytes]) -> dict[str, float]:
    best = dict.fromkeys(cases, float("inf"))
    gc.freeze()
    for _ in range(_ROUNDS):
        for name, convert in cases.items():
            began = time.process_time()
            for raw in batch:
                convert(raw)
            best[name] = min(best[name], time.process_time() - began)
    gc.unfreeze()
    return best
