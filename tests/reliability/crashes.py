"""Workers that are really killed: at each boundary of a fix's whole life, and at random.

A process of its own imports the product once and is forked for each life of a worker; it answers
line by line. SIGKILL lets nothing be tidied up: what is there afterwards is what was on the disk.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from agent.approval import Refusal
from integrations.connect import Connections
from integrations.errors import SecurityAssistError
from integrations.remediations.audit import AuditKind
from integrations.remediations.port import Remediation
from integrations.runbooks.port import Order
from integrations.settings import Settings
from integrations.systems import Systems
from tests.automation_account import RULES, Account, Clock
from tests.faults import gated
from tests.reliability.durable_account import DurableAccount
from tests.remediating import ONCALL, OneRunbook, Stage, staged
from tests.scratch import scratch

FASTER = 60.0
"""A minute of the workers' time passes in a second of ours: so leases run out while we wait."""

_BEFORE_EFFECT = {AuditKind.STARTING, AuditKind.UNDO_STARTING}


@dataclass
class Crashes:
    """What was killed, and what was found afterwards."""

    kills: int = 0
    lives: int = 0
    fixes: int = 0
    executions: int = 0
    duplicates: int = 0
    unfinished: int = 0
    unwritten: list[str] = field(default_factory=list)
    """Effects that no record precedes."""
    broken: list[str] = field(default_factory=list)


@dataclass
class Place:
    """A folder with a product's state and an account, as each process opens them."""

    folder: Path
    clock: Clock
    connections: Connections
    account: DurableAccount
    stage: Stage

    @property
    def systems(self) -> Systems:
        """The tenant's, with the account."""
        return replace(self.connections.systems("acme"), automations=self.account)


@contextmanager
def opened(folder: Path, now: float | None = None) -> Iterator[Place]:
    """Open what is there; `now` is where the clock stands (seconds since the epoch)."""
    clock = Clock() if now is None else Clock(now)
    with Connections(Settings(state=folder), clock) as connections:

        def on_start(order: Order) -> None:
            records = connections.systems("acme").audit.records()
            tokens = {r.entry.detail["token"] for r in records if r.entry.kind in _BEFORE_EFFECT}
            if order.token not in tokens:
                (folder / "unwritten").write_text(order.token)

        account = DurableAccount(folder / "account.sqlite", clock, on_start)
        tenant = connections.directory.get("acme")
        stage = Stage(connections, clock, Account(clock), tenant, OneRunbook())
        stage.around = lambda systems: replace(systems, automations=account)
        with closing(account):
            yield Place(folder, clock, connections, account, stage)


def _prepared(folder: Path, fixes: int, *, approve: bool) -> list[Remediation]:
    """A tenant with open groups, in a folder; a request for each."""
    with staged(folder) as stage:
        findings = stage.open_many(range(fixes))
        ask = stage.approved if approve else stage.proposed
        requests = [ask(finding) for finding in findings]
        with closing(
            DurableAccount(folder / "account.sqlite", stage.clock, lambda _: None)
        ) as kept:
            kept.keep(stage.account)
    return requests


# -- what a worker does


def _whole_life(place: Place, request_id: str) -> None:
    """From the approver's click to the undone fix: what is done already is passed over."""
    stage, store = place.stage, place.systems.remediations
    request = store.get(request_id)
    if request.stage == "proposed":
        stage.requests.approve(request_id, request.plan.hash, ONCALL, "seen")
    for _ in range(30):
        request = stage.executor.advance(request_id, f"worker-{os.getpid()}")
        if not request.stage.open:
            break
        place.clock.later(seconds=1)
    if request.stage == "verified":
        done = stage.requests.undo(request_id, request.plan.hash, ONCALL, f"worker-{os.getpid()}")
        assert not isinstance(done, Refusal), done
    for _ in range(30):
        if not stage.executor.advance(request_id, f"worker-{os.getpid()}").stage.open:
            return
        place.clock.later(seconds=1)


def _killed_at(boundary: int) -> Callable[[str, Callable[[], Any]], Any]:
    """A gate at which the process dies: boundaries are right before and right after each call."""
    left = boundary

    def passed() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def gate(_name: str, call: Callable[[], Any]) -> Any:
        passed()
        answer = call()
        passed()
        return answer

    return gate


def _live_until_killed(folder: Path, request_id: str, boundary: int) -> None:
    with opened(folder) as place:
        inner = place.stage.around
        gate = _killed_at(boundary)
        place.stage.around = lambda systems: gated(inner(systems), gate)
        _whole_life(place, request_id)


def _work(folder: Path, began: float) -> None:
    """A worker as it runs for days, only faster: sweeps, takes up what waits, sees it through."""
    with opened(folder) as place:
        start = place.clock.now
        owner = f"worker-{os.getpid()}"
        while True:
            place.clock.now = start + (time.time() - began) * FASTER
            with suppress(SecurityAssistError):
                for request in place.stage.executor.waiting():
                    for _ in range(50):
                        place.clock.now = start + (time.time() - began) * FASTER
                        if not place.stage.executor.advance(request.id, owner).stage.open:
                            break
            time.sleep(0.01)


# -- the process that is forked


