"""Every door of the hub driven through what it does, and what it called of AWS meanwhile.

The doors run as Lambda runs them, with the environment that the template gives them, over the hub's
emulator, a real Gremlin Server and the demo's emulated accounts.
"""

import io
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typing_extensions import override

from bot.workspace.server import serve
from infra.local import story
from infra.local.aws.server import EmulatedAws
from infra.local.fill import fill, register
from integrations.aws import AwsSession
from integrations.connect import Connections
from integrations.settings import EMULATED, AwsAccess, Settings
from integrations.work.sqs import make_queue
from tests.builders import ocsf_event
from tests.e2e.slack_stage import SECRET, TOKEN
from tests.event_source import brought, received
from tests.infra.deployed_stage import secret
from tests.infra.recorded_graph import GraphRecorder, recorded_graph
from tests.infra.recording import Called, Recorder, recording
from tests.infra.talk import ANALYST, CHANNEL, FIRST, SECOND, Talk, workspace_at
from tests.lambda_runtime import LambdaFunction, on_lambda
from tests.lambda_slack import delivered
from tests.loopback_http import Quiet, serving
from tests.real_engines import empty_gremlin, engine, gremlin_source, hub_account
from tests.unit.findings.given import asff

SECURITY_HUB = "Security Hub Findings - Imported"
ROLES = {
    "ingress": "bot.handlers.slack_ingress",
    "worker": "bot.handlers.worker",
    "sweep": "bot.handlers.sweep",
    "exposures": "bot.handlers.exposures",
    "digests": "bot.handlers.digests",
    "findings": "integrations.handlers.findings",
    "changes": "integrations.handlers.resources",
    "sync": "integrations.handlers.resources",
    "pull": "integrations.handlers.findings",
    "lake": "integrations.handlers.security_lake",
}
"""The door of each role."""
_TURNS = 40
_DEADLINE_S = 900.0
"""As Lambda gives the longest of them; who has little time left begins nothing."""


class Doors:
    """The functions, each in a process of its own; and what each has called."""

    def __init__(
        self, opened: ExitStack, folder: Path, endpoint: str, environment: Mapping[str, str]
    ) -> None:
        """`endpoint` of the hub; `environment` what all of them are given."""
        self._opened = opened
        self._folder = folder
        self._endpoint = endpoint
        self._environment = environment
        self._functions: dict[str, LambdaFunction] = {}
        self._recorders: dict[str, Recorder] = {}
        self._graphs: dict[str, GraphRecorder] = {}
        self._entered: dict[str, set[Called]] = {}
        self.accounts: Recorder | None = None
        """What the hub calls of the tenants' emulator; the ingress calls nothing there."""

    def open(self, role: str, door: str, **more: str) -> None:
        """Start a door's process; its calls are taken down as its role's.

        `more` is its own environment beside everybody's.
        """
        key = self._environment["AWS_ACCESS_KEY_ID"]
        recorder = self._opened.enter_context(recording(self._endpoint, key))
        queue = self._environment["SECURITY_ASSIST_QUEUE"].replace(self._endpoint, recorder.url)
        own = {"AWS_ENDPOINT_URL": recorder.url, "SECURITY_ASSIST_QUEUE": queue}
        if role != "ingress":
            at, source = gremlin_source()
            self._graphs[role] = self._opened.enter_context(recorded_graph(at))
            own["SECURITY_ASSIST_GRAPH"] = f"{self._graphs[role].url}#{source}"
        self._functions[role] = self._opened.enter_context(
            on_lambda(
                f"{door}.lambda_handler",
                {**self._environment, **own, **more},
                self._folder / f"{role}.log",
                _DEADLINE_S,
            )
        )
        self._recorders[role] = recorder

    def run(self, role: str, event: Mapping[str, Any]) -> Any:
        """Invoke a door."""
        if role == "ingress" or self.accounts is None:
            return self._functions[role].invoke(event)
        self.accounts.calls.clear()
        try:
            return self._functions[role].invoke(event)
        finally:
            self._entered.setdefault(role, set()).update(self.accounts.calls)

    def seen(self) -> dict[str, set[Called]]:
        """What each role was used for."""
        return {
            role: recorder.calls
            | self._entered.get(role, set())
            | (self._graphs[role].calls if role in self._graphs else set())
            for role, recorder in self._recorders.items()
        }


