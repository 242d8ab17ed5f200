"""Every backend down, slow, corrupt or cut, alone and in pairs, between the door and the thread.

A question is asked in the workspace, goes as Slack's signed delivery into the ingress, through SQS
to the worker, and is answered from OpenSearch and a Gremlin Server, with DynamoDB remembering. Each
of these, and Slack's own API, is reached through a wire that can be broken. Then it is mended.
"""

import contextlib
import json
import random
import secrets
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from typing_extensions import override

from bot.handlers.redelivery import Redelivery
from bot.handlers.rotating import fixed
from bot.handlers.settings import AwsKeys
from bot.handlers.slack_ingress import SlackIngress
from bot.handlers.sqs_sender import SqsSender
from bot.handlers.worker import Worker
from bot.slack_bot import SlackBot, SlackInstall
from bot.workspace.limits import Limits
from bot.workspace.server import serve
from bot.workspace.workspace import Workspace
from integrations.aws import AwsSession
from integrations.connect import Connections
from integrations.resources.port import LinkKind
from integrations.settings import Settings
from integrations.tenants.port import Binding, ChannelKey
from integrations.work.batch import BatchQueue
from integrations.work.sqs import make_queue
from tests.builders import bucket, ocsf_event, tenant
from tests.e2e.slack_stage import ACME, ANALYST, BOT, CHANNELS, PEOPLE, SECRET, TEAM, TOKEN
from tests.event_source import brought, left_in, received
from tests.graph_builders import chain, ec2
from tests.lambda_slack import PATH, delivered
from tests.loopback_http import Quiet, serving
from tests.real_engines import engine, gremlin_source, hub_account
from tests.reliability.faulty_wire import FAULTS, FaultyWire

BACKENDS = ("findings", "graph", "tables", "queue", "slack")
SAID_WITHIN_S, ACKED_WITHIN_S = 30.0, 3.0
_VISIBLE_S, _DRAINED_S = 15.0, 90.0
_QUESTION = "@assist what needs attention first?"


@dataclass(frozen=True, slots=True)
class Trial:
    """What is broken, and how: `(("findings", "slow"), ("graph", "cut"))`."""

    faults: tuple[tuple[str, str], ...]

    @override
    def __str__(self) -> str:
        return " and ".join(f"{backend} {fault}" for backend, fault in self.faults)


@dataclass
class Outcome:
    """What came of one question while something was broken."""

    trial: Trial
    acked_s: float = 0.0
    """The slowest answer to a delivery of Slack's."""
    said_s: float | None = None
    """Until the thread had an answer or the name of what failed; None: not while it was broken."""
    drained_s: float | None = None
    """Until nothing was left to do after it was mended, with an answer in the thread."""
    words: str = ""
    wrong: list[str] = field(default_factory=list)


def trials(seed: int) -> list[Trial]:
    """Each backend with each fault; each pair of backends with two faults drawn."""
    draw = random.Random(seed)
    alone = [Trial(((backend, fault),)) for backend in BACKENDS for fault in FAULTS]
    pairs = [
        Trial(((one, draw.choice(FAULTS)), (other, draw.choice(FAULTS))))
        for one, other in combinations(BACKENDS, 2)
    ]
    return alone + pairs


