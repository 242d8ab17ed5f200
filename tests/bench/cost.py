"""What a month costs: calls and bytes counted on the real client code, times prices and habits.

`python -m tests.bench cost` prints what docs/cost.md tells. The hub's emulator plays DynamoDB and
SQS; findings and graph are embedded, as those services are paid by the hour. Seconds are the whole
process's, with the simulated workspace and the counting in it: more than the bot's own.
"""

import json
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from typing_extensions import override

from agent.assistant import Question
from agent.kept_exposures import keep_all
from agent.llm import model_for
from agent.settings import Settings as AgentSettings
from agent.strands_assistant import StrandsAssistant
from bot.fixing import advance_job
from bot.handlers.redelivery import Redelivery
from bot.handlers.rotating import fixed
from bot.handlers.settings import AwsKeys
from bot.handlers.slack_ingress import SlackIngress
from bot.handlers.sqs_sender import SqsSender
from bot.handlers.worker import Worker
from bot.slack.calls import web_client
from bot.slack.digests import slack_digests
from bot.slack_bot import SlackBot, SlackInstall
from bot.workspace.limits import Limits
from bot.workspace.records import WorkspaceBot, WorkspaceChannel, WorkspacePerson
from bot.workspace.server import serve
from bot.workspace.workspace import Workspace
from infra.local import story
from infra.local.engines.running import Engines
from infra.local.fill import fill
from integrations.aws import AwsSession
from integrations.connect import Connections
from integrations.ingest.door import QueueDoor
from integrations.ingest.resource_sync import ResourceSync
from integrations.resources.aggregator import ConfigAggregator
from integrations.runbooks.catalogue import ShippedRemedies
from integrations.settings import Settings
from integrations.work.batch import BatchQueue
from integrations.work.sqs import make_queue
from tests.bedrock_runtime import bedrock_runtime, call, text
from tests.bench.counting import Counted, counted
from tests.bench.pricing import TENANTS, Measured, Row, beside, bill, model
from tests.bench.pulls import polled
from tests.builders import ocsf_event
from tests.demo import demo_estate, scope_in
from tests.event_source import brought, left_in, received
from tests.fake_aggregator import FakeAggregator, row
from tests.lambda_slack import PATH, delivered
from tests.loopback_http import Quiet, serving
from tests.unit.findings.given import asff

_ACCOUNT = "111111111111"
_QUESTIONS = (
    "what needs attention first?",
    "what changed since yesterday?",
    "list all criticals",
    "which buckets are public?",
)
_MESSAGES, _RESOURCES = 100, 2_000
_PATIENCE_S = 60.0
_SECRET, _TOKEN = "not-a-secret", "xoxb-not-a-token"


@dataclass
class _Stage:
    """The bot's doors in one process, before a counted hub and a simulated workspace."""

    connections: Connections
    workspace: Workspace
    worker: Worker
    bot: SlackBot
    client: Any
    poller: Any
    """Lambda's own way to the queue, past the counting."""
    queue: str
    hub: Counted

    def work(self) -> float:
        """Take all that is in the queue, as Lambda's poller hands it over; seconds of a core."""
        spent = 0.0

        def timed_take(event: Mapping[str, Any]) -> Mapping[str, Any]:
            nonlocal spent
            began = time.process_time()
            answer = self.worker.take(event)
            spent += time.process_time() - began
            return answer

        while left_in(self.poller, self.queue):
            records = received(self.poller, self.queue)
            if not records:
                continue
            answer = brought(self.poller, self.queue, records, timed_take)
            assert answer == {"batchItemFailures": []}
        return spent


def run() -> Iterator[str]:
    """What one of each costs in calls, then the bill."""
    with Engines({"hub": None}) as engines:
        engines.wait()
        where = engines.where()
        if "hub" not in where:
            yield f"no hub here: {where['left_out'].get('hub')}"
            return
        with tempfile.TemporaryDirectory() as folder, counted(where["hub"]["url"]) as (url, hub):
            measured = yield from _measured(Path(folder), url, where["hub"]["url"], hub)
    for tenants in TENANTS:
        yield f"-- {tenants:,} tenants"
        lines = list(bill(measured, tenants))
        yield from map(_priced, lines)
        total = sum(line.dollars for line in lines)
        yield _priced(Row("without a language model", f"${total / tenants:,.2f} a tenant", total))
        yield from map(_priced, [*model(measured, tenants), beside(tenants)])


def _priced(line: Row) -> str:
    return f"{line.what:<36} {line.how:<52} ${line.dollars:>10,.2f}"


