"""`make reliability`: every figure of docs/reliability.md, counted anew.

python -m tests.reliability [SUITE ...]; ends with 1 when anything was found.
"""

import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.reliability import (
    crashes,
    cut_streams,
    exactly_once,
    false_fixes,
    forged,
    fuzz,
    hostile,
    ingest_soak,
    outages,
    tampering,
)

APPROVALS, SEEDS = 2_000, (1, 2, 3)
FORGED, FALSE_FIXES, TAMPERED = 1_000, 330, 512
RANDOM_KILLS = 60
HOSTILE = 12_000
FUZZED = {"verifier": 20_000_000, "door": 1_000_000}
INGESTED_S, INGESTED_RATE, POISONED = 600, 2_315, 110_000
INGESTED_OPENSEARCH = (120_000, 1_000)
"""Messages, and how many of them a second."""

Lines = Iterator[tuple[str, bool]]
"""What is printed, and whether it is as promised."""


def once() -> Lines:
    """Exactly once: the product beside the design that comes to mind first, seed by seed."""
    yield f"{'design':<12} {'seed':>4} {_HEADS}", True
    for design in exactly_once.DESIGNS:
        total = exactly_once.Count()
        for seed in SEEDS:
            count = exactly_once.run(design, APPROVALS, seed)
            total += count
            yield _row(design, str(seed), count)
        yield _row(design, "all", total)
        faults = ", ".join(f"{n} {name}" for name, n in sorted(total.faults.items()))
        yield f"  {design}: {faults}, {total.taken_over} taken over", True
        if total.stages:
            ends = ", ".join(f"{n} {stage}" for stage, n in total.stages.most_common())
            yield f"  {design}: {ends}", True
        yield from ((f"  {why}", False) for why in total.broken)


_HEADS = "approvals  clicks  executions  duplicates  lost  unwritten"


def _row(design: str, seed: str, count: exactly_once.Count) -> tuple[str, bool]:
    line = (
        f"{design:<12} {seed:>4} {count.approvals:>9} {count.deliveries:>7} {count.executions:>11}"
        f" {count.duplicates:>11} {count.lost:>5} {count.unwritten:>10}"
    )
    clean = not (count.duplicates or count.lost or count.unwritten or count.broken)
    # The other design is there to be found out: a suite that finds nothing wrong with it is blind.
    return line, clean if design == "product" else bool(count.duplicates and count.lost)


def kills() -> Lines:
    """SIGKILL at each boundary of a fix's life, and at random among several workers."""
    told = crashes.at_each_boundary()
    yield f"at each boundary: {_of_crashes(told)}", _well(told)
    for seed in SEEDS:
        told = crashes.at_random(RANDOM_KILLS, 3, seed)
        yield f"at random, seed {seed}: {_of_crashes(told)}", _well(told)


def _of_crashes(told: crashes.Crashes) -> str:
    return (
        f"{told.kills} kills, {told.fixes} fixes, {told.executions} executions, "
        f"{told.duplicates} duplicates, {told.unfinished} unfinished, "
        f"{len(told.unwritten)} effects without a record"
        + "".join(f"\n  {why}" for why in (*told.unwritten, *told.broken))
    )


def _well(told: crashes.Crashes) -> bool:
    return not (told.duplicates or told.unfinished or told.unwritten or told.broken)


def clicks() -> Lines:
    """Forged clicks, through each depth."""
    for transport in forged.TRANSPORTS:
        told = forged.run(transport, FORGED, 1)
        line = (
            f"through {transport}: {told.tried.total()} forged clicks of {len(told.tried)} kinds, "
            f"{len(told.executed)} executed, {len(told.moved)} requests moved on; "
            f"{told.honest} of {len(told.tried)} honest ones carried out"
        )
        yield line, not (told.executed or told.moved) and told.honest == len(told.tried)
        yield from ((f"  {what}", False) for what in (*told.executed, *told.moved))


def door() -> Lines:
    """Hostile requests to Slack's door on Lambda; Bolt's own adapter beside it."""
    for name, run in (("product", hostile.ours), ("Bolt's adapter", hostile.bolts)):
        told = run(HOSTILE, 1)
        line = (
            f"{name}: {told.tried.total():,} hostile requests of {len(told.tried)} kinds, "
            f"{told.accepted.total():,} accepted, {told.uncaught.total():,} uncaught or answered "
            f"5xx, at most {told.longest:,} bytes logged of one"
        )
        clean = not (told.accepted.total() or told.uncaught.total() or told.longest > _LOGGED)
        yield line, clean if name == "product" else not clean
        for what, found in (("accepted", told.accepted), ("uncaught", told.uncaught)):
            if +found:
                yield (
                    f"  {what}: " + ", ".join(f"{n} {k}" for k, n in found.most_common() if n),
                    (name != "product"),
                )


_LOGGED = 256