class World:
    """The doors, the backends behind wires, and a workspace."""

    def __init__(self, opened: ExitStack, folder: Path) -> None:
        """Start everything; `opened` ends it."""
        hub, keys = str(engine("hub")["url"]), (hub_account(), "any")
        gremlin, source = gremlin_source()
        at = {
            "findings": _port(str(engine("opensearch")["url"])),
            "graph": _port(gremlin),
            "tables": _port(hub),
            "queue": _port(hub),
        }
        self.acks: list[tuple[float, int]] = []
        self._again: list[dict[str, Any]] = []
        url = opened.enter_context(serving(self._function_url()))
        self.workspace = Workspace(
            PEOPLE, CHANNELS, team_id=TEAM, team_name="Acme", bot=BOT, clock=time.time,
            deliver_to=f"{url}{PATH}", limits=Limits(ack_s=ACKED_WITHIN_S),
        )  # fmt: skip
        server = serve(self.workspace)
        opened.callback(server.close)
        at["slack"] = _port(server.api_url)
        self.wires = {name: FaultyWire(port) for name, port in at.items()}
        for wire in self.wires.values():
            opened.callback(wire.close)
        mark = f"outages-{secrets.token_hex(4)}"
        session = AwsSession(
            access_key=keys[0], secret_key=keys[1], token=None, region="us-east-1", endpoint_url=hub
        )
        self.sqs = session.client("sqs")
        self.queue = make_queue(self.sqs, mark, lease_s=_VISIBLE_S, attempts=6)
        through = self.queue.replace(str(at["queue"]), str(self.wires["queue"].port))
        settings = Settings(
            state=folder / "state",
            findings=f"http://127.0.0.1:{self.wires['findings'].port}#{mark}",
            graph=f"ws://127.0.0.1:{self.wires['graph'].port}/gremlin#{source}",
            tables=f"dynamodb://us-east-1/{mark}?endpoint=http://127.0.0.1:{self.wires['tables'].port}",
            queue=through,
        )
        self.connections = opened.enter_context(Connections(settings))
        self._fill()
        sender = SqsSender(through, "us-east-1", AwsKeys(*keys, ""), time.time)
        self._ingress = SlackIngress(fixed(SECRET), PATH, sender, time.time, lambda _: None)
        install = SlackInstall(
            team_id=TEAM, bot_user_id=BOT.user_id, bot_id=BOT.bot_id, token=TOKEN,
            signing_secret=SECRET,
            api_url=server.api_url.replace(str(at["slack"]), str(self.wires["slack"].port)),
        )  # fmt: skip
        work = self.connections.work()
        assert isinstance(work, BatchQueue)
        bot = SlackBot(
            self.connections, install, later=lambda *_: None, owner="outages", pause=time.sleep
        )
        self.worker = Worker(work, bot, Redelivery(install, bot.knows))
        self._ended = threading.Event()
        poller = threading.Thread(target=self._poll, daemon=True)
        poller.start()
        opened.callback(poller.join, 60)
        opened.callback(self._ended.set)

    def _fill(self) -> None:
        self.connections.directory.put(tenant("acme"))
        self.connections.directory.bind(Binding(ChannelKey("slack", TEAM, ACME), "acme"))
        systems = self.connections.systems("acme")
        web, data = ec2("instance/i-1"), bucket("exports")
        systems.resources.apply(chain(web, data, kind=LinkKind.CAN_ACCESS))
        systems.findings.upsert([ocsf_event(f"f-{n}", resources=(data,)) for n in range(3)])
        self.connections.settle()

    def _function_url(self) -> type[Quiet]:
        world = self

        class Handler(Quiet):
            @override
            def serve(self) -> None:
                event = delivered(self.sent()) | {"rawPath": self.path}
                event["headers"] = {name.lower(): value for name, value in self.headers.items()}
                status = world.deliver(event)
                self.answer(status, b"", "text/plain")

        return Handler

    def deliver(self, event: dict[str, Any]) -> int:
        """One delivery to the ingress; what it did not take comes again once all is mended."""
        began = time.monotonic()
        status = int(self._ingress.receive(event)["statusCode"])
        self.acks.append((time.monotonic() - began, status))
        if status != 200:
            self._again.append(event)
        return status

    def deliver_again(self) -> None:
        """As Slack does after a minute."""
        waiting, self._again = self._again, []
        for event in waiting:
            self.deliver(event)

    def left(self) -> int:
        """Messages that are waiting, in hand or put aside."""
        return left_in(self.sqs, self.queue, self.queue.replace(".fifo", "-dead.fifo"))

    def _poll(self) -> None:
        """The event source mapping: a batch of one, deleted when the worker is done with it."""
        while not self._ended.is_set():
            records = received(self.sqs, self.queue, VisibilityTimeout=int(_VISIBLE_S))
            if records:
                with contextlib.suppress(Exception):
                    brought(self.sqs, self.queue, records, self.worker.take)

    def said(self, root: str) -> str:
        """All that the thread holds of the bot's that is not being written still.

        What was begun while Slack's answers could not be read stays unfinished for five minutes,
        until Slack ends it: it is no answer, and in no answer's way.
        """
        said = [
            message
            for message in self.workspace.messages(ACME, root)
            if "bot_id" in message and message.get("streaming_state") != "in_progress"
        ]
        return json.dumps([[m.get("text"), m.get("blocks")] for m in said]) if said else ""


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """A world, and its end."""
    with ExitStack() as opened:
        patch = opened.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("AWS_ACCESS_KEY_ID", hub_account())
        patch.setenv("AWS_SECRET_ACCESS_KEY", "any")
        yield World(opened, folder)


def tried(world: World, trial: Trial) -> Outcome:
    """Break, ask, wait, mend, wait."""
    outcome = Outcome(trial)
    world.acks.clear()
    broken = {backend for backend, _ in trial.faults}
    for backend, fault in trial.faults:
        world.wires[backend].breaks(fault)
    began = time.monotonic()
    root = world.workspace.say(ANALYST, ACME, _QUESTION)
    while time.monotonic() - began < SAID_WITHIN_S:
        if world.said(root):
            outcome.said_s = time.monotonic() - began
            break
        if broken & {"queue", "slack"} and time.monotonic() - began > SAID_WITHIN_S / 2:
            break  # it cannot be said: what counts is what happens afterwards
        time.sleep(0.1)
    outcome.words = world.said(root)
    for wire in world.wires.values():
        wire.breaks("")
    mended = time.monotonic()
    while time.monotonic() - mended < _DRAINED_S:
        world.deliver_again()
        if world.said(root) and not world.left():
            outcome.drained_s = time.monotonic() - mended
            break
        time.sleep(0.2)
    outcome.acked_s = max((took for took, _ in world.acks), default=0.0)
    outcome.words = world.said(root)
    outcome.wrong = list(_wrong(outcome, broken))
    return outcome


def _wrong(outcome: Outcome, broken: set[str]) -> Iterator[str]:
    if outcome.acked_s >= ACKED_WITHIN_S:
        yield f"acked after {outcome.acked_s:.1f} s"
    if outcome.said_s is None and not broken & {"queue", "slack"}:
        yield "nothing was said within 30 s"
    if outcome.drained_s is None:
        yield "something is left, or nothing was ever said"


def run(folder: Path, asked: Sequence[Trial]) -> Iterator[Outcome]:
    """Each trial after the other in one world."""
    with world(folder) as made:
        for trial in asked:
            yield tried(made, trial)


SLICE = (
    Trial(()),
    Trial((("tables", "cut"),)),
    Trial((("graph", "down"), ("findings", "cut"))),
)
"""What `make test` tries."""


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="assist-outages-") as here:
        for told in run(Path(here), SLICE):
            sys.stdout.write(f"{told.trial}|{'; '.join(told.wrong)}|{told.words}\n")