@contextmanager
def driven(folder: Path) -> Iterator[dict[str, set[Called]]]:
    """What each role's door called, after all of them have done what they do."""
    empty_gremlin()
    endpoint, account, name = str(engine("hub")["url"]), hub_account(), f"d{secrets.token_hex(4)}"
    session = AwsSession(
        access_key=account,
        secret_key="any",
        token=None,
        region="us-east-1",
        endpoint_url=endpoint,
    )
    state = folder / "state"
    queue = make_queue(session.client("sqs"), name)
    with ExitStack() as opened:
        driven_by: list[Doors] = []
        workspace = workspace_at(opened.enter_context(_function_url(driven_by)))
        server = serve(workspace)
        opened.callback(server.close)
        environment = {
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "any",
            "SECURITY_ASSIST_QUEUE": queue,
            "SECURITY_ASSIST_TABLES": f"dynamodb://us-east-1/{name}",
            "SECURITY_ASSIST_STATE": str(state),
            "SLACK_SIGNING_SECRET_ARN": secret(session, f"{name}/signing", SECRET),
            "SLACK_BOT_TOKEN_ARN": secret(session, f"{name}/token", TOKEN),
            "SLACK_API_URL": server.api_url,
        }
        emulated = opened.enter_context(_accounts(session, name, state))
        doors = Doors(opened, folder, endpoint, environment)
        doors.accounts = opened.enter_context(
            recording(emulated.url, emulated.hub_credentials.access_key_id)
        )
        _tell(state, doors.accounts.url, emulated)
        # Objects are the hub's own to read: they are not in the demo's accounts.
        without = {"SECURITY_ASSIST_STATE": str(folder / "lake"), "SECURITY_ASSIST_AWS": "on"}
        for role, door in ROLES.items():
            doors.open(role, door, **(without if role == "lake" else {}))
        driven_by.append(doors)
        _drive_the_bot(doors, Talk(workspace), session.client("sqs"), queue)
        _drive_the_pipelines(doors)
        _drive_the_lake(doors, session.client("s3"), name)
        yield doors.seen()


