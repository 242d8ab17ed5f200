"""ASFF to OCSF on one core, beside a JSON round trip of the same bytes and py-ocsf-models."""

import gc
import importlib
import json
import re
import statistics
import time
from collections.abc import Callable, Iterator, Sequence

import orjson

from integrations.errors import RejectedRecordError
from integrations.findings import asff
from tests.ocsf_schema import problems
from tests.samples import records

_RECORDS = 10_000
_ROUNDS = 7
_FLOOR, _OURS, _PEER = "orjson loads + dumps", "asff.convert", "py-ocsf-models"
_GOALS = {_FLOOR: 0.85, _PEER: 3.5}
_TIME = re.compile(
    rb'("(?:CreatedAt|UpdatedAt|FirstObservedAt|LastObservedAt)":"[\d-]+[T ])[\d:]{8}'
)

Case = Callable[[bytes], bytes]


def run() -> Iterator[str]:
    """Events per second of processor time; ratios within a round, the median of the rounds."""
    known = samples()
    size = sum(map(len, known)) / len(known)
    yield f"{len(known)} real ASFF findings of {size:,.0f} bytes, repeated to {_RECORDS:,}"
    cases: dict[str, Case] = {_FLOOR: _round_trip, _OURS: asff.convert}
    peer = _peer()
    if peer is None:
        yield "py-ocsf-models is not installed (make bench installs it): no peer in this run"
    else:
        cases[_PEER] = peer
    repeated = [known[at % len(known)] for at in range(_RECORDS)]
    others = [changed(raw, at // len(known)) for at, raw in enumerate(repeated)]
    for title, batch in (("as they are", repeated), ("each with own id and times", others)):
        yield f"{title}: {_valid(batch):,} of {len(batch):,} events are valid OCSF 1.6.0"
        took = _measured(cases, batch)
        for name, rounds in took.items():
            best = min(rounds)
            yield f"  {name:<22} {len(batch) / best:>9,.0f}/s {best / len(batch) * 1e6:>6.1f} us"
        for name, goal in _GOALS.items():
            if name in took:
                ratio = statistics.median(
                    other / ours for other, ours in zip(took[name], took[_OURS], strict=True)
                )
                yield f"  ours is {ratio:.2f} x {name} (goal {goal})"


def samples() -> list[bytes]:
    """The real findings that can be converted."""
    taken_in = []
    for record in records("findings/asff.ndjson"):
        raw = orjson.dumps(record)
        try:
            asff.convert(raw)
        except RejectedRecordError:
            continue
        taken_in.append(raw)
    return taken_in


def _valid(batch: Sequence[bytes]) -> int:
    return sum(not problems(json.loads(asff.convert(raw))) for raw in batch)


def changed(raw: bytes, copy: int) -> bytes:
    """Another finding: what is remembered from one to the next does not know it whole."""
    clock = b"%02d:%02d:%02d" % (copy % 24, copy * 7 % 60, copy * 13 % 60)
    record = orjson.loads(raw)
    own = orjson.dumps({**record, "Id": f"{copy}-{record['Id']}"})
    return _TIME.sub(lambda found: found.group(1) + clock, own)


def _round_trip(raw: bytes) -> bytes:
    return orjson.dumps(orjson.loads(raw))


def _peer() -> Case | None:
    try:
        convert: Case = importlib.import_module("tests.bench.py_ocsf_models_peer").convert
    except ImportError:
        return None
    return convert


def _measured(cases: dict[str, Case], batch: Sequence[bytes]) -> dict[str, list[float]]:
    """Seconds of processor time of every round, the cases in turns."""
    took: dict[str, list[float]] = {name: [] for name in cases}
    gc.freeze()
    for _ in range(_ROUNDS):
        for name, convert in cases.items():
            began = time.process_time()
            for raw in batch:
                convert(raw)
            took[name].append(time.process_time() - began)
    gc.unfreeze()
    return took