def fuzzing() -> Lines:
    """Coverage-guided fuzzing of Slack's door on Lambda."""
    if not fuzz.possible():
        yield "atheris is not there: it has wheels for Linux on x86-64 only", True
        return
    for target, runs in FUZZED.items():
        found = fuzz.fuzzed(target, runs, 1)
        yield f"{target}: {runs:,} runs, {found or 'nothing found'}", not found


def fixes() -> Lines:
    """Fixes that went wrong."""
    told = false_fixes.run(FALSE_FIXES, 1)
    ends = ", ".join(f"{n} {stage}" for stage, n in told.stages.most_common())
    line = (
        f"{told.tried.total()} fixes gone wrong in {len(told.tried)} ways: "
        f"{len(told.called_fixed)} called fixed, {len(told.endless)} without an end ({ends})"
    )
    yield line, not (told.called_fixed or told.endless)


def audit() -> Lines:
    """Tampering with the audit."""
    told = tampering.run(TAMPERED, 1)
    line = f"{told.tried.total()} tamperings of {len(told.tried)} kinds: {len(told.unseen)} unseen"
    yield line, not told.unseen
    yield from ((f"  {kind}", False) for kind in told.unseen)


def soak() -> Lines:
    """Findings at a rate for ten minutes, through killed workers and failing engines."""
    told = ingest_soak.run(INGESTED_S * INGESTED_RATE, INGESTED_RATE, 1, poison_every=1_000)
    yield f"{INGESTED_S} s at {INGESTED_RATE}/s: {_of_soak(told)}", told.kept


def poison() -> Lines:
    """Ten thousand poison findings among a hundred thousand good ones."""
    told = ingest_soak.run(POISONED, 0, 2, poison_every=11)
    yield f"1 in 11 poison: {_of_soak(told)}", told.kept


def bulk() -> Lines:
    """Findings into a real OpenSearch that is busy for every tenth item and cuts replies."""
    url = ingest_soak.opensearch()
    if not url:
        yield "no OpenSearch here: python -m infra.local.engines -- COMMAND brings one", True
        return
    told = ingest_soak.run_opensearch(url, *INGESTED_OPENSEARCH, 3, poison_every=100)
    yield f"OpenSearch, {INGESTED_OPENSEARCH[1]}/s: {_of_soak(told)}", told.kept


def outage() -> Lines:
    """Each backend broken in each way, alone and in pairs, while somebody asks."""
    with tempfile.TemporaryDirectory(prefix="assist-outages-") as folder:
        for told in outages.run(Path(folder), outages.trials(1)):
            said = (
                "not said meanwhile" if told.said_s is None else f"said after {told.said_s:.1f} s"
            )
            line = f"{told.trial}: acked within {told.acked_s:.1f} s, {said}; "
            if told.drained_s is not None:
                line += f"nothing left {told.drained_s:.1f} s after it was mended"
            yield line + "".join(f"; {what}" for what in told.wrong), not told.wrong


def streams() -> Lines:
    """Every eval question through an AgentCore runtime whose line is cut at random."""
    with tempfile.TemporaryDirectory(prefix="assist-streams-") as folder:
        told = cut_streams.run(Path(folder), SEEDS[0])
    line = (
        f"{told.questions} questions, {told.calls} calls of the runtime, {told.cuts} of them cut,"
        f" {told.runs} runs of the assistant; {len(told.differ)} answers that are not the same"
    )
    yield line, not told.differ and told.cuts > told.questions // 4
    yield from ((f"  {what}", False) for what in told.differ)


def _of_soak(told: ingest_soak.Soaked) -> str:
    faults = ", ".join(f"{n:,} {name}" for name, n in sorted(told.faults.items()))
    return (
        f"{told.messages:,} messages, {told.deliveries:,} deliveries, {told.kills} kills, {faults};"
        f" offered in {told.offered_s:.0f} s, done after {told.took_s:.0f} s;"
        f" {told.findings:,} findings: {told.missing} missing, {told.strange} strange,"
        f" {told.duplicates} duplicates; {told.letters:,} dead letters:"
        f" {told.letters_missing} missing, {told.letters_strange} strange"
        + (", GIVEN UP: not done in time" if told.given_up else "")
    )


SUITES: dict[str, Callable[[], Lines]] = {
    "once": once,
    "kills": kills,
    "clicks": clicks,
    "door": door,
    "fuzz": fuzzing,
    "fixes": fixes,
    "audit": audit,
    "outages": outage,
    "streams": streams,
    "soak": soak,
    "poison": poison,
    "bulk": bulk,
}


def main(names: list[str]) -> int:
    """Run the named suites, or all of them; 1 when anything is not as promised."""
    logging.disable(logging.CRITICAL)
    kept = True
    for name in names or SUITES:
        began = time.monotonic()
        sys.stdout.write(f"\n== {name}: {(SUITES[name].__doc__ or '').strip()}\n")
        for line, fine in SUITES[name]():
            kept = kept and fine
            sys.stdout.write(f"{line}{'' if fine else '   <- NOT AS PROMISED'}\n")
            sys.stdout.flush()
        sys.stdout.write(f"({time.monotonic() - began:.0f} s)\n")
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