@contextmanager
def _accounts(session: AwsSession, name: str, state: Path) -> Iterator[EmulatedAws]:
    """The demo's tenants in the hub's tables, and their accounts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", hub_account())
        patch.setenv("AWS_SECRET_ACCESS_KEY", "any")
        tables = f"dynamodb://us-east-1/{name}?endpoint={session.endpoint_url}"
        now = datetime.now(UTC)
        graph = "#".join(gremlin_source())
        with Connections(Settings(state=state, tables=tables, graph=graph)) as connections:
            actions = {a for one in connections.runbooks().runbooks() for a in one.permissions}
            tenants = register(connections)
            with EmulatedAws(tenants, now, remediation_actions=sorted(actions)) as emulated:
                fill(connections, state / "sources", now)
                emulated.wait()
                yield emulated


def _tell(state: Path, url: str, emulated: EmulatedAws) -> None:
    key = emulated.hub_credentials
    access = AwsAccess(
        endpoint_url=url, access_key=key.access_key_id, secret_key=key.secret_access_key
    )
    (state / EMULATED).write_text(json.dumps(asdict(access)), encoding="utf-8")


@contextmanager
def _function_url(driven_by: list[Doors]) -> Iterator[str]:
    class Handler(Quiet):
        @override
        def serve(self) -> None:
            event = delivered(self.sent()) | {"rawPath": self.path}
            event["headers"] = {name.lower(): value for name, value in self.headers.items()}
            answer = driven_by[0].run("ingress", event)
            self.answer(answer["statusCode"], answer["body"].encode(), "text/plain")

    with serving(Handler) as url:
        yield f"{url}/slack/events"


def _drive_the_bot(doors: Doors, talk: Talk, sqs: Any, queue: str) -> None:
    def bring(record: dict[str, Any]) -> None:
        brought(sqs, queue, [record], lambda event: doors.run("worker", event))

    def until(done: Callable[[], bool]) -> None:
        """Hand jobs to the worker until something has happened; every one is brought twice."""
        for _ in range(_TURNS):
            talk.workspace.wait_until_quiet(30)
            records = received(sqs, queue)
            for record in [*records, *records]:
                bring(record)
            if not records and done():
                return
        raise AssertionError("it did not come about")

    root = talk.say("what needs attention first?")
    until(lambda: "Plan the fix" in talk.thread(root))
    talk.press(ANALYST, root, "Plan the fix")
    until(lambda: "2 approvers needed" in talk.thread(root))
    doors.run("sweep", {})
    talk.press(ANALYST, root, "Plan the fix")
    until(lambda: True)
    talk.press(FIRST, root, "Approve", "seen")
    until(lambda: "1 of 2" in talk.thread(root))
    talk.press(SECOND, root, "Approve", "seen")
    until(lambda: "Fixed and proven" in talk.thread(root))
    talk.press(ANALYST, root, "Details")
    until(lambda: True)
    doors.run("exposures", {})
    doors.run("digests", {"channels": [f"slack/{story.WORKSPACE}/{CHANNEL}"]})
    _drive_into_failure(doors, sqs, queue)


def _drive_into_failure(doors: Doors, sqs: Any, queue: str) -> None:
    """A delivery that nobody signed: it fails, comes again, and is set aside."""
    job = {"id": "slack/delivery/forged", "group": "forged", "body": "{}"}
    sqs.send_message(
        QueueUrl=queue,
        MessageBody=json.dumps(job),
        MessageGroupId="forged",
        MessageDeduplicationId="forged",
    )
    for _ in range(_TURNS):
        records = received(sqs, queue)
        if not records:
            return
        doors.run("worker", {"Records": records})
    raise AssertionError("it comes for ever")


def _drive_the_pipelines(doors: Doors) -> None:
    account = story.TENANTS[0].accounts[0]
    finding = asff(AwsAccountId=account)
    told = {
        "detail-type": SECURITY_HUB,
        "source": "aws.securityhub",
        "detail": {"findings": [finding]},
    }
    doors.run("findings", _batch(json.dumps(told), "not JSON"))
    item = {
        "resourceType": "AWS::S3::Bucket",
        "resourceId": "b",
        "awsAccountId": account,
        "awsRegion": "us-east-1",
        "configurationItemStatus": "OK",
        "resourceName": "b",
        "configurationItemCaptureTime": "2026-11-25T00:00:00.000Z",
        "configuration": {},
        "arn": "arn:aws:s3:::b",
        "tags": {},
        "relationships": [],
    }
    change = {
        "detail-type": "Config Configuration Item Change",
        "source": "aws.config",
        "detail": {"configurationItem": item},
    }
    doors.run("changes", _batch(json.dumps(change), "not JSON"))
    doors.run("sync", {})
    answer = doors.run("pull", {})
    assert {f"{one.id} {a}" for one in story.TENANTS for a in one.accounts} == set(answer["pulled"])


def _drive_the_lake(doors: Doors, s3: Any, bucket: str) -> None:
    """An object with a finding, where the subscriber's notification says that it is."""
    event = json.loads(ocsf_event("lake-1", account=story.TENANTS[0].accounts[0]))
    event.pop("unmapped", None)
    file = io.BytesIO()
    pq.write_table(pa.Table.from_struct_array(pa.array([event])), file)
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="part", Body=file.getvalue())
    told = {"Records": [{"s3": {"bucket": {"name": bucket}, "object": {"key": "part"}}}]}
    answer = doors.run("lake", _batch(json.dumps(told), "not JSON"))
    assert answer == {"batchItemFailures": []}


def _batch(*bodies: str) -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": str(number),
                "receiptHandle": "r",
                "body": body,
                "attributes": {"ApproximateReceiveCount": "1"},
                "eventSourceARN": "arn:aws:sqs:us-east-1:111111111111:q",
            }
            for number, body in enumerate(bodies)
        ]
    }