class Nursery:
    """A process that has imported everything, and is forked for each life."""

    def __init__(self) -> None:
        """Start it; it answers when it is ready."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.reliability.crashes"],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._read() == "ready"

    def born(self, act: str, *arguments: object) -> int:
        """Let a child do something; its process id."""
        self._ask("born", act, *arguments)
        return int(self._read())

    def ended(self, child: int) -> int:
        """Wait for a child; the signal that killed it, 0 when it ended by itself."""
        self._ask("ended", child)
        return int(self._read())

    def close(self) -> None:
        """Let it end."""
        self._process.communicate(timeout=30)

    def _ask(self, *words: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([str(word) for word in words]) + "\n")
        self._process.stdin.flush()

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def _answer_lines() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        what, *words = json.loads(line)
        if what == "ended":
            _, status = os.waitpid(int(words[0]), 0)
            code = os.WTERMSIG(status) if os.WIFSIGNALED(status) else -os.WEXITSTATUS(status)
            sys.stdout.write(f"{code}\n")
        else:
            child = os.fork()
            if child == 0:
                _child(words)
            sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


def _child(words: list[str]) -> None:
    """One life; ends here in any case."""
    code = 1
    try:
        if words[0] == "life":
            _live_until_killed(Path(words[1]), words[2], int(words[3]))
        else:
            _work(Path(words[1]), float(words[2]))
        code = 0
    finally:
        sys.stderr.flush()
        os._exit(code)


# -- what is tried


def at_each_boundary(every: int = 1) -> Crashes:
    """Kill a worker at each (or every so many) boundary of a whole life; another one goes on."""
    told = Crashes()
    nursery = Nursery()
    with closing(nursery):
        boundary = 1
        while True:
            with scratch() as folder:
                (request,) = _prepared(folder, 1, approve=False)
                died = nursery.ended(nursery.born("life", folder, request.id, boundary))
                told.lives += 1
                if died == 0:
                    return told
                assert died == signal.SIGKILL, f"a life ended by {died}"
                told.kills += 1
                _look(folder, told, f"boundary {boundary}")
                _go_on(folder, request.id, told, f"boundary {boundary}")
            boundary += every


def _look(folder: Path, told: Crashes, where: str) -> None:
    """What the dead worker left: every effect has its record."""
    with opened(folder) as place:
        records = [r.entry for r in place.systems.audit.records()]
        if not (verdict := place.systems.audit.verify()).whole:
            told.broken.append(f"{where}: {verdict.why}")
        tokens = {e.detail["token"] for e in records if e.kind in _BEFORE_EFFECT}
        account = place.account.account()
        kinds = {str(e.kind) for e in records}
        unwritten = set(account.tokens) - tokens
        if unwritten or (folder / "unwritten").exists():
            told.unwritten.append(f"{where}: an execution")
        states = place.systems.findings.get("f-0").finding.state
        if states == "resolved" and "workflow" not in kinds:
            told.unwritten.append(f"{where}: the finding")
        for request in place.systems.remediations.search(limit=None):
            if request.stage not in _STAGES_TOLD or _STAGES_TOLD[request.stage] in kinds:
                continue
            told.unwritten.append(f"{where}: {request.stage}")


_STAGES_TOLD = {
    "approved": "approved",
    "running": "approved",
    "verified": "verified",
    "undoing": "undo_asked",
    "undone": "undone",
}


def _go_on(folder: Path, request_id: str, told: Crashes, where: str) -> None:
    """A minute later another worker takes over; the approver's click comes again."""
    with opened(folder, Clock().now + 120) as place:
        _whole_life(place, request_id)
        request = place.systems.remediations.get(request_id)
        account = place.account.account()
        told.fixes += 1
        told.executions += len(account.executions)
        told.duplicates += len(account.executions) - 2
        if request.stage != "undone" or account.groups["sg-0"] != list(RULES):
            told.broken.append(f"{where}: {request.stage} ({request.outcome})")


def at_random(fixes: int, workers: int, seed: int, within_s: float = 120.0) -> Crashes:
    """Several workers on one folder, killed again and again, until all fixes are done."""
    told, random = Crashes(fixes=fixes), Random(seed)
    nursery = Nursery()
    with closing(nursery), scratch() as folder:
        requests = _prepared(folder, fixes, approve=True)
        began = time.time()
        living = [nursery.born("work", folder, began) for _ in range(workers)]
        told.lives += workers
        with opened(folder) as place:
            store = place.systems.remediations
            while time.time() - began < within_s:
                time.sleep(random.uniform(0.005, 0.12))
                victim = living.pop(random.randrange(workers))
                _kill(nursery, victim, told)
                if all(not store.get(r.id).stage.open for r in requests):
                    break
                living.append(nursery.born("work", folder, began))
                told.lives += 1
            for victim in living:
                _kill(nursery, victim, told)
        _count(folder, requests, told)
    return told


def _kill(nursery: Nursery, victim: int, told: Crashes) -> None:
    os.kill(victim, signal.SIGKILL)
    died = nursery.ended(victim)
    told.kills += 1
    if died != signal.SIGKILL:
        told.broken.append(f"a worker ended by itself ({died})")


def _count(folder: Path, requests: list[Remediation], told: Crashes) -> None:
    with opened(folder) as place:
        account = place.account.account()
        started = Counter(ran.order.token for ran in account.executions.values())
        told.executions = started.total()
        told.duplicates = sum(times - 1 for times in started.values())
        stages = [place.systems.remediations.get(r.id).stage for r in requests]
        told.unfinished = sum(stage.open for stage in stages)
        told.broken += [str(stage) for stage in stages if stage != "verified" and not stage.open]
        if (folder / "unwritten").exists():
            told.unwritten.append("an execution")
        if not (verdict := place.systems.audit.verify()).whole:
            told.broken.append(verdict.why)


if __name__ == "__main__":
    _answer_lines()
