"""Another process at the same engine: waits for a line on its input, acts, prints what came of it.

python -m tests.contract.rival ACT ENGINE FOLDER WORD
"""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from integrations.errors import InvalidTenantError, StaleWriteError
from integrations.remediations.audit import AuditKind
from integrations.remediations.port import IllegalMoveError
from integrations.work.port import Job
from tests.builders import ACCOUNT, NOON, day, ocsf_event, tenant
from tests.contract.engines import (
    CONVERSATIONS,
    DIRECTORIES,
    FINDINGS,
    QUEUES,
    REMEDIATIONS,
    Clock,
)
from tests.remediation_builders import LEASE, entry

ROUNDS = 20
FINDINGS_EACH = 10


def write_findings(engine: str, folder: Path, word: str) -> object:
    """The same findings as the rival, at moments between its own."""
    opened = FINDINGS[engine](folder, Clock())
    store = opened.of("acme")
    for number in range(ROUNDS):
        at = day(1) + timedelta(minutes=2 * number + len(word))
        store.upsert(
            [ocsf_event(f"f-{n}", at=at, title=f"{word} {number}") for n in range(FINDINGS_EACH)]
        )
    opened.close()
    return ROUNDS


def claim_account(engine: str, folder: Path, word: str) -> object:
    """The same account for a tenant of its own."""
    directory = DIRECTORIES[engine](folder, Clock())
    try:
        directory.put(tenant(word, ACCOUNT))
    except InvalidTenantError:
        return False
    finally:
        directory.close()
    return True


def save_first(engine: str, folder: Path, word: str) -> object:
    """The first message of the same thread."""
    store = CONVERSATIONS[engine](folder, Clock())
    try:
        store.save("s-1", [{"role": "user", "content": [{"text": word}]}], (), 0)
    except StaleWriteError:
        return False
    finally:
        store.close()
    return True


def put_jobs(engine: str, folder: Path, word: str) -> object:
    """The same deliveries."""
    queue = QUEUES[engine](folder, Clock())
    accepted = [n for n in range(ROUNDS) if queue.put(Job(f"Ev{n}", f"thread-{n % 4}", word))]
    queue.close()
    return accepted


def do_jobs(engine: str, folder: Path, word: str) -> object:
    """Whatever there is to do."""
    queue = QUEUES[engine](folder, Clock())
    did = []
    while queue.waiting():
        lease = queue.take(0.05)
        if lease is not None:
            did.append(lease.job.id)
            queue.done(lease)
    queue.close()
    return did


def decide(engine: str, folder: Path, word: str) -> object:
    """The same request, version by version; those that were won."""
    opened = REMEDIATIONS[engine](folder, Clock())
    store = opened.of("acme")
    won = []
    while (request := store.get("R-race")).version <= ROUNDS:
        moved = request.shown_at(f"{word} {request.version}")
        try:
            store.save(moved)
        except StaleWriteError:
            continue
        won.append(moved.version)
    opened.close()
    return won


def begin_work(engine: str, folder: Path, word: str) -> object:
    """Every approved request that there is room for."""
    opened = REMEDIATIONS[engine](folder, Clock())
    store = opened.of("acme")
    begun = []
    for request in store.search(limit=None):
        try:
            if store.begin(request.claimed(word, NOON, LEASE), 3):
                begun.append(request.id)
        except (StaleWriteError, IllegalMoveError):
            continue
    opened.close()
    return begun


def write_audit(engine: str, folder: Path, word: str) -> object:
    """The same audit; the numbers that were given."""
    opened = REMEDIATIONS[engine](folder, Clock())
    audit = opened.audit_of("acme")
    numbers = [audit.append(entry(number, by=word)).number for number in range(ROUNDS)]
    opened.close()
    return numbers


def write_and_verify_audit(engine: str, folder: Path, word: str) -> object:
    """The same audit, read in between; what was found wrong with it."""
    opened = REMEDIATIONS[engine](folder, Clock())
    audit = opened.audit_of("acme")
    wrong = []
    for number in range((5 if engine == "sqlite" else 2) * ROUNDS):
        kept = audit.append(entry(number, by=word, kind=AuditKind.VIEWED)).hash
        verdict = audit.verify(kept)
        wrong += [verdict.why] if not verdict.whole else []
    opened.close()
    return wrong


_ACTS: dict[str, Callable[[str, Path, str], object]] = {
    act.__name__: act
    for act in (
        write_findings,
        claim_account,
        save_first,
        put_jobs,
        do_jobs,
        decide,
        begin_work,
        write_audit,
        write_and_verify_audit,
    )
}


def rivals(act: str, engine: str, folder: Path) -> list[object]:
    """What two processes say that begin at the same moment, as `a` and `bb`."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.contract.rival", act, engine, str(folder), word],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for word in ("a", "bb")
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    return [json.loads(text) for text in said]


if __name__ == "__main__":
    _, name, engine_name, where, own_word = sys.argv
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    sys.stdout.write(json.dumps(_ACTS[name](engine_name, Path(where), own_word)))