def _measured(
    folder: Path, url: str, direct: str, hub: Counted
) -> "Generator[str, None, Measured]":
    with ExitStack() as opened:
        stage = opened.enter_context(_staged(folder, url, direct, hub))
        question = _of_questions(stage)
        yield _line("a question", question, len(_QUESTIONS))
        sweep = _of(stage, stage.bot.sweep)
        tenants = len(story.TENANTS)
        yield _line("a sweep of a tenant", sweep, tenants)
        message = _of(stage, lambda: _findings(stage))
        yield _line("a message with a finding", message, _MESSAGES)
        sync = _of(stage, lambda: _sync(stage))
        first, calls = sync, -(-_RESOURCES // 100)
        sync = _of(stage, lambda: _sync(stage))
        yield _line(f"a first sync of {_RESOURCES:,} resources", first, 1)
        yield _line("a sync of them, nothing changed", sync, 1)
        with polled(stage.connections, "acme", _ACCOUNT) as pull:
            pull([])
            idle = _of(stage, lambda: pull([]))
            yield _line("a pull of an account, nothing updated", idle, 1)
            known = [asff(Id=f"cost-{n}", AwsAccountId=_ACCOUNT) for n in range(100)]
            pull(known)
            page = _of(stage, lambda: pull(known))
            yield _line("the same with a page of 100 findings that are stored", page, 1)
        _ranked(stage)
        rank = _of(stage, lambda: _ranked(stage))
        yield _line("a look at a ranking that still holds", rank, tenants)
        digest = _of(stage, lambda: _digests(stage))
        channels = sum(bool(c.tenant_id or c.operator) for c in story.CHANNELS)
        yield _line("a digest", digest, channels)
        look = _of(stage, lambda: _digests(stage))
        yield _line("a look at a channel that has had it", look, channels)
    sent, repeated, came = _of_the_model()
    yield f"a question to a model: {sent:,} bytes there ({repeated:,} repeat), {came:,} back"
    (q, q_s), (w, w_s), (g, g_s), (s, s_s), (d, d_s), (k, _), (r, r_s) = (
        question, sweep, message, sync, digest, look, rank,
    )  # fmt: skip
    asked = len(_QUESTIONS)
    return Measured(
        question_sqs=(q.of("AmazonSQS") + 2 * q.calls["AmazonSQS.SendMessage"]) / asked,
        question_writes=q.write_units / asked,
        question_reads=q.read_units / asked,
        question_s=q_s / asked,
        question_model_in=sent,
        question_model_repeated=repeated,
        question_model_out=came,
        sweep_reads=w.read_units / tenants,
        sweep_s=w_s / tenants,
        message_writes=g.write_units / _MESSAGES,
        message_reads=g.read_units / _MESSAGES,
        message_s=g_s / _MESSAGES,
        sync_calls=calls,
        sync_bytes=len(json.dumps(_ROWS)),
        pull_writes=idle[0].write_units,
        pull_reads=idle[0].read_units,
        pull_s=idle[1],
        page_s=page[1] - idle[1],
        page_bytes=len(json.dumps(known)),
        sync_writes=s.write_units,
        sync_reads=s.read_units,
        sync_s=s_s,
        rank_reads=r.read_units / tenants,
        rank_s=r_s / tenants,
        digest_writes=d.write_units / channels,
        digest_reads=d.read_units / channels,
        digest_s=d_s / channels,
        look_reads=k.read_units / channels,
    )


_Cost = tuple[Counted, float]


def _line(what: str, cost: _Cost, of: int) -> str:
    found, spent = cost
    calls = ", ".join(f"{name} {n / of:.2f}" for name, n in sorted(found.calls.items()))
    return (
        f"{what}: {spent / of * 1000:.1f} ms of a core; {found.write_units / of:.2f} write and "
        f"{found.read_units / of:.2f} read units; {calls}"
    )


def _of(stage: _Stage, work: Callable[[], object]) -> _Cost:
    stage.hub.taken()
    began = time.process_time()
    work()
    spent = time.process_time() - began
    return stage.hub.taken(), spent


def _of_questions(stage: _Stage) -> _Cost:
    channel = next(c for c in story.CHANNELS if c.tenant_id)
    # The first of a process opens what the others find open.
    spent = 0.0
    for number, asked in enumerate(("help", *_QUESTIONS)):
        if number == 1:
            stage.hub.taken()
            spent = 0.0
        stage.workspace.say(story.PEOPLE[0].id, channel.id, f"@assist {asked}")
        stage.workspace.wait_until_quiet(_PATIENCE_S)
        spent += stage.work()
    return stage.hub.taken(), spent


def _findings(stage: _Stage) -> None:
    door = QueueDoor(
        stage.connections.directory.owner_of,
        stage.connections.systems,
        stage.connections.dead_letters(),
        time.time,
    )
    records = [
        {"messageId": str(n), "body": ocsf_event(f"cost-{n}", account=_ACCOUNT).decode()}
        for n in range(_MESSAGES)
    ]
    assert door.take({"Records": records}) == {"batchItemFailures": []}


_ROWS = [row(n, account=_ACCOUNT) for n in range(_RESOURCES)]


def _sync(stage: _Stage) -> None:
    fake = FakeAggregator(_ROWS)
    listing = ConfigAggregator(
        lambda: fake, "SecurityAssist", [_ACCOUNT], clock=time.monotonic, pause=lambda _: None
    )
    systems = stage.connections.systems("acme")
    ResourceSync(
        systems,
        listing,
        stage.connections.digests("acme"),
        stage.connections.dead_letters(),
        stage.connections.checkpoints(),
        time.time,
    ).run()


def _ranked(stage: _Stage) -> None:
    keep_all(stage.connections, [tenant.id for tenant in story.TENANTS])


def _digests(stage: _Stage) -> None:
    names = [str(binding.key) for binding in stage.connections.directory.bindings()]
    done = slack_digests(stage.connections, stage.client, story.WORKSPACE).run(
        story.WORKSPACE, channels=names
    )
    assert not done.failed, done.failed


def _of_the_model() -> tuple[int, int, int]:
    """Bytes of a question to a model that looks once and answers: sent, repeated of it, got."""
    said = "Fix the open SSH on web-7 first. " * 20
    replies = [call("exposures", {"limit": 5}), text(said)]
    with tempfile.TemporaryDirectory() as folder, bedrock_runtime(lambda _: replies.pop(0)) as aws:
        os.environ["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"] = aws.url  # noqa: TID251 - as the SDK is told
        settings = AgentSettings.from_env(
            {"SECURITY_ASSIST_MODEL": "bedrock:counted", "AWS_REGION": "us-east-1"}
        )
        with demo_estate(Path(folder)) as estate:
            assistant = StrandsAssistant(
                model_for(settings), estate.conversations(), ShippedRemedies(), settings
            )
            scope = scope_in(estate, "acme-security")
            question = Question(text=_QUESTIONS[0], session_id="cost", scope=scope)
            list(assistant.answer(question))
    first, second = (len(json.dumps(request)) for request in aws.requests)
    return first + second, 2 * first, len(said) + 200


@contextmanager
def _staged(folder: Path, url: str, direct: str, hub: Counted) -> Iterator[_Stage]:
    mark, account = f"cost-{secrets.token_hex(4)}", "200000000099"
    os.environ.update({"AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "any"})  # noqa: TID251 - as the SDK is told
    session = AwsSession(
        access_key=account, secret_key="any", token=None, region="us-east-1", endpoint_url=direct
    )
    poller = session.client("sqs")
    made = make_queue(poller, mark)
    # The emulator names itself in the URL; what is sent there would not be counted.
    queue = f"{url}/{made.split('/', 3)[3]}"
    tables = f"dynamodb://us-east-1/{mark}?endpoint={url}"
    keys = AwsKeys(account, "any", "")
    ingress = SlackIngress(
        fixed(_SECRET), PATH, SqsSender(queue, "us-east-1", keys, time.time), time.time, print
    )

    class Door(Quiet):
        @override
        def serve(self) -> None:
            event = delivered(self.sent()) | {"rawPath": self.path}
            event["headers"] = {name.lower(): value for name, value in self.headers.items()}
            answer = ingress.receive(event)
            self.answer(answer["statusCode"], answer["body"].encode(), "text/plain")

    with ExitStack() as opened:
        door = opened.enter_context(serving(Door))
        workspace = _workspace(f"{door}{PATH}")
        server = serve(workspace)
        opened.callback(server.close)
        settings = Settings(state=folder / "state", tables=tables, queue=queue)
        connections = opened.enter_context(Connections(settings))
        fill(connections, folder / "sources", datetime.fromtimestamp(time.time(), tz=UTC))
        install = SlackInstall(
            team_id=story.WORKSPACE,
            bot_user_id="U0ASSIST",
            bot_id="B0ASSIST",
            token=_TOKEN,
            signing_secret=_SECRET,
            api_url=server.api_url,
        )
        work = connections.work()
        assert isinstance(work, BatchQueue)

        def later(tenant_id: str, request_id: str) -> None:
            work.put(advance_job(tenant_id, request_id))

        bot = SlackBot(
            connections,
            install,
            later=later,
            owner="cost",
            pause=time.sleep,
        )
        worker = Worker(work, bot, Redelivery(install, bot.knows))
        client = web_client(_TOKEN, server.api_url)
        yield _Stage(connections, workspace, worker, bot, client, poller, made, hub)


def _workspace(deliver_to: str) -> Workspace:
    people = tuple(p.id for p in story.PEOPLE)
    bot = WorkspaceBot(
        user_id="U0ASSIST",
        bot_id="B0ASSIST",
        app_id="A0ASSIST",
        token=_TOKEN,
        signing_secret=_SECRET,
    )
    return Workspace(
        [WorkspacePerson(user_id=p.id, name=p.name) for p in story.PEOPLE],
        [WorkspaceChannel(channel_id=c.id, name=c.name, members=people) for c in story.CHANNELS],
        team_id=story.WORKSPACE,
        team_name="Demo",
        bot=bot,
        clock=time.time,
        deliver_to=deliver_to,
        limits=Limits(ack_s=30.0),
    )
